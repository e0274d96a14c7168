//! The Poolscope widget: a scenario that a reader can turn, play and question, in a browser.
//!
//! Reading order: `config` (what a host page asks for), `experiment` (the scenario with the reader's changes, and its run),
//! `playhead` (where the reader is in it), `widget` (the yew component: messages in, view out) with `gesture` (from DOM events to
//! messages), `stage` (the picture), `knobs` and `panels` (the rest of the view), `view` (elements), `markup` and `words`, and `surface`
//! (what JavaScript calls).
//!
//! The same source makes two modules: the small one, which every page loads, and with the feature `studio` one that can do everything and
//! takes over when a reader asks for it.
//!
//! The view never interprets trace events: it prints what `poolscope_timeline` says.

mod config;
mod experiment;
mod gesture;
mod knobs;
mod markup;
mod panels;
mod playhead;
mod stage;
mod studio;
mod surface;
mod view;
mod widget;
mod words;

pub use surface::{css, mount, resize, unmount, update};
#[cfg(not(feature = "studio"))]
pub use surface::{ran, refused};
