//! The application: Python programs, the Sessions they open, the threads that run them.

pub(crate) mod event_loop;
mod expression;
pub(crate) mod garbage;
mod interpreter;
mod keywords;
pub mod listing;
mod module;
pub mod program;
pub(crate) mod python;
pub(crate) mod savepoint;
pub(crate) mod scheduler;
pub(crate) mod session;
pub(crate) mod threads;
mod tokens;
pub(crate) mod traffic;
