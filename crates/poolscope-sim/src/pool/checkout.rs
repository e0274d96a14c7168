//! Taking a connection out of the pool: `_do_get`, `get_connection`, `_checkout`.

use super::Fairy;
use super::get::Got;
use super::queue_pool::{FirstRun, Pool};
use crate::engine::dbapi::{Command, wrap};
use crate::engine::dialect::is_disconnect;
use crate::engine::error::{Assertion, DbapiError, PyError, PyResult};
use crate::scenario::defaults::{INITIALIZE, INITIALIZE_1_1, INITIALIZE_1_3, PING, QUESTION, UNICODE_TESTS};
use crate::scenario::{PoolClass, SqlAlchemy};
use crate::state::State;
use crate::trace::{EventKind, Observer, PingResult, PoolEvent, Rule};
use crate::world::World;

impl<O: Observer> World<'_, O> {
    /// `pool.connect()`: a connection that is fit for use as far as the pool can know.
    pub(crate) async fn checkout(&self, engine: u16, of_thread: bool) -> PyResult<Fairy> {
        // Before 1.4 `engine.connect()` asked for a checkout of its own (`Pool.unique_connection`), a Session for the thread's.
        let of_thread = of_thread || self.scenario.sqlalchemy >= SqlAlchemy::V1_4;
        let (pool, began, mut got) = self.state().begin_checkout(engine, of_thread);
        // What most checkouts do not come to is boxed, here and below: every task has the room for the rest all the time, and tasks that
        // are small are close together in memory.
        loop {
            let new = match got {
                Got::Checkout(fairy) => return Ok(fairy),
                Got::Error(error) => return Err(Box::new(error)),
                Got::Record(slot) => return Box::pin(self.reuse(engine, pool, slot, of_thread)).await,
                Got::Waits => {
                    self.park().await;
                    got = self.state().get_again(pool, began, of_thread);
                    continue;
                }
                Got::MayOpen => self.open_claimed(pool).await?,
                Got::Otherwise => Box::pin(self.get_otherwise(pool)).await?,
            };
            got = self.state().hand_out_at_once(pool, new, of_thread);
        }
    }

    /// `_do_get` of coroutines, and of the pools that have no queue.
    async fn get_otherwise(&self, pool: usize) -> PyResult<u32> {
        let class = self.state().pools[pool].class;
        match class {
            PoolClass::QueuePool => {
                if let Some(slot) = self.queue_get_in_loop(pool).await {
                    return Ok(slot);
                }
                self.state().claim(pool)?;
                self.open_claimed(pool).await
            }
            PoolClass::NullPool => self.create_record(pool).await,
            _ => self.get_kept(pool).await,
        }
    }

    /// The rest of a checkout whose connection must be replaced or tested.
    async fn reuse(&self, engine: u16, pool: usize, slot: u32, of_thread: bool) -> PyResult<Fairy> {
        let connection = match self.get_connection(pool, slot).await {
            Ok(connection) => connection,
            Err(error) => {
                let mut state = self.state();
                if let Some(record) = state.pools[pool].records.get_mut(slot) {
                    record.leave_hand();
                }
                state.checkin_failed(pool, slot)?;
                return Err(error);
            }
        };
        let serial = {
            let mut state = self.state();
            state.fairies += 1;
            let serial = state.fairies;
            if let Some(record) = state.pools[pool].records.get_mut(slot) {
                record.hand_out(serial);
            }
            if of_thread {
                state.note_of_thread(pool, serial);
            }
            state.in_hand.push(serial);
            serial
        };
        let fairy = Fairy { pool, slot, connection: Some(connection), serial, detached: false };
        let tested = self.test(engine, fairy).await;
        self.state().in_hand.retain(|other| *other != serial);
        tested
    }

    /// `_ConnectionFairy._checkout`: pre-ping, then the checkout event, whose listener may refuse the connection.
    async fn test(&self, engine: u16, mut fairy: Fairy) -> PyResult<Fairy> {
        let Fairy { pool, slot, .. } = fairy;
        let (pre_ping, listener) = {
            let pool = &self.state().pools[pool];
            (pool.pre_ping, pool.ping_listener)
        };
        // Upstream makes two attempts; a connection opened by the first is fresh, so that the second does not ping.
        for _ in 0..2 {
            let fresh = self.state().no_longer_fresh(pool, slot) && self.scenario.sqlalchemy >= SqlAlchemy::V1_4;
            let Some(connection) = fairy.connection else { break };
            let tests = [(Rule::PrePing, pre_ping && !fresh), (Rule::PingListener, listener)];
            let mut refused = false;
            for (rule, _) in tests.into_iter().filter(|(_, tests)| *tests) {
                match self.ping(engine, slot, connection, rule).await {
                    PingResult::Alive => {}
                    PingResult::Dead(_) => {
                        self.invalidate(pool, slot).await;
                        // A DisconnectionError is about one connection.
                        if rule == Rule::PrePing {
                            self.state().invalidate_pool(pool, &fairy);
                        } else if self.scenario.driver.is_async() {
                            // connectors/asyncio.py: `_handle_exception` has its own error as a variable.
                            self.state().in_frames.push((pool, fairy.serial));
                        }
                        match self.get_connection(pool, slot).await {
                            Ok(connection) => fairy.connection = Some(connection),
                            Err(error) => {
                                self.state().test_failed(pool, slot)?;
                                return Err(error);
                            }
                        }
                        refused = true;
                        break;
                    }
                    // Before 1.4 nobody looked after it: the traceback keeps it for the garbage collector.
                    PingResult::Failed(error) if self.scenario.sqlalchemy < SqlAlchemy::V1_4 => {
                        let mut state = self.state();
                        state.keep_in_traceback(pool, slot);
                        state.lose(engine, fairy);
                        return Err(Box::new(error));
                    }
                    PingResult::Failed(error) => {
                        self.state().test_failed(pool, slot)?;
                        return Err(Box::new(error));
                    }
                }
            }
            if refused {
                continue;
            }
            self.state().pool_event(pool, slot, PoolEvent::Checkout, Some(connection), Rule::QueueGet);
            return Ok(fairy);
        }
        // `_ConnectionFairy.invalidate`, which looks whether the record is still out.
        self.invalidate_fairy(&fairy).await?;
        Err(Box::new(PyError::RecordClosed { statement: None }))
    }

    async fn ping(&self, engine: u16, slot: u32, connection: u32, rule: Rule) -> PingResult {
        let by_listener = rule == Rule::PingListener;
        {
            let mut state = self.state();
            state.outcome.pings += 1;
            state.emit(rule, EventKind::Ping { engine, slot, connection });
        }
        // A listener sends a statement, and so does 1.2.
        let statement = (by_listener || self.scenario.sqlalchemy < SqlAlchemy::V1_3).then_some(PING);
        let command = match by_listener && self.scenario.driver.is_connector() {
            true => Command::Ask(PING),
            false => Command::Ping(statement),
        };
        let result = match self.round_trip(connection, command).await {
            Ok(()) => PingResult::Alive,
            // To a listener any error is a disconnection.
            Err(error) if by_listener || is_disconnect(&error, self.scenario) => {
                PingResult::Dead(wrap(self.scenario, error, None))
            }
            Err(error) => PingResult::Failed(wrap(self.scenario, error, None)),
        };
        let mut state = self.state();
        let death = state.ended_by(connection);
        let kind = EventKind::Pinged { engine, slot, connection, result };
        match death {
            Some(cause) => state.emit_from(Some(cause), rule, kind),
            None => state.emit(rule, kind),
        };
        result
    }

    /// Opens one more, as the pool has allowed.
    async fn open_claimed(&self, pool: usize) -> PyResult<u32> {
        let created = self.create_record(pool).await;
        if created.is_err() {
            let mut state = self.state();
            state.pools[pool].release();
            state.status(pool, Rule::ConnectFails);
        }
        created
    }

    /// `_create_connection`: a new record connects right away.
    pub(crate) async fn create_record(&self, pool: usize) -> PyResult<u32> {
        let slot = {
            let mut state = self.state();
            let now = state.now;
            state.pools[pool].new_slot(now)
        };
        match self.connect_record(pool, slot, true).await {
            Ok(()) => Ok(slot),
            Err(error) => {
                self.state().pools[pool].records.remove(slot);
                Err(error)
            }
        }
    }

    /// `_ConnectionRecord.get_connection`: reuse, or close and connect again.
    async fn get_connection(&self, pool: usize, slot: u32) -> PyResult<u32> {
        let old = {
            let mut state = self.state();
            match state.connection_and_fault(pool, slot)? {
                (Some(connection), None) => return Ok(connection),
                (Some(_), Some(rule)) => state.closing(pool, slot, rule),
                (None, _) => None,
            }
        };
        self.terminate(old).await;
        self.connect_record(pool, slot, false).await?;
        // Whoever shares the record may have closed it meanwhile.
        let connection = self.state().connection_of(pool, slot);
        connection.ok_or_else(|| Box::new(PyError::Assertion { what: Assertion::Bare, statement: None }))
    }

    /// `_ConnectionRecord.__connect`
    async fn connect_record(&self, pool: usize, slot: u32, new: bool) -> PyResult {
        let engine = {
            let mut state = self.state();
            let now = state.now;
            let engine = state.pools[pool].engine;
            if let Some(record) = state.pools[pool].records.get_mut(slot) {
                record.starttime = now;
                record.connection = None;
            }
            state.emit(Rule::Connect, EventKind::Connecting { engine, slot });
            engine
        };
        let connection = match self.open(engine).await {
            Ok(connection) => connection,
            Err(error) => {
                let error = wrap(self.scenario, error, None);
                let mut state = self.state();
                state.emit(Rule::ConnectFails, EventKind::ConnectFailed { engine, slot, error });
                state.keep_in_traceback(pool, 0);
                return Err(Box::new(error));
            }
        };
        {
            let mut state = self.state();
            let mut replaced = None;
            if let Some(record) = state.pools[pool].records.get_mut(slot) {
                replaced = record.connection.replace(connection);
                record.fresh = true;
            }
            // Whoever shares the record has connected it meanwhile.
            replaced.iter().for_each(|replaced| state.drop_shared(pool, *replaced));
            if self.scenario.sqlalchemy >= SqlAlchemy::V1_4 && !state.pools[pool].first_connect_done {
                state.pools[pool].first_connect_done = true;
                state.pool_event(pool, slot, PoolEvent::FirstConnect, Some(connection), Rule::FirstConnect);
            }
        }
        if self.scenario.sqlalchemy < SqlAlchemy::V1_4 {
            if new {
                self.first_connect(pool, slot, engine, connection).await?;
            }
            self.state().pool_event(pool, slot, PoolEvent::Connect, Some(connection), Rule::Connect);
            return Ok(());
        }
        let mutex = self.enter_listeners(pool).await;
        let asked = self.initialize((pool, slot), engine, connection).await;
        {
            let mut state = self.state();
            if asked.is_ok() {
                state.pool_event(pool, slot, PoolEvent::Connect, Some(connection), Rule::Connect);
            } else if let Some(record) = state.pools[pool].records.get_mut(slot) {
                record.connection = None;
            }
            if mutex {
                state.leave_listeners(pool, asked.is_ok());
            }
        }
        // Before 2.0.53 nobody closed it.
        if asked.is_err() && self.scenario.sqlalchemy >= SqlAlchemy::V2_0 {
            self.state().status(pool, Rule::ConnectFails);
            self.terminate(Some(connection)).await;
        }
        asked
    }

    /// `first_connect` before 1.4, of new records only: the dialect's questions under a mutex, then the other listeners. 1.2 never
    /// tried again if they failed.
    async fn first_connect(&self, pool: usize, slot: u32, engine: u16, connection: u32) -> PyResult {
        let mutex = self.enter_listeners(pool).await;
        let mut done = Ok(());
        if mutex && !self.state().pools[pool].first_connect_done {
            done = self.initialize((pool, slot), engine, connection).await;
            let mut state = self.state();
            let once = self.scenario.sqlalchemy < SqlAlchemy::V1_3;
            state.engines[usize::from(engine)].asked |= once;
            state.pools[pool].first_connect_done = done.is_ok() || once;
            if done.is_ok() {
                state.pool_event(pool, slot, PoolEvent::FirstConnect, Some(connection), Rule::FirstConnect);
            }
        }
        if mutex {
            let mut state = self.state();
            let finished = state.pools[pool].first_connect_done;
            state.leave_listeners(pool, finished);
        }
        done
    }

    /// Waits for the mutex of the first run; false if that run is over and there is no mutex any more.
    async fn enter_listeners(&self, pool: usize) -> bool {
        {
            let mut state = self.state();
            let task = state.current();
            match state.pools[pool].listeners {
                FirstRun::Done => return false,
                FirstRun::Running => state.pools[pool].listeners_waiting.push_back(task),
                FirstRun::Not => {
                    state.pools[pool].listeners = FirstRun::Running;
                    return true;
                }
            }
        }
        // Whoever leaves hands the mutex over.
        if self.scenario.driver.is_async() {
            self.wait_in_loop().await;
        } else {
            self.park().await;
        }
        true
    }

    /// The dialect's questions, on the first connection of an engine.
    async fn initialize(&self, record: (usize, u32), engine: u16, connection: u32) -> PyResult {
        let engine = usize::from(engine);
        if std::mem::replace(&mut self.state().engines[engine].asked, true) {
            return Ok(());
        }
        let asked = Box::pin(self.ask(record, engine as u16, connection)).await;
        let mut state = self.state();
        state.engines[engine].asked = asked.is_ok();
        // Before 2.0 it is left in a cycle with the error.
        if asked.is_err() && self.scenario.sqlalchemy < SqlAlchemy::V2_0 {
            let (pool, slot) = record;
            state.keep_in_traceback(pool, slot);
            if !state.pools[pool].shares_records() {
                state.stranded.push((pool, slot, connection));
            }
        }
        asked
    }

    /// The questions and the final ROLLBACK. Some go through a Connection, which names the statement in its error, and since 2.0 rolls
    /// back after one that is no disconnect; the others use a bare cursor. 1.4 rolls back in a `finally`. An error of these wins.
    async fn ask(&self, record: (usize, u32), engine: u16, connection: u32) -> PyResult {
        let version = self.scenario.sqlalchemy;
        let old = version < SqlAlchemy::V1_4;
        let questions = match version {
            SqlAlchemy::V1_1 => INITIALIZE_1_1,
            SqlAlchemy::V1_2 | SqlAlchemy::V1_3 => INITIALIZE_1_3,
            _ => INITIALIZE,
        };
        // Before 2.0 the Connection is made of the bare DBAPI connection, whose age nobody knows.
        let (pool, slot) = record;
        let bare = Fairy { pool, slot, connection: None, serial: 0, detached: version < SqlAlchemy::V2_0 };
        let (mut lost, mut other) = (false, None);
        let mut end = Command::EndQuestions;
        for (question, through_connection) in questions.iter().copied() {
            let statement = QUESTION + question;
            let mut asks = connection;
            if lost {
                match self.reconnect(engine, &mut other).await {
                    Err(error) if matches!(*error, PyError::Dbapi { .. }) => continue,
                    reconnected => asks = reconnected?,
                }
                end = Command::EndQuestions;
            }
            let asked = self.round_trip(asks, Command::Ask(statement)).await;
            let Err(error) = asked else { continue };
            self.state().engines[usize::from(engine)].versionless =
                version < SqlAlchemy::V1_3 && [5, 6, 0].contains(&question);
            let failed = wrap(self.scenario, error, through_connection.then_some(statement));
            let disconnect = through_connection && self.question_failed(other.as_ref().unwrap_or(&bare), &error);
            if old && question >= UNICODE_TESTS {
                self.state().leave_cycle();
                // Only warned about. But a Connection that is lost reconnects for each test that is left and for the ROLLBACK. Once it can
                // it waits for the listeners that it is one of: for ever, unless somebody has replaced the pool.
                if disconnect {
                    (lost, end) = (true, Command::Rollback);
                    if let Some(fairy) = other.take() {
                        self.invalidate_fairy(&fairy).await?;
                    }
                }
                continue;
            }
            if through_connection && !disconnect && version >= SqlAlchemy::V2_0 {
                self.round_trip(connection, Command::EndQuestions).await.map_err(|error| {
                    self.question_failed(&bare, &error);
                    wrap(self.scenario, error.while_handling(), None)
                })?;
            }
            if !disconnect && version == SqlAlchemy::V1_4 {
                self.round_trip(connection, Command::EndQuestions).await.map_err(|e| wrap(self.scenario, e, None))?;
            }
            return Err(Box::new(failed));
        }
        let rolls_back = if lost { self.reconnect(engine, &mut other).await? } else { connection };
        let done = self.round_trip(rolls_back, end).await.map_err(|e| Box::new(wrap(self.scenario, e, None)));
        if let Some(fairy) = other {
            self.state().lose(engine, fairy);
        }
        done
    }

    /// What the dialect's Connection reconnects to, the first time that it needs to.
    async fn reconnect(&self, engine: u16, other: &mut Option<Fairy>) -> PyResult<u32> {
        let fairy = match other.take() {
            Some(fairy) => fairy,
            None => Box::pin(self.checkout(engine, false)).await?,
        };
        other.insert(fairy).connection.ok_or_else(|| Box::new(PyError::ConnectionClosed))
    }

    /// Whether the dialect's Connection has found out about a disconnect.
    fn question_failed(&self, fairy: &Fairy, error: &DbapiError) -> bool {
        let disconnect = is_disconnect(error, self.scenario);
        if disconnect {
            let mut state = self.state();
            let present = state.present_pool(fairy.pool);
            state.invalidate_pool(present, fairy);
        }
        disconnect
    }
}

impl<O: Observer> State<'_, O> {
    pub(crate) fn pool_event(&mut self, pool: usize, slot: u32, event: PoolEvent, connection: Option<u32>, rule: Rule) {
        if !O::RECORDS {
            self.steps += 1;
            return;
        }
        let (engine, figures) = (self.pools[pool].engine, self.pools[pool].figures());
        self.emit(rule, EventKind::Pool { engine, event, slot, connection, figures });
    }

    /// The next one in the queue of the mutex takes it, even after the first run is done.
    fn leave_listeners(&mut self, pool: usize, done: bool) {
        let pool = &mut self.pools[pool];
        let next = pool.listeners_waiting.pop_front();
        if done {
            pool.listeners = FirstRun::Done;
        } else if next.is_none() {
            pool.listeners = FirstRun::Not;
        }
        match next {
            Some(task) if self.scenario.driver.is_async() => self.call_soon(task),
            Some(task) => self.wake(task),
            None => {}
        }
    }

    /// Whether nobody has had the record's connection before; from now on somebody has.
    fn no_longer_fresh(&mut self, pool: usize, slot: u32) -> bool {
        self.pools[pool].records.get_mut(slot).is_some_and(|record| std::mem::replace(&mut record.fresh, false))
    }

    /// The record's connection, and why it must be replaced, if it must.
    fn connection_and_fault(&self, pool: usize, slot: u32) -> PyResult<(Option<u32>, Option<Rule>)> {
        let Pool { recycle, invalidated_at, records, .. } = &self.pools[pool];
        let record = records.get(slot).ok_or(PyError::ConnectionClosed)?;
        Ok((record.connection, record.stale(self.now, *recycle, *invalidated_at)))
    }

    fn connection_of(&self, pool: usize, slot: u32) -> Option<u32> {
        self.pools[pool].records.get(slot).and_then(|r| r.connection)
    }
}
