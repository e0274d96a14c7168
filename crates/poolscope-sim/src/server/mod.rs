//! The MySQL server: its sessions, its limits, and what a client hears when its session is gone.

mod gone;

pub(crate) use gone::{gone, refused};

use crate::numbered::Numbered;
use crate::scenario::{Scenario, Variables};
use crate::time::{SimSpan, SimTime};
use crate::trace::EventId;

#[derive(Debug)]
pub(crate) struct Server {
    pub variables: Variables,
    pub up: bool,
    /// Restarts so far.
    pub boot: u16,
    /// Live sessions by id; ids rise and are not reused until a restart.
    pub threads: Numbered<ServerThread>,
    next_id: u32,
    pub max_used: u32,
    pub aborted_clients: u32,
    pub refused: u32,
}

#[derive(Debug)]
pub(crate) struct ServerThread {
    /// Our DBAPI connection, if it is one of ours.
    pub connection: Option<u32>,
    pub idle_since: Option<SimTime>,
    pub in_transaction: bool,
    /// The last event of this session, the cause of the next.
    pub last: Option<EventId>,
}

/// Why a session ended without its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Death {
    Timeout,
    Kill,
    Restart,
}

impl Server {
    pub fn new(scenario: &Scenario) -> Server {
        // A server that has just started has used its first ids itself.
        let next_id = 8;
        Server {
            variables: scenario.variables,
            up: true,
            boot: 0,
            threads: Numbered::new(),
            next_id,
            max_used: 0,
            aborted_clients: 0,
            refused: 0,
        }
    }

    pub fn in_use(&self) -> u32 {
        self.threads.len() as u32
    }

    pub fn wait_timeout(&self) -> SimSpan {
        SimSpan::from_secs(u64::from(self.variables.wait_timeout))
    }

    /// Admits a client, or not: ordinary accounts up to max_connections, privileged ones to one more.
    pub fn accept(&mut self, connection: Option<u32>, admin: bool, now: SimTime) -> Option<u32> {
        let places = self.variables.max_connections.saturating_add(u32::from(admin));
        if self.in_use() >= places {
            self.refused += 1;
            return None;
        }
        let id = self.next_id;
        self.next_id += 1;
        let thread = ServerThread { connection, idle_since: Some(now), in_transaction: false, last: None };
        self.threads.insert(id, thread);
        self.max_used = self.max_used.max(self.in_use());
        Some(id)
    }

    pub fn restart_ids(&mut self) {
        self.next_id = 8;
        self.boot += 1;
    }
}
