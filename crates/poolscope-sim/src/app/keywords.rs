//! Calls with keyword arguments: `create_engine(URL, …)`, and what a `BackgroundScheduler` understands.

use super::program::{Job, Step, Store};
use super::python::Compiler;
use super::tokens::Token;
use crate::scenario::{EngineOptions, PoolClass, SqlAlchemy};
use crate::text::whole;
use crate::time::{SimSpan, scaled_decimal};

const ENGINE_OPTIONS: &str =
    "pool_size, max_overflow, pool_timeout, pool_recycle, pool_pre_ping, pool_use_lifo, poolclass=NullPool";

/// `URL, a=1, b=2`: the positional arguments, then the keywords with their values.
type Arguments<'t> = (Vec<&'t [Token]>, Vec<(&'t str, &'t [Token])>);

fn arguments(tokens: &[Token]) -> Arguments<'_> {
    let mut found = (Vec::new(), Vec::new());
    for argument in commas(tokens) {
        match argument {
            [] => {}
            [Token::Name(name), Token::Mark('='), value @ ..] => found.1.push((name.as_str(), value)),
            value => found.0.push(value),
        }
    }
    found
}

/// Splits at the commas that stand in no further bracket.
fn commas(tokens: &[Token]) -> impl Iterator<Item = &[Token]> {
    let mut depth = 0;
    tokens.split(move |token| {
        match token {
            Token::Mark('(' | '[' | '{') => depth += 1,
            Token::Mark(')' | ']' | '}') => depth -= 1,
            _ => {}
        }
        depth == 0 && *token == Token::Mark(',')
    })
}

fn is_name(tokens: &[Token], name: &str) -> bool {
    matches!(tokens, [Token::Name(n)] if n == name)
}

fn seconds(tokens: &[Token]) -> Option<SimSpan> {
    match tokens {
        [Token::Number(n)] => scaled_decimal(n, 1_000_000).map(SimSpan::from_us),
        _ => None,
    }
}

/// Sets one option of an engine; `None` if it is not known like this.
fn set(engine: &mut EngineOptions, option: &str, value: &[Token]) -> Option<()> {
    let negative = matches!(value, [Token::Mark('-'), Token::Number(n)] if n == "1");
    let number = || if let [Token::Number(n)] = value { whole(n)?.try_into().ok() } else { None };
    let switch = match value {
        [Token::Name(n)] if n == "True" => Some(true),
        [Token::Name(n)] if n == "False" => Some(false),
        _ => None,
    };
    match option {
        "pool_size" => engine.pool_size = number()?,
        "max_overflow" => engine.max_overflow = if negative { -1 } else { number()? as i32 },
        "pool_timeout" => engine.pool_timeout = seconds(value)?,
        "pool_recycle" => engine.pool_recycle = if negative { None } else { Some(seconds(value)?) },
        "pool_pre_ping" => engine.pool_pre_ping = switch?,
        "pool_use_lifo" => engine.pool_use_lifo = switch?,
        "poolclass" if is_name(value, "NullPool") => engine.poolclass = PoolClass::NullPool,
        _ => return None,
    }
    Some(())
}

/// The arguments of `create_engine`: the options of the new engine.
pub(super) fn create_engine(compiler: &mut Compiler<'_>, name: &str, tokens: &[Token]) -> Option<u8> {
    let (positional, keywords) = arguments(tokens);
    if !matches!(positional.as_slice(), [url] if is_name(url, "URL")) {
        compiler.error("`create_engine` needs the name URL first", "create_engine(URL, pool_size=5)");
        return None;
    }
    let mut engine = EngineOptions { in_program: true, ..EngineOptions::new(name) };
    for (option, value) in keywords {
        if let Some((message, hint)) = compiler.sqlalchemy.refuses(option) {
            compiler.error(message, hint);
        } else if set(&mut engine, option, value).is_none() {
            compiler.error(format!("`create_engine({option}=…)` is not known like this"), ENGINE_OPTIONS);
            return None;
        }
    }
    Some(compiler.add_engine(engine))
}

/// A method of a `BackgroundScheduler`, as APScheduler 3 has it.
pub(super) fn scheduler_call(compiler: &mut Compiler<'_>, method: &str, tokens: &[Token]) -> Option<()> {
    let step = match method {
        "add_jobstore" => Step::AddJobstore(add_jobstore(compiler, tokens)?),
        "add_job" => {
            let job = add_job(compiler, tokens)?;
            compiler.jobs.push(job);
            Step::AddJob((compiler.jobs.len() - 1) as u8)
        }
        "start" if tokens.is_empty() => {
            let count = |step: fn(&Step) -> bool| compiler.steps.iter().filter(|s| step(s)).count();
            let stores = count(|s| matches!(s, Step::AddJobstore(_)));
            if stores != 1 || count(|s| matches!(s, Step::StartScheduler)) > 0 {
                compiler.error(
                    "a scheduler here has one job store, and starts once",
                    "scheduler.add_jobstore(\"sqlalchemy\", url=URL) before scheduler.start()",
                );
            }
            Step::StartScheduler
        }
        _ => {
            compiler.error(
                format!("the method `{method}` of a scheduler is not known here"),
                "add_jobstore(\"sqlalchemy\", url=URL), add_job(function, \"interval\", seconds=20), start()",
            );
            return None;
        }
    };
    if !matches!(step, Step::StartScheduler) && compiler.steps.iter().any(|s| matches!(s, Step::StartScheduler)) {
        compiler.error(format!("`{method}` after `start()` is not supported"), "move it before scheduler.start()");
    }
    compiler.push(step);
    Some(())
}

/// `"sqlalchemy", url=URL, engine_options={…}` or `"sqlalchemy", engine=engine`
fn add_jobstore(compiler: &mut Compiler<'_>, tokens: &[Token]) -> Option<Store> {
    let (positional, keywords) = arguments(tokens);
    let sqlalchemy = matches!(positional.as_slice(), [[Token::Text(name)]] if name == "sqlalchemy");
    let store = match keywords.as_slice() {
        [("engine", [Token::Name(name)])] => {
            compiler.engines.iter().position(|e| e.name == *name).map(|at| Store::Engine(at as u8))
        }
        [("url", url), options @ ..] if is_name(url, "URL") => {
            let mut engine = EngineOptions { in_program: true, ..EngineOptions::new("jobstore") };
            let entries = match options {
                [] => Some(&[][..]),
                [("engine_options", [Token::Mark('{'), entries @ .., Token::Mark('}')])] => Some(entries),
                _ => None,
            };
            entries.and_then(|entries| {
                for entry in commas(entries).filter(|entry| !entry.is_empty()) {
                    match entry {
                        [Token::Text(option), Token::Mark(':'), value @ ..] => {
                            let known = compiler.sqlalchemy >= SqlAlchemy::with_option(option);
                            set(&mut engine, option, value).filter(|()| known)?;
                        }
                        _ => return None,
                    }
                }
                Some(Store::Own(compiler.add_engine(engine)))
            })
        }
        _ => None,
    };
    if store.is_none() || !sqlalchemy {
        compiler.error(
            "`add_jobstore` is not known like this",
            "add_jobstore(\"sqlalchemy\", url=URL), or engine=engine, or url=URL, engine_options={\"pool_pre_ping\": True}",
        );
        return None;
    }
    store
}

/// `function, "interval", seconds=20, misfire_grace_time=60`
fn add_job(compiler: &mut Compiler<'_>, tokens: &[Token]) -> Option<Job> {
    let (positional, keywords) = arguments(tokens);
    let mut every = SimSpan::ZERO;
    let mut misfire_grace_time = Some(SimSpan::from_secs(1));
    let mut known = true;
    for (name, value) in keywords {
        let unit = match name {
            "seconds" => 1,
            "minutes" => 60,
            "hours" => 3_600,
            _ => 0,
        };
        match (name, seconds(value)) {
            ("misfire_grace_time", Some(grace)) => misfire_grace_time = Some(grace),
            ("misfire_grace_time", None) if is_name(value, "None") => misfire_grace_time = None,
            (_, Some(n)) if unit > 0 => every = every + n.times(unit),
            _ => known = false,
        }
    }
    match positional.as_slice() {
        [[Token::Name(function)], [Token::Text(trigger)]]
            if trigger == "interval" && known && every > SimSpan::ZERO =>
        {
            Some(Job { function: function.clone(), line: compiler.line, program: 0, every, misfire_grace_time })
        }
        _ => {
            compiler.error(
                "`add_job` is not known like this",
                "add_job(function, \"interval\", seconds=20), with misfire_grace_time=… if need be",
            );
            None
        }
    }
}
