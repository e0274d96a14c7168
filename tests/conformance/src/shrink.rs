//! Makes a scenario that shows something smaller, as long as it still shows it.

use poolscope_sim::Scenario;
use poolscope_sim::scenario::Arrivals;
use serde_json::Value;

/// Trials are runs of the real thing; enough of them is enough.
const TRIALS_MAX: usize = 1_500;

/// The smallest document that a greedy search finds for which `shows` holds.
pub fn shrink(document: &Value, mut shows: impl FnMut(&Value) -> bool) -> Value {
    let mut best = document.clone();
    let mut trials = 0;
    loop {
        let mut smaller = None;
        for candidate in candidates(&best) {
            trials += 1;
            if trials > TRIALS_MAX {
                return best;
            }
            if shows(&candidate) {
                smaller = Some(candidate);
                break;
            }
        }
        match smaller {
            Some(candidate) => best = candidate,
            None => return best,
        }
    }
}

/// Open traffic written out, so that single requests can be dropped.
pub fn with_explicit_arrivals(document: &Value, scenario: &Scenario) -> Value {
    let wire = crate::wire::wire(scenario);
    let mut document = document.clone();
    for (index, traffic) in scenario.traffic.iter().enumerate() {
        if matches!(traffic.arrivals, Arrivals::Users { .. }) {
            continue;
        }
        let at: Vec<String> = wire["traffic"][index]["at_us"]
            .as_array()
            .map(|times| times.iter().map(|us| format!("{us} us")).collect())
            .unwrap_or_default();
        if let Some(entry) = document["traffic"][index].as_object_mut() {
            for key in ["every", "poisson", "start", "count"] {
                entry.remove(key);
            }
            entry.insert("at".into(), at.into());
        }
    }
    document
}

/// Every document that is one step smaller, the biggest steps first.
fn candidates(document: &Value) -> Vec<Value> {
    let mut steps = Vec::new();
    collect(document, &mut Vec::new(), &mut steps);
    steps.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    steps.into_iter().map(|(_, step)| apply(document, &step)).collect()
}

/// A place in the document and what to put there; nothing to remove it.
struct Step {
    path: Vec<Key>,
    put: Option<Value>,
}

#[derive(Clone)]
enum Key {
    Name(String),
    Index(usize),
}

fn collect(value: &Value, path: &mut Vec<Key>, steps: &mut Vec<(usize, Step)>) {
    if !path.is_empty() {
        steps.push((size(value), Step { path: path.clone(), put: None }));
    }
    let mut put = |weight: usize, put: Value| steps.push((weight, Step { path: path.clone(), put: Some(put) }));
    match value {
        Value::Array(items) => {
            // Halves first: long lists of arrivals.
            if items.len() > 3 {
                let (first, second) = items.split_at(items.len() / 2);
                put(size(value), first.to_vec().into());
                put(size(value), second.to_vec().into());
            }
            for (index, item) in items.iter().enumerate() {
                path.push(Key::Index(index));
                collect(item, path, steps);
                path.pop();
            }
        }
        Value::Object(entries) => {
            // Without its version a scenario is of the newest one, and differs from an old SQLAlchemy for other reasons.
            for (name, item) in entries.iter().filter(|(name, _)| *name != "sqlalchemy") {
                path.push(Key::Name(name.clone()));
                collect(item, path, steps);
                path.pop();
            }
        }
        Value::Number(number) => {
            for smaller in number.as_u64().into_iter().flat_map(|n| [0, 1, n / 2, n.saturating_sub(1)]) {
                if Some(smaller) < number.as_u64() {
                    put(1, smaller.into());
                }
            }
        }
        Value::String(text) if text.contains('\n') => {
            for (weight, smaller) in without_lines(text) {
                put(weight, smaller.into());
            }
        }
        Value::Bool(true) => put(1, false.into()),
        _ => {}
    }
}

/// A program with one line or block less, or a block's header taken away.
fn without_lines(text: &str) -> Vec<(usize, String)> {
    let lines: Vec<&str> = text.lines().collect();
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut smaller = Vec::new();
    for at in 1..lines.len() {
        let block = lines[at + 1..].iter().take_while(|line| indent(line) > indent(lines[at])).count();
        let (before, rest) = lines.split_at(at);
        let inside = rest[1..=block].iter().map(|line| line.get(4..).unwrap_or_default().to_owned());
        let after = rest[block + 1..].iter().map(|line| (*line).to_owned());
        let before = before.iter().map(|line| (*line).to_owned());
        if block > 0 {
            let lines: Vec<String> = before.clone().chain(inside).chain(after.clone()).collect();
            smaller.push((1, lines.join("\n")));
        }
        let lines: Vec<String> = before.chain(after).collect();
        smaller.push((block + 2, lines.join("\n")));
    }
    smaller
}

fn size(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Object(entries) => 1 + entries.values().map(size).sum::<usize>(),
        Value::String(text) => 1 + text.lines().count(),
        _ => 1,
    }
}

fn apply(document: &Value, step: &Step) -> Value {
    let mut document = document.clone();
    let Some((last, parents)) = step.path.split_last() else { return document };
    let mut value = &mut document;
    for key in parents {
        value = match key {
            Key::Name(name) => &mut value[name.as_str()],
            Key::Index(index) => &mut value[*index],
        };
    }
    match (last, &step.put) {
        (Key::Name(name), Some(put)) => value[name.as_str()] = put.clone(),
        (Key::Index(index), Some(put)) => value[*index] = put.clone(),
        (Key::Name(name), None) => {
            if let Some(entries) = value.as_object_mut() {
                entries.remove(name);
            }
        }
        (Key::Index(index), None) => {
            if let Some(items) = value.as_array_mut() {
                items.remove(*index);
            }
        }
    }
    document
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_matters_is_left() {
        let document =
            json!({ "at": [5, 6, 7, 8, 9], "on": true, "text": "def f():\n    with a:\n        b\n    c", "n": 40 });
        let shows = |d: &Value| {
            d["at"].as_array().is_some_and(|at| at.contains(&json!(8)))
                && d["text"].as_str().is_some_and(|t| t.contains('b'))
                && d["n"].as_u64() > Some(2)
        };
        assert_eq!(shrink(&document, shows), json!({ "at": [8], "text": "def f():\n    b", "n": 3 }));
    }
}
