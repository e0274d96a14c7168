//! One line when a step starts, one when it ends, with the time it took.

use std::time::{Duration, Instant};

use anyhow::Result;

/// Runs a step that may take long enough for somebody to wonder what is going on.
pub fn step<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("▸ {what} …");
    let started = Instant::now();
    let result = work();
    let mark = if result.is_ok() { "✓" } else { "✗" };
    println!("{mark} {what} ({})", shown(started.elapsed()));
    result
}

/// `0.4 s`, `12.3 s`, `3 min 05 s`.
pub fn shown(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 60 {
        format!("{:.1} s", time.as_secs_f64())
    } else {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    }
}
