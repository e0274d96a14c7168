//! What JavaScript calls. Widgets are known by handles; whatever comes in is validated here, and wrong input is an error, never a panic.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::thread::LocalKey;

use poolscope_sim::scenario::Diagnostic;
use wasm_bindgen::prelude::*;
use web_sys::Element;
use yew::AppHandle;

use crate::config;
use crate::widget::{Message, Props, Show, Widget};

/// Smaller than the standard allocator, and no slower.
#[cfg(all(target_family = "wasm", not(target_feature = "atomics")))]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// By handle; a page has a few.
type Widgets = RefCell<Vec<(u32, AppHandle<Widget>)>>;

thread_local! {
    static WIDGETS: Widgets = const { RefCell::new(Vec::new()) };
    /// Forgotten before they were drawn, by their handles.
    static EARLY: Widgets = const { RefCell::new(Vec::new()) };
    /// Not drawn yet.
    static COMING: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
    static LAST_HANDLE: Cell<u32> = const { Cell::new(0) };
}

/// Shows a widget inside `root`, which it then owns. Events (`ready`, `change`, `seek`, `outcome`, `error`) are dispatched on `root`, and `run`
/// when the reader has turned a knob: the run with these knobs is asked for, and `ran` or `refused` is the answer.
///
/// # Errors
/// The recording is not this release's.
#[cfg(not(feature = "studio"))]
#[wasm_bindgen]
pub fn mount(root: Element, lang: &str, recording: &[u8]) -> Result<u32, JsError> {
    Ok(begin(root, config::replay(lang, recording).map_err(error)?))
}

/// The same for the module that runs scenarios itself.
///
/// # Errors
/// The diagnostics' text if the configuration or its scenario is wrong.
#[cfg(feature = "studio")]
#[wasm_bindgen]
pub fn mount(root: Element, config: &str) -> Result<u32, JsError> {
    Ok(begin(root, config::read(config).map_err(error)?))
}

fn begin(root: Element, show: Show) -> u32 {
    let handle = LAST_HANDLE.get().wrapping_add(1);
    LAST_HANDLE.set(handle);
    COMING.with_borrow_mut(|coming| coming.push(handle));
    let props = Props { root: root.clone(), show: Rc::new(RefCell::new(Some(show))), handle };
    let app = yew::Renderer::<Widget>::with_root_and_props(root, props).render();
    WIDGETS.with_borrow_mut(|widgets| widgets.push((handle, app)));
    handle
}

/// Shows something else in the same widget. A handle that is not in use is ignored.
///
/// # Errors
/// As `mount`; the widget then stays as it is.
#[cfg(not(feature = "studio"))]
#[wasm_bindgen]
pub fn update(handle: u32, lang: &str, recording: &[u8]) -> Result<(), JsError> {
    let show = config::replay(lang, recording).map_err(error)?;
    send(handle, Message::Show(Box::new(show)));
    Ok(())
}

/// The same for the module that runs scenarios itself.
///
/// # Errors
/// As `mount`; the widget then stays as it is.
#[cfg(feature = "studio")]
#[wasm_bindgen]
pub fn update(handle: u32, config: &str) -> Result<(), JsError> {
    let show = config::read(config).map_err(error)?;
    send(handle, Message::Show(Box::new(show)));
    Ok(())
}

/// The run that was asked for; one of another release, such as of a simulator that a cache has kept, is told to the reader.
#[cfg(not(feature = "studio"))]
#[wasm_bindgen]
pub fn ran(handle: u32, recording: &[u8]) {
    send(handle, Message::Ran(config::recorded(recording).map(Box::new).map_err(|d| Diagnostic::lines(&d))));
}

/// The run that was asked for cannot be.
#[cfg(not(feature = "studio"))]
#[wasm_bindgen]
pub fn refused(handle: u32, why: String) {
    send(handle, Message::Ran(Err(why)));
}

/// The root may have another width now, or have come into sight.
#[wasm_bindgen]
pub fn resize(handle: u32) {
    send(handle, Message::Resize);
}

/// Forgets the widget. Its root is emptied a little later.
#[wasm_bindgen]
pub fn unmount(handle: u32) {
    if let Some(app) = take(&WIDGETS, handle) {
        // Yew draws some time after `mount`, between what else the page does, and would still do so after a destruction that came first.
        EARLY.with_borrow_mut(|early| early.push((handle, app)));
        if COMING.with_borrow(|coming| !coming.contains(&handle)) {
            drawn(handle);
        }
    }
}

/// A widget is there. If it was forgotten before that, it goes now.
pub fn drawn(handle: u32) {
    COMING.with_borrow_mut(|coming| coming.retain(|known| *known != handle));
    if let Some(app) = take(&EARLY, handle) {
        yew::platform::spawn_local(async move { app.destroy() });
    }
}

fn take(from: &'static LocalKey<Widgets>, handle: u32) -> Option<AppHandle<Widget>> {
    from.with_borrow_mut(|widgets| {
        let at = widgets.iter().position(|(known, _)| *known == handle)?;
        Some(widgets.swap_remove(at).1)
    })
}

/// The trace of a scenario as JSON lines, and the outcome as the last one: to be compared with that of the command.
///
/// # Errors
/// The diagnostics' text if the scenario is wrong.
#[cfg(feature = "studio")]
#[wasm_bindgen]
pub fn simulate(scenario: &str) -> Result<String, JsError> {
    use poolscope_sim::{Document, Scenario};
    let document = Document::from_json(scenario).map_err(error)?;
    let scenario = Scenario::read(&document, "scenario").map_err(error)?;
    Ok(poolscope_sim::trace::jsonl(&poolscope_sim::simulate(&scenario)))
}

/// What the studio adds to the widget's stylesheet.
#[cfg(feature = "studio")]
#[wasm_bindgen]
pub fn studio_css() -> String {
    poolscope_timeline::stylesheet!("studio/studio.css").to_owned()
}

/// Cells of a phase map, from the `from`-th on in its order of filling, as `swept` takes them. Meant for a worker, since it takes time.
///
/// # Errors
/// The request is not one that an event `sweep` brought.
#[cfg(feature = "studio")]
#[wasm_bindgen]
pub fn sweep(request: &str, from: usize, count: usize) -> Result<String, JsError> {
    crate::studio::sweep(request, from, count).ok_or_else(|| JsError::new("this is no request of a phase map"))
}

/// Puts cells into the phase map that asked for them.
#[cfg(feature = "studio")]
#[wasm_bindgen]
pub fn swept(handle: u32, serial: u32, from: usize, text: String) {
    send(handle, Message::Swept { serial, from, text });
}

/// The stylesheet of the widget and of its picture.
#[wasm_bindgen]
pub fn css() -> String {
    poolscope_timeline::css().to_owned() + poolscope_timeline::stylesheet!("widget.css")
}

fn send(handle: u32, message: Message) {
    let scope = WIDGETS
        .with_borrow(|widgets| widgets.iter().find(|(known, _)| *known == handle).map(|(_, app)| (**app).clone()));
    if let Some(scope) = scope {
        scope.send_message(message);
    }
}

fn error(diagnostics: Vec<Diagnostic>) -> JsError {
    JsError::new(&Diagnostic::lines(&diagnostics))
}
