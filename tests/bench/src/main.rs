//! How fast the simulator is, beside a bare loop over a heap that does the same work without a pool's rules, and beside simulators of other
//! people. All take turns, so that a noisy machine is noisy for each; what counts is the ratio. Every engine must come out at the same
//! figures.

mod external;

use external::External;
use poolscope_bench::workload::{Counters, LARGE, SMALL, Workload};
use poolscope_bench::{Engine, heap, page, poolscope};
use std::error::Error;
use std::hint::black_box;

const ROUNDS: usize = 3;
/// What the definition of the workload says of the whole of each.
const HASHES: [u64; 2] = [6_821_221_903_996_377_896, 14_717_582_813_836_301_843];

struct Row {
    name: &'static str,
    how: How,
    /// Simulated seconds of the small and of the large workload; whoever is slow does less of it.
    seconds: [u64; 2],
    /// Runs in one measurement.
    times: u32,
    /// Million events per second, per workload.
    rates: [Vec<f64>; 2],
}

enum How {
    Here(Engine),
    There(External),
}

impl Row {
    fn here(name: &'static str, engine: Engine, seconds: [u64; 2], times: u32) -> Row {
        Row { name, how: How::Here(engine), seconds, times, rates: Default::default() }
    }

    /// Events, hash and seconds of CPU time.
    fn measure(&mut self, which: usize) -> Result<(u64, u64, f64), Box<dyn Error>> {
        match &mut self.how {
            How::There(external) => external.run(which, self.seconds[which]),
            How::Here(run) => {
                let workload = workload(which, self.seconds[which]);
                let began = cpu_seconds()?;
                let mut counters = Counters::default();
                for _ in 0..self.times {
                    counters = black_box(run(workload)?);
                }
                let used = cpu_seconds()? - began;
                Ok((counters.events() * u64::from(self.times), counters.hash, used))
            }
        }
    }
}

fn workload(which: usize, seconds: u64) -> Workload {
    Workload { until: seconds * 1_000_000_000, ..[SMALL, LARGE][which] }
}

fn rows() -> Result<Vec<Row>, Box<dyn Error>> {
    let whole = [3_600, 30];
    let mut rows = vec![
        Row::here("binary heap alone", heap::run, whole, 1),
        Row::here("poolscope, counting", poolscope::counted, whole, 1),
        Row::here("poolscope, recording", poolscope::recorded, whole, 1),
        Row::here("the same, minutes", poolscope::recorded, [60, 2], 10),
    ];
    #[cfg(feature = "rivals")]
    {
        use poolscope_bench::rivals::{nexosim, simu_des};
        rows.push(Row::here("simu-des 0.1.0", simu_des::run, [720, 10], 1));
        rows.push(Row::here("nexosim 1.0.0", nexosim::run, [720, 10], 1));
    }
    for external in External::of_environment()? {
        let (name, seconds) = (external.name, external.seconds);
        rows.push(Row { name, how: How::There(external), seconds, times: 1, rates: Default::default() });
    }
    Ok(rows)
}

fn main() -> Result<(), Box<dyn Error>> {
    for minutes in [1, 60] {
        poolscope::counted(workload(0, 60 * minutes))?;
        println!("memory after {minutes:2} minutes of 64 clients, counting: {} kB", peak_memory()?);
    }
    let (events, best) = page::measure(50)?;
    println!("page: 20 threads, 60 s, {events} events recorded: {:.2} ms\n", best.as_secs_f64() * 1e3);

    let mut rows = rows()?;
    for round in 0..ROUNDS {
        for row in &mut rows {
            for (which, whole) in HASHES.into_iter().enumerate() {
                if row.seconds[which] == 0 {
                    continue;
                }
                let (events, hash, used) = row.measure(which)?;
                let of_whole = row.seconds[which] * 1_000_000_000 == [SMALL, LARGE][which].until;
                let expected = if of_whole { whole } else { heap::run(workload(which, row.seconds[which]))?.hash };
                if hash != expected {
                    return Err(format!("{} did other work", row.name).into());
                }
                row.rates[which].push(events as f64 / used / 1e6);
            }
        }
        eprintln!("round {} of {ROUNDS}", round + 1);
    }
    println!(
        "Million events a second of CPU time: lowest, median and highest of {ROUNDS} rounds; of the medians the ratio to"
    );
    println!("the binary heap, and how many times as fast counting is.\n");
    println!("{:22}{:>32}{:>41}", "", "64 clients, 15 connections", "10000 clients, 2344 connections");
    for row in &mut rows {
        row.rates.iter_mut().for_each(|rates| rates.sort_by(f64::total_cmp));
    }
    let median = |row: &Row, which: usize| row.rates[which][ROUNDS / 2];
    for row in &rows {
        print!("{:22}", row.name);
        for which in [0, 1] {
            let rates = &row.rates[which];
            if rates.is_empty() {
                continue;
            }
            let (heap, counting) = (median(&rows[0], which), median(&rows[1], which));
            let own = median(row, which);
            print!("{:8.3}{own:8.3}{:8.3} ×{:6.3}{:7.1}   ", rates[0], rates[ROUNDS - 1], own / heap, counting / own);
        }
        println!();
    }
    Ok(())
}

/// What this process has used of a processor; on Linux only.
fn cpu_seconds() -> Result<f64, Box<dyn Error>> {
    let text = std::fs::read_to_string("/proc/self/schedstat")?;
    let nanoseconds: f64 = text.split(' ').next().unwrap_or_default().parse()?;
    Ok(nanoseconds / 1e9)
}

/// The most memory that this process has had, in kB.
fn peak_memory() -> Result<u64, Box<dyn Error>> {
    let text = std::fs::read_to_string("/proc/self/status")?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A minute of the small workload; the figures are the definition's.
    #[test]
    fn every_engine_does_the_same_work() -> Result<(), Box<dyn Error>> {
        let expected = Counters { requests: 18_093, timeouts: 3_652, done: 14_406, hash: 2_318_853_762_394_080_779 };
        for row in rows()? {
            if let How::Here(run) = row.how {
                assert_eq!(run(workload(0, 60))?, expected, "{}", row.name);
            }
        }
        Ok(())
    }
}
