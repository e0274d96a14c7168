//! Registries and coroutines: who gets which Session, in the book's scenarios and in small ones.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use expect_test::{Expect, expect};
use poolscope_sim::scenario::KnobValue;
use poolscope_sim::trace::{Ended, EventKind, log_table};
use poolscope_sim::{Document, Scenario, Trace, measure, simulate};

fn run(toml: &str, program: &str) -> Trace {
    let mut document = Document::from_toml(toml).unwrap();
    document.set("traffic.0.run", &KnobValue::Text(program.to_owned())).unwrap();
    let scenario = Scenario::read(&document, "test").unwrap();
    let trace = simulate(&scenario);
    assert_eq!(measure(&scenario), trace.outcome, "recording must not change the run");
    trace
}

/// What each program of a scenario comes to.
fn check(toml: &str, programs: &[&str], expected: Expect) {
    let mut text = String::new();
    for program in programs {
        let trace = run(toml, program);
        let outcome = &trace.outcome;
        let errors: Vec<String> = outcome.errors.iter().map(|(key, n)| format!(", {} × {n}", key.label())).collect();
        let ends = |wanted: Ended| {
            trace.events.iter().filter(|e| matches!(e.kind, EventKind::SessionEnd { how, .. } if how == wanted)).count()
        };
        text += &format!(
            "{program}: served {}{}; Sessions ended: commit {} rollback {} remove {} close {}; connections {}, at end out {}\n",
            outcome.served,
            errors.concat(),
            ends(Ended::Commit),
            ends(Ended::Rollback),
            ends(Ended::Remove),
            ends(Ended::Close),
            outcome.connects,
            outcome.checked_out_at_end,
        );
    }
    expected.assert_eq(&text);
}

#[test]
fn a_scoped_session_that_is_never_removed_fails_for_ever() {
    check(
        include_str!("../../../book/scenarios/scoped-session-never-removed.toml"),
        &["never-removed", "finally", "teardown"],
        expect![[r#"
            never-removed: served 4, 2013 × 1, PendingRollbackError × 7; Sessions ended: commit 0 rollback 0 remove 0 close 0; connections 2, at end out 1
            finally: served 12; Sessions ended: commit 0 rollback 0 remove 12 close 0; connections 7, at end out 0
            teardown: served 12; Sessions ended: commit 0 rollback 0 remove 12 close 0; connections 7, at end out 0
        "#]],
    );
}

#[test]
fn recycle_has_nothing_to_do_in_an_event_loop() {
    check(
        include_str!("../../../book/scenarios/tornado-recycle-does-nothing.toml"),
        &["never-removed", "removed", "per-handler"],
        expect![[r#"
            never-removed: served 5, 2013 × 1, PendingRollbackError × 6; Sessions ended: commit 0 rollback 0 remove 0 close 0; connections 1, at end out 0
            removed: served 12; Sessions ended: commit 0 rollback 0 remove 12 close 0; connections 5, at end out 0
            per-handler: served 12; Sessions ended: commit 0 rollback 0 remove 0 close 12; connections 5, at end out 0
        "#]],
    );
}

#[test]
fn coroutines_of_one_thread_share_its_session() {
    check(
        include_str!("../../../book/scenarios/coroutines-share-session.toml"),
        &["thread-local", "thread-local-begin", "contextvar", "per-handler"],
        expect![[r#"
            thread-local: served 4; Sessions ended: commit 2 rollback 0 remove 2 close 0; connections 1, at end out 0
            thread-local-begin: served 2, InvalidRequestError × 2; Sessions ended: commit 2 rollback 0 remove 1 close 0; connections 1, at end out 0
            contextvar: served 4; Sessions ended: commit 2 rollback 0 remove 2 close 0; connections 2, at end out 0
            per-handler: served 4; Sessions ended: commit 2 rollback 0 remove 0 close 2; connections 2, at end out 0
        "#]],
    );
}

#[test]
fn an_async_session_that_waits_keeps_its_connection() {
    check(
        include_str!("../../../book/scenarios/async-session.toml"),
        &["waits-with-session", "closes-first", "never-closed"],
        expect![[r#"
            waits-with-session: served 7, QueuePool limit × 1; Sessions ended: commit 0 rollback 0 remove 0 close 7; connections 4, at end out 0
            closes-first: served 8; Sessions ended: commit 0 rollback 0 remove 0 close 8; connections 1, at end out 0
            never-closed: served 6, QueuePool limit × 2; Sessions ended: commit 0 rollback 0 remove 0 close 0; connections 6, at end out 3
        "#]],
    );
}

const BLOCKED: &str = r#"
seed = 1
until = "10 s"
[[process]]
coroutines = 3
[programs.sleeps]
text = '''
async def handler(request):
    await asyncio.sleep(1)
'''
[programs.blocks]
text = '''
async def handler(request):
    time.sleep(1)
'''
[[traffic]]
run = "sleeps"
at = ["1 s", "1 s", "1.5 s", "1.5 s"]
"#;

/// When each request ends: an await lets the others go on, a call that blocks does not.
#[test]
fn a_call_without_await_blocks_all_coroutines() {
    let ends = |program: &str| {
        let trace = run(BLOCKED, program);
        let table = log_table(&trace);
        table
            .lines()
            .filter(|line| line.contains(" finish "))
            .map(|line| format!("{}\n", line.trim_start()))
            .collect::<String>()
    };
    expect![[r#"
            2.000000  app, coroutine 1  finish          request=1
            2.000000  app, coroutine 2  finish          request=2
            2.500000  app, coroutine 3  finish          request=3
            3.000000  app, coroutine 1  finish          request=4
    "#]]
    .assert_eq(&ends("sleeps"));
    expect![[r#"
            2.000000  app, coroutine 1  finish          request=1
            3.000000  app, coroutine 1  finish          request=2
            4.000000  app, coroutine 1  finish          request=3
            5.000000  app, coroutine 2  finish          request=4
    "#]]
    .assert_eq(&ends("blocks"));
}

#[test]
fn what_an_asyncio_engine_does_is_awaited() {
    let refused = |program: &str, stack: &str| {
        let toml = format!(
            "seed = 1\nuntil = \"1 s\"\n{stack}\n[[process]]\ncoroutines = 2\n[programs.p]\ntext = '''\n{program}\n'''\n[[traffic]]\nrun = \"p\"\nat = \"0 s\"\n"
        );
        let document = Document::from_toml(&toml).unwrap();
        let mistakes = Scenario::read(&document, "test").unwrap_err();
        mistakes.iter().take(1).map(|d| format!("{d}\n")).collect::<String>()
    };
    let aiomysql = "driver = \"aiomysql\"";
    let program = |lines: &str| format!("async def handler(request):\n    {}", lines.replace('\n', "\n    "));
    let all = [
        refused(&program("with Session() as session:\n    pass"), aiomysql),
        refused(&program("async with Session() as session:\n    pass"), ""),
        refused(&program("session = Session()\nsession.execute(text(\"SELECT 1\"))"), aiomysql),
        refused(&program("session = Session()\nrows = await session.execute(text(\"SELECT 1\")).all()"), aiomysql),
        refused(&program("engine.dispose()"), aiomysql),
        refused(&program("session = AsyncSession(engine)"), ""),
        refused("Session = sessionmaker(engine)\nasync def handler(request):\n    pass", aiomysql),
        refused(
            "Session = scoped_session(async_sessionmaker(engine))\nasync def handler(request):\n    pass",
            aiomysql,
        ),
        refused(&program("pass"), "driver = \"aiomysql\"\nsqlalchemy = \"1.4\""),
        refused(&program("pass"), "driver = \"aiomysql\"\n[engine]\npoolclass = \"StaticPool\""),
    ];
    expect![[r#"
        9:1: line 2 of the program `p`: a Session or Connection of an asyncio engine needs `async with`
          hint: async with Session() as session:
        9:1: line 2 of the program `p`: `async with` needs an asyncio engine
          hint: `with`, or driver = "aiomysql" in the scenario
        10:1: line 3 of the program `p`: `execute()` of an asyncio engine does nothing without `await`
          hint: await ….execute(…)
        10:1: line 3 of the program `p`: `await` binds less tightly than what follows `execute(…)`
          hint: rows = (await session.execute(text("…"))).all()
        9:1: line 2 of the program `p`: `dispose()` of an asyncio engine does nothing without `await`
          hint: await ….dispose(…)
        9:1: line 2 of the program `p`: `AsyncSession` needs an asyncio engine
          hint: AsyncSession(engine)
        8:1: line 1 of the program `p`: `sessionmaker` does not fit this engine
          hint: async_sessionmaker(engine)
        8:1: line 1 of the program `p`: a scoped_session does not make AsyncSessions
          hint: Session = async_sessionmaker(engine)
        1:1: the driver aiomysql needs SQLAlchemy 2.0 or later here
          hint: async_sessionmaker is new in 2.0
        1:1: with the driver aiomysql there are the AsyncAdaptedQueuePool and the NullPool
          hint: leave poolclass out: QueuePool stands for SQLAlchemy's AsyncAdaptedQueuePool then
    "#]]
    .assert_eq(&all.concat());
}

#[test]
fn what_the_python_subset_does_not_know_is_refused() {
    let refused = |program: &str, process: &str| {
        let toml = format!(
            "seed = 1\nuntil = \"1 s\"\n[[process]]\n{process}\n[programs.p]\ntext = '''\n{program}\n'''\n[[traffic]]\nrun = \"p\"\nat = \"0 s\"\n"
        );
        let document = Document::from_toml(&toml).unwrap();
        let mistakes = Scenario::read(&document, "test").unwrap_err();
        mistakes.iter().map(|d| format!("{d}\n")).collect::<String>()
    };
    let loops = "coroutines = 2";
    let all = [
        refused("async def handler(request):\n    await asyncio.sleep(1)", "threads = 2"),
        refused("def handler(request):\n    await asyncio.sleep(1)", loops),
        refused("async def handler(request):\n    asyncio.sleep(1)", loops),
        refused("async def handler(request):\n    await Session.execute(text(\"SELECT 1\"))", loops),
        refused("async def handler(request):\n    await request", loops),
        refused("request_id = ContextVar(\"request_id\")\nasync def handler(request):\n    pass", loops),
        refused(
            "Session = scoped_session(sessionmaker(engine), scopefunc=get_ident)\ndef handler(request):\n    pass",
            loops,
        ),
        refused("Session = sessionmaker(motor)\ndef handler(request):\n    pass", loops),
        refused("@app.after_request\ndef handler(request):\n    pass", loops),
        refused("def handler(request):\n    pass\n@app.teardown_appcontext", loops),
        refused("x = 1", loops),
    ];
    expect![[r#"
        10:1: `p` has an `async def`: it needs an event loop
          hint: coroutines = 3 instead of threads in [[process]]
        8:1: line 2 of the program `p`: `await asyncio . sleep …` is outside the Python that Poolscope runs
          hint: Session and Connection calls, with, try/except/finally, for … in range(n), raise, return, time.sleep, await asyncio.sleep
        11:1: there is no program `p`
          hint: one of 
        8:1: line 2 of the program `p`: `sleep()` does nothing without `await`
          hint: await asyncio.sleep(…)
        11:1: there is no program `p`
          hint: one of 
        8:1: line 2 of the program `p`: `execute()` cannot be awaited: it has its result at once
          hint: leave out `await`
        11:1: there is no program `p`
          hint: one of 
        8:1: line 2 of the program `p`: `request` cannot be awaited
          hint: await asyncio.sleep(0.5)
        11:1: there is no program `p`
          hint: one of 
        7:1: line 1 of the program `p`: a ContextVar needs a default here
          hint: request_id = ContextVar("request_id", default=None)
        12:1: there is no program `p`
          hint: one of 
        7:1: line 1 of the program `p`: this scopefunc is not known
          hint: scopefunc=request_id.get with request_id = ContextVar(…) before it, or scopefunc=asyncio.current_task
        12:1: there is no program `p`
          hint: one of 
        7:1: line 1 of the program `p`: there is no engine `motor`
          hint: sessionmaker(engine)
        12:1: there is no program `p`
          hint: one of 
        7:1: line 1 of the program `p`: this decorator is not known
          hint: @app.route("/…"), @app.teardown_appcontext
        12:1: there is no program `p`
          hint: one of 
        9:1: line 3 of the program `p`: a function is missing after this decorator
          hint: def remove_session(exception):
        12:1: there is no program `p`
          hint: one of 
        7:1: line 1 of the program `p`: `x = 1 …` is outside the Python that Poolscope runs
          hint: Session and Connection calls, with, try/except/finally, for … in range(n), raise, return, time.sleep, await asyncio.sleep
        10:1: there is no program `p`
          hint: one of 
    "#]].assert_eq(&all.concat());
}
