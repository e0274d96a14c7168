//! Tools that neither the toolchain nor Cargo.lock brings: each lives in a per-user cache, in a folder that
//! names its version, and is installed on first use.

use std::env;
use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow, bail};

use crate::process;
use crate::progress::step;
use crate::workspace::Workspace;

const BINARYEN: &str = "132.0.0";
const ESBUILD: &str = "0.28.2";
const GECKODRIVER: &str = "0.37.1";
const HIGHLIGHT_JS: &str = "11.12.0";
const WASM_PACK: &str = "0.15.1";

#[derive(Debug)]
pub struct Tools {
    cache: PathBuf,
}

/// A browser and the program that drives it.
#[derive(Debug, Clone)]
pub struct Browser {
    pub chromium: PathBuf,
    pub driver: PathBuf,
}

impl Tools {
    pub fn new() -> Result<Self> {
        let cache = env::var_os("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .or_else(|| env::home_dir().map(|home| home.join(".cache")))
            .ok_or_else(|| anyhow!("neither XDG_CACHE_HOME nor a home directory is set"))?
            .join("poolscope");
        Ok(Self { cache })
    }

    /// The start of a `wasm-opt` command. It is binaryen's own build, which runs in Node.
    pub fn wasm_opt(&self) -> Result<Command> {
        let mut command = Command::new(node()?);
        command.arg(self.npm_tool("binaryen", BINARYEN)?.join("binaryen/bin/wasm-opt"));
        Ok(command)
    }

    /// The start of an `esbuild` command.
    pub fn esbuild(&self) -> Result<Command> {
        Ok(Command::new(self.npm_tool("esbuild", ESBUILD)?.join(".bin/esbuild")))
    }

    /// The `node_modules` with what colours code.
    pub fn highlight_js(&self) -> Result<PathBuf> {
        self.npm_tool("highlight.js", HIGHLIGHT_JS)
    }

    /// The `node_modules` with a tool.
    fn npm_tool(&self, name: &str, version: &str) -> Result<PathBuf> {
        let npm = npm()?;
        let folder = self.installed(&format!("{name}-{version}"), |folder| {
            let mut npm = Command::new(npm);
            npm.args(["install", "--no-audit", "--no-fund", "--prefix"]).arg(folder);
            npm.arg(format!("{name}@{version}"));
            process::run(&mut npm)
        })?;
        Ok(folder.join("node_modules"))
    }

    /// The `node_modules` of a folder with a lock file, installed once for each content of that file.
    pub fn node_modules(&self, name: &str, folder: &Path) -> Result<PathBuf> {
        let npm = npm()?;
        let lock = folder.join("package-lock.json");
        let installed = self.installed(&format!("{name}-{}", mark_of(&lock)?), |target| {
            for file in ["package.json", "package-lock.json"] {
                fs::copy(folder.join(file), target.join(file)).with_context(|| format!("cannot copy {file}"))?;
            }
            // Not `npm ci`, which refuses a lock file that lacks what other platforms would need.
            let install = ["install", "--no-save", "--no-audit", "--no-fund"];
            process::run(Command::new(npm).args(install).current_dir(target))
        })?;
        Ok(installed.join("node_modules"))
    }

    /// The `python` of a virtual environment with the packages of a lock file.
    pub fn python(&self, name: &str, lock: &Path) -> Result<PathBuf> {
        let installed = self.installed(&format!("{name}-{}", mark_of(lock)?), |target| {
            let python = process::on_path(&["python3", "python"]);
            let python = python.ok_or_else(|| anyhow!("this needs Python 3.11 or newer (`python3` on PATH)"))?;
            process::run(Command::new(python).args(["-m", "venv"]).arg(target))?;
            let mut pip = Command::new(target.join("bin/python"));
            pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
            process::run(pip.arg(lock))
        })?;
        Ok(installed.join("bin/python"))
    }

    /// The folder with the `wasm-pack` program.
    pub fn wasm_pack(&self, workspace: &Workspace) -> Result<PathBuf> {
        self.cargo_tool(workspace, "wasm-pack", WASM_PACK, &[])
    }

    /// The folder with `wasm-bindgen` and `wasm-bindgen-test-runner`, of the very version in Cargo.lock: any
    /// other version refuses our modules. They drive a local browser only and do without TLS.
    pub fn wasm_bindgen(&self, workspace: &Workspace) -> Result<PathBuf> {
        let version = locked_version(workspace, "wasm-bindgen")?;
        self.cargo_tool(workspace, "wasm-bindgen-cli", &version, &["--no-default-features"])
    }

    /// The program that drives Firefox: `GECKODRIVER`, that on PATH, or one built from its published source.
    pub fn geckodriver(&self, workspace: &Workspace) -> Result<PathBuf> {
        let named = env::var_os("GECKODRIVER").map(PathBuf::from).filter(|file| file.is_file());
        match named.or_else(|| process::on_path(&["geckodriver"])) {
            Some(driver) => Ok(driver),
            None => Ok(self.cargo_tool(workspace, "geckodriver", GECKODRIVER, &[])?.join("geckodriver")),
        }
    }

    fn cargo_tool(&self, workspace: &Workspace, name: &str, version: &str, flags: &[&str]) -> Result<PathBuf> {
        let folder = self.installed(&format!("{name}-{version}"), |folder| {
            let build = folder.with_extension("build");
            // The tool's own lock file comes first. A registry mirror may lag behind it, and then the newest
            // versions that the mirror has must do.
            let install = |locked: bool| {
                let mut cargo = workspace.cargo();
                cargo.args(["install", name, "--debug", "--version", &format!("={version}")]);
                cargo.args(flags).args(locked.then_some("--locked"));
                cargo.arg("--root").arg(folder).env("CARGO_TARGET_DIR", &build);
                process::run(&mut cargo)
            };
            let result = install(true).or_else(|error| {
                println!("{error:#}; trying again without --locked");
                install(false)
            });
            if build.exists() {
                fs::remove_dir_all(&build).with_context(|| format!("cannot remove {}", build.display()))?;
            }
            result
        })?;
        Ok(folder.join("bin"))
    }

    /// The folder of a tool. It is marked only when `install` is done, so that a broken installation is never
    /// mistaken for a tool.
    fn installed(&self, name: &str, install: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
        let folder = self.cache.join("tools").join(name);
        let mark = folder.join(".complete");
        if mark.is_file() {
            return Ok(folder);
        }
        step(&format!("installing {name} (once, into {})", folder.display()), || {
            if folder.exists() {
                fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
            }
            fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
            install(&folder)?;
            fs::write(&mark, "").with_context(|| format!("cannot write {}", mark.display()))
        })
        .with_context(|| format!("cannot install {name}"))?;
        Ok(folder)
    }
}

pub fn node() -> Result<PathBuf> {
    process::on_path(&["node"]).ok_or_else(no_node)
}

pub fn npm() -> Result<PathBuf> {
    process::on_path(&["npm"]).ok_or_else(no_node)
}

fn no_node() -> anyhow::Error {
    anyhow!("this needs Node.js 20 or newer (`node` and `npm` on PATH); `cargo xtask serve` does not")
}

/// Finds Chromium and its driver; installs them where that is plainly possible.
pub fn browser() -> Result<Browser> {
    if let Some(browser) = installed_browser() {
        return Ok(browser);
    }
    install_packages("Chromium and its driver", &["chromium", "chromium-driver"])?;
    installed_browser().ok_or_else(|| {
        anyhow!(
            "Chromium and chromedriver are missing; on Debian install the packages chromium and \
             chromium-driver, elsewhere put `chromium` (or `google-chrome`) and `chromedriver` on PATH"
        )
    })
}

/// Finds Firefox in the same way.
pub fn firefox() -> Result<PathBuf> {
    let found = || {
        let named = env::var_os("FIREFOX").map(PathBuf::from).filter(|file| file.is_file());
        named.or_else(|| process::on_path(&["firefox-esr", "firefox"]))
    };
    if let Some(firefox) = found() {
        return Ok(firefox);
    }
    install_packages("Firefox", &["firefox-esr"])?;
    found().ok_or_else(|| {
        anyhow!("Firefox is missing; on Debian install the package firefox-esr, elsewhere put `firefox` on PATH")
    })
}

/// Debian's packages, where they can be installed without asking.
fn install_packages(what: &str, packages: &[&str]) -> Result<()> {
    if process::on_path(&["apt-get"]).is_none() || !is_root()? {
        return Ok(());
    }
    step(&format!("installing {what}"), || {
        process::run(Command::new("apt-get").arg("update"))?;
        let mut apt = Command::new("apt-get");
        apt.args(["install", "--yes"]).args(packages);
        process::run(apt.env("DEBIAN_FRONTEND", "noninteractive"))
    })
}

/// Of the content of a lock file: another content is another installation.
fn mark_of(lock: &Path) -> Result<String> {
    let text = fs::read(lock).with_context(|| format!("cannot read {}", lock.display()))?;
    let mut hasher = DefaultHasher::new();
    hasher.write(&text);
    Ok(format!("{:016x}", hasher.finish()))
}

fn installed_browser() -> Option<Browser> {
    let named = |variable| env::var_os(variable).map(PathBuf::from).filter(|file| file.is_file());
    let chromium = named("CHROMIUM")
        .or_else(|| process::on_path(&["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]))?;
    let driver = named("CHROMEDRIVER").or_else(|| process::on_path(&["chromedriver"]))?;
    Some(Browser { chromium, driver })
}

fn is_root() -> Result<bool> {
    Ok(process::stdout_of(Command::new("id").arg("-u"))?.trim() == "0")
}

/// The version of a package in Cargo.lock.
fn locked_version(workspace: &Workspace, package: &str) -> Result<String> {
    let file = workspace.root.join("Cargo.lock");
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    match version_in(&text, package) {
        Some(version) => Ok(version.to_owned()),
        None => bail!("Cargo.lock has no package {package}"),
    }
}

fn version_in<'t>(lock: &'t str, package: &str) -> Option<&'t str> {
    let (_, entry) = lock.split_once(&format!("name = \"{package}\"\n"))?;
    let (_, rest) = entry.split_once("version = \"")?;
    rest.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::version_in;

    #[test]
    fn the_version_of_exactly_that_package() {
        let lock = "[[package]]\nname = \"wasm-bindgen-macro\"\nversion = \"0.1.0\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\nsource = \"x\"\n";
        assert_eq!(version_in(lock, "wasm-bindgen"), Some("0.2.130"));
        assert_eq!(version_in(lock, "bindgen"), None);
    }
}
