//! A record out of the queue, or the right to open one more: `QueuePool._do_get` and `util/queue.py::Queue.get`, from one wait to the next.

use super::{Fairy, Pool, Record};
use crate::engine::error::{Assertion, PyError};
use crate::scenario::SqlAlchemy;
use crate::state::State;
use crate::time::{SimSpan, SimTime};
use crate::trace::{EventKind, Observer, PoolEvent, Rule};

/// How far a checkout has come without waiting.
#[derive(Debug)]
pub(crate) enum Got {
    Checkout(Fairy),
    Error(PyError),
    /// The thread waits in the queue of the pool until somebody wakes it, or until its time is up.
    Waits,
    /// It may open one more connection.
    MayOpen,
    /// A record whose connection must be replaced or tested first.
    Record(u32),
    /// Coroutines, and pools of other classes, have ways of their own.
    Otherwise,
}

impl<O: Observer> State<'_, O> {
    /// `pool.connect()` until it has to wait. The pool, when that was, and how far it has come.
    pub(crate) fn begin_checkout(&mut self, engine: u16, of_thread: bool) -> (usize, SimTime, Got) {
        let pool = self.engines[usize::from(engine)].pool;
        let again = if of_thread { self.checkout_again(pool) } else { None };
        let got = match again {
            None => self.get(pool, of_thread),
            Some(fairy) if fairy.connection.is_some() => Got::Checkout(fairy),
            Some(_) if self.scenario.sqlalchemy < SqlAlchemy::V2_0 => {
                Got::Error(PyError::RecordClosed { statement: None })
            }
            Some(_) => Got::Error(PyError::Assertion { what: Assertion::Bare, statement: None }),
        };
        (pool, self.now, got)
    }

    /// `_do_get`. Where upstream calls itself again because another thread may have been faster, here nobody can have been.
    fn get(&mut self, pool: usize, of_thread: bool) -> Got {
        if !self.pools[pool].has_queue() {
            return Got::Otherwise;
        }
        if let Some(slot) = self.take_from_queue(pool) {
            return self.hand_out_at_once(pool, slot, of_thread);
        }
        let (exhausted, timeout) = (self.pools[pool].is_exhausted(), self.pools[pool].timeout);
        if exhausted && self.scenario.driver.is_async() {
            return Got::Otherwise;
        }
        if !exhausted || timeout == SimSpan::ZERO {
            return self.claim_or_not(pool);
        }
        let (engine, deadline) = (self.pools[pool].engine, self.now + timeout);
        self.outcome.waited += 1;
        self.emit(Rule::QueueWait, EventKind::Wait { engine, deadline: Some(deadline) });
        self.begin_wait(pool, deadline);
        Got::Waits
    }

    fn begin_wait(&mut self, pool: usize, deadline: SimTime) {
        let task = self.current();
        self.pools[pool].waiters.push_back(task);
        self.agenda.add_deadline(deadline, task);
    }

    /// Whoever waited longest is woken by a return, and looks again; `began` is when it began to wait.
    pub(crate) fn get_again(&mut self, pool: usize, began: SimTime, of_thread: bool) -> Got {
        let deadline = began + self.pools[pool].timeout;
        let late = self.now >= deadline;
        let task = self.current();
        self.pools[pool].stop_waiting(task, late);
        let found = self.pools[pool].take();
        if found.is_none() && !late {
            self.begin_wait(pool, deadline);
            return Got::Waits;
        }
        self.waited(pool, began, found.is_some());
        match found {
            Some(slot) => self.hand_out_at_once(pool, slot, of_thread),
            None => self.claim_or_not(pool),
        }
    }

    /// The end of a wait for the pool.
    pub(crate) fn waited(&mut self, pool: usize, began: SimTime, found: bool) {
        let (engine, waited) = (self.pools[pool].engine, self.now.since(began));
        self.outcome.wait_total = self.outcome.wait_total + waited;
        self.outcome.wait_max = self.outcome.wait_max.max(waited);
        if found {
            let cause = self.pools[pool].last_return;
            self.emit_from(cause, Rule::QueueWake, EventKind::Wake { engine });
            self.status(pool, Rule::QueueGet);
        } else {
            self.emit(Rule::QueueTimeout, EventKind::Wake { engine });
        }
    }

    /// Nothing is in the queue: the end of `_do_get`.
    pub(crate) fn claim(&mut self, pool: usize) -> Result<(), PyError> {
        if self.pools[pool].claim() {
            self.status(pool, Rule::Overflow);
            return Ok(());
        }
        let (engine, overflow) = (self.pools[pool].engine, self.pools[pool].figures().overflow);
        self.keep_in_traceback(pool, 0);
        let options = self.engines[usize::from(engine)].options as u16;
        Err(PyError::PoolTimeout { options, overflow, statement: None })
    }

    fn claim_or_not(&mut self, pool: usize) -> Got {
        self.claim(pool).map_or_else(Got::Error, |()| Got::MayOpen)
    }

    pub(crate) fn take_from_queue(&mut self, pool: usize) -> Option<u32> {
        let slot = self.pools[pool].take()?;
        self.status(pool, Rule::QueueGet);
        Some(slot)
    }

    /// Most checkouts wait for nothing more: the connection is as it should be, and nobody asks it whether it is.
    pub(crate) fn hand_out_at_once(&mut self, pool: usize, slot: u32, of_thread: bool) -> Got {
        let now = self.now;
        let Pool { recycle, invalidated_at, pre_ping, ping_listener, ref mut records, .. } = self.pools[pool];
        let pings = pre_ping || ping_listener;
        let fit = |record: &&mut Record| {
            record.connection.is_some() && !pings && record.stale(now, recycle, invalidated_at).is_none()
        };
        let Some(record) = records.get_mut(slot) else { return Got::Record(slot) };
        // While it connects anew the pool is no garbage, replaced or not.
        record.in_hand = record.in_hand.max(1);
        let Some(record) = Some(record).filter(fit) else { return Got::Record(slot) };
        self.fairies += 1;
        let (serial, connection) = (self.fairies, record.connection);
        record.fresh = false;
        record.hand_out(serial);
        if of_thread {
            self.note_of_thread(pool, serial);
        }
        self.pool_event(pool, slot, PoolEvent::Checkout, connection, Rule::QueueGet);
        Got::Checkout(Fairy { pool, slot, connection, serial, detached: false })
    }
}
