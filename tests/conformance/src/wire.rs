//! A scenario as the harness reads it: complete, in microseconds, nothing left to default.

use poolscope_sim::Scenario;
use poolscope_sim::app::listing::PING_LISTENER;
use poolscope_sim::random::Random;
use poolscope_sim::scenario::{
    Arrivals, Cut, EngineOptions, Fault, FaultKind, Network, OtherSessions, Process, ResetOnReturn, SessionFactory,
    Traffic,
};
use poolscope_sim::time::SimTime;
use serde_json::{Map, Value, json};

pub fn wire(scenario: &Scenario) -> Value {
    let statements: Map<String, Value> =
        scenario.statements.iter().map(|s| (s.sql.clone(), s.takes.as_us().into())).collect();
    let jobs: Map<String, Value> =
        scenario.programs.iter().flat_map(|p| &p.jobs).map(|job| (job.function.clone(), job.program.into())).collect();
    let rtt = scenario.network.rtt;
    json!({
        "until_us": scenario.until.as_us(),
        "rows_max": scenario.limits.events,
        "driver": scenario.driver.name(),
        "transport": scenario.transport.name(),
        "server": scenario.server.name(),
        "max_connections": scenario.variables.max_connections,
        "wait_timeout": scenario.variables.wait_timeout,
        "variables": variables(scenario),
        "account_max_user_connections": scenario.account.max_user_connections,
        "network": network(&scenario.network),
        "rtt_us": rtt.as_us(),
        "connect_us": rtt.times(u64::from(scenario.network.connect_round_trips)).as_us(),
        "other_sessions": scenario.other_sessions.iter().map(other_sessions).collect::<Vec<_>>(),
        "engines": scenario.engines.iter().filter(|e| !e.in_program).map(engine).collect::<Vec<_>>(),
        "processes": processes(&scenario.processes),
        "programs": scenario.programs.iter().map(|p| p.text.as_str()).collect::<Vec<_>>(),
        "jobs": jobs,
        "statements": statements,
        "traffic": scenario.traffic.iter().enumerate().map(|(i, t)| traffic(scenario, i, t)).collect::<Vec<_>>(),
        "faults": scenario.faults.iter().map(fault).collect::<Vec<_>>(),
        "gc_us": scenario.garbage.at.iter().map(|at| at.as_us()).collect::<Vec<_>>(),
    })
}

fn network(network: &Network) -> Value {
    let probed =
        network.at_idle_timeout != Cut::Close && network.tcp_keepalive_time < network.idle_timeout.unwrap_or_default();
    json!({
        "idle_us": network.idle_timeout.filter(|_| !probed).map(|span| span.as_us()),
        "how": network.at_idle_timeout.name(),
        "gives_up_us": network.gives_up().as_us(),
        "silent_us": [network.silent_from.as_us(), network.silent_until.as_us()],
        "syn_dropped_us": [network.syn_dropped_from.as_us(), network.syn_dropped_until.as_us()],
        "keepalive_us": network.tcp_keepalive_time.as_us(),
    })
}

/// What a real server is started with.
fn variables(scenario: &Scenario) -> Value {
    json!({
        "max_connections": scenario.variables.max_connections,
        "wait_timeout": scenario.variables.wait_timeout,
        "interactive_timeout": scenario.variables.interactive_timeout,
        "max_user_connections": scenario.variables.max_user_connections,
    })
}

fn other_sessions(sessions: &OtherSessions) -> Value {
    json!({ "user": sessions.user, "at_us": sessions.at.as_us(), "count": sessions.count, "admin": sessions.admin })
}

fn engine(engine: &EngineOptions) -> Value {
    let reset = match engine.pool_reset_on_return {
        ResetOnReturn::None => None,
        mode => Some(mode.name()),
    };
    json!({
        "name": engine.name,
        "poolclass": engine.poolclass.name(),
        "pool_size": engine.pool_size,
        "max_overflow": engine.max_overflow,
        "pool_timeout_us": engine.pool_timeout.as_us(),
        "pool_recycle_us": engine.pool_recycle.map_or(-1_000_000, |r| i64::try_from(r.as_us()).unwrap_or(i64::MAX)),
        "pool_pre_ping": engine.pool_pre_ping,
        "pool_use_lifo": engine.pool_use_lifo,
        "ping_listener": engine.ping_listener.then_some(PING_LISTENER),
        "interactive": engine.client_interactive,
        "read_timeout": engine.read_timeout,
        "connect_timeout": engine.connect_timeout,
        "pool_reset_on_return": reset,
        "scoped_session": engine.session == SessionFactory::ScopedSession,
    })
}

/// Copies of processes are numbered through.
fn processes(processes: &[Process]) -> Vec<Value> {
    let mut first = 0;
    processes
        .iter()
        .map(|process| {
            let value = json!({
                "first": first,
                "count": process.count,
                "threads": process.threads,
                "event_loop": process.event_loop,
                "barging_us": process.barging.as_us(),
                "startup": process.startup,
                "preload": process.preload,
                "debug": process.debug,
                "edited_us": process.edited_at.iter().map(|at| at.as_us()).collect::<Vec<_>>(),
            });
            first += process.processes() as u32;
            value
        })
        .collect()
}

fn traffic(scenario: &Scenario, index: usize, traffic: &Traffic) -> Value {
    let arrivals: Vec<u64> = arrivals(scenario, index, &traffic.arrivals).iter().map(|at| at.as_us()).collect();
    let mut value = json!({ "run": traffic.run, "process": traffic.process, "at_us": arrivals });
    if let Arrivals::Users { think, .. } = &traffic.arrivals {
        value["think_us"] = think.as_us().into();
    }
    value
}

/// When requests arrive, as far as nobody's answer decides it: of a closed loop, the first request of each user.
fn arrivals(scenario: &Scenario, index: usize, arrivals: &Arrivals) -> Vec<SimTime> {
    let until = |count: &Option<u32>| count.unwrap_or(u32::MAX) as usize;
    match arrivals {
        Arrivals::At(at) => at.clone(),
        Arrivals::Every { start, every, count } => {
            let times = std::iter::successors(Some(*start), |at| Some(*at + *every));
            times.take_while(|at| *at <= scenario.until).take(until(count)).collect()
        }
        Arrivals::Poisson { start, mean, count } => {
            let mut random = Random::new(scenario.seed, index as u64);
            let first = *start + random.exponential(*mean);
            let times = std::iter::successors(Some(first), |at| Some(*at + random.exponential(*mean)));
            times.take_while(|at| *at <= scenario.until).take(until(count)).collect()
        }
        Arrivals::Users { start, users, .. } => vec![*start; *users as usize],
    }
}

fn fault(fault: &Fault) -> Value {
    match fault.kind {
        FaultKind::Kill { connection } => json!({ "at_us": fault.at.as_us(), "kill": connection }),
        FaultKind::KillQuery { connection } => {
            json!({ "at_us": fault.at.as_us(), "kill": connection, "query": true })
        }
        FaultKind::Cut { connection } => json!({ "at_us": fault.at.as_us(), "cut": connection }),
        FaultKind::Restart { down } => json!({ "at_us": fault.at.as_us(), "down_us": down.as_us() }),
    }
}
