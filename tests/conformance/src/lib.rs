//! The simulator beside the real SQLAlchemy: the same scenario through both, compared row by row.
//!
//! Reading order: `wire` (what the harness is told), `rows` (what a trace looks like as rows), `oracle` (the Python process),
//! `compare`, `variations` (a scenario's knobs), `workload` and `shrink` (random scenarios), `recording` (answers kept in files).

pub mod cli;
pub mod compare;
pub mod environment;
mod failure;
pub mod oracle;
pub mod recording;
pub mod rows;
pub mod server_cases;
pub mod shrink;
pub mod small_worlds;
pub mod variations;
pub mod wire;
pub mod workload;

pub use failure::Failure;
