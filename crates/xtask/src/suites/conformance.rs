//! tests/conformance: the simulator beside the real SQLAlchemy, which runs in a virtual environment with the
//! packages of tests/conformance/requirements.txt.

use std::path::PathBuf;

use anyhow::Result;

use crate::suites::count::{self, Count};
use crate::tools::Tools;
use crate::workspace::Workspace;

/// The suite is part of `cargo xtask test` as soon as there is a SQLAlchemy to compare with.
pub fn exists(workspace: &Workspace) -> bool {
    requirements(workspace).is_file()
}

pub fn run(workspace: &Workspace) -> Result<Count> {
    let python = Tools::new()?.python(&requirements(workspace))?;
    let mut cargo = workspace.cargo();
    cargo
        .args([
            "run",
            "--package",
            "poolscope-conformance",
            "--",
            "--python",
        ])
        .arg(python);
    count::cases(&mut cargo)
}

fn requirements(workspace: &Workspace) -> PathBuf {
    workspace.root.join("tests/conformance/requirements.txt")
}
