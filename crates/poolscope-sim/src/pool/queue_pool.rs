//! The queue and the overflow counter (`pool/impl.py::QueuePool`).

use super::Record;
use crate::numbered::Numbered;
use crate::scenario::{EngineOptions, PoolClass, ResetOnReturn};
use crate::time::{SimSpan, SimTime};
use crate::trace::{EventId, PoolFigures};
use std::collections::VecDeque;

#[derive(Debug)]
pub(crate) struct Pool {
    /// Index into the run's engine objects, for events.
    pub engine: u16,
    pub class: PoolClass,
    lifo: bool,
    pub pre_ping: bool,
    pub ping_listener: bool,
    pub timeout: SimSpan,
    pub recycle: Option<SimSpan>,
    pub reset_on_return: ResetOnReturn,
    pub size: u32,
    max_overflow: i32,
    /// Free records, in the order of their return.
    queue: VecDeque<u32>,
    /// Starts at −size; size + overflow is the number of records alive.
    overflow: i32,
    reports_overflow: bool,
    pub records: Numbered<Record>,
    next_slot: u32,
    /// Connections opened before this instant are replaced at checkout.
    pub invalidated_at: Option<SimTime>,
    /// Tasks waiting in `Queue.get`, longest first.
    pub waiters: VecDeque<u16>,
    /// How many have been woken and have not looked yet.
    pub woken: u32,
    /// The event that last made a record available: the cause of a wake-up.
    pub last_return: Option<EventId>,
    pub first_connect_done: bool,
    pub listeners: FirstRun,
    /// Tasks waiting for that mutex, longest first.
    pub listeners_waiting: VecDeque<u16>,
    /// The records that a pool without a queue keeps, oldest first: StaticPool and AssertionPool one, SingletonThreadPool one per thread.
    pub kept: Vec<u32>,
    /// AssertionPool: its one record is out.
    pub checked_out: bool,
    /// SingletonThreadPool: the record and the checkout of each thread (weak references upstream).
    pub threads: Vec<OfThread>,
}

/// What a SingletonThreadPool has in its thread-local variables.
#[derive(Debug)]
pub(crate) struct OfThread {
    pub thread: u32,
    pub slot: u32,
    pub fairy: Option<u64>,
}

/// The first run of a pool's `connect` listeners holds a mutex (`event/attr.py::_exec_w_sync_on_first_run`): whoever connects meanwhile waits,
/// and goes through it one by one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum FirstRun {
    Not,
    Running,
    Done,
}

impl Pool {
    pub fn new(options: &EngineOptions, engine: u16) -> Pool {
        Pool {
            engine,
            class: options.poolclass,
            lifo: options.pool_use_lifo,
            pre_ping: options.pool_pre_ping,
            ping_listener: options.ping_listener,
            timeout: options.pool_timeout,
            recycle: options.pool_recycle,
            reset_on_return: options.pool_reset_on_return,
            size: options.pool_size,
            max_overflow: options.max_overflow,
            queue: VecDeque::new(),
            overflow: -(options.pool_size as i32),
            reports_overflow: true,
            records: Numbered::new(),
            next_slot: 1,
            invalidated_at: None,
            waiters: VecDeque::new(),
            woken: 0,
            last_return: None,
            first_connect_done: false,
            listeners: FirstRun::Not,
            listeners_waiting: VecDeque::new(),
            kept: Vec::new(),
            checked_out: false,
            threads: Vec::new(),
        }
    }

    /// 2.0 and later: pool_size = 0 switches every limit off.
    pub fn without_limit_if_empty(mut self) -> Pool {
        if self.size == 0 {
            self.max_overflow = -1;
            self.reports_overflow = false;
        }
        self
    }

    /// What `recreate()` did not copy before 1.3.20: pre-ping was silently off after one `dispose()`.
    pub fn forget_options(&mut self) {
        self.pre_ping = false;
        if self.class == PoolClass::AssertionPool {
            self.recycle = None;
            self.reset_on_return = ResetOnReturn::Rollback;
        }
    }

    /// What `os.fork()` copies of a pool: its free records, whose sockets are the parent's, and its figures.
    pub fn inherit(&mut self, parent: &Pool) -> Vec<(u32, Option<u32>)> {
        for slot in &parent.queue {
            if let Some(Record { connection, starttime, soft_invalidated_at, .. }) = parent.records.get(*slot) {
                let (connection, soft_invalidated_at) = (*connection, *soft_invalidated_at);
                let record = Record { connection, soft_invalidated_at, in_hand: 0, ..Record::new(*starttime) };
                self.records.insert(*slot, record);
            }
        }
        self.queue.clone_from(&parent.queue);
        (self.overflow, self.next_slot, self.invalidated_at) =
            (parent.overflow, parent.next_slot, parent.invalidated_at);
        (self.first_connect_done, self.listeners) = (parent.first_connect_done, FirstRun::Done);
        self.queue.iter().map(|slot| (*slot, self.records.get(*slot).and_then(|r| r.connection))).collect()
    }

    pub fn has_queue(&self) -> bool {
        self.class == PoolClass::QueuePool
    }

    fn bounded(&self) -> bool {
        self.max_overflow > -1
    }

    /// Nothing more may be opened.
    pub fn is_exhausted(&self) -> bool {
        self.bounded() && self.overflow >= self.max_overflow
    }

    pub fn take(&mut self) -> Option<u32> {
        if self.lifo { self.queue.pop_back() } else { self.queue.pop_front() }
    }

    pub fn is_queued(&self, slot: u32) -> bool {
        self.queue.contains(&slot)
    }

    /// A record that was closed and forgotten comes back a second time.
    pub fn remember(&mut self, slot: u32) {
        if self.records.get(slot).is_none() {
            self.records.insert(slot, Record { in_hand: 0, ..Record::new(SimTime::ZERO) });
        }
    }

    /// Puts a record into the queue, unless the queue is full. A capacity of 0 is never full.
    pub fn put(&mut self, slot: u32) -> bool {
        if !self.has_queue() || (self.size > 0 && self.queue.len() >= self.size as usize) {
            return false;
        }
        self.queue.push_back(slot);
        true
    }

    /// Whoever gives a connection back takes the first waiter off the list; a deadline leaves it there, among the first.
    pub fn stop_waiting(&mut self, task: u16, late: bool) {
        let at = if late { self.waiters.iter().position(|waiter| *waiter == task) } else { None };
        match at {
            Some(at) => drop(self.waiters.remove(at)),
            None => self.woken = self.woken.saturating_sub(1),
        }
    }

    /// `_inc_overflow`: claims the right to open one more; false if somebody else was faster.
    pub fn claim(&mut self) -> bool {
        if self.is_exhausted() {
            return false;
        }
        self.overflow += 1;
        true
    }

    /// `_dec_overflow`
    pub fn release(&mut self) {
        self.overflow -= 1;
    }

    pub fn new_slot(&mut self, starttime: SimTime) -> u32 {
        let slot = self.next_slot;
        self.next_slot += 1;
        self.records.insert(slot, Record::new(starttime));
        slot
    }

    /// What `pool.status()` would print now.
    pub fn figures(&self) -> PoolFigures {
        if !self.has_queue() && self.class != PoolClass::NullPool {
            return self.kept_figures();
        }
        let size = self.size as i32;
        let checked_in = self.queue.len() as i32;
        let overflow = if self.reports_overflow { self.overflow } else { 0 };
        PoolFigures {
            size: self.size,
            checked_in: checked_in as u32,
            overflow,
            checked_out: size - checked_in + self.overflow,
        }
    }

    /// `dispose()` resets the counter when the queue is empty, whatever is still out.
    pub fn restart_counting(&mut self) {
        self.overflow = -(self.size as i32);
    }
}
