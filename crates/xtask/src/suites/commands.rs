//! The suites that are cargo commands.

use anyhow::Result;

use crate::suites::count::{self, Count};
use crate::wasm;
use crate::workspace::Workspace;

/// Packages that run in a browser, so that natively only half of them is compiled.
const WASM_PACKAGES: [&str; 3] = ["poolscope-app", "poolscope-headless", "poolscope-wasm-tests"];

pub fn fmt(workspace: &Workspace) -> Result<Count> {
    count::one(workspace.cargo().args(["fmt", "--all", "--check"]))
}

pub fn clippy(workspace: &Workspace) -> Result<Count> {
    let mut native = workspace.cargo();
    native.args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]);
    let mut count = count::one(&mut native)?;

    wasm::ensure_target(workspace)?;
    let mut browser = workspace.cargo();
    browser.args(["clippy", "--target", wasm::TARGET, "--all-targets"]);
    for package in WASM_PACKAGES.into_iter().filter(|package| workspace.has_package(package)) {
        browser.args(["--package", package]);
    }
    count += count::one(browser.args(["--", "-D", "warnings"]))?;
    Ok(count)
}

/// Everything but the examples in the documentation, which are a suite of their own.
pub fn native(workspace: &Workspace) -> Result<Count> {
    let mut cargo = workspace.cargo();
    cargo.args(["test", "--workspace", "--lib", "--bins", "--tests", "--no-fail-fast"]);
    count::cases(&mut cargo)
}

pub fn doc(workspace: &Workspace) -> Result<Count> {
    count::cases(workspace.cargo().args(["test", "--workspace", "--doc", "--no-fail-fast"]))
}
