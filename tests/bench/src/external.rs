//! Engines in processes of their own, which do their timing themselves: `small 60` in, events, hash and CPU seconds out.

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

pub struct External {
    pub name: &'static str,
    /// Simulated seconds of the small and of the large workload.
    pub seconds: [u64; 2],
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

/// The name of the row, the variable with the command line (words between tabs), the simulated seconds of each workload. Ten thousand
/// greenlets in one queue would take SQLAlchemy minutes.
const KNOWN: [(&str, &str, [u64; 2]); 4] = [
    ("poolscope in wasm", "BENCH_WASM", [720, 10]),
    ("the same as shipped", "BENCH_WASM_SMALL", [720, 10]),
    ("SimPy 4.1.2", "BENCH_SIMPY", [120, 1]),
    ("SQLAlchemy 2.1.9", "BENCH_SQLALCHEMY", [60, 0]),
];

impl External {
    /// Those that `cargo xtask bench` has prepared.
    pub fn of_environment() -> Result<Vec<External>, Box<dyn Error>> {
        let prepared = KNOWN.iter().filter_map(|(name, variable, seconds)| {
            let command = std::env::var(variable).ok()?;
            Some(External::start(name, *seconds, &command))
        });
        prepared.collect()
    }

    fn start(name: &'static str, seconds: [u64; 2], command: &str) -> Result<External, Box<dyn Error>> {
        let mut words = command.split('\t');
        let mut command = Command::new(words.next().unwrap_or_default());
        let mut process = command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (Some(input), Some(output)) = (process.stdin.take(), process.stdout.take()) else {
            return Err("a process has no pipes".into());
        };
        Ok(External { name, seconds, process, input, output: BufReader::new(output) })
    }

    pub fn run(&mut self, which: usize, seconds: u64) -> Result<(u64, u64, f64), Box<dyn Error>> {
        writeln!(self.input, "{} {seconds}", ["small", "large"][which])?;
        self.input.flush()?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        let mut words = line.split_whitespace();
        let mut next = || words.next().ok_or("an engine ended early");
        Ok((next()?.parse()?, next()?.parse()?, next()?.parse()?))
    }
}

impl Drop for External {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
