//! tests/e2e: the published form of the site, in a real browser, driven from Node. The weight of the widget is
//! one case more, since it is about the same files.

use std::process::Command;

use anyhow::{Result, bail};

use crate::progress::step;
use crate::suites::count::{self, Count};
use crate::workspace::Workspace;
use crate::{process, site, sizes, tools, web_server};

pub fn run(workspace: &Workspace) -> Result<Count> {
    let folder = workspace.root.join("tests/e2e");
    if !folder.join("package-lock.json").is_file() {
        bail!("{} is missing", workspace.shown(&folder.join("package-lock.json")));
    }
    let browser = tools::browser()?;
    step("installing the packages of tests/e2e", || {
        let mut npm = Command::new(tools::npm()?);
        npm.args(["ci", "--no-audit", "--no-fund"]).current_dir(&folder);
        process::run(&mut npm)
    })?;
    let site = site::build_release(workspace)?;
    let mut count = count::check(sizes::check(&site.widget_folder()));
    count += count::check(sizes::check_pages(&site.edition_folders()?));

    let listener = web_server::listen(0)?;
    let url = format!("http://127.0.0.1:{}/", listener.local_addr()?.port());
    web_server::start(listener, &site.folder, None)?;
    let mut node = Command::new(tools::node()?);
    node.args(["--test", "--test-reporter=spec"]).current_dir(&folder);
    node.env("SITE_URL", url).env("CHROMIUM", browser.chromium).env("CHROMEDRIVER", browser.driver);
    count += count::cases(&mut node)?;
    Ok(count)
}
