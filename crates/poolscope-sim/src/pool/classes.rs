//! The pools without a queue: StaticPool, AssertionPool, SingletonThreadPool (`pool/impl.py`).

use super::queue_pool::{OfThread, Pool};
use super::{Fairy, Record};
use crate::app::savepoint::Savepoints;
use crate::app::session::{Begin, Connection, RootTransaction};
use crate::engine::error::{Assertion, PyError, PyResult};
use crate::scenario::{PoolClass, ResetOnReturn, SqlAlchemy};
use crate::state::State;
use crate::trace::{Observer, PoolFigures, Rule};
use crate::world::World;

impl<O: Observer> World<'_, O> {
    /// `_do_get` of these classes. Nothing locks: threads that find no record each make one, and the last one is kept.
    pub(crate) async fn get_kept(&self, pool: usize) -> PyResult<u32> {
        let (class, first) = {
            let mut state = self.state();
            let first = state.pools[pool].kept.is_empty();
            if let Some(slot) = state.kept(pool)? {
                return Ok(slot);
            }
            (state.pools[pool].class, first)
        };
        let mut slot = self.create_record(pool).await?;
        // `StaticPool._do_get` looks at its first record too: the pool may have been invalidated while that connected.
        if first && class == PoolClass::StaticPool && self.state().drops(pool, slot) {
            self.state().pools[pool].kept.clear();
            slot = self.create_record(pool).await?;
        }
        let mut state = self.state();
        match class {
            PoolClass::SingletonThreadPool => state.keep_for_thread(pool, slot),
            _ => {
                let before = std::mem::replace(&mut state.pools[pool].kept, vec![slot]);
                before.iter().for_each(|slot| state.forget(pool, *slot));
            }
        }
        state.pools[pool].checked_out = true;
        Ok(slot)
    }
}

impl<O: Observer> State<'_, O> {
    /// The record that this thread would get, if it exists.
    fn kept(&mut self, pool: usize) -> PyResult<Option<u32>> {
        let thread = self.thread();
        let found = match self.pools[pool].class {
            PoolClass::AssertionPool => {
                let state = &mut self.pools[pool];
                if state.checked_out {
                    return Err(Box::new(PyError::Assertion { what: Assertion::AlreadyCheckedOut, statement: None }));
                }
                state.checked_out = !state.kept.is_empty();
                state.kept.first().copied()
            }
            PoolClass::SingletonThreadPool => {
                let slot = self.pools[pool].threads.iter().find(|t| t.thread == thread).map(|t| t.slot);
                slot.filter(|slot| self.pools[pool].kept.contains(slot) || self.is_referred_to(pool, *slot))
            }
            _ => {
                let slot = self.pools[pool].kept.first().copied().filter(|slot| !self.drops(pool, *slot));
                if slot.is_none() {
                    self.pools[pool].kept.clear();
                }
                slot
            }
        };
        if let Some(record) = found.and_then(|slot| self.pools[pool].records.get_mut(slot)) {
            record.in_hand += 1;
        }
        Ok(found)
    }

    /// `_is_hard_or_soft_invalidated`: from 1.4 on a StaticPool makes a new record instead, and closes nothing.
    fn drops(&self, pool: usize, slot: u32) -> bool {
        let pool = &self.pools[pool];
        let Some(record) = pool.records.get(slot) else { return true };
        let times = [pool.invalidated_at, record.soft_invalidated_at];
        let stale = record.connection.is_none() || times.iter().flatten().any(|at| *at > record.starttime);
        stale && self.scenario.sqlalchemy >= SqlAlchemy::V1_4
    }

    /// The thread that acts, inside its process: all coroutines of an event loop are one.
    fn thread(&mut self) -> u32 {
        let Some(task) = self.current_task() else { return u32::MAX };
        let (process, number) = (usize::from(task.process), task.number);
        if self.processes[process].event_loop.is_some() { 0 } else { number }
    }

    fn is_referred_to(&self, pool: usize, slot: u32) -> bool {
        let old = self.scenario.sqlalchemy < SqlAlchemy::V1_4;
        let busy = |serial: u64| self.in_hand.iter().any(|other| *other == serial || *other == !serial);
        let held = |r: &Record| r.in_hand > 0 || r.in_cycle || r.in_refs && old || r.fairy.is_some_and(busy);
        if self.pools[pool].records.get(slot).is_some_and(held) {
            return true;
        }
        // Before 2.1 `_strong_ref_connection_records` had the record as long as there was its checkout, detached or not.
        let forgets = self.scenario.sqlalchemy >= SqlAlchemy::V2_1;
        let has = |f: &Fairy| f.pool == pool && f.slot == slot && !(f.detached && forgets) && f.connection.is_some();
        self.connections.iter().any(|(_, c)| c.fairy.as_ref().is_some_and(has)) || self.is_in_traceback(pool, slot)
    }

    /// Beyond its size a SingletonThreadPool closes other threads' connections, used or not. Upstream takes any out of a set; here the
    /// oldest goes first.
    fn keep_for_thread(&mut self, pool: usize, slot: u32) {
        let thread = self.thread();
        let state = &mut self.pools[pool];
        state.threads.retain(|t| t.thread != thread);
        state.threads.push(OfThread { thread, slot, fairy: None });
        while self.pools[pool].kept.len() >= self.pools[pool].size as usize {
            let oldest = self.pools[pool].kept.remove(0);
            self.close_record(pool, oldest, Rule::QueueFull);
        }
        self.pools[pool].kept.push(slot);
        self.status(pool, Rule::QueueFull);
    }

    /// The checkout that the current thread has open in a SingletonThreadPool: it gets the same one again.
    pub(crate) fn checkout_again(&mut self, pool: usize) -> Option<Fairy> {
        if self.pools[pool].threads.is_empty() {
            return None;
        }
        let thread = self.thread();
        let serial = self.pools[pool].threads.iter().find(|t| t.thread == thread)?.fairy?;
        let mut open = self.connections.iter().flat_map(|(_, c)| c.checkouts());
        let Fairy { slot, connection, detached, .. } = *open.find(|f| f.serial == serial)?;
        self.nested.push(serial);
        Some(Fairy { pool, slot, connection, serial, detached })
    }

    /// A SingletonThreadPool knows the last checkout of each thread.
    pub(crate) fn note_of_thread(&mut self, pool: usize, serial: u64) {
        if self.pools[pool].threads.is_empty() {
            return;
        }
        let thread = self.thread();
        let of_thread = self.pools[pool].threads.iter_mut().find(|t| t.thread == thread);
        if let Some(of_thread) = of_thread {
            of_thread.fairy = Some(serial);
        }
    }

    /// A checkout that only a traceback still refers to.
    pub(crate) fn lose(&mut self, engine: u16, fairy: Fairy) {
        let id = self.next_connection;
        self.next_connection += 1;
        let number = self.new_holder();
        let context = Begin::NoBlock;
        let lost = Connection {
            number,
            engine,
            fairy: Some(fairy),
            closed: false,
            context,
            transaction: None,
            savepoints: Savepoints::default(),
            lost: false,
            references: 0,
            results: 0,
            result: None,
            cursor: None,
        };
        self.connections.insert(id, lost);
    }

    /// The exception keeps a detached checkout that has failed, and before 2.0 a SingletonThreadPool gives it to the thread again.
    pub(crate) fn leave_detached(&mut self, fairy: Fairy) {
        let Pool { class, engine, .. } = self.pools[fairy.pool];
        if fairy.detached && class == PoolClass::SingletonThreadPool && self.scenario.sqlalchemy < SqlAlchemy::V2_0 {
            self.lose(engine, Fairy { connection: None, ..fairy });
        }
    }

    /// `_do_return_conn` of these classes: nothing moves.
    pub(crate) fn return_kept(&mut self, pool: usize, slot: u32) -> PyResult {
        let thread = self.thread();
        let state = &mut self.pools[pool];
        state.threads.iter_mut().filter(|t| t.thread == thread).for_each(|t| t.fairy = None);
        let was_out = std::mem::replace(&mut state.checked_out, false);
        if state.class == PoolClass::AssertionPool {
            let what = if was_out { Assertion::Bare } else { Assertion::NotCheckedOut };
            if !was_out || state.kept.first() != Some(&slot) {
                self.keep_in_traceback(pool, slot);
                return Err(Box::new(PyError::Assertion { what, statement: None }));
            }
        }
        self.status(pool, Rule::QueueReturn);
        self.forget(pool, slot);
        Ok(())
    }

    /// Before 2.0 a Connection that an AssertionPool does not take back stays open. Its checkout has counted this close: the next one
    /// only lets go of it. Its transaction is over if the reset has ended it.
    pub(crate) fn stay_open(&mut self, id: u32, fairy: Fairy, agent: Option<RootTransaction>) {
        self.nested.push(fairy.serial);
        let resets = self.pools[fairy.pool].reset_on_return != ResetOnReturn::None;
        if let Some(connection) = self.connections.get_mut(id) {
            (connection.closed, connection.fairy) = (false, Some(fairy));
            connection.transaction = agent.filter(|_| !resets);
        }
    }

    /// A record that a SingletonThreadPool has let go of lives as long as somebody refers to it; what it has opened since is then closed by
    /// the driver's destructor.
    pub(crate) fn forget(&mut self, pool: usize, slot: u32) {
        let Pool { class, kept, .. } = &self.pools[pool];
        if *class != PoolClass::SingletonThreadPool || kept.contains(&slot) || self.is_referred_to(pool, slot) {
            return;
        }
        let record = self.pools[pool].records.remove(slot);
        if let Some(connection) = record.and_then(|record| record.connection) {
            self.drop_unless_held(pool, connection);
        }
    }

    /// `dispose()` of these classes: closed even if in use. Before 1.4 a StaticPool did nothing at all.
    pub(crate) fn dispose_kept(&mut self, pool: usize) {
        self.pools[pool].checked_out = false;
        let class = self.pools[pool].class;
        if class == PoolClass::StaticPool && self.scenario.sqlalchemy < SqlAlchemy::V1_4 {
            return;
        }
        for at in 0..self.pools[pool].kept.len() {
            let slot = self.pools[pool].kept[at];
            self.close_record(pool, slot, Rule::Dispose);
        }
        if class != PoolClass::AssertionPool {
            self.pools[pool].kept.clear();
        }
    }
}

impl Pool {
    /// Several checkouts may have one record: which of them is the last to let go of its connection is not followed.
    pub fn shares_records(&self) -> bool {
        matches!(self.class, PoolClass::StaticPool | PoolClass::AssertionPool)
    }

    /// Upstream these classes count nothing; what they keep is either in use or not.
    pub fn kept_figures(&self) -> PoolFigures {
        let out = self.records.iter().filter(|(_, r)| r.fairy.is_some()).count() as i32;
        let idle = |slot: &&u32| self.records.get(**slot).is_some_and(|r| r.fairy.is_none());
        let checked_in = self.kept.iter().filter(idle).count() as u32;
        let size = if self.class == PoolClass::SingletonThreadPool { self.kept.len() as u32 } else { 1 };
        PoolFigures { size, checked_in, overflow: 0, checked_out: out }
    }
}
