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
//!
//! What else stands in a fence says what becomes of it: `compare` shows another run beside it, `show` prints a moment, `[predict]` asks
//! a question first, `[fix]` sets a task, `vary` sets one option to several values, `playground` offers every scenario. `mended = true` says that the knobs mend the scenario although
//! no fewer requests fail.

use poolscope_sim::scenario::{KnobValue, Node, Place, Value};
use poolscope_sim::{Diagnostic, Document, Scenario, measure};

use crate::comparison::Other;
use crate::exercise::{Question, Task};
use crate::exhibit::Exhibit;
use crate::library::Library;
use crate::mistake::FenceMistake;
use crate::parting::Parting;
use crate::printed::Printed;
use crate::vary::{Request, Row, Table};

/// A scenario, and the document that the widget reads it from again.
#[derive(Debug)]
pub struct Experiment {
    pub document: Document,
    pub scenario: Scenario,
    /// The same scenario as it is written, if the knobs of the fence mend it: fewer requests fail, or the fence says so.
    pub broken: Option<Scenario>,
}

const KEYS: &str = "a fence that names a scenario takes `scenario`, `set`, `at`, `mended`, `compare`, `show`, `vary`, `values`, `predict`, `fix` and `solution`";

/// # Errors
/// Everything that is wrong with the fence.
pub fn read(body: &str, library: &Library) -> Result<Exhibit, Vec<FenceMistake>> {
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
        Value::Table(keys) if keys.iter().any(|(key, _)| key == "playground") => playground(keys, library),
        _ => {
            let scenario = Scenario::read(&document, "scenario").map_err(plain)?;
            Ok(Exhibit::Widget(Experiment { document, scenario, broken: None }))
        }
    }
}

fn plain(diagnostics: Vec<Diagnostic>) -> Vec<FenceMistake> {
    diagnostics.into_iter().map(FenceMistake::from).collect()
}

/// Where the playhead stands first.
const LOOK_AT: &str = "look_at";

/// One turned knob: its path, and where the fence says so.
#[derive(Clone)]
struct Turn {
    path: String,
    value: KnobValue,
    place: Place,
}

fn playground(keys: &[(String, Node)], library: &Library) -> Result<Exhibit, Vec<FenceMistake>> {
    match keys {
        [(_, node)] => match &node.value {
            Value::Text(name) => load(name, &node.place, &[], false, library).map(Exhibit::Playground),
            _ => Err(vec![FenceMistake::at(
                &node.place,
                "`playground` is the name of the first scenario, in quotes",
                "",
            )]),
        },
        _ => Err(vec![FenceMistake::whole("a playground takes nothing but `playground`", "remove the other keys")]),
    }
}

fn named(keys: &[(String, Node)], library: &Library) -> Result<Exhibit, Vec<FenceMistake>> {
    let mut mistakes = Vec::new();
    let mut turns = Vec::new();
    let mut solution = Vec::new();
    let mut other: Option<(Vec<Turn>, &Place)> = None;
    let (mut printed, mut question, mut task) = (None, None, None);
    let mut name = None;
    let mut mended = false;
    let (mut vary, mut values) = (None, None);
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
                path: LOOK_AT.to_owned(),
                value: KnobValue::Text(text.clone()),
                place: node.place.clone(),
            }),
            ("at", _) => {
                mistakes.push(FenceMistake::at(&node.place, "`at` is a time in quotes", "write `at = \"8.2 s\"`"));
            }
            ("mended", Value::Bool(said)) => mended = *said,
            ("mended", _) => mistakes.push(FenceMistake::at(&node.place, "`mended` is neither true nor false", "")),
            ("compare", Value::Table(knobs)) => {
                let mut turns = Vec::new();
                collect_turns("", knobs, &mut turns, &mut mistakes);
                other = Some((turns, &node.place));
            }
            ("compare", Value::Bool(true)) => other = Some((Vec::new(), &node.place)),
            ("compare", Value::Bool(false)) => {}
            ("compare", _) => mistakes.push(FenceMistake::at(
                &node.place,
                "`compare` is neither true nor a table of knobs",
                "`compare = true` for the scenario as it is, or `[compare]` with the knobs of the other run",
            )),
            ("vary", _) => vary = Some(node),
            ("values", _) => values = Some(node),
            ("show", _) => printed = Printed::read(node, &mut mistakes),
            ("predict", _) => question = Question::read(node, &mut mistakes),
            ("fix", _) => task = Task::read(node, &mut mistakes),
            ("solution", Value::Table(knobs)) => collect_turns("", knobs, &mut solution, &mut mistakes),
            _ => mistakes.push(FenceMistake::at(&node.place, format!("unknown key `{key}`"), KEYS)),
        }
    }
    let request = Request::read(vary, values, &mut mistakes);
    let Some((name, place)) = name else { return Err(mistakes) };
    let experiment = match load(name, place, &turns, mended, library) {
        Ok(experiment) if mistakes.is_empty() => experiment,
        Ok(_) => return Err(mistakes),
        Err(more) => return Err(mistakes.into_iter().chain(more).collect()),
    };
    Ok(match (other, printed, question, task, request) {
        (None, None, None, None, None) => Exhibit::Widget(experiment),
        (None, None, None, None, Some(request)) => {
            Exhibit::Table(table(name, place, &turns, request, &experiment, library)?, experiment)
        }
        (Some((before, at)), None, None, None, None) => {
            Exhibit::Comparison(Box::new(compared(name, place, turns, before, at, library)?), experiment)
        }
        (None, Some(printed), None, None, None) => Exhibit::Printed(printed, experiment),
        (None, None, Some(question), None, None) => {
            let experiment = Experiment { broken: None, ..experiment };
            question.check(&experiment).map_err(|mistake| vec![mistake])?;
            Exhibit::Question(question, experiment)
        }
        (None, None, None, Some(task), None) => {
            let turns: Vec<_> = turns.into_iter().chain(solution).collect();
            let solved = load(name, place, &turns, false, library)?;
            task.check(&experiment, &solved).map_err(|mistake| vec![mistake])?;
            Exhibit::Task(task, experiment)
        }
        _ => {
            let message = "a fence has only one of `compare`, `show`, `vary`, `predict` and `fix`";
            return Err(vec![FenceMistake::whole(message, "write one fence for each")]);
        }
    })
}

/// The other run of a fence, `before` being its settings, which the fence names at `at`.
/// One run for each value, with the knobs of the fence turned in all of them.
fn table(
    name: &str,
    place: &Place,
    turns: &[Turn],
    request: Request,
    experiment: &Experiment,
    library: &Library,
) -> Result<Table, Vec<FenceMistake>> {
    let Some(knob) = experiment.scenario.knobs.iter().find(|knob| knob.set == request.path) else {
        let known = experiment.scenario.knobs.iter().map(|knob| knob.set.as_str()).collect::<Vec<_>>().join(", ");
        return Err(vec![FenceMistake::at(place, format!("`{}` is no knob of this scenario", request.path), known)]);
    };
    let rows = request.values.into_iter().map(|value| {
        let own = Turn { path: request.path.clone(), value: value.clone(), place: place.clone() };
        let turns: Vec<Turn> = turns.iter().cloned().chain([own]).collect();
        let experiment = load(name, place, &turns, false, library)?;
        let knobs = turns.into_iter().filter(|turn| turn.path != LOOK_AT).map(|turn| (turn.path, turn.value));
        Ok(Row { knobs: knobs.collect(), value, experiment })
    });
    Ok(Table { name: name.to_owned(), knob: knob.clone(), rows: rows.collect::<Result<_, Vec<FenceMistake>>>()? })
}

fn compared(
    name: &str,
    place: &Place,
    turns: Vec<Turn>,
    before: Vec<Turn>,
    at: &Place,
    library: &Library,
) -> Result<Other, Vec<FenceMistake>> {
    let (looks, now): (Vec<_>, Vec<_>) = turns.into_iter().partition(|turn| turn.path == LOOK_AT);
    let other: Vec<_> = looks.iter().chain(&before).cloned().collect();
    let plain = load(name, place, &looks, false, library)?;
    let experiment = load(name, place, &other, false, library)?;
    let settings = |turns: Vec<Turn>| turns.into_iter().map(|turn| (turn.path, turn.value)).collect::<Vec<_>>();
    let other = Other { plain, now: settings(now), before: settings(before), experiment };
    if settings_differ(&other) {
        return Ok(other);
    }
    let hint = "change one of them: `[set]` turns knobs of this run, `[compare]` those of the other one";
    Err(vec![FenceMistake::at(at, "both runs are the same", hint)])
}

fn settings_differ(other: &Other) -> bool {
    let Other { plain, now, before, .. } = other;
    !poolscope_timeline::settings(&plain.document, &plain.scenario, before, now).is_empty()
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

/// A scenario of the library with some knobs turned, for a place that is not a fence.
///
/// # Errors
/// Everything that is wrong with it.
pub fn load_turned(
    name: &str,
    turns: &[(String, KnobValue)],
    library: &Library,
) -> Result<Experiment, Vec<FenceMistake>> {
    let place = Place::Path(name.to_owned());
    let turn =
        |(path, value): &(String, KnobValue)| Turn { path: path.clone(), value: value.clone(), place: place.clone() };
    load(name, &place, &turns.iter().map(turn).collect::<Vec<_>>(), false, library)
}

fn load(
    name: &str,
    place: &Place,
    turns: &[Turn],
    mended: bool,
    library: &Library,
) -> Result<Experiment, Vec<FenceMistake>> {
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
    let as_written = Document::from_toml(&text).and_then(|document| Scenario::read(&document, name));
    let (Ok(as_written), true) = (as_written, mended || turns.iter().any(|turn| turn.path != LOOK_AT)) else {
        return Ok(Experiment { document, scenario, broken: None });
    };
    if !mended && measure(&as_written).failed <= measure(&scenario).failed {
        return Ok(Experiment { document, scenario, broken: None });
    }
    let parting = Parting::new(&as_written, &scenario);
    if mended && parting.is_none() {
        return Err(vec![FenceMistake::at(place, "the run is that of the scenario as it is: it mends nothing", "")]);
    }
    if !turns.iter().any(|turn| turn.path == LOOK_AT) {
        // A fence that does not say where to look shows where the runs part.
        let at = parting.map(|parting| document.set(LOOK_AT, &KnobValue::Text(parting.at.to_string())));
        at.transpose().map_err(|diagnostic| all_in_file(vec![diagnostic]))?;
    }
    // The summary tells what breaks: it is no headline for a run in which that is mended.
    if let Value::Table(keys) = &mut document.root.value {
        keys.retain(|(key, _)| key != "summary");
    }
    let scenario = Scenario::read(&document, name).map_err(all_in_file)?;
    Ok(Experiment { document, scenario, broken: Some(as_written) })
}

/// A value that a knob set has no line; its place is the path.
fn is_at(diagnostic: &Diagnostic, path: &str) -> bool {
    matches!(&diagnostic.place, Place::Path(place) if place == path || place.starts_with(&format!("{path}.")))
}
