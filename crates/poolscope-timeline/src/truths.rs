//! The one fold over the events: what the application holds, what the pools count, what the server has.
