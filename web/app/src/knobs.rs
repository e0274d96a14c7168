//! The knobs: real form controls, named as the options themselves.

use poolscope_sim::scenario::{Knob, KnobInput, KnobValue};

use crate::experiment::Experiment;
use crate::view::{View, flag, state};
use crate::words::Words;

pub fn view(view: &mut View, experiment: &Experiment, lang: &str, words: &Words) {
    let line = "div class=knobs part=knobs role=group aria-label={} hidden?";
    view.open(line, &[words.knobs, flag(experiment.knobs.is_empty())]);
    view.open("div class=row", &[]).leaf("p class=label", &[], words.knobs);
    // Never `disabled`: the focus would fall out of the widget when it is pressed.
    let reset = "button type=button data-do=reset aria-disabled={}";
    view.leaf(reset, &[state(!experiment.is_changed())], words.reset).close();
    for (n, knob) in experiment.knobs.iter().enumerate() {
        view_knob(view, experiment, n, knob, lang, words);
    }
    view.close();
}

fn view_knob(view: &mut View, experiment: &Experiment, n: usize, knob: &Knob, lang: &str, words: &Words) {
    let value = experiment.value(knob);
    let label = knob.label.get(lang);
    let index = &n.to_string();
    let kind = match knob.input {
        KnobInput::Number { .. } => "knob number",
        KnobInput::Switch => "knob switch",
        KnobInput::Choice(_) => "knob choice",
    };
    // A scenario may call a knob by another name than the option's; the option's own is set in the listing's type.
    let name = if knob.set.ends_with(label) { "name code" } else { "name" };
    let turned = experiment.is_turned(knob);
    view.open("div class={} data-turned={} title={}", &[kind, state(turned), knob.help.get(lang)]).open("label", &[]);
    match &knob.input {
        KnobInput::Number { min, max, step, unit } => {
            let (min, max, step, value) = (&min.to_string(), &max.to_string(), &step.to_string(), &value.to_string());
            let number = "input type=number data-do=knob data-n={} min={} step={} value={}";
            let range = "input type=range data-do=knob data-n={} min={} max={} step={} value={} aria-label={}";
            view.leaf("span class={}", &[name], label).open("span class=field", &[]);
            view.open(number, &[index, min, step, value]).close().leaf("span class=unit", &[], unit).close().close();
            view.open(range, &[index, min, max, step, value, label]);
        }
        KnobInput::Switch => {
            let on = flag(*value == KnobValue::Switch(true));
            view.open("input type=checkbox data-do=knob data-n={} checked?", &[index, on]).close();
            view.leaf("span class={}", &[name], label);
        }
        KnobInput::Choice(options) => {
            view.leaf("span class={}", &[name], label).open("select data-do=knob data-n={}", &[index]);
            for (at, option) in options.iter().enumerate() {
                let chosen = flag(option.value == *value);
                view.leaf("option value={} selected?", &[&at.to_string(), chosen], option.label.get(lang));
            }
            view.close();
        }
    }
    let was = if turned { format!("{} {}", words.was, value_text(knob, &knob.value, lang)) } else { String::new() };
    view.close().leaf("span class=was", &[], &was).close();
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
