//! Runs with more than one engine: schedulers, and programs that run as a process starts.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use expect_test::{Expect, expect};
use poolscope_sim::scenario::KnobValue;
use poolscope_sim::trace::{EventKind, event_row, jsonl};
use poolscope_sim::{Document, Scenario, Trace, measure, simulate};

fn run(file: &str, knobs: &[(&str, &str)]) -> Trace {
    let path = format!("{}/../../book/scenarios/{file}.toml", env!("CARGO_MANIFEST_DIR"));
    let mut document = Document::from_toml(&std::fs::read_to_string(path).unwrap()).unwrap();
    for (set, value) in knobs {
        document.set(set, &KnobValue::parse(value)).unwrap();
    }
    let scenario = Scenario::read(&document, file).unwrap();
    let trace = simulate(&scenario);
    assert_eq!(measure(&scenario), trace.outcome, "recording must not change the run");
    assert_eq!(jsonl(&simulate(&scenario)), jsonl(&trace), "the same scenario gives the same bytes");
    trace
}

/// What a run comes to, then the events of these names.
fn check(trace: &Trace, names: &[&str], expected: Expect) {
    let outcome = &trace.outcome;
    let errors: Vec<String> = outcome.errors.iter().map(|(key, n)| format!(", {n} × {}", key.label())).collect();
    let mut text = format!(
        "served {}, failed {}{}, connects {}, pings {}, peak {}, server at the end {}\n",
        outcome.served,
        outcome.failed,
        errors.concat(),
        outcome.connects,
        outcome.pings,
        outcome.max_used_connections,
        outcome.threads_connected_at_end,
    );
    for event in trace.events.iter().filter(|event| names.contains(&event.kind.name())) {
        let who = event.task.map_or("", |task| trace.tasks[usize::from(task)].name.as_str());
        let (name, details) = event_row(trace, event);
        text += format!("{} {who} {name} {details}", event.at).trim_end();
        text.push('\n');
    }
    expected.assert_eq(&text);
}

fn mistakes(program: &str) -> String {
    let toml =
        format!("seed = 1\nuntil = 1\n[programs.p]\ntext = '''\n{program}'''\n[[traffic]]\nrun = \"p\"\nat = 0\n");
    let document = Document::from_toml(&toml).unwrap();
    let diagnostics = Scenario::read(&document, "test").unwrap_err();
    diagnostics.iter().map(|d| format!("{}\n  {}\n", d.message, d.hint)).collect()
}

#[test]
fn a_job_store_with_its_own_engine_misses_every_run() {
    let trace = run("apscheduler-own-engine", &[]);
    check(
        &trace,
        &["log", "raise"],
        expect![[r#"
        served 8, failed 3, 3 × missed, connects 9, pings 7, peak 2, server at the end 1
        20 s app, APScheduler raise error=sqlalchemy.exc.OperationalError: (pymysql.err.OperationalError) (2013, 'Lost connection to MySQL server during query')
        20 s app, APScheduler log level=WARNING logger=apscheduler.scheduler text=Error getting due jobs from job store 'default': (pymysql.err.OperationalError) (2013, 'Lost connection to MySQL server during query')
        30.0065 s app, ThreadPoolExecutor-0_0 log level=WARNING logger=apscheduler.executors.default text=Run time of job "send_mails (trigger: interval[0:00:20], next run at: 2026-01-01 00:00:40 UTC)" was missed by 0:00:10.006500
        40 s app, APScheduler raise error=sqlalchemy.exc.OperationalError: (pymysql.err.OperationalError) (2013, 'Lost connection to MySQL server during query')
        40 s app, APScheduler log level=WARNING logger=apscheduler.scheduler text=Error getting due jobs from job store 'default': (pymysql.err.OperationalError) (2013, 'Lost connection to MySQL server during query')
        50.0065 s app, ThreadPoolExecutor-0_0 log level=WARNING logger=apscheduler.executors.default text=Run time of job "send_mails (trigger: interval[0:00:20], next run at: 2026-01-01 00:01:00 UTC)" was missed by 0:00:10.006500
        1 min app, APScheduler raise error=sqlalchemy.exc.OperationalError: (pymysql.err.OperationalError) (2013, 'Lost connection to MySQL server during query')
        1 min app, APScheduler log level=WARNING logger=apscheduler.scheduler text=Error getting due jobs from job store 'default': (pymysql.err.OperationalError) (2013, 'Lost connection to MySQL server during query')
        1 min 10.0065 s app, ThreadPoolExecutor-0_0 log level=WARNING logger=apscheduler.executors.default text=Run time of job "send_mails (trigger: interval[0:00:20], next run at: 2026-01-01 00:01:20 UTC)" was missed by 0:00:10.006500
    "#]],
    );
    assert_eq!(trace.engines.iter().map(|e| e.name.as_str()).collect::<Vec<_>>(), ["engine", "jobstore"]);
    assert_eq!(trace.processes, ["app"]);
}

#[test]
fn pre_ping_in_the_job_store_or_the_engine_of_the_application_runs_every_job() {
    let trace = run("apscheduler-own-engine", &[("process.0.startup", "engine-options")]);
    check(
        &trace,
        &["log", "raise"],
        expect![[r#"
        served 11, failed 0, connects 7, pings 22, peak 2, server at the end 0
    "#]],
    );
    let trace = run("apscheduler-own-engine", &[("process.0.startup", "engine")]);
    check(
        &trace,
        &["log", "raise"],
        expect![[r#"
        served 11, failed 0, connects 7, pings 20, peak 2, server at the end 0
    "#]],
    );
    assert_eq!(trace.engines.len(), 1);
    let runs = trace.events.iter().filter(|e| matches!(e.kind, EventKind::Start { .. }) && e.task > Some(1));
    assert_eq!(runs.map(|e| e.at.as_us() / 1_000_000).collect::<Vec<_>>(), [20, 40, 60]);
}

#[test]
fn what_a_scheduler_does_not_know_is_refused() {
    expect![[r#"
        line 3 of the program `p`: `add_jobstore` is not known like this
          add_jobstore("sqlalchemy", url=URL), or engine=engine, or url=URL, engine_options={"pool_pre_ping": True}
        line 4 of the program `p`: `add_jobstore` is not known like this
          add_jobstore("sqlalchemy", url=URL), or engine=engine, or url=URL, engine_options={"pool_pre_ping": True}
        line 5 of the program `p`: `add_job` is not known like this
          add_job(function, "interval", seconds=20), with misfire_grace_time=… if need be
        line 6 of the program `p`: a scheduler here has one job store, and starts once
          scheduler.add_jobstore("sqlalchemy", url=URL) before scheduler.start()
        line 7 of the program `p`: `add_job` after `start()` is not supported
          move it before scheduler.start()
        line 8 of the program `p`: the method `pause` of a scheduler is not known here
          add_jobstore("sqlalchemy", url=URL), add_job(function, "interval", seconds=20), start()
        line 9 of the program `p`: `create_engine` needs the name URL first
          create_engine(URL, pool_size=5)
        line 10 of the program `p`: `create_engine(strategy=…)` is not known like this
          pool_size, max_overflow, pool_timeout, pool_recycle, pool_pre_ping, pool_use_lifo, poolclass=NullPool
        there is no program `p`
          one of 
    "#]]
    .assert_eq(&mistakes(
        "\
def start():
    scheduler = BackgroundScheduler()
    scheduler.add_jobstore(\"sqlalchemy\", url=URL, pool_recycle=3600)
    scheduler.add_jobstore(\"sqlalchemy\", url=URL, engine_options={\"echo\": True})
    scheduler.add_job(work, \"cron\", hour=3)
    scheduler.start()
    scheduler.add_job(work, \"interval\", seconds=3)
    scheduler.pause()
    own = create_engine(\"mysql://\")
    own = create_engine(URL, pool_size=5, strategy=1)
",
    ));
    expect![[r#"
        line 4 of the program `p`: `start` is called without arguments
          a program with `def name():` is a function that a scheduler can run
        line 5 of the program `p`: there is no function `stop`
          a program with `def name():` is a function that a scheduler can run
    "#]]
    .assert_eq(&mistakes(
        "\
def start(argument):
    scheduler = BackgroundScheduler()
    scheduler.add_jobstore(\"sqlalchemy\", engine=engine)
    scheduler.add_job(start, \"interval\", seconds=3)
    scheduler.add_job(stop, \"interval\", minutes=3)
    scheduler.start()
",
    ));
}

#[test]
fn the_debugger_keeps_what_failed_requests_held_until_the_child_exits() {
    let trace = run("debug-mode-reloader", &[]);
    check(
        &trace,
        &["process_start", "process_exit", "gc", "raise", "server_quit"],
        expect![[r#"
        served 15, failed 9, 4 × QueuePool limit, 5 × exception, connects 7, pings 0, peak 4, server at the end 4
        0 s  process_start name=app, reloader
        517.5 ms  process_start name=app, child 1
        2.0025 s app, child 1, thread 1 raise error=KeyError: 'code'
        4.5025 s app, child 1, thread 1 raise error=KeyError: 'code'
        7.0025 s app, child 1, thread 1 raise error=KeyError: 'code'
        8 s  gc found=0
        9.6 s app, child 1, thread 1 raise error=sqlalchemy.exc.TimeoutError: QueuePool limit of size 2 overflow 1 reached, connection timed out, timeout 2.00 (Background on this error at: https://sqlalche.me/e/21/3o7r)
        10.6 s app, child 1, thread 2 raise error=sqlalchemy.exc.TimeoutError: QueuePool limit of size 2 overflow 1 reached, connection timed out, timeout 2.00 (Background on this error at: https://sqlalche.me/e/21/3o7r)
        11.6 s app, child 1, thread 1 raise error=sqlalchemy.exc.TimeoutError: QueuePool limit of size 2 overflow 1 reached, connection timed out, timeout 2.00 (Background on this error at: https://sqlalche.me/e/21/3o7r)
        12.6 s app, child 1, thread 2 raise error=sqlalchemy.exc.TimeoutError: QueuePool limit of size 2 overflow 1 reached, connection timed out, timeout 2.00 (Background on this error at: https://sqlalche.me/e/21/3o7r)
        13 s  process_exit name=app, child 1
        13 s  server_quit thread=9 in_use=3
        13 s  server_quit thread=10 in_use=2
        13 s  server_quit thread=11 in_use=1
        13.5 s  process_start name=app, child 2
        16.0025 s app, child 2, thread 1 raise error=KeyError: 'code'
        18 s  gc found=0
        19.0025 s app, child 2, thread 1 raise error=KeyError: 'code'
    "#]],
    );
    assert_eq!(trace.processes, ["app, reloader", "app, child 1", "app, child 2"]);
}

#[test]
fn without_the_debugger_the_collector_brings_back_what_failed_requests_held() {
    let trace = run("debug-mode-reloader", &[("process.0.debug", "false")]);
    check(
        &trace,
        &["process_start", "process_exit", "gc", "raise"],
        expect![[r#"
        served 21, failed 5, 5 × exception, connects 3, pings 0, peak 3, server at the end 2
        2.0025 s app, thread 1 raise error=KeyError: 'code'
        4.5025 s app, thread 1 raise error=KeyError: 'code'
        7.0025 s app, thread 1 raise error=KeyError: 'code'
        8 s  gc found=3
        16.0025 s app, thread 1 raise error=KeyError: 'code'
        18 s  gc found=1
        19.0025 s app, thread 1 raise error=KeyError: 'code'
    "#]],
    );
    let trace = run("debug-mode-reloader", &[("traffic.0.run", "closed")]);
    check(
        &trace,
        &[],
        expect![[r#"
        served 21, failed 5, 5 × exception, connects 3, pings 0, peak 2, server at the end 2
    "#]],
    );
}

#[test]
fn whoever_gets_the_answer_to_another_question_is_not_served() {
    let trace = run("fork-shares-pool", &[]);
    check(
        &trace,
        &["wrong_answer", "raise"],
        expect![[r#"
        served 4, failed 4, 1 × 2013, 1 × 2014, 2 × wrong answer, connects 3, pings 0, peak 2, server at the end 2
        3.9005 s gunicorn 2 wrong_answer connection=3 sql=SELECT * FROM cart
        4.2005 s gunicorn 1 wrong_answer connection=2 sql=SELECT * FROM orders
        6.7005 s gunicorn 2 wrong_answer connection=3
        6.7005 s gunicorn 2 raise error=sqlalchemy.exc.ResourceClosedError: This result object does not return rows. It has been closed automatically.
        6.7005 s gunicorn 1 wrong_answer connection=2 sql=SELECT * FROM orders
        6.7005 s gunicorn 1 raise error=sqlalchemy.exc.OperationalError: (pymysql.err.OperationalError) (2014, 'Command Out of Sync')
        6.7005 s gunicorn 2 raise error=sqlalchemy.exc.OperationalError: (pymysql.err.OperationalError) (2013, 'Lost connection to MySQL server during query')
    "#]],
    );
    let trace = run("fork-shares-pool", &[("process.0.startup", "own")]);
    check(
        &trace,
        &["wrong_answer", "raise"],
        expect![[r#"
        served 8, failed 0, connects 3, pings 0, peak 3, server at the end 3
    "#]],
    );
}
