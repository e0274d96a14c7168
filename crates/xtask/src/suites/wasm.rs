//! tests/wasm, through wasm-pack: its tests in Node, and its tests in headless Chromium and Firefox.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::suites::count::{self, Count};
use crate::tools::{self, Tools};
use crate::wasm;
use crate::workspace::Workspace;

/// In seconds. The runner's own limit of 20 is short for a machine that compiles at the same time.
const LONG: &str = "180";

pub fn node(workspace: &Workspace) -> Result<Count> {
    let mut command = wasm_pack_test(workspace)?;
    tools::node()?;
    command.args(["--node", "--mode", "no-install", "--", "--test", "node"]);
    count::cases(&mut command)
}

pub fn chrome(workspace: &Workspace) -> Result<Count> {
    let mut command = wasm_pack_test(workspace)?;
    let browser = tools::browser()?;
    command.args(["--headless", "--chrome", "--mode", "no-install", "--chromedriver"]);
    command.arg(&browser.driver).args(["--", "--test", "browser"]);
    command.env("WASM_BINDGEN_TEST_TIMEOUT", LONG);
    count::cases(&mut command)
}

pub fn firefox(workspace: &Workspace) -> Result<Count> {
    let mut command = wasm_pack_test(workspace)?;
    // The driver finds it by itself.
    tools::firefox()?;
    let driver = Tools::new()?.geckodriver(workspace)?;
    command.args(["--headless", "--firefox", "--mode", "no-install", "--geckodriver"]);
    command.arg(driver).args(["--", "--test", "browser"]);
    command.env("WASM_BINDGEN_TEST_TIMEOUT", LONG);
    count::cases(&mut command)
}

/// wasm-pack, told to install nothing: what it needs is found on PATH, where the tools' folder comes first.
fn wasm_pack_test(workspace: &Workspace) -> Result<Command> {
    let folder = workspace.root.join("tests/wasm");
    if !folder.join("Cargo.toml").is_file() {
        bail!("{} is missing", workspace.shown(&folder.join("Cargo.toml")));
    }
    wasm::ensure_target(workspace)?;
    let tools = Tools::new()?;
    let wasm_pack = tools.wasm_pack(workspace)?;
    let path = path_with(&[tools.wasm_bindgen(workspace)?, wasm_pack.clone()])?;
    let mut command = Command::new(wasm_pack.join("wasm-pack"));
    command.arg("test").current_dir(&folder).env("PATH", path);
    Ok(command)
}

fn path_with(folders: &[PathBuf]) -> Result<OsString> {
    let path = env::var_os("PATH").unwrap_or_default();
    let all = folders.iter().cloned().chain(env::split_paths(&path));
    env::join_paths(all).context("PATH cannot hold the folder of the tools")
}
