//! A program: the Python text of a request handler, compiled to small typed steps.

use crate::scenario::Words;

#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    /// Key under `[programs]`.
    pub name: String,
    /// What a choice of programs calls it: "never closed".
    pub label: Words,
    /// The text as written, without surrounding blank lines.
    pub text: String,
    /// Texts of the exceptions it may raise, as a traceback prints them.
    pub raises: Vec<String>,
}
