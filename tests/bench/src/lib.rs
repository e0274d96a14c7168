//! Engines that do the same work: the simulator, a bare loop over a heap, and (feature `rivals`) simulators of other people.

pub mod heap;
pub mod page;
pub mod poolscope;
#[cfg(feature = "rivals")]
pub mod rivals;
pub mod workload;

use std::error::Error;
use workload::{Counters, Workload};

pub type Engine = fn(Workload) -> Result<Counters, Box<dyn Error>>;

/// For a host in JavaScript, which does the timing. Which of the workloads, for how many seconds of it; returns the events and the hash.
#[cfg(target_arch = "wasm32")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn run(large: bool, seconds: u32) -> Vec<u64> {
    let workload = if large { workload::LARGE } else { workload::SMALL };
    let until = u64::from(seconds) * 1_000_000_000;
    let counters = poolscope::counted(Workload { until, ..workload }).unwrap_or_default();
    vec![counters.events(), counters.hash]
}
