//! What a reader takes along: text that others read again.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod runs;

use expect_test::{Expect, expect};
use poolscope_sim::scenario::{KnobValue, Node, Value};
use poolscope_sim::time::SimTime;
use poolscope_sim::{Document, Trace};
use poolscope_timeline::export::Snippet;
use poolscope_timeline::{Lang, Timeline, export};
use runs::{DEAD, LEAK, NIGHT, WAIT, run};

fn settings() -> Vec<(String, KnobValue)> {
    [("engine.pool_recycle", "30"), ("engine.pool_pre_ping", "true"), ("driver", "it's \"<x>\"\\")]
        .map(|(path, value)| (path.to_owned(), KnobValue::parse(value)))
        .to_vec()
}

fn snippet<'s>(settings: &'s [(String, KnobValue)], compare: Option<&'s [(String, KnobValue)]>) -> Snippet<'s> {
    Snippet { scenario: "gone-away", settings, compare, at: Some(SimTime(25_040_001)), lang: Lang::ZhCn }
}

#[test]
fn a_fence_says_the_same_again() {
    let text = export::fence(&snippet(&settings(), None));
    expect![[r#"
        ```poolscope
        scenario = "gone-away"
        at = "25040001 us"
        [set]
        "engine.pool_recycle" = 30
        "engine.pool_pre_ping" = true
        "driver" = "it's \"<x>\"\\"
        ```
    "#]]
    .assert_eq(&text);
    let body = text.strip_prefix("```poolscope\n").unwrap().strip_suffix("```\n").unwrap();
    let document = Document::from_toml(body).unwrap();
    let Some(Value::Table(set)) = document.get("set").map(|node| &node.value) else { panic!("{text}") };
    let read: Vec<(String, Value)> = set.iter().map(|(path, node)| (path.clone(), node.value.clone())).collect();
    let written: Vec<_> = settings().into_iter().map(|(path, value)| (path, value.to_value())).collect();
    assert_eq!(read, written);
}

#[test]
fn an_element_says_the_same_again() {
    let text = export::html(&Snippet { at: Some(SimTime(25_000_000)), ..snippet(&settings(), None) });
    expect![[r#"
        <pool-scope scenario='gone-away' knobs='{"engine.pool_recycle":30,"engine.pool_pre_ping":true,"driver":"it&#39;s \"&lt;x&gt;\"\\"}' at='25 s' lang='zh-CN'></pool-scope>
    "#]].assert_eq(&text);
}

#[test]
fn the_run_beside_is_said_as_well() {
    let settings = settings();
    let (now, before) = (&settings[1..2], &settings[..1]);
    let plain = |compare| Snippet { at: None, lang: Lang::En, ..snippet(now, Some(compare)) };
    expect![[r#"
        ```poolscope
        scenario = "gone-away"
        compare = true
        [set]
        "engine.pool_pre_ping" = true
        ```
    "#]]
    .assert_eq(&export::fence(&plain(&[])));
    expect![[r#"
        ```poolscope
        scenario = "gone-away"
        [set]
        "engine.pool_pre_ping" = true
        [compare]
        "engine.pool_recycle" = 30
        ```
    "#]]
    .assert_eq(&export::fence(&plain(before)));
    expect![[r#"
        <pool-scope scenario='gone-away' knobs='{"engine.pool_pre_ping":true}' compare='{}'></pool-scope>
    "#]]
    .assert_eq(&export::html(&plain(&[])));
    expect![[r#"
        <pool-scope scenario='gone-away' knobs='{"engine.pool_pre_ping":true}' compare='{"engine.pool_recycle":30}'></pool-scope>
    "#]]
    .assert_eq(&export::html(&plain(before)));
}

fn table(node: &Node) -> &[(String, Node)] {
    let Value::Table(entries) = &node.value else { panic!("{node:?}") };
    entries
}

fn field<'a>(node: &'a Node, key: &str) -> Option<&'a Value> {
    table(node).iter().find(|(k, _)| k == key).map(|(_, n)| &n.value)
}

fn whole(value: Option<&Value>) -> i64 {
    let Some(Value::Integer(n)) = value else { panic!("{value:?}") };
    *n
}

/// The rules of the trace event format: phases and what each of them requires, whole microseconds, slices of a thread one after the other,
/// a name for every process and thread.
#[test]
fn perfetto_gets_a_trace_in_its_format() {
    for toml in [DEAD, LEAK, WAIT, NIGHT] {
        let trace = run(toml, &[]);
        let timeline = Timeline::new(&trace);
        let text = export::perfetto(&trace, &timeline, Lang::ZhCn);
        let document = Document::from_json(&text).unwrap();
        let Some(Value::List(events)) = field(&document.root, "traceEvents") else { panic!("{text}") };
        let (mut slices, mut instants, mut named) = (0, 0, Vec::new());
        let mut ends: Vec<((i64, i64), i64)> = Vec::new();
        for event in events {
            let Some(Value::Text(phase)) = field(event, "ph") else { panic!("{event:?}") };
            assert!(matches!(field(event, "name"), Some(Value::Text(name)) if !name.is_empty()), "{event:?}");
            let lane = (whole(field(event, "pid")), whole(field(event, "tid")));
            match phase.as_str() {
                "M" => named.push(lane),
                "C" => assert!(0 <= whole(field(event, "ts"))),
                "X" => {
                    slices += 1;
                    let from = whole(field(event, "ts"));
                    let last = ends.iter().filter(|(l, _)| *l == lane).map(|(_, end)| *end).next_back();
                    assert!(last.is_none_or(|end| end <= from), "{event:?}");
                    ends.push((lane, from + whole(field(event, "dur"))));
                }
                "i" => {
                    instants += 1;
                    assert_eq!(field(event, "s"), Some(&Value::Text("t".to_owned())));
                    assert!(0 <= whole(field(event, "ts")));
                }
                other => panic!("phase {other}"),
            }
            assert!(phase == "M" || phase == "C" || named.contains(&lane), "{event:?}");
        }
        let lanes = || timeline.groups.iter().flat_map(|g| &g.lanes);
        assert_eq!(slices, lanes().map(|l| l.bars.len()).sum::<usize>());
        assert_eq!(instants, lanes().map(|l| l.marks.len()).sum::<usize>());
    }
}

fn check_script(trace: &Trace, expected: Expect) {
    let script = export::python(trace).unwrap();
    let own = script.split("# The program, as").nth(1).unwrap().split("# The cyclic").next().unwrap();
    expected.assert_eq(own);
    // Everything has been put in.
    for name in ["@title@", "@dialect@", "@application@", "@processes@", "@seconds@", "@outcome_text@"] {
        assert!(!script.contains(name), "{script}");
    }
}

#[test]
fn a_script_does_what_the_scenario_does() {
    let at_an_instant =
        run(&DEAD.replace("kind = \"restart\"\ndown = \"1 s\"", "kind = \"kill\"\nconnection = 2"), &[]);
    check_script(
        &at_an_instant,
        expect![[r#"
             the timeline shows it; each process has its own engine.
            APPLICATION = '''
            import time
            from sqlalchemy import create_engine, text
            from sqlalchemy.orm import Session, scoped_session, sessionmaker
            from sqlalchemy.pool import NullPool

            engine = create_engine(
                URL,
                pool_size=2,
                max_overflow=0,
                pool_recycle=20,
            )
            Session = sessionmaker(engine)

            def handler():
                with Session() as session:
                    session.execute(text("SELECT 1"))
                    time.sleep(1)
            '''

            # What the statements cost on the server: each runs as SLEEP(seconds), so that no table is needed.
            STATEMENTS = {"SELECT 1": 0.8, }
            VARIABLES = {"max_connections": 151, "wait_timeout": 8}
            # Users of sessions that are not the application's, and when they come.
            OTHERS = []
            # (threads, [(seconds, function)]) for each process.
            PROCESSES = [
                (2, [(1, "handler"), (1.5, "handler"), (15, "handler"), (17, "handler"), (23, "handler"), (31, "handler"), (36, "handler"), ]),
            ]
            # (seconds, DBAPI connection from 1 or None for all)
            KILLS = [(20, None), (34, 2), ]
            COLLECT = []
            UNTIL = 40
            # Requests that the simulator has still running then.
            UNFINISHED = 0

        "#]],
    );
    check_script(
        &run(LEAK, &[]),
        expect![[r#"
             the timeline shows it; each process has its own engine.
            APPLICATION = '''
            import time
            from sqlalchemy import create_engine, text
            from sqlalchemy.orm import Session, scoped_session, sessionmaker
            from sqlalchemy.pool import NullPool

            engine = create_engine(
                URL,
                pool_size=1,
                max_overflow=2,
                pool_timeout=3,
            )
            Session = sessionmaker(engine)

            def handler():
                session = Session()
                session.execute(text("SELECT 1"))
                time.sleep(0.5)
            '''

            # What the statements cost on the server: each runs as SLEEP(seconds), so that no table is needed.
            STATEMENTS = {"SELECT 1": 0.002, }
            VARIABLES = {"max_connections": 4, "wait_timeout": 12}
            # Users of sessions that are not the application's, and when they come.
            OTHERS = []
            # (threads, [(seconds, function)]) for each process.
            PROCESSES = [
                (1, [(1, "handler"), (3, "handler"), (5, "handler"), (7, "handler"), (9, "handler"), (11, "handler"), (13, "handler"), (15, "handler"), (17, "handler"), (19, "handler"), ]),
                (1, [(2, "handler"), (4, "handler"), (6, "handler"), (8, "handler"), (10, "handler"), (12, "handler"), (14, "handler"), (16, "handler"), (18, "handler"), (20, "handler"), ]),
            ]
            # (seconds, DBAPI connection from 1 or None for all)
            KILLS = []
            COLLECT = [16]
            UNTIL = 20
            # Requests that the simulator has still running then.
            UNFINISHED = 1

        "#]],
    );
    assert_eq!(export::python(&run(DEAD, &[])), None, "SQL cannot restart a server");
}
