//! Why things happen: stable rule ids that resolve to the place upstream where the rule is written.

/// One behaviour of SQLAlchemy, a driver, or MySQL. The id is stable; links and conformance cases use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    Scenario,
    Listing,
    Thread,
    Await,
    SessionLazy,
    SessionAutobegin,
    SessionKeeps,
    SessionGivesBack,
    RegistryPerThread,
    RegistryRemove,
    Garbage,
    GarbageAsync,
    GarbageEngine,
    Served,
    Propagate,
    PendingRollback,
    QueueGet,
    QueueWait,
    QueueWake,
    QueueTimeout,
    Overflow,
    QueueReturn,
    QueueFull,
    Connect,
    FirstConnect,
    ConnectFails,
    Recycle,
    PoolInvalidated,
    SoftInvalidated,
    PrePing,
    PingListener,
    ResetOnReturn,
    ResetAgent,
    ResetFails,
    Disconnect,
    Detach,
    Dispose,
    Wire,
    MaxConnections,
    MaxUserConnections,
    ServerAccepts,
    ServerCommand,
    WaitTimeout,
    Kill,
    KillQuery,
    Restart,
    ClientQuits,
    DeadSocket,
    IdleCut,
    TcpGivesUp,
    Keepalive,
    ReadTimeout,
    Reloader,
    Fork,
    SharedSocket,
    Job,
    DueJobs,
    Misfire,
    MaxInstances,
    SchedulerDies,
    Limit,
}

impl Rule {
    /// (id, one sentence, upstream source).
    // Inlined, so that a program that prints ids alone does not carry the sentences.
    #[inline(always)]
    const fn card(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Rule::Scenario => ("scenario", "The scenario says so.", ""),
            Rule::Listing => ("app.line", "The thread executes this line.", ""),
            Rule::Thread => ("app.thread", "A request waits until a thread of its process is free.", ""),
            Rule::Await => (
                "app.await",
                "At an await the other coroutines of the thread go on; in between nobody else runs.",
                "Python: asyncio/base_events.py::BaseEventLoop._run_once",
            ),
            Rule::SessionLazy => {
                ("session.lazy", "A new Session holds no connection.", "sqlalchemy: orm/session.py::Session.__init__")
            }
            Rule::SessionAutobegin => (
                "session.autobegin",
                "The first statement begins a transaction and takes one connection from the pool.",
                "sqlalchemy: orm/session.py::SessionTransaction._connection_for_bind",
            ),
            Rule::SessionKeeps => (
                "session.keeps",
                "A Session keeps its connection until commit, rollback, close or garbage collection.",
                "sqlalchemy: orm/session.py::SessionTransaction.close",
            ),
            Rule::SessionGivesBack => (
                "session.gives-back",
                "Commit, rollback and close return the connection to the pool.",
                "sqlalchemy: orm/session.py::SessionTransaction.close",
            ),
            Rule::RegistryPerThread => (
                "scoped_session.thread",
                "Without a scopefunc a scoped_session keeps one Session per thread.",
                "sqlalchemy: util/_collections.py::ThreadLocalRegistry",
            ),
            Rule::RegistryRemove => (
                "scoped_session.remove",
                "remove() closes the current Session, then forgets it.",
                "sqlalchemy: orm/scoping.py::scoped_session.remove",
            ),
            Rule::Garbage => (
                "gc",
                "A Session with a transaction is a reference cycle: only the cyclic collector frees it.",
                "sqlalchemy: pool/base.py::_ConnectionRecord.checkout (weak reference callback)",
            ),
            Rule::GarbageAsync => (
                "gc.asyncio",
                "The collector cannot await a ROLLBACK: it closes the connection of an asyncio driver instead of returning it.",
                "sqlalchemy: pool/base.py::_finalize_fairy",
            ),
            Rule::GarbageEngine => (
                "gc.engine",
                "An engine and its pool are a reference cycle: their connections stay open until the cyclic collector runs, and PyMySQL then closes them without a goodbye.",
                "sqlalchemy: engine/create.py::create_engine",
            ),
            Rule::Served => ("app.served", "The handler returned.", ""),
            Rule::Propagate => ("python.raise", "An exception that nobody catches leaves the handler.", ""),
            Rule::PendingRollback => (
                "connection.pending-rollback",
                "After a disconnect the transaction must be rolled back before the Connection can be used again.",
                "sqlalchemy: engine/base.py::Connection._revalidate_connection",
            ),
            Rule::QueueGet => (
                "pool.get",
                "A connection waiting in the pool is handed out.",
                "sqlalchemy: pool/impl.py::QueuePool._do_get",
            ),
            Rule::QueueWait => (
                "pool.wait",
                "With overflow at max_overflow a checkout waits up to pool_timeout.",
                "sqlalchemy: pool/impl.py::QueuePool._do_get",
            ),
            Rule::QueueWake => (
                "pool.wake",
                "A returned connection wakes the thread that waited longest.",
                "sqlalchemy: util/queue.py::Queue.put",
            ),
            Rule::QueueTimeout => (
                "pool.timeout",
                "Nothing came back within pool_timeout.",
                "sqlalchemy: pool/impl.py::QueuePool._do_get",
            ),
            Rule::Overflow => (
                "pool.overflow",
                "The pool is empty and below its limit: it opens another connection.",
                "sqlalchemy: pool/impl.py::QueuePool._inc_overflow",
            ),
            Rule::QueueReturn => (
                "pool.return",
                "A returned connection waits in the pool for its next user.",
                "sqlalchemy: pool/impl.py::QueuePool._do_return_conn",
            ),
            Rule::QueueFull => (
                "pool.full",
                "The pool already holds pool_size connections: the returned one is closed.",
                "sqlalchemy: pool/impl.py::QueuePool._do_return_conn",
            ),
            Rule::Connect => (
                "record.connect",
                "The age of a connection counts from here.",
                "sqlalchemy: pool/base.py::_ConnectionRecord.__connect",
            ),
            Rule::FirstConnect => (
                "pool.first_connect",
                "Fires once in the life of a pool; the dialect looks at the server now.",
                "sqlalchemy: engine/create.py::create_engine",
            ),
            Rule::ConnectFails => (
                "record.connect-fails",
                "The driver could not connect: the pool's counters are put back.",
                "sqlalchemy: pool/impl.py::QueuePool._do_get",
            ),
            Rule::Recycle => (
                "record.recycle",
                "Older than pool_recycle, looked at only at checkout: closed and opened again.",
                "sqlalchemy: pool/base.py::_ConnectionRecord.get_connection",
            ),
            Rule::PoolInvalidated => (
                "record.pool-invalidated",
                "Opened before the pool was invalidated: closed and opened again at checkout.",
                "sqlalchemy: pool/base.py::_ConnectionRecord.get_connection",
            ),
            Rule::SoftInvalidated => (
                "record.soft-invalidated",
                "Softly invalidated: closed and opened again at checkout.",
                "sqlalchemy: pool/base.py::_ConnectionRecord.get_connection",
            ),
            Rule::PrePing => (
                "pool.pre_ping",
                "A ping tests the connection at checkout, before the application sees it.",
                "sqlalchemy: pool/base.py::_ConnectionFairy._checkout",
            ),
            Rule::PingListener => (
                "pool.ping_listener",
                "A listener of checkout tests the connection; if it raises DisconnectionError, the pool opens another one.",
                "sqlalchemy: pool/base.py::_ConnectionFairy._checkout",
            ),
            Rule::ResetOnReturn => (
                "pool.reset",
                "A connection is rolled back when it returns to the pool.",
                "sqlalchemy: pool/base.py::_ConnectionFairy._reset",
            ),
            Rule::ResetAgent => (
                "pool.reset-agent",
                "Before 1.4 a connection returned in a transaction was rolled back through that transaction.",
                "sqlalchemy: pool/base.py::_ConnectionFairy._reset_agent",
            ),
            Rule::ResetFails => (
                "pool.reset-fails",
                "If the rollback on return fails, the connection is discarded and the caller hears nothing.",
                "sqlalchemy: pool/base.py::_finalize_fairy",
            ),
            Rule::Disconnect => (
                "engine.disconnect",
                "The driver's error means the connection is dead: it is discarded, and so is everything older in the pool.",
                "sqlalchemy: engine/base.py::Connection._handle_dbapi_exception",
            ),
            Rule::Detach => (
                "pool.detach",
                "detach() takes the connection away from the pool: its slot is free, and closing it really closes.",
                "sqlalchemy: pool/base.py::_ConnectionFairy.detach",
            ),
            Rule::Dispose => (
                "pool.dispose",
                "dispose() closes what is in the pool, not what is out.",
                "sqlalchemy: pool/impl.py::QueuePool.dispose",
            ),
            Rule::Wire => ("driver.wire", "The driver talks to the server: one round trip or more.", ""),
            Rule::MaxConnections => (
                "server.max_connections",
                "The server has max_connections sessions: the next client is refused.",
                "MySQL manual: Too many connections (B.3.2.5)",
            ),
            Rule::MaxUserConnections => (
                "server.max_user_connections",
                "The account has as many sessions as it may: its next client is refused.",
                "MySQL manual: Setting Account Resource Limits (8.2.21)",
            ),
            Rule::ServerAccepts => (
                "server.accept",
                "Each client connection is a session on the server, idle or not.",
                "MySQL manual: Connection Interfaces (7.1.12.1)",
            ),
            Rule::ServerCommand => (
                "server.command",
                "Any command, a ping too, restarts the session's idle clock when it has finished.",
                "MySQL manual: wait_timeout (7.1.8)",
            ),
            Rule::WaitTimeout => (
                "server.wait_timeout",
                "A session idle for wait_timeout is closed by the server; the client is not told.",
                "MySQL manual: wait_timeout (7.1.8)",
            ),
            Rule::Kill => ("server.kill", "KILL ends the session.", "MySQL manual: KILL Statement (15.7.8.4)"),
            Rule::KillQuery => (
                "server.kill-query",
                "KILL QUERY ends the statement that runs, and leaves the session.",
                "MySQL manual: KILL Statement (15.7.8.4)",
            ),
            Rule::Restart => {
                ("server.restart", "A restart ends every session.", "MySQL manual: Shutdown Process (7.1.19)")
            }
            Rule::ClientQuits => ("server.quit", "The client closed the connection: its session ends.", ""),
            Rule::DeadSocket => (
                "driver.dead-socket",
                "The server has gone; whether the client says 2006, 2013 or 4031 depends on driver, transport and server.",
                "MySQL manual: MySQL server has gone away (B.3.2.7)",
            ),
            Rule::IdleCut => (
                "network.idle_timeout",
                "A device on the way cuts a connection on which it has seen no packet for its idle timeout.",
                "Linux: net/netfilter/nf_conntrack_proto_tcp.c (nf_conntrack_tcp_timeout_established)",
            ),
            Rule::TcpGivesUp => (
                "network.tcp_retries2",
                "What nobody acknowledges is sent again, tcp_retries2 times with longer and longer pauses; then TCP gives up.",
                "Linux: net/ipv4/tcp_timer.c::tcp_write_timeout",
            ),
            Rule::Keepalive => (
                "network.tcp_keepalive_time",
                "After tcp_keepalive_time without a packet TCP asks whether the other side still lives.",
                "Linux: net/ipv4/tcp_timer.c::tcp_keepalive_timer",
            ),
            Rule::ReadTimeout => (
                "driver.read_timeout",
                "The driver waits for an answer no longer than read_timeout, and closes the connection then.",
                "PyMySQL: connections.py::Connection._read_bytes",
            ),
            Rule::Reloader => (
                "process.reloader",
                "The reloader runs the application twice: in a parent that only watches, and in a child that serves until a file changes.",
                "werkzeug: _reloader.py::run_with_reloader",
            ),
            Rule::Fork => (
                "process.fork",
                "A forked process has a copy of its parent's pool. No pool looks at the process id, so it uses the parent's sockets.",
                "SQLAlchemy: pool/base.py, which has no such look; Using Connection Pools with Multiprocessing or os.fork()",
            ),
            Rule::SharedSocket => (
                "process.shared-socket",
                "The server answers in the order of the commands. Of the processes that wait on one socket, the one that came last reads first.",
                "Linux: net/core/sock.c::sk_wait_data; measured with PyMySQL 1.2.4 and MariaDB 10.11.19",
            ),
            Rule::Job => (
                "scheduler.job",
                "A thread of the scheduler runs a job that is due.",
                "apscheduler: executors/base.py::run_job",
            ),
            Rule::DueJobs => (
                "scheduler.due-jobs",
                "When the question for due jobs fails, the scheduler logs a warning and asks again after 10 seconds.",
                "apscheduler: schedulers/base.py::BaseScheduler._process_jobs",
            ),
            Rule::Misfire => (
                "scheduler.misfire",
                "A run that is later than misfire_grace_time (1 second) is skipped; only the log says so.",
                "apscheduler: executors/base.py::run_job",
            ),
            Rule::MaxInstances => (
                "scheduler.max-instances",
                "A job whose last run is not over is not run again.",
                "apscheduler: executors/base.py::BaseExecutor.submit_job",
            ),
            Rule::SchedulerDies => (
                "scheduler.dies",
                "Any other error of the job store ends the scheduler's thread.",
                "apscheduler: schedulers/base.py::BaseScheduler._process_jobs",
            ),
            Rule::Limit => ("limit", "A run has limits so that it always ends.", ""),
        }
    }

    pub const fn id(self) -> &'static str {
        self.card().0
    }
    pub const fn sentence(self) -> &'static str {
        self.card().1
    }
    /// Where upstream says so; empty for rules of the simulation itself.
    pub const fn source(self) -> &'static str {
        self.card().2
    }
}
