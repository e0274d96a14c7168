//! Numbers in prose that come from the simulator, so that they cannot be wrong:
//!
//! ```text
//! {{#poolscope default engine.pool_size}}
//! {{#poolscope value recycle-above-wait-timeout variables.wait_timeout}}
//! {{#poolscope outcome recycle-above-wait-timeout failed engine.pool_recycle=5}}
//! ```

use std::ops::Range;

use poolscope_sim::scenario::KnobValue;
use poolscope_sim::{Diagnostic, Document, Scenario, simulate};

use crate::exercise::{FIGURES, figure};
use crate::experiment::load_turned;
use crate::library::Library;
use crate::mistake::FenceMistake;

const OPENING: &str = "{{#poolscope ";
const HINT: &str = "`default PATH`, `value SCENARIO PATH` or `outcome SCENARIO FIGURE [PATH=VALUE …]`";

/// Every directive of a chapter: its bytes, and what it stands for.
pub fn find(chapter: &str, library: &Library) -> Vec<(Range<usize>, Result<String, FenceMistake>)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = chapter[from..].find(OPENING).map(|at| from + at) {
        let inside = start + OPENING.len();
        let Some(length) = chapter[inside..].find("}}") else { break };
        from = inside + length + 2;
        found.push((start..from, answer(&chapter[inside..inside + length], library)));
    }
    found
}

fn answer(question: &str, library: &Library) -> Result<String, FenceMistake> {
    let words: Vec<&str> = question.split_whitespace().collect();
    match words.as_slice() {
        ["default", path] => value(Document::from_toml(SMALLEST).map_err(first)?, path),
        ["value", name, path] => {
            let text = library.text(name).map_err(|(message, hint)| FenceMistake::whole(message, hint))?;
            value(Document::from_toml(&text).map_err(first)?, path)
        }
        ["outcome", name, asked, turns @ ..] => outcome(name, asked, turns, library),
        _ => Err(FenceMistake::whole(format!("`{question}` cannot be answered"), HINT)),
    }
}

/// A scenario that says nothing of itself: everything in it is a default.
const SMALLEST: &str = "seed = 1\nuntil = \"1 s\"\n[programs.nothing]\ntext = \"def nothing():\\n    return 1\\n\"\n\
                        [[traffic]]\nrun = \"nothing\"\nat = [\"0 s\"]\n";

/// What a knob with this path would show.
fn value(document: Document, path: &str) -> Result<String, FenceMistake> {
    use poolscope_sim::scenario::{Node, Value};
    let mut document = document;
    let place = document.root.place.clone();
    if let Value::Table(keys) = &mut document.root.value {
        let node = |value| Node { place: place.clone(), value };
        let knob = Value::Table(vec![("set".to_owned(), node(Value::Text(path.to_owned())))]);
        keys.retain(|(key, _)| key != "knob");
        keys.push(("knob".to_owned(), node(Value::List(vec![node(knob)]))));
    }
    let scenario = Scenario::read(&document, "default").map_err(first)?;
    scenario
        .knobs
        .first()
        .map(|knob| match &knob.value {
            // As it is written in Python.
            KnobValue::Switch(on) => if *on { "True" } else { "False" }.to_owned(),
            value => value.to_string(),
        })
        .ok_or_else(|| FenceMistake::whole(format!("`{path}` is not a setting"), HINT))
}

fn outcome(name: &str, asked: &str, turns: &[&str], library: &Library) -> Result<String, FenceMistake> {
    let turns = turns.iter().map(|turn| match turn.split_once('=') {
        Some((path, value)) => Ok((path.to_owned(), KnobValue::parse(value))),
        None => Err(FenceMistake::whole(format!("`{turn}` turns nothing"), "write PATH=VALUE")),
    });
    let turns = turns.collect::<Result<Vec<_>, _>>()?;
    let experiment = load_turned(name, &turns, library).map_err(|mistakes| {
        mistakes.into_iter().next().unwrap_or_else(|| FenceMistake::whole("cannot be run", HINT))
    })?;
    figure(&simulate(&experiment.scenario).outcome, asked)
        .ok_or_else(|| FenceMistake::whole(format!("`{asked}` is not a figure of a run"), FIGURES))
}

fn first(diagnostics: Vec<Diagnostic>) -> FenceMistake {
    let mut mistakes = diagnostics.into_iter().map(FenceMistake::from);
    let mistake = mistakes.next().unwrap_or_else(|| FenceMistake::whole("cannot be answered", HINT));
    // Its place is in the scenario, not in the chapter.
    FenceMistake { place: None, ..mistake }
}
