//! Python exceptions as values, and their text word for word.

use super::connector;
use crate::scenario::defaults::{USER, USER_2_0};
use crate::scenario::{Driver, Scenario, Server, SqlAlchemy, Transport};
use crate::time::{Decimal, SimSpan};

/// What leaves a call into SQLAlchemy (or the handler's own code).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PyError {
    /// A driver error as SQLAlchemy wraps it.
    Dbapi {
        error: DbapiError,
        /// Index into `Scenario::statements`; absent while connecting, committing or rolling back.
        statement: Option<u16>,
        /// SQLAlchemy's `connection_invalidated`.
        disconnect: bool,
    },
    /// `sqlalchemy.exc.TimeoutError`.
    PoolTimeout {
        /// Index into `Scenario::engines`: whose pool it is.
        options: u16,
        overflow: i32,
        /// The statement for which a Connection wanted to reconnect, if it is a StatementError because of that.
        statement: Option<u16>,
    },
    /// An `assert` of the pool's own, or what an AssertionPool raises; with the statement that it is wrapped for.
    Assertion { what: Assertion, statement: Option<u16> },
    /// `This connection is closed`, as the pool says it.
    RecordClosed { statement: Option<u16> },
    /// Before 1.4, instead of PendingRollbackError.
    InvalidTransaction {
        statement: Option<u16>,
        /// A Session passes parameters on, `{}` if there are none, and they are shown.
        session: bool,
    },
    /// Before 1.4: ConnectionClosed while a statement was to be executed.
    StatementClosed { statement: u16 },
    /// `Can't detach an invalidated Connection`
    DetachInvalidated,
    /// `Can't reconnect until invalid transaction is rolled back.`
    PendingRollback {
        /// Raised by a commit, which it has left through `_handle_dbapi_exception`, or through `safe_reraise` that of a savepoint's block.
        commit: bool,
        /// Inside of a savepoint.
        savepoint: bool,
        /// 1.4 says something else of a Connection that nobody has invalidated.
        inactive: bool,
    },
    /// `DetachedInstanceError`: an expired attribute of an object whose Session is closed.
    Detached,
    /// After a failed commit: `This session is in 'prepared' state`.
    Prepared,
    /// Since 2.0: another thread or coroutine is taking a connection for this Session.
    Provisioning,
    /// Since 2.0, `IllegalStateChangeError`: another one runs a method that this one must not interrupt.
    IllegalStateChange { method: Method, running: Method },
    /// The end of a savepoint's block in which `close()` has failed.
    NotOnList,
    /// Before 2.0: somebody who shares the Session has ended the transaction.
    InactiveTransaction,
    /// `This Connection is closed`.
    ConnectionClosed,
    /// Rows are read from a result that has none.
    NoRows,
    /// A statement after `commit()` inside `with Session.begin()`.
    EndedInContext,
    /// `with session.begin()` after a statement.
    AlreadyBegun,
    /// `raise` in the listing; the exception's text is in the program.
    Raised { program: u16, raise: u16 },
}

/// Errors are rare, and what may fail is called at every step: boxed, so that what succeeds does not carry the room for one.
pub(crate) type PyResult<T = ()> = Result<T, Box<PyError>>;

/// The methods of a SessionTransaction that declare which states they lead to (`orm/state_changes.py`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Connection,
    Commit,
    Rollback,
    Close,
}

impl Method {
    const fn name(self) -> &'static str {
        match self {
            Method::Connection => "_connection_for_bind",
            Method::Commit => "commit",
            Method::Rollback => "rollback",
            Method::Close => "close",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assertion {
    AlreadyCheckedOut,
    NotCheckedOut,
    /// An `assert` without words.
    Bare,
    /// Before 2.0 there was none: the AttributeError of a checkout that somebody else has invalidated.
    NoCursor,
    /// The same through a Session, which shows its parameters before 2.0.
    NoCursorOfSession,
    NoCommit,
    /// Before 2.0: `detach()` of a Connection that has none.
    NoConnection,
    /// Before 2.0: another thread has ended the Session's transaction while this one was taking a connection for it.
    NoSession,
    /// The same while this one was rolling it back.
    NoSnapshot,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DbapiError {
    pub class: DbapiClass,
    /// MySQL's error number; 0 for PyMySQL's `InterfaceError(0, '')`, NO_NUMBER for MySQL Connector's -1.
    pub code: u16,
    /// errno that the driver quotes in its text, or 0.
    pub os: u16,
}

/// The operating system's errors that drivers quote.
pub(crate) const CONNECTION_RESET: u16 = 104;
pub(crate) const TCP_TIMED_OUT: u16 = 110;
/// Python's own: a socket's timeout.
pub(crate) const TIMED_OUT: u16 = 1_000;
/// There was no greeting when the driver had waited for so long as it waits for one.
pub(crate) const NO_GREETING: u16 = 1_003;
/// -1: MySQL Connector/Python has found out by itself that there is no connection.
pub(crate) const NO_NUMBER: u16 = u16::MAX;
/// The same, of a Session before 2.0: it passes parameters on, and they are shown.
pub(crate) const OF_SESSION: u16 = 1_001;
/// What SQLAlchemy lets pass otherwise, wrapped because it was handling another error (`Connection._reentrant_error`).
pub(crate) const REENTRANT: u16 = 1_002;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DbapiClass {
    OperationalError,
    InterfaceError,
    ProgrammingError,
    /// Python's own, of asyncio's streams: two coroutines wait for the same socket.
    RuntimeError,
    /// Python's own, of 1.2: a failed COMMIT or ROLLBACK is looked at with the server's version, and nobody knows it.
    TypeError,
    DatabaseError,
    /// `_mysql_connector.MySQLInterfaceError`: no `Error` of the DBAPI, so SQLAlchemy lets it pass as it is.
    MySqlInterfaceError,
}

/// How errors are counted and labelled: by MySQL's number, or by the name that people search for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ErrorKey {
    MySql(u16),
    PoolTimeout,
    PendingRollback,
    Detached,
    InvalidRequest,
    IllegalStateChange,
    ConnectionClosed,
    Application,
    /// A scheduled job that did not run when it was due.
    MissedRun,
    /// Not an exception, and worse: what another process has asked was answered here.
    WrongAnswer,
}

impl ErrorKey {
    /// Short enough for a mark on the timeline.
    pub fn label(self) -> String {
        match self {
            ErrorKey::MySql(NO_NUMBER) => "-1".to_owned(),
            ErrorKey::MySql(code) => code.to_string(),
            ErrorKey::PoolTimeout => "QueuePool limit".to_owned(),
            ErrorKey::PendingRollback => "PendingRollbackError".to_owned(),
            ErrorKey::Detached => "DetachedInstanceError".to_owned(),
            ErrorKey::InvalidRequest => "InvalidRequestError".to_owned(),
            ErrorKey::IllegalStateChange => "IllegalStateChangeError".to_owned(),
            ErrorKey::ConnectionClosed => "ResourceClosedError".to_owned(),
            ErrorKey::Application => "exception".to_owned(),
            ErrorKey::MissedRun => "missed".to_owned(),
            ErrorKey::WrongAnswer => "wrong answer".to_owned(),
        }
    }
}

impl PyError {
    /// Raised by `Connection._handle_dbapi_exception`, whose traceback refers to itself.
    pub(crate) const fn leaves_cycle(&self) -> bool {
        match self {
            PyError::Dbapi { .. } | PyError::InvalidTransaction { .. } | PyError::StatementClosed { .. } => true,
            PyError::PendingRollback { commit, .. } => *commit,
            PyError::PoolTimeout { statement, .. } | PyError::RecordClosed { statement } => statement.is_some(),
            PyError::Assertion { what, statement } => statement.is_some() || matches!(what, Assertion::NoCommit),
            _ => false,
        }
    }

    /// What the error becomes, in its place.
    pub(crate) fn with(mut self: Box<Self>, change: impl FnOnce(PyError) -> PyError) -> Box<PyError> {
        *self = change(*self);
        self
    }

    /// `util/langhelpers.py::safe_reraise`, whose traceback refers to itself.
    pub(crate) const fn raised_again(self) -> PyError {
        match self {
            PyError::PendingRollback { savepoint, inactive, .. } => {
                PyError::PendingRollback { commit: true, savepoint, inactive }
            }
            other => other,
        }
    }

    pub const fn key(&self) -> ErrorKey {
        match self {
            PyError::Dbapi { error, .. } if error.of_pythons().is_some() => ErrorKey::Application,
            PyError::Dbapi { error, .. } => ErrorKey::MySql(error.code),
            PyError::PoolTimeout { .. } => ErrorKey::PoolTimeout,
            PyError::PendingRollback { .. } => ErrorKey::PendingRollback,
            PyError::Detached => ErrorKey::Detached,
            PyError::Prepared | PyError::Provisioning | PyError::InactiveTransaction | PyError::NotOnList => {
                ErrorKey::InvalidRequest
            }
            PyError::IllegalStateChange { .. } => ErrorKey::IllegalStateChange,
            PyError::ConnectionClosed | PyError::NoRows => ErrorKey::ConnectionClosed,
            PyError::EndedInContext | PyError::AlreadyBegun => ErrorKey::InvalidRequest,
            PyError::DetachInvalidated | PyError::RecordClosed { .. } | PyError::InvalidTransaction { .. } => {
                ErrorKey::InvalidRequest
            }
            PyError::StatementClosed { .. } => ErrorKey::ConnectionClosed,
            PyError::Assertion { .. } | PyError::Raised { .. } => ErrorKey::Application,
        }
    }

    /// The last lines of the traceback: class, message, statement, link.
    pub fn text(&self, scenario: &Scenario) -> String {
        let always = match self {
            PyError::DetachInvalidated => "sqlalchemy.exc.InvalidRequestError: Can't detach an invalidated Connection",
            PyError::Prepared => {
                "sqlalchemy.exc.InvalidRequestError: This session is in 'prepared' state; no further \
                                  SQL can be emitted within this transaction."
            }
            PyError::EndedInContext => {
                "sqlalchemy.exc.InvalidRequestError: Can't operate on closed transaction inside \
                                        context manager.  Please complete the context manager before emitting further \
                                        commands."
            }
            PyError::NotOnList => {
                "sqlalchemy.exc.InvalidRequestError: Transaction \
                                   <sqlalchemy.orm.session.SessionTransaction object at 0x7f5c00000010> is not on the active \
                                   transaction list"
            }
            PyError::AlreadyBegun => {
                "sqlalchemy.exc.InvalidRequestError: A transaction is already begun on this Session."
            }
            PyError::NoRows => {
                "sqlalchemy.exc.ResourceClosedError: This result object does not return rows. It has been closed automatically."
            }
            PyError::ConnectionClosed => "sqlalchemy.exc.ResourceClosedError: This Connection is closed",
            PyError::InactiveTransaction => "sqlalchemy.exc.InvalidRequestError: This transaction is inactive",
            _ => "",
        };
        if !always.is_empty() {
            return always.to_owned();
        }
        let old = scenario.sqlalchemy < SqlAlchemy::V1_3;
        // 1.2 put everything on one line, and the statement into quotes.
        let gap = if old { ' ' } else { '\n' };
        let sql = |statement: u16| {
            let sql = scenario.sql(statement);
            let quote = match old {
                false => "",
                true if sql.contains('\'') => "\"",
                true => "'",
            };
            format!("{gap}[SQL: {quote}{sql}{quote}]")
        };
        let finds_user = |statement| [USER, USER_2_0].contains(&scenario.sql(statement));
        // What SQLAlchemy raises while it prepares a statement becomes a StatementError, whose parameters are a list; a Session always has one.
        let prepared = |statement, session: bool| {
            let mut text = sql(statement);
            if session || finds_user(statement) {
                text.push(gap);
                text += if finds_user(statement) { "[parameters: [{'pk_1': 1}]]" } else { "[parameters: [{}]]" };
            }
            text
        };
        let wrapped = |module: &str, class: &str, message: &str, statement: Option<u16>, session| match statement {
            None => format!("{module}{class}{}{message}", if message.is_empty() { "" } else { ": " }),
            Some(statement) => {
                let module = if module.is_empty() { "builtins." } else { module };
                let prepared = prepared(statement, session);
                format!("sqlalchemy.exc.StatementError: ({module}{class}) {message}{prepared}")
            }
        };
        let ours = "sqlalchemy.exc.";
        // The text, what stands before the link that is put after it, and what that links to.
        let (text, gap, code) = match *self {
            PyError::Dbapi { error, statement, .. } => {
                let class = error.class.name();
                if let Some(words) = error.of_pythons() {
                    return format!("{class}: {words}");
                }
                let words = error.shown(scenario);
                let (start, module) = match error.class {
                    DbapiClass::MySqlInterfaceError if error.os != REENTRANT => {
                        return "_mysql_connector.MySQLInterfaceError: ".to_owned() + &words;
                    }
                    DbapiClass::MySqlInterfaceError => ("DBAPIError", "_mysql_connector"),
                    _ => (class, scenario.driver.module()),
                };
                let mut text = format!("sqlalchemy.exc.{start}: ({module}.{class}) {words}");
                match statement.filter(|_| start == class) {
                    // There is no cursor yet, so the parameters are a list, as in a StatementError.
                    Some(statement) if error.code == NO_NUMBER => {
                        text += &prepared(statement, error.os == OF_SESSION);
                    }
                    Some(statement) => {
                        text += &sql(statement);
                        if finds_user(statement) {
                            text += "\n[parameters: {'pk_1': 1}]";
                        }
                    }
                    None => {}
                }
                let code = match error.class {
                    DbapiClass::OperationalError => "e3q8",
                    DbapiClass::InterfaceError => "rvf5",
                    DbapiClass::ProgrammingError => "f405",
                    DbapiClass::MySqlInterfaceError => "dbapi",
                    _ => "4xp6",
                };
                (text, gap, code)
            }
            PyError::PoolTimeout { options, overflow, statement } => {
                let options = scenario.engines.get(usize::from(options));
                let (size, timeout) = options.map_or((0, SimSpan::ZERO), |o| (o.pool_size, o.pool_timeout));
                let hundredths = hundredths(timeout);
                let timeout = match scenario.sqlalchemy {
                    // `%d` until 1.4
                    before if before < SqlAlchemy::V1_4 => (timeout.as_us() / 1_000_000).to_string(),
                    _ => format!("{}.{:02}", hundredths / 100, hundredths % 100),
                };
                let message = format!(
                    "QueuePool limit of size {size} overflow {overflow} reached, connection timed out, timeout {timeout}"
                );
                let gap = if statement.is_some() { gap } else { ' ' };
                (wrapped(ours, "TimeoutError", &message, statement, false), gap, "3o7r")
            }
            PyError::Assertion { what, statement } => {
                let message = match what {
                    // The stack of the first checkout would follow.
                    Assertion::AlreadyCheckedOut => "connection is already checked out at:",
                    Assertion::NotCheckedOut => "connection is not checked out",
                    Assertion::Bare => "",
                    Assertion::NoCursor | Assertion::NoCursorOfSession => "'NoneType' object has no attribute 'cursor'",
                    Assertion::NoCommit => "'NoneType' object has no attribute 'commit'",
                    Assertion::NoSnapshot => "'NoneType' object has no attribute '_new'",
                    Assertion::NoSession => "'NoneType' object has no attribute 'twophase'",
                    Assertion::NoConnection if scenario.sqlalchemy >= SqlAlchemy::V1_4 => {
                        "'NoneType' object has no attribute 'detach'"
                    }
                    Assertion::NoConnection => "'Connection' object has no attribute '_Connection__connection'",
                };
                let class =
                    if !matches!(what, Assertion::AlreadyCheckedOut | Assertion::NotCheckedOut | Assertion::Bare) {
                        "AttributeError"
                    } else {
                        "AssertionError"
                    };
                return wrapped("", class, message, statement, what == Assertion::NoCursorOfSession);
            }
            PyError::RecordClosed { statement } => {
                return wrapped(ours, "InvalidRequestError", "This connection is closed", statement, false);
            }
            PyError::InvalidTransaction { statement, session } => {
                let message = "Can't reconnect until invalid transaction is rolled back";
                return wrapped(ours, "InvalidRequestError", message, statement, session);
            }
            PyError::StatementClosed { statement } => {
                return wrapped(ours, "ResourceClosedError", "This Connection is closed", Some(statement), false);
            }
            PyError::PendingRollback { savepoint, inactive, .. } => {
                let (state, rolled, code) = match inactive {
                    true => ("This connection is on an inactive ", "", "8s2a"),
                    false => ("Can't reconnect until invalid ", " is rolled back", "8s2b"),
                };
                let what = if savepoint { "savepoint " } else { "" };
                let old = scenario.sqlalchemy < SqlAlchemy::V2_0;
                let more = if old && !inactive { "" } else { ".  Please rollback() fully before proceeding" };
                let stop = if old { "." } else { "" };
                let text = format!("sqlalchemy.exc.PendingRollbackError: {state}{what}transaction{rolled}{more}{stop}");
                (text, ' ', code)
            }
            PyError::Detached => {
                let text = "sqlalchemy.orm.exc.DetachedInstanceError: Instance <User at 0x7f5c00000010> is not bound to a \
                            Session; attribute refresh operation cannot proceed";
                (text.to_owned(), ' ', "bhk3")
            }
            PyError::Provisioning => {
                let text = "sqlalchemy.exc.InvalidRequestError: This session is provisioning a new connection; concurrent \
                            operations are not permitted";
                (text.to_owned(), ' ', "isce")
            }
            PyError::IllegalStateChange { method, running } => {
                let text = format!(
                    "sqlalchemy.exc.IllegalStateChangeError: Method '{}()' can't be called here; method '{}()' is already \
                     in progress and this would cause an unexpected state change to <SessionTransactionState.CLOSED: 5>",
                    method.name(),
                    running.name()
                );
                (text, ' ', "isce")
            }
            PyError::Raised { program, raise } => {
                let raises = scenario.programs.get(usize::from(program)).map(|p| &p.raises);
                return raises.and_then(|raises| raises.get(usize::from(raise))).cloned().unwrap_or_default();
            }
            _ => return String::new(),
        };
        // 1.1 had no such page.
        match scenario.sqlalchemy.link() {
            "" => text,
            page => format!("{text}{gap}(Background on this error at: {page}/{code})"),
        }
    }
}

impl DbapiClass {
    pub const fn name(self) -> &'static str {
        match self {
            DbapiClass::OperationalError => "OperationalError",
            DbapiClass::InterfaceError => "InterfaceError",
            DbapiClass::ProgrammingError => "ProgrammingError",
            DbapiClass::RuntimeError => "RuntimeError",
            DbapiClass::TypeError => "TypeError",
            DbapiClass::DatabaseError => "DatabaseError",
            DbapiClass::MySqlInterfaceError => "MySQLInterfaceError",
        }
    }
}

impl DbapiError {
    pub const fn operational(code: u16) -> DbapiError {
        DbapiError { class: DbapiClass::OperationalError, code, os: 0 }
    }
    pub const fn with_os(code: u16, os: u16) -> DbapiError {
        DbapiError { class: DbapiClass::OperationalError, code, os }
    }

    pub const fn of_python(class: DbapiClass) -> DbapiError {
        DbapiError { class, code: 0, os: 0 }
    }

    /// Raised by the ROLLBACK that another error has led to.
    pub(crate) const fn while_handling(self) -> DbapiError {
        match self.class {
            DbapiClass::MySqlInterfaceError => DbapiError { os: REENTRANT, ..self },
            _ => self,
        }
    }

    /// What Python's own exceptions say.
    const fn of_pythons(&self) -> Option<&'static str> {
        match self.class {
            // `asyncio/streams.py::StreamReader._wait_for_data`
            DbapiClass::RuntimeError => {
                Some("readexactly() called while another coroutine is already waiting for incoming data")
            }
            // `dialects/mysql/base.py::MySQLDialect.do_rollback`
            DbapiClass::TypeError => Some("'<' not supported between instances of 'NoneType' and 'tuple'"),
            _ => None,
        }
    }

    /// `str()` of the driver's exception.
    pub fn shown(&self, scenario: &Scenario) -> String {
        if scenario.driver.is_connector() { connector::shown(self, scenario) } else { self.pair(scenario) }
    }

    /// `(2013, 'Lost connection to MySQL server during query')`, as Python prints the exception's arguments.
    pub fn args(&self, scenario: &Scenario) -> String {
        if scenario.driver.is_connector() { connector::args(self, scenario) } else { self.pair(scenario) }
    }

    /// Number and text, of the drivers whose exceptions print as their arguments.
    fn pair(&self, scenario: &Scenario) -> String {
        if let Some(words) = self.of_pythons() {
            return words.to_owned();
        }
        let message = self.words(scenario);
        let quote = if message.contains('\'') { '"' } else { '\'' };
        format!("({}, {quote}{message}{quote})", self.code)
    }

    /// The message alone.
    pub(super) fn words(&self, scenario: &Scenario) -> String {
        match self.code {
            1226 => format!(
                "User 'app' has exceeded the 'max_user_connections' resource (current value: {})",
                scenario.account.max_user_connections
            ),
            _ => self.message(scenario.driver, scenario.transport, scenario.server),
        }
    }

    /// The drivers' own words (semantics measured per driver; PyMySQL appends the operating system's error to 2006).
    fn message(&self, driver: Driver, transport: Transport, server: Server) -> String {
        let connector_c = driver == Driver::MysqlClientMariaDb;
        // PyMySQL signs in over TLS where the server offers it, and OpenSSL keeps the operating system's error to itself.
        let tls = driver == Driver::PyMySql && !server.is_mariadb();
        // One copy at the end instead of one in each arm: a page loads this.
        let words = match (self.code, transport) {
            (0, _) if driver == Driver::AioMySql => "Not connected",
            (0, _) => "",
            // The driver itself has closed this connection.
            (2006, _) if self.os == u16::MAX => "",
            (1040, _) => "Too many connections",
            (1053, _) => "Server shutdown in progress",
            (2014, _) if matches!(driver, Driver::PyMySql | Driver::AioMySql) => "Command Out of Sync",
            (2014, _) => "Commands out of sync; you can't run this command now",
            (1203, _) => "User app already has more than 'max_user_connections' active connections",
            (1317, _) => "Query execution was interrupted",
            (2006, _) if connector_c => "Server has gone away",
            (2006, _) if tls && matches!(self.os, CONNECTION_RESET | TCP_TIMED_OUT) => {
                return format!("MySQL server has gone away ({})", os_error(8));
            }
            (2006, _) if self.os != 0 => return format!("MySQL server has gone away ({})", os_error(self.os)),
            (2006, _) => "MySQL server has gone away",
            (2013, _) if self.os == NO_GREETING && connector_c => {
                "Lost connection to server at 'handshake: reading initial communication packet', system error: 110"
            }
            (2013, _) if self.os != 0 && driver.module() == "pymysql.err" && (!tls || self.os >= TIMED_OUT) => {
                let why = match self.os {
                    // There is no TLS yet at the greeting.
                    TIMED_OUT if tls => "The read operation timed out",
                    TIMED_OUT | NO_GREETING => "timed out",
                    TCP_TIMED_OUT => "[Errno 110] Connection timed out",
                    _ => "[Errno 104] Connection reset by peer",
                };
                return format!("Lost connection to MySQL server during query ({why})");
            }
            (2013, _) if connector_c => "Lost connection to server during query",
            (2013, _) => "Lost connection to MySQL server during query",
            (4031, _) => {
                "The client was disconnected by the server because of inactivity. See wait_timeout and \
                          interactive_timeout for configuring this behavior."
            }
            (2003, Transport::Unix) if driver == Driver::AioMySql => "Can't connect to MySQL server on 'localhost'",
            (2003, _) if driver == Driver::AioMySql => "Can't connect to MySQL server on 'db'",
            (2003, Transport::Unix) if driver == Driver::PyMySql => {
                "Can't connect to MySQL server on 'localhost' ([Errno 2] No such file or directory)"
            }
            (2003, _) if driver == Driver::PyMySql && self.os == TIMED_OUT => {
                "Can't connect to MySQL server on 'db' (timed out)"
            }
            (2003, _) if driver == Driver::PyMySql && self.os == TCP_TIMED_OUT => {
                "Can't connect to MySQL server on 'db' ([Errno 110] Connection timed out)"
            }
            (2003, _) if driver == Driver::PyMySql => {
                "Can't connect to MySQL server on 'db' ([Errno 111] Connection refused)"
            }
            (2003, _) => "Can't connect to MySQL server on 'db:3306' (111)",
            (2002, Transport::Tcp) if connector_c && self.os == TIMED_OUT => "Can't connect to server on 'db' (110)",
            // Connector/C connects without blocking and quotes that: 115 is EINPROGRESS, not the refusal.
            (2002, Transport::Tcp) if connector_c => "Can't connect to server on 'db' (115)",
            (2002, _) if connector_c => "Can't connect to local server through socket '/run/mysqld/mysqld.sock' (2)",
            (2002, _) => "Can't connect to local MySQL server through socket '/run/mysqld/mysqld.sock' (2)",
            _ => "Unknown error",
        };
        words.to_owned()
    }
}

/// Seconds times 100, rounded half to even as `%0.2f` does.
fn hundredths(span: SimSpan) -> u64 {
    let (whole, rest) = (span.as_us() / 10_000, span.as_us() % 10_000);
    whole + u64::from(rest > 5_000 || (rest == 5_000 && whole % 2 == 1))
}

/// Python's `repr` of the OSError that PyMySQL puts into its 2006.
fn os_error(errno: u16) -> &'static str {
    match errno {
        8 => "SSLEOFError(8, 'EOF occurred in violation of protocol (_ssl.c:2427)')",
        32 => "BrokenPipeError(32, 'Broken pipe')",
        TCP_TIMED_OUT => "TimeoutError(110, 'Connection timed out')",
        CONNECTION_RESET => "ConnectionResetError(104, 'Connection reset by peer')",
        _ => "OSError()",
    }
}

/// Seconds as Python prints a number that may be whole: `30`, `0.25`.
pub fn seconds(span: SimSpan) -> String {
    Decimal(span.as_us(), 1_000_000).to_string()
}
