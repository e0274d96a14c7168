//! Engine, Connection and the dialect's view of the driver.

pub mod error;
