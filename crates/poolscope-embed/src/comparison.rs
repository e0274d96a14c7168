//! Two runs of one scenario beside each other:
//!
//! ```toml
//! scenario = "recycle-above-wait-timeout"
//! compare = true            # with the scenario as it is
//! [set]
//! "engine.pool_recycle" = 5
//! ```
//!
//! `[compare]` with settings of its own is the other run instead.

use poolscope_sim::scenario::KnobValue;
use poolscope_sim::simulate;
use poolscope_timeline::{
    Comparison, ComparisonRow, Lang, SceneOptions, Timeline, Viewport, export, outcome, scene, sentence, settings, svg,
};

use crate::experiment::Experiment;
use crate::html::{attribute, one_line, text};
use crate::widget::{WIDTH_PX, opening};
use crate::words::Words;

/// A picture of two runs that is heavier gives way to that of the run itself.
const PICTURE_MAX: usize = 10_800;

/// What the run of a fence is compared with.
#[derive(Debug)]
pub struct Other {
    /// As it is, except for where to look: what the element is given.
    pub plain: Experiment,
    /// The settings of the run that the fence shows.
    pub now: Vec<(String, KnobValue)>,
    pub before: Vec<(String, KnobValue)>,
    pub experiment: Experiment,
}

impl Other {
    /// One line: the element, and inside it both runs in one picture, and the table of their differences.
    pub fn html(&self, shown: &Experiment, lang: &str) -> String {
        let (words, language) = (Words::of(lang), Lang::of(lang));
        let (before, now) = (simulate(&self.experiment.scenario), simulate(&shown.scenario));
        let comparison = Comparison::new(&before, &now, language);
        let divergence = comparison.divergence;

        let mut told = opening(&self.plain, None, lang);
        for (name, settings) in [("knobs", &self.now), ("compare", &self.before)] {
            told.truncate(told.len() - 1);
            told += &format!(" {name}='{}'>", attribute(&export::knobs(settings)));
        }
        let options = SceneOptions { divergence: divergence.map(|d| d.at), ..SceneOptions::new(WIDTH_PX, lang) };
        let picture = |timeline: &Timeline| {
            one_line(&svg(&scene(timeline, &Viewport::fit(timeline.start, timeline.end), &options)))
        };
        let own = Timeline::new(&now);
        let both = picture(&own.beside(&Timeline::new(&before)));
        // Words follow for which there must be room.
        told += &if both.len() <= PICTURE_MAX { both } else { picture(&own) };
        for (name, trace) in [(words.before, &before), (words.now, &now)] {
            told += &format!("<p>{name}{}{}</p>", words.colon, text(&outcome(&trace.outcome, language)));
        }
        match divergence {
            Some(divergence) => {
                told += &format!("<p>{}{}{}</p><ul>", words.difference, words.colon, text(&divergence.at.to_string()));
                let events = [(words.before, &before, divergence.before), (words.now, &now, divergence.now)];
                for (name, trace, event) in events {
                    let happens = event.map_or_else(String::new, |event| sentence(trace, event, lang));
                    told += &format!("<li>{name}{}{}</li>", words.colon, text(&happens));
                }
                told += "</ul>";
            }
            None => told += &format!("<p>{}</p>", words.no_difference),
        }
        let mut rows = settings(&self.plain.document, &self.plain.scenario, &self.before, &self.now);
        rows.extend(comparison.rows);
        told + &table(&rows, &words) + "</pool-scope></div>"
    }
}

/// What differs; the widget has all figures.
fn table(rows: &[ComparisonRow], words: &Words) -> String {
    let mut out = format!(
        "<table><thead><tr><th>{}</th><th>{}</th><th>{}</th></tr></thead><tbody>",
        words.figure_heading, words.before, words.now
    );
    for row in rows.iter().filter(|row| row.before != row.now) {
        let sign = match row.better {
            Some(true) => " ▲",
            Some(false) => " ▼",
            None => "",
        };
        out += &format!(
            "<tr><th>{}</th><td>{}</td><td>{}{sign}</td></tr>",
            text(&row.name),
            text(&row.before),
            text(&row.now)
        );
    }
    out + "</tbody></table>"
}
