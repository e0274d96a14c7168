//! Session and scoped_session (`orm/session.py`, `orm/scoping.py`).

use super::program::{Factory, Scope};
use super::savepoint::{NestedTransactions, Savepoints};
use crate::engine::error::{Assertion, DbapiError, Method, NO_NUMBER, OF_SESSION, PyError, PyResult};
use crate::pool::Fairy;
use crate::scenario::SqlAlchemy;
use crate::state::State;
use crate::trace::{Ended, EventKind, Observer, Rule};
use crate::world::World;

#[derive(Debug)]
pub(crate) struct Session {
    /// The engine it is bound to.
    pub engine: u16,
    /// `expire_on_commit`
    pub expires: bool,
    pub transaction: Option<SessionTransaction>,
    pub context: Begin,
    pub nested: NestedTransactions,
    /// Variables and registries that refer to it; at 0 only the garbage collector can end it.
    pub references: u32,
}

/// The User that a Session has read, as long as somebody refers to it.
#[derive(Debug)]
pub(crate) struct User {
    /// `None`: detached.
    pub session: Option<u32>,
    pub expired: bool,
    pub references: u32,
    /// A frame that waits for the collector refers to it too.
    pub in_cycle: bool,
}

/// Whether a `with ….begin()` block is open around the transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begin {
    NoBlock,
    Open,
    /// The transaction was ended inside the block: nothing more may be sent until the block ends.
    Ended,
}

#[derive(Debug)]
pub(crate) struct SessionTransaction {
    state: TransactionState,
    /// The method that changes its state, until that is over.
    running: Option<Method>,
    /// The Connection it holds, once it has executed something. Before 2.0 threads that share the Session may have taken one each at the
    /// same time: it goes on with the last, and ends them all.
    pub connections: Vec<u32>,
    serial: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TransactionState {
    Active,
    /// Since 2.0: while it takes a connection from the pool.
    Provisioning,
    /// During a commit, and after one that did not get through.
    Prepared,
}

impl SessionTransaction {
    pub const fn new(serial: u32) -> SessionTransaction {
        SessionTransaction { state: TransactionState::Active, running: None, connections: Vec::new(), serial }
    }

    /// `_StateChange.declare_states`: whether this method may begin now. Before 2.0 nobody looked whether another one had begun.
    pub fn may(&self, method: Method, sqlalchemy: SqlAlchemy) -> PyResult {
        match (self.state, method) {
            (TransactionState::Provisioning, Method::Connection | Method::Commit | Method::Rollback) => {
                return Err(Box::new(PyError::Provisioning));
            }
            (TransactionState::Prepared, Method::Connection) => return Err(Box::new(PyError::Prepared)),
            (_, Method::Connection) => return Ok(()),
            _ => {}
        }
        match self.running {
            Some(running) if sqlalchemy >= SqlAlchemy::V2_0 => {
                Err(Box::new(PyError::IllegalStateChange { method, running }))
            }
            _ => Ok(()),
        }
    }
}

/// A `Connection`, the Session's own or one that the program opened.
#[derive(Debug)]
pub(crate) struct Connection {
    /// The running number of the Session that holds it, or its own.
    pub number: u32,
    pub engine: u16,
    /// `None` while invalidated, and after close.
    pub fairy: Option<Fairy>,
    pub closed: bool,
    pub context: Begin,
    pub transaction: Option<RootTransaction>,
    pub savepoints: Savepoints,
    /// Its Session is garbage: it is the collector's when nothing else refers to it.
    pub lost: bool,
    pub references: u32,
    /// How many of them are results that variables keep.
    pub results: u32,
    /// The checkout on which these have been executed: their contexts refer to it (`DefaultExecutionContext._dbapi_connection`).
    pub result: Option<Fairy>,
    /// The DBAPI connection to which the cursor of the last one refers, if there are rows to come.
    pub cursor: Option<u32>,
}

#[derive(Debug)]
pub(crate) struct RootTransaction {
    pub active: bool,
    /// Before 1.4: the pool resets the connection through it (`_ConnectionFairy._reset_agent`).
    pub agent: bool,
}

impl Connection {
    /// Its `with` block goes on although its transaction, or savepoint, has ended.
    pub fn block_has_ended(&self) -> bool {
        self.savepoints.block_has_ended().unwrap_or(self.context == Begin::Ended)
    }

    /// What it refers to, through a result too.
    pub fn checkouts(&self) -> impl Iterator<Item = &Fairy> {
        self.fairy.iter().chain(&self.result)
    }

    pub fn dbapi(&self) -> Option<u32> {
        self.fairy.as_ref().and_then(|f| f.connection)
    }
}

impl<O: Observer> World<'_, O> {
    /// `Session()`: a new one, or with a scoped_session the one of the current scope.
    pub(crate) fn session(&self, factory: u8) -> u32 {
        if self.factory(factory).scope == Scope::None { self.new_session(factory) } else { self.registry(factory) }
    }

    fn factory(&self, factory: u8) -> Factory {
        let factories = &self.scenario.definitions.factories;
        factories.get(usize::from(factory)).copied().unwrap_or(Factory { engine: 0, scope: Scope::None, expires: true })
    }

    fn new_session(&self, factory: u8) -> u32 {
        let mut state = self.state();
        let Factory { engine, expires, .. } = self.factory(factory);
        let engine = state.engine_of_current(engine);
        let id = state.new_holder();
        state.sessions.insert(
            id,
            Session {
                engine,
                expires,
                transaction: None,
                context: Begin::NoBlock,
                nested: NestedTransactions::default(),
                references: 0,
            },
        );
        state.emit(Rule::SessionLazy, EventKind::Session { session: id });
        id
    }

    /// The registry of a scoped_session: creates the Session of a scope on first use.
    pub(crate) fn registry(&self, factory: u8) -> u32 {
        let scope = self.factory(factory).scope;
        let kept = self.state().registered(factory, scope);
        if let Some(id) = kept {
            return id;
        }
        let id = self.new_session(factory);
        let mut state = self.state();
        if let Some(session) = state.sessions.get_mut(id) {
            session.references += 1;
        }
        state.register(factory, scope, Some(id));
        id
    }

    /// `scoped_session.remove()`: close, then forget; if close raises, the registry keeps the Session.
    pub(crate) async fn registry_remove(&self, factory: u8) -> PyResult {
        let scope = self.factory(factory).scope;
        let kept = self.state().registered(factory, scope);
        let Some(id) = kept else { return Ok(()) };
        self.session_end(id, Ended::Remove).await?;
        if let Some(session) = self.state().sessions.get_mut(id)
            && session.context == Begin::Open
        {
            session.context = Begin::Ended;
        }
        // Somebody who shares the scope may have removed it already, and begun another one.
        let kept = self.state().registered(factory, scope);
        self.state().register(factory, scope, None);
        if let Some(id) = kept {
            self.release_session(id);
        }
        Ok(())
    }

    /// The Connection of the Session's transaction, begun and taken from the pool if need be, with its savepoints.
    pub(crate) async fn session_connection(&self, id: u32) -> PyResult<u32> {
        let connection = self.root_connection(id).await?;
        self.savepoints_for(id, connection).await?;
        Ok(connection)
    }

    async fn root_connection(&self, id: u32) -> PyResult<u32> {
        let (engine, serial) = {
            let mut state = self.state();
            state.next_transaction += 1;
            let serial = state.next_transaction;
            let Some(session) = state.sessions.get_mut(id) else {
                return Err(Box::new(PyError::ConnectionClosed));
            };
            if session.block_has_ended() {
                return Err(Box::new(PyError::EndedInContext));
            }
            if session.nested_is_prepared() {
                return Err(Box::new(PyError::Prepared));
            }
            let engine = session.engine;
            let transaction = session.transaction.get_or_insert(SessionTransaction::new(serial));
            transaction.may(Method::Connection, self.scenario.sqlalchemy)?;
            if let Some(connection) = transaction.connections.last() {
                return Ok(*connection);
            }
            if self.scenario.sqlalchemy >= SqlAlchemy::V2_0 {
                (transaction.state, transaction.running) = (TransactionState::Provisioning, Some(Method::Connection));
            }
            (engine, transaction.serial)
        };
        let connected = self.connect(engine, Some(id), true).await;
        let lost = {
            let mut state = self.state();
            let ours = state.sessions.get_mut(id).and_then(|s| s.transaction.as_mut()).filter(|t| t.serial == serial);
            match ours {
                Some(transaction) => {
                    (transaction.state, transaction.running) = (TransactionState::Active, None);
                    transaction.connections.extend(connected.as_ref().ok());
                    None
                }
                None => connected.as_ref().ok().copied(),
            }
        };
        if let Some(connection) = lost.filter(|_| self.state().closing.contains(&serial)) {
            // Whoever closes it has made a list of its Connections already.
            self.connection_begin(connection);
            self.state().lose_connection(id, connection);
            return Ok(connection);
        }
        if let Some(connection) = lost {
            self.connection_close(connection).await?;
            self.state().connections.remove(connection);
            return Err(Box::new(PyError::Assertion { what: Assertion::NoSession, statement: None }));
        }
        if let Ok(connection) = connected {
            self.connection_begin(connection);
        }
        connected
    }

    /// The Connection that a Session's transaction has.
    pub(crate) fn connection_of_session(&self, id: u32) -> Option<u32> {
        self.state().sessions.get(id)?.transaction.as_ref()?.connections.last().copied()
    }

    pub(crate) async fn session_execute(&self, id: u32, statement: u16) -> PyResult {
        let connection = self.session_connection(id).await?;
        let done = self.connection_execute(connection, statement).await;
        done.map_err(|error| {
            error.with(|error| match error {
                PyError::InvalidTransaction { statement, .. } => {
                    PyError::InvalidTransaction { statement, session: true }
                }
                PyError::Assertion { what: Assertion::NoCursor, statement }
                    if self.scenario.sqlalchemy < SqlAlchemy::V2_0 =>
                {
                    PyError::Assertion { what: Assertion::NoCursorOfSession, statement }
                }
                PyError::Dbapi { error, statement, disconnect }
                    if error.code == NO_NUMBER && self.scenario.sqlalchemy < SqlAlchemy::V2_0 =>
                {
                    PyError::Dbapi { error: DbapiError { os: OF_SESSION, ..error }, statement, disconnect }
                }
                other => other,
            })
        })
    }

    /// `session.get(User, 1)`: from the identity map, or read and read again. The number of the User, which the caller refers to.
    pub(crate) async fn session_get(&self, id: u32, statement: u16) -> PyResult<u32> {
        let known = self.state().refer_to_user(id);
        if let Some(user) = known {
            if let Err(error) = self.user_touch(user, statement).await {
                // The frame of `get()` refers to it too.
                self.state().release_user(user, error.leaves_cycle());
                return Err(error);
            }
            return Ok(user);
        }
        self.session_execute(id, statement).await?;
        let mut state = self.state();
        // Whoever shares the Session may have read it meanwhile: the row is loaded into what is there.
        if let Some(number) = state.refer_to_user(id) {
            state.users.get_mut(number).into_iter().for_each(|user| user.expired = false);
            return Ok(number);
        }
        state.next_user += 1;
        let number = state.next_user;
        state.users.insert(number, User { session: Some(id), expired: false, references: 1, in_cycle: false });
        Ok(number)
    }

    /// `user.name`
    pub(crate) async fn user_touch(&self, number: u32, statement: u16) -> PyResult {
        let session = match self.state().users.get(number) {
            Some(User { expired: true, session, .. }) => *session,
            _ => return Ok(()),
        };
        self.session_execute(session.ok_or(PyError::Detached)?, statement).await?;
        if let Some(user) = self.state().users.get_mut(number) {
            user.expired = false;
        }
        Ok(())
    }

    /// commit, rollback, close, remove: all of them return the connection.
    pub(crate) async fn session_end(&self, id: u32, how: Ended) -> PyResult {
        if matches!(how, Ended::Close | Ended::Remove) {
            self.state().detach_users(id);
        }
        let method = match how {
            Ended::Commit => Method::Commit,
            Ended::Rollback => Method::Rollback,
            Ended::Close | Ended::Remove => Method::Close,
        };
        // A commit begins a transaction if there is none, which a `with` block whose own has ended does not allow.
        let refused = |s: &Session| s.transaction.is_none() && s.block_has_ended();
        if how == Ended::Commit && self.state().sessions.get(id).is_some_and(refused) {
            return Err(Box::new(PyError::EndedInContext));
        }
        if self.end_nested(id, method).await? {
            return Ok(());
        }
        let (serial, connections) = self.begins(id, method)?;
        if connections.is_empty() {
            self.state().expire_users(id, how);
            self.forget_transaction(id);
            return Ok(());
        }
        let mut failed = Ok(());
        match how {
            Ended::Commit => {
                let mut done = Ok(());
                for connection in &connections {
                    let ended = |c: &Connection| c.fairy.is_some() && c.transaction.is_none();
                    if self.state().connections.get(*connection).is_some_and(ended) {
                        done = done.and(Err(Box::new(PyError::InactiveTransaction)));
                    }
                    if done.is_ok() {
                        done = self.connection_commit(*connection).await;
                    }
                }
                if let Some(t) = self.state().sessions.get_mut(id).and_then(|s| s.transaction.as_mut()) {
                    t.running = None;
                }
                done?;
            }
            // The error is kept until the transaction has been taken apart.
            Ended::Rollback => {
                for connection in &connections {
                    if failed.is_ok() {
                        failed = self.connection_rollback(*connection).await;
                    }
                }
            }
            Ended::Close | Ended::Remove => {}
        }
        if how == Ended::Rollback {
            let state = self.state();
            let ours = state.sessions.get(id).and_then(|s| s.transaction.as_ref()).is_some_and(|t| t.serial == serial);
            // Before 2.0 somebody who shares the Session may have ended it all meanwhile.
            if !ours && !state.closing.contains(&serial) {
                return Err(Box::new(PyError::Assertion { what: Assertion::NoSnapshot, statement: None }));
            }
        }
        self.state().expire_users(id, how);
        let serial = self.forget_transaction(id);
        self.state().closing.extend(serial);
        for (at, connection) in connections.iter().enumerate() {
            if let Err(error) = self.close_after_transaction(*connection).await {
                let mut state = self.state();
                let open = matches!(*error, PyError::Assertion { .. }) && state.let_go_of_open(*connection);
                for left in &connections[at + usize::from(open)..] {
                    if let Some(Fairy { pool, slot, .. }) = state.connections.get(*left).and_then(|c| c.fairy.as_ref())
                    {
                        let (pool, slot) = (*pool, *slot);
                        state.keep_in_traceback(pool, slot);
                    }
                    state.lose_connection(id, *left);
                }
                return Err(error);
            }
        }
        self.state().closing.retain(|other| Some(*other) != serial);
        let rule = if how == Ended::Remove { Rule::RegistryRemove } else { Rule::SessionGivesBack };
        self.state().emit(rule, EventKind::SessionEnd { session: id, how });
        failed
    }

    /// `SessionTransaction.close`: the transaction first; if that raises, the Connection is left as it is.
    async fn close_after_transaction(&self, connection: u32) -> PyResult {
        // One whose COMMIT has failed is left to `Connection.close`, which rolls nothing back and says that it has been reset.
        let active = |c: &Connection| c.fairy.is_some() && c.transaction.as_ref().is_some_and(|t| t.active);
        let valid = self.state().connections.get(connection).is_some_and(active);
        if valid && self.scenario.sqlalchemy >= SqlAlchemy::V1_4 {
            self.connection_rollback(connection).await?;
        }
        self.connection_close(connection).await?;
        self.state().forget_connection(connection);
        Ok(())
    }

    /// `session.invalidate()`: like close, but the connection is thrown away.
    pub(crate) async fn session_invalidate(&self, id: u32) -> PyResult {
        self.state().detach_users(id);
        self.end_nested(id, Method::Close).await?;
        let (_, connections) = self.begins(id, Method::Close)?;
        self.forget_transaction(id);
        for connection in connections {
            self.connection_invalidate(connection).await?;
            self.connection_close(connection).await?;
            let mut state = self.state();
            state.forget_connection(connection);
            state.emit(Rule::SessionGivesBack, EventKind::SessionEnd { session: id, how: Ended::Close });
        }
        Ok(())
    }

    pub(crate) async fn connection_invalidate(&self, connection: u32) -> PyResult {
        if self.state().connections.get(connection).is_some_and(|c| c.closed) {
            return Err(Box::new(PyError::ConnectionClosed));
        }
        match self.checkout_of(connection) {
            Some(fairy) => self.discard(connection, &fairy).await,
            None => Ok(()),
        }
    }

    /// Enters a `with session.begin()` block: the Session must not have begun by itself.
    pub(crate) fn session_begin(&self, id: u32) -> PyResult {
        let mut state = self.state();
        state.next_transaction += 1;
        let serial = state.next_transaction;
        let Some(session) = state.sessions.get_mut(id) else { return Ok(()) };
        if session.transaction.is_some() {
            return Err(Box::new(PyError::AlreadyBegun));
        }
        session.transaction = Some(SessionTransaction::new(serial));
        session.context = Begin::Open;
        Ok(())
    }

    /// One of the methods that end the transaction begins: the Connections that it has.
    fn begins(&self, id: u32, method: Method) -> PyResult<(u32, Vec<u32>)> {
        let mut state = self.state();
        let Some(transaction) = state.sessions.get_mut(id).and_then(|s| s.transaction.as_mut()) else {
            return Ok((0, Vec::new()));
        };
        transaction.may(method, self.scenario.sqlalchemy)?;
        transaction.running = Some(method);
        if method == Method::Commit {
            transaction.state = TransactionState::Prepared;
        }
        let mut connections = transaction.connections.clone();
        // The engine's own entry in `_connections` comes second and has the last.
        if let Some(last) = connections.pop() {
            connections.insert(connections.len().min(1), last);
        }
        Ok((transaction.serial, connections))
    }

    fn forget_transaction(&self, id: u32) -> Option<u32> {
        let transaction = self.state().sessions.get_mut(id)?.transaction.take();
        transaction.map(|t| t.serial)
    }
}

impl<O: Observer> State<'_, O> {
    /// A commit may leave attributes as they are, a rollback of a transaction never does.
    fn expire_users(&mut self, session: u32, how: Ended) {
        let Some(of) = self.sessions.get(session) else { return };
        let expire = match how {
            Ended::Commit => of.expires,
            Ended::Rollback => of.transaction.is_some(),
            Ended::Close | Ended::Remove => false,
        };
        self.users.for_each(|user| user.expired |= expire && user.session == Some(session));
    }

    /// One more reference to what a Session has in its identity map.
    fn refer_to_user(&mut self, session: u32) -> Option<u32> {
        let number = self.users.iter().find(|(_, user)| user.session == Some(session)).map(|(number, _)| number)?;
        self.users.get_mut(number)?.references += 1;
        Some(number)
    }

    /// `Session.expunge_all`, and what is left when the Session is gone.
    pub(crate) fn detach_users(&mut self, session: u32) {
        self.users.for_each(|user| user.session = user.session.filter(|of| *of != session));
    }
}
