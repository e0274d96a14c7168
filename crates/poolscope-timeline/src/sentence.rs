//! One plain sentence for each event, and the chain of its causes.

use poolscope_sim::engine::error::PyError;
use poolscope_sim::scenario::Cut;
use poolscope_sim::text::cut;
use poolscope_sim::trace::{EventId, EventKind, PingResult, PoolEvent, Rule, Trace, TraceEvent};

use crate::words::{self, Lang, Phrase};

/// What happened, in one sentence: for the live region and tooltips.
pub fn sentence(trace: &Trace, event: EventId, lang: &str) -> String {
    trace.events.get(event.0 as usize).map_or_else(String::new, |e| {
        let lang = Lang::of(lang);
        let who = e.task.and_then(|t| trace.tasks.get(usize::from(t)));
        describe(trace, e, who.map_or(lang.word(words::THREAD_GONE), |t| t.name.as_str()), lang)
    })
}

/// The causes of an event, nearest first: those that explain something, back to the request's arrival or to where a clock of the
/// server started.
pub fn why(trace: &Trace, event: EventId) -> Vec<EventId> {
    const LINKS_MAX: usize = 8;
    let is_error = trace
        .events
        .get(event.0 as usize)
        .is_some_and(|e| matches!(e.kind, EventKind::Raise { .. } | EventKind::Finish { error: Some(_), .. }));
    let mut chain = Vec::new();
    let mut at = event;
    while let Some(cause) = trace.events.get(at.0 as usize).and_then(|e| e.cause) {
        // A cause comes before its effect; anything else would be a loop.
        let Some(link) = trace.events.get(cause.0 as usize).filter(|_| cause < at) else { break };
        // What the pool does between a failure and the exception follows from the failure too.
        let aftermath = is_error && chain.is_empty() && cleans_up(link);
        if explains(link) && !aftermath {
            chain.push(cause);
        }
        let root = matches!(link.kind, EventKind::Arrive { .. } | EventKind::ServerSleep { .. });
        if root || chain.len() == LINKS_MAX {
            break;
        }
        at = cause;
    }
    chain
}

fn cleans_up(event: &TraceEvent) -> bool {
    matches!(
        event.kind,
        EventKind::InvalidatePool { .. } | EventKind::Pool { event: PoolEvent::Invalidate | PoolEvent::Checkin, .. }
    )
}

/// Not the steps of a thread from line to line, and not bookkeeping.
fn explains(event: &TraceEvent) -> bool {
    !matches!(
        event.kind,
        EventKind::Start { .. }
            | EventKind::Line { .. }
            | EventKind::Busy { .. }
            | EventKind::Status { .. }
            | EventKind::SessionEnd { .. }
            | EventKind::Executed { error: None, .. }
            | EventKind::Pool { event: PoolEvent::Reset { .. } | PoolEvent::FirstConnect | PoolEvent::Close, .. }
            | EventKind::ServerRun { .. }
            | EventKind::ServerOpen { .. }
    )
}

/// The last line of a traceback: the class and what it says.
pub fn first_line(trace: &Trace, error: &PyError) -> String {
    let text = trace.error_text(error);
    let line = text.lines().next().unwrap_or("");
    // A pool's timeout has its link in the same line; the sentence does without.
    let line = cut(line, " (Background on this error").map_or(line, |(before, _)| before);
    line.to_owned()
}

/// What the driver said, as Python prints the exception's arguments.
fn args(trace: &Trace, error: &PyError) -> String {
    match error {
        PyError::Dbapi { error, .. } => error.shown(&trace.scenario),
        other => first_line(trace, other),
    }
}

/// `who` is how the thread that acts is called; empty where the reader sees that beside the sentence.
pub fn describe(trace: &Trace, event: &TraceEvent, who: &str, lang: Lang) -> String {
    let scenario = &trace.scenario;
    let one = |phrase: Phrase, a: &str| lang.say(phrase, &[a]);
    let two = |phrase: Phrase, a: &str, b: &str| lang.say(phrase, &[a, b]);
    let about = |phrase: Phrase, number: u32| lang.say(phrase, &[who, &number.to_string()]);
    match event.kind {
        EventKind::End => lang.word(words::END).to_owned(),
        EventKind::Truncated { limit } => one(words::TRUNCATED, limit.name()),
        EventKind::Arrive { request, .. } => one(words::ARRIVE, &request.to_string()),
        EventKind::Start { request } => about(words::START, request),
        EventKind::Finish { request, error: None } => about(words::FINISH, request),
        EventKind::Finish { request, error: Some(error) } => {
            lang.say(words::FAIL, &[who, &request.to_string(), &error.key().label()])
        }
        EventKind::Line { line } => lang.say(words::LINE, &[who, &line.to_string(), trace.listing.line(line).trim()]),
        EventKind::Busy { until } => two(words::BUSY, who, &until.to_string()),
        EventKind::Session { session } => about(words::SESSION, session),
        EventKind::Hold { session, connection, .. } => {
            lang.say(words::HOLDS, &[who, &session.to_string(), &connection.to_string()])
        }
        EventKind::SessionEnd { session, how } => {
            lang.say(words::SESSION_END, &[who, &session.to_string(), how.name()])
        }
        EventKind::Lost { session } => about(words::LOST, session),
        EventKind::EngineLost { .. } => one(words::ENGINE_LOST, who),
        EventKind::EngineGone { .. } => lang.word(words::ENGINE_GONE).to_owned(),
        EventKind::Collect { found } => one(words::COLLECT, &found.to_string()),
        EventKind::ProcessStart { process } => one(words::PROCESS_START, &process_name(trace, process)),
        EventKind::ProcessExit { process } => one(words::PROCESS_EXIT, &process_name(trace, process)),
        EventKind::Log { log } => {
            let text = log.text(scenario);
            lang.say(words::LOG, &[who, log.level(), text.lines().next().unwrap_or_default()])
        }
        EventKind::Raise { error } => two(words::RAISE, who, &first_line(trace, &error)),
        EventKind::Wait { deadline: Some(deadline), .. } => two(words::WAIT, who, &deadline.to_string()),
        EventKind::Wait { deadline: None, .. } => one(words::WAIT_FOREVER, who),
        EventKind::Wake { .. } => one(words::WAKE, who),
        EventKind::Pool { event: kind, slot, connection, .. } => pool_event(kind, who, slot, connection, lang),
        EventKind::Status { figures, .. } => one(words::STATUS, &figures.status()),
        EventKind::Ping { connection, .. } => one(words::PING_START, &connection.to_string()),
        EventKind::Pinged { connection, result, .. } => {
            let (phrase, error) = match result {
                PingResult::Alive => (words::PING_OK, String::new()),
                PingResult::Dead(error) => (words::PING_DEAD, args(trace, &error)),
                PingResult::Failed(error) => (words::PING_FAILED, args(trace, &error)),
            };
            two(phrase, &connection.to_string(), &error)
        }
        EventKind::InvalidatePool { .. } => lang.word(words::INVALIDATE_POOL).to_owned(),
        EventKind::Dispose { .. } => lang.word(words::DISPOSE).to_owned(),
        EventKind::Connecting { slot, .. } => one(words::CONNECTING, &slot.to_string()),
        EventKind::ConnectFailed { slot, error, .. } => {
            two(words::CONNECT_FAILED, &slot.to_string(), &args(trace, &error))
        }
        EventKind::Inherit { engine, connection, parent, .. } => {
            let process = trace.engines.get(usize::from(engine)).map_or(0, |e| e.process);
            lang.say(words::INHERIT, &[&process_name(trace, process), &parent.to_string(), &connection.to_string()])
        }
        EventKind::WrongAnswer { connection, statement } => {
            let what = statement.map_or(lang.word(words::A_COMMAND), |s| scenario.sql(s));
            lang.say(words::WRONG_ANSWER, &[who, &connection.to_string(), what])
        }
        EventKind::Execute { connection, statement } => {
            lang.say(words::EXECUTE, &[who, &connection.to_string(), scenario.sql(statement)])
        }
        EventKind::Commit { connection } => lang.say(words::EXECUTE, &[who, &connection.to_string(), "COMMIT"]),
        EventKind::Rollback { connection } => lang.say(words::EXECUTE, &[who, &connection.to_string(), "ROLLBACK"]),
        EventKind::Executed { connection, error: None } => one(words::EXECUTED, &connection.to_string()),
        EventKind::Executed { connection, error: Some(error) } => {
            two(words::EXECUTE_FAILED, &connection.to_string(), &args(trace, &error))
        }
        EventKind::ServerOpen { thread, in_use, .. } => {
            two(words::SERVER_OPEN, &thread.to_string(), &in_use.to_string())
        }
        EventKind::ServerRefuse { code, in_use } => two(words::SERVER_REFUSE, &code.to_string(), &in_use.to_string()),
        EventKind::ServerRun { thread, statement } => {
            let what = statement.map_or(lang.word(words::A_COMMAND), |s| scenario.sql(s));
            two(words::SERVER_RUN, &thread.to_string(), what)
        }
        EventKind::ServerSleep { thread, in_transaction: false } => one(words::SERVER_SLEEP, &thread.to_string()),
        EventKind::ServerSleep { thread, in_transaction: true } => {
            one(words::SERVER_SLEEP_IN_TRANSACTION, &thread.to_string())
        }
        EventKind::Cut { connection, how: Cut::Close } => one(words::CUT_CLOSE, &connection.to_string()),
        EventKind::Cut { connection, .. } => one(words::CUT, &connection.to_string()),
        EventKind::ServerQuit { thread, .. } if event.rule == Rule::Keepalive => {
            one(words::SERVER_GIVES_UP, &thread.to_string())
        }
        EventKind::ServerQuit { thread, .. } => one(words::SERVER_QUIT, &thread.to_string()),
        EventKind::ServerTimeout { thread, .. } => {
            let mut text = two(words::SERVER_TIMEOUT, &thread.to_string(), &idle_timeout(trace, event).to_string());
            of_connection(&mut text, trace, event, thread, lang);
            text
        }
        EventKind::ServerKill { thread, .. } => {
            // A server that goes down takes its sessions along.
            let phrase = if event.rule == Rule::Restart { words::SERVER_ENDS } else { words::SERVER_KILL };
            let mut text = one(phrase, &thread.to_string());
            of_connection(&mut text, trace, event, thread, lang);
            text
        }
        EventKind::ServerKillQuery { thread } => one(words::SERVER_KILL_QUERY, &thread.to_string()),
        EventKind::ServerDown { lost } => one(words::SERVER_DOWN, &lost.to_string()),
        EventKind::ServerUp => lang.word(words::SERVER_UP).to_owned(),
        EventKind::ServerSilent => lang.word(words::SERVER_SILENT).to_owned(),
        EventKind::ServerAnswers => lang.word(words::SERVER_ANSWERS).to_owned(),
    }
}

fn pool_event(kind: PoolEvent, who: &str, slot: u32, connection: Option<u32>, lang: Lang) -> String {
    let phrase = match (kind, connection) {
        (PoolEvent::Connect, _) => words::POOL_CONNECT,
        (PoolEvent::FirstConnect, _) => words::FIRST_CONNECT,
        (PoolEvent::Checkout, _) => words::CHECKOUT,
        (PoolEvent::Checkin, Some(_)) => words::CHECKIN,
        (PoolEvent::Checkin, None) => words::CHECKIN_EMPTY,
        (PoolEvent::Reset { .. }, _) => words::RESET,
        (PoolEvent::Invalidate, _) => words::INVALIDATE,
        (PoolEvent::SoftInvalidate, _) => words::SOFT_INVALIDATE,
        (PoolEvent::Close | PoolEvent::CloseDetached, _) => words::CLOSE,
        (PoolEvent::Detach, _) => words::DETACH,
    };
    let number = connection.map_or_else(String::new, |c| c.to_string());
    lang.say(phrase, &[who, &number, &slot.to_string()])
}

/// Says which DBAPI connection a server session belonged to: the newest with this id before the event.
/// Seconds after which the server closed this session: engines that say that they are interactive have a timeout of their own.
fn idle_timeout(trace: &Trace, event: &TraceEvent) -> u32 {
    let scenario = &trace.scenario;
    let idle = event.cause.and_then(|c| trace.events.get(c.0 as usize)).map_or(0, |c| event.at.since(c.at).as_secs());
    let timeouts = scenario.engines.iter().map(|engine| scenario.idle_timeout(engine));
    timeouts.min_by_key(|t| u64::from(*t).abs_diff(idle)).unwrap_or(scenario.variables.wait_timeout)
}

fn of_connection(text: &mut String, trace: &Trace, event: &TraceEvent, thread: u32, lang: Lang) {
    let opened = trace.events.iter().take_while(|e| e.at <= event.at).filter_map(|e| match e.kind {
        EventKind::ServerOpen { thread: id, connection, .. } if id == thread => Some(connection),
        _ => None,
    });
    if let Some(Some(connection)) = opened.last() {
        text.push_str(&lang.say(words::CONNECTION_OF, &[&connection.to_string()]));
    }
}

fn process_name(trace: &Trace, process: u16) -> String {
    trace.processes.get(usize::from(process)).cloned().unwrap_or_default()
}
