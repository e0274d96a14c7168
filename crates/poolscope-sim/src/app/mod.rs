//! The application: Python programs, the Sessions they open, the threads that run them.

mod expression;
pub(crate) mod garbage;
mod interpreter;
pub mod listing;
pub mod program;
mod python;
pub(crate) mod session;
pub(crate) mod threads;
mod tokens;
pub(crate) mod traffic;
