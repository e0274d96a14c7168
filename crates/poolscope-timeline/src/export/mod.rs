//! A run to take along: as text for a book or a page, as a program, as a trace for other tools. Pictures are `svg`'s, traces as JSON
//! lines the simulator's.

mod perfetto;
mod python;
mod snippet;

pub use perfetto::perfetto;
pub use python::python;
pub use snippet::{Snippet, fence, html, knobs};
