//! mdBook preprocessor: a ```` ```poolscope ```` fence becomes a `<pool-scope>` element that runs the scenario in the
//! reader's browser, around a static picture of the same run made while the book is built.
//!
//! `fence` finds them, `poolscope_embed` reads them and writes the HTML, and answers what prose asks the simulator; `lines` joins lines of
//! Chinese; `mistake` gathers what is wrong; `preprocessor` is the loop over the chapters; `install` brings the widget into a book.

mod fence;
mod install;
mod lines;
mod mistake;
mod preprocessor;

pub use install::install;
pub use preprocessor::{NAME, Poolscope};
