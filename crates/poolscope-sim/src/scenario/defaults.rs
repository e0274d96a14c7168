//! Every default, once, with its source. The reader, the knobs and the book take them from here.

use crate::time::SimSpan;

// sqlalchemy: pool/impl.py::QueuePool.__init__, engine/create.py::create_engine
pub const POOL_SIZE: u32 = 5;
pub const MAX_OVERFLOW: i32 = 10;
pub const POOL_TIMEOUT: SimSpan = SimSpan::from_secs(30);
/// −1: connections are never too old.
pub const POOL_RECYCLE: i64 = -1;

// MySQL manual 7.1.8, Server System Variables
pub const MAX_CONNECTIONS: u32 = 151;
pub const WAIT_TIMEOUT: u32 = 28_800;
pub const INTERACTIVE_TIMEOUT: u32 = 28_800;

// The simulation's own: a server in the same data centre, or on the same machine.
pub const RTT_TCP: SimSpan = SimSpan::from_us(500);
pub const RTT_UNIX: SimSpan = SimSpan::from_us(100);
pub const CONNECT_ROUND_TRIPS: u32 = 6;
// Linux: Documentation/networking/ip-sysctl.rst
pub const TCP_RETRIES2: u32 = 15;
// PyMySQL: connections.py::Connection.__init__. mysqlclient has none.
pub const PYMYSQL_CONNECT_TIMEOUT: u32 = 10;
pub const TCP_KEEPALIVE_TIME: SimSpan = SimSpan::from_secs(7_200);
/// What the dialect asks the server on the first connection of an engine, before a ROLLBACK
/// (sqlalchemy: dialects/mysql/base.py::MySQLDialect.initialize). MariaDB 10.11 is asked for @@tx_isolation.
pub const QUESTIONS: [&str; 14] = [
    "SELECT VERSION()",
    "SELECT DATABASE()",
    "SELECT @@transaction_isolation",
    "SELECT @@sql_mode",
    "SELECT @@lower_case_table_names",
    "SHOW VARIABLES LIKE 'sql_mode'",
    "SHOW VARIABLES LIKE 'lower_case_table_names'",
    "show collation where `Charset` = 'utf8mb4' and `Collation` = 'utf8mb4_bin'",
    "show collation where `Charset` = 'utf8' and `Collation` = 'utf8_bin'",
    "SELECT CAST('test plain returns' AS CHAR(60)) AS anon_1",
    "SELECT CAST('test unicode returns' AS CHAR(60)) AS anon_1",
    "SELECT CAST('test collated returns' AS CHAR CHARACTER SET utf8mb4) COLLATE utf8mb4_bin AS anon_1",
    "SELECT CAST('test collated returns' AS CHAR CHARACTER SET utf8) COLLATE utf8_bin AS anon_1",
    // No question: how 1.2 pings (sqlalchemy: engine/default.py::DefaultDialect.do_ping).
    "SELECT 1",
];
/// The statement number of the first of them; the scenario's own count from 0.
pub const QUESTION: u16 = u16::MAX - QUESTIONS.len() as u16;
/// The ping of 1.2.
pub const PING: u16 = u16::MAX - 1;
/// In which order they are asked, and which go through a Connection, which names the statement in its error.
pub const INITIALIZE: &[(u16, bool)] = &[(0, false), (1, true), (2, false), (3, true), (4, true)];
/// The same before 1.4.
pub const INITIALIZE_1_3: &[(u16, bool)] =
    &[(5, true), (6, true), (0, false), (1, true), (2, false), (7, true), (9, true), (10, true), (11, true)];
/// The same in 1.1.
pub const INITIALIZE_1_1: &[(u16, bool)] =
    &[(5, true), (0, false), (1, true), (2, false), (8, true), (9, true), (10, true), (12, true)];
/// From this one on they only look at what the driver returns; an error is no more than a warning
/// (sqlalchemy 1.3: engine/default.py::DefaultDialect._check_unicode_returns).
pub const UNICODE_TESTS: u16 = 9;
/// How a SQLAlchemyJobStore looks for its table (sqlalchemy: dialects/mysql/base.py::MySQLDialect.has_table).
pub const HAS_TABLE: &str = "DESCRIBE `shop`.`apscheduler_jobs`";
pub const HAS_TABLE_1_4: &str = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = %(table_schema)s \
                                 AND table_name = %(table_name)s";
/// How a Session reads the one User there is, as PyMySQL gets it (sqlalchemy: orm/loading.py::load_on_pk_identity).
pub const USER: &str = "SELECT users.id, users.name \nFROM users \nWHERE users.id = %(pk_1)s";
/// The same before 2.1.
pub const USER_2_0: &str =
    "SELECT users.id AS users_id, users.name AS users_name \nFROM users \nWHERE users.id = %(pk_1)s";
/// What it sends then (apscheduler 3.11: jobstores/sqlalchemy.py), as PyMySQL gets it.
pub const JOBSTORE: [&str; 4] = [
    "INSERT INTO apscheduler_jobs (id, next_run_time, job_state) VALUES (%(id)s, %(next_run_time)s, %(job_state)s)",
    "SELECT apscheduler_jobs.id, apscheduler_jobs.job_state \nFROM apscheduler_jobs \nWHERE \
     apscheduler_jobs.next_run_time <= %(next_run_time_1)s ORDER BY apscheduler_jobs.next_run_time",
    "UPDATE apscheduler_jobs SET next_run_time=%(next_run_time)s, job_state=%(job_state)s WHERE apscheduler_jobs.id = \
     %(id_1)s",
    "SELECT apscheduler_jobs.next_run_time \nFROM apscheduler_jobs \nWHERE apscheduler_jobs.next_run_time IS NOT NULL \
     ORDER BY apscheduler_jobs.next_run_time \n LIMIT %(param_1)s",
];
// apscheduler: schedulers/base.py::BaseScheduler._configure
pub const JOBSTORE_RETRY_INTERVAL: SimSpan = SimSpan::from_secs(10);
/// From the exit of the reloader's child until the next one has imported the application.
pub const PYTHON_START: SimSpan = SimSpan::from_ms(500);
/// Server time of a statement that the scenario does not price.
pub const STATEMENT: SimSpan = SimSpan::from_ms(2);
pub const THREADS: u32 = 4;
pub const EVENTS_MAX: u32 = 200_000;
