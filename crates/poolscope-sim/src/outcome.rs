//! What a run comes to: the figures that a reader compares.

use crate::engine::error::ErrorKey;
use crate::time::SimSpan;
use crate::trace::Limit;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Requests that arrived, and runs of jobs; what a process does as it starts counts when it fails.
    pub requests: u32,
    pub served: u32,
    pub failed: u32,
    /// Failed requests by the exception that left the handler, or as a wrong answer, in key order.
    pub errors: Vec<(ErrorKey, u32)>,
    /// Checkouts that had to wait for a connection.
    pub waited: u32,
    pub wait_max: SimSpan,
    pub wait_total: SimSpan,
    pub pings: u32,
    /// DBAPI connections opened.
    pub connects: u32,
    /// Clients that the server refused (1040).
    pub refused: u32,
    /// MySQL's Max_used_connections, over the whole run.
    pub max_used_connections: u32,
    /// MySQL's Aborted_clients, over the whole run.
    pub aborted_clients: u32,
    /// SHOW GLOBAL STATUS at the end.
    pub status: Status,
    /// At the end: what the application still holds, what the pools count as out, what the server has.
    pub held_at_end: u32,
    pub checked_out_at_end: i32,
    pub threads_connected_at_end: u32,
    /// The limit that cut the run short, if one did.
    pub truncated: Option<Limit>,
}

/// MySQL's status variables, by their names: since the server started, so that a restart sets them back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    pub max_used_connections: u32,
    /// Sessions that ended without a goodbye of their client.
    pub aborted_clients: u32,
    /// Clients that were refused.
    pub aborted_connects: u32,
    /// Clients that tried, with or without success.
    pub connections: u32,
    /// Refused with 1040. MariaDB counts only those that found the extra place taken as well.
    pub connection_errors_max_connections: u32,
}

impl Outcome {
    /// Requests still running or waiting when the run ended.
    pub fn unfinished(&self) -> u32 {
        self.requests - self.served - self.failed
    }
    pub fn is_clean(&self) -> bool {
        self.failed == 0 && self.truncated.is_none()
    }
    pub fn count(&self, key: ErrorKey) -> u32 {
        self.errors.iter().find(|(k, _)| *k == key).map_or(0, |(_, n)| *n)
    }
    pub(crate) fn add_error(&mut self, key: ErrorKey) {
        match self.errors.binary_search_by_key(&key, |(k, _)| *k) {
            Ok(at) => self.errors[at].1 += 1,
            Err(at) => self.errors.insert(at, (key, 1)),
        }
    }
}
