//! From a file, or standard input, to a scenario.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use poolscope_sim::scenario::KnobValue;
use poolscope_sim::{Diagnostic, Document, Scenario};

use crate::failure::Failure;

const STDIN: &str = "-";

/// Reads `file` and turns its knobs.
pub fn scenario(file: &str, turns: &[(String, KnobValue)]) -> Result<Scenario, Failure> {
    let shown = if file == STDIN { "<stdin>" } else { file };
    let text = text(file).map_err(|error| Failure::Read { file: shown.to_owned(), error })?;
    let name = Path::new(file).file_stem().and_then(|stem| stem.to_str()).filter(|_| file != STDIN);
    read(&text, name.unwrap_or("scenario"), turns)
        .map_err(|diagnostics| Failure::Input { file: shown.to_owned(), diagnostics })
}

fn text(file: &str) -> io::Result<String> {
    if file != STDIN {
        return fs::read_to_string(file);
    }
    let mut text = String::new();
    io::stdin().lock().read_to_string(&mut text)?;
    Ok(text)
}

fn read(text: &str, name: &str, turns: &[(String, KnobValue)]) -> Result<Scenario, Vec<Diagnostic>> {
    let mut document = Document::from_toml(text)?;
    let refused: Vec<_> = turns.iter().filter_map(|(key, value)| document.set(key, value).err()).collect();
    if refused.is_empty() { Scenario::read(&document, name) } else { Err(refused) }
}
