//! What happens next: ordered by (time, sequence), ties broken on purpose.

mod wheel;

use crate::time::SimTime;
use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};
use wheel::Wheel;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    /// Looks at the idle clock of a server session.
    IdleCheck {
        thread: u32,
        boot: u16,
    },
    /// Looks at the idle clock that a device on the way keeps for a connection.
    PathCheck {
        connection: u32,
    },
    /// A statement is over whose client has not waited for it.
    Unheard {
        thread: u32,
        boot: u16,
    },
    ServerUp,
    /// The server falls silent, or answers again.
    Silence,
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

#[derive(Debug)]
pub(crate) struct Agenda {
    heap: BinaryHeap<Reverse<Entry>>,
    /// The order of its first entry, as of all the others.
    first_of_heap: u128,
    /// Deadlines that were written down in the order of their times, as those of one timeout are: no need to sort them, and most are
    /// overtaken before they come.
    deadlines: Queue,
    /// When tasks go on, as far as it can hold that.
    wheel: Wheel,
    /// What is to happen at the present instant, in order.
    now: Queue,
    sequence: u64,
    /// By task: rises with every resumption. A wake-up that was written down with an older number is void.
    epochs: Vec<u32>,
}

/// Entries that come in order.
#[derive(Debug)]
struct Queue {
    entries: VecDeque<Entry>,
    /// The order of the first.
    first: u128,
}

/// No two have the same key.
#[derive(Clone, Copy, Debug)]
struct Entry {
    at: SimTime,
    key: u64,
    target: Target,
}

impl Agenda {
    pub fn new() -> Agenda {
        let queue = || Queue { entries: VecDeque::new(), first: NEVER };
        let (deadlines, wheel, now) = (queue(), Wheel::new(0), queue());
        let heap = BinaryHeap::new();
        Agenda { heap, first_of_heap: NEVER, deadlines, wheel, now, sequence: 0, epochs: Vec::new() }
    }

    /// So many tasks are going to have timers.
    pub fn make_room(&mut self, tasks: usize) {
        self.wheel = Wheel::new(tasks);
        self.epochs = vec![0; tasks];
    }

    pub fn epoch(&self, task: u16) -> u32 {
        self.epochs[usize::from(task)]
    }

    /// A task goes on, or is not to: its wake-ups that were written down before are void.
    pub fn void_wake_ups(&mut self, task: u16) {
        self.epochs[usize::from(task)] += 1;
    }

    fn is_void(&self, target: Target) -> bool {
        matches!(target, Target::Task { task, epoch } if epoch != self.epoch(task))
    }

    fn wake_up(&self, task: u16) -> Target {
        Target::Task { task, epoch: self.epoch(task) }
    }

    fn next_key(&mut self, group: u64) -> u64 {
        self.sequence += 1;
        self.sequence | group
    }

    fn sort_in(&mut self, entry: Entry) {
        self.first_of_heap = self.first_of_heap.min(entry.order());
        self.heap.push(Reverse(entry));
    }

    pub fn add(&mut self, at: SimTime, target: Target) {
        let server = matches!(
            target,
            Target::IdleCheck { .. }
                | Target::PathCheck { .. }
                | Target::Unheard { .. }
                | Target::ServerUp
                | Target::Silence
        );
        let key = self.next_key(if server { 0 } else { TASKS });
        self.sort_in(Entry { at, key, target });
    }

    /// Adds when a task goes on.
    pub fn add_task(&mut self, at: SimTime, task: u16) {
        if let Some(length) = self.wheel.better_length() {
            let mut first = self.wheel.first;
            while let Some(target) = self.wheel.take() {
                self.sort_in(Entry { at: SimTime((first >> 64) as u64), key: first as u64, target });
                first = self.wheel.first;
            }
            self.wheel.length = length;
        }
        let (key, epoch) = (self.next_key(TASKS), self.epoch(task));
        if !self.wheel.add(at, key, task, epoch) {
            self.sort_in(Entry { at, key, target: Target::Task { task, epoch } });
        }
    }

    /// Adds what a task does at this very instant, after everything that was added before.
    pub fn add_now(&mut self, now: SimTime, task: u16) {
        let (key, target) = (self.next_key(TASKS), self.wake_up(task));
        self.now.push(Entry { at: now, key, target });
    }

    /// The same for a task that need not wait until its deadline: if that was the next of all deadlines, it is one no more.
    pub fn add_now_instead(&mut self, now: SimTime, task: u16) {
        self.void_wake_ups(task);
        while let Some(Entry { target, .. }) = self.deadlines.entries.front()
            && self.is_void(*target)
        {
            self.deadlines.pop();
        }
        self.add_now(now, task);
    }

    /// Adds the end of a task's wait, which will hardly ever come.
    pub fn add_deadline(&mut self, at: SimTime, task: u16) {
        let (key, target) = (self.next_key(TASKS), self.wake_up(task));
        let entry = Entry { at, key, target };
        if self.deadlines.entries.back().is_some_and(|last| last.at > at) {
            self.sort_in(entry);
        } else {
            self.deadlines.push(entry);
        }
    }

    /// Adds something that the scenario starts; among those of one instant the lower rank comes first, whenever it was added.
    pub fn add_from_scenario(&mut self, at: SimTime, rank: u32, target: Target) {
        self.sequence += 1;
        let key = SCENARIO | u64::from(rank) << 40 | self.sequence & ((1 << 40) - 1);
        self.sort_in(Entry { at, key, target });
    }

    /// What is next and not void, if it is not after `until`.
    pub fn next(&mut self, until: SimTime) -> Option<(SimTime, Target)> {
        loop {
            let first = self.wheel.first.min(self.now.first).min(self.deadlines.first).min(self.first_of_heap);
            let at = SimTime((first >> 64) as u64);
            if at > until {
                return None;
            }
            self.wheel.now = at;
            let target = if first == self.wheel.first {
                self.wheel.take()?
            } else if first == self.now.first {
                self.now.pop()?
            } else if first == self.deadlines.first {
                self.deadlines.pop()?
            } else {
                let Reverse(entry) = self.heap.pop()?;
                self.first_of_heap = self.heap.peek().map_or(NEVER, |Reverse(entry)| entry.order());
                entry.target
            };
            if !self.is_void(target) {
                return Some((at, target));
            }
        }
    }
}

impl Queue {
    fn push(&mut self, entry: Entry) {
        if self.entries.is_empty() {
            self.first = entry.order();
        }
        self.entries.push_back(entry);
    }

    fn pop(&mut self) -> Option<Target> {
        let entry = self.entries.pop_front();
        self.first = self.entries.front().map_or(NEVER, Entry::order);
        entry.map(|entry| entry.target)
    }
}

/// Later than everything.
const NEVER: u128 = u128::MAX;

/// By time, then by sequence. One number: there is no branch to guess wrong.
fn order(at: SimTime, key: u64) -> u128 {
    u128::from(at.0) << 64 | u128::from(key)
}

impl Entry {
    fn order(&self) -> u128 {
        order(self.at, self.key)
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
