//! SAVEPOINTs: `begin_nested()` of a Session and of a Connection (`orm/session.py::SessionTransaction`,
//! `engine/base.py::NestedTransaction`), as `with` blocks.

use super::session::{Begin, Session, SessionTransaction};
use crate::engine::error::{Method, PyError, PyResult};
use crate::scenario::SqlAlchemy;
use crate::scenario::defaults::QUESTION;
use crate::state::State;
use crate::trace::Observer;
use crate::world::World;

/// Of a Connection.
#[derive(Debug, Default)]
pub(crate) struct Savepoints {
    /// `Connection.__savepoint_seq`: how many it has made, ever.
    made: u16,
    /// `_nested_transaction` is the last, `_previous_nested` the one before.
    open: Vec<Savepoint>,
    /// The `with conn.begin_nested()` blocks around what runs, by their savepoints.
    blocks: Vec<u16>,
}

#[derive(Debug)]
struct Savepoint {
    number: u16,
    /// False after a RELEASE that failed.
    active: bool,
}

impl Savepoints {
    pub fn are_open(&self) -> bool {
        !self.open.is_empty()
    }

    pub fn are_invalid(&self) -> bool {
        self.open.last().is_some_and(|savepoint| !savepoint.active)
    }

    /// Whether the savepoint of the innermost block has ended inside of it; `None` without a block.
    pub fn block_has_ended(&self) -> Option<bool> {
        let block = self.blocks.last()?;
        Some(!self.open.iter().any(|savepoint| savepoint.number == *block && savepoint.active))
    }

    /// The transaction around them has ended.
    pub fn cancel(&mut self) {
        self.open.clear();
    }

    fn get(&mut self, number: u16) -> Option<&mut Savepoint> {
        self.open.iter_mut().find(|savepoint| savepoint.number == number)
    }
}

/// Of a Session: the SessionTransactions inside its first one.
#[derive(Debug, Default)]
pub(crate) struct NestedTransactions {
    open: Vec<Nested>,
    /// The `with session.begin_nested()` blocks around what runs.
    blocks: Vec<u32>,
    /// Those that a `close()` has left when it failed: not on the list any more, and not closed.
    left: Vec<u32>,
}

#[derive(Debug)]
struct Nested {
    serial: u32,
    /// Set by a commit that did not get through.
    prepared: bool,
    /// Its savepoint, once something has been executed in it.
    savepoint: Option<u16>,
}

impl Session {
    /// `TransactionalContext._trans_ctx_check`
    pub fn block_has_ended(&self) -> bool {
        let is_active = |block: &u32| self.nested.open.iter().any(|nested| nested.serial == *block && !nested.prepared);
        self.nested.blocks.last().map_or(self.context == Begin::Ended, |block| !is_active(block))
    }

    pub fn nested_is_prepared(&self) -> bool {
        self.nested.open.last().is_some_and(|nested| nested.prepared)
    }
}

/// What is said about a savepoint.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verb {
    Savepoint,
    Release,
    RollbackTo,
}

impl<O: Observer> World<'_, O> {
    /// Enters `with session.begin_nested()`: nothing is sent yet.
    pub(crate) fn session_begin_nested(&self, id: u32) -> PyResult<u32> {
        let mut state = self.state();
        state.next_transaction += 2;
        let serial = state.next_transaction;
        let Some(session) = state.sessions.get_mut(id) else { return Err(Box::new(PyError::ConnectionClosed)) };
        if session.nested_is_prepared() {
            return Err(Box::new(PyError::Prepared));
        }
        if let Some(transaction) = &session.transaction {
            transaction.may(Method::Connection, self.scenario.sqlalchemy)?;
        }
        if session.block_has_ended() {
            return Err(Box::new(PyError::EndedInContext));
        }
        session.transaction.get_or_insert(SessionTransaction::new(serial - 1));
        session.nested.open.push(Nested { serial, prepared: false, savepoint: None });
        session.nested.blocks.push(serial);
        Ok(serial)
    }

    /// `_connection_for_bind` of nested transactions: each makes its savepoint, the outermost first.
    pub(crate) async fn savepoints_for(&self, id: u32, connection: u32) -> PyResult {
        loop {
            let next = {
                let mut state = self.state();
                let nested = state.sessions.get_mut(id).map(|s| &mut s.nested.open);
                nested.and_then(|n| n.iter().find(|n| n.savepoint.is_none()).map(|n| n.serial))
            };
            let Some(serial) = next else { return Ok(()) };
            let number = self.savepoint(connection, Verb::Savepoint, 0).await?;
            if let Some(session) = self.state().sessions.get_mut(id)
                && let Some(nested) = session.nested.open.iter_mut().find(|n| n.serial == serial)
            {
                nested.savepoint = Some(number);
            }
        }
    }

    /// commit, rollback and close end the nested transactions first, the innermost before the others. True if that is all that this
    /// release does.
    pub(crate) async fn end_nested(&self, id: u32, method: Method) -> PyResult<bool> {
        let legacy = self.scenario.sqlalchemy < SqlAlchemy::V2_0;
        while self.state().sessions.get(id).is_some_and(|s| !s.nested.open.is_empty()) {
            // Before 2.0 a Session that closed left that to the ROLLBACK of the transaction around it.
            let silent = legacy && method == Method::Close;
            let serial = self.state().sessions.get(id).and_then(|s| s.nested.open.last()).map(|nested| nested.serial);
            let ended = self.end_innermost(id, if silent { None } else { Some(method == Method::Commit) }).await;
            if ended.is_err()
                && method == Method::Close
                && let Some(session) = self.state().sessions.get_mut(id)
            {
                session.nested.left.extend(serial);
            }
            ended?;
            if legacy && method != Method::Close {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Commits the innermost transaction of a Session or rolls it back; a commit that does not get through leaves it prepared.
    async fn end_innermost(&self, id: u32, commit: Option<bool>) -> PyResult {
        let savepoint = {
            let mut state = self.state();
            let Some(session) = state.sessions.get_mut(id) else { return Ok(()) };
            let connection = session.transaction.as_ref().and_then(|t| t.connections.last().copied());
            let Some(nested) = session.nested.open.last_mut() else { return Ok(()) };
            nested.prepared |= commit == Some(true);
            let savepoint = connection.zip(nested.savepoint);
            if commit != Some(true) {
                session.nested.open.pop();
            }
            savepoint
        };
        if let (Some((connection, number)), Some(commit)) = (savepoint, commit) {
            let verb = if commit { Verb::Release } else { Verb::RollbackTo };
            self.savepoint(connection, verb, number).await?;
        }
        if commit == Some(true) {
            self.state().sessions.get_mut(id).and_then(|s| s.nested.open.pop());
        }
        Ok(())
    }

    /// Leaves `with session.begin_nested()` (`engine/util.py::TransactionalContext.__exit__`).
    pub(crate) async fn session_exit_nested(&self, id: u32, serial: u32, failed: bool) -> PyResult {
        let prepared = {
            let state = self.state();
            let nested = state.sessions.get(id).map(|s| &s.nested.open);
            nested.and_then(|n| n.iter().find(|n| n.serial == serial)).map(|n| n.prepared)
        };
        let mut done = Ok(());
        if prepared == Some(false) && !failed {
            done = self.end_innermost(id, Some(true)).await.map_err(|error| error.with(PyError::raised_again));
        }
        if prepared == Some(true) {
            // `SessionTransaction.close`: the savepoint stays the Connection's, inactive.
            self.end_innermost(id, None).await?;
        } else if prepared.is_some() && (failed || done.is_err()) {
            done = done.and(self.end_innermost(id, Some(false)).await);
        }
        if let Some(session) = self.state().sessions.get_mut(id) {
            session.nested.blocks.retain(|block| *block != serial);
            if session.nested.left.contains(&serial) {
                done = Err(Box::new(PyError::NotOnList));
            }
        }
        done
    }

    /// Enters `with conn.begin_nested()`: the transaction around it begins by itself.
    pub(crate) async fn connection_begin_nested(&self, id: u32) -> PyResult<u16> {
        let ended = self.state().connections.get(id).is_some_and(|c| c.block_has_ended());
        if ended {
            return Err(Box::new(PyError::EndedInContext));
        }
        if !self.in_transaction(id) {
            self.usable(id).await?;
            self.connection_begin(id);
        }
        let number = self.savepoint(id, Verb::Savepoint, 0).await?;
        if let Some(connection) = self.state().connections.get_mut(id) {
            connection.savepoints.blocks.push(number);
        }
        Ok(number)
    }

    pub(crate) async fn connection_exit_nested(&self, id: u32, number: u16, failed: bool) -> PyResult {
        let active = self.state().connections.get_mut(id).and_then(|c| c.savepoints.get(number)).map(|s| s.active);
        let mut done = Ok(());
        if active == Some(true) {
            if !failed {
                done = self
                    .savepoint(id, Verb::Release, number)
                    .await
                    .map(|_| ())
                    .map_err(|error| error.with(PyError::raised_again));
            }
            if failed || done.is_err() {
                done = done.and(self.savepoint(id, Verb::RollbackTo, number).await.map(|_| ()));
            }
        }
        if let Some(connection) = self.state().connections.get_mut(id) {
            connection.savepoints.blocks.retain(|block| *block != number);
        }
        done
    }

    /// Makes a savepoint, whose number it gives, releases one or rolls back to it (`NestedTransaction.__init__`, `_do_commit`, `_close_impl`).
    async fn savepoint(&self, id: u32, verb: Verb, mut number: u16) -> PyResult<u16> {
        let send = {
            let mut state = self.state();
            let Some(connection) = state.connections.get_mut(id) else {
                return Err(Box::new(PyError::ConnectionClosed));
            };
            let has = connection.dbapi().is_some();
            let begun = connection.transaction.as_ref().is_some_and(|t| t.active);
            let savepoints = &mut connection.savepoints;
            let active = savepoints.get(number).map(|savepoint| savepoint.active);
            match (verb, active) {
                (Verb::Savepoint, _) => {
                    savepoints.made = savepoints.made.saturating_add(1);
                    number = savepoints.made;
                }
                (Verb::Release, None) => return Err(Box::new(PyError::InactiveTransaction)),
                // After a RELEASE that failed nothing more is sent about it.
                (Verb::Release, Some(false)) => {
                    let inactive = has && self.scenario.sqlalchemy < SqlAlchemy::V2_0;
                    return Err(Box::new(PyError::PendingRollback { commit: false, savepoint: true, inactive }));
                }
                _ => {}
            }
            match verb {
                // On a connection that is lost there is nothing to roll back to.
                Verb::RollbackTo => has && begun && active == Some(true),
                // Before 2.0 savepoints were made and released on it in silence.
                _ => has || self.scenario.sqlalchemy >= SqlAlchemy::V2_0,
            }
        };
        let mut done = Ok(());
        if send {
            let statement = self.state().savepoint_statement(verb, number);
            done = self.connection_execute(id, statement).await;
        }
        if let Some(connection) = self.state().connections.get_mut(id) {
            let savepoints = &mut connection.savepoints;
            match verb {
                Verb::Savepoint if done.is_ok() => savepoints.open.push(Savepoint { number, active: true }),
                Verb::Savepoint => {}
                Verb::Release if done.is_err() => {
                    if let Some(savepoint) = savepoints.get(number) {
                        savepoint.active = false;
                    }
                }
                _ => savepoints.open.retain(|savepoint| savepoint.number != number),
            }
        }
        done.map(|()| number)
    }
}

impl<O: Observer> State<'_, O> {
    /// The number of a statement that no program names; its text goes into the trace.
    fn savepoint_statement(&mut self, verb: Verb, number: u16) -> u16 {
        let verb = match verb {
            Verb::Savepoint => "SAVEPOINT",
            Verb::Release => "RELEASE SAVEPOINT",
            Verb::RollbackTo => "ROLLBACK TO SAVEPOINT",
        };
        let sql = format!("{verb} sa_savepoint_{number}");
        let at = self.savepoint_sql.iter().position(|known| *known == sql).unwrap_or_else(|| {
            self.savepoint_sql.push(sql);
            self.savepoint_sql.len() - 1
        });
        (self.scenario.statements.len() + at).min(usize::from(QUESTION) - 1) as u16
    }
}
