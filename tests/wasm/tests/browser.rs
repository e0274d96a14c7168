//! The widget in a real browser: it mounts, follows the reader and the host page, and goes.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod traces;

use std::cell::RefCell;
use std::rc::Rc;

use gloo_timers::future::TimeoutFuture;
use poolscope_app::{mount, ran, refused, resize, unmount, update};
use poolscope_sim::scenario::{Diagnostic, Request};
use poolscope_wasm_tests::{CASES, Case};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{
    CustomEvent, Document, Element, Event, EventInit, HtmlElement, HtmlInputElement, KeyboardEvent, KeyboardEventInit,
    ShadowRootInit, ShadowRootMode,
};

wasm_bindgen_test_configure!(run_in_browser);

const SCENARIO: &str = "recycle-above-wait-timeout";

fn document() -> Document {
    web_sys::window().unwrap().document().unwrap()
}

fn case(name: &str) -> Case {
    *CASES.iter().find(|c| c.name == name).unwrap()
}

/// The run of a scenario, as the simulator of a page gives it.
fn record(scenario: &str, rest: &str) -> Result<Vec<u8>, String> {
    let request = Request::read(&format!("{{\"scenario\":{scenario}{rest}}}"), |_, _, _| false);
    let recording = request.and_then(|request| request.run()).map_err(|diagnostics| Diagnostic::lines(&diagnostics))?;
    Ok(recording.into_bytes())
}

fn recording(rest: &str) -> Vec<u8> {
    record(case(SCENARIO).scenario, rest).unwrap()
}

/// Makes the runs that the widget in `root` asks for, as the element does.
fn answer(root: &Element, handle: u32) {
    let answer = move |event: CustomEvent| {
        let knobs = js_sys::Reflect::get(&event.detail(), &"knobs".into()).unwrap();
        let knobs = js_sys::JSON::stringify(&knobs).unwrap();
        match record(case(SCENARIO).scenario, &format!(",\"again\":true,\"knobs\":{knobs}")) {
            Ok(recording) => ran(handle, &recording),
            Err(why) => refused(handle, why),
        }
    };
    let answer = Closure::<dyn FnMut(CustomEvent)>::new(answer);
    root.add_event_listener_with_callback("run", answer.into_js_value().unchecked_ref()).unwrap();
}

/// A root where the element makes one: a div in an open shadow root, in the page.
fn root() -> Element {
    let host = document().create_element("div").unwrap();
    document().body().unwrap().append_child(&host).unwrap();
    let shadow = host.attach_shadow(&ShadowRootInit::new(ShadowRootMode::Open)).unwrap();
    let root = document().create_element("div").unwrap();
    shadow.append_child(&root).unwrap();
    root
}

/// Yew renders a little later: waits until there is something, and it stays as it is.
async fn settle(root: &Element) {
    let (mut last, mut same) = (String::new(), 0);
    for _ in 0..TURNS {
        TimeoutFuture::new(20).await;
        let now = root.inner_html();
        same = if now == last && !now.is_empty() { same + 1 } else { 0 };
        if same == 5 {
            return;
        }
        last = now;
    }
}

/// As often as a test looks again before it gives up, on a machine that does other things as well.
const TURNS: u32 = 500;

/// Waits for it, since yew takes breaks between widgets.
async fn has_children(root: &Element, count: u32) {
    for _ in 0..TURNS {
        if root.child_element_count() == count {
            return;
        }
        TimeoutFuture::new(20).await;
    }
    assert_eq!(root.child_element_count(), count);
}

fn find(root: &Element, selector: &str) -> Element {
    root.query_selector(selector).unwrap().unwrap_or_else(|| panic!("no {selector}"))
}

fn text(root: &Element, selector: &str) -> String {
    find(root, selector).text_content().unwrap_or_default()
}

fn input(root: &Element, selector: &str, value: &str) {
    let control: HtmlInputElement = find(root, selector).unchecked_into();
    control.set_value(value);
    let init = EventInit::new();
    init.set_bubbles(true);
    control.dispatch_event(&Event::new_with_event_init_dict("input", &init).unwrap()).unwrap();
}

fn click(root: &Element, selector: &str) {
    find(root, selector).unchecked_into::<HtmlElement>().click();
}

/// Presses a key; true if the page outside heard of it.
fn press(root: &Element, selector: &str, key: &str) -> bool {
    let heard = Rc::new(RefCell::new(false));
    let seen = Rc::clone(&heard);
    let listener = Closure::<dyn FnMut(Event)>::new(move |_| *seen.borrow_mut() = true);
    let page = document();
    page.add_event_listener_with_callback("keydown", listener.as_ref().unchecked_ref()).unwrap();
    let init = KeyboardEventInit::new();
    init.set_key(key);
    init.set_bubbles(true);
    init.set_composed(true);
    init.set_cancelable(true);
    let event = KeyboardEvent::new_with_keyboard_event_init_dict("keydown", &init).unwrap();
    find(root, selector).dispatch_event(&event).unwrap();
    page.remove_event_listener_with_callback("keydown", listener.as_ref().unchecked_ref()).unwrap();
    *heard.borrow()
}

#[wasm_bindgen_test]
async fn a_widget_mounts_updates_and_goes() {
    let root = root();
    let handle = mount(root.clone(), "en", &recording("")).unwrap();
    settle(&root).await;
    assert!(text(&root, ".outcome").contains("failed (2013"), "{}", text(&root, ".outcome"));
    assert!(text(&root, ".listing").contains("pool_recycle="));
    assert!(find(&root, ".picture svg").query_selector_all("path").unwrap().length() > 10);

    update(handle, "zh-CN", &recording(",\"knobs\":{\"pool_recycle\":\"5\"}")).unwrap();
    settle(&root).await;
    assert!(text(&root, ".outcome").contains("12 个请求：12 个成功。"), "{}", text(&root, ".outcome"));

    unmount(handle);
    has_children(&root, 0).await;
    // A handle that is no longer in use is no harm.
    unmount(handle);
    resize(handle);
    update(handle, "en", &recording("")).unwrap();
}

#[wasm_bindgen_test]
async fn what_is_no_run_is_an_error_and_changes_nothing() {
    let root = root();
    let run = recording("");
    let cut = run[..run.len() - 1].to_vec();
    let older = [b"poolscope 0.0.9\n", &run[run.iter().position(|b| *b == b'\n').unwrap() + 1..]].concat();
    for wrong in [Vec::new(), b"poolscope".to_vec(), cut, older, [run, vec![0]].concat()] {
        let Err(error) = mount(root.clone(), "en", &wrong) else { panic!("{} bytes are taken", wrong.len()) };
        assert!(!String::from(js_sys::Error::from(JsValue::from(error)).message()).is_empty());
    }
    assert_eq!(root.child_element_count(), 0);

    let handle = mount(root.clone(), "en", &recording("")).unwrap();
    settle(&root).await;
    let before = root.inner_html();
    assert!(update(handle, "en", b"{").is_err());
    settle(&root).await;
    assert_eq!(root.inner_html(), before);
    unmount(handle);
}

#[wasm_bindgen_test]
async fn knobs_run_the_scenario_again_at_the_same_time() {
    let root = root();
    let handle = mount(root.clone(), "en", &recording("")).unwrap();
    settle(&root).await;
    answer(&root, handle);
    let at = text(&root, ".now");
    input(&root, "input[type=number]", "5");
    settle(&root).await;
    assert_eq!(text(&root, ".now"), at);
    assert!(text(&root, ".outcome").starts_with("12 requests: 12 served."), "{}", text(&root, ".outcome"));
    assert!(text(&root, ".listing").contains("pool_recycle=5"));

    // What cannot be run is said, and the picture stays.
    input(&root, "[data-n='2'][type=number]", "0");
    settle(&root).await;
    assert!(text(&root, ".mistake").contains("wait_timeout"));
    assert!(text(&root, ".outcome").starts_with("12 requests: 12 served."));

    // Neither is the answer of a simulator of another release taken for the run, nor is it kept from the reader.
    ran(handle, b"poolscope 0.0.9\n");
    settle(&root).await;
    assert!(text(&root, ".mistake").contains("no run that this release could show"));
    assert!(text(&root, ".outcome").starts_with("12 requests: 12 served."));

    click(&root, "[data-do=reset]");
    settle(&root).await;
    assert!(text(&root, ".outcome").contains("failed (2013"));
    unmount(handle);
}

#[wasm_bindgen_test]
async fn steps_keys_and_events() {
    let root = root();
    let told = Rc::new(RefCell::new(Vec::new()));
    let heard = Rc::clone(&told);
    let listener =
        Closure::<dyn FnMut(CustomEvent)>::new(move |event: CustomEvent| heard.borrow_mut().push(event.type_()));
    for kind in ["ready", "seek", "change", "outcome"] {
        root.add_event_listener_with_callback(kind, listener.as_ref().unchecked_ref()).unwrap();
    }
    let handle = mount(root.clone(), "en", &recording(",\"at\":\"0 s\"")).unwrap();
    settle(&root).await;
    assert_eq!(*told.borrow(), ["ready", "outcome"]);

    let first = text(&root, ".now");
    click(&root, "[data-do=next-error]");
    settle(&root).await;
    let error = text(&root, ".now");
    assert_ne!(first, error);
    assert!(text(&root, ".log").contains("2013"));
    assert_eq!(told.borrow().last().map(String::as_str), Some("seek"));

    assert!(!press(&root, ".stage", "ArrowRight"));
    assert!(!press(&root, ".stage", "End"));
    assert!(!press(&root, ".scrubber", "ArrowLeft"));
    assert!(!press(&root, "input[type=number]", "s"));
    assert!(!press(&root, "[data-do=play]", "s"));
    assert!(press(&root, ".stage", "Escape"));
    settle(&root).await;
    assert_ne!(text(&root, ".now"), error);

    click(&root, "[data-do=why]");
    settle(&root).await;
    assert!(find(&root, ".causes").child_element_count() > 0);
    unmount(handle);
}

#[wasm_bindgen_test]
async fn many_widgets_come_and_go() {
    for name in CASES.iter().map(|c| c.name).filter(|name| !name.contains(' ')) {
        let roots: Vec<Element> = (0..6).map(|_| root()).collect();
        let recording = record(case(name).scenario, "").unwrap();
        let handles: Vec<u32> = roots.iter().map(|root| mount(root.clone(), "en", &recording).unwrap()).collect();
        // Some go before they were ever rendered.
        handles.iter().step_by(2).for_each(|handle| unmount(*handle));
        for (root, n) in roots.iter().zip(0..) {
            has_children(root, n % 2).await;
        }
        handles.into_iter().for_each(unmount);
        for root in &roots {
            has_children(root, 0).await;
        }
    }
}
