//! What is wrong with an input, where, and what to write instead.

use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    pub place: Place,
    pub message: String,
    pub hint: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Line and column from 1.
    At { line: u32, column: u32 },
    /// A path into the document, for input that has no lines (JSON attributes, links, `--set`).
    Path(String),
}

impl Diagnostic {
    /// One after the other, as a terminal would print them.
    pub fn lines(diagnostics: &[Diagnostic]) -> String {
        let lines: Vec<String> = diagnostics.iter().map(Diagnostic::to_string).collect();
        if lines.is_empty() { "the text could not be read".to_owned() } else { lines.join("\n") }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::At { line, column } => write!(f, "{line}:{column}"),
            Place::Path(path) => f.write_str(path),
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)?;
        if !self.hint.is_empty() {
            write!(f, "\n  hint: {}", self.hint)?;
        }
        Ok(())
    }
}
