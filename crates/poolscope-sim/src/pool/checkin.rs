//! Giving a connection back, and throwing one away: `_finalize_fairy`, `checkin`, `invalidate`, `_do_return_conn`.

use super::{Fairy, Pool, Record};
use crate::app::session::Connection;
use crate::engine::dbapi::{Command, Sending};
use crate::engine::dialect::is_disconnect;
use crate::engine::error::PyResult;
use crate::numbered::Numbered;
use crate::scenario::{PoolClass, ResetOnReturn, SqlAlchemy};
use crate::state::State;
use crate::trace::{EventKind, Observer, PoolEvent, Rule};
use crate::world::World;

/// How far a return has come without waiting.
enum Begun {
    Done(PyResult),
    /// The last reference to a checkout that was opened more often than closed: the finalizer returns it.
    Last,
    Resets(Sending),
}

/// The transaction of the Connection that returns its checkout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AtClose {
    NoTransaction,
    /// The Connection has rolled back: the pool need not.
    RolledBack,
    /// Before 1.4: the pool's reset rolls back through the Connection's Transaction.
    Agent,
}

impl<O: Observer> World<'_, O> {
    /// Returns a checkout to its pool. If the reset fails the connection is discarded and the caller hears nothing.
    pub(crate) async fn checkin(&self, fairy: &Fairy, transaction: AtClose, rule: Rule) -> PyResult {
        let Some(connection) = fairy.connection else { return self.state().checkin_again(fairy) };
        let rule = if transaction == AtClose::Agent { Rule::ResetAgent } else { rule };
        let begun = self.state().begin_checkin(fairy, connection, transaction, rule);
        let sending = match begun {
            Begun::Done(done) => return done,
            Begun::Last => return Box::pin(self.finalize(fairy)).await,
            Begun::Resets(sending) => sending,
        };
        let mut quiet = self.reset(fairy, connection, transaction, rule, sending).await;
        let mut state = self.state();
        state.in_hand.retain(|other| *other != fairy.serial);
        let mut returned = if fairy.detached { Ok(()) } else { state.checkin_in_use(fairy.pool, fairy.slot) };
        if quiet && !fairy.detached && state.returns_twice() {
            (quiet, returned) = (false, state.checkin_in_use(fairy.pool, fairy.slot));
        }
        state.drop_shared(fairy.pool, connection);
        // The last of those that shared the record.
        state.forget(fairy.pool, fairy.slot);
        if quiet { Ok(()) } else { returned }
    }

    /// The last reference to a checkout is gone: its weak reference returns what the record has now, unless the record has been handed
    /// out again.
    pub(crate) async fn finalize(&self, fairy: &Fairy) -> PyResult {
        let Fairy { pool, slot, serial, detached, .. } = *fairy;
        if detached {
            let mut state = self.state();
            // The callback of its weak reference runs before the checkout lets go of what it had.
            state.forget(pool, slot);
            state.destroy(fairy);
            return Ok(());
        }
        let connection = {
            let mut state = self.state();
            let Some(record) = state.pools[pool].records.get(slot) else { return Ok(()) };
            let connection = record.connection;
            let ours = match record.fairy {
                Some(last) if state.scenario.sqlalchemy >= SqlAlchemy::V2_1 => !state.is_held(last),
                last => last == Some(serial),
            };
            if fairy.connection.is_none() || !ours {
                state.forget(pool, slot);
                fairy.connection.iter().for_each(|connection| state.drop_shared(pool, *connection));
                return Ok(());
            }
            connection
        };
        self.state().discard_ref(fairy);
        if let Some(connection) = connection {
            let fairy = Fairy { connection: Some(connection), ..*fairy };
            if self.scenario.driver.is_async() {
                return self.drop_connection(fairy, connection);
            }
            // The record is in use, but the checkout is gone: whoever else had the record returns it too.
            self.state().in_hand.push(!serial);
            let sending = self.state().begin_reset(&fairy, connection, AtClose::NoTransaction, Rule::Garbage);
            self.reset(&fairy, connection, AtClose::NoTransaction, Rule::Garbage, sending).await;
        }
        let mut state = self.state();
        state.in_hand.retain(|other| *other != !serial);
        let returned = state.checkin_in_use(pool, slot);
        fairy.connection.iter().for_each(|connection| state.drop_shared(pool, *connection));
        returned
    }

    /// `_reset` after its command has been sent, and for a detached connection the end. True if the record is returned inside of what
    /// handles a failure, so that nobody hears of another one.
    async fn reset(&self, fairy: &Fairy, connection: u32, transaction: AtClose, rule: Rule, sending: Sending) -> bool {
        let Fairy { pool, slot, detached, .. } = *fairy;
        let done = self.answer_to(connection, sending).await;
        let disconnect = done.as_ref().err().is_some_and(|error| is_disconnect(error, self.scenario));
        let by_agent = disconnect && transaction == AtClose::Agent;
        if transaction == AtClose::Agent && done.is_err() {
            self.state().swallow(pool, slot);
        }
        if by_agent {
            let mut state = self.state();
            let present = state.present_pool(pool);
            state.invalidate_pool(present, fairy);
        }
        match (done.is_ok(), detached) {
            (true, true) => {
                let mut state = self.state();
                let of_event = state.present_pool(pool);
                state.pool_event(of_event, slot, PoolEvent::CloseDetached, Some(connection), rule);
                state.dbapi_close(connection);
            }
            (false, false) => self.invalidate(pool, slot).await,
            (false, true) if transaction == AtClose::Agent => self.state().keep_in_cycle(pool, connection),
            (false, true) => self.state().destroy(fairy),
            _ => {}
        }
        by_agent
    }

    /// `_close_connection(terminate=True)`: an asyncio driver does it in a task of its own, so that nobody can cancel it halfway.
    pub(crate) async fn terminate(&self, connection: Option<u32>) {
        let Some(connection) = connection else { return };
        if !self.scenario.driver.is_async() {
            return self.state().dbapi_close(connection);
        }
        self.hop().await;
        self.state().dbapi_close(connection);
        self.hop().await;
        self.hop().await;
    }

    /// `_ConnectionRecord.invalidate`: the record has the connection until it is closed.
    pub(crate) async fn invalidate(&self, pool: usize, slot: u32) {
        let connection = self.state().invalidating(pool, slot);
        self.state().put_into(pool, slot, connection);
        self.terminate(connection).await;
        self.state().put_into(pool, slot, None);
    }

    /// `_ConnectionFairy.invalidate`: the slot is free at once.
    pub(crate) async fn invalidate_fairy(&self, fairy: &Fairy) -> PyResult {
        let Some(connection) = fairy.connection else { return Ok(()) };
        if !fairy.detached {
            self.invalidate(fairy.pool, fairy.slot).await;
        }
        let mut state = self.state();
        state.discard_ref(fairy);
        state.change_fairies(fairy.serial, |other| other.connection = None);
        if fairy.detached {
            state.destroy(fairy);
            return Ok(());
        }
        let returned = state.checkin_in_use(fairy.pool, fairy.slot);
        state.drop_shared(fairy.pool, connection);
        returned
    }

    /// The collector cannot wait for an answer: what it finds of an asyncio driver is thrown away, and the record goes back alone.
    fn drop_connection(&self, mut fairy: Fairy, connection: u32) -> PyResult {
        let mut state = self.state();
        state.pool_event(
            fairy.pool,
            fairy.slot,
            PoolEvent::Reset { detached: false },
            Some(connection),
            Rule::GarbageAsync,
        );
        state.detach(&mut fairy)?;
        let present = state.present_pool(fairy.pool);
        state.pool_event(present, fairy.slot, PoolEvent::CloseDetached, Some(connection), Rule::GarbageAsync);
        state.dbapi_close(connection);
        Ok(())
    }
}

impl<O: Observer> State<'_, O> {
    /// Most returns wait for nothing, or for the answer to one ROLLBACK.
    fn begin_checkin(&mut self, fairy: &Fairy, connection: u32, transaction: AtClose, rule: Rule) -> Begun {
        if self.is_nested(fairy) {
            return if self.is_held(fairy.serial) { Begun::Done(Ok(())) } else { Begun::Last };
        }
        self.discard_ref(fairy);
        let sending = self.begin_reset(fairy, connection, transaction, rule);
        if let Sending::Done(Ok(())) = sending
            && !fairy.detached
        {
            let returned = self.checkin_in_use(fairy.pool, fairy.slot);
            self.drop_shared(fairy.pool, connection);
            self.forget(fairy.pool, fairy.slot);
            return Begun::Done(returned);
        }
        self.in_hand.push(fairy.serial);
        Begun::Resets(sending)
    }

    /// `_reset` until it waits for the server.
    fn begin_reset(&mut self, fairy: &Fairy, connection: u32, transaction: AtClose, rule: Rule) -> Sending {
        let Fairy { pool, slot, detached, .. } = *fairy;
        let of_event = if detached { self.present_pool(pool) } else { pool };
        self.pool_event(of_event, slot, PoolEvent::Reset { detached }, Some(connection), rule);
        match self.pools[pool].reset_on_return {
            ResetOnReturn::Rollback if transaction == AtClose::RolledBack => Sending::Done(Ok(())),
            ResetOnReturn::Rollback => self.send_command(connection, Command::Rollback),
            ResetOnReturn::Commit => self.send_command(connection, Command::Commit),
            ResetOnReturn::None => Sending::Done(Ok(())),
        }
    }

    /// SQLAlchemy has nothing to do with a detached connection any more: the driver's destructor closes it.
    fn destroy(&mut self, fairy: &Fairy) {
        if let Some(connection) = self.only_of(fairy) {
            let cause = self.last_event();
            self.dbapi_lost(connection, cause);
        }
    }

    /// The connection of a detached checkout, if nothing else refers to it: the pool's class, or what is kept somewhere else.
    pub(crate) fn only_of(&self, fairy: &Fairy) -> Option<u32> {
        fairy.connection.filter(|c| !self.pools[fairy.pool].shares_records() && !self.is_in_cycle(*c))
    }

    /// Frames in a cycle refer to it now.
    pub(crate) fn keep_in_cycle(&mut self, pool: usize, connection: u32) {
        self.in_cycles.retain(|(_, c)| *c != connection && self.dbapi.get(*c).is_some());
        self.in_cycles.push((pool, connection));
    }

    fn is_in_cycle(&self, connection: u32) -> bool {
        self.in_cycles.iter().any(|(_, c)| *c == connection)
            || self.connections.iter().any(|(_, c)| c.cursor == Some(connection))
    }

    /// What the agent raises is a cycle with its own traceback (`_handle_dbapi_exception`): record and frames wait for the collector.
    fn swallow(&mut self, pool: usize, slot: u32) {
        if let Some(record) = self.pools[pool].records.get_mut(slot) {
            record.in_cycle = true;
        }
        self.leave_cycle();
    }

    /// The pool that the engine of this pool has now.
    pub(crate) fn present_pool(&self, pool: usize) -> usize {
        self.engines[usize::from(self.pools[pool].engine)].pool
    }

    /// Whether some Connection, garbage or not, still has this checkout, or a thread that is about to hand it out or has not quite returned it.
    pub(crate) fn is_held(&self, serial: u64) -> bool {
        self.in_hand.contains(&serial)
            || self.connections.iter().any(|(_, c)| c.checkouts().any(|f| f.serial == serial))
    }

    /// `_ConnectionFairy.close` counts: true unless this was the last of its uses.
    fn is_nested(&mut self, fairy: &Fairy) -> bool {
        let again = self.nested.iter().position(|serial| *serial == fairy.serial);
        again.map(|at| self.nested.swap_remove(at)).is_some()
    }

    /// The beginning of `_finalize_fairy`.
    fn discard_ref(&mut self, fairy: &Fairy) {
        let record = self.pools[fairy.pool].records.get_mut(fairy.slot).filter(|_| !fairy.detached);
        if let Some(record) = record {
            record.in_refs = false;
        }
    }

    /// 1.1 does not look whether a record is out before it takes it back. After a reset through a Transaction that has found the connection
    /// dead it does so twice: the record is in the queue two times, and two threads get it.
    fn returns_twice(&self) -> bool {
        self.scenario.sqlalchemy == SqlAlchemy::V1_1
    }

    /// An AssertionPool has refused the record when its connection was invalidated, and so the checkout still has it.
    fn checkin_again(&mut self, fairy: &Fairy) -> PyResult {
        let refused = self.pools[fairy.pool].class == PoolClass::AssertionPool && !fairy.detached;
        if refused && self.returns_twice() { self.checkin_record(fairy.pool, fairy.slot) } else { Ok(()) }
    }

    /// Somebody else may have returned the record already.
    fn checkin_in_use(&mut self, pool: usize, slot: u32) -> PyResult {
        let in_use = self.pools[pool].records.get(slot).is_some_and(|record| record.fairy.is_some());
        if in_use || self.returns_twice() { self.checkin_record(pool, slot) } else { Ok(()) }
    }

    /// The last who had a connection of a record that several had: if the record has another one by now, the driver's destructor closes it.
    /// (Whoever waits for an answer on it has it too.)
    pub(crate) fn drop_shared(&mut self, pool: usize, connection: u32) {
        if self.returns_twice() {
            self.drop_unless_held(pool, connection);
        }
    }

    pub(crate) fn drop_unless_held(&mut self, pool: usize, connection: u32) {
        let busy = self.dbapi.get(connection).is_some_and(|dbapi| dbapi.busy.is_some());
        if !busy && self.is_lost(pool, connection) {
            let cause = self.last_event();
            self.dbapi_lost(connection, cause);
        }
    }

    /// Whether nothing refers to a connection any more.
    pub(crate) fn is_lost(&self, pool: usize, connection: u32) -> bool {
        !self.pools[pool].shares_records()
            && !self.is_in_cycle(connection)
            && !self.connections.iter().any(|(_, c)| c.dbapi() == Some(connection))
            && !self.pools[pool].records.iter().any(|(_, r)| r.connection == Some(connection))
    }

    /// Nobody needs a record any more; in 1.1 it may be in the queue a second time, or somebody may have it still.
    fn drop_record(&mut self, pool: usize, slot: u32) {
        if !self.returns_twice() || !is_needed(&self.connections, &self.pools[pool], (pool, slot)) {
            self.pools[pool].records.remove(slot);
        }
    }

    /// `_ConnectionRecord.checkin`
    pub(crate) fn checkin_record(&mut self, pool: usize, slot: u32) -> PyResult {
        let connection = self.pools[pool].records.get_mut(slot).and_then(Record::take_back);
        self.checked_in(pool, slot, connection)
    }

    /// The event first, then the pool.
    fn checked_in(&mut self, pool: usize, slot: u32, connection: Option<u32>) -> PyResult {
        self.pool_event(pool, slot, PoolEvent::Checkin, connection, Rule::QueueReturn);
        self.return_record(pool, slot)
    }

    /// `_do_return_conn`
    pub(crate) fn return_record(&mut self, pool: usize, slot: u32) -> PyResult {
        let class = self.pools[pool].class;
        if class != PoolClass::QueuePool && class != PoolClass::NullPool {
            return self.return_kept(pool, slot);
        }
        if self.pools[pool].put(slot) {
            if self.returns_twice() {
                self.pools[pool].remember(slot);
            }
            self.status(pool, Rule::QueueReturn);
            self.pools[pool].last_return = self.last_event();
            self.wake_waiter(pool);
            return Ok(());
        }
        self.close_record(pool, slot, Rule::QueueFull);
        self.drop_record(pool, slot);
        if class == PoolClass::QueuePool {
            self.pools[pool].release();
            self.status(pool, Rule::QueueFull);
        }
        Ok(())
    }

    /// `_checkin_failed`: the record goes back without a connection. 1.1 left it what others who have it may have opened.
    pub(crate) fn checkin_failed(&mut self, pool: usize, slot: u32) -> PyResult {
        if self.scenario.sqlalchemy > SqlAlchemy::V1_1 {
            self.invalidate_record(pool, slot);
        }
        if let Some(record) = self.pools[pool].records.get_mut(slot) {
            record.in_cycle = true;
        }
        self.checkin_record(pool, slot)
    }

    /// The same once there is a fairy, unless somebody who shares the record has checked it in meanwhile.
    pub(crate) fn test_failed(&mut self, pool: usize, slot: u32) -> PyResult {
        let in_use = self.pools[pool].records.get(slot).is_some_and(|r| r.fairy.is_some());
        // 1.2 and 1.3 did not look.
        if in_use || self.scenario.sqlalchemy < SqlAlchemy::V1_4 {
            return self.checkin_failed(pool, slot);
        }
        self.invalidate_record(pool, slot);
        Ok(())
    }

    /// Closes the record's connection, if it has one: event, then the driver.
    pub(crate) fn close_record(&mut self, pool: usize, slot: u32, rule: Rule) {
        if let Some(connection) = self.closing(pool, slot, rule) {
            self.dbapi_close(connection);
        }
    }

    /// The event; the connection is no longer the record's, but the driver has still to close it.
    pub(crate) fn closing(&mut self, pool: usize, slot: u32, rule: Rule) -> Option<u32> {
        let connection = self.pools[pool].records.get_mut(slot)?.connection.take()?;
        self.pool_event(pool, slot, PoolEvent::Close, Some(connection), rule);
        Some(connection)
    }

    /// `_ConnectionRecord.invalidate` (hard)
    fn invalidate_record(&mut self, pool: usize, slot: u32) {
        if let Some(connection) = self.invalidating(pool, slot) {
            self.dbapi_close(connection);
        }
    }

    fn put_into(&mut self, pool: usize, slot: u32, connection: Option<u32>) {
        if let Some(record) = self.pools[pool].records.get_mut(slot) {
            record.connection = connection;
        }
    }

    fn invalidating(&mut self, pool: usize, slot: u32) -> Option<u32> {
        let connection = self.pools[pool].records.get(slot).and_then(|r| r.connection)?;
        self.pool_event(pool, slot, PoolEvent::Invalidate, Some(connection), Rule::Disconnect);
        self.closing(pool, slot, Rule::Disconnect)
    }

    /// `Pool._invalidate`: once per generation, so that replacements made meanwhile survive. The failed connection may come from a pool
    /// that `dispose()` has replaced: it is the engine's present pool that is invalidated all the same.
    pub(crate) fn invalidate_pool(&mut self, pool: usize, failed: &Fairy) {
        let record = self.pools[failed.pool].records.get(failed.slot).filter(|_| !failed.detached);
        let starttime = record.map(|r| r.starttime);
        if starttime.is_none_or(|start| self.pools[pool].invalidated_at.is_none_or(|at| at < start)) {
            self.pools[pool].invalidated_at = Some(self.now);
            let engine = self.pools[pool].engine;
            self.emit(Rule::Disconnect, EventKind::InvalidatePool { engine });
        }
    }

    /// `_ConnectionRecord.invalidate` (soft): good until its next checkout.
    pub(crate) fn soft_invalidate_record(&mut self, pool: usize, slot: u32) {
        let now = self.now;
        let Some(connection) = self.pools[pool].records.get(slot).and_then(|r| r.connection) else { return };
        self.pool_event(pool, slot, PoolEvent::SoftInvalidate, Some(connection), Rule::SoftInvalidated);
        if let Some(record) = self.pools[pool].records.get_mut(slot) {
            record.soft_invalidated_at = Some(now);
        }
    }

    /// In a SingletonThreadPool several Connections of a thread have the same checkout.
    fn change_fairies(&mut self, serial: u64, change: impl Fn(&mut Fairy)) {
        self.connections.for_each(|c| {
            c.fairy.iter_mut().chain(&mut c.result).filter(|f| f.serial == serial).for_each(&change);
        });
    }

    /// `_ConnectionFairy.detach`: the connection leaves its record, and the record goes back alone.
    pub(crate) fn detach(&mut self, fairy: &mut Fairy) -> PyResult {
        if std::mem::replace(&mut fairy.detached, true) {
            return Ok(());
        }
        if let Some(record) = self.pools[fairy.pool].records.get_mut(fairy.slot) {
            (record.fairy, record.connection, record.in_refs) = (None, None, false);
        }
        self.change_fairies(fairy.serial, |other| other.detached = true);
        // Before 2.0 a SingletonThreadPool does nothing about it: the thread goes on getting this checkout.
        let thread_keeps = self.pools[fairy.pool].class == PoolClass::SingletonThreadPool
            && self.scenario.sqlalchemy < SqlAlchemy::V2_0;
        if thread_keeps {
            self.forget(fairy.pool, fairy.slot);
        } else if let Err(error) = self.return_record(fairy.pool, fairy.slot) {
            // It has a record all the same, which has no connection.
            self.change_fairies(fairy.serial, |other| other.detached = false);
            fairy.detached = false;
            return Err(error);
        }
        self.pool_event(fairy.pool, fairy.slot, PoolEvent::Detach, fairy.connection, Rule::Detach);
        Ok(())
    }

    /// `Engine.dispose()`: closes what is in the pool, if it is to, and starts a new one; what is out returns to the old one.
    pub(crate) fn dispose(&mut self, engine: u16, close: bool) {
        let at = usize::from(engine);
        let (old, options) = (self.engines[at].pool, self.engines[at].options);
        if close {
            while let Some(slot) = self.pools[old].take() {
                self.close_record(old, slot, Rule::Dispose);
                self.drop_record(old, slot);
            }
            self.dispose_kept(old);
            self.pools[old].restart_counting();
        }
        let rule = if close { Rule::Dispose } else { Rule::Fork };
        self.emit(rule, EventKind::Dispose { engine });
        self.engines[at].pool = self.new_pool(options, engine);
        let new = self.engines[at].pool;
        if self.scenario.sqlalchemy < SqlAlchemy::V1_3 {
            self.pools[new].forget_options();
        }
        self.status(new, Rule::Dispose);
    }
}

/// Whether a record is in the queue once more, or somebody has it.
fn is_needed(connections: &Numbered<Connection>, pool: &Pool, record: (usize, u32)) -> bool {
    let has = |c: &Connection| c.fairy.as_ref().is_some_and(|f| f.connection.is_some() && (f.pool, f.slot) == record);
    pool.is_queued(record.1) || connections.iter().any(|(_, c)| has(c))
}
