//! tests/conformance: the simulator beside the real SQLAlchemy. The package makes the virtual environments it
//! needs by itself.

use std::fs;

use anyhow::{Context, Result};

use crate::suites::count::{self, Count};
use crate::workspace::Workspace;

/// Random workloads for each SQLAlchemy release, besides every scenario of the book.
const RANDOM_CASES: &str = "200";

/// The suite is part of `cargo xtask test` as soon as there is a SQLAlchemy to compare with.
pub fn exists(workspace: &Workspace) -> bool {
    workspace.root.join("tests/conformance/requirements.txt").is_file()
}

pub fn run(workspace: &Workspace) -> Result<Count> {
    let mut cargo = workspace.cargo();
    cargo.args(["run", "--package", "poolscope-conformance", "--", "run"]);
    cargo.args(["--sqlalchemy", "all", "--cases", RANDOM_CASES]);
    cargo.args(scenarios(workspace)?);
    count::cases_by(&mut cargo, counted)
}

fn scenarios(workspace: &Workspace) -> Result<Vec<String>> {
    let folder = workspace.root.join("book/scenarios");
    let mut files = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|kind| kind == "toml") {
            files.push(workspace.shown(&path).to_string());
        }
    }
    files.sort();
    Ok(files)
}

/// `workloads=20 events=431 divergences=0 …`, one line for each SQLAlchemy release.
fn counted(line: &str) -> Option<Count> {
    let number = |name: &str| line.split(' ').find_map(|word| word.strip_prefix(name)?.parse::<usize>().ok());
    let failed = number("divergences=")?;
    Some(Count { passed: number("workloads=")?.saturating_sub(failed), failed })
}

#[cfg(test)]
mod tests {
    use super::{Count, counted};

    #[test]
    fn a_workload_that_diverges_has_failed() {
        let line = "workloads=20 events=431 divergences=3 SQLAlchemy 2.1.9";
        assert_eq!(counted(line), Some(Count { passed: 17, failed: 3 }));
        assert_eq!(counted("SQLAlchemy 2.1: divergences=x"), None);
    }
}
