//! What happens next: ordered by (time, sequence), ties broken on purpose.

use crate::time::SimTime;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    /// Looks at the idle clock of a server session.
    IdleCheck {
        thread: u32,
        boot: u32,
    },
    ServerUp,
    Fault {
        index: u32,
    },
    /// The next request of a traffic entry, which then writes down the one after.
    Arrival {
        traffic: u32,
    },
    /// One request: of a list of times, or of a user in a closed loop.
    User {
        traffic: u32,
    },
    ProcessStart {
        process: u16,
    },
    Collect,
    OtherSessions {
        index: u32,
    },
    /// The event loop of a process has a timer to look at, unless something else has woken it since.
    EventLoop {
        process: u16,
        epoch: u32,
    },
    /// Resumes a task, unless it has been resumed since this was written down.
    Task {
        task: u16,
        epoch: u32,
    },
}

/// At one instant the server acts first (a session idle for exactly wait_timeout is gone when its client looks), then what the
/// scenario says, then the tasks in the order in which they were written down.
const SCENARIO: u64 = 1 << 62;
const TASKS: u64 = 2 << 62;

#[derive(Debug, Default)]
pub(crate) struct Agenda {
    heap: BinaryHeap<Reverse<(SimTime, u64, Target)>>,
    sequence: u64,
}

impl Agenda {
    pub fn add(&mut self, at: SimTime, target: Target) {
        self.sequence += 1;
        let server = matches!(target, Target::IdleCheck { .. } | Target::ServerUp);
        let key = if server { self.sequence } else { self.sequence | TASKS };
        self.heap.push(Reverse((at, key, target)));
    }

    /// Adds something that the scenario starts; among those of one instant the lower rank comes first, whenever it was added.
    pub fn add_from_scenario(&mut self, at: SimTime, rank: u32, target: Target) {
        self.sequence += 1;
        let key = SCENARIO | u64::from(rank) << 40 | self.sequence & ((1 << 40) - 1);
        self.heap.push(Reverse((at, key, target)));
    }

    /// The next entry that is not after `until`.
    pub fn next(&mut self, until: SimTime) -> Option<(SimTime, Target)> {
        let Reverse((at, _, _)) = self.heap.peek()?;
        if *at > until {
            return None;
        }
        self.heap.pop().map(|Reverse((at, _, target))| (at, target))
    }
}
