//! One option at several values: what each run comes to, as a small table whose rows the page's script opens as live runs.
//!
//! ```toml
//! scenario = "settings"
//! vary = "engine.pool_size"
//! values = [1, 2, 5]
//! [set]                     # for all of them
//! "engine.max_overflow" = 0
//! ```

use poolscope_sim::scenario::{Knob, KnobInput, KnobValue, Node, Value};
use poolscope_sim::time::SimSpan;
use poolscope_sim::{Outcome, measure};
use poolscope_timeline::export;

use crate::exercise::figure;
use crate::experiment::Experiment;
use crate::html::{attribute, text};
use crate::mistake::FenceMistake;
use crate::words::Words;

/// Shown if they differ, but for the first and the fourth, which every table has.
const FIGURES: [&str; 7] =
    ["failed", "waited", "wait_max", "connects", "pings", "max_used_connections", "aborted_clients"];
const ALWAYS: [&str; 2] = ["failed", "connects"];

/// What the fence asks for.
#[derive(Debug)]
pub struct Request {
    pub path: String,
    pub values: Vec<KnobValue>,
}

impl Request {
    /// From `vary` and `values`, of which neither makes sense without the other.
    pub fn read(path: Option<&Node>, values: Option<&Node>, mistakes: &mut Vec<FenceMistake>) -> Option<Request> {
        const HINT: &str = "write `vary = \"engine.pool_size\"` and `values = [1, 5]`";
        let (path, values) = match (path, values) {
            (None, None) => return None,
            (Some(path), Some(values)) => (path, values),
            (Some(alone), None) | (None, Some(alone)) => {
                mistakes.push(FenceMistake::at(&alone.place, "`vary` and `values` belong together", HINT));
                return None;
            }
        };
        let (Value::Text(name), Value::List(items)) = (&path.value, &values.value) else {
            mistakes.push(FenceMistake::at(
                &path.place,
                "`vary` is an option, and `values` a list of what it is set to",
                HINT,
            ));
            return None;
        };
        let values: Vec<KnobValue> = items.iter().filter_map(|item| KnobValue::of(&item.value)).collect();
        if values.len() < 2 || values.len() < items.len() {
            mistakes.push(FenceMistake::at(
                &path.place,
                "`values` are two numbers, texts or truth values, or more",
                HINT,
            ));
            return None;
        }
        Some(Request { path: name.clone(), values })
    }
}

/// A row: what the element is given, and the run.
#[derive(Debug)]
pub struct Row {
    pub knobs: Vec<(String, KnobValue)>,
    pub value: KnobValue,
    pub experiment: Experiment,
}

#[derive(Debug)]
pub struct Table {
    /// The file of the scenario, under which the widget finds it as well.
    pub name: String,
    pub knob: Knob,
    pub rows: Vec<Row>,
}

impl Table {
    pub fn html(&self, lang: &str) -> String {
        let words = Words::of(lang);
        let outcomes: Vec<Outcome> = self.rows.iter().map(|row| measure(&row.experiment.scenario)).collect();
        let told = |name: &str| outcomes.iter().map(|outcome| cell(outcome, name)).collect::<Vec<_>>();
        let columns: Vec<(&str, Vec<String>)> = FIGURES
            .iter()
            .map(|name| (*name, told(name)))
            .filter(|(name, cells)| ALWAYS.contains(name) || cells.iter().any(|cell| *cell != cells[0]))
            .collect();
        let option = text(self.knob.label.get(lang));
        let heads: String = columns.iter().map(|(name, _)| format!("<th>{}</th>", words.figure(name))).collect();
        let rows: String = self
            .rows
            .iter()
            .enumerate()
            .map(|(n, row)| {
                let value = text(&self.shown(&row.value, lang));
                let name = format!("{option} = {value}").replace('"', "&quot;");
                let cells: String = columns.iter().map(|(_, cells)| format!("<td>{}</td>", text(&cells[n]))).collect();
                format!(
                    "<tr><th scope=\"row\"><button type=\"button\" aria-pressed=\"false\" aria-label=\"{name}\" \
                     data-knobs='{}'>{value}</button></th>{cells}</tr>",
                    attribute(&export::knobs(&row.knobs))
                )
            })
            .collect();
        format!(
            "<div class=\"vary\" data-scenario=\"{}\"><div class=\"table-wrapper\"><table><thead><tr><th>{}</th>{heads}</tr></thead>\
             <tbody>{rows}</tbody></table></div></div>",
            self.name,
            option.replace('_', "_<wbr>")
        )
    }

    /// As the widget's own controls show it, and as it is written in Python.
    fn shown(&self, value: &KnobValue, lang: &str) -> String {
        match (&self.knob.input, value) {
            (KnobInput::Choice(options), _) => options
                .iter()
                .find(|option| option.value == *value)
                .map_or_else(|| value.to_string(), |option| option.label.get(lang).to_owned()),
            (_, KnobValue::Switch(on)) => if *on { "True" } else { "False" }.to_owned(),
            (KnobInput::Number { unit, .. }, _) if !unit.is_empty() => format!("{value} {unit}"),
            _ => value.to_string(),
        }
    }
}

fn cell(outcome: &Outcome, name: &str) -> String {
    match name {
        "failed" if outcome.failed > 0 => {
            format!("{} ({})", outcome.failed, figure(outcome, "errors").unwrap_or_default())
        }
        "wait_max" if outcome.wait_max == SimSpan::ZERO => "–".to_owned(),
        _ => figure(outcome, name).unwrap_or_default(),
    }
}
