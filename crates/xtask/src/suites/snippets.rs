//! tests/snippets: every Python and SQL snippet of the book, as printed, on the real SQLAlchemy, frameworks and server.

use std::process::Command;

use anyhow::Result;

use crate::scenarios;
use crate::suites::count::{self, Count};
use crate::workspace::Workspace;

pub fn run(workspace: &Workspace) -> Result<Count> {
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let mut command = Command::new(python);
    command.arg("tests/snippets/run.py").current_dir(&workspace.root);
    // What a reader takes along from a run is a snippet too.
    command.env("POOLSCOPE", scenarios::build_command(workspace)?);
    count::cases_by(&mut command, counted)
}

/// `snippets passed=62 failed=0`
fn counted(line: &str) -> Option<Count> {
    let figures = line.strip_prefix("snippets passed=")?;
    let (passed, failed) = figures.split_once(" failed=")?;
    Some(Count { passed: passed.parse().ok()?, failed: failed.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::{Count, counted};

    #[test]
    fn the_last_line_counts() {
        assert_eq!(counted("snippets passed=62 failed=1"), Some(Count { passed: 62, failed: 1 }));
        assert_eq!(counted("FAILED book/en/src/a.md:3"), None);
    }
}
