//! Giving a connection back, and throwing one away: `_finalize_fairy`, `checkin`, `invalidate`, `_do_return_conn`.

use super::Fairy;
use crate::scenario::ResetOnReturn;
use crate::state::State;
use crate::trace::{EventKind, Observer, PoolEvent, Rule};
use crate::world::World;

impl<O: Observer> World<'_, O> {
    /// Returns a checkout to its pool. If the reset fails the connection is discarded and the caller hears nothing.
    pub(crate) async fn checkin(&self, fairy: Fairy, already_rolled_back: bool, rule: Rule) {
        let Fairy { pool, slot, connection, .. } = fairy;
        let Some(connection) = connection else { return };
        let reset = self.scenario.engines[self.state().pools[pool].options].pool_reset_on_return;
        self.state().pool_event(pool, slot, PoolEvent::Reset, Some(connection), rule);
        let done = match reset {
            ResetOnReturn::Rollback if already_rolled_back => Ok(()),
            ResetOnReturn::Rollback => self.dbapi_rollback(connection).await,
            ResetOnReturn::Commit => self.dbapi_commit(connection).await,
            ResetOnReturn::None => Ok(()),
        };
        let mut state = self.state();
        if done.is_err() {
            state.invalidate_record(pool, slot);
        }
        state.checkin_record(pool, slot);
    }
}

impl<O: Observer> State<'_, O> {
    /// `_ConnectionRecord.checkin`: the event first, then the queue.
    pub(crate) fn checkin_record(&mut self, pool: usize, slot: u32) {
        let connection = self.pools[pool].records.get(slot).and_then(|r| r.connection);
        self.pool_event(pool, slot, PoolEvent::Checkin, connection, Rule::QueueReturn);
        if self.pools[pool].put(slot) {
            self.status(pool, Rule::QueueReturn);
            self.pools[pool].last_return = self.current_task().and_then(|t| t.last);
            if let Some(task) = self.pools[pool].waiters.pop_front() {
                self.wake(task);
            }
            return;
        }
        let null = self.pools[pool].is_null();
        self.close_record(pool, slot, Rule::QueueFull);
        self.pools[pool].records.remove(slot);
        if !null {
            self.pools[pool].release();
            self.status(pool, Rule::QueueFull);
        }
    }

    /// `_checkin_failed`: the record goes back without a connection.
    pub(crate) fn checkin_failed(&mut self, pool: usize, slot: u32) {
        self.invalidate_record(pool, slot);
        self.checkin_record(pool, slot);
    }

    /// Closes the record's connection, if it has one: event, then the driver.
    pub(crate) fn close_record(&mut self, pool: usize, slot: u32, rule: Rule) {
        let Some(record) = self.pools[pool].records.get_mut(slot) else {
            return;
        };
        let Some(connection) = record.connection.take() else {
            return;
        };
        self.pool_event(pool, slot, PoolEvent::Close, Some(connection), rule);
        self.dbapi_close(connection);
    }

    /// `_ConnectionRecord.invalidate` (hard)
    pub(crate) fn invalidate_record(&mut self, pool: usize, slot: u32) {
        let Some(connection) = self.pools[pool].records.get(slot).and_then(|r| r.connection) else {
            return;
        };
        self.pool_event(pool, slot, PoolEvent::Invalidate, Some(connection), Rule::Disconnect);
        self.close_record(pool, slot, Rule::Disconnect);
    }

    /// `Pool._invalidate`: once per generation, so that replacements made meanwhile survive. The failed connection may come from a pool
    /// that `dispose()` has replaced: it is the engine's present pool that is invalidated all the same.
    pub(crate) fn invalidate_pool(&mut self, pool: usize, failed: &Fairy) {
        let now = self.now;
        let Some(starttime) = self.pools[failed.pool].records.get(failed.slot).map(|r| r.starttime) else { return };
        if self.pools[pool].invalidated_at.is_none_or(|at| at < starttime) {
            self.pools[pool].invalidated_at = Some(now);
            let engine = self.pools[pool].engine;
            self.emit(Rule::Disconnect, EventKind::InvalidatePool { engine });
        }
    }

    /// `_ConnectionFairy.invalidate`: the slot is free at once.
    pub(crate) fn invalidate_fairy(&mut self, fairy: &Fairy) {
        self.invalidate_record(fairy.pool, fairy.slot);
        self.checkin_record(fairy.pool, fairy.slot);
    }

    /// `Engine.dispose()`: closes what is in the pool and starts a new one; what is out returns to the old one.
    pub(crate) fn dispose(&mut self, engine: u16) {
        let at = usize::from(engine);
        let (old, options) = (self.engines[at].pool, self.engines[at].options);
        while let Some(slot) = self.pools[old].take() {
            self.close_record(old, slot, Rule::Dispose);
            self.pools[old].records.remove(slot);
        }
        self.pools[old].restart_counting();
        self.emit(Rule::Dispose, EventKind::Dispose { engine });
        self.engines[at].pool = self.new_pool(options, engine);
        let new = self.engines[at].pool;
        self.status(new, Rule::Dispose);
    }
}
