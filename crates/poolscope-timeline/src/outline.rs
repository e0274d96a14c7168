//! The run as a table of its notable steps: for readers without JavaScript, screen readers and search engines.

use poolscope_sim::engine::error::ErrorKey;
use poolscope_sim::time::SimTime;
use poolscope_sim::trace::{EventId, EventKind, PingResult, PoolEvent, Rule, Trace, TraceEvent};

use crate::names::owner;
use crate::sentence::describe;
use crate::truths::Truths;
use crate::words::{self, Lang};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutlineRow {
    pub at: SimTime,
    pub event: EventId,
    /// The thread, the pool or the server.
    pub who: String,
    /// A plain sentence; for errors with the whole text of the exception after a newline.
    pub what: String,
    /// The rule that it follows, in a sentence; empty where the scenario simply says so.
    pub why: String,
    /// It is an error.
    pub error: bool,
}

/// Of every sort of step at most so many rows: that it happens, and that it happens again.
const EACH_MAX: usize = 3;
/// A table longer than this is not read.
const ROWS_MAX: usize = 40;

/// The notable steps, with repetitions merged.
pub fn outline(trace: &Trace, lang: &str) -> Vec<OutlineRow> {
    let lang = Lang::of(lang);
    let found = notable(trace);
    // As many of each sort as fit; what comes after them is counted in the last row of its sort.
    let each = (1..=EACH_MAX).rev().find(|each| shown(&found, *each) <= ROWS_MAX).unwrap_or(1);
    let mut rows: Vec<OutlineRow> = Vec::new();
    let mut sorts: Vec<Sort> = Vec::new();
    for step in &found {
        let Some(event) = trace.events.get(step.event.0 as usize) else { continue };
        let place = sorts.iter().position(|s| s.key == step.key);
        match place.map(|p| &mut sorts[p]) {
            Some(sort) if step.key.rows(each) <= sort.count => {
                sort.more += 1;
                sort.until = event.at;
            }
            other => {
                match other {
                    Some(sort) => {
                        sort.count += 1;
                        sort.row = rows.len();
                    }
                    None => sorts.push(Sort { key: step.key, count: 1, row: rows.len(), more: 0, until: event.at }),
                }
                let mut row = row(trace, step, event, lang);
                // The text of an exception once is enough.
                let known = row.what.split_once('\n').map(|(sentence, text)| (sentence.len(), text));
                if let Some((sentence, text)) = known
                    && rows.iter().any(|r| r.what.split_once('\n').is_some_and(|(_, other)| other == text))
                {
                    row.what.truncate(sentence);
                }
                rows.push(row);
            }
        }
    }
    for sort in sorts.iter().filter(|s| 0 < s.more) {
        let what = &mut rows[sort.row].what;
        let (sentence, error) = what.split_once('\n').map_or((what.as_str(), None), |(s, e)| (s, Some(e)));
        let phrase = if sort.more == 1 { words::ONCE_MORE } else { words::MORE_TIMES };
        let mut merged = lang.say(phrase, &[sentence, &sort.until.to_string(), &sort.more.to_string()]);
        if let Some(error) = error {
            merged.push('\n');
            merged.push_str(error);
        }
        *what = merged;
    }
    rows
}

/// What makes two steps the same sort of step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key {
    kind: &'static str,
    rule: Rule,
    error: Option<ErrorKey>,
}

impl Key {
    /// What goes well is told once.
    fn rows(self, each: usize) -> usize {
        if matches!(self.kind, "served" | "ping ok") { 1 } else { each }
    }
}

struct Sort {
    key: Key,
    /// Rows so far, and the last of them.
    count: usize,
    row: usize,
    /// Merged into the last row.
    more: u32,
    until: SimTime,
}

#[derive(Clone, Debug)]
struct Notable {
    event: EventId,
    key: Key,
    told: Told,
}

/// What the event alone does not tell.
#[derive(Clone, Copy, Debug)]
enum Told {
    ByEvent,
    /// The connection that is checked out is dead since then.
    Dead(SimTime, bool),
    /// The checkout had to wait since then.
    Waited(SimTime),
}

fn shown(found: &[Notable], each: usize) -> usize {
    let mut sorts: Vec<(Key, usize)> = Vec::new();
    for step in found {
        match sorts.iter_mut().find(|s| s.0 == step.key) {
            Some(sort) => sort.1 = step.key.rows(each).min(sort.1 + 1),
            None => sorts.push((step.key, 1)),
        }
    }
    sorts.iter().map(|s| s.1).sum()
}

fn notable(trace: &Trace) -> Vec<Notable> {
    let mut truths = Truths::new(trace);
    let mut waiting: Vec<Option<SimTime>> = vec![None; trace.tasks.len()];
    let mut found = Vec::new();
    for (i, event) in trace.events.iter().enumerate() {
        let id = EventId(i as u32);
        truths.apply(id, event);
        let wait = event.task.and_then(|t| waiting.get_mut(usize::from(t)));
        let (mut error, mut told) = (None, Told::ByEvent);
        let kind = match event.kind {
            EventKind::Truncated { .. } => "cut",
            EventKind::Raise { error: raised } | EventKind::Finish { error: Some(raised), .. } => {
                if let Some(wait) = wait {
                    *wait = None;
                }
                if truths.error != Some(id) {
                    continue;
                }
                error = Some(raised.key());
                "error"
            }
            EventKind::Finish { error: None, .. } => "served",
            EventKind::Lost { .. } | EventKind::EngineLost { .. } => "lost",
            EventKind::EngineGone { .. } => "engine gone",
            EventKind::Collect { found: 1.. } => "collect",
            EventKind::Wait { .. } => {
                if let Some(wait) = wait {
                    *wait = Some(event.at);
                }
                "wait"
            }
            EventKind::Pool { event: kind, connection, .. } => match kind {
                PoolEvent::Connect => "connect",
                PoolEvent::Invalidate => "invalidate",
                PoolEvent::SoftInvalidate => "soft invalidate",
                PoolEvent::Detach => "detach",
                // What an invalidation closes has been told; what is too old, or too much, has not.
                PoolEvent::Close if event.rule != Rule::Disconnect && !invalidated_before(trace, event) => "close",
                PoolEvent::Checkout => {
                    let waited = wait.and_then(Option::take);
                    let dead =
                        connection.and_then(|n| truths.dead_since(n)).and_then(|d| trace.events.get(d.0 as usize));
                    match (dead, waited) {
                        (Some(death), _) => {
                            told = Told::Dead(death.at, matches!(death.kind, EventKind::Cut { .. }));
                            "checkout dead"
                        }
                        (None, Some(since)) => {
                            told = Told::Waited(since);
                            "checkout"
                        }
                        (None, None) => continue,
                    }
                }
                _ => continue,
            },
            EventKind::Pinged { result: PingResult::Alive, .. } => "ping ok",
            EventKind::Pinged { result: PingResult::Dead(_) | PingResult::Failed(_), .. } => "ping",
            EventKind::Dispose { .. } => "dispose",
            EventKind::ServerRefuse { .. } => "refuse",
            EventKind::Cut { .. } => "cut off",
            EventKind::ServerTimeout { .. } => "timeout",
            EventKind::ServerKill { .. } if event.rule != Rule::Restart => "kill",
            EventKind::ServerDown { .. } => "down",
            EventKind::ServerUp => "up",
            EventKind::ServerSilent => "silent",
            EventKind::ServerAnswers => "answers",
            _ => continue,
        };
        let key = Key { kind, rule: event.rule, error };
        found.push(Notable { event: id, key, told });
    }
    found
}

fn invalidated_before(trace: &Trace, event: &TraceEvent) -> bool {
    let cause = event.cause.and_then(|c| trace.events.get(c.0 as usize));
    cause.is_some_and(|c| matches!(c.kind, EventKind::Pool { event: PoolEvent::Invalidate, .. }))
}

fn row(trace: &Trace, step: &Notable, event: &TraceEvent, lang: Lang) -> OutlineRow {
    let task = event.task.and_then(|t| trace.tasks.get(usize::from(t))).map(|t| t.name.as_str());
    let number = |n: u32| n.to_string();
    let what = match (step.told, event.kind) {
        (Told::Dead(since, cut), EventKind::Pool { connection: Some(c), .. }) => {
            let phrase = if cut { words::CHECKOUT_CUT } else { words::CHECKOUT_DEAD };
            lang.say(phrase, &["", &number(c), &since.to_string()])
        }
        (Told::Waited(since), EventKind::Pool { connection: Some(c), .. }) => {
            lang.say(words::CHECKOUT_WAITED, &["", &number(c), &event.at.since(since).to_string()])
        }
        (_, EventKind::Raise { error } | EventKind::Finish { error: Some(error), .. }) => {
            let mut what = lang.say(words::GETS, &["", &error.key().label()]);
            what.push('\n');
            what.push_str(&trace.error_text(&error));
            what
        }
        _ => describe(trace, event, "", lang),
    };
    let who = match event.kind {
        EventKind::Pool { event: PoolEvent::Checkout, .. } => task.unwrap_or("").to_owned(),
        EventKind::Pool { engine, .. } | EventKind::Pinged { engine, .. } | EventKind::Dispose { engine } => {
            pool_name(trace, engine, lang)
        }
        EventKind::Collect { .. } | EventKind::EngineGone { .. } => "Python".to_owned(),
        _ => task.unwrap_or(lang.word(words::SERVER)).to_owned(),
    };
    let why = match reason(trace, event) {
        Rule::Scenario | Rule::Listing | Rule::Served | Rule::Propagate => "",
        rule => words::rule(rule, lang),
    };
    let error = step.key.error.is_some();
    OutlineRow { at: event.at, event: step.event, who, what: capital(&what), why: why.to_owned(), error }
}

/// The column beside it says who, so the sentence begins with the verb.
fn capital(sentence: &str) -> String {
    let sentence = sentence.trim_start();
    let mut letters = sentence.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// An exception is explained by what went wrong first, not by its way up.
fn reason(trace: &Trace, event: &TraceEvent) -> Rule {
    // From the exception back to the failure it is only the pool's own bookkeeping.
    const NEAR: usize = 12;
    let (EventKind::Raise { error } | EventKind::Finish { error: Some(error), .. }) = event.kind else {
        return event.rule;
    };
    if error.key() == ErrorKey::MySql(1040) {
        return Rule::MaxConnections;
    }
    let mut at = event;
    for _ in 0..NEAR {
        let failure = match at.kind {
            EventKind::Executed { error, .. } => error.is_some(),
            EventKind::ConnectFailed { .. } => true,
            EventKind::Wake { .. } => at.rule == Rule::QueueTimeout,
            EventKind::Raise { .. } => at.rule != Rule::Propagate,
            _ => false,
        };
        if failure {
            return at.rule;
        }
        match at.cause.and_then(|c| trace.events.get(c.0 as usize)) {
            Some(cause) => at = cause,
            None => break,
        }
    }
    event.rule
}

fn pool_name(trace: &Trace, engine: u16, lang: Lang) -> String {
    let mut name = lang.word(words::POOL).to_owned();
    let owner = owner(trace, engine);
    if !owner.is_empty() {
        name.push_str(", ");
        name.push_str(&owner);
    }
    name
}
