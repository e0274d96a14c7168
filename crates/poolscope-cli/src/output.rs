//! The formats of a run.

use std::io::{self, ErrorKind, Write};

use poolscope_sim::Trace;
use poolscope_sim::trace::{json, jsonl, log_table, log_text};
use poolscope_timeline::{Lang, SceneOptions, Timeline, Viewport, export, scene, svg};

use crate::arguments::Format;
use crate::failure::Failure;
use crate::summary::summary;

/// Pixels, for a picture that is looked at by itself.
const WIDTH_PX: f32 = 1000.0;

/// For programs with coroutines, and for faults that SQL cannot cause.
const NO_SCRIPT: &str = "# No script of threads and SQL can do what this scenario does.\n";

pub fn text(trace: &Trace, format: Format) -> String {
    match format {
        Format::Summary => summary(trace),
        Format::Table => log_table(trace),
        Format::Log => log_text(trace),
        Format::Jsonl => jsonl(trace),
        Format::Json => json(trace) + "\n",
        Format::Svg => picture(trace),
        Format::Perfetto => export::perfetto(trace, &Timeline::new(trace), Lang::En),
        Format::Python => export::python(trace).unwrap_or_else(|| NO_SCRIPT.to_owned()),
    }
}

fn picture(trace: &Trace) -> String {
    let timeline = Timeline::new(trace);
    let viewport = Viewport::fit(timeline.start, timeline.end);
    svg(&scene(&timeline, &viewport, &SceneOptions::new(WIDTH_PX, "en"))) + "\n"
}

/// Writes to standard output; a reader that has seen enough (`| head`) is no failure.
pub fn write(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::Write(error)),
        _ => Ok(()),
    }
}
