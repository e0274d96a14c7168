//! tests/conformance: the simulator beside the real SQLAlchemy. The package makes the virtual environments it
//! needs by itself.

use std::fs;
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::suites::count::{self, Count};
use crate::workspace::Workspace;

/// Random workloads for each SQLAlchemy release, besides every scenario of the book.
const RANDOM_CASES: &str = "300";

/// The suite is part of `cargo xtask test` as soon as there is a SQLAlchemy to compare with.
pub fn exists(workspace: &Workspace) -> bool {
    workspace.root.join("tests/conformance/requirements.txt").is_file()
}

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The SQLAlchemy to compare with: 1.1, 1.2, 1.3, 1.4, 2.0, 2.1 or all.
    #[arg(long, default_value = "2.1")]
    sqlalchemy: String,
    /// How many random workloads.
    #[arg(long, default_value_t = 1_000)]
    cases: u64,
    /// The same seed gives the same workloads.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Compare with a real server instead, in its own time: mariadb or mysql.
    #[arg(long)]
    server: Option<String>,
    /// Keep what the server did, for the comparison that needs no server.
    #[arg(long, requires = "server")]
    record: bool,
    /// A file system to run the server in; without it, and without a server on this machine, one is made.
    #[arg(long, requires = "server", value_name = "DIR")]
    root: Option<String>,
}

/// `cargo xtask conformance`: fails if anything diverges; the smallest scenario that still does is in a file then.
pub fn compare(workspace: &Workspace, arguments: &Arguments) -> Result<ExitCode> {
    let mut cargo = workspace.cargo();
    if let Some(server) = &arguments.server {
        cargo.args(["run", "--quiet", "--package", "poolscope-conformance", "--", "server", server]);
        cargo.args(arguments.record.then_some("--record"));
        cargo.args(arguments.root.iter().flat_map(|root| ["--root", root]));
        let status = cargo.status().context("cannot start cargo")?;
        return Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    cargo.args(["run", "--quiet", "--release", "--package", "poolscope-conformance", "--", "run"]);
    cargo.args(["--sqlalchemy", &arguments.sqlalchemy, "--cases", &arguments.cases.to_string()]);
    cargo.args(["--seed", &arguments.seed.to_string()]);
    let status = cargo.status().context("cannot start cargo")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

pub fn run(workspace: &Workspace) -> Result<Count> {
    let mut cargo = workspace.cargo();
    cargo.args(["run", "--package", "poolscope-conformance", "--", "run"]);
    cargo.args(["--sqlalchemy", "all", "--cases", RANDOM_CASES]);
    cargo.args(scenarios(workspace)?);
    let mut count = count::cases_by(&mut cargo, counted)?;
    let mut cargo = workspace.cargo();
    cargo.args(["run", "--package", "poolscope-conformance", "--", "small"]);
    count += count::cases_by(&mut cargo, counted)?;
    // MariaDB is here; what MySQL did is recorded.
    for arguments in [["server", "mariadb"], ["replay", "mysql"]] {
        let mut cargo = workspace.cargo();
        cargo.args(["run", "--package", "poolscope-conformance", "--"]).args(arguments);
        count += count::cases_by(&mut cargo, counted_of_server)?;
    }
    Ok(count)
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

/// `server=mariadb-10.11 cases=34 runs=94 rows=4656 repeated=0 differences=0`.
fn counted_of_server(line: &str) -> Option<Count> {
    let number = |name: &str| line.split(' ').find_map(|word| word.strip_prefix(name)?.parse::<usize>().ok());
    line.strip_prefix("server=")?;
    let failed = number("differences=")?;
    Some(Count { passed: number("runs=")?.saturating_sub(failed), failed })
}

#[cfg(test)]
mod tests {
    use super::{Count, counted, counted_of_server};

    #[test]
    fn a_run_on_a_server_that_differs_has_failed() {
        let line = "server=mariadb-10.11 cases=34 runs=94 rows=4656 repeated=1 differences=2";
        assert_eq!(counted_of_server(line), Some(Count { passed: 92, failed: 2 }));
        assert_eq!(counted_of_server("workloads=20 events=431 divergences=3"), None);
    }

    #[test]
    fn a_workload_that_diverges_has_failed() {
        let line = "workloads=20 events=431 divergences=3 SQLAlchemy 2.1.9";
        assert_eq!(counted(line), Some(Count { passed: 17, failed: 3 }));
        assert_eq!(counted("SQLAlchemy 2.1: divergences=x"), None);
    }
}
