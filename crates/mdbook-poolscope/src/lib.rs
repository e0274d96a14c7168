//! mdBook preprocessor: a ```` ```poolscope ```` fence becomes a `<pool-scope>` element that runs the scenario in the
//! reader's browser, around a static picture of the same run made while the book is built.
//!
//! `fence` (find them) → `experiment` (what they ask for, with `library`, the scenario files) → `widget` (the HTML);
//! `mistake` gathers what is wrong; `preprocessor` is the loop over the chapters.

mod experiment;
mod fence;
mod html;
mod library;
mod mistake;
mod preprocessor;
mod widget;
mod words;

pub use preprocessor::{NAME, Poolscope};
