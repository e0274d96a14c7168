//! What few readers use: comparing, throwing in faults, links, files, maps. Compiled into a module of its own (feature `studio`), so that a
//! page does not load it before somebody asks.

#![cfg_attr(not(feature = "studio"), allow(dead_code, reason = "the small module compiles it, and leaves it out"))]

mod arrows;
mod map;
mod view;
mod wish;
mod words;

use poolscope_sim::scenario::{Diagnostic, Fault, FaultKind, KnobValue, LookAt, Scenario};
use poolscope_sim::time::{SimSpan, SimTime};
use poolscope_sim::trace::{EventId, jsonl, log_lines};
use poolscope_sim::{Trace, simulate};
use poolscope_timeline::{
    Comparison, Lang, OutlineRow, Permalink, StepKind, Timeline, When, css, export, origin, outline, settings,
};

use crate::experiment::Experiment;
use crate::playhead::Playhead;
use crate::stage::Stage;
use crate::widget::State;
use map::Map;
#[cfg(feature = "studio")]
pub use map::sweep;
pub use view::{line_number, origin};
pub use wish::Wish;
use words::{KINDS, words};

/// Whether this module is the one that can do everything.
pub const STUDIO: bool = cfg!(feature = "studio");

/// What the reader changed: options and faults.
type Change = (Vec<(String, KnobValue)>, Vec<Fault>);
/// An event for the element: its name and its fields.
pub type Telling = (&'static str, Vec<(&'static str, String)>);

#[derive(Debug, Default)]
pub struct Studio {
    /// What the step buttons stop at.
    pub kind: Option<StepKind>,
    /// In powers of two.
    speed: i32,
    compare: bool,
    /// The options of the run to compare with, where they are not the scenario's own.
    against: Vec<(String, KnobValue)>,
    /// Causes are drawn as arrows.
    pub arrows: bool,
    beside: Option<Beside>,
    /// The line of the listing whose moments are shown.
    line: Option<u16>,
    /// What was taken along last, to be seen and copied by hand where the page may not.
    taken: String,
    note: &'static str,
    undo: Vec<Change>,
    redo: Vec<Change>,
    /// Turning the same knob again is the same change.
    turned_last: Option<usize>,
    fault: String,
    map: Map,
    fingers: Vec<(i32, f32)>,
    /// The run in words, while the reader wants it.
    outline: Option<Vec<OutlineRow>>,
    /// What the pools log, while the reader wants to see that and the counters of the server.
    log: Option<Vec<(EventId, String)>>,
    /// The whole run as it is now: where its steps are, and its errors.
    overview: (String, String),
    outbox: Vec<Telling>,
}

#[derive(Debug)]
struct Beside {
    trace: Trace,
    timeline: Timeline,
    comparison: Comparison,
}

/// As many changes as can be undone.
const UNDO_MAX: usize = 100;

/// What a key on the timeline steps through; nothing for the other keys of the studio.
pub fn key(name: &str) -> Option<Option<StepKind>> {
    let lower = name.to_ascii_lowercase();
    match lower.as_str() {
        "z" | "a" | "[" | "]" => Some(None),
        _ => KINDS.iter().find(|k| k.3 == lower).map(|k| Some(k.0)),
    }
}

impl Studio {
    /// What the picture shows: the run, or both runs.
    pub fn shown<'a>(&'a self, experiment: &'a Experiment) -> &'a Timeline {
        match &self.beside {
            Some(beside) if STUDIO => &beside.timeline,
            _ => &experiment.timeline,
        }
    }

    /// Before a change: `knob` is the one that is turned.
    pub fn remember(&mut self, experiment: &Experiment, knob: Option<usize>) {
        if !STUDIO || knob.is_some() && knob == self.turned_last {
            return;
        }
        self.turned_last = knob;
        self.redo.clear();
        if UNDO_MAX <= self.undo.len() {
            self.undo.remove(0);
        }
        self.undo.push((experiment.turned.clone(), experiment.faults.clone()));
    }

    pub fn tempo(&self) -> f64 {
        f64::from(self.speed).exp2()
    }

    pub fn outbox(&mut self) -> Vec<Telling> {
        std::mem::take(&mut self.outbox)
    }

    pub fn swept(&mut self, serial: u32, from: usize, text: &str) -> bool {
        self.map.swept(serial, from, text)
    }
}

impl State {
    /// One of the studio's controls.
    pub fn tool(&mut self, purpose: &str, value: &str, on: bool) {
        let number = || value.parse::<usize>().ok();
        self.studio.note = "";
        match purpose {
            "t-kind" => self.studio.kind = number().and_then(|n| KINDS.get(n)).map(|k| k.0),
            "t-speed" => self.studio.speed = value.parse().unwrap_or(0).clamp(-4, 6),
            "t-fold" => self.fold(on),
            "t-arrows" => self.arrows(on),
            "t-outline" => self.studio.outline = on.then(|| outline(&self.experiment.trace, &self.lang)),
            "t-log" => self.studio.log = on.then(|| log_lines(&self.experiment.trace)),
            "t-compare" => {
                self.studio.compare = on;
                self.compare();
                self.stage.show(self.studio.shown(&self.experiment));
            }
            "t-key" => self.key(value, on),
            "t-line" => {
                let line = value.parse().ok();
                self.studio.line = line.filter(|_| self.studio.line != line);
            }
            "t-fault" => value.clone_into(&mut self.studio.fault),
            "t-throw" => self.throw(),
            "t-undo" => self.back(true),
            "t-redo" => self.back(false),
            "t-x" => self.studio.map.x = number().unwrap_or(0),
            "t-y" => self.studio.map.y = number().unwrap_or(0),
            "t-map" => {
                let telling = self.studio.map.start(&self.experiment);
                self.studio.outbox.extend(telling);
            }
            "t-cell" => {
                let Some(values) = number().and_then(|n| self.studio.map.settings(n)) else { return };
                self.studio.remember(&self.experiment, None);
                let mut turned = self.experiment.turned.clone();
                turned.retain(|(path, _)| !values.iter().any(|v| v.0 == *path));
                turned.extend(values);
                let result = self.experiment.change(turned, self.experiment.faults.clone());
                self.ran(result.map_err(|d| Diagnostic::lines(&d)));
            }
            "t-overview" => {
                let viewport = &self.stage.viewport;
                let whole = viewport.whole().scale(0.0, 1_000.0);
                let middle = whole.time(number().unwrap_or(0) as f32);
                let span = viewport.part();
                let half = (span.1 - span.0) as f32 / 2.0;
                let x = whole.x(middle).clamp(half, 1_000.0 - half);
                let viewport = viewport.show(whole.time(x - half), whole.time(x + half));
                self.look(viewport);
            }
            _ => self.take(purpose),
        }
    }

    fn fold(&mut self, on: bool) {
        self.stage.folded = on;
        self.stage.viewport = self.stage.viewport.whole();
        self.stage.show(self.studio.shown(&self.experiment));
        self.survey();
    }

    fn key(&mut self, name: &str, back: bool) {
        let viewport = self.stage.viewport.clone();
        match (name, key(name)) {
            ("[", _) => self.look(viewport.pan(-250)),
            ("]", _) => self.look(viewport.pan(250)),
            ("z" | "Z", _) => self.fold(!self.stage.folded),
            ("a" | "A", _) => self.arrows(!self.studio.arrows),
            (_, Some(kind)) => {
                self.go(self.playhead.step(&self.experiment.trace, &self.experiment.timeline, !back, kind));
            }
            _ => {}
        }
    }

    /// `x` is in px of the picture; `by` in px of the wheel.
    pub fn wheel(&mut self, x: f32, by: f32, zooms: bool) {
        let viewport = self.stage.viewport.clone();
        let viewport = if zooms {
            viewport.zoom((-by / 300.0).clamp(-1.0, 1.0).exp2(), self.stage.time(x))
        } else {
            viewport.pan(by as i32)
        };
        self.look(viewport);
    }

    /// Two fingers zoom and move; what one finger does is not told here.
    pub fn finger(&mut self, id: i32, x: f32, up: bool) -> bool {
        let fingers = &mut self.studio.fingers;
        let before = fingers.clone();
        fingers.retain(|f| f.0 != id);
        if up {
            return true;
        }
        fingers.push((id, x));
        let ([_, _] | [_, _, ..], Some(other)) = (before.as_slice(), before.iter().find(|f| f.0 != id)) else {
            return 1 < fingers.len();
        };
        let Some(last) = before.iter().find(|f| f.0 == id) else { return true };
        /// Closer fingers than this tell no direction.
        const APART: f32 = 24.0;
        let (old, new) = ((last.1 - other.1).abs().max(APART), (x - other.1).abs().max(APART));
        let viewport = self.stage.viewport.zoom(new / old, self.stage.time(other.1));
        self.look(viewport);
        true
    }

    /// Begins with the comparison, as the page wants it.
    pub fn compare_with(&mut self, options: Vec<(String, KnobValue)>) {
        (self.studio.compare, self.studio.against) = (true, options);
        self.compare();
        self.stage.show(self.studio.shown(&self.experiment));
        // Where this run is mended, the moment that matters is the other one's.
        let Some(beside) = &self.studio.beside else { return };
        let timeline = &self.experiment.timeline;
        let mended = timeline.steps.iter().all(|step| step.kind != StepKind::Error);
        if mended && self.experiment.trace.scenario.look_at == LookAt::FirstError {
            self.go(Playhead::time(Playhead::initial(&beside.trace).at).carried(timeline));
        }
    }

    /// Whether there are two runs to compare.
    fn compares(&self) -> bool {
        self.experiment.is_changed() || !self.studio.against.is_empty()
    }

    /// The run that is shown beside this one, made anew after each change.
    pub fn compare(&mut self) {
        self.studio.beside = None;
        self.stage.divergence = None;
        if !self.studio.compare || !self.compares() {
            return;
        }
        let Ok(scenario) = self.experiment.other_scenario(&self.studio.against) else { return };
        let trace = simulate(&scenario);
        let timeline = self.experiment.timeline.beside(&Timeline::new(&trace));
        let mut comparison = Comparison::new(&trace, &self.experiment.trace, Lang::of(&self.lang));
        let Some((document, name)) = self.experiment.source() else { return };
        if let Ok(plain) = Scenario::read(document, name) {
            let mut rows = settings(document, &plain, &self.studio.against, &self.experiment.turned);
            rows.append(&mut comparison.rows);
            comparison.rows = rows;
        }
        self.stage.divergence = comparison.divergence.map(|d| d.at);
        self.studio.beside = Some(Beside { trace, timeline, comparison });
    }

    fn throw(&mut self) {
        let all = FaultKind::Kill { connection: None };
        let kinds: Vec<FaultKind> = match self.studio.fault.split_once('.') {
            Some(("cut", number)) => vec![FaultKind::Cut { connection: number.parse().ok() }],
            Some((_, number)) => vec![FaultKind::Kill { connection: number.parse().ok() }],
            None => match self.studio.fault.as_str() {
                "restart" => vec![FaultKind::Restart { down: SimSpan::from_secs(1) }],
                "cut" => vec![FaultKind::Cut { connection: None }],
                // A device on the way forgets the connections on which nothing passes.
                "idle" => {
                    let asleep = self.moment.processlist.iter().filter(|row| row.command == "Sleep");
                    asleep.filter_map(|row| row.connection).map(|n| FaultKind::Cut { connection: Some(n) }).collect()
                }
                _ => vec![all],
            },
        };
        if kinds.is_empty() {
            return;
        }
        self.studio.remember(&self.experiment, None);
        let mut faults = self.experiment.faults.clone();
        faults.extend(kinds.into_iter().map(|kind| Fault { at: self.playhead.at, kind }));
        let result = self.experiment.change(self.experiment.turned.clone(), faults);
        self.ran(result.map_err(|d| Diagnostic::lines(&d)));
    }

    fn back(&mut self, undo: bool) {
        let studio = &mut self.studio;
        let Some((turned, faults)) = (if undo { studio.undo.pop() } else { studio.redo.pop() }) else { return };
        let now = (self.experiment.turned.clone(), self.experiment.faults.clone());
        if undo {
            studio.redo.push(now)
        } else {
            studio.undo.push(now)
        }
        studio.turned_last = None;
        let result = self.experiment.change(turned, faults);
        self.ran(result.map_err(|d| Diagnostic::lines(&d)));
    }

    /// The connections that the server has at the playhead.
    fn connections(&self) -> impl Iterator<Item = u32> {
        self.moment.processlist.iter().filter_map(|row| row.connection)
    }

    /// The whole run, small: its steps and its errors, as paths of the overview.
    pub fn survey(&mut self) {
        let scale = self.stage.viewport.whole().scale(0.0, 1_000.0);
        let (mut steps, mut errors) = (String::new(), String::new());
        let (mut last_step, mut last_error) = (-1, -1);
        for step in &self.experiment.timeline.steps {
            let x = scale.x(step.at) as i32;
            // Neighbours of the same place are one tick.
            if step.kind == StepKind::Error && last_error < x {
                last_error = x;
                errors += &format!("M{x} 3v18");
            } else if step.kind != StepKind::Error && last_step < x {
                last_step = x;
                steps += &format!("M{x} 9v6");
            }
        }
        self.studio.overview = (steps, errors);
        if self.studio.outline.is_some() {
            self.studio.outline = Some(outline(&self.experiment.trace, &self.lang));
        }
        if self.studio.log.is_some() {
            self.studio.log = Some(log_lines(&self.experiment.trace));
        }
    }

    fn permalink(&self) -> Permalink {
        let viewport = &self.stage.viewport;
        let settings = self.experiment.turned.iter().map(|(path, value)| (path.clone(), value.to_string()));
        let mut link = Permalink {
            scenario: self.experiment.trace.scenario.name.clone(),
            settings: settings.collect(),
            faults: self.experiment.faults.clone(),
            at: Some(self.playhead.at),
            event: None,
            view: (!viewport.is_fit()).then(|| (viewport.from(), viewport.to())),
            idle_folded: self.stage.folded,
            compare: self.studio.compare,
            against: self.studio.against.iter().map(|(path, value)| (path.clone(), value.to_string())).collect(),
            lang: Some(Lang::of(&self.lang)),
        };
        if let When::Event(event) = self.playhead.when {
            link.select(&self.experiment.trace, event);
        }
        link
    }

    /// What a link says; a link that cannot be followed leaves the scenario as it is, and says why.
    pub fn open(&mut self, link: &str, width: u32) {
        let Some((document, _)) = self.experiment.source() else { return };
        let read = Permalink::read(link).and_then(|link| link.apply(document).map(|changed| (link, changed)));
        let result = read.and_then(|(link, changed)| {
            if self.experiment.turned != changed.settings || self.experiment.faults != link.faults {
                self.experiment.change(changed.settings, link.faults.clone())?;
            }
            Ok((link, changed.against))
        });
        let (link, against) = match result {
            Ok(link) => link,
            Err(mistakes) => {
                let lang = Lang::of(&self.lang);
                self.mistake = Some(words(lang).bad_link.to_owned() + "\n" + &Diagnostic::lines(&mistakes));
                return;
            }
        };
        if let Some(lang) = link.lang {
            lang.tag().clone_into(&mut self.lang);
        }
        self.stage = Stage::new(&self.experiment.timeline, width, &self.lang);
        self.stage.folded = link.idle_folded;
        self.studio.compare = link.compare;
        self.studio.against = against;
        self.ran(Ok(()));
        if let Some((from, to)) = link.view {
            let viewport = self.stage.viewport.show(from, to);
            self.look(viewport);
        }
        let trace = &self.experiment.trace;
        let initial = || Playhead::initial(trace);
        let at = |at: SimTime| link.find(trace).map_or(Playhead::time(at), |event| Playhead::event(trace, event));
        self.go(link.at.map_or_else(initial, at));
        self.focus = Some(".stage");
    }

    /// Copies or saves something; the element does it, since it may.
    fn take(&mut self, purpose: &str) {
        let lang = Lang::of(&self.lang);
        let words = words(lang);
        let trace = &self.experiment.trace;
        let (name, at) = (trace.scenario.name.as_str(), Some(self.playhead.at));
        let compare = self.studio.beside.is_some().then_some(self.studio.against.as_slice());
        let snippet = export::Snippet { scenario: name, settings: &self.experiment.turned, compare, at, lang };
        let file = |ending: &str| name.to_owned() + ending;
        let picture = || {
            // A file has no page to take its colours from.
            let style =
                format!("<style><![CDATA[{} .ps{{background:#fff;color-scheme:light}}]]></style><title>", css());
            self.stage.picture().replacen("<title>", &style, 1)
        };
        let (how, name, kind, text) = match purpose {
            "t-link" => ("copy", "link".to_owned(), "", self.permalink().write()),
            "t-fence" => ("copy", String::new(), "", export::fence(&snippet)),
            "t-html" => ("copy", String::new(), "", export::html(&snippet)),
            "t-python" => match export::python(trace) {
                Some(text) => ("save", file(".py"), "text/x-python", text),
                None => {
                    self.studio.note = words.no_python;
                    return;
                }
            },
            "t-svg" => ("save", file(".svg"), "image/svg+xml", picture()),
            "t-png" => ("save", file(".png"), "image/png", picture()),
            "t-jsonl" => ("save", file(".jsonl"), "application/jsonl", jsonl(trace)),
            "t-perfetto" => {
                let text = export::perfetto(trace, &self.experiment.timeline, lang);
                ("save", file(".perfetto.json"), "application/json", text)
            }
            _ => return,
        };
        self.studio.note = if how == "copy" { words.copied } else { words.saved };
        self.studio.taken = if how == "copy" { text.clone() } else { String::new() };
        let fields = vec![("how", how.to_owned()), ("name", name), ("type", kind.to_owned()), ("text", text)];
        self.studio.outbox.push(("take", fields));
    }

    /// What is drawn over the picture: where the chosen line ran, and the causes of what is selected.
    pub fn drawn(&self, subject: Option<EventId>) -> Vec<(&'static str, String)> {
        let mut drawn = vec![("ticks", self.line_ticks())];
        if let Some(subject) = subject.filter(|_| self.studio.arrows) {
            let (lines, heads) = arrows::paths(self.stage.scene(), &self.experiment, subject);
            drawn.extend([("arrows", lines), ("heads", heads)]);
        }
        drawn
    }

    /// The list of causes says in words what the arrows draw.
    fn arrows(&mut self, on: bool) {
        self.studio.arrows = on;
        self.why_open |= on;
    }

    fn line_ticks(&self) -> String {
        let Some(line) = self.studio.line else { return String::new() };
        let events = &self.experiment.trace.events;
        let runs = origin::runs_of(&self.experiment.trace, line);
        self.stage.ticks(runs.into_iter().filter_map(|EventId(n)| events.get(n as usize)).map(|e| e.at))
    }
}
