//! SQLAlchemy's `Connection`: a checkout with a transaction (`engine/base.py`).

use super::dbapi::{Command, wrap};
use super::dialect::is_disconnect;
use super::error::{Assertion, DbapiError, NO_NUMBER, PyError, PyResult};
use crate::app::savepoint::Savepoints;
use crate::app::session::{Begin, Connection, RootTransaction};
use crate::pool::Fairy;
use crate::pool::checkin::AtClose;
use crate::scenario::SqlAlchemy;
use crate::trace::{EventKind, Observer, Rule};
use crate::world::World;

impl<O: Observer> World<'_, O> {
    /// `engine.connect()`: takes a connection from the pool at once.
    pub(crate) async fn connect(&self, engine: u16, holder: Option<u32>, of_thread: bool) -> PyResult<u32> {
        let fairy = self.checkout(engine, of_thread).await?;
        let mut state = self.state();
        let number = holder.unwrap_or_else(|| state.new_holder());
        let id = state.next_connection;
        state.next_connection += 1;
        let (slot, connection) = (fairy.slot, fairy.connection);
        let fairy = Some(fairy);
        state.connections.insert(
            id,
            Connection {
                number,
                engine,
                fairy,
                closed: false,
                context: Begin::NoBlock,
                transaction: None,
                savepoints: Savepoints::default(),
                lost: false,
                references: 1,
                results: 0,
                result: None,
                cursor: None,
            },
        );
        if let Some(connection) = connection {
            let session = number;
            state.emit(Rule::SessionAutobegin, EventKind::Hold { session, engine, slot, connection });
        }
        Ok(id)
    }

    /// `Connection.begin`: nothing goes over the wire.
    pub(crate) fn connection_begin(&self, id: u32) {
        let mut state = self.state();
        // Of the transactions on a checkout that several share, the first is the agent until it ends.
        let serial = |c: &Connection| c.fairy.as_ref().map(|f| f.serial);
        let own = state.connections.get(id).and_then(serial);
        let is_agent =
            |c: &Connection| own.is_some() && serial(c) == own && c.transaction.as_ref().is_some_and(|t| t.agent);
        let agent = self.scenario.sqlalchemy < SqlAlchemy::V1_4 && !state.connections.iter().any(|(_, c)| is_agent(c));
        if let Some(connection) = state.connections.get_mut(id) {
            connection.transaction.get_or_insert(RootTransaction { active: true, agent });
        }
    }

    /// Runs a statement: begins a transaction, reconnects after an invalidation, and never retries.
    pub(crate) async fn connection_execute(&self, id: u32, statement: u16) -> PyResult {
        let mut usable = self.usable(id).await;
        let mut command = Command::Execute(statement);
        let mut refused = None;
        // MySQL Connector asks the server for a cursor before SQLAlchemy looks at the transaction and at the block.
        if self.scenario.driver.is_connector()
            && matches!(
                usable.as_ref().map_err(|e| &**e),
                Err(PyError::EndedInContext | PyError::PendingRollback { .. })
            )
            && let Some(dbapi) = self.state().connections.get(id).and_then(Connection::dbapi)
        {
            refused = std::mem::replace(&mut usable, Ok(dbapi)).err();
            command = Command::CursorInVain(statement);
        }
        // A reconnection that fails here fails as part of the statement.
        let dbapi = usable.map_err(|error| {
            error.with(|error| match error {
                PyError::Dbapi { error, disconnect, .. } => {
                    PyError::Dbapi { error, disconnect, statement: Some(statement) }
                }
                PyError::PoolTimeout { options, overflow, .. } => {
                    PyError::PoolTimeout { options, overflow, statement: Some(statement) }
                }
                PyError::Assertion { what, .. } => PyError::Assertion { what, statement: Some(statement) },
                PyError::RecordClosed { .. } => PyError::RecordClosed { statement: Some(statement) },
                PyError::InvalidTransaction { .. } => {
                    PyError::InvalidTransaction { statement: Some(statement), session: false }
                }
                PyError::ConnectionClosed if self.scenario.sqlalchemy < SqlAlchemy::V1_4 => {
                    PyError::StatementClosed { statement }
                }
                other => other,
            })
        })?;
        // 1.4 begins nothing by itself on a Connection: every statement stands alone.
        let before = self.in_transaction(id);
        if self.scenario.sqlalchemy >= SqlAlchemy::V2_0 && refused.is_none() {
            self.connection_begin(id);
        }
        let queues = self.scenario.driver.is_async();
        if queues && self.state().must_queue(dbapi) {
            self.wait_in_loop().await;
        }
        let done = self.round_trip(dbapi, command).await;
        if queues {
            self.state().leave_queue(dbapi);
        }
        if let Err(error) = done {
            // The others begin too, once there is a cursor.
            if error.code == NO_NUMBER
                && !before
                && let Some(connection) = self.state().connections.get_mut(id)
            {
                connection.transaction = None;
            }
            // Outside a transaction SQLAlchemy rolls back after an error that is no disconnect; if that fails too, its error counts.
            if !self.in_transaction(id)
                && !is_disconnect(&error, self.scenario)
                && let Err(error) = self.round_trip(dbapi, Command::Rollback).await
            {
                return Err(self.connection_failed(id, error.while_handling(), None).await);
            }
            return Err(self.connection_failed(id, error, Some(statement)).await);
        }
        if let Some(refused) = refused {
            return Err(refused);
        }
        // The legacy autocommit: before 2.0 a data-changing statement outside a transaction is committed right away.
        let legacy = self.scenario.sqlalchemy < SqlAlchemy::V2_0;
        if legacy && !self.in_transaction(id) && changes_data(self.scenario.sql(statement)) {
            let done = self.round_trip(dbapi, Command::Commit).await;
            if let Err(mut error) = done {
                // It passes through two handlers, the COMMIT's and the statement's, and each rolls back; 1.2 commits outside of the second.
                let handlers = if self.scenario.sqlalchemy < SqlAlchemy::V1_3 { 1 } else { 2 };
                for _ in 0..handlers {
                    if !is_disconnect(&error, self.scenario)
                        && let Err(other) = self.round_trip(dbapi, Command::Rollback).await
                    {
                        error = other.while_handling();
                    }
                }
                return Err(self.connection_failed(id, error, None).await);
            }
        }
        Ok(())
    }

    pub(crate) fn in_transaction(&self, id: u32) -> bool {
        self.state().connections.get(id).and_then(|c| c.transaction.as_ref()).is_some_and(|t| t.active)
    }

    /// Why a Connection with a transaction cannot reconnect.
    fn pending_rollback(&self, connection: &Connection, commit: bool) -> Box<PyError> {
        Box::new(match self.scenario.sqlalchemy {
            old if old < SqlAlchemy::V1_4 => PyError::InvalidTransaction { statement: None, session: false },
            old => PyError::PendingRollback {
                commit,
                savepoint: connection.savepoints.are_open(),
                inactive: old < SqlAlchemy::V2_0 && connection.fairy.is_some(),
            },
        })
    }

    /// The DBAPI connection behind a Connection, or why it cannot be used.
    pub(crate) async fn usable(&self, id: u32) -> PyResult<u32> {
        self.reachable(id, true).await
    }

    /// The same; `Connection.connection` gives it without a look at its transaction.
    async fn reachable(&self, id: u32, looks: bool) -> PyResult<u32> {
        let (engine, ended) = {
            let state = self.state();
            let Some(connection) = state.connections.get(id) else {
                return Err(Box::new(PyError::ConnectionClosed));
            };
            if connection.closed {
                return Err(Box::new(PyError::ConnectionClosed));
            }
            let (savepoints, ended) = (&connection.savepoints, looks && connection.block_has_ended());
            let inactive = connection.transaction.as_ref().is_some_and(|t| !t.active) || savepoints.are_invalid();
            if looks && inactive {
                return Err(self.pending_rollback(connection, false));
            }
            match &connection.fairy {
                Some(_) if ended => return Err(Box::new(PyError::EndedInContext)),
                Some(fairy) => {
                    let old = self.scenario.sqlalchemy < SqlAlchemy::V2_0;
                    let what = if old { Assertion::NoCursor } else { Assertion::Bare };
                    return fairy.connection.ok_or_else(|| Box::new(PyError::Assertion { what, statement: None }));
                }
                None if connection.transaction.is_some() => {
                    return Err(self.pending_rollback(connection, false));
                }
                None => (connection.engine, ended),
            }
        };
        let fairy = self.checkout(engine, false).await?;
        let dbapi = fairy.connection;
        if let Some(connection) = self.state().connections.get_mut(id) {
            connection.fairy = Some(fairy);
        }
        if ended {
            return Err(Box::new(PyError::EndedInContext));
        }
        dbapi.ok_or_else(|| Box::new(PyError::ConnectionClosed))
    }

    /// `connection.connection.invalidate(soft=True)`: an invalidated Connection reconnects first.
    pub(crate) async fn connection_soft_invalidate(&self, id: u32) -> PyResult {
        // What another Connection that shares the checkout has invalidated only warns.
        let invalidated = |c: &Connection| !c.closed && c.fairy.as_ref().is_some_and(|f| f.connection.is_none());
        if self.state().connections.get(id).is_some_and(invalidated) {
            return Ok(());
        }
        self.reachable(id, false).await?;
        let mut state = self.state();
        if let Some(Fairy { pool, slot, detached: false, .. }) =
            state.connections.get(id).and_then(|c| c.fairy.as_ref())
        {
            let (pool, slot) = (*pool, *slot);
            state.soft_invalidate_record(pool, slot);
        }
        Ok(())
    }

    pub(crate) fn connection_detach(&self, id: u32) -> PyResult {
        let mut state = self.state();
        let Some(connection) = state.connections.get_mut(id) else { return Ok(()) };
        // What another Connection that shares the checkout has invalidated has no record any more.
        if connection.fairy.as_ref().is_some_and(|f| f.connection.is_none()) {
            return Ok(());
        }
        let Some(mut fairy) = connection.fairy.take() else {
            if self.scenario.sqlalchemy < SqlAlchemy::V2_0 {
                return Err(Box::new(PyError::Assertion { what: Assertion::NoConnection, statement: None }));
            }
            let error = if connection.closed { PyError::ConnectionClosed } else { PyError::DetachInvalidated };
            return Err(Box::new(error));
        };
        let done = state.detach(&mut fairy);
        if let Some(connection) = state.connections.get_mut(id) {
            connection.fairy = Some(fairy);
        }
        done
    }

    /// `RootTransaction.commit`: after a failure the transaction stays, inactive, until it is rolled back.
    pub(crate) async fn connection_commit(&self, id: u32) -> PyResult {
        // Before 1.4 a Session whose commit has failed sends it again, on another connection.
        let lost = |c: &Connection| c.transaction.is_none() && c.fairy.is_none() && !c.closed;
        let again = self.scenario.sqlalchemy < SqlAlchemy::V1_4 && self.state().connections.get(id).is_some_and(lost);
        if again {
            let dbapi = self.usable(id).await?;
            return self.commit_over_the_wire(id, dbapi).await;
        }
        let dbapi = {
            let mut state = self.state();
            let Some(connection) = state.connections.get_mut(id) else {
                return Ok(());
            };
            let dbapi = connection.dbapi();
            let hollow = connection.fairy.is_some() && dbapi.is_none();
            let Some(transaction) = &mut connection.transaction else {
                return Ok(());
            };
            if hollow && transaction.active {
                transaction.active = false;
                return Err(Box::new(PyError::Assertion { what: Assertion::NoCommit, statement: None }));
            }
            if !transaction.active || dbapi.is_none() {
                let through_dbapi = std::mem::replace(&mut transaction.active, false);
                if self.scenario.sqlalchemy < SqlAlchemy::V1_4 {
                    connection.transaction = None;
                }
                let error = self.pending_rollback(connection, through_dbapi);
                if through_dbapi {
                    connection.savepoints.cancel();
                }
                return Err(error);
            }
            dbapi
        };
        match dbapi {
            Some(dbapi) => self.commit_over_the_wire(id, dbapi).await,
            None => Ok(()),
        }
    }

    async fn commit_over_the_wire(&self, id: u32, dbapi: u32) -> PyResult {
        let done = self.round_trip(dbapi, Command::Commit).await;
        match done {
            Ok(()) => {
                if let Some(connection) = self.state().connections.get_mut(id) {
                    connection.transaction = None;
                    connection.savepoints.cancel();
                }
                Ok(())
            }
            Err(error) => {
                let failed = self.connection_failed(id, error, None).await;
                let old = self.scenario.sqlalchemy < SqlAlchemy::V1_4;
                if let Some(connection) = self.state().connections.get_mut(id) {
                    connection.savepoints.cancel();
                    // `_commit_impl` forgot it before 1.4; only the Transaction still knew that it was to be rolled back.
                    if old && connection.fairy.is_none() {
                        connection.transaction = None;
                    } else if let Some(transaction) = &mut connection.transaction {
                        (transaction.active, transaction.agent) = (old, false);
                    }
                }
                Err(failed)
            }
        }
    }

    /// `RootTransaction.rollback` and `.close`: nothing is sent if the connection has been invalidated. The transaction ends in any case.
    pub(crate) async fn connection_rollback(&self, id: u32) -> PyResult {
        let dbapi = {
            let mut state = self.state();
            let Some(connection) = state.connections.get_mut(id) else {
                return Ok(());
            };
            let dbapi = connection.dbapi();
            connection.transaction.as_ref().filter(|t| t.active).and(dbapi)
        };
        let mut done = Ok(());
        if let Some(dbapi) = dbapi
            && let Err(error) = self.round_trip(dbapi, Command::Rollback).await
        {
            done = Err(self.connection_failed(id, error, None).await);
        }
        // It is there as long as the rollback takes: nobody else begins another one meanwhile.
        if let Some(connection) = self.state().connections.get_mut(id) {
            connection.transaction = None;
            if done.is_ok() {
                connection.savepoints.cancel();
            }
        }
        done
    }

    /// `Connection.close`: rolls back its own transaction, then returns the connection, which need not be reset again.
    pub(crate) async fn connection_close(&self, id: u32) -> PyResult {
        let mut transaction = {
            let state = self.state();
            let Some(connection) = state.connections.get(id) else {
                return Ok(());
            };
            if connection.closed {
                return Ok(());
            }
            match &connection.transaction {
                None => AtClose::NoTransaction,
                // Before 1.4 the rollback is left to the pool's reset, which keeps its errors to itself.
                Some(transaction) if transaction.agent => AtClose::Agent,
                Some(_) if self.scenario.sqlalchemy < SqlAlchemy::V1_4 => AtClose::NoTransaction,
                Some(_) => AtClose::RolledBack,
            }
        };
        let mut done = Ok(());
        if transaction == AtClose::RolledBack {
            done = self.connection_rollback(id).await;
        }
        if done.is_err() {
            // Only since then it is closed all the same, and the pool resets it.
            if self.scenario.sqlalchemy < SqlAlchemy::V2_1 {
                return done;
            }
            transaction = AtClose::NoTransaction;
        }
        let held = {
            let mut state = self.state();
            state.connections.get_mut(id).and_then(|connection| {
                connection.closed = true;
                let transaction = connection.transaction.take();
                connection.fairy.take().map(|fairy| (fairy, transaction))
            })
        };
        if let Some((fairy, agent)) = held {
            let returned = self.checkin(&fairy, transaction, Rule::ResetOnReturn).await;
            if returned.is_err() && self.scenario.sqlalchemy < SqlAlchemy::V2_0 {
                self.state().stay_open(id, fairy, agent);
            }
            returned?;
        }
        done
    }
}

/// The first word decides (`engine/default.py::AUTOCOMMIT_REGEXP`, 1.4).
fn changes_data(sql: &str) -> bool {
    let first = sql.split_whitespace().next().unwrap_or_default();
    ["UPDATE", "INSERT", "CREATE", "DELETE", "DROP", "ALTER"].iter().any(|word| first.eq_ignore_ascii_case(word))
}

impl<O: Observer> World<'_, O> {
    /// `_handle_dbapi_exception`: a disconnect discards this connection and everything older in the pool.
    async fn connection_failed(&self, id: u32, error: DbapiError, statement: Option<u16>) -> Box<PyError> {
        let error = Box::new(wrap(self.scenario, error, statement));
        let Some(fairy) = self.checkout_of(id) else { return error };
        if !matches!(*error, PyError::Dbapi { disconnect: true, .. }) {
            // The traceback refers to itself, and through the frames of the driver to the connection.
            fairy.connection.iter().for_each(|connection| self.state().keep_in_cycle(fairy.pool, *connection));
            return error;
        }
        {
            let mut state = self.state();
            let present = state.present_pool(fairy.pool);
            state.invalidate_pool(present, &fairy);
            // Its frame has the checkout, and so the pool, replaced or not.
            state.keep_in_traceback(fairy.pool, 0);
        }
        let mut done = self.discard(id, &fairy).await;
        // Whoever shares it may have closed it meanwhile.
        if done.is_ok() && self.state().connections.get(id).is_none_or(|c| c.closed) {
            done = Err(Box::new(PyError::ConnectionClosed));
        }
        match done {
            Ok(()) => {
                self.state().leave_detached(fairy);
                error
            }
            Err(error) => {
                self.state().leave_cycle();
                error
            }
        }
    }

    pub(crate) fn checkout_of(&self, id: u32) -> Option<Fairy> {
        let state = self.state();
        state.connections.get(id)?.fairy.as_ref().map(|fairy| Fairy { ..*fairy })
    }

    /// `Connection.invalidate`: it has its checkout until that is over; if it fails it keeps what is left, and does not know.
    pub(crate) async fn discard(&self, id: u32, fairy: &Fairy) -> PyResult {
        self.invalidate_fairy(fairy).await?;
        if let Some(connection) = self.state().connections.get_mut(id)
            && connection.fairy.as_ref().is_some_and(|other| other.serial == fairy.serial)
        {
            connection.fairy = None;
        }
        Ok(())
    }
}
