//! The phase map: what two options come to over their ranges, filled in by a worker.

use poolscope_sim::scenario::{Document, KnobValue, Scenario, Value};
use poolscope_timeline::phase_map::{Dial, cell, order};
use poolscope_timeline::what_if;

use super::Telling;
use crate::experiment::Experiment;

#[derive(Debug)]
pub struct Map {
    /// The knobs that are chosen for the axes.
    pub x: usize,
    pub y: usize,
    pub drawn: Option<Drawn>,
    serial: u32,
}

#[derive(Debug)]
pub struct Drawn {
    pub x: Dial,
    pub y: Dial,
    /// By row, then column.
    pub cells: Vec<Option<Spot>>,
    /// In the order of filling.
    order: Vec<usize>,
}

#[derive(Clone, Debug)]
pub struct Spot {
    /// `None`: these values cannot be run.
    pub heat: Option<u8>,
    pub bad: u32,
    pub requests: u32,
    pub error: String,
}

impl Default for Map {
    fn default() -> Map {
        Map { x: 0, y: 1, drawn: None, serial: 0 }
    }
}

const COLUMNS: usize = 24;
const ROWS: usize = 14;

impl Map {
    /// Begins a map of this experiment; the event that asks for its cells.
    pub fn start(&mut self, experiment: &Experiment) -> Option<Telling> {
        let mut document = experiment.source()?.0.clone();
        for (path, value) in &experiment.turned {
            document.set(path, value).ok()?;
        }
        for fault in &experiment.faults {
            what_if::add(&mut document, fault);
        }
        let (x, y) = (experiment.knobs.get(self.x)?.set.clone(), experiment.knobs.get(self.y)?.set.clone());
        if x == y {
            return None;
        }
        let (x, y) = dials(&document, &x, &y)?;
        let columns = x.values.len();
        let order: Vec<usize> = order(columns, y.values.len()).map(|(column, row)| row * columns + column).collect();
        let mut request = Document { root: document.root.clone() };
        let axes = [&x.path, &y.path].map(|path| path.replace('"', ""));
        let text = format!("{{\"x\":\"{}\",\"y\":\"{}\",\"document\":{}}}", axes[0], axes[1], document.to_json());
        request.root = Document::from_json(&text).ok()?.root;
        self.serial += 1;
        let fields = vec![
            ("request", request.to_json()),
            ("serial", self.serial.to_string()),
            ("total", order.len().to_string()),
        ];
        self.drawn = Some(Drawn { cells: vec![None; order.len()], order, x, y });
        Some(("sweep", fields))
    }

    /// Whether they belong to this map.
    pub fn swept(&mut self, serial: u32, from: usize, text: &str) -> bool {
        let Some(drawn) = self.drawn.as_mut().filter(|_| serial == self.serial) else { return false };
        for (line, n) in text.lines().zip(from..) {
            let mut words = line.splitn(4, ' ');
            let mut number = || words.next().and_then(|w| w.parse::<u32>().ok());
            let spot = match (number(), number(), number()) {
                (Some(heat), Some(bad), Some(requests)) => {
                    let error = words.next().unwrap_or_default().to_owned();
                    Spot { heat: Some(heat.min(4) as u8), bad, requests, error }
                }
                _ => Spot { heat: None, bad: 0, requests: 0, error: String::new() },
            };
            if let Some(place) = drawn.order.get(n).and_then(|place| drawn.cells.get_mut(*place)) {
                *place = Some(spot);
            }
        }
        true
    }

    /// What a cell sets.
    pub fn settings(&self, cell: usize) -> Option<[(String, KnobValue); 2]> {
        let drawn = self.drawn.as_ref()?;
        let (row, column) = (cell / drawn.x.values.len(), cell % drawn.x.values.len());
        let value = |dial: &Dial, n: usize| Some((dial.path.clone(), dial.values.get(n)?.clone()));
        Some([value(&drawn.x, column)?, value(&drawn.y, row)?])
    }
}

fn dials(document: &Document, x: &str, y: &str) -> Option<(Dial, Dial)> {
    let scenario = Scenario::read(document, "scenario").ok()?;
    let knob = |path: &str| scenario.knobs.iter().find(|k| k.set == path);
    Some((Dial::of(knob(x)?, COLUMNS), Dial::of(knob(y)?, ROWS)))
}

/// A line for each cell: heat, requests that failed or were not finished, requests, the commonest error; `-` where it cannot be run.
#[cfg_attr(not(feature = "studio"), allow(dead_code, reason = "only the studio's module offers it"))]
pub fn sweep(request: &str, from: usize, count: usize) -> Option<String> {
    let request = Document::from_json(request).ok()?;
    let axis = |name: &str| match &request.get(name)?.value {
        Value::Text(path) => Some(path.clone()),
        _ => None,
    };
    let document = Document { root: request.get("document")?.clone() };
    let (x, y) = dials(&document, &axis("x")?, &axis("y")?)?;
    let mut out = String::new();
    for (column, row) in order(x.values.len(), y.values.len()).skip(from).take(count) {
        let settings = [(x.path.as_str(), x.values.get(column)?), (y.path.as_str(), y.values.get(row)?)];
        match cell(&document, "scenario", &settings) {
            Some(cell) => {
                let error = cell.error.map_or_else(String::new, |key| key.label());
                out += &format!("{} {} {} {error}\n", cell.heat(), cell.failed + cell.unfinished, cell.requests);
            }
            None => out.push_str("-\n"),
        }
    }
    Some(out)
}
