//! Two settings against what the run comes to: where it holds and where it breaks, over their whole ranges. Cell by cell, so that whoever
//! draws it can show a coarse map at once and refine it.

use poolscope_sim::engine::error::ErrorKey;
use poolscope_sim::scenario::{Document, Knob, KnobInput, KnobValue, Scenario};
use poolscope_sim::{Outcome, measure};

/// One axis: a setting and the values that it takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Dial {
    /// As in `Document::set`.
    pub path: String,
    pub values: Vec<KnobValue>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    pub requests: u32,
    pub failed: u32,
    pub unfinished: u32,
    /// What most of the failed requests failed with.
    pub error: Option<ErrorKey>,
}

impl Dial {
    /// At most `most` values, from end to end of what a knob can be turned to, with the scenario's own among them.
    pub fn of(knob: &Knob, most: usize) -> Dial {
        let values = match &knob.input {
            KnobInput::Switch => vec![KnobValue::Switch(false), KnobValue::Switch(true)],
            KnobInput::Choice(options) => options.iter().take(most).map(|o| o.value.clone()).collect(),
            KnobInput::Number { min, max, step, .. } => {
                numbers(*min, *max, *step, &knob.value, most).into_iter().map(KnobValue::Number).collect()
            }
        };
        Dial { path: knob.set.clone(), values }
    }
}

fn numbers(min: i64, max: i64, step: i64, own: &KnobValue, most: usize) -> Vec<i64> {
    let step = step.max(1);
    let most = most.max(2) as i64;
    let steps = (max.saturating_sub(min) / step).max(0);
    let stride = (steps / (most - 1)).max(1) + i64::from(steps % (most - 1) != 0 && most - 1 < steps);
    let mut values: Vec<i64> = (0..=steps / stride).map(|n| min + n * stride * step).collect();
    if values.last() != Some(&max) && (values.len() as i64) < most {
        values.push(max);
    }
    // The scenario's own value takes the place of its nearest neighbour.
    if let KnobValue::Number(own) = own
        && let Some(nearest) = values.iter_mut().min_by_key(|v| (**v - own).abs())
        && (min..=max).contains(own)
    {
        *nearest = *own;
    }
    values
}

/// What the scenario comes to with these settings; `None` if it cannot be run with them.
pub fn cell(document: &Document, name: &str, settings: &[(&str, &KnobValue)]) -> Option<Cell> {
    let mut document = document.clone();
    for (path, value) in settings {
        document.set(path, value).ok()?;
    }
    Some(Cell::of(&measure(&Scenario::read(&document, name).ok()?)))
}

impl Cell {
    fn of(outcome: &Outcome) -> Cell {
        let most = outcome.errors.iter().map(|(_, n)| *n).max();
        let error = outcome.errors.iter().find(|(_, n)| Some(*n) == most).map(|(key, _)| *key);
        Cell { requests: outcome.requests, failed: outcome.failed, unfinished: outcome.unfinished(), error }
    }

    /// How bad it is: 0 is nothing, then each started quarter of the requests that failed or were not finished, to 4.
    pub fn heat(&self) -> u8 {
        let bad = u64::from(self.failed + self.unfinished);
        (bad * 4).div_ceil(u64::from(self.requests).max(1)).min(4) as u8
    }
}

/// In which order to fill a map: every eighth cell in both directions first, then every fourth, and so on, each cell once.
pub fn order(columns: usize, rows: usize) -> impl Iterator<Item = (usize, usize)> {
    let rank = move |column: usize, row: usize| {
        [8, 4, 2, 1].iter().position(|s| column.is_multiple_of(*s) && row.is_multiple_of(*s))
    };
    (0..4).flat_map(move |pass| {
        let cells = (0..rows).flat_map(move |row| (0..columns).map(move |column| (column, row)));
        cells.filter(move |(column, row)| rank(*column, *row) == Some(pass))
    })
}
