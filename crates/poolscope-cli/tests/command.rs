//! The command from outside: what it prints, and its exit codes.
#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use std::io::Write;
use std::process::{Command, Stdio};

use expect_test::{Expect, expect};

const SCENARIO: &str = r#"
name = "small"
title = "One pause too long"
summary = "The second request gets a connection that the server has closed."
seed = 1
until = "8 s"
[variables]
wait_timeout = 3
[engine]
pool_size = 1
max_overflow = 0
[[process]]
name = "app"
threads = 1
[programs.handler]
text = '''
def show_cart(user_id):
    with Session() as session:
        return session.execute(text("SELECT * FROM cart")).all()
'''
[[traffic]]
run = "handler"
at = ["1 s", "2 s", "7 s"]
"#;

struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

fn poolscope(arguments: &[&str], input: &str) -> Said {
    let mut child = Command::new(env!("CARGO_BIN_EXE_poolscope"))
        .args(arguments)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    // A command that does not read its input may be gone already.
    let _ = child.stdin.take().expect("its input").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

fn check_run(options: &[&str], expected: &Expect) {
    let said = poolscope(&[&["run", "-"], options].concat(), SCENARIO);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    expected.assert_eq(&said.out);
}

#[test]
fn a_summary_has_figures_the_timeline_and_the_first_error() {
    check_run(
        &[],
        &expect![[r#"
            small: The second request gets a connection that the server has closed.

            outcome            3 requests: 2 served, 1 failed (2013 ×1).
            waits              0, the longest 0 s
            connections        1 opened, 0 refused, 0 pings
            at the end         application holds 0, pool counts 0 checked out, server has 0
            server counters    Max_used_connections 1, Aborted_clients 1

            One pause too long      |0 s               2 s                4 s               6 s
            APPLICATION
            app                     |         =        =                                             !
            POOL
            checked out (1)         |         1        1
            slot 1                  |         c--------#---------------------------xxxxxxxxxxxxxxxxxxI
            SERVER
            Threads_connected (151) |         11111111111111111111111111111111111111
            Id 8                    |         =--------=---------------------------T

            The first error, at 7 s:
            Traceback (most recent call last):
              File "app.py", line 10, in show_cart
                return session.execute(text("SELECT * FROM cart")).all()
            sqlalchemy.exc.OperationalError: (pymysql.err.OperationalError) (2013, 'Lost connection to MySQL server during query')
            [SQL: SELECT * FROM cart]
            (Background on this error at: https://sqlalche.me/e/21/e3q8)
        "#]],
    );
}

#[test]
fn a_knob_changes_the_run() {
    let said = poolscope(&["run", "-", "--set", "engine.pool_pre_ping=true", "--seed", "7"], SCENARIO);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.out.contains("3 requests: 3 served."), "{}", said.out);
    assert!(!said.out.contains("Traceback"), "{}", said.out);
}

#[test]
fn other_formats_say_the_same_run() {
    let table = poolscope(&["run", "-", "--format", "table"], SCENARIO).out;
    let jsonl = poolscope(&["run", "-", "--format", "jsonl"], SCENARIO).out;
    let log = poolscope(&["run", "-", "--format", "log"], SCENARIO).out;
    let pool = "sqlalchemy.pool.impl.QueuePool ";
    assert!(log.lines().all(|line| line.contains(pool)) && log.contains("Created new connection"), "{log}");
    assert!(table.contains("2013") && jsonl.contains("2013"), "{table}{jsonl}");
    assert!(jsonl.lines().all(|line| line.starts_with('{') && line.ends_with('}')), "{jsonl}");
    let svg = poolscope(&["run", "-", "--format", "svg"], SCENARIO).out;
    assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n"), "{svg}");
}

#[test]
fn three_mistakes_are_three_messages() {
    let broken = SCENARIO
        .replace("pool_size = 1", "pool_sise = 1")
        .replace("until = \"8 s\"", "until = \"8 parsecs\"")
        .replace("run = \"handler\"", "run = \"handlers\"");
    let said = poolscope(&["check", "-"], &broken);
    assert_eq!((said.code, said.out.as_str()), (Some(2), ""));
    expect![[r#"
        <stdin>:6:1: `until` must be a length of time: `parsecs` is not a unit of time; use us, ms, s, min, h or d
          hint: seconds, or text such as "250 ms", "8 h"
        <stdin>:10:1: unknown key `pool_sise` in [engine]
          hint: did you mean `pool_size`?
        <stdin>:22:1: there is no program `handlers`
          hint: did you mean `handler`?
    "#]]
    .assert_eq(&said.err);
}

#[test]
fn the_scenarios_of_the_book_are_fine() {
    let files = ["book/scenarios/recycle-above-wait-timeout.toml", "book/scenarios/sessions-never-closed.toml"];
    let said = poolscope(&[&["check"], &files[..]].concat(), "");
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(said.out, files.map(|file| format!("{file}: ok\n")).concat());
}

#[test]
fn trouble_with_files_and_mistakes_have_their_own_exit_codes() {
    let missing = poolscope(&["run", "no/such/file.toml"], "");
    assert_eq!(missing.code, Some(1));
    assert!(missing.err.starts_with("no/such/file.toml: "), "{}", missing.err);
    assert_eq!(poolscope(&["check", "no/such/file.toml", "-"], "seed = 'x'").code, Some(2));
    assert_eq!(poolscope(&["run", "-", "--set", "pool_recycle"], SCENARIO).code, Some(2));
    let bad_knob = poolscope(&["run", "-", "--set", "engine.pool_recycel=30"], SCENARIO);
    assert_eq!(bad_knob.code, Some(2));
    expect![[r#"
        <stdin>: engine.pool_recycel: unknown key `pool_recycel` in [engine]
          hint: did you mean `pool_recycle`?
    "#]]
    .assert_eq(&bad_knob.err);
}

#[test]
fn what_is_expected_of_a_run_is_checked() {
    let met = poolscope(&["check", "-", "--expect", "2013"], SCENARIO);
    assert_eq!((met.code, met.out.as_str()), (Some(0), "-: ok\n"), "{}", met.err);
    let mended = poolscope(&["check", "-", "--set", "engine.pool_pre_ping=true", "--expect", "ok"], SCENARIO);
    assert_eq!(mended.code, Some(0), "{}", mended.err);
    let unmet = poolscope(&["check", "-", "--expect", "2006", "--expect", "2013", "--expect", "ok"], SCENARIO);
    assert_eq!((unmet.code, unmet.out.as_str()), (Some(3), ""));
    expect![[r#"
        <stdin>: expected a request that fails with 2006 and no failed request
          found: 3 requests: 2 served, 1 failed (1 × 2013)
    "#]]
    .assert_eq(&unmet.err);
    let limit = SCENARIO.replace("threads = 1", "threads = 2").replace("wait_timeout = 3", "wait_timeout = 30");
    let limit = limit
        .replace("SELECT * FROM cart", "SELECT SLEEP(9)")
        .replace("pool_size = 1", "pool_size = 1\npool_timeout = 1");
    let limit = limit.replace("until = \"8 s\"", "until = \"8 s\"\nstatements = { \"SELECT SLEEP(9)\" = \"9 s\" }");
    let said = poolscope(&["check", "-", "--expect", "QueuePool"], &limit);
    assert_eq!(said.code, Some(0), "{}", said.err);
}

#[test]
fn a_run_as_one_object_has_the_events_of_jsonl() {
    let json = poolscope(&["run", "-", "--format", "json"], SCENARIO).out;
    let jsonl = poolscope(&["run", "-", "--format", "jsonl"], SCENARIO).out;
    let run: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let events: Vec<serde_json::Value> = jsonl.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(run["trace"], serde_json::Value::Array(events));
    assert_eq!(run["outcome"]["errors"], serde_json::json!({ "2013": 1 }));
    assert_eq!(run["tasks"], serde_json::json!(["app"]));
}

#[test]
fn a_scenario_may_be_json() {
    let json = poolscope(&["embed", "-", "--format", "json"], SCENARIO);
    assert!(json.out.starts_with("{\"name\":\"small\""), "{}{}", json.out, json.err);
    assert_eq!(poolscope(&["run", "-"], &json.out).out, poolscope(&["run", "-"], SCENARIO).out);
}

#[test]
fn a_fence_becomes_the_element_around_its_picture() {
    let fence = "scenario = \"recycle-above-wait-timeout\"\n[set]\n\"engine.pool_recycle\" = 5\n";
    let said = poolscope(&["embed", "-", "--scenarios", "book/scenarios", "--lang", "zh-CN"], fence);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(said.out.lines().count(), 1);
    assert!(said.out.starts_with("<div class=\"poolscope\"><pool-scope lang=\"zh-CN\" scenario='{"), "{}", said.out);
    assert!(said.out.contains("\"pool_recycle\":5") && said.out.contains("<svg") && said.out.contains("个请求"));
}

#[test]
fn mistakes_in_a_fence_are_told_where_the_text_has_them() {
    let fence = "scenario = \"recycle-above-wait-timeot\"\nat = 3\n";
    let said = poolscope(&["embed", "-", "--scenarios", "book/scenarios", "--origin", "docs/guide.md:12"], fence);
    assert_eq!((said.code, said.out.as_str()), (Some(2), ""));
    expect![[r#"
        docs/guide.md:13:1: `at` is a time in quotes
          hint: write `at = "8.2 s"`
        docs/guide.md:12:1: there is no book/scenarios/recycle-above-wait-timeot.toml
          hint: did you mean `recycle-above-wait-timeout`?
    "#]]
    .assert_eq(&said.err);
}
