//! The schema that `poolscope schema` prints is true of every scenario of this repository and of every run of them.
#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use jsonschema::Validator;
use poolscope_sim::scenario::{
    Document, Driver, PoolClass, ResetOnReturn, Scenario, Server, SessionFactory, SqlAlchemy, Transport,
};
use poolscope_sim::{simulate, trace};
use serde_json::{Value, json};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn schema() -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_poolscope")).arg("schema").output().expect("the command starts");
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).expect("the schema is JSON")
}

/// Of one of the things under `$defs`.
fn validator_of(name: &str) -> Validator {
    let mut schema = schema();
    let defs = schema["$defs"].take();
    let schema = json!({ "$schema": schema["$schema"], "$ref": format!("#/$defs/{name}"), "$defs": defs });
    jsonschema::validator_for(&schema).expect("the schema is a schema")
}

fn mistakes(validator: &Validator, value: &Value) -> Vec<String> {
    validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path)).collect()
}

/// All TOML files below `folder` that are scenarios: with a `seed` and programs.
fn scenarios(folder: &Path, found: &mut Vec<(PathBuf, Document)>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            scenarios(&path, found);
        } else if path.extension().is_some_and(|end| end == "toml") {
            let text = fs::read_to_string(&path).expect("a text");
            if let Ok(document) = Document::from_toml(&text)
                && document.get("seed").is_some()
                && document.get("programs").is_some()
            {
                found.push((path, document));
            }
        }
    }
}

#[test]
fn every_scenario_and_its_run_follow_the_schema() {
    let scenario_schema = jsonschema::validator_for(&schema()).expect("the schema is a schema");
    let run_schema = validator_of("run");
    let mut found = Vec::new();
    scenarios(&root().join("book/scenarios"), &mut found);
    assert!(found.len() >= 2, "{} scenarios of the book", found.len());
    scenarios(&root().join("tests"), &mut found);
    for (path, document) in found {
        let value: Value = serde_json::from_str(&document.to_json()).expect("JSON");
        let Ok(scenario) = Scenario::read(&document, "scenario") else { continue };
        assert_eq!(mistakes(&scenario_schema, &value), Vec::<String>::new(), "{}", path.display());
        let run: Value = serde_json::from_str(&trace::json(&simulate(&scenario))).expect("JSON");
        assert_eq!(mistakes(&run_schema, &run), Vec::<String>::new(), "{}", path.display());
    }
}

#[test]
fn what_the_reader_refuses_the_schema_refuses() {
    let validator = jsonschema::validator_for(&schema()).expect("the schema is a schema");
    let text = fs::read_to_string(root().join("book/scenarios/recycle-above-wait-timeout.toml")).expect("a scenario");
    let good: Value = serde_json::from_str(&Document::from_toml(&text).expect("TOML").to_json()).expect("JSON");
    for (path, wrong) in [
        ("/sqlalchemy", json!("0.9")),
        ("/variables/wait_timeout", json!(0)),
        ("/engine/pool_sise", json!(5)),
        ("/engine/pool_pre_ping", json!("yes")),
        ("/traffic/0/every", json!("1 s")),
        ("/seed", json!("one")),
    ] {
        let mut value = good.clone();
        let (parent, key) = path.rsplit_once('/').expect("a path");
        value.pointer_mut(parent).and_then(Value::as_object_mut).expect("a table").insert(key.to_owned(), wrong);
        let document = Document::from_json(&value.to_string()).expect("JSON");
        assert!(Scenario::read(&document, "scenario").is_err(), "{path}");
        assert_ne!(mistakes(&validator, &value), Vec::<String>::new(), "{path}");
    }
}

#[test]
fn the_lists_of_names_are_the_simulators() {
    let schema = schema();
    let check = |pointer: &str, names: Vec<&str>| {
        assert_eq!(schema.pointer(pointer), Some(&json!(names)), "{pointer}");
    };
    check("/properties/sqlalchemy/enum", SqlAlchemy::ALL.iter().map(|v| v.name()).collect());
    check("/properties/driver/enum", Driver::ALL.iter().map(|v| v.name()).collect());
    check("/properties/transport/enum", Transport::ALL.iter().map(|v| v.name()).collect());
    check("/properties/server/enum", Server::ALL.iter().map(|v| v.name()).collect());
    let engine = "/$defs/engine/properties";
    check(&format!("{engine}/poolclass/enum"), PoolClass::ALL.iter().map(|v| v.name()).collect());
    check(&format!("{engine}/pool_reset_on_return/enum"), ResetOnReturn::ALL.iter().map(|v| v.name()).collect());
    check(&format!("{engine}/session/enum"), SessionFactory::ALL.iter().map(|v| v.name()).collect());
}
