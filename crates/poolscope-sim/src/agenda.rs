//! What happens next: ordered by (time, sequence), ties broken on purpose.

use crate::time::SimTime;
use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};

#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    /// Looks at the idle clock of a server session.
    IdleCheck {
        thread: u32,
        boot: u16,
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
    /// A source file changes.
    Edited {
        process: u16,
    },
    Collect,
    OtherSessions {
        index: u32,
    },
    /// What a coroutine waits for has come from the server, unless the coroutine has gone on since.
    Answer {
        task: u16,
        epoch: u32,
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
    heap: BinaryHeap<Reverse<Entry>>,
    /// Deadlines that were written down in the order of their times, as those of one timeout are: no need to sort them, and most are
    /// overtaken before they come.
    deadlines: VecDeque<Entry>,
    /// What is to happen at the present instant, in order.
    now: VecDeque<Entry>,
    sequence: u64,
}

/// No two have the same key.
#[derive(Clone, Copy, Debug)]
struct Entry {
    at: SimTime,
    key: u64,
    target: Target,
}

impl Agenda {
    pub fn add(&mut self, at: SimTime, target: Target) {
        self.sequence += 1;
        let server = matches!(target, Target::IdleCheck { .. } | Target::ServerUp);
        let key = if server { self.sequence } else { self.sequence | TASKS };
        self.heap.push(Reverse(Entry { at, key, target }));
    }

    /// Adds what a task does at this very instant, after everything that was added before.
    pub fn add_now(&mut self, now: SimTime, target: Target) {
        self.sequence += 1;
        self.now.push_back(Entry { at: now, key: self.sequence | TASKS, target });
    }

    /// Adds the end of a task's wait, which will hardly ever come.
    pub fn add_deadline(&mut self, at: SimTime, target: Target) {
        if self.deadlines.back().is_some_and(|last| last.at > at) {
            return self.add(at, target);
        }
        self.sequence += 1;
        self.deadlines.push_back(Entry { at, key: self.sequence | TASKS, target });
    }

    /// Adds something that the scenario starts; among those of one instant the lower rank comes first, whenever it was added.
    pub fn add_from_scenario(&mut self, at: SimTime, rank: u32, target: Target) {
        self.sequence += 1;
        let key = SCENARIO | u64::from(rank) << 40 | self.sequence & ((1 << 40) - 1);
        self.heap.push(Reverse(Entry { at, key, target }));
    }

    /// The next entry that is not after `until`.
    pub fn next(&mut self, until: SimTime) -> Option<(SimTime, Target)> {
        let order = |entry: Option<&Entry>| entry.map_or(u128::MAX, Entry::order);
        let sorted = order(self.heap.peek().map(|Reverse(entry)| entry));
        let deadline = order(self.deadlines.front());
        let now = order(self.now.front());
        let first = sorted.min(deadline).min(now);
        if (first >> 64) as u64 > until.0 {
            return None;
        }
        let entry = if first == sorted {
            self.heap.pop().map(|Reverse(entry)| entry)
        } else if first == now {
            self.now.pop_front()
        } else {
            self.deadlines.pop_front()
        };
        entry.map(|entry| (entry.at, entry.target))
    }
}

impl Entry {
    /// One number: a heap of them has no branch to guess wrong.
    fn order(&self) -> u128 {
        u128::from(self.at.0) << 64 | u128::from(self.key)
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Entry) -> Ordering {
        self.order().cmp(&other.order())
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Entry) -> Option<Ordering> {
        Some(self.cmp(other))
    }

    fn le(&self, other: &Entry) -> bool {
        self.order() <= other.order()
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Entry) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Entry {}
