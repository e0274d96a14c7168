//! From a trace to a picture: `Trace` → `Timeline` (lanes, bars, marks, in units of time) → `Scene` (placed shapes) → SVG, or
//! ASCII text; and the state of the three truths at any instant.
//!
//! The three truths are what the application holds, what the pool counts, and what the server has. Every pitfall is a
//! disagreement between two of them, so all of the crate follows from one fold over the events, `truths`: the timeline draws
//! how its state changes, `Moment` prints it at one instant, `outline` and `sentence` say it in words.
//!
//! Everything is a pure function: no DOM, no IO, no clock. Colours exist only in the stylesheet (`css`), pixels only in
//! `scene`, and the arithmetic between time and pixels only in `viewport`.
//!
//! Reading order: `truths` (the fold), `timeline` (its history), `viewport`, `scene`, `svg` and `ascii` (the pictures), `moment`
//! and `processlist` (the inspector), `outline`, `sentence` and `words` (the language).

mod ascii;
mod comparison;
pub mod export;
mod moment;
mod names;
pub mod origin;
mod outcome;
mod outline;
mod permalink;
pub mod phase_map;
mod processlist;
mod scene;
mod sentence;
mod status;
pub mod style;
mod svg;
mod timeline;
mod truths;
mod viewport;
pub mod what_if;
mod words;

pub use ascii::ascii;
pub use comparison::{Comparison, ComparisonRow, Divergence, settings};
pub use moment::{Checkpoints, EngineMoment, ErrorMoment, Moment, TaskMoment, When};
pub use outcome::{errors, outcome, outcome_costs};
pub use outline::{OutlineRow, outline};
pub use permalink::{Changed, Permalink};
pub use processlist::ProcessRow;
pub use scene::{Anchor, Frame, Glyph, Item, Scene, SceneOptions, Shape, scene};
pub use sentence::{sentence, why};
pub use status::{status, status_text};
pub use svg::{Part, css, parts, svg};
pub use timeline::{
    Bar, BarKind, Condition, Disagreement, DisagreementKind, Gauge, Group, Lane, LaneKind, Mark, MarkKind, Quiet, Run,
    Series, SeriesKind, Step, StepKind, Timeline, Truth,
};
pub use viewport::{TimeScale, Viewport};
pub use words::{Lang, rule};
