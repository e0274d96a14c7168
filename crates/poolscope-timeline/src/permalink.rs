//! A place in a run as the fragment of an address: which scenario, what is changed in it, which instant and event, what part is seen, in
//! which language. Readable, versioned, without a server.
//!
//! ```text
//! #poolscope=1&scenario=recycle-above-wait-timeout&engine.pool_recycle=5&at=25.04s&event=raise&view=20s..30s&lang=zh-CN
//! ```
//!
//! | Key | Value |
//! |---|---|
//! | `poolscope` | the version of the link, first: `1` |
//! | `scenario` | the name of the scenario |
//! | a path such as `engine.pool_recycle`, `driver`, `seed` | its value, where it is not the scenario's own |
//! | `fault` | one that the reader added, up to 8: `kill@25s`, `kill.3@25s` (connection 3), `kill-query@25s`, `restart.2s@25s` (down for 2 s) |
//! | `at` | the playhead: `25.04s` |
//! | `event` | the selected event, by its name in the trace and, from the second at that instant on, its number: `raise`, `raise.2` |
//! | `view` | the part of the run that is seen: `20s..30s` |
//! | `idle` | `folded` |
//! | `compare` | `plain`: beside the run as the scenario has it |
//! | `compare.` and a path | the value of the run beside this one, where it is not the scenario's own |
//! | `lang` | `en` or `zh-CN` |
//!
//! An event is found by name and instant, not by its number, so that a link survives a simulator that does one thing more.

use poolscope_sim::scenario::{Diagnostic, Document, Fault, FaultKind, KnobValue, Place, Scenario, current};
use poolscope_sim::time::{SimSpan, SimTime};
use poolscope_sim::trace::{EventId, Trace};

use crate::what_if;
use crate::words::Lang;

/// What the settings of the other run begin with.
const COMPARE: &str = "compare.";
/// What a fragment that is a link begins with.
const PREFIX: &str = "poolscope=";
/// Of the links that are written; older ones are upgraded when they are read.
const VERSION: &str = "1";
/// In bytes.
const LENGTH_MAX: usize = 2_000;
const FAULTS_MAX: usize = 8;
const SETTINGS_MAX: usize = 32;
/// Whoever opens a link has not chosen what it costs to run.
const THREADS_MAX: u64 = 4_096;
/// A year: no run is longer.
const TIME_MAX: SimTime = SimTime(365 * 86_400 * 1_000_000);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permalink {
    pub scenario: String,
    /// By path, in the order of turning. What the values may be, the scenario says: see `apply`.
    pub settings: Vec<(String, String)>,
    pub faults: Vec<Fault>,
    pub at: Option<SimTime>,
    /// Its name in the trace, and which of that name at that instant, from 1.
    pub event: Option<(String, u32)>,
    pub view: Option<(SimTime, SimTime)>,
    pub idle_folded: bool,
    pub compare: bool,
    /// Of the run to compare with, by path.
    pub against: Vec<(String, String)>,
    pub lang: Option<Lang>,
}

/// A scenario with a link's changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Changed {
    pub document: Document,
    /// What is set in it, by path.
    pub settings: Vec<(String, KnobValue)>,
    /// What is set in the run beside it.
    pub against: Vec<(String, KnobValue)>,
}

fn threads(scenario: &Scenario) -> u64 {
    scenario.processes.iter().map(|p| u64::from(p.count) * u64::from(p.threads)).sum()
}

impl Permalink {
    /// Whether a fragment, with or without its `#`, is meant to be a link.
    pub fn is_meant(fragment: &str) -> bool {
        fragment.strip_prefix('#').unwrap_or(fragment).starts_with(PREFIX)
    }

    /// Reads the form of a link. What it means is judged by `apply`, beside its scenario.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(fragment: &str) -> Result<Permalink, Vec<Diagnostic>> {
        let fragment = fragment.strip_prefix('#').unwrap_or(fragment);
        if LENGTH_MAX < fragment.len() {
            let hint = format!("at most {LENGTH_MAX} characters, this one has {}", fragment.len());
            return Err(vec![mistake("", "the link is too long", &hint)]);
        }
        let mut reader = Reader::default();
        let mut pairs = fragment.split('&');
        match pairs.next().and_then(|first| first.strip_prefix(PREFIX)) {
            Some(VERSION) => {}
            Some(_) => {
                let hint = format!("this page reads links of version {VERSION}");
                return Err(vec![mistake("poolscope", "the link has another version", &hint)]);
            }
            None => return Err(vec![mistake("", "this is not a link to a run", "it would begin with #poolscope=1")]),
        }
        for pair in pairs {
            match pair.split_once('=') {
                Some((key, value)) => reader.pair(key, value),
                None => reader.add("", "a part of the link has no `=`", "key=value, joined by &"),
            }
        }
        if reader.link.scenario.is_empty() && reader.mistakes.is_empty() {
            reader.add("scenario", "the link does not say which scenario it is about", "scenario=<name>");
        }
        if reader.mistakes.is_empty() { Ok(reader.link) } else { Err(reader.mistakes) }
    }

    /// The fragment, with its `#`.
    pub fn write(&self) -> String {
        let mut out = String::from("#poolscope=1");
        let mut put = |key: &str, value: &str| {
            out.push('&');
            escape(&mut out, key);
            out.push('=');
            escape(&mut out, value);
        };
        put("scenario", &self.scenario);
        for (path, value) in &self.settings {
            put(path, value);
        }
        for fault in &self.faults {
            let kind = match fault.kind {
                FaultKind::Kill { connection: None } => "kill".to_owned(),
                FaultKind::Kill { connection: Some(n) } => format!("kill.{n}"),
                FaultKind::KillQuery { connection: None } => "kill-query".to_owned(),
                FaultKind::KillQuery { connection: Some(n) } => format!("kill-query.{n}"),
                FaultKind::Cut { connection: None } => "cut".to_owned(),
                FaultKind::Cut { connection: Some(n) } => format!("cut.{n}"),
                FaultKind::Restart { down } => format!("restart.{}", seconds(down)),
            };
            put("fault", &format!("{kind}@{}", seconds(fault.at.since(SimTime::ZERO))));
        }
        let instant = |at: SimTime| seconds(at.since(SimTime::ZERO));
        if let Some(at) = self.at {
            put("at", &instant(at));
        }
        match &self.event {
            Some((name, 1)) => put("event", name),
            Some((name, n)) => put("event", &format!("{name}.{n}")),
            None => {}
        }
        if let Some((from, to)) = self.view {
            put("view", &format!("{}..{}", instant(from), instant(to)));
        }
        if self.idle_folded {
            put("idle", "folded");
        }
        if self.compare && self.against.is_empty() {
            put("compare", "plain");
        }
        for (path, value) in self.against.iter().filter(|_| self.compare) {
            put(&format!("{COMPARE}{path}"), value);
        }
        if let Some(lang) = self.lang {
            put("lang", lang.tag());
        }
        out
    }

    /// The document with the link's changes. The scenario knows what may be set, and to what.
    ///
    /// # Errors
    /// Every change that the scenario does not allow.
    pub fn apply(&self, document: &Document) -> Result<Changed, Vec<Diagnostic>> {
        let scenario = Scenario::read(document, &self.scenario)?;
        let mut mistakes = Vec::new();
        let (mut changed, mut other) = (document.clone(), document.clone());
        let (mut settings, mut against) = (Vec::new(), Vec::new());
        for (n, (path, text)) in self.settings.iter().chain(&self.against).enumerate() {
            let value = match current(path, document, &scenario) {
                None => Err((
                    "the link sets something that cannot be set",
                    "an option such as engine.pool_recycle".to_owned(),
                )),
                Some(KnobValue::Text(_)) => Ok(KnobValue::Text(text.clone())),
                Some(KnobValue::Switch(_)) => match KnobValue::parse(text) {
                    value @ KnobValue::Switch(_) => Ok(value),
                    _ => Err(("this is neither on nor off", "true or false".to_owned())),
                },
                Some(KnobValue::Number(_)) => match KnobValue::parse(text) {
                    value @ KnobValue::Number(_) => Ok(value),
                    _ => Err(("this is not a whole number", String::new())),
                },
            };
            match value {
                Ok(value) => {
                    let own = n < self.settings.len();
                    let (run, set) = if own { (&mut changed, &mut settings) } else { (&mut other, &mut against) };
                    if let Err(diagnostic) = run.set(path, &value) {
                        mistakes.push(diagnostic);
                    }
                    set.push((path.clone(), value));
                }
                Err((message, hint)) => mistakes.push(mistake(path, message, &hint)),
            }
        }
        for fault in &self.faults {
            if scenario.until < fault.at {
                mistakes.push(mistake(
                    "fault",
                    "the fault comes after the end of the run",
                    &scenario.until.to_string(),
                ));
            }
            what_if::add(&mut changed, fault);
        }
        let ends = self.view.map(|v| v.1).into_iter().chain(self.at).max();
        if ends.is_some_and(|end| scenario.until < end) {
            mistakes.push(mistake("at", "the link points behind the end of the run", &scenario.until.to_string()));
        }
        for run in [&changed, &other] {
            if !mistakes.is_empty() {
                break;
            }
            mistakes = match Scenario::read(run, &self.scenario) {
                Ok(scenario) if THREADS_MAX < threads(&scenario) => {
                    let hint = format!("a link asks for {THREADS_MAX} at most");
                    vec![mistake("process.0.threads", "these are too many threads", &hint)]
                }
                Ok(_) => Vec::new(),
                Err(mistakes) => mistakes,
            };
        }
        if mistakes.is_empty() { Ok(Changed { document: changed, settings, against }) } else { Err(mistakes) }
    }

    /// The event that the link selects, in a run of its scenario; nothing if it is not there any more.
    pub fn find(&self, trace: &Trace) -> Option<EventId> {
        let (name, n) = self.event.as_ref()?;
        let at = self.at?;
        let first = trace.events.partition_point(|e| e.at < at);
        let here = trace.events[first..].iter().take_while(|e| e.at == at).enumerate();
        let of_name = here.filter(|(_, e)| e.kind.name() == name).nth(n.saturating_sub(1) as usize);
        of_name.map(|(i, _)| EventId((first + i) as u32))
    }

    /// Selects an event: the playhead stands on it.
    pub fn select(&mut self, trace: &Trace, event: EventId) {
        let Some(selected) = trace.events.get(event.0 as usize) else { return };
        let before = trace.events[..event.0 as usize].iter().rev().take_while(|e| e.at == selected.at);
        let n = before.filter(|e| e.kind.name() == selected.kind.name()).count() as u32;
        self.at = Some(selected.at);
        self.event = Some((selected.kind.name().to_owned(), n + 1));
    }
}

#[derive(Default)]
struct Reader {
    link: Permalink,
    mistakes: Vec<Diagnostic>,
    seen: Vec<String>,
}

impl Reader {
    fn add(&mut self, key: &str, message: &str, hint: &str) {
        self.mistakes.push(mistake(key, message, hint));
    }

    fn pair(&mut self, key: &str, value: &str) {
        let (Some(key), Some(value)) = (unescape(key), unescape(value)) else {
            self.add("", "a part of the link is not well escaped", "UTF-8, % and two hexadecimal digits");
            return;
        };
        if key != "fault" && self.seen.contains(&key) {
            self.add(&key, "the link says this twice", "");
            return;
        }
        let done = match key.as_str() {
            "scenario" => (!value.is_empty()).then(|| self.link.scenario.clone_from(&value)),
            "at" => time(&value).map(|at| self.link.at = Some(at)),
            "event" => event(&value).map(|event| self.link.event = Some(event)),
            "view" => view(&value).map(|view| self.link.view = Some(view)),
            "fault" => fault(&value).map(|fault| self.link.faults.push(fault)),
            "idle" => (value == "folded").then(|| self.link.idle_folded = true),
            "compare" => (value == "plain").then(|| self.link.compare = true),
            "lang" => Lang::exactly(&value).map(|lang| self.link.lang = Some(lang)),
            path if is_path(path) => {
                match path.strip_prefix(COMPARE) {
                    Some(path) => {
                        self.link.compare = true;
                        self.link.against.push((path.to_owned(), value));
                    }
                    None => self.link.settings.push((path.to_owned(), value)),
                }
                Some(())
            }
            _ => {
                let hint =
                    "scenario, at, event, view, fault, idle, compare, lang, or an option such as engine.pool_size";
                self.add(&key, "a link has no such key", hint);
                return;
            }
        };
        if done.is_none() {
            self.add(&key, "the link has a value here that cannot be", form(&key));
        }
        if FAULTS_MAX < self.link.faults.len() {
            self.link.faults.truncate(FAULTS_MAX);
            self.add("fault", "the link has too many faults", &format!("at most {FAULTS_MAX}"));
        }
        if SETTINGS_MAX < self.link.settings.len().max(self.link.against.len()) {
            self.link.settings.truncate(SETTINGS_MAX);
            self.link.against.truncate(SETTINGS_MAX);
            self.add(&key, "the link sets too many options", &format!("at most {SETTINGS_MAX}"));
        }
        self.seen.push(key);
    }
}

/// What a key's value looks like.
fn form(key: &str) -> &'static str {
    match key {
        "scenario" => "the scenario's name",
        "at" => "a time such as 25.04s",
        "event" => "an event such as raise or raise.2",
        "view" => "two times such as 20s..30s",
        "fault" => "kill@25s, kill.3@25s or restart.2s@25s",
        "idle" => "folded",
        "compare" => "plain",
        "lang" => "en or zh-CN",
        _ => "",
    }
}

/// `engine.pool_size`, `traffic.0.run`, `seed`; whether it can be set is for the scenario to say.
fn is_path(text: &str) -> bool {
    let part = |p: &str| !p.is_empty() && p.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    const LONGEST: usize = 60;
    text.len() <= LONGEST && text.split('.').all(part)
}

fn time(text: &str) -> Option<SimTime> {
    let at = SimTime::ZERO + SimSpan::parse(text).ok()?;
    (at <= TIME_MAX).then_some(at)
}

fn view(text: &str) -> Option<(SimTime, SimTime)> {
    let (from, to) = text.split_once("..")?;
    let (from, to) = (time(from)?, time(to)?);
    (from < to).then_some((from, to))
}

fn event(text: &str) -> Option<(String, u32)> {
    let (name, n) = match text.split_once('.') {
        Some((name, n)) => (name, n.parse().ok().filter(|n| 1 <= *n)?),
        None => (text, 1),
    };
    let is_name = is_path(name) && !name.contains('.');
    is_name.then(|| (name.to_owned(), n))
}

fn fault(text: &str) -> Option<Fault> {
    let (what, at) = text.rsplit_once('@')?;
    let at = time(at)?;
    let (kind, more) = what.split_once('.').unwrap_or((what, ""));
    let kind = match (kind, more) {
        ("kill", "") => FaultKind::Kill { connection: None },
        ("kill", n) => FaultKind::Kill { connection: Some(n.parse().ok().filter(|n| 1 <= *n)?) },
        ("kill-query", "") => FaultKind::KillQuery { connection: None },
        ("kill-query", n) => FaultKind::KillQuery { connection: Some(n.parse().ok().filter(|n| 1 <= *n)?) },
        ("cut", "") => FaultKind::Cut { connection: None },
        ("cut", n) => FaultKind::Cut { connection: Some(n.parse().ok().filter(|n| 1 <= *n)?) },
        ("restart", down) => FaultKind::Restart { down: time(down)?.since(SimTime::ZERO) },
        _ => return None,
    };
    Some(Fault { at, kind })
}

/// The whole length in seconds, exactly: `25.04s`.
fn seconds(span: SimSpan) -> String {
    let us = span.as_us();
    let mut text = format!("{}.{:06}", us / 1_000_000, us % 1_000_000);
    text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
    text.push('s');
    text
}

/// Everything that would end a part of the link or the address itself, as `%` and two digits.
fn escape(out: &mut String, text: &str) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@:,/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(DIGITS[usize::from(byte >> 4)]));
            out.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
}

fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let mut digit = || char::from(rest.next()?).to_digit(16);
            let (high, low) = (digit()?, digit()?);
            bytes.push((high * 16 + low) as u8);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok().filter(|text| !text.chars().any(char::is_control))
}

/// What a link says is shown to the reader, but not at any length.
fn mistake(key: &str, message: &str, hint: &str) -> Diagnostic {
    let shown: String = key.chars().take(40).collect();
    let place = if shown.is_empty() { "link".to_owned() } else { format!("link: {shown}") };
    Diagnostic { place: Place::Path(place), message: message.to_owned(), hint: hint.to_owned() }
}
