//! From the body of a fence to the scenario it asks for.
//!
//! A fence is either a scenario itself, or names a file and turns its knobs:
//!
//! ```toml
//! scenario = "recycle-above-wait-timeout"
//! at = "25 s"
//! [set]
//! "engine.pool_pre_ping" = true
//! ```

use poolscope_sim::scenario::{KnobValue, Node, Place, Value};
use poolscope_sim::{Diagnostic, Document, Scenario};

use crate::library::Library;
use crate::mistake::FenceMistake;

/// A scenario, and the document that the widget reads it from again.
#[derive(Debug)]
pub struct Experiment {
    pub document: Document,
    pub scenario: Scenario,
}

const KEYS: &str = "a fence that names a scenario takes `scenario`, `set` and `at`";

/// # Errors
/// Everything that is wrong with the fence.
pub fn read(body: &str, library: &Library) -> Result<Experiment, Vec<FenceMistake>> {
    if body.trim().is_empty() {
        let known = library.names().join(", ");
        return Err(vec![FenceMistake::whole(
            "the fence is empty",
            format!("write `scenario = \"NAME\"` ({known}), or a whole scenario"),
        )]);
    }
    let document = Document::from_toml(body).map_err(plain)?;
    match &document.root.value {
        Value::Table(keys) if keys.iter().any(|(key, _)| key == "scenario") => named(keys, library),
        _ => {
            let scenario = Scenario::read(&document, "scenario").map_err(plain)?;
            Ok(Experiment { document, scenario })
        }
    }
}

fn plain(diagnostics: Vec<Diagnostic>) -> Vec<FenceMistake> {
    diagnostics.into_iter().map(FenceMistake::from).collect()
}

/// One turned knob: its path, and where the fence says so.
struct Turn {
    path: String,
    value: KnobValue,
    place: Place,
}

fn named(keys: &[(String, Node)], library: &Library) -> Result<Experiment, Vec<FenceMistake>> {
    let mut mistakes = Vec::new();
    let mut turns = Vec::new();
    let mut name = None;
    for (key, node) in keys {
        match (key.as_str(), &node.value) {
            ("scenario", Value::Text(text)) => name = Some((text.as_str(), &node.place)),
            ("scenario", _) => {
                mistakes.push(FenceMistake::at(&node.place, "`scenario` is the name of a file, in quotes", ""));
            }
            ("set", Value::Table(knobs)) => collect_turns("", knobs, &mut turns, &mut mistakes),
            ("set", _) => mistakes.push(FenceMistake::at(
                &node.place,
                "`set` is a table of knobs",
                "write `[set]`, then lines such as `\"engine.pool_recycle\" = 5`",
            )),
            // The playhead is where the scenario says to look; `at` says it for this page.
            ("at", Value::Text(text)) => turns.push(Turn {
                path: "look_at".to_owned(),
                value: KnobValue::Text(text.clone()),
                place: node.place.clone(),
            }),
            ("at", _) => {
                mistakes.push(FenceMistake::at(&node.place, "`at` is a time in quotes", "write `at = \"8.2 s\"`"));
            }
            _ => mistakes.push(FenceMistake::at(&node.place, format!("unknown key `{key}`"), KEYS)),
        }
    }
    let Some((name, place)) = name else { return Err(mistakes) };
    match load(name, place, &turns, library) {
        Ok(experiment) if mistakes.is_empty() => Ok(experiment),
        Ok(_) => Err(mistakes),
        Err(more) => Err(mistakes.into_iter().chain(more).collect()),
    }
}

/// `[set]` may be written flat (`"engine.pool_recycle" = 5`) or as the dotted keys of TOML.
fn collect_turns(prefix: &str, knobs: &[(String, Node)], turns: &mut Vec<Turn>, mistakes: &mut Vec<FenceMistake>) {
    for (key, node) in knobs {
        let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        let value = match &node.value {
            Value::Table(inner) => {
                collect_turns(&path, inner, turns, mistakes);
                continue;
            }
            Value::Bool(on) => KnobValue::Switch(*on),
            Value::Integer(number) => KnobValue::Number(*number),
            Value::Text(text) | Value::Decimal(text) => KnobValue::Text(text.clone()),
            Value::List(_) => {
                mistakes.push(FenceMistake::at(
                    &node.place,
                    format!("`{path}` cannot be set to a list"),
                    "a knob takes one value: a number, a text, true or false",
                ));
                continue;
            }
        };
        turns.push(Turn { path, value, place: node.place.clone() });
    }
}

fn load(name: &str, place: &Place, turns: &[Turn], library: &Library) -> Result<Experiment, Vec<FenceMistake>> {
    let text = library.text(name).map_err(|(message, hint)| vec![FenceMistake::at(place, message, hint)])?;
    // The fence can only point at its own line; the message says where in the file.
    let in_file = |diagnostic: Diagnostic| match turns.iter().find(|turn| is_at(&diagnostic, &turn.path)) {
        Some(turn) => FenceMistake::at(&turn.place, diagnostic.message, diagnostic.hint),
        None => FenceMistake::at(
            place,
            format!("{}:{}: {}", library.path(name), diagnostic.place, diagnostic.message),
            diagnostic.hint,
        ),
    };
    let all_in_file = |diagnostics: Vec<Diagnostic>| diagnostics.into_iter().map(in_file).collect::<Vec<_>>();
    let mut document = Document::from_toml(&text).map_err(all_in_file)?;
    let refused: Vec<_> = turns
        .iter()
        .filter_map(|turn| {
            let diagnostic = document.set(&turn.path, &turn.value).err()?;
            Some(FenceMistake::at(&turn.place, diagnostic.message, diagnostic.hint))
        })
        .collect();
    if !refused.is_empty() {
        return Err(refused);
    }
    let scenario = Scenario::read(&document, name).map_err(all_in_file)?;
    Ok(Experiment { document, scenario })
}

/// A value that a knob set has no line; its place is the path.
fn is_at(diagnostic: &Diagnostic, path: &str) -> bool {
    matches!(&diagnostic.place, Place::Path(place) if place == path || place.starts_with(&format!("{path}.")))
}
