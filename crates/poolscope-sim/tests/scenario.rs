//! Scenarios as text: what is read, and what is said about mistakes.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use expect_test::{Expect, expect};
use poolscope_sim::scenario::KnobValue;
use poolscope_sim::{Document, Scenario};

fn check(toml: &str, expected: Expect) {
    let diagnostics = match Document::from_toml(toml) {
        Err(diagnostics) => diagnostics,
        Ok(document) => Scenario::read(&document, "test").err().unwrap_or_default(),
    };
    let text: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
    expected.assert_eq(&text.join("\n"));
}

const GOOD: &str = r#"
seed = 1
until = "10 s"
[programs.handler]
text = '''
def handler():
    with Session() as session:
        session.execute(text("SELECT 1"))
'''
[[traffic]]
run = "handler"
every = "1 s"
"#;

#[test]
fn a_good_scenario_has_nothing_to_say() {
    check(GOOD, expect![""]);
}

#[test]
fn every_mistake_is_reported_at_once_with_its_place() {
    check(
        r#"
seed = "one"
until = "10 parsecs"
driver = "pymsql"
[engine]
pool_sise = 5
max_overflow = -2
pool_pre_ping = 1
[variables]
wait_timeout = 0
[programs.handler]
text = '''
def handler():
    session = Sesion()
    session.exequte(text("SELECT 1"))
    if True:
        pass
'''
[[traffic]]
run = "handeler"
every = "1 s"
at = ["2 s"]
"#,
        expect![[r#"
            2:1: `seed` must be a whole number
              hint: seed = 1
            3:1: `until` must be a length of time: `parsecs` is not a unit of time; use us, ms, s, min, h or d
              hint: seconds, or text such as "250 ms", "8 h"
            4:1: `driver` = "pymsql" is not known
              hint: one of pymysql, mysqlclient, mysqlclient-mariadb, aiomysql, mysql-connector-python, mysql-connector-python-pure
            6:1: unknown key `pool_sise` in [engine]
              hint: did you mean `pool_size`?
            7:1: `max_overflow` = -2 is out of range
              hint: -1 to 100000
            8:1: `pool_pre_ping` must be true or false, not a whole number
            10:1: `wait_timeout` = 0 is out of range
              hint: 1 to 31536000
            14:1: line 2 of the program `handler`: the function `Sesion` is not known
              hint: Session, engine, create_engine, BackgroundScheduler, time.sleep, asyncio.sleep, gc.collect, len, list, dict, str, int, tuple, sorted, sum, print
            15:1: line 3 of the program `handler`: the method `exequte` is not known here
              hint: execute(text("…")), scalar, scalars, commit, rollback, close, invalidate
            16:1: line 4 of the program `handler`: `if True : …` is outside the Python that Poolscope runs
              hint: Session and Connection calls, with, try/except/finally, for … in range(n), raise, return, time.sleep, await asyncio.sleep
            19:1: [[traffic]] needs exactly one of `at`, `every`, `poisson`, `users`
              hint: every = "500 ms", or at = ["1 s", "4 s"]
            20:1: there is no program `handeler`
              hint: one of "#]],
    );
}

#[test]
fn syntax_errors_of_toml_have_places_too() {
    check(
        "seed = \nuntil = \"10 s\ndriver = pymysql\n",
        expect![[r#"
            1:8: string values must be quoted, expected literal string
              hint: the text is not TOML; strings need quotes, tables are written [name]
            2:14: invalid basic string, expected `"`
              hint: the text is not TOML; strings need quotes, tables are written [name]
            3:10: string values must be quoted, expected literal string
              hint: the text is not TOML; strings need quotes, tables are written [name]"#]],
    );
}

#[test]
fn null_pool_takes_no_size() {
    check(
        &GOOD.replace("[programs", "[engine]\npoolclass = \"NullPool\"\npool_size = 5\n[programs"),
        expect![[r#"
            6:1: TypeError: Invalid argument(s) 'pool_size' sent to create_engine(), using NullPool
              hint: NullPool has no pool_size: leave the option out, or use QueuePool"#]],
    );
}

#[test]
fn a_silent_server_is_silent_for_some_time_and_to_drivers_that_were_measured() {
    let silent = "[network]\nsilent_from = \"4 s\"\nsilent_until = \"3 s\"\nsyn_dropped_from = 2\n[programs";
    let preload = "[[process]]\npreload = \"handler\"\n[programs";
    let text = GOOD.replace("until", "driver = \"mysqlclient\"\nuntil").replace("[programs", silent);
    check(
        &text.replacen("[programs", preload, 1),
        expect![[r#"
        1:1: `silent_until` is simulated with PyMySQL, aiomysql and mysqlclient-mariadb
          hint: what other drivers say then has not been measured
        1:1: `silent_until` is not simulated with sockets that processes share
          hint: leave out `preload`
        1:1: `preload` is simulated with a QueuePool, PyMySQL and SQLAlchemy 2.0 or later
          hint: driver = "pymysql"
        5:2: `syn_dropped_until` must not be before `syn_dropped_from`
          hint: syn_dropped_until = "30 s"; 0: never
        5:2: `silent_until` must not be before `silent_from`
          hint: silent_until = "30 s"; 0: never"#]],
    );
}

#[test]
fn not_every_driver_has_been_measured_without_an_answer() {
    let network = |driver: &str| {
        let network = "[network]\nsyn_dropped_until = \"3 s\"\n[engine]\nconnect_timeout = -1\n[programs";
        GOOD.replace("until", &format!("driver = \"{driver}\"\nuntil")).replace("[programs", network)
    };
    check(
        &network("mysql-connector-python"),
        expect![[r#"
        1:1: `connect_timeout` and `syn_dropped_until` are simulated with PyMySQL and mysqlclient-mariadb
          hint: what other drivers say then has not been measured
        8:1: `connect_timeout` = -1 is out of range
          hint: 0 to 31536000"#]],
    );
    check(
        &network("pymysql"),
        expect![[r#"
        8:1: `connect_timeout` = -1 is out of range
          hint: 0 to 31536000"#]],
    );
}

#[test]
fn barging_is_for_threads() {
    check(
        &GOOD.replace("[programs", "[[process]]\ncoroutines = 3\nbarging = \"5 ms\"\n[programs"),
        expect![[r#"
            4:1: `barging` needs threads, not coroutines
              hint: an asyncio.Queue leaves nothing to chance: who is woken goes on in the next turn of the loop"#]],
    );
    check(
        &GOOD.replace("[programs", "[[process]]\nbarging = \"soon\"\n[programs"),
        expect![[r#"
        5:1: `barging` must be a length of time: `soon` is not a unit of time; use us, ms, s, min, h or d
          hint: seconds, or text such as "250 ms", "8 h""#]],
    );
    check(
        &GOOD.replace("[programs", "[[process]]\nbarging = 0.005\n[[knob]]\nset = \"process.0.barging\"\n[programs"),
        expect![[r#"
            7:1: the knob `process.0.barging` needs `choices`
              hint: choices = ["…", "…"]"#]],
    );
}

#[test]
fn knobs_are_turned_on_the_document_and_survive_json() {
    let mut document = Document::from_toml(GOOD).unwrap();
    document.set("engine.pool_recycle", &KnobValue::Number(30)).unwrap();
    document.set("traffic.0.every", &KnobValue::Text("2 s".to_owned())).unwrap();
    let scenario = Scenario::read(&document, "test").unwrap();
    assert_eq!(scenario.engines[0].pool_recycle.map(|r| r.as_secs()), Some(30));
    let again = Document::from_json(&document.to_json()).unwrap();
    assert_eq!(Scenario::read(&again, "test").unwrap(), scenario);

    let mistake = document.set("traffic.7.every", &KnobValue::Number(1)).unwrap_err();
    assert_eq!(
        mistake.to_string(),
        "traffic.7.every: there is no `7` to set\n  hint: the list has 1 entries, counted from 0"
    );
    document.set("engine.pool_recicle", &KnobValue::Number(30)).unwrap();
    let mistakes = Scenario::read(&document, "test").unwrap_err();
    assert_eq!(
        mistakes[0].to_string(),
        "engine.pool_recicle: unknown key `pool_recicle` in [engine]\n  hint: did you mean `pool_recycle`?"
    );
}

#[test]
fn programs_outside_the_subset_are_refused_not_ignored() {
    let program = |body: &str| {
        let body: String = body.lines().map(|l| format!("    {l}\n")).collect();
        GOOD.replace("    with Session() as session:\n        session.execute(text(\"SELECT 1\"))\n", &body)
    };
    check(
        &program("session = Session()\nother = session"),
        expect![[r#"
        8:1: line 3 of the program `handler`: a Session or Connection can have one name only
          hint: use the first name
        11:1: there is no program `handler`
          hint: one of "#]],
    );
    check(
        &program("Session.remove()"),
        expect![[r#"
        7:1: line 2 of the program `handler`: `Session.remove()` needs a scoped_session
          hint: write `Session()` first, or set session = "scoped_session" in [engine]
        10:1: there is no program `handler`
          hint: one of "#]],
    );
    check(
        &program("raise"),
        expect![[r#"
        7:1: line 2 of the program `handler`: `raise` alone works only inside `except`
        10:1: there is no program `handler`
          hint: one of "#]],
    );
    check(
        &program("try:\n    pass\nexcept KeyError:\n    pass"),
        expect![[r#"
            9:1: line 4 of the program `handler`: the exception class `KeyError` is not known
              hint: one of Exception, SQLAlchemyError, DBAPIError, OperationalError, InterfaceError, TimeoutError, InvalidRequestError, PendingRollbackError, ResourceClosedError, IllegalStateChangeError
            13:1: there is no program `handler`
              hint: one of "#]],
    );
    check(
        &program("session = Session(\ntime.sleep(1)"),
        expect![[r#"
        7:1: line 2 of the program `handler`: a bracket is not closed
        11:1: there is no program `handler`
          hint: one of "#]],
    );
    check(
        &program("print(\"no end)"),
        expect![[r#"
        7:1: line 2 of the program `handler`: a string is not closed on its line
        10:1: there is no program `handler`
          hint: one of "#]],
    );
}

#[test]
fn a_session_of_the_module_is_made_in_two_ways_only() {
    check(
        r#"
sqlalchemy = "1.4"
[programs.handler]
text = '''
Session = scoped_session(sessionmaker(engine))
session = Session()
def handler(request):
    try:
        session.execute(text("SELECT 1"))
    except IllegalStateChangeError:
        pass
'''
[programs.other]
text = '''
session = AsyncSession(engine)
def handler(request):
    session.remove()
'''
[[traffic]]
run = "handler"
every = "1 s"
"#,
        expect![[r#"
            1:1: the scenario lacks `seed`
              hint: any whole number; the same seed gives the same run
            1:1: the scenario lacks `until`
              hint: how long the run is: until = "30 s"
            6:1: line 2 of the program `handler`: a Session of the whole module is made like this only
              hint: session = Session()
            9:1: line 5 of the program `handler`: the name `session` is not defined
            10:1: line 6 of the program `handler`: SQLAlchemy has IllegalStateChangeError since 2.0
              hint: InvalidRequestError
            15:1: line 1 of the program `other`: a Session of the whole module is made like this only
              hint: session = Session()
            17:1: line 3 of the program `other`: the name `session` is not defined
            20:1: there is no program `handler`
              hint: one of "#]],
    );
}

#[test]
fn an_old_release_lacks_options() {
    check(
        r#"
seed = 1
until = "1 s"
sqlalchemy = "1.1"
[engine]
pool_pre_ping = true
pool_use_lifo = true
[programs.handler]
text = '''
def handler(request):
    mine = create_engine(URL, pool_pre_ping=True, pool_size=3)
    conn = engine.connect()
    conn.close()
'''
[[traffic]]
run = "handler"
every = "1 s"
"#,
        expect![[r#"
            5:2: TypeError: Invalid argument(s) 'pool_pre_ping' sent to create_engine()
              hint: SQLAlchemy has it since 1.2
            5:2: TypeError: Invalid argument(s) 'pool_use_lifo' sent to create_engine()
              hint: SQLAlchemy has it since 1.3
            11:1: line 2 of the program `handler`: TypeError: Invalid argument(s) 'pool_pre_ping' sent to create_engine()
              hint: SQLAlchemy has it since 1.2
            16:1: there is no program `handler`
              hint: one of "#]],
    );
}

#[test]
fn savepoints_are_blocks_of_a_name() {
    check(
        r#"
seed = 1
until = "1 s"
sqlalchemy = "1.4"
[programs.handler]
text = '''
def handler(request):
    with engine.connect() as conn:
        with conn.begin_nested():
            pass
    with Session() as session:
        with session.begin_nested() as nested:
            pass
        session.begin_nested()
    with Session.begin_nested():
        pass
'''
[[traffic]]
run = "handler"
every = "1 s"
"#,
        expect![[r#"
            9:1: line 3 of the program `handler`: `begin_nested()` of a Connection is simulated from SQLAlchemy 2.0 on
              hint: sqlalchemy = "2.1"
            12:1: line 6 of the program `handler`: `begin_nested()` is supported as `with …begin_nested():` of a name only
              hint: with session.begin_nested():
            14:1: line 8 of the program `handler`: the method `begin_nested` is not known here
              hint: execute(text("…")), scalar, scalars, commit, rollback, close, invalidate
            15:1: line 9 of the program `handler`: `begin_nested()` is supported as `with …begin_nested():` of a name only
              hint: with session.begin_nested():
            19:1: there is no program `handler`
              hint: one of "#]],
    );
}
