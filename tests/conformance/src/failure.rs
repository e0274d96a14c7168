//! Why a command could not be carried out, as a sentence for the user.

use poolscope_sim::Diagnostic;
use std::fmt;

#[derive(Debug)]
pub struct Failure(pub String);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Failure {
    pub fn new(text: impl Into<String>) -> Failure {
        Failure(text.into())
    }

    /// `what`, and why not: for errors of the operating system.
    pub fn because(what: impl fmt::Display, why: impl fmt::Display) -> Failure {
        Failure(format!("{what}: {why}"))
    }

    pub fn of_scenario(name: &str, diagnostics: &[Diagnostic]) -> Failure {
        let lines: Vec<String> = diagnostics.iter().map(|d| format!("{name}:{d}")).collect();
        Failure(lines.join("\n"))
    }
}
