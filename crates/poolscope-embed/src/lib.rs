//! What a page of documentation holds where a text asks for an experiment: the element `<pool-scope>`, and inside it the same run as a
//! picture, a line of figures and a table, for where the element cannot run.
//!
//! `experiment` (what a fence asks for, with `library`, the scenario files) → `exhibit` (what becomes of it) → `widget` (the HTML, with
//! `html`, escaping, and `words`), alone, in a `comparison`, in an `exercise` or on a `playground`; or `printed`, a moment as text; or
//! `vary`, one option at several values. `parting` says where a mended run parts from the broken one, `recording` is a run for a page that
//! loads no simulator. `directive` puts numbers of the simulator into prose; `mistake` is what is wrong with a fence.

mod comparison;
mod directive;
mod exercise;
mod exhibit;
mod experiment;
mod html;
mod library;
mod mistake;
mod parting;
mod playground;
mod printed;
mod recording;
mod vary;
mod widget;
mod words;

pub use directive::find as directives;
pub use exhibit::Exhibit;
pub use experiment::{Experiment, read};
pub use library::Library;
pub use mistake::FenceMistake;
pub use widget::{html, style};
