//! From DOM events to what the reader wants. One listener of each kind at the widget's root; elements say what they are for in
//! `data-do` and `data-n`.

use poolscope_sim::scenario::{Knob, KnobInput, KnobValue};
use poolscope_sim::time::SimTime;
use poolscope_sim::trace::EventId;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlInputElement, HtmlSelectElement, KeyboardEvent, PointerEvent};

#[derive(Clone, Debug, PartialEq)]
pub enum Gesture {
    Step {
        forward: bool,
        errors: bool,
    },
    Start,
    End,
    Play,
    Seek(SimTime),
    Select(EventId),
    /// A point of the picture; pressed, not only dragged over.
    Point {
        x: f32,
        y: f32,
        pressed: bool,
    },
    Turn(usize, KnobValue),
    Reset,
    Why,
    Closer,
    Farther,
    Fit,
}

/// The nearest element that says what it is for.
fn target(event: &Event) -> Option<(Element, String)> {
    let element = event.target()?.dyn_into::<Element>().ok()?.closest("[data-do]").ok()??;
    let purpose = element.get_attribute("data-do")?;
    Some((element, purpose))
}

fn number(element: &Element) -> Option<u32> {
    element.get_attribute("data-n")?.parse().ok()
}

pub fn click(event: &Event) -> Option<Gesture> {
    let (element, purpose) = target(event)?;
    Some(match purpose.as_str() {
        "next" => Gesture::Step { forward: true, errors: false },
        "back" => Gesture::Step { forward: false, errors: false },
        "next-error" => Gesture::Step { forward: true, errors: true },
        "back-error" => Gesture::Step { forward: false, errors: true },
        "play" => Gesture::Play,
        "select" => Gesture::Select(EventId(number(&element)?)),
        "reset" => Gesture::Reset,
        "why" => Gesture::Why,
        "closer" => Gesture::Closer,
        "farther" => Gesture::Farther,
        "fit" => Gesture::Fit,
        _ => return None,
    })
}

/// Left of the picture, as in the stylesheet.
const MARGIN: i32 = 8;

pub fn pointer(event: &PointerEvent, pressed: bool) -> Option<Gesture> {
    let dragging = event.buttons() & 1 == 1;
    let (stage, purpose) = target(event)?;
    if purpose != "stage" || !dragging {
        return None;
    }
    if pressed {
        // Without a capture a drag ends at the edge of the picture, which is no harm.
        let _ = stage.set_pointer_capture(event.pointer_id());
    }
    let frame = stage.get_bounding_client_rect();
    let (x, y) = (event.client_x() - frame.left() as i32 - MARGIN, event.client_y() - frame.top() as i32);
    Some(Gesture::Point { x: x as f32, y: y as f32, pressed })
}

pub fn input(event: &Event, knobs: &[Knob]) -> Option<Gesture> {
    let (element, purpose) = target(event)?;
    let value = match element.dyn_ref::<HtmlInputElement>() {
        Some(input) => input.value(),
        None => element.dyn_ref::<HtmlSelectElement>()?.value(),
    };
    match purpose.as_str() {
        "seek" => Some(Gesture::Seek(SimTime(value.parse().ok()?))),
        "knob" => {
            let at = number(&element)? as usize;
            let value = match &knobs.get(at)?.input {
                KnobInput::Number { .. } => KnobValue::Number(value.trim().parse().ok()?),
                KnobInput::Switch => KnobValue::Switch(element.dyn_ref::<HtmlInputElement>()?.checked()),
                KnobInput::Choice(options) => options.get(value.parse::<usize>().ok()?)?.value.clone(),
            };
            Some(Gesture::Turn(at, value))
        }
        _ => None,
    }
}

/// What a key does here, and whether the page outside may still see it.
#[derive(Debug, PartialEq)]
pub enum Key {
    Ours(Gesture),
    /// A form control needs it; shortcuts of the page must not fire.
    Control,
    Page,
}

pub fn key(event: &KeyboardEvent) -> Key {
    if event.ctrl_key() || event.meta_key() || event.alt_key() {
        return Key::Page;
    }
    let element = event.target().and_then(|t| t.dyn_into::<Element>().ok());
    let purpose = target(event).map(|(_, purpose)| purpose).unwrap_or_default();
    let tag = element.map(|e| e.tag_name()).unwrap_or_default();
    let knob = purpose == "knob";
    let button = tag == "BUTTON" || tag == "SUMMARY";
    let shift = event.shift_key();
    let name = event.key();
    let gesture = match name.as_str() {
        "ArrowLeft" | "ArrowRight" if !knob => Gesture::Step { forward: name == "ArrowRight", errors: shift },
        "Home" if !knob => Gesture::Start,
        "End" if !knob => Gesture::End,
        " " if !knob && !button => Gesture::Play,
        "+" | "=" if purpose == "stage" => Gesture::Closer,
        "-" if purpose == "stage" => Gesture::Farther,
        // The browser's own way through a control, and letters typed into one.
        "Tab" | "Escape" => return Key::Page,
        _ if knob || purpose == "seek" || name.starts_with("Arrow") => return Key::Control,
        " " | "Enter" => return Key::Control,
        _ => return Key::Page,
    };
    Key::Ours(gesture)
}
