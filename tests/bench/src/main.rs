//! How fast the simulator is, beside a bare loop over a heap that does the same work without a pool's rules. All engines take turns in one
//! process, so that a noisy machine is noisy for each; what counts is the ratio. Every engine must come out at the same figures.

mod heap;
mod poolscope;
mod workload;

use std::error::Error;
use workload::{Counters, LARGE, SMALL, Workload};

type Engine = fn(Workload) -> Result<Counters, Box<dyn Error>>;

const ENGINES: [(&str, Engine); 3] = [
    ("binary heap alone", heap::run),
    ("poolscope, counting", poolscope::counted),
    ("poolscope, recording", poolscope::recorded),
];
const ROUNDS: usize = 5;

fn main() -> Result<(), Box<dyn Error>> {
    println!(
        "Million events a second of CPU time: lowest, median and highest of {ROUNDS} rounds; ratio of the medians."
    );
    for (name, workload, expected) in
        [("64 clients, 15 connections", SMALL, SMALL_HASH), ("10000 clients, 2344 connections", LARGE, LARGE_HASH)]
    {
        println!("\n{name}, {} s", workload.until / 1_000_000_000);
        let mut rates = vec![Vec::new(); ENGINES.len()];
        for _ in 0..ROUNDS {
            for ((engine, run), rates) in ENGINES.iter().zip(&mut rates) {
                let began = cpu_seconds()?;
                let counters = run(workload)?;
                rates.push(counters.events() as f64 / (cpu_seconds()? - began) / 1e6);
                if counters.hash != expected {
                    return Err(format!("{engine} did other work: {counters:?}").into());
                }
            }
        }
        rates.iter_mut().for_each(|rates| rates.sort_by(f64::total_cmp));
        for ((engine, _), own) in ENGINES.iter().zip(&rates) {
            let ratio = own[ROUNDS / 2] / rates[0][ROUNDS / 2];
            println!("{engine:24}{:8.2}{:8.2}{:8.2}   × {ratio:.2}", own[0], own[ROUNDS / 2], own[ROUNDS - 1]);
        }
    }
    Ok(())
}

const SMALL_HASH: u64 = 6_821_221_903_996_377_896;
const LARGE_HASH: u64 = 14_717_582_813_836_301_843;

/// What this process has used of a processor; on Linux only.
fn cpu_seconds() -> Result<f64, Box<dyn Error>> {
    let text = std::fs::read_to_string("/proc/self/schedstat")?;
    let nanoseconds: f64 = text.split(' ').next().unwrap_or_default().parse()?;
    Ok(nanoseconds / 1e9)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A minute of the small workload; the figures are the definition's.
    #[test]
    fn every_engine_does_the_same_work() -> Result<(), Box<dyn Error>> {
        let minute = Workload { until: 60_000_000_000, ..SMALL };
        let expected = Counters { requests: 18_093, timeouts: 3_652, done: 14_406, hash: 2_318_853_762_394_080_779 };
        for (engine, run) in ENGINES {
            assert_eq!(run(minute)?, expected, "{engine}");
        }
        Ok(())
    }
}
