//! A run that went through bytes is the same run, and bytes that are no run are not taken for one.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;

use poolscope_sim::trace::{Recording, jsonl};
use poolscope_sim::{Document, Scenario};

/// Of every scenario of the book.
fn recordings() -> Vec<(String, Recording)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../book/scenarios");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let recordings = files.iter().map(|file| {
        let document = Document::from_toml(&fs::read_to_string(file).unwrap()).unwrap();
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let recording = Recording::of(&Scenario::read(&document, &name).unwrap());
        (name, recording)
    });
    recordings.collect()
}

#[test]
fn nothing_is_lost_on_the_way() {
    for (name, before) in recordings() {
        let bytes = before.clone().into_bytes();
        let after = Recording::from_bytes(&bytes).unwrap_or_else(|| panic!("{name} cannot be read"));
        assert_eq!(after.trace.events, before.trace.events, "{name}");
        assert_eq!(jsonl(&after.trace), jsonl(&before.trace), "{name}");
        assert_eq!(after.trace.listing, before.trace.listing, "{name}");
        assert_eq!(
            (&after.knobs, &after.turned, &after.plain),
            (&before.knobs, &before.turned, &before.plain),
            "{name}"
        );
        assert_eq!(after.into_bytes(), bytes, "{name}");
    }
}
