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
/// What the dialect asks the server on the first connection of an engine, before a ROLLBACK (1.4 and later;
/// sqlalchemy: dialects/mysql/base.py::MySQLDialect.initialize). MariaDB 10.11 is asked for @@tx_isolation.
pub const INITIALIZE: [&str; 5] = [
    "SELECT VERSION()",
    "SELECT DATABASE()",
    "SELECT @@transaction_isolation",
    "SELECT @@sql_mode",
    "SELECT @@lower_case_table_names",
];
/// The statement number of the first of them; the scenario's own count from 0.
pub const INITIALIZE_STATEMENT: u16 = u16::MAX - INITIALIZE.len() as u16;
/// Server time of a statement that the scenario does not price.
pub const STATEMENT: SimSpan = SimSpan::from_ms(2);
pub const THREADS: u32 = 4;
pub const EVENTS_MAX: u32 = 200_000;
