// Runs the workload in wasm for every line `CASE SECONDS` of standard input; answers with the events, the hash and the CPU seconds.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const { run } = createRequire(import.meta.url)(process.argv[2]);
// V8 compiles wasm twice, in haste and then well, and what runs meanwhile is slow. Its compiling is not the engine's work.
run(false, 120);
run(true, 2);
for await (const line of createInterface({ input: process.stdin })) {
  const [size, seconds] = line.split(" ");
  const began = process.cpuUsage();
  const [events, hash] = run(size === "large", Number(seconds));
  const { user, system } = process.cpuUsage(began);
  console.log(`${events} ${hash} ${(user + system) / 1e6}`);
}
