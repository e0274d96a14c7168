//! The HTML of one fence: the element, and inside it the same run as a picture, a line of figures and a table.

use std::collections::BTreeSet;

use poolscope_sim::time::SimTime;
use poolscope_sim::{Trace, simulate};
use poolscope_timeline::{
    Lang, OutlineRow, SceneOptions, Timeline, Viewport, css, outcome, outcome_costs, outline, scene, svg,
};

use crate::experiment::Experiment;
use crate::html::{attribute, one_line, text};
use crate::parting::Parting;
use crate::words::Words;

/// Room for what stands inside the element. The picture takes what it needs, the table what is left.
const BYTES_MAX: usize = 12_000;
/// Wide enough for the labels, narrow enough for a page with a sidebar; the page scales it.
pub const WIDTH_PX: f32 = 760.0;

/// The colours of the pictures, once for each page: the same in whatever book, without another file to copy.
pub fn style() -> String {
    format!("<div class=\"poolscope-style\" hidden><style>{}</style></div>", css())
}

/// One line. It begins with `<div` because Markdown lets only a few tags begin a block of HTML that may go on in the
/// same line.
pub fn html(experiment: &Experiment, lang: &str) -> String {
    let trace = simulate(&experiment.scenario);
    let words = Words::of(lang);
    let parting = experiment.broken.as_ref().and_then(|broken| Parting::new(broken, &experiment.scenario));
    let opening = opening(experiment, experiment.recording(), lang);
    let picture = picture(&trace, parting.as_ref().map(|parting| parting.at), lang);
    let (told, costs) = (outcome(&trace.outcome, Lang::of(lang)), outcome_costs(&trace.outcome, Lang::of(lang)));
    let figures = format!("<p>{}{}{}</p>", text(&told), words.gap, text(&costs));
    // Outside of the element, so that it stays when the widget takes the picture's place.
    let closing =
        format!("</pool-scope>{}</div>", parting.map_or_else(String::new, |parting| parting.html(lang, &words)));
    let room = BYTES_MAX.saturating_sub(picture.len() + figures.len());
    let steps = steps(&outline(&trace, lang), &words, room);
    format!("{opening}{picture}{figures}{steps}{closing}")
}

/// Up to the end of the element's own tag.
pub fn opening(experiment: &Experiment, recording: Option<String>, lang: &str) -> String {
    let recording = recording.map_or_else(String::new, |recording| format!(" recording=\"{recording}\""));
    format!(
        "<div class=\"poolscope\"><pool-scope lang=\"{}\" scenario='{}'{recording}>",
        text(lang).replace('"', "&quot;"),
        attribute(&experiment.document.to_json())
    )
}

fn picture(trace: &Trace, divergence: Option<SimTime>, lang: &str) -> String {
    let timeline = Timeline::new(trace);
    let looked_at = trace.events.get(Timeline::initial(trace).0 as usize).map(|event| event.at);
    let options = SceneOptions { playhead: looked_at, divergence, ..SceneOptions::new(WIDTH_PX, lang) };
    let viewport = Viewport::fit(timeline.start, timeline.end);
    one_line(&svg(&scene(&timeline, &viewport, &options)))
}

/// The notable steps as a table of at most `room` bytes.
fn steps(rows: &[OutlineRow], words: &Words, room: usize) -> String {
    let opening = format!(
        "<details><summary>{}</summary><table><thead><tr><th>{}</th><th>{}</th><th>{}</th><th>{}</th></tr></thead><tbody>",
        words.steps, words.time, words.who, words.what, words.why
    );
    let closing = "</tbody></table></details>";
    let mut told = BTreeSet::new();
    let written: Vec<String> = rows.iter().map(|row| table_row(row, &mut told)).collect();
    let room = room.saturating_sub(opening.len() + closing.len() + 2 * words.more.len() + 80);
    let kept = keep(rows, &written, room);
    let mut table = opening;
    let mut left_out = 0;
    for (row, kept) in written.iter().zip(kept) {
        if kept {
            table += &more(left_out, words);
            table += row;
            left_out = 0;
        } else {
            left_out += 1;
        }
    }
    table + &more(left_out, words) + closing
}

/// Errors are what readers search for, so they come first when there is not room for all; then the beginning.
fn keep(rows: &[OutlineRow], written: &[String], room: usize) -> Vec<bool> {
    let mut kept = vec![false; rows.len()];
    let mut taken = 0;
    for errors in [true, false] {
        for (at, row) in rows.iter().enumerate().filter(|(_, row)| row.error == errors) {
            // A gap costs a line of its own.
            let cost = written[at].len() + if row.error { 60 } else { 0 };
            if room < taken + cost {
                break;
            }
            taken += cost;
            kept[at] = true;
        }
    }
    kept
}

fn more(left_out: usize, words: &Words) -> String {
    match left_out {
        0 => String::new(),
        n => format!("<tr><td></td><td></td><td colspan=\"2\">{}</td></tr>", words.more.replace("{}", &n.to_string())),
    }
}

/// The whole text of an exception stands at its first appearance only.
fn table_row<'r>(row: &'r OutlineRow, told: &mut BTreeSet<&'r str>) -> String {
    let (what, error) = row.what.split_once('\n').unwrap_or((&row.what, ""));
    let error =
        if error.is_empty() || !told.insert(error) { String::new() } else { format!("<pre>{}</pre>", text(error)) };
    format!(
        "<tr><td>{}</td><td>{}</td><td>{}{error}</td><td>{}</td></tr>",
        text(&row.at.to_string()),
        text(&row.who),
        text(what),
        text(&row.why)
    )
}
