//! `cargo xtask bench`: what it needs beside the engines that are Rust, and the run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

use crate::process;
use crate::progress::step;
use crate::tools::{self, Tools};
use crate::wasm;
use crate::workspace::Workspace;

const PACKAGE: &str = "poolscope-bench";
const LIBRARY: &str = "poolscope_bench";

pub fn run(workspace: &Workspace) -> Result<ExitCode> {
    let source = workspace.root.join("tests/bench");
    let python = Tools::new()?.python("bench", &source.join("python/requirements.txt"))?;
    let script = |name: &str| command_line(&python, &[&source.join("python").join(name)]);
    let node = tools::node()?;
    let mut cargo = workspace.cargo();
    cargo.env("BENCH_SIMPY", script("with_simpy.py")).env("BENCH_SQLALCHEMY", script("with_sqlalchemy.py"));
    // For speed, and as the site has it.
    for (variable, profile) in [("BENCH_WASM", "measure"), ("BENCH_WASM_SMALL", "web")] {
        let module = compile(workspace, profile)?;
        cargo.env(variable, command_line(&node, &[&source.join("wasm.mjs"), &module]));
    }
    cargo.args(["run", "--quiet", "--profile", "measure", "--package", PACKAGE, "--features", "rivals"]);
    let status = cargo.status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Words between tabs, as `poolscope-bench` reads them.
fn command_line(program: &Path, arguments: &[&Path]) -> String {
    let words = std::iter::once(program).chain(arguments.iter().copied());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join("\t")
}

/// The engine of ours as a module for Node; returns its JavaScript.
fn compile(workspace: &Workspace, profile: &str) -> Result<PathBuf> {
    wasm::ensure_target(workspace)?;
    let folder = workspace.target.join("bench").join(profile);
    step(&format!("compiling {LIBRARY} to wasm (profile {profile})"), || {
        let mut cargo = workspace.cargo();
        cargo.args(["rustc", "--quiet", "--package", PACKAGE, "--lib", "--crate-type", "cdylib"]);
        process::run(cargo.args(["--target", wasm::TARGET, "--profile", profile]))?;
        let module = workspace.target.join(wasm::TARGET).join(profile).join(format!("{LIBRARY}.wasm"));
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Bindgen::new()
            .input_path(&module)
            .nodejs(true)?
            .typescript(false)
            .generate(&folder)
            .context("wasm-bindgen could not process the module")
    })?;
    let script = folder.join(format!("{LIBRARY}.cjs"));
    fs::rename(folder.join(format!("{LIBRARY}.js")), &script)?;
    Ok(script)
}
