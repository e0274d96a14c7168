//! The knobs of a scenario: what they set, and what they may be turned to.

use super::fields::{Fields, Mistakes, nearest, words};
use super::stack::Named;
use super::*;
use crate::text::index;

/// Everything a knob can set, apart from `traffic.N.run` and `process.N.startup`.
const SETTABLE: [&str; 28] = [
    "engine.pool_size",
    "engine.max_overflow",
    "engine.pool_timeout",
    "engine.pool_recycle",
    "engine.pool_pre_ping",
    "engine.ping_listener",
    "engine.pool_use_lifo",
    "engine.pool_reset_on_return",
    "engine.poolclass",
    "engine.session",
    "engine.read_timeout",
    "engine.connect_timeout",
    "variables.max_connections",
    "variables.wait_timeout",
    "variables.interactive_timeout",
    "network.idle_timeout",
    "network.at_idle_timeout",
    "network.tcp_retries2",
    "network.tcp_keepalive_time",
    "process.0.count",
    "process.0.threads",
    "process.0.barging",
    "process.0.debug",
    "seed",
    "sqlalchemy",
    "driver",
    "transport",
    "server",
];

pub(super) fn knob(node: &Node, document: &Document, scenario: &Scenario, m: &mut Mistakes) -> Option<Knob> {
    let mut fields = Fields::of(node, "[[knob]]", m);
    let set = fields.require("set", "what it turns: set = \"engine.pool_recycle\"", m);
    let label = fields.words("label", m);
    let help = fields.words("help", m).unwrap_or_default();
    let min = fields.number("min", -1, i64::from(u32::MAX), m);
    let max = fields.number("max", -1, i64::from(u32::MAX), m);
    let step = fields.number("step", 1, i64::from(u32::MAX), m).unwrap_or(1);
    let choices = fields.take("choices");
    fields.finish(m);

    let set_node = set?;
    let set = fields::text(set_node, "set", m)?;
    let Some(value) = current(set, document, scenario) else {
        let near = nearest(set, &SETTABLE).map_or_else(
            || format!("one of {}, traffic.0.run", SETTABLE.join(", ")),
            |n| format!("did you mean `{n}`?"),
        );
        m.add(&set_node.place, format!("a knob cannot set `{set}`"), near);
        return None;
    };
    let input = if let Some(choices) = choices {
        KnobInput::Choice(written_choices(choices, set, scenario, m))
    } else {
        match (&value, options_of(set, scenario)) {
            (_, Some(options)) => KnobInput::Choice(options),
            (KnobValue::Switch(_), _) => KnobInput::Switch,
            (KnobValue::Number(n), _) => {
                let min =
                    min.unwrap_or(if set.ends_with("pool_recycle") || set.ends_with("max_overflow") { -1 } else { 0 });
                let max = max.unwrap_or((n * 2).max(10));
                if min > max {
                    m.add(&set_node.place, format!("the knob `{set}` has min {min} above max {max}"), "");
                }
                KnobInput::Number { min, max, step, unit: unit(set).to_owned() }
            }
            (KnobValue::Text(_), _) => {
                m.add(&set_node.place, format!("the knob `{set}` needs `choices`"), "choices = [\"…\", \"…\"]");
                return None;
            }
        }
    };
    let own_name = set.rsplit('.').next().unwrap_or(set);
    let label = label.unwrap_or(Words { en: own_name.to_owned(), zh_cn: None });
    Some(Knob { set: set.to_owned(), label, help, input, value })
}

/// SQLAlchemy and MySQL count all their times in seconds.
fn unit(set: &str) -> &'static str {
    let seconds = ["pool_recycle", "_timeout", "keepalive_time"];
    if seconds.iter().any(|name| set.ends_with(name)) { "s" } else { "" }
}

fn written_choices(node: &Node, set: &str, scenario: &Scenario, m: &mut Mistakes) -> Vec<KnobOption> {
    let Value::List(items) = &node.value else {
        m.add(&node.place, "`choices` must be a list", "choices = [\"…\", \"…\"]");
        return Vec::new();
    };
    let known = options_of(set, scenario);
    let mut options = Vec::new();
    for item in items {
        let (value, label) = match &item.value {
            Value::Table(_) => {
                let mut fields = Fields::of(item, "a choice", m);
                let value = fields.require("value", "{ value = …, label = \"…\" }", m).map(|n| (&n.value, n));
                let label = fields.take("label").and_then(|n| words(n, "label", m));
                fields.finish(m);
                (value.and_then(|(v, _)| KnobValue::of(v)), label)
            }
            value => (KnobValue::of(value), None),
        };
        let Some(value) = value else {
            m.add(&item.place, "a choice is text, a number, true or false", "");
            continue;
        };
        // Where the set of values is closed, a choice outside it can never work.
        let found = known.as_ref().map(|known| known.iter().find(|k| k.value == value));
        if found == Some(None) {
            m.add(&item.place, format!("`{set}` cannot be `{value}`"), "");
            continue;
        }
        let own_label = found.flatten().map(|k| k.label.clone());
        let label = label.or(own_label).unwrap_or_else(|| Words { en: value.to_string(), zh_cn: None });
        options.push(KnobOption { value, label });
    }
    options
}

/// The closed set of values of an option, with what a reader calls them.
fn options_of(set: &str, scenario: &Scenario) -> Option<Vec<KnobOption>> {
    fn all<T: Named>() -> Vec<KnobOption> {
        those(|_: T| true)
    }
    fn those<T: Named>(fits: impl Fn(T) -> bool) -> Vec<KnobOption> {
        T::all()
            .iter()
            .filter(|v| fits(**v))
            .map(|v| KnobOption {
                value: KnobValue::Text(v.written().to_owned()),
                label: Words { en: v.written().to_owned(), zh_cn: None },
            })
            .collect()
    }
    let asyncio = scenario.driver.is_async();
    match set {
        "sqlalchemy" => Some(those(|v: SqlAlchemy| !asyncio || v >= SqlAlchemy::V2_0)),
        // Programs are written for the one kind of driver or the other.
        "driver" => Some(those(|v: Driver| v.is_async() == asyncio)),
        "transport" => Some(all::<Transport>()),
        "server" => Some(all::<Server>()),
        "engine.poolclass" => Some(all::<PoolClass>()),
        "engine.pool_reset_on_return" => Some(all::<ResetOnReturn>()),
        "engine.session" => Some(all::<SessionFactory>()),
        "network.at_idle_timeout" => Some(all::<Cut>()),
        _ if program_of(set, scenario).is_some() => Some(
            scenario
                .programs
                .iter()
                .map(|p| KnobOption { value: KnobValue::Text(p.name.clone()), label: p.label.clone() })
                .collect(),
        ),
        _ => None,
    }
}

/// The program behind `traffic.2.run` or `process.0.startup`.
fn program_of(set: &str, scenario: &Scenario) -> Option<usize> {
    let number = |(begin, end)| set.strip_prefix(begin)?.strip_suffix(end).and_then(index);
    if let Some(traffic) = number(("traffic.", ".run")) {
        return scenario.traffic.get(traffic).map(|t| t.run);
    }
    scenario.processes.get(number(("process.", ".startup"))?)?.startup
}

/// What the scenario has at this path now, written or by default; `None` if nobody may set it.
pub fn current(set: &str, document: &Document, scenario: &Scenario) -> Option<KnobValue> {
    if let Some(program) = program_of(set, scenario) {
        return scenario.programs.get(program).map(|p| KnobValue::Text(p.name.clone()));
    }
    if !SETTABLE.contains(&set) {
        return None;
    }
    if let Some(value) = document.get(set).and_then(|node| KnobValue::of(&node.value)) {
        return Some(value);
    }
    let engine = scenario.engines.first()?;
    let number = |n: u64| KnobValue::Number(n as i64);
    let text = |t: &str| KnobValue::Text(t.to_owned());
    Some(match set {
        "engine.pool_size" => number(u64::from(engine.pool_size)),
        "engine.max_overflow" => KnobValue::Number(i64::from(engine.max_overflow)),
        "engine.pool_timeout" => number(engine.pool_timeout.as_secs()),
        "engine.pool_recycle" => {
            engine.pool_recycle.map_or(KnobValue::Number(defaults::POOL_RECYCLE), |r| number(r.as_secs()))
        }
        "engine.pool_pre_ping" => KnobValue::Switch(engine.pool_pre_ping),
        "engine.ping_listener" => KnobValue::Switch(engine.ping_listener),
        "engine.pool_use_lifo" => KnobValue::Switch(engine.pool_use_lifo),
        "engine.pool_reset_on_return" => text(engine.pool_reset_on_return.name()),
        "engine.poolclass" => text(engine.poolclass.name()),
        "engine.session" => text(engine.session.name()),
        "engine.read_timeout" => number(u64::from(engine.read_timeout)),
        "engine.connect_timeout" => number(u64::from(engine.connect_timeout)),
        "network.idle_timeout" => number(scenario.network.idle_timeout.unwrap_or_default().as_secs()),
        "network.at_idle_timeout" => text(scenario.network.at_idle_timeout.name()),
        "network.tcp_retries2" => number(u64::from(scenario.network.tcp_retries2)),
        "network.tcp_keepalive_time" => number(scenario.network.tcp_keepalive_time.as_secs()),
        "variables.max_connections" => number(u64::from(scenario.variables.max_connections)),
        "variables.wait_timeout" => number(u64::from(scenario.variables.wait_timeout)),
        "variables.interactive_timeout" => number(u64::from(scenario.variables.interactive_timeout)),
        "process.0.count" => number(u64::from(scenario.processes.first()?.count)),
        "process.0.debug" => KnobValue::Switch(scenario.processes.first()?.debug),
        "process.0.threads" => number(u64::from(scenario.processes.first()?.threads)),
        "process.0.barging" => text(&scenario.processes.first()?.barging.to_string()),
        "seed" => number(scenario.seed),
        "sqlalchemy" => text(scenario.sqlalchemy.name()),
        "driver" => text(scenario.driver.name()),
        "transport" => text(scenario.transport.name()),
        "server" => text(scenario.server.name()),
        _ => return None,
    })
}
