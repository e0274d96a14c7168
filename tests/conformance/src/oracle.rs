//! The real SQLAlchemy, in a Python process that is kept alive: a scenario in, its rows out.

use crate::environment;
use crate::{Failure, wire};
use poolscope_sim::Scenario;
use poolscope_sim::scenario::SqlAlchemy;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

#[derive(Debug)]
pub struct Oracle {
    pub version: SqlAlchemy,
    /// `python=3.11.7 sqlalchemy=2.1.9 harness=1`
    pub provenance: String,
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Oracle {
    /// # Errors
    /// The environment cannot be made, or the harness does not start.
    pub fn start(version: SqlAlchemy) -> Result<Oracle, Failure> {
        let python = environment::python(version)?;
        let harness = environment::package().join("harness").join("harness.py");
        let mut process = Command::new(&python)
            // Nothing is written beside the harness, and what a user has in PYTHONPATH does not matter.
            .args(["-B", "-E"])
            .arg(&harness)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|why| Failure::because(python.display(), why))?;
        let (Some(input), Some(output)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(Failure::new("the harness has no pipes"));
        };
        let mut oracle = Oracle { version, provenance: String::new(), process, input, output: BufReader::new(output) };
        oracle.provenance = oracle.line()?;
        Ok(oracle)
    }

    /// The rows of the real run. The scenario's own `sqlalchemy` is not looked at.
    ///
    /// # Errors
    /// The harness ended; it has said why on standard error.
    pub fn rows(&mut self, scenario: &Scenario) -> Result<Vec<String>, Failure> {
        let request = format!("{}\n", wire::wire(scenario));
        self.input
            .write_all(request.as_bytes())
            .and_then(|()| self.input.flush())
            .map_err(|why| Failure::because("the harness does not listen", why))?;
        let mut rows = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                return Ok(rows);
            }
            rows.push(line);
        }
    }

    fn line(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        let read = self.output.read_line(&mut line).map_err(|why| Failure::because("the harness", why))?;
        if read == 0 {
            return Err(Failure::new("the harness ended early"));
        }
        Ok(line.trim_end_matches('\n').to_owned())
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        // It may hang in a program that never waits; nobody is interested in it any more.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
