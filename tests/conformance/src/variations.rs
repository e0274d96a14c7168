//! Everything a reader can turn a scenario into with its knobs.

use crate::Failure;
use poolscope_sim::scenario::{Knob, KnobInput, KnobValue};
use poolscope_sim::{Document, Scenario};

/// All combinations of choices and switches; beside them, each number at several values of its range.
///
/// # Errors
/// The scenario, or one of its variations, has mistakes.
pub fn variations(document: &Document, name: &str) -> Result<Vec<(String, Scenario)>, Failure> {
    let scenario = read(document, name)?;
    let (numbers, choices): (Vec<&Knob>, Vec<&Knob>) =
        scenario.knobs.iter().partition(|knob| matches!(knob.input, KnobInput::Number { .. }));
    let mut settings: Vec<Vec<(&str, KnobValue)>> = vec![Vec::new()];
    for knob in choices {
        let values = values(&knob.input);
        settings = settings
            .iter()
            .flat_map(|before| {
                values.iter().map(|value| [before.as_slice(), &[(knob.set.as_str(), value.clone())]].concat())
            })
            .collect();
    }
    for knob in numbers {
        settings.extend(values(&knob.input).into_iter().map(|value| vec![(knob.set.as_str(), value)]));
    }
    settings.into_iter().map(|settings| vary(document, name, &settings)).collect()
}

/// # Errors
/// The scenario has mistakes.
pub fn read(document: &Document, name: &str) -> Result<Scenario, Failure> {
    Scenario::read(document, name).map_err(|diagnostics| Failure::of_scenario(name, &diagnostics))
}

fn vary(document: &Document, name: &str, settings: &[(&str, KnobValue)]) -> Result<(String, Scenario), Failure> {
    let mut document = document.clone();
    let mut label = name.to_owned();
    for (set, value) in settings {
        document.set(set, value).map_err(|diagnostic| Failure::of_scenario(name, &[diagnostic]))?;
        label += &format!(" --set {set}={value}");
    }
    Ok((label, read(&document, name)?))
}

fn values(input: &KnobInput) -> Vec<KnobValue> {
    match input {
        KnobInput::Switch => vec![KnobValue::Switch(false), KnobValue::Switch(true)],
        KnobInput::Choice(options) => options.iter().map(|option| option.value.clone()).collect(),
        KnobInput::Number { min, max, step, .. } => {
            let steps = (max - min) / step;
            let mut at: Vec<i64> = (0..=8).map(|i| min + steps * i / 8 * step).collect();
            at.dedup();
            at.into_iter().map(KnobValue::Number).collect()
        }
    }
}
