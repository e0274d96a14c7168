//! Whole runs: the outcome as a reader would sum it up.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use expect_test::{Expect, expect};
use poolscope_sim::scenario::KnobValue;
use poolscope_sim::trace::{Limit, jsonl};
use poolscope_sim::{Document, Outcome, Scenario, Trace, measure, simulate};

fn run(toml: &str, knobs: &[(&str, KnobValue)]) -> Trace {
    let mut document = Document::from_toml(toml).unwrap();
    for (path, value) in knobs {
        document.set(path, value).unwrap();
    }
    let scenario = Scenario::read(&document, "test").unwrap();
    let trace = simulate(&scenario);
    assert_eq!(measure(&scenario), trace.outcome, "recording must not change the run");
    assert_eq!(jsonl(&simulate(&scenario)), jsonl(&trace), "the same scenario gives the same bytes");
    trace
}

fn summary(outcome: &Outcome) -> String {
    let errors: Vec<String> = outcome.errors.iter().map(|(key, n)| format!(" {}×{n}", key.label())).collect();
    format!(
        "requests {} served {} failed {}{} | connects {} pings {} waited {} peak {} | at end: held {} out {} server {}",
        outcome.requests,
        outcome.served,
        outcome.failed,
        errors.concat(),
        outcome.connects,
        outcome.pings,
        outcome.waited,
        outcome.max_used_connections,
        outcome.held_at_end,
        outcome.checked_out_at_end,
        outcome.threads_connected_at_end,
    )
}

fn check(toml: &str, knobs: &[(&str, KnobValue)], expected: Expect) {
    expected.assert_eq(&summary(&run(toml, knobs).outcome));
}

fn text(t: &str) -> KnobValue {
    KnobValue::Text(t.to_owned())
}

const GONE: &str = r#"
seed = 1
until = "30 s"
[variables]
wait_timeout = 10
[engine]
pool_recycle = 3600
[programs.handler]
text = '''
def handler():
    with Session() as session:
        session.execute(text("SELECT 1"))
'''
[[traffic]]
run = "handler"
at = ["1 s", "15 s", "16 s"]
"#;

#[test]
fn an_idle_connection_dies_and_one_request_pays() {
    let trace = run(GONE, &[]);
    expect!["requests 3 served 2 failed 1 2013×1 | connects 2 pings 0 waited 0 peak 1 | at end: held 0 out 0 server 0"]
        .assert_eq(&summary(&trace.outcome));
    let error = trace.events.iter().find_map(|e| match e.kind {
        poolscope_sim::trace::EventKind::Raise { error } => Some(error),
        _ => None,
    });
    expect![[r#"
        Traceback (most recent call last):
          File "app.py", line 9, in handler
            session.execute(text("SELECT 1"))
        sqlalchemy.exc.OperationalError: (pymysql.err.OperationalError) (2013, 'Lost connection to MySQL server during query')
        [SQL: SELECT 1]
        (Background on this error at: https://sqlalche.me/e/21/e3q8)"#]]
    .assert_eq(&trace.traceback(&error.unwrap(), Some(9)));
}

#[test]
fn recycle_below_wait_timeout_or_pre_ping_saves_it() {
    check(
        GONE,
        &[("engine.pool_recycle", KnobValue::Number(7))],
        expect!["requests 3 served 3 failed 0 | connects 2 pings 0 waited 0 peak 1 | at end: held 0 out 0 server 0"],
    );
    check(
        GONE,
        &[("engine.pool_pre_ping", KnobValue::Switch(true))],
        expect!["requests 3 served 3 failed 0 | connects 2 pings 2 waited 0 peak 1 | at end: held 0 out 0 server 0"],
    );
}

/// The measured matrix (MySQL 5.7.42, 8.0.46, MariaDB 10.11.19; first use after wait_timeout).
#[test]
fn driver_transport_and_server_decide_the_number() {
    for (driver, transport, server, label) in [
        ("pymysql", "tcp", "mysql-5.7", "2013"),
        ("pymysql", "tcp", "mysql-8.0", "2013"),
        ("pymysql", "tcp", "mariadb-10.11", "2006"),
        ("pymysql", "unix", "mysql-8.0", "2006"),
        ("mysqlclient", "tcp", "mysql-5.7", "2013"),
        ("mysqlclient", "tcp", "mysql-8.0", "4031"),
        ("mysqlclient", "unix", "mysql-8.0", "4031"),
        ("mysqlclient", "tcp", "mariadb-10.11", "2013"),
        ("mysqlclient-mariadb", "tcp", "mysql-5.7", "2013"),
        ("mysqlclient-mariadb", "tcp", "mysql-8.0", "4031"),
        ("mysqlclient-mariadb", "tcp", "mariadb-10.11", "2006"),
        ("mysqlclient-mariadb", "unix", "mysql-8.0", "2006"),
        ("mysql-connector-python", "tcp", "mysql-8.0", "-1"),
        ("mysql-connector-python", "unix", "mariadb-10.11", "-1"),
        // -1 is no disconnect here; what leaves the handler is the ROLLBACK's error.
        ("mysql-connector-python-pure", "tcp", "mysql-8.0", "2055"),
        ("mysql-connector-python-pure", "unix", "mariadb-10.11", "2055"),
    ] {
        let knobs = [("driver", text(driver)), ("transport", text(transport)), ("server", text(server))];
        let outcome = run(GONE, &knobs).outcome;
        let labels: Vec<String> = outcome.errors.iter().map(|(key, _)| key.label()).collect();
        assert_eq!(labels, [label], "{driver} {transport} {server}");
    }
}

const LEAK: &str = r#"
seed = 1
until = "30 s"
[variables]
max_connections = 20
[engine]
pool_size = 2
max_overflow = 1
pool_timeout = 2
[programs.handler]
text = '''
def handler():
    session = Session()
    session.execute(text("SELECT 1"))
'''
[programs.closed]
text = '''
def handler():
    session = Session()
    try:
        session.execute(text("SELECT 1"))
    finally:
        session.close()
'''
[[traffic]]
run = "handler"
every = "1 s"
start = "1 s"
count = 6
"#;

#[test]
fn sessions_never_closed_exhaust_the_pool() {
    check(
        LEAK,
        &[],
        expect![
            "requests 6 served 3 failed 3 QueuePool limit×3 | connects 3 pings 0 waited 3 peak 3 | at end: held 0 out 3 server 3"
        ],
    );
    check(
        LEAK,
        &[("traffic.0.run", text("closed"))],
        expect!["requests 6 served 6 failed 0 | connects 1 pings 0 waited 0 peak 1 | at end: held 0 out 0 server 1"],
    );
}

#[test]
fn the_server_refuses_before_the_pool_does_when_it_is_smaller() {
    check(
        LEAK,
        &[("variables.max_connections", KnobValue::Number(2))],
        expect![
            "requests 6 served 2 failed 4 1040×4 | connects 2 pings 0 waited 0 peak 3 | at end: held 0 out 2 server 2"
        ],
    );
}

#[test]
fn the_collector_brings_leaked_connections_back() {
    let leak = LEAK.replace("[[traffic]]", "[gc]\nat = [\"4500 ms\"]\n[[traffic]]");
    check(
        &leak,
        &[],
        expect!["requests 6 served 6 failed 0 | connects 3 pings 0 waited 1 peak 3 | at end: held 0 out 3 server 3"],
    );
}

const SCOPED: &str = r#"
seed = 1
until = "60 s"
[variables]
wait_timeout = 10
[engine]
session = "scoped_session"
pool_recycle = 5
pool_pre_ping = true
[[process]]
threads = 1
[programs.handler]
text = '''
def handler():
    Session.execute(text("SELECT 1"))
'''
[programs.removed]
text = '''
def handler():
    try:
        Session.execute(text("SELECT 1"))
    finally:
        Session.remove()
'''
[[traffic]]
run = "handler"
at = ["1 s", "15 s", "16 s", "17 s"]
"#;

#[test]
fn a_scoped_session_without_remove_is_beyond_recycle_and_pre_ping() {
    check(
        SCOPED,
        &[],
        expect![
            "requests 4 served 1 failed 3 2013×1 PendingRollbackError×2 | connects 1 pings 0 waited 0 peak 1 | at end: held 0 out 0 server 0"
        ],
    );
    check(
        SCOPED,
        &[("traffic.0.run", text("removed"))],
        expect!["requests 4 served 4 failed 0 | connects 2 pings 2 waited 0 peak 1 | at end: held 0 out 0 server 0"],
    );
}

#[test]
fn a_program_that_never_waits_still_ends() {
    let endless = LEAK.replace(
        "    session = Session()\n    session.execute(text(\"SELECT 1\"))\n",
        "    while True:\n        pass\n",
    );
    let trace = run(&endless, &[("limits.events", KnobValue::Number(1000))]);
    assert_eq!(trace.outcome.truncated, Some(Limit::Events));
}
