//! What went wrong, as it is printed and as an exit code.

use std::fmt;
use std::io;

use poolscope_sim::Diagnostic;
use poolscope_sim::scenario::Place;

#[derive(Debug)]
pub enum Failure {
    Read {
        file: String,
        error: io::Error,
    },
    Write(io::Error),
    /// Everything that is wrong with one scenario.
    Input {
        file: String,
        diagnostics: Vec<Diagnostic>,
    },
    /// What is wrong with a fence, as it is printed.
    Fence {
        mistakes: Vec<String>,
    },
    /// A run does not show what it should.
    Unexpected {
        file: String,
        expected: String,
        found: String,
    },
    Several(Vec<Failure>),
}

impl Failure {
    pub fn exit_code(&self) -> u8 {
        match self {
            Failure::Read { .. } | Failure::Write(_) => 1,
            Failure::Input { .. } | Failure::Fence { .. } => 2,
            Failure::Unexpected { .. } => 3,
            Failure::Several(failures) => failures.iter().map(Failure::exit_code).max().unwrap_or(0),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Read { file, error } => writeln!(f, "{file}: {error}"),
            Failure::Write(error) => writeln!(f, "cannot write the result: {error}"),
            Failure::Input { file, diagnostics } => {
                for diagnostic in diagnostics {
                    // Editors and terminals turn FILE:line:column into a link; a path into the document is a word.
                    let gap = if matches!(diagnostic.place, Place::At { .. }) { "" } else { " " };
                    writeln!(f, "{file}:{gap}{diagnostic}")?;
                }
                Ok(())
            }
            Failure::Fence { mistakes } => mistakes.iter().try_for_each(|mistake| f.write_str(mistake)),
            Failure::Unexpected { file, expected, found } => {
                writeln!(f, "{file}: expected {expected}\n  found: {found}")
            }
            Failure::Several(failures) => failures.iter().try_for_each(|failure| failure.fmt(f)),
        }
    }
}
