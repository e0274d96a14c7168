//! Runs every scenario of the book natively, as it is, with each knob at each end, and with other seeds, and hundreds of random ones, and
//! writes down what came of it.

use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

use poolscope_sim::scenario::{Document, KnobInput, KnobValue, Scenario, SqlAlchemy};
use poolscope_sim::{simulate, trace};

#[path = "src/digest.rs"]
mod digest;
/// What the conformance suite makes its random scenarios with.
#[path = "../conformance/src/workload/mod.rs"]
mod workload;

const SCENARIOS: &str = "../../book/scenarios";
const SEEDS: i64 = 16;
const RANDOM_SEED: u64 = 2_026;
/// Of each version of SQLAlchemy.
const RANDOM: u64 = 125;

fn main() {
    println!("cargo::rerun-if-changed={SCENARIOS}");
    let mut files: Vec<_> = fs::read_dir(SCENARIOS)
        .unwrap_or_else(|e| fail(SCENARIOS, &e.to_string()))
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    files.sort();

    let mut cases = String::from("pub const CASES: &[Case] = &[\n");
    for file in files {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = fs::read_to_string(&file).unwrap_or_else(|e| fail(&name, &e.to_string()));
        let document = Document::from_toml(&text).unwrap_or_else(|e| fail(&name, &format!("{e:?}")));
        let scenario = Scenario::read(&document, &name).unwrap_or_else(|e| fail(&name, &format!("{e:?}")));
        write_case(&mut cases, &name, &document);
        let seeds = (2..2 + SEEDS).map(|seed| ("seed".to_owned(), KnobValue::Number(seed)));
        let turns = scenario.knobs.iter().flat_map(|knob| ends(&knob.input).into_iter().map(|v| (knob.set.clone(), v)));
        for (path, value) in turns.chain(seeds) {
            let mut document = document.clone();
            if document.set(&path, &value).is_ok() {
                write_case(&mut cases, &format!("{name} {path}={value}"), &document);
            }
        }
    }
    println!("cargo::rerun-if-changed=../conformance/src/workload");
    for &version in SqlAlchemy::ALL {
        for number in 0..RANDOM {
            let name = format!("random {} {number}", version.name());
            let kind = workload::Kind { version, poolclass: None };
            let text = workload::document(RANDOM_SEED, number, kind).to_string();
            let document = Document::from_json(&text).unwrap_or_else(|e| fail(&name, &format!("{e:?}")));
            // It must be one that runs.
            Scenario::read(&document, &name).unwrap_or_else(|e| fail(&name, &format!("{e:?}")));
            write_case(&mut cases, &name, &document);
        }
    }
    cases.push_str("];\n");
    let out = env::var("OUT_DIR").unwrap_or_default();
    fs::write(Path::new(&out).join("cases.rs"), cases).unwrap_or_else(|e| fail("cases.rs", &e.to_string()));
}

fn ends(input: &KnobInput) -> Vec<KnobValue> {
    match input {
        KnobInput::Number { min, max, .. } => vec![KnobValue::Number(*min), KnobValue::Number(*max)],
        KnobInput::Switch => vec![KnobValue::Switch(false), KnobValue::Switch(true)],
        KnobInput::Choice(options) => options.iter().map(|o| o.value.clone()).collect(),
    }
}

fn write_case(cases: &mut String, name: &str, document: &Document) {
    let trace = Scenario::read(document, "scenario").ok().map(|s| digest::digest(&trace::jsonl(&simulate(&s))));
    let scenario = document.to_json();
    let _ = writeln!(cases, "    Case {{ name: {name:?}, scenario: {scenario:?}, trace: {trace:?} }},");
}

fn fail(what: &str, why: &str) -> ! {
    println!("cargo::error={what}: {why}");
    std::process::exit(1)
}
