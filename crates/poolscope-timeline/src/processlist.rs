//! SHOW PROCESSLIST as MySQL and MariaDB print it.

/// One row; `None` is printed as NULL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessRow {
    pub id: u32,
    pub user: String,
    pub host: String,
    pub db: Option<String>,
    pub command: &'static str,
    pub time: u64,
    pub state: &'static str,
    pub info: Option<String>,
    /// MariaDB's Progress column; not a column in MySQL.
    pub progress: Option<&'static str>,
    /// The DBAPI connection at the other end, if it is the application's.
    pub connection: Option<u32>,
}
