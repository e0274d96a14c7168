//! The simulator and the timeline are pure functions: nothing in them may ask the machine for the time, for
//! files, for randomness or for the order of a hash table.

use anyhow::Result;

use crate::process;
use crate::tidy::code::{self, Token};
use crate::tidy::{Finding, TrackedFile};
use crate::wasm;
use crate::workspace::Workspace;

const SIM: &str = "crates/poolscope-sim/src";
const TIMELINE: &str = "crates/poolscope-timeline/src";

const FORBIDDEN_PATHS: [(&str, &str); 5] = [
    ("std::time::Instant", "time is SimTime"),
    ("std::time::SystemTime", "time is SimTime"),
    ("std::fs", "text comes in as an argument"),
    ("std::net", "the network is simulated"),
    ("std::thread", "threads are simulated"),
];

const HASHED: [&str; 4] = ["HashMap", "HashSet", "RandomState", "DefaultHasher"];

pub fn check(files: &[TrackedFile]) -> Vec<Finding> {
    files
        .iter()
        .filter(|file| file.has_extension("rs") && !is_test(file))
        .flat_map(|file| {
            if file.path.starts_with(SIM) {
                impurities(file, true)
            } else if file.path.starts_with(TIMELINE) {
                // Pixels may be fractions.
                impurities(file, false)
            } else {
                Vec::new()
            }
        })
        .collect()
}

/// The first invariant: the simulator compiles for the browser without anything else of ours.
pub fn simulator_builds_alone(workspace: &Workspace) -> Result<bool> {
    wasm::ensure_target(workspace)?;
    let mut cargo = workspace.cargo();
    cargo.args(["check", "--quiet", "--package", "poolscope-sim", "--target", wasm::TARGET]);
    let alone = process::watch(&mut cargo, |_| ())?.success();
    if !alone {
        println!("crates/poolscope-sim/Cargo.toml:1: it does not build alone for {} (see above)", wasm::TARGET);
    }
    Ok(alone)
}

/// A module of tests in its own file is declared under `#[cfg(test)]`, which this file cannot show.
fn is_test(file: &TrackedFile) -> bool {
    file.path.components().any(|name| name.as_os_str() == "tests" || name.as_os_str() == "tests.rs")
}

fn impurities(file: &TrackedFile, floats_forbidden: bool) -> Vec<Finding> {
    let tokens = code::tokens_outside_tests(file.text.as_deref().unwrap_or_default());
    let mut findings = Vec::new();
    for root in ["std", "core"] {
        for (path, line) in code::paths_from(&tokens, root) {
            if let Some(hint) = forbidden(&path) {
                findings.push(file.finding(line, format!("{path} in a pure crate"), hint));
            }
        }
    }
    for (at, token) in tokens.iter().enumerate() {
        let text = token.text.as_str();
        if HASHED.contains(&text) {
            let reason = format!("{text} has no order of its own");
            findings.push(file.finding(token.line, reason, "use BTreeMap, BTreeSet or Vec"));
        } else if text == "rand" && tokens.get(at + 1).is_some_and(|next| next.is(":")) {
            findings.push(file.finding(token.line, "rand in a pure crate", "chance comes from the seed"));
        } else if floats_forbidden && is_float(token) {
            let reason = format!("the float `{text}` in the simulator");
            findings.push(file.finding(token.line, reason, "count in integers: µs, per mille"));
        }
    }
    findings
}

/// A path under a forbidden one, a glob that takes a forbidden one in, or the whole of `std::time`.
fn forbidden(path: &str) -> Option<&'static str> {
    let path = path.replacen("core::", "std::", 1);
    let imported = path.strip_suffix("::*").unwrap_or(&path);
    FORBIDDEN_PATHS.iter().find_map(|(bad, hint)| {
        let inside = imported == *bad || imported.strip_prefix(bad).is_some_and(|rest| rest.starts_with("::"));
        let around = bad.strip_prefix(imported).is_some_and(|rest| rest.starts_with("::")) && imported != "std";
        (inside || around || path == "std::*").then_some(*hint)
    })
}

fn is_float(token: &Token) -> bool {
    let text = token.text.as_str();
    if text.starts_with("0x") || text.starts_with("0b") {
        return false;
    }
    let is_number = text.starts_with(|c: char| c.is_ascii_digit());
    let after_digits = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '_');
    let has_exponent = after_digits
        .strip_prefix(['e', 'E'])
        .is_some_and(|power| power.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '+'));
    text == "f32"
        || text == "f64"
        || is_number && (text.contains('.') || text.ends_with("f32") || text.ends_with("f64") || has_exponent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn check_source(path: &str, source: &str) -> Vec<String> {
        let file = TrackedFile { path: PathBuf::from(path), bytes: 0, text: Some(source.to_owned()) };
        check(&[file]).iter().map(|finding| format!("{}: {}", finding.line, finding.reason)).collect()
    }

    #[test]
    fn the_machine_is_out_of_reach() {
        let source = "use std::collections::HashMap;\nuse std::time::{Duration, Instant};\n\
                      fn f() { std::fs::read(x); }\nuse std::time;\nfn g() { rand::random() }\n";
        assert_eq!(
            check_source("crates/poolscope-sim/src/world.rs", source),
            [
                "2: std::time::Instant in a pure crate",
                "3: std::fs::read in a pure crate",
                "4: std::time in a pure crate",
                "1: HashMap has no order of its own",
                "5: rand in a pure crate",
            ]
        );
    }

    #[test]
    fn words_that_only_look_alike_are_fine() {
        let source = "//! HashMap\nuse std::time::Duration;\nstruct Instant;\nfn thread(time: Instant) { \"f64\"; }\n\
                      #[cfg(test)]\nmod tests { use std::fs; }\nconst MASK: u64 = 0x1e5; let x = a.0.1; 1..2;";
        assert_eq!(check_source("crates/poolscope-sim/src/world.rs", source), Vec::<String>::new());
    }

    #[test]
    fn floats_belong_to_pixels() {
        let source = "fn width() -> f32 { 0.5 }";
        assert_eq!(check_source("crates/poolscope-timeline/src/layout.rs", source), Vec::<String>::new());
        assert_eq!(check_source("crates/poolscope-sim/src/layout.rs", source).len(), 2);
        assert_eq!(check_source("crates/poolscope-sim/src/layout.rs", "1e9; 2f64; 1e-3; 3u64; 7usize").len(), 3);
    }

    #[test]
    fn other_crates_and_tests_may_do_as_they_like() {
        let source = "use std::fs;";
        assert!(check_source("crates/poolscope-cli/src/main.rs", source).is_empty());
        assert!(check_source("crates/poolscope-sim/tests/golden.rs", source).is_empty());
        assert!(check_source("crates/poolscope-sim/src/pool/tests.rs", source).is_empty());
    }
}
