//! The knobs: real form controls, named as the options themselves.

use poolscope_sim::scenario::{Knob, KnobInput, KnobValue};
use yew::prelude::*;

use crate::experiment::Experiment;
use crate::words::Words;

pub fn view(experiment: &Experiment, lang: &str, words: &Words) -> Html {
    html! {
        <div class="knobs" part="knobs" role="group" aria-label={words.knobs} hidden={experiment.knobs.is_empty()}>
            <div class="row">
                <p class="label">{ words.knobs }</p>
                // Never `disabled`: the focus would fall out of the widget when it is pressed.
                <button type="button" data-do="reset" aria-disabled={experiment.turned.is_empty().to_string()}>{ words.reset }</button>
            </div>
            { for experiment.knobs.iter().enumerate().map(|(n, knob)| view_knob(experiment, n, knob, lang, words)) }
        </div>
    }
}

fn view_knob(experiment: &Experiment, n: usize, knob: &Knob, lang: &str, words: &Words) -> Html {
    let value = experiment.value(knob);
    let label = knob.label.get(lang);
    let help = knob.help.get(lang);
    let index = AttrValue::from(n.to_string());
    // A scenario may call a knob by another name than the option's; the option's own is set in the listing's type.
    let name = html! { <span class={if knob.set.ends_with(label) { "name code" } else { "name" }}>{ label }</span> };
    let control = match &knob.input {
        KnobInput::Number { min, max, step, unit } => {
            let (min, max, step, value) = (min.to_string(), max.to_string(), step.to_string(), value.to_string());
            html! {
                <>
                    <label>
                        { name }
                        <span class="field">
                            <input type="number" data-do="knob" data-n={index.clone()} min={min.clone()} step={step.clone()} value={value.clone()} />
                            <span class="unit">{ unit }</span>
                        </span>
                    </label>
                    <input type="range" data-do="knob" data-n={index} {min} {max} {step} {value} aria-label={label.to_owned()} />
                </>
            }
        }
        KnobInput::Switch => html! {
            <label>
                <input type="checkbox" data-do="knob" data-n={index} checked={*value == KnobValue::Switch(true)} />
                { name }
            </label>
        },
        KnobInput::Choice(options) => html! {
            <label>
                { name }
                <select data-do="knob" data-n={index}>
                    { for options.iter().enumerate().map(|(at, option)| html! {
                        <option value={at.to_string()} selected={option.value == *value}>{ option.label.get(lang) }</option>
                    }) }
                </select>
            </label>
        },
    };
    let kind = match knob.input {
        KnobInput::Number { .. } => "knob number",
        KnobInput::Switch => "knob switch",
        KnobInput::Choice(_) => "knob choice",
    };
    let turned = experiment.is_turned(knob);
    html! {
        <div class={kind} data-turned={turned.to_string()} title={help.to_owned()}>
            { control }
            <span class="was">{ if turned { format!("{} {}", words.was, value_text(knob, &knob.value, lang)) } else { String::new() } }</span>
        </div>
    }
}

fn value_text(knob: &Knob, value: &KnobValue, lang: &str) -> String {
    match (&knob.input, value) {
        (KnobInput::Number { unit, .. }, value) if !unit.is_empty() => format!("{value} {unit}"),
        (KnobInput::Choice(options), value) => options
            .iter()
            .find(|o| o.value == *value)
            .map_or_else(|| value.to_string(), |o| o.label.get(lang).to_owned()),
        (_, KnobValue::Switch(on)) => if *on { "True" } else { "False" }.to_owned(),
        _ => value.to_string(),
    }
}
