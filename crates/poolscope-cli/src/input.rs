//! From a file, or standard input, to a scenario.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use poolscope_sim::scenario::KnobValue;
use poolscope_sim::{Diagnostic, Document, Scenario};

use crate::failure::Failure;

const STDIN: &str = "-";

/// The name of a file in messages.
pub fn shown(file: &str) -> &str {
    if file == STDIN { "<stdin>" } else { file }
}

/// Reads `file` and turns its knobs.
pub fn scenario(file: &str, turns: &[(String, KnobValue)]) -> Result<Scenario, Failure> {
    let text = text(file)?;
    let name = Path::new(file).file_stem().and_then(|stem| stem.to_str()).filter(|_| file != STDIN);
    read(&text, name.unwrap_or("scenario"), turns)
        .map_err(|diagnostics| Failure::Input { file: shown(file).to_owned(), diagnostics })
}

pub fn text(file: &str) -> Result<String, Failure> {
    let mut text = String::new();
    let read = if file == STDIN { io::stdin().lock().read_to_string(&mut text) } else { read_file(file, &mut text) };
    match read {
        Ok(_) => Ok(text),
        Err(error) => Err(Failure::Read { file: shown(file).to_owned(), error }),
    }
}

fn read_file(file: &str, text: &mut String) -> io::Result<usize> {
    fs::File::open(file)?.read_to_string(text)
}

/// Scenarios are TOML for people and JSON on the wire; no TOML begins with a brace.
fn read(text: &str, name: &str, turns: &[(String, KnobValue)]) -> Result<Scenario, Vec<Diagnostic>> {
    let is_json = text.trim_start().starts_with('{');
    let mut document = if is_json { Document::from_json(text)? } else { Document::from_toml(text)? };
    let refused: Vec<_> = turns.iter().filter_map(|(key, value)| document.set(key, value).err()).collect();
    if refused.is_empty() { Scenario::read(&document, name) } else { Err(refused) }
}
