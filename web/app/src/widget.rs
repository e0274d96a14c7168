//! The yew component: the reader's gestures in, one view out. Conditional parts are hidden or empty rather than absent, because yew 0.23
//! panics on conditional siblings that render nothing (yew#4092).

use std::cell::RefCell;
use std::rc::Rc;

use gloo_render::{AnimationFrame, request_animation_frame};
use js_sys::{Object, Reflect};
use poolscope_sim::scenario::{Diagnostic, KnobInput, KnobValue};
use poolscope_sim::text::index;
use poolscope_sim::time::SimTime;
use poolscope_sim::trace::{EventId, Recording};
use poolscope_timeline::{Lang, Moment, StepKind, Viewport, When};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{CustomEvent, CustomEventInit, Element, Event, HtmlElement};
use yew::prelude::*;

use crate::experiment::Experiment;
use crate::gesture::{self, Gesture};
use crate::markup::Markup;
use crate::playhead::{Playhead, Tempo};
use crate::stage::Stage;
use crate::studio::{STUDIO, Studio, Wish};
use crate::surface::drawn;
use crate::view::{View, flag, state};
use crate::words::{Words, words};
use crate::{knobs, panels};

/// What a widget shows: handed over once when it is mounted, and again by each update.
#[derive(Debug)]
pub struct Show {
    pub experiment: Experiment,
    pub lang: String,
    pub wish: Wish,
}

#[derive(Clone, Debug, Properties)]
pub struct Props {
    pub root: Element,
    pub show: Rc<RefCell<Option<Show>>>,
    pub handle: u32,
}

impl PartialEq for Props {
    fn eq(&self, other: &Props) -> bool {
        Rc::ptr_eq(&self.show, &other.show)
    }
}

#[derive(Debug)]
pub enum Message {
    Show(Box<Show>),
    Gesture(Gesture),
    Frame(f64),
    Resize,
    /// The run that was asked for.
    #[cfg_attr(feature = "studio", allow(dead_code, reason = "the studio runs scenarios itself"))]
    Ran(Result<Box<Recording>, String>),
    /// Cells of a phase map.
    #[cfg_attr(not(feature = "studio"), allow(dead_code, reason = "only the studio has maps"))]
    Swept {
        serial: u32,
        from: usize,
        text: String,
    },
}

#[derive(Debug)]
pub struct Widget {
    _listener: Listener,
    /// Nothing is shown only if a widget is created twice from the same properties, which does not happen.
    state: Option<State>,
}

#[derive(Debug)]
pub struct State {
    pub experiment: Experiment,
    pub lang: String,
    pub playhead: Playhead,
    pub moment: Moment,
    pub stage: Stage,
    pub studio: Studio,
    playing: Option<Playing>,
    pub why_open: bool,
    pub mistake: Option<String>,
    /// Where the focus goes because the button that had it goes away.
    pub focus: Option<&'static str>,
    /// Events for the host page, sent when the view is up to date.
    outbox: Vec<Outgoing>,
}

#[derive(Debug)]
struct Playing {
    tempo: Tempo,
    /// The moment of playing, in milliseconds, that belongs to the last frame.
    ms: u64,
    last: Option<f64>,
    stepped: bool,
    /// What is left of a millisecond when it plays slowly.
    rest: f64,
    /// None while the reader cannot see it.
    frame: Option<AnimationFrame>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Outgoing {
    Tools,
    Ready,
    /// Asks for a run.
    Run,
    Change,
    Seek,
    Outcome,
    Error,
}

/// Between two steps when motion is to be avoided.
const STILL_MS: f64 = 1_200.0;
/// A frame that comes later than this (a tab in the background) counts as this long.
const FRAME_MAX_MS: f64 = 100.0;

impl Component for Widget {
    type Message = Message;
    type Properties = Props;

    fn create(ctx: &Context<Self>) -> Widget {
        let root = &ctx.props().root;
        let show = ctx.props().show.borrow_mut().take();
        Widget { _listener: Listener::new(ctx), state: show.map(|show| State::new(show, width(root))) }
    }

    fn update(&mut self, ctx: &Context<Self>, message: Message) -> bool {
        let root = &ctx.props().root;
        if let Message::Show(show) = message {
            self.state = Some(State::new(*show, width(root)));
            return true;
        }
        let Some(state) = &mut self.state else { return false };
        match message {
            Message::Show(_) => false,
            Message::Resize => {
                if let Some(playing) = &mut state.playing {
                    playing.frame.get_or_insert_with(|| next_frame(ctx));
                }
                state.stage.resize(state.studio.shown(&state.experiment), width(root))
            }
            Message::Ran(answer) => {
                let result = state.experiment.answer(answer.map(|recording| *recording));
                state.ran(result);
                true
            }
            Message::Swept { serial, from, text } => STUDIO && state.studio.swept(serial, from, &text),
            Message::Gesture(gesture) => {
                state.act(gesture, ctx);
                true
            }
            Message::Frame(now) => state.frame(now, ctx),
        }
    }

    fn view(&self, _: &Context<Self>) -> Html {
        self.state.as_ref().map_or_else(Html::default, State::view)
    }

    fn rendered(&mut self, ctx: &Context<Self>, first: bool) {
        let Some(state) = &mut self.state else { return };
        let root = &ctx.props().root;
        let (left, right) = state.stage.insets();
        // Through the object model, since a strict content security policy refuses style attributes.
        let style = root.unchecked_ref::<HtmlElement>().style();
        for (name, px) in [("--plot-left", left), ("--plot-right", right)] {
            let _ = style.set_property(name, &format!("{px}px"));
        }
        if first {
            drawn(ctx.props().handle);
            state.outbox.insert(0, Outgoing::Ready);
        }
        for event in std::mem::take(&mut state.outbox) {
            state.tell(root, event);
        }
        // After the events: until the element hears that it is ready, what comes cannot be focused.
        if let Some(element) = state.focus.take().and_then(|selector| root.query_selector(selector).ok()?) {
            let _ = element.unchecked_ref::<HtmlElement>().focus();
        }
        if STUDIO {
            for (name, fields) in state.studio.outbox() {
                let detail = Object::new();
                for (key, value) in fields {
                    let _ = Reflect::set(&detail, &key.into(), &value.into());
                }
                dispatch(root, name, &detail);
            }
        }
    }
}

impl State {
    fn new(show: Show, width: u32) -> State {
        let Show { mut experiment, lang, wish } = show;
        let playhead = Playhead::initial(&experiment.trace);
        let mut state = State {
            moment: experiment.moment(playhead.when),
            stage: Stage::new(&experiment.timeline, width, &lang),
            experiment,
            lang,
            playhead,
            playing: None,
            why_open: false,
            mistake: None,
            focus: None,
            studio: Studio::default(),
            outbox: vec![Outgoing::Outcome],
        };
        wish.grant(&mut state, width);
        state
    }

    fn act(&mut self, gesture: Gesture, ctx: &Context<Widget>) {
        let was_playing = self.playing.is_some();
        let timeline = &self.experiment.timeline;
        let trace = &self.experiment.trace;
        let here = self.playhead;
        let viewport = self.stage.viewport.clone();
        if !matches!(gesture, Gesture::Closer | Gesture::Farther | Gesture::Fit | Gesture::Wheel { .. })
            && !gesture.goes_on()
        {
            self.playing = None;
        }
        match gesture {
            Gesture::Step { forward, errors } => {
                let kind = if errors { Some(StepKind::Error) } else { self.studio.kind };
                self.go(here.step(trace, timeline, forward, kind));
            }
            Gesture::Start => self.go(Playhead::time(timeline.start)),
            Gesture::End => self.go(Playhead::time(timeline.end)),
            Gesture::Seek(at) => self.go(Playhead::time(self.round(at.clamp(timeline.start, timeline.end)))),
            Gesture::Select(event) => {
                self.go(Playhead::event(trace, event));
                self.focus = Some("[data-do=why]");
            }
            Gesture::Point { x, y, pressed } => {
                let hit = if pressed { self.stage.hit(x, y) } else { None };
                let to = hit.map_or_else(
                    || Playhead::time(self.round(self.stage.time(x))),
                    |event| Playhead::event(trace, event),
                );
                self.go(to);
            }
            Gesture::Play if was_playing => {}
            Gesture::Play => self.play(ctx),
            Gesture::Tools => self.outbox.push(Outgoing::Tools),
            Gesture::Tool { purpose, value, checked } if STUDIO => self.tool(&purpose, &value, checked),
            Gesture::Wheel { x, by, zooms } if STUDIO => self.wheel(x, by, zooms),
            Gesture::Finger { id, x, y, pressed, up } if STUDIO => {
                if !self.finger(id, x, up) {
                    self.act(Gesture::Point { x, y, pressed }, ctx);
                }
            }
            Gesture::Tool { .. } | Gesture::Wheel { .. } | Gesture::Finger { .. } => {}
            Gesture::Why => self.why_open = !self.why_open,
            Gesture::Turn { knob, value, checked } => self.turn(knob, &value, checked),
            Gesture::Reset if !self.experiment.is_changed() => {}
            Gesture::Reset => {
                self.studio.remember(&self.experiment, None);
                let result = self.experiment.reset();
                self.changed(result);
            }
            Gesture::Closer => self.look(viewport.zoom(2.0, here.at)),
            Gesture::Farther => self.look(viewport.zoom(0.5, here.at)),
            Gesture::Fit => {
                self.look(viewport.whole());
                self.focus = Some(".stage");
            }
        }
    }

    /// What cannot be read, such as a number that is only half typed, turns nothing.
    fn turn(&mut self, n: usize, value: &str, checked: bool) {
        let Some(knob) = self.experiment.knobs.get(n) else { return };
        let value = match &knob.input {
            KnobInput::Number { .. } => value.trim().parse().ok().map(KnobValue::Number),
            KnobInput::Switch => Some(KnobValue::Switch(checked)),
            KnobInput::Choice(options) => index(value).and_then(|at| options.get(at)).map(|o| o.value.clone()),
        };
        let Some(value) = value else { return };
        let path = knob.set.clone();
        self.studio.remember(&self.experiment, Some(n));
        let result = self.experiment.turn(&path, value);
        self.changed(result);
    }

    /// The studio has run it; the small module asks somebody who can.
    fn changed(&mut self, result: Result<(), Vec<Diagnostic>>) {
        if STUDIO {
            self.ran(result.map_err(|d| Diagnostic::lines(&d)));
        } else {
            self.outbox.push(Outgoing::Run);
        }
    }

    /// After another run: the reader stays at the same time.
    pub fn ran(&mut self, result: Result<(), String>) {
        self.mistake = result.err();
        if self.mistake.is_some() {
            self.outbox.push(Outgoing::Error);
            return;
        }
        if STUDIO {
            self.compare();
        }
        self.stage.show(self.studio.shown(&self.experiment));
        if STUDIO {
            self.survey();
        }
        let playhead = self.playhead.carried(&self.experiment.timeline);
        self.go(playhead);
        self.outbox.extend([Outgoing::Change, Outgoing::Outcome]);
    }

    pub fn go(&mut self, playhead: Playhead) {
        self.playhead = playhead;
        self.moment = self.experiment.moment(playhead.when);
        self.look(self.stage.viewport.reveal(playhead.at));
        self.outbox.push(Outgoing::Seek);
    }

    pub fn look(&mut self, viewport: Viewport) {
        self.stage.look(self.studio.shown(&self.experiment), viewport);
    }

    /// An instant between events, rounded so that it reads well and still lies on the same pixel.
    fn round(&self, at: SimTime) -> SimTime {
        let finest = self.stage.viewport.span().as_us() / 2_000;
        let unit = std::iter::successors(Some(1), |unit| Some(unit * 10))
            .take_while(|unit| *unit <= finest)
            .last()
            .unwrap_or(1);
        SimTime(at.as_us() / unit * unit)
    }

    fn play(&mut self, ctx: &Context<Widget>) {
        let tempo = Tempo::new(&self.experiment.timeline);
        let mut ms = tempo.of(self.playhead);
        if tempo.at(ms + 1).is_none() {
            ms = 0;
        }
        let stepped = web_sys::window()
            .and_then(|w| w.match_media("(prefers-reduced-motion: reduce)").ok()?)
            .is_some_and(|query| query.matches());
        self.playing = Some(Playing { tempo, ms, last: None, stepped, rest: 0.0, frame: Some(next_frame(ctx)) });
    }

    fn frame(&mut self, now: f64, ctx: &Context<Widget>) -> bool {
        let Some(playing) = &mut self.playing else { return false };
        if !in_sight(&ctx.props().root) {
            // It goes on where it is when the reader comes back: the element then asks for another size.
            (playing.last, playing.frame) = (None, None);
            return false;
        }
        playing.frame = Some(next_frame(ctx));
        let passed = now - *playing.last.get_or_insert(now);
        if playing.stepped {
            if passed < STILL_MS && passed > 0.0 {
                return false;
            }
            playing.ms = playing.tempo.next_step(playing.ms).unwrap_or(u64::MAX);
        } else {
            let passed =
                passed.clamp(0.0, FRAME_MAX_MS) * if STUDIO { self.studio.tempo() } else { 1.0 } + playing.rest;
            playing.ms += passed as u64;
            playing.rest = passed.fract();
        }
        playing.last = Some(now);
        match playing.tempo.at(playing.ms) {
            Some(playhead) => {
                let playhead = match playhead.when {
                    When::Event(_) => playhead,
                    When::Time(at) => Playhead::time(self.round(at)),
                };
                if playhead == self.playhead {
                    return false;
                }
                self.go(playhead);
            }
            None => {
                self.playing = None;
                self.go(Playhead::time(self.experiment.timeline.end));
            }
        }
        true
    }

    fn tell(&self, root: &Element, event: Outgoing) {
        let detail = Object::new();
        let set = |key: &str, value: &wasm_bindgen::JsValue| {
            let _ = Reflect::set(&detail, &key.into(), value);
        };
        let outcome = &self.experiment.trace.outcome;
        let name = match event {
            Outgoing::Ready => "ready",
            Outgoing::Change | Outgoing::Run => {
                let knobs = Object::new();
                for (path, value) in &self.experiment.turned {
                    let value = match value {
                        KnobValue::Number(n) => (*n as f64).into(),
                        KnobValue::Switch(on) => (*on).into(),
                        KnobValue::Text(text) => text.as_str().into(),
                    };
                    let _ = Reflect::set(&knobs, &path.as_str().into(), &value);
                }
                set("knobs", &knobs);
                if event == Outgoing::Run { "run" } else { "change" }
            }
            Outgoing::Seek => {
                set("at", &format!("{} us", self.playhead.at.as_us()).into());
                set("us", &(self.playhead.at.as_us() as f64).into());
                "seek"
            }
            Outgoing::Outcome => {
                set("requests", &outcome.requests.into());
                set("served", &outcome.served.into());
                set("failed", &outcome.failed.into());
                set("waited", &outcome.waited.into());
                set("connects", &outcome.connects.into());
                set("pings", &outcome.pings.into());
                set("refused", &outcome.refused.into());
                set("max_used_connections", &outcome.max_used_connections.into());
                set("aborted_clients", &outcome.aborted_clients.into());
                let errors: Vec<_> = outcome.errors.iter().map(|(key, _)| key.label()).collect();
                set("errors", &if errors.is_empty() { "-".to_owned() } else { errors.join(", ") }.into());
                set("text", &poolscope_timeline::outcome(outcome, Lang::of(&self.lang)).into());
                "outcome"
            }
            Outgoing::Tools => "tools",
            Outgoing::Error => {
                set("message", &self.mistake.clone().unwrap_or_default().into());
                "error"
            }
        };
        dispatch(root, name, &detail);
    }

    fn view(&self) -> Html {
        let lang = Lang::of(&self.lang);
        let words = words(lang);
        let trace = &self.experiment.trace;
        let subject = self.playhead.subject(trace, &self.experiment.timeline);
        let told = panels::told(trace, subject, &self.lang, words);
        let mistake = self.mistake.as_deref();
        let mut view = View::default();
        view.open("div class=widget lang={}", &[&self.lang]);
        self.view_head(&mut view, lang);
        knobs::view(&mut view, &self.experiment, &self.lang, words);
        view.open("p class=mistake role=alert hidden?", &[flag(mistake.is_none())]);
        view.text(words.not_run).leaf("span", &[], mistake.unwrap_or_default()).close();
        let stage = "div class=stage part=timeline data-do=stage tabindex=0 role=group aria-label={}";
        let drawn = if STUDIO { self.drawn(subject) } else { Vec::new() };
        self.stage.view(view.open(stage, &[words.timeline]), self.playhead, subject, &drawn);
        view.close();
        self.view_transport(&mut view, &told, words);
        if STUDIO {
            self.view_tools(&mut view, lang);
        }
        self.view_story(&mut view, &told, subject, words);
        view.open("div class=columns", &[]);
        view.open("div class=listing part=listing role=group aria-label={}", &[words.listing]);
        view.leaf("p class=label", &[], words.listing).open("pre tabindex=0", &[]).open("code", &[]);
        view.markup(panels::listing(trace, &self.moment, subject)).close().close().close();
        view.open("div class=holdings part=holdings", &[]);
        view.markup(panels::holdings(trace, &self.moment, lang, &self.lang, words)).close();
        view.open("div class=server part=server role=group aria-label={}", &[words.server]);
        view.leaf("p class=label", &[], words.server).open("pre tabindex=0", &[]);
        view.markup(panels::server(&self.moment, words)).close().close();
        view.open("div class=log part=log", &[]).markup(panels::log(trace, &self.moment, words)).close();
        view.close().close();
        view.html()
    }

    fn view_head(&self, view: &mut View, lang: Lang) {
        let trace = &self.experiment.trace;
        let now = &trace.outcome;
        let mut out = Markup::default();
        out.raw(if now.failed > 0 { "<strong class=\"broken\">" } else { "<strong>" });
        out.text(&poolscope_timeline::outcome(now, lang)).raw("</strong> ");
        let mut summary = trace.scenario.summary.get(&self.lang);
        if self.experiment.is_changed() {
            let plain = &self.experiment.plain;
            let comparison = crate::words::comparison(now, plain, lang);
            let mended = now.failed == 0 && 0 < plain.failed;
            if !mended {
                out.raw("<b>").text(comparison).raw("</b>");
            }
            out.raw("<br>").text(&crate::words::before(plain, lang));
            if mended {
                // What breaks is not the headline of a run in which nothing does.
                out.raw(if lang == Lang::En { " " } else { "" }).text(summary);
                summary = comparison;
            }
        }
        view.open("header class=head", &[]);
        if !summary.is_empty() {
            view.leaf("p class=summary", &[], summary);
        }
        view.open("p class=outcome part=outcome aria-live=polite", &[]).markup(out).close().close();
    }

    fn view_transport(&self, view: &mut View, told: &str, words: &Words) {
        let timeline = &self.experiment.timeline;
        let playing = self.playing.is_some();
        let now = self.playhead.at.to_string();
        let (play, icon) = if playing { (words.pause, "M8 5v14M16 5v14") } else { (words.play, "M7 4l13 8-13 8z") };
        let [start, end, at] = [timeline.start, timeline.end, self.playhead.at].map(|time| time.as_us().to_string());
        view.open("div class=transport part=transport", &[]);
        view.open(
            "input type=range class=scrubber data-do=seek aria-label={} aria-valuetext={} min={} max={} step=1 value={}",
            &[words.position, &format!("{now}. {told}"), &start, &end, &at],
        );
        view.close().open("div class=buttons", &[]);
        button(view, "back-error", words.back_error, "M11 6l-7 6 7 6z", "M14 8.5l6 7M20 8.5l-6 7");
        button(view, "back", words.back, "M17 5l-9 7 9 7zM6 5v14", "");
        button(view, "play", play, icon, "");
        button(view, "next", words.next, "M7 5l9 7-9 7zM18 5v14", "");
        button(view, "next-error", words.next_error, "M13 6l7 6-7 6z", "M4 8.5l6 7M10 8.5l-6 7");
        view.open("output class=now", &[]).text(&now);
        view.leaf("span", &[], &format!(" / {}", timeline.end)).close();
        view.open("span class=zoom", &[]).open("span hidden?", &[flag(self.stage.viewport.is_fit())]);
        button(view, "fit", words.fit, "M4 6v12M20 6v12M8 12h8M8 12l3-3M8 12l3 3M16 12l-3-3M16 12l-3 3", "");
        view.close();
        if !STUDIO {
            button(view, "tools", words.tools, "M6 12h.1M12 12h.1M18 12h.1", "");
        }
        button(view, "farther", words.farther, "M5 12h14", "");
        button(view, "closer", words.closer, "M5 12h14M12 5v14", "");
        view.close().close().close();
    }

    fn view_story(&self, view: &mut View, told: &str, subject: Option<EventId>, words: &Words) {
        // While it plays, a screen reader would only ever hear beginnings.
        let live = if self.playing.is_some() { "off" } else { "polite" };
        view.open("div class=story part=story", &[]).leaf("p class=sentence aria-live={}", &[live], told);
        view.leaf("button type=button data-do=why aria-expanded={}", &[state(self.why_open)], words.why);
        view.open("ol class=causes hidden?", &[flag(!self.why_open)]);
        if let Some(event) = subject.filter(|_| self.why_open) {
            view.markup(panels::causes(&self.experiment.trace, event, &self.lang));
        }
        view.close().close();
    }
}

impl Gesture {
    /// Some of the studio's controls leave it playing.
    fn goes_on(&self) -> bool {
        STUDIO && matches!(self, Gesture::Tools)
            || matches!(self, Gesture::Tool { purpose, .. } if STUDIO && purpose == "t-speed")
    }
}

fn dispatch(root: &Element, name: &str, detail: &Object) {
    let init = CustomEventInit::new();
    init.set_detail(detail);
    if let Ok(event) = CustomEvent::new_with_event_init_dict(name, &init) {
        let _ = root.dispatch_event(&event);
    }
}

fn button(view: &mut View, purpose: &str, label: &str, icon: &'static str, cross: &'static str) {
    let mut out = Markup::default();
    out.raw("<svg viewBox=\"0 0 24 24\" aria-hidden=\"true\"><path d=\"").raw(icon);
    out.raw("\"/><path class=\"cross\" d=\"").raw(cross).raw("\"/></svg>");
    let line = "button type=button class=icon data-do={} aria-label={} title={}";
    view.open(line, &[purpose, label, label]).markup(out).close();
}

/// Hears every event inside the root. Not yew's listeners: those would be one of each kind, and would hear the root's own only.
#[derive(Debug)]
struct Listener {
    root: Element,
    heard: Closure<dyn FnMut(Event)>,
}

impl Listener {
    fn new(ctx: &Context<Widget>) -> Listener {
        let link = ctx.link().clone();
        let heard = Closure::new(move |event: Event| {
            if let Some(gesture) = gesture::of(&event) {
                link.send_message(Message::Gesture(gesture));
            }
        });
        let root = ctx.props().root.clone();
        for kind in gesture::EVENTS {
            let _ = root.add_event_listener_with_callback(kind, heard.as_ref().unchecked_ref());
        }
        Listener { root, heard }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        for kind in gesture::EVENTS {
            let _ = self.root.remove_event_listener_with_callback(kind, self.heard.as_ref().unchecked_ref());
        }
    }
}

fn next_frame(ctx: &Context<Widget>) -> AnimationFrame {
    let link = ctx.link().clone();
    request_animation_frame(move |now| link.send_message(Message::Frame(now)))
}

/// Whether the reader could see anything of it.
fn in_sight(root: &Element) -> bool {
    let frame = root.get_bounding_client_rect();
    let height = web_sys::window().and_then(|w| w.inner_height().ok()?.as_f64());
    0.0 < frame.bottom() && height.is_none_or(|height| frame.top() < height)
}

/// The width that the host page leaves for the picture, in whole px: without the widget's border and the picture's margins.
fn width(root: &Element) -> u32 {
    (root.get_bounding_client_rect().width() as u32).saturating_sub(18)
}
