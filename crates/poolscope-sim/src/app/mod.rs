//! The application: Python programs, the Sessions they open, the threads that run them.

pub mod listing;
pub mod program;
