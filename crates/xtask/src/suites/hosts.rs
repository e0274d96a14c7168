//! tests/e2e/hosts: small sites, each made by the real tool from the packages as they are published, and looked at in real browsers.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::package::{self, Packed};
use crate::progress::step;
use crate::suites::count::{self, Count};
use crate::tools::{self, Tools};
use crate::workspace::Workspace;
use crate::{book, files, process, scenarios, sizes, web_server};

/// Where everything is made.
struct Hosts<'w> {
    workspace: &'w Workspace,
    tools: Tools,
    packed: Packed,
    /// The sources, as the repository has them.
    source: PathBuf,
    /// Copies of the sources; the npm package is installed here, for all of them.
    work: PathBuf,
    /// One folder for each site.
    sites: PathBuf,
}

pub fn run(workspace: &Workspace) -> Result<Count> {
    let (browser, firefox) = (tools::browser()?, tools::firefox()?);
    let tests = workspace.root.join("tests/e2e");
    let work = workspace.target.join("hosts");
    if work.exists() {
        fs::remove_dir_all(&work).with_context(|| format!("cannot clear {}", work.display()))?;
    }
    let sites = work.join("sites");
    fs::create_dir_all(&sites)?;
    let listener = web_server::listen(0)?;
    let url = format!("http://127.0.0.1:{}/", listener.local_addr()?.port());
    let packed = package::pack(workspace)?;
    let hosts = Hosts { workspace, tools: Tools::new()?, packed, source: tests.join("hosts"), work, sites };
    let mut count = count::check(package::pack_crates(workspace, false));
    count += count::check(sizes::check_package(&hosts.packed.npm));
    hosts.install()?;
    // Docusaurus takes as long as all others together.
    std::thread::scope(|threads| {
        let docusaurus = threads.spawn(|| hosts.docusaurus());
        hosts.html()?;
        hosts.mdbook()?;
        hosts.python(&url)?;
        hosts.vite()?;
        docusaurus.join().unwrap_or_else(|_| bail!("the thread that builds docusaurus crashed"))
    })?;

    let modules = hosts.tools.node_modules("e2e", &tests)?;
    files::link(&modules, &tests.join("node_modules"))?;
    web_server::start(listener, &hosts.sites, None)?;
    let mut node = Command::new(tools::node()?);
    node.args(["--test", "--test-reporter=spec", "hosts/check.mjs", "hosts/simulate.mjs"]).current_dir(&tests);
    node.env("SITE_URL", url).env("SITES", &hosts.sites).env("CHROMIUM", browser.chromium).env("FIREFOX", firefox);
    count += count::cases(&mut node)?;
    Ok(count)
}

impl Hosts<'_> {
    fn copy(&self, name: &str) -> Result<PathBuf> {
        let folder = self.work.join(name);
        files::copy_tree(&self.source.join(name), &folder)?;
        Ok(folder)
    }

    /// The npm package, from its tarball, where every folder below finds it.
    fn install(&self) -> Result<()> {
        step("installing the npm package", || {
            fs::write(self.work.join("package.json"), "{ \"private\": true }\n")?;
            let mut npm = Command::new(tools::npm()?);
            npm.args(["install", "--no-audit", "--no-fund", "--silent"]).arg(&self.packed.tarball);
            process::run(npm.current_dir(&self.work))
        })
    }

    /// As the README of the package says.
    fn html(&self) -> Result<()> {
        let site = self.sites.join("html");
        files::copy_tree(&self.source.join("html"), &site)?;
        files::copy_tree(&self.work.join("node_modules/poolscope"), &site.join("poolscope"))?;
        // What simulate.mjs imports.
        files::copy_tree(&self.packed.npm, &self.sites.join("package"))
    }

    fn mdbook(&self) -> Result<()> {
        let root = self.copy("mdbook")?;
        let preprocessor = book::build_preprocessor(self.workspace)?;
        process::run(Command::new(&preprocessor).arg("install").current_dir(&root))?;
        step("building the site of mdbook", || book::render(&root, &preprocessor, &self.sites.join("mdbook")))
    }

    fn python(&self, url: &str) -> Result<()> {
        let python = self.tools.python("hosts", &self.source.join("requirements.txt"))?;
        let packages = self.work.join("site-packages");
        step("installing the Python package", || {
            let mut pip = Command::new(&python);
            pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]);
            pip.arg("--target").arg(&packages).arg(&self.packed.wheel);
            process::run(&mut pip)
        })?;
        let poolscope = scenarios::build_command(self.workspace)?;
        let path = path_with(poolscope.parent().unwrap_or(Path::new("")))?;
        for (tool, module, arguments) in [
            ("sphinx", "sphinx", vec!["-W", "--keep-going", "-q", "-b", "html", "."]),
            ("mkdocs", "mkdocs", vec!["build", "--quiet", "--strict", "--site-dir"]),
        ] {
            let folder = self.copy(tool)?;
            step(&format!("building the site of {tool}"), || {
                let mut command = Command::new(&python);
                command.args(["-m", module]).args(arguments).arg(self.sites.join(tool)).current_dir(&folder);
                command.env("PYTHONPATH", &packages).env("PATH", &path).env("HOST_URL", format!("{url}{tool}/"));
                process::run(&mut command)
            })?;
        }
        Ok(())
    }

    fn vite(&self) -> Result<()> {
        let folder = self.copy("vite")?;
        let modules = self.tools.node_modules("vite", &folder)?;
        files::link(&modules, &folder.join("node_modules"))?;
        step("building the site of vite", || {
            process::run(Command::new(modules.join(".bin/tsc")).current_dir(&folder))?;
            let mut vite = Command::new(modules.join(".bin/vite"));
            vite.args(["build", "--logLevel", "warn", "--outDir"]).arg(self.sites.join("vite"));
            process::run(vite.current_dir(&folder))
        })
    }

    fn docusaurus(&self) -> Result<()> {
        let folder = self.copy("docusaurus")?;
        let modules = self.tools.node_modules("docusaurus", &folder)?;
        files::link(&modules, &folder.join("node_modules"))?;
        step("building the site of docusaurus", || {
            let mut docusaurus = Command::new(modules.join(".bin/docusaurus"));
            docusaurus.args(["build", "--out-dir"]).arg(self.sites.join("docusaurus")).current_dir(&folder);
            process::run(docusaurus.env("NO_UPDATE_NOTIFIER", "1").env("DOCUSAURUS_NO_TELEMETRY", "1"))
        })
    }
}

fn path_with(folder: &Path) -> Result<OsString> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::join_paths([folder.to_path_buf()].into_iter().chain(env::split_paths(&path))).context("PATH")
}
