//! Every link that a released version made still opens: the same moment of the same scenario.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use poolscope_sim::{Document, Scenario, simulate};
use poolscope_timeline::{Lang, Permalink};

#[test]
fn links_of_released_versions_open() {
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../book/scenarios");
    let (mut opened, mut selected, mut found) = (0, 0, 0);
    for line in include_str!("released-links.txt").lines().filter(|l| !l.is_empty() && !l.starts_with("//")) {
        let (version, link) = line.split_once(' ').unwrap();
        let read = Permalink::read(link).unwrap_or_else(|m| panic!("{version}: {link}: {m:?}"));
        let text = fs::read_to_string(scenarios.join(read.scenario.clone() + ".toml")).unwrap();
        let document = Document::from_toml(&text).unwrap();
        let changed = read.apply(&document).unwrap_or_else(|m| panic!("{version}: {link}: {m:?}"));
        let mut with_faults = changed.document;
        for fault in &read.faults {
            poolscope_timeline::what_if::add(&mut with_faults, fault);
        }
        let trace = simulate(&Scenario::read(&with_faults, &read.scenario).unwrap());
        if read.event.is_some() {
            // A simulator that has learnt more may have moved an event; then the link opens at its instant.
            selected += 1;
            found += usize::from(read.find(&trace).is_some());
        }
        assert!(read.lang.is_none_or(|l| matches!(l, Lang::En | Lang::ZhCn)));
        opened += 1;
    }
    assert!(20 <= opened && selected < 2 * found, "{opened} opened, {found} of {selected} events found");
}
