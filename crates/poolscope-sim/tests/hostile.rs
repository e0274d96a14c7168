//! Inputs that nobody meant well: nothing panics, and JSON means what every other reader of JSON takes it to mean.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use poolscope_sim::scenario::KnobValue;
use poolscope_sim::{Document, Scenario, simulate};
use proptest::prelude::*;

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        (-1_000_000i32..1_000_000).prop_map(|n| serde_json::Value::from(f64::from(n) / 8.0)),
        any::<String>().prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(serde_json::Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..5)
                .prop_map(|entries| entries.into_iter().collect::<serde_json::Value>()),
        ]
    })
}

/// Pieces of a scenario in the wrong places.
fn shuffled_scenario() -> impl Strategy<Value = String> {
    let line = prop::sample::select(vec![
        "seed = 1",
        "until = \"3 s\"",
        "until = -1",
        "[engine]",
        "pool_size = 2",
        "pool_size = \"x\"",
        "max_overflow = 0",
        "poolclass = \"NullPool\"",
        "[variables]",
        "max_connections = 2",
        "wait_timeout = 1",
        "[programs.a]",
        "text = '''\ndef a():\n    session = Session()\n    session.execute(text(\"SELECT 1\"))\n'''",
        "text = '''\ndef a():\n    while True:\n        with engine.connect() as c:\n            c.execute(text(\"SELECT 1\"))\n'''",
        "text = '''\ndef a():\n    try:\n        raise ValueError\n    except Exception:\n        raise\n    finally:\n        pass\n'''",
        "text = '''\ndef a():\nfor x in\n  try:\n'''",
        "[[traffic]]",
        "run = \"a\"",
        "every = \"1 ms\"",
        "users = 3",
        "at = [\"1 s\"]",
        "[[fault]]",
        "at = \"1 s\"",
        "kind = \"kill\"",
        "kind = \"restart\"",
        "[gc]",
        "[[knob]]",
        "set = \"engine.pool_size\"",
        "set = \"driver\"",
        "[limits]",
        "events = 300",
        "[[process]]",
        "threads = 2",
    ]);
    prop::collection::vec(line, 0..30).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #[test]
    fn json_is_read_as_by_others_and_survives_a_round_trip(value in any_json()) {
        let text = value.to_string();
        let document = Document::from_json(&text).unwrap();
        let written = document.to_json();
        prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&written).unwrap(), value);
        prop_assert_eq!(Document::from_json(&written).unwrap(), document);
    }

    #[test]
    fn what_is_accepted_as_json_is_json(text in "[\\[\\]{}\",:0-9a-z\\\\ .\n-]{0,40}") {
        if serde_json::from_str::<serde_json::Value>(&text).is_ok() {
            prop_assert!(Document::from_json(&text).is_ok());
        }
        if let Ok(document) = Document::from_json(&text) {
            let _ = Scenario::read(&document, "x");
        }
    }

    #[test]
    fn any_text_and_any_knob_give_a_scenario_or_diagnostics(text in ".{0,200}", path in ".{0,40}", value in ".{0,10}") {
        if let Ok(mut document) = Document::from_toml(&text) {
            let _ = document.set(&path, &KnobValue::parse(&value));
            let _ = Scenario::read(&document, "x");
        }
    }

    #[test]
    fn shuffled_scenarios_run_to_their_end_or_say_why_not(text in shuffled_scenario()) {
        if let Ok(document) = Document::from_toml(&text) {
            match Scenario::read(&document, "x") {
                Ok(scenario) => { simulate(&scenario); }
                Err(diagnostics) => prop_assert!(!diagnostics.is_empty()),
            }
        }
    }
}
