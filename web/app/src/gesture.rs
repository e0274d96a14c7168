//! From DOM events to what the reader wants. One listener at the widget's root hears them all; elements say what they are for in `data-do`
//! and `data-n`.

use poolscope_sim::text::whole;
use poolscope_sim::time::SimTime;
use poolscope_sim::trace::EventId;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlInputElement, KeyboardEvent, PointerEvent, WheelEvent};

use crate::studio::{self, STUDIO};

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
    /// A knob's control as it stands now; `checked` means something for switches only.
    Turn {
        knob: usize,
        value: String,
        checked: bool,
    },
    Reset,
    Why,
    /// Load the studio.
    Tools,
    /// A control of the studio: what it is for, its number or value, and whether it is checked.
    Tool {
        purpose: String,
        value: String,
        checked: bool,
    },
    /// The wheel over the picture: where, how far down and to the right, and whether it zooms.
    Wheel {
        x: f32,
        by: f32,
        zooms: bool,
    },
    /// A finger on the picture; up if it has left.
    Finger {
        id: i32,
        x: f32,
        y: f32,
        pressed: bool,
        up: bool,
    },
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
    whole(&element.get_attribute("data-n")?)?.try_into().ok()
}

/// The kinds of events that are listened to.
pub const EVENTS: &[&str] = if STUDIO {
    &["click", "input", "keydown", "pointerdown", "pointermove", "pointerup", "pointercancel", "wheel"]
} else {
    &["click", "input", "keydown", "pointerdown", "pointermove"]
};

/// What the reader wants with this event, if anything.
pub fn of(event: &Event) -> Option<Gesture> {
    let kind = event.type_();
    if kind == "keydown" {
        return key(event.unchecked_ref());
    }
    let (element, purpose) = target(event)?;
    match kind.as_str() {
        "click" => click(&element, &purpose),
        "input" => input(&element, &purpose),
        "wheel" if purpose == "stage" => wheel(event.unchecked_ref(), &element),
        _ if purpose == "stage" => pointer(event.unchecked_ref(), &element, &kind),
        _ => None,
    }
}

fn click(element: &Element, purpose: &str) -> Option<Gesture> {
    Some(match purpose {
        "next" => Gesture::Step { forward: true, errors: false },
        "back" => Gesture::Step { forward: false, errors: false },
        "next-error" => Gesture::Step { forward: true, errors: true },
        "back-error" => Gesture::Step { forward: false, errors: true },
        "play" => Gesture::Play,
        "select" => Gesture::Select(EventId(number(element)?)),
        "reset" => Gesture::Reset,
        "why" => Gesture::Why,
        "tools" => Gesture::Tools,
        // A control that is turned says so with `input`.
        _ if STUDIO && purpose.starts_with("t-") && element.tag_name() == "BUTTON" => Gesture::Tool {
            purpose: purpose.to_owned(),
            value: element.get_attribute("data-n").unwrap_or_default(),
            checked: true,
        },
        "closer" => Gesture::Closer,
        "farther" => Gesture::Farther,
        "fit" => Gesture::Fit,
        _ => return None,
    })
}

/// Left of the picture, as in the stylesheet.
const MARGIN: i32 = 8;

fn pointer(event: &PointerEvent, stage: &Element, kind: &str) -> Option<Gesture> {
    let pressed = kind == "pointerdown";
    let up = STUDIO && matches!(kind, "pointerup" | "pointercancel");
    if event.buttons() & 1 == 0 && !up {
        return None;
    }
    if pressed {
        // Without a capture a drag ends at the edge of the picture, which is no harm.
        let _ = stage.set_pointer_capture(event.pointer_id());
    }
    let frame = stage.get_bounding_client_rect();
    let (x, y) = (event.client_x() - frame.left() as i32 - MARGIN, event.client_y() - frame.top() as i32);
    let (x, y) = (x as f32, y as f32);
    if STUDIO && event.pointer_type() == "touch" {
        return Some(Gesture::Finger { id: event.pointer_id(), x, y, pressed, up });
    }
    (!up).then_some(Gesture::Point { x, y, pressed })
}

/// Zooms with Ctrl, which is also what a pinch on a trackpad sends; moves sideways with Shift or where the wheel does so itself. Without
/// either it is the page's.
fn wheel(event: &WheelEvent, stage: &Element) -> Option<Gesture> {
    let zooms = event.ctrl_key() || event.meta_key();
    let (dx, dy) = (event.delta_x() as f32, event.delta_y() as f32);
    let by = match () {
        () if zooms => dy,
        () if event.shift_key() && dx == 0.0 => dy,
        () if dy.abs() < dx.abs() => dx,
        () => return None,
    };
    event.prevent_default();
    let x = event.client_x() - stage.get_bounding_client_rect().left() as i32 - MARGIN;
    // In lines rather than pixels.
    let unit = if event.delta_mode() == 1 { 16.0 } else { 1.0 };
    Some(Gesture::Wheel { x: x as f32, by: by * unit, zooms })
}

fn input(element: &Element, purpose: &str) -> Option<Gesture> {
    // Selections have a `value` as well, and that nothing but a checkbox is `checked` does no harm.
    let control: &HtmlInputElement = element.unchecked_ref();
    let value = control.value();
    match purpose {
        "seek" => Some(Gesture::Seek(SimTime(whole(&value)?))),
        _ if STUDIO && purpose.starts_with("t-") => {
            Some(Gesture::Tool { purpose: purpose.to_owned(), value, checked: control.checked() })
        }
        "knob" => Some(Gesture::Turn { knob: number(element)? as usize, value, checked: control.checked() }),
        _ => None,
    }
}

/// A key that does something here goes no further, nor does any other that a page may have a shortcut on: what is pressed in the widget is
/// meant for the widget.
fn key(event: &KeyboardEvent) -> Option<Gesture> {
    let name = event.key();
    if event.ctrl_key() || event.meta_key() || event.alt_key() || name == "Tab" || name == "Escape" {
        return None;
    }
    event.stop_propagation();
    let purpose = target(event).map(|(_, purpose)| purpose).unwrap_or_default();
    // The other controls need these keys themselves.
    if purpose == "knob" || STUDIO && purpose.starts_with("t-") {
        return None;
    }
    let stage = purpose == "stage";
    let gesture = match name.as_str() {
        "ArrowLeft" | "ArrowRight" => Gesture::Step { forward: name == "ArrowRight", errors: event.shift_key() },
        "Home" => Gesture::Start,
        "End" => Gesture::End,
        // On a button it presses the button.
        " " if stage || purpose == "seek" => Gesture::Play,
        "+" | "=" if stage => Gesture::Closer,
        "-" if stage => Gesture::Farther,
        "0" if STUDIO && stage => Gesture::Fit,
        _ if STUDIO && stage && studio::key(&name).is_some() => {
            Gesture::Tool { purpose: "t-key".to_owned(), value: name, checked: event.shift_key() }
        }
        _ => return None,
    };
    event.prevent_default();
    Some(gesture)
}
