//! SHOW PROCESSLIST as MySQL and MariaDB print it.

use poolscope_sim::scenario::{Server, Transport};
use poolscope_sim::time::SimTime;
use poolscope_sim::trace::Trace;

use crate::names::other_user;
use crate::truths::{Command, Thread, Truths};

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

/// The account and database of the listing's URL.
const USER: &str = "app";
const DB: &str = "shop";
/// MySQL 8's event scheduler, and the shell in which SHOW PROCESSLIST is typed: both older than the run.
const SCHEDULER_ID: u32 = 5;
const OWN_ID: u32 = 7;
/// SHOW PROCESSLIST without FULL cuts the statement here.
const INFO_MAX: usize = 100;

pub fn rows(trace: &Trace, truths: &Truths, at: SimTime) -> Vec<ProcessRow> {
    let Some(up_since) = truths.server_up_since else { return Vec::new() };
    let server = trace.scenario.server;
    let progress = server.is_mariadb().then_some("0.000");
    let row = |id, user: &str, host: &str, command, time, state| ProcessRow {
        id,
        user: user.to_owned(),
        host: host.to_owned(),
        db: None,
        command,
        time,
        state,
        info: None,
        progress,
        connection: None,
    };
    let mut rows = Vec::new();
    // The event scheduler is on by default since MySQL 8.0, and off in 5.7 and MariaDB.
    if mysql8(server) {
        let up = at.since(up_since).as_secs();
        rows.push(row(SCHEDULER_ID, "event_scheduler", "localhost", "Daemon", up, "Waiting on empty queue"));
    }
    // Since 8.0 the statement that asks is seen in `init`, before that in `starting`.
    let asking = if mysql8(server) { "init" } else { "starting" };
    let own = row(OWN_ID, "root", "localhost", "Query", 0, asking);
    rows.push(ProcessRow { info: Some("SHOW PROCESSLIST".to_owned()), ..own });
    // Ids rise, so these are in order.
    for thread in truths.live.iter().map(|i| &truths.threads[*i]) {
        rows.push(session(trace, thread, at, progress));
    }
    rows
}

fn mysql8(server: Server) -> bool {
    matches!(server, Server::MySql80 | Server::MySql84 | Server::MySql97)
}

fn session(trace: &Trace, thread: &Thread, at: SimTime, progress: Option<&'static str>) -> ProcessRow {
    let scenario = &trace.scenario;
    let mariadb = scenario.server.is_mariadb();
    let executing = if mysql8(scenario.server) { "executing" } else { "Sending data" };
    let port = || (50_000 + thread.id * 2 % 10_000).to_string();
    let host = match scenario.transport {
        Transport::Unix => "localhost".to_owned(),
        Transport::Tcp => "10.0.0.5:".to_owned() + &port(),
    };
    let (command, state, info) = match (thread.running, thread.command) {
        // Measured: MariaDB 10.11 says so until the next command, which is not touched by it.
        (false, _) if thread.told_to_stop && mariadb => ("Killed", "", None),
        (false, _) => ("Sleep", "", None),
        (true, Command::Ping) => ("Ping", "", None),
        (true, Command::Connect) => ("Connect", "login", None),
        (true, Command::Statement(s)) => {
            ("Query", if scenario.sleeps(s) { "User sleep" } else { executing }, Some(scenario.sql(s)))
        }
        (true, Command::Commit) => ("Query", "starting", Some("COMMIT")),
        (true, Command::Rollback) => ("Query", "starting", Some("ROLLBACK")),
    };
    // Measured: MySQL counts the time of a Sleep from the start of the last command, MariaDB from its end. MySQL looks at a clock of
    // whole seconds, so that a command that began 0.2 s ago may show 1; MariaDB counts microseconds.
    let time = match (mariadb, thread.running) {
        (true, false) => at.since(thread.ended).as_secs(),
        (true, true) => at.since(thread.began).as_secs(),
        (false, _) => at.as_us() / 1_000_000 - thread.began.as_us() / 1_000_000,
    };
    ProcessRow {
        id: thread.id,
        user: thread.other.map_or(USER, |n| other_user(scenario, n)).to_owned(),
        host,
        db: thread.other.is_none().then(|| DB.to_owned()),
        command,
        time,
        state,
        info: info.map(|sql| sql.chars().take(INFO_MAX).collect()),
        progress,
        connection: thread.connection,
    }
}

/// What the `mysql` client prints.
pub fn text(rows: &[ProcessRow]) -> String {
    let mut table: Vec<Vec<String>> = vec![
        ["Id", "User", "Host", "db", "Command", "Time", "State", "Info", "Progress"]
            .iter()
            .map(|s| (*s).to_owned())
            .collect(),
    ];
    let null = || "NULL".to_owned();
    for row in rows {
        table.push(vec![
            row.id.to_string(),
            row.user.clone(),
            row.host.clone(),
            row.db.clone().unwrap_or_else(null),
            row.command.to_owned(),
            row.time.to_string(),
            row.state.to_owned(),
            row.info.as_ref().map_or_else(null, |info| info.replace(['\n', '\r', '\t'], " ")),
            row.progress.unwrap_or("").to_owned(),
        ]);
    }
    let columns = if rows.iter().any(|r| r.progress.is_some()) { 9 } else { 8 };
    client_table(&table, columns, &[0, 5, 8])
}

/// The `mysql` client's table, `table[0]` being the heads. Numbers are on the right, everything else on the left.
pub fn client_table(table: &[Vec<String>], columns: usize, numbers: &[usize]) -> String {
    let width = |column: usize| table.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut rule = String::from("+");
    for width in &widths {
        rule.push_str(&"-".repeat(width + 2));
        rule.push('+');
    }
    rule.push('\n');
    let mut out = rule.clone();
    for (i, row) in table.iter().enumerate() {
        for (column, width) in widths.iter().enumerate() {
            let pad = " ".repeat(width - row[column].chars().count());
            let right = i > 0 && numbers.contains(&column);
            out.push_str("| ");
            out.push_str(if right { &pad } else { &row[column] });
            out.push_str(if right { &row[column] } else { &pad });
            out.push(' ');
        }
        out.push_str("|\n");
        if i == 0 {
            out.push_str(&rule);
        }
    }
    out.push_str(&rule);
    let rows = table.len() - 1;
    out.push_str(&rows.to_string());
    out.push_str(if rows == 1 { " row in set (0.00 sec)" } else { " rows in set (0.00 sec)" });
    out
}
