//! What a page of documentation holds where a text asks for an experiment: the element `<pool-scope>`, and inside it the same run as a
//! picture, a line of figures and a table, for where the element cannot run.
//!
//! `experiment` (what a fence asks for, with `library`, the scenario files) → `widget` (the HTML, with `html`, escaping, and `words`);
//! `mistake` is what is wrong with a fence.

mod experiment;
mod html;
mod library;
mod mistake;
mod widget;
mod words;

pub use experiment::{Experiment, read};
pub use library::Library;
pub use mistake::FenceMistake;
pub use widget::{html, style};
