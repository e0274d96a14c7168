//! tests/e2e: the published form of the site, in a real browser, driven from Node. The weight of the widget is
//! one case more, since it is about the same files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::site::Site;
use crate::suites::count::{self, Count};
use crate::tools::Tools;
use crate::workspace::Workspace;
use crate::{files, site, sizes, tools, wasm, web_server};

pub fn run(workspace: &Workspace) -> Result<Count> {
    let firefox = tools::firefox()?;
    let folder = packages(workspace)?;
    let site = site::build_release(workspace)?;
    let mut count = count::check(sizes::check(&site.widget_folder()));
    count += count::check(sizes::check_pages(&site.edition_folders()?));
    let crash = workspace.target.join("crash");
    fs::create_dir_all(&crash).with_context(|| format!("cannot create {}", crash.display()))?;
    wasm::build_crash(workspace, &crash)?;
    let mut node = node(&folder, &site)?;
    node.args(["--test", "--test-reporter=spec"]).env("CRASH", crash).env("FIREFOX", firefox);
    count += count::cases(&mut node)?;
    Ok(count)
}

/// tests/e2e/bench: no test, but figures of the published site, beside what they should be.
pub fn measure(workspace: &Workspace) -> Result<ExitCode> {
    let folder = packages(workspace)?;
    let site = site::build_release(workspace)?;
    let status = node(&folder, &site)?.arg("bench/run.mjs").status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The folder of the tests, with the packages that they use.
fn packages(workspace: &Workspace) -> Result<PathBuf> {
    let folder = workspace.root.join("tests/e2e");
    if !folder.join("package-lock.json").is_file() {
        bail!("{} is missing", workspace.shown(&folder.join("package-lock.json")));
    }
    // Where the suite of the hosts has them as well: `npm ci` here would empty that folder through the link.
    files::link(&Tools::new()?.node_modules("e2e", &folder)?, &folder.join("node_modules"))?;
    Ok(folder)
}

/// Node beside a served site, told where it is and which browser to use.
fn node(folder: &Path, site: &Site) -> Result<Command> {
    let browser = tools::browser()?;
    let listener = web_server::listen(0)?;
    let url = format!("http://127.0.0.1:{}/", listener.local_addr()?.port());
    web_server::start(listener, &site.folder, None)?;
    let mut node = Command::new(tools::node()?);
    node.current_dir(folder).env("SITE_URL", url).env("CHROMIUM", browser.chromium).env("CHROMEDRIVER", browser.driver);
    Ok(node)
}
