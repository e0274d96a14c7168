//! Engine, Connection and the dialect's view of the driver.

pub(crate) mod connection;
pub(crate) mod connector;
pub(crate) mod dbapi;
pub(crate) mod dialect;
pub mod error;
pub(crate) mod fork;
