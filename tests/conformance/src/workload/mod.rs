//! Random scenarios: small pools, few threads, short timeouts, so that everything that can happen does happen soon.

mod program;

use poolscope_sim::random::Random;
use poolscope_sim::scenario::{PoolClass, SqlAlchemy};
use serde_json::{Map, Value, json};

const SECOND: u64 = 1_000_000;

/// As often as they stand here.
const POOL_CLASSES: [PoolClass; 16] = {
    let mut classes = [PoolClass::QueuePool; 16];
    classes[0] = PoolClass::NullPool;
    classes[1] = PoolClass::StaticPool;
    classes[2] = PoolClass::StaticPool;
    classes[3] = PoolClass::SingletonThreadPool;
    classes[4] = PoolClass::SingletonThreadPool;
    classes[5] = PoolClass::AssertionPool;
    classes
};

/// What may be in a scenario.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    pub version: SqlAlchemy,
    /// Only this pool class; otherwise any, QueuePool most often.
    pub poolclass: Option<PoolClass>,
}

/// The scenario document number `case` of a seed; the same numbers give the same document.
pub fn document(seed: u64, case: u64, Kind { version, poolclass }: Kind) -> Value {
    let mut dice = Dice(Random::new(seed, case));
    let run_seconds = dice.between(8, 40);
    // Round times make many things happen at one instant, odd ones none: both must be right.
    let grain = *dice.pick(&[1, 500, 100_000, 500_000]);
    let mut class = poolclass.unwrap_or(*dice.pick(&POOL_CLASSES));
    let queue_or_null = class == PoolClass::QueuePool || class == PoolClass::NullPool;
    let asyncio = version >= SqlAlchemy::V2_0 && dice.one_in(5) && (poolclass.is_none() || queue_or_null);
    if asyncio && !queue_or_null {
        class = PoolClass::QueuePool;
    }
    let scoped = dice.one_in(4) && !asyncio;
    // Before 1.4 a Session that an AssertionPool has kept from closing goes on without a transaction.
    if scoped && class == PoolClass::AssertionPool && version < SqlAlchemy::V1_4 {
        class = PoolClass::QueuePool;
    }
    let programs = dice.between(1, 3);

    let mut document = Map::new();
    document.insert("seed".into(), dice.between(1, 1_000_000).into());
    document.insert("until".into(), run_seconds.into());
    stack(&mut dice, &mut document, version);
    if asyncio {
        document.insert("driver".into(), "aiomysql".into());
    }
    document.insert("engine".into(), engine(&mut dice, version, scoped, class));
    // The collector takes what has survived an earlier collection in an order of its own. So there is one collection at most: at a
    // time, or in the only request.
    let collects = dice.one_in(8);
    let processes = if collects { 1 } else { dice.between(1, 3) };
    let tasks = dice.between(1, 4);
    let coroutines = dice.one_in(4) || asyncio;
    let kind = if coroutines { "coroutines" } else { "threads" };
    document.insert("process".into(), json!([{ "count": processes, kind: tasks }]));
    // Before 1.4 a second detach() of what two checkouts share was a KeyError with an address in it.
    let shares = matches!(class, PoolClass::StaticPool | PoolClass::SingletonThreadPool);
    let detaches = !shares || version >= SqlAlchemy::V1_4;
    let detaches = detaches && !asyncio;
    // Dice of their own: the other workloads stay what they were.
    let shared = version >= SqlAlchemy::V2_0 && Dice(Random::new(seed ^ 0x7368_6172, case)).one_in(8);
    // Threads of a SingletonThreadPool would give back each other's.
    let shared = shared && !scoped && class != PoolClass::SingletonThreadPool;
    // Coroutines that share a thread's Session would leave their blocks in any order.
    let alone = !(shared || scoped && coroutines);
    let nests = version >= SqlAlchemy::V1_4 && alone && Dice(Random::new(seed ^ 0x6e65_7374, case)).one_in(5);
    let keeps = !shared && Dice(Random::new(seed ^ 0x6b65_6570, case)).one_in(6);
    let style = program::Style { scoped, collects, coroutines, asyncio, detaches, keeps, nests, shared, version };
    document.insert(
        "programs".into(),
        (0..programs).map(|i| (format!("p{i}"), json!({ "text": program::text(&mut dice, style) }))).collect(),
    );
    document
        .insert("statements".into(), json!({ "SELECT 1": dice.pick(&["0 s", "2 ms", "100 ms"]), "SELECT 2": "40 ms" }));
    let entries = dice.between(1, 2);
    let traffic: Vec<Value> = if collects {
        vec![json!({ "run": "p0", "at": [dice.span(0, 3 * SECOND, grain)] })]
    } else {
        let recycle = document["engine"]["pool_recycle"].as_u64().filter(|recycle| *recycle > 0);
        (0..entries).map(|_| traffic(&mut dice, programs, run_seconds, grain, recycle)).collect()
    };
    document.insert("traffic".into(), traffic.into());
    faults(&mut dice, &mut document, run_seconds, grain);
    // Two threads on a connection of MySQL Connector's are chance.
    let connector = !asyncio && !shared;
    if version >= SqlAlchemy::V1_4 && (class == PoolClass::QueuePool || class == PoolClass::NullPool) && connector {
        // Dice of their own: the other workloads stay what they were.
        let mut own = Dice(Random::new(seed ^ 0x636f_6e6e, case));
        if own.one_in(5) {
            document["driver"] = (*own.pick(&["mysql-connector-python", "mysql-connector-python-pure"])).into();
        }
    }
    if version >= SqlAlchemy::V2_0 && class == PoolClass::QueuePool && !coroutines && !collects && !shared {
        // Here too.
        preload(&mut Dice(Random::new(seed ^ 0x666f_726b, case)), &mut document);
    }
    if class == PoolClass::QueuePool && !coroutines && !collects {
        // And here.
        barging(&mut Dice(Random::new(seed ^ 0x6261_7267, case)), &mut document);
    }
    if document["driver"] == "pymysql" || document["driver"] == "mysqlclient-mariadb" {
        syn_dropped(&mut Dice(Random::new(seed ^ 0x7379_6e64, case)), &mut document, run_seconds, grain);
    }
    let silences = ["pymysql", "aiomysql", "mysqlclient-mariadb"].iter().any(|driver| document["driver"] == *driver);
    if silences && document["process"][0]["preload"].is_null() {
        silent(&mut Dice(Random::new(seed ^ 0x7369_6c65, case)), &mut document, run_seconds, grain);
    }
    if !collects && dice.one_in(2) {
        document.insert("gc".into(), json!({ "at": [dice.span(0, run_seconds * SECOND, grain)] }));
    }
    // The collector finds a checkout later of which a listener has refused a connection.
    let collected = collects || document.contains_key("gc");
    if !collected && Dice(Random::new(seed ^ 0x6c69_7374, case)).one_in(3) {
        document["engine"]["ping_listener"] = true.into();
    }
    Value::Object(document)
}

fn stack(dice: &mut Dice, document: &mut Map<String, Value>, version: SqlAlchemy) {
    document.insert("sqlalchemy".into(), version.name().into());
    document
        .insert("driver".into(), (*dice.pick(&["pymysql", "pymysql", "mysqlclient", "mysqlclient-mariadb"])).into());
    document.insert("transport".into(), (*dice.pick(&["tcp", "tcp", "unix"])).into());
    let server = *dice.pick(&["mysql-5.7", "mysql-8.0", "mysql-8.4", "mariadb-10.11"]);
    document.insert("server".into(), server.into());
    let mut variables = Map::new();
    if !dice.one_in(3) {
        variables.insert("wait_timeout".into(), dice.between(1, 8).into());
    }
    if dice.one_in(3) {
        // MariaDB allows no fewer than 10.
        let lowest = if server.starts_with("mariadb") { 10 } else { 1 };
        variables.insert("max_connections".into(), dice.between(lowest, lowest + 8).into());
    }
    document.insert("variables".into(), variables.into());
    if dice.one_in(4) {
        let rtt = *dice.pick(&["1 us", "333 us", "5 ms", "100 ms"]);
        document.insert("network".into(), json!({ "rtt": rtt, "connect_round_trips": dice.between(1, 8) }));
    }
    if dice.one_in(5) {
        let at = dice.between(0, 3);
        document.insert(
            "other_sessions".into(),
            json!([{ "count": dice.between(1, 3), "admin": dice.one_in(2), "at": at }]),
        );
    }
}

fn engine(dice: &mut Dice, version: SqlAlchemy, scoped: bool, class: PoolClass) -> Value {
    let mut engine = Map::new();
    engine.insert("poolclass".into(), class.name().into());
    if class == PoolClass::SingletonThreadPool {
        engine.insert("pool_size".into(), (*dice.pick(&[1, 2, 3, 5])).into());
    }
    if class == PoolClass::QueuePool {
        engine.insert("pool_size".into(), (*dice.pick(&[0, 1, 1, 2, 2, 3, 5])).into());
        engine.insert("max_overflow".into(), (*dice.pick(&[-1, 0, 0, 0, 1, 1, 2, 10])).into());
        engine.insert("pool_timeout".into(), (*dice.pick(&["0 s", "47.5 ms", "250 ms", "1 s", "5 s", "30 s"])).into());
        engine.insert("pool_use_lifo".into(), (dice.one_in(3) && version >= SqlAlchemy::V1_3).into());
    }
    if dice.one_in(2) {
        engine.insert("pool_recycle".into(), (*dice.pick(&[0, 1, 2, 3, 5, 10])).into());
    }
    engine.insert("pool_pre_ping".into(), (dice.one_in(3) && version >= SqlAlchemy::V1_2).into());
    engine.insert(
        "pool_reset_on_return".into(),
        (*dice.pick(&["rollback", "rollback", "rollback", "commit", "none"])).into(),
    );
    engine.insert("session".into(), if scoped { "scoped_session" } else { "sessionmaker" }.into());
    engine.into()
}

fn traffic(dice: &mut Dice, programs: u64, run_seconds: u64, grain: u64, recycle: Option<u64>) -> Value {
    let mut entry = Map::new();
    entry.insert("run".into(), format!("p{}", dice.between(0, programs - 1)).into());
    match dice.between(0, 5) {
        0 => {
            entry.insert("every".into(), dice.span(200_000, 4 * SECOND, grain).into());
            entry.insert("start".into(), dice.span(0, 3 * SECOND, grain).into());
        }
        1 => {
            entry.insert("poisson".into(), dice.span(200_000, 3 * SECOND, grain).into());
        }
        2 => {
            entry.insert("users".into(), dice.between(1, 4).into());
            entry.insert("think".into(), dice.span(100_000, 5 * SECOND, grain).into());
            entry.insert("start".into(), dice.span(0, 2 * SECOND, grain).into());
        }
        _ => {
            let count = dice.between(1, 12);
            let mut at: Vec<String> = (0..count).map(|_| dice.span(0, run_seconds * SECOND, grain)).collect();
            // Requests that find a connection exactly as old as pool_recycle: not too old yet.
            if let Some(recycle) = recycle
                && dice.one_in(2)
            {
                let begin = dice.between(0, run_seconds / 2 * SECOND);
                at = (0..=dice.between(1, 3)).map(|n| format!("{} us", begin + n * recycle * SECOND)).collect();
            }
            entry.insert("at".into(), at.into());
        }
    }
    entry.into()
}

/// Now and then threads need some time once they have been woken; a crowd then, so that some are woken and others are faster.
fn barging(dice: &mut Dice, document: &mut Map<String, Value>) {
    if !dice.one_in(5) {
        return;
    }
    let process = &mut document["process"][0];
    process["barging"] = (*dice.pick(&["1 us", "5 ms", "300 ms"])).into();
    process["threads"] = dice.between(3, 6).into();
    let engine = &mut document["engine"];
    engine["pool_size"] = dice.between(1, 2).into();
    engine["max_overflow"] = dice.between(0, 1).into();
    engine["pool_timeout"] = (*dice.pick(&["47.5 ms", "250 ms", "1 s", "5 s"])).into();
    let crowd = json!({ "run": "p0", "users": dice.between(3, 6), "think": *dice.pick(&["400 ms", "1 s"]) });
    if let Some(traffic) = document.get_mut("traffic").and_then(Value::as_array_mut) {
        traffic.push(crowd);
    }
}

/// Now and then nobody answers who connects, for a while.
fn syn_dropped(dice: &mut Dice, document: &mut Map<String, Value>, run_seconds: u64, grain: u64) {
    if !dice.one_in(6) {
        return;
    }
    document["transport"] = "tcp".into();
    let from = dice.between(0, run_seconds * SECOND / 2);
    let network = document.entry("network").or_insert_with(|| json!({}));
    network["syn_dropped_from"] = format!("{} us", from / grain * grain).into();
    let until = from + dice.between(0, run_seconds * SECOND);
    network["syn_dropped_until"] = format!("{} us", until / grain * grain).into();
    if dice.one_in(2) {
        document["engine"]["connect_timeout"] = dice.between(1, 5).into();
    }
}

/// Now and then the server says nothing for a while.
fn silent(dice: &mut Dice, document: &mut Map<String, Value>, run_seconds: u64, grain: u64) {
    if !dice.one_in(6) {
        return;
    }
    let from = dice.between(0, run_seconds * SECOND / 2);
    let network = document.entry("network").or_insert_with(|| json!({}));
    network["silent_from"] = format!("{} us", from / grain * grain).into();
    let until = from + dice.between(1, run_seconds * SECOND);
    network["silent_until"] = format!("{} us", until / grain * grain).into();
    if document["driver"] == "aiomysql" {
        return;
    }
    for option in ["read_timeout", "connect_timeout"] {
        if dice.one_in(2) {
            document["engine"][option] = dice.between(1, 5).into();
        }
    }
}

/// Now and then the processes are forked from one that has used its pool.
fn preload(dice: &mut Dice, document: &mut Map<String, Value>) {
    if !dice.one_in(6) {
        return;
    }
    document["driver"] = "pymysql".into();
    let workers = dice.between(2, 4);
    document["process"][0]["count"] = workers.into();
    document["process"][0]["preload"] = "load".into();
    let first = "    with Session() as session:\n        session.execute(text(\"SELECT 1\"))";
    let second = if dice.one_in(3) { "\n        engine.connect().close()" } else { "" };
    document["programs"]["load"] = json!({ "text": format!("def load():\n{first}{second}") });
    if dice.one_in(4) {
        let close = *dice.pick(&["", "close=False"]);
        document["programs"]["fork"] = json!({ "text": format!("def fork():\n    engine.dispose({close})") });
        document["process"][0]["startup"] = "fork".into();
    }
    // Of a shared socket KILL QUERY is not simulated.
    if let Some(faults) = document.get_mut("fault").and_then(Value::as_array_mut) {
        faults.retain(|fault| fault["kind"] != "kill query");
    }
}

fn faults(dice: &mut Dice, document: &mut Map<String, Value>, run_seconds: u64, grain: u64) {
    let count = dice.between(0, 3);
    let mut restarts = 0;
    let faults: Vec<Value> = (0..count)
        .map(|_| {
            let at = dice.span(0, run_seconds * SECOND, grain);
            match dice.between(0, 3) {
                0 if restarts == 0 => {
                    restarts += 1;
                    json!({ "at": at, "kind": "restart", "down": dice.span(grain, 4 * SECOND, grain) })
                }
                1 => json!({ "at": at, "kind": if dice.one_in(4) { "kill query" } else { "kill" } }),
                _ => json!({ "at": at, "kind": "kill", "connection": dice.between(1, 6) }),
            }
        })
        .collect();
    if !faults.is_empty() {
        document.insert("fault".into(), faults.into());
    }
}

pub(crate) struct Dice(Random);

impl Dice {
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.0.below(high - low + 1)
    }
    pub fn one_in(&mut self, n: u64) -> bool {
        self.0.below(n) == 0
    }
    pub fn pick<'t, T>(&mut self, choices: &'t [T]) -> &'t T {
        &choices[self.0.below(choices.len() as u64) as usize]
    }
    /// A time in microseconds, a multiple of `grain`.
    pub fn span(&mut self, low: u64, high: u64, grain: u64) -> String {
        let us = self.between(low, high) / grain * grain;
        format!("{} us", us.max(low.min(grain)))
    }
}
