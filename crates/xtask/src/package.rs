//! What other people's documentation uses, as their registries take it, in `target/packages`: the npm package and its tarball, and the
//! wheel and the source of the Python package.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::progress::step;
use crate::tools::{self, Tools};
use crate::wasm::{self, Profile};
use crate::workspace::Workspace;
use crate::{elements, files, process, scenarios};

const SCENE_STYLE: &str = "crates/poolscope-timeline/src/poolscope-scene.css";
const HEADLESS: [&str; 2] = ["headless.js", "headless.node.js"];

/// The packages on disk.
#[derive(Debug)]
pub struct Packed {
    /// The unpacked npm package.
    pub npm: PathBuf,
    pub tarball: PathBuf,
    /// Of the Python package, with the widget and the pictures in it. It is pure: the command is installed apart, by whoever needs it.
    pub wheel: PathBuf,
}

pub fn pack(workspace: &Workspace) -> Result<Packed> {
    let tools = Tools::new()?;
    let folder = workspace.target.join("packages");
    let npm = folder.join("npm");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot clear {}", folder.display()))?;
    }
    fs::create_dir_all(&npm)?;
    build(workspace, &tools, &npm)?;
    let tarball = step("packing the npm package", || {
        let mut command = Command::new(tools::npm()?);
        command.args(["pack", "--silent", "--pack-destination"]).arg(&folder).current_dir(&npm);
        let name = process::stdout_of(&mut command)?;
        Ok(folder.join(name.trim()))
    })?;
    fill_preprocessor(workspace, &npm)?;
    let python = folder.join("python");
    fill_python(workspace, &npm, &python)?;
    let wheel = build_wheel(workspace, &tools, &python, &folder)?;
    list(&npm, "")?;
    for packed in [&tarball, &wheel] {
        println!("{:<52} {:>10}", workspace.shown(packed).to_string(), fs::metadata(packed)?.len());
    }
    Ok(Packed { npm, tarball, wheel })
}

const LICENSES: [&str; 2] = ["LICENSE-MIT", "LICENSE-APACHE"];

/// What a page loads for its widgets: to show a run, and to make another one.
const WIDGET: [&str; 6] = [
    "pool-scope.js",
    "poolscope.css",
    "poolscope_app.js",
    "poolscope_app_bg.wasm",
    "poolscope_headless.js",
    "poolscope_headless_bg.wasm",
];

/// What the widget loads when a reader asks for more.
const STUDIO: [&str; 4] = ["studio.js", "sweep.js", "poolscope_studio.js", "poolscope_studio_bg.wasm"];

fn build(workspace: &Workspace, tools: &Tools, npm: &Path) -> Result<()> {
    let source = workspace.root.join("web/elements");
    check_versions(workspace, &source)?;
    wasm::ensure_target(workspace)?;
    wasm::build(workspace, Profile::Web, npm)?;
    wasm::build_studio(workspace, Profile::Web, npm)?;
    wasm::build_headless(workspace, Profile::Web, npm)?;
    wasm::optimise(workspace, tools, npm)?;
    scenarios::write(workspace, &scenarios::published(workspace)?, &npm.join("scenarios"))?;
    elements::copy(workspace, npm)?;
    elements::join(tools, npm)?;
    // The static pictures of a page take their colours from the same file as the place around them.
    let style = npm.join("poolscope.css");
    let scene = fs::read_to_string(workspace.root.join(SCENE_STYLE)).context(SCENE_STYLE)?;
    fs::write(&style, fs::read_to_string(&style)? + &scene)?;
    elements::shrink(tools, npm, &HEADLESS)?;
    for name in ["package.json", "README.md", "custom-elements.json", "index.d.ts", "headless.d.ts"] {
        fs::copy(source.join(name), npm.join(name)).with_context(|| format!("cannot copy {name}"))?;
    }
    for name in LICENSES {
        fs::copy(workspace.root.join(name), npm.join(name)).with_context(|| format!("cannot copy {name}"))?;
    }
    Ok(())
}

/// What `mdbook-poolscope install` writes is part of that crate when it is published.
fn fill_preprocessor(workspace: &Workspace, npm: &Path) -> Result<()> {
    let assets = workspace.root.join("crates/mdbook-poolscope/assets");
    if assets.exists() {
        fs::remove_dir_all(&assets)?;
    }
    fs::create_dir_all(assets.join("scenarios"))?;
    for name in WIDGET.iter().chain(&STUDIO) {
        fs::copy(npm.join(name), assets.join(name)).with_context(|| format!("cannot copy {name}"))?;
    }
    copy_scenarios(workspace, &assets.join("scenarios"))
}

fn copy_scenarios(workspace: &Workspace, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    for file in scenarios::published(workspace)? {
        fs::copy(&file, folder.join(file.file_name().unwrap_or_default()))?;
    }
    Ok(())
}

/// The Python package with what its sites serve, and with the HTML of the scenarios that come along.
fn fill_python(workspace: &Workspace, npm: &Path, folder: &Path) -> Result<()> {
    files::copy_tree(&workspace.root.join("web/poolscope-docs"), folder)?;
    let module = folder.join("src/poolscope_docs");
    let widget = module.join("static/poolscope");
    fs::create_dir_all(&widget)?;
    for name in WIDGET.iter().chain(&["pool-playground.js"]).chain(&STUDIO) {
        fs::copy(npm.join(name), widget.join(name)).with_context(|| format!("cannot copy {name}"))?;
    }
    files::copy_tree(&npm.join("scenarios"), &widget.join("scenarios"))?;
    copy_scenarios(workspace, &module.join("scenarios"))?;
    for name in LICENSES {
        fs::copy(workspace.root.join(name), folder.join(name)).with_context(|| format!("cannot copy {name}"))?;
    }
    let pictures = module.join("pictures");
    fs::create_dir_all(&pictures)?;
    let command = scenarios::build_command(workspace)?;
    step("drawing the pictures of the Python package", || {
        for file in scenarios::published(workspace)? {
            let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            for language in ["en", "zh-CN"] {
                let mut embed = Command::new(&command);
                embed.arg("embed").arg(&file).args(["--lang", language]);
                fs::write(pictures.join(format!("{name}.{language}.html")), process::stdout_of(&mut embed)?)?;
            }
        }
        Ok(())
    })
}

/// Packs the Python package with its own build tool.
fn build_wheel(workspace: &Workspace, tools: &Tools, source: &Path, folder: &Path) -> Result<PathBuf> {
    let python = tools.python("packing", &workspace.root.join("web/poolscope-docs/build-requirements.txt"))?;
    step("building the wheel", || {
        let mut hatchling = Command::new(python);
        hatchling.args(["-m", "hatchling", "build", "-t", "wheel", "-t", "sdist", "-d"]).arg(folder);
        process::stdout_of(hatchling.current_dir(source))?;
        let packed = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
        let wheel =
            packed.iter().map(fs::DirEntry::path).find(|file| file.extension().is_some_and(|kind| kind == "whl"));
        wheel.context("hatchling wrote no wheel")
    })
}

/// The crates that are published, those before that others need.
const CRATES: [&str; 5] =
    ["poolscope-sim", "poolscope-timeline", "poolscope-embed", "poolscope-cli", "mdbook-poolscope"];

/// Packs every crate that is published, as `cargo publish` would; `verify` also compiles what was packed, with everything that it needs.
/// The preprocessor's has the widget in it only after `pack`.
pub fn pack_crates(workspace: &Workspace, verify: bool) -> Result<()> {
    let checked = workspace.target.join("crates");
    step("packing the crates", || {
        let mut cargo = workspace.cargo();
        cargo.args(["package", "--allow-dirty", "--quiet"]);
        if verify {
            forget(&checked)?;
            cargo.arg("--target-dir").arg(&checked);
        } else {
            cargo.arg("--no-verify");
        }
        for name in CRATES {
            cargo.args(["--package", name]);
        }
        process::run(&mut cargo)
    })?;
    for name in CRATES {
        let mut cargo = workspace.cargo();
        let files = process::stdout_of(cargo.args(["package", "--allow-dirty", "--list", "--package", name]))?;
        if !files.lines().any(|file| file == "README.md") {
            bail!("{name} is packed without its README.md");
        }
    }
    Ok(())
}

/// To verify them, cargo unpacks and compiles the crates as if they came from a registry, and does neither again while their version stays
/// the same.
fn forget(compiled: &Path) -> Result<()> {
    if compiled.exists() {
        fs::remove_dir_all(compiled).with_context(|| format!("cannot remove {}", compiled.display()))?;
    }
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")));
    let Some(Ok(registries)) = home.map(|home| fs::read_dir(home.join("registry/src"))) else { return Ok(()) };
    for registry in registries {
        let registry = registry?;
        // A registry without a host: the folder in which cargo puts what it has packed.
        if !registry.file_name().to_string_lossy().starts_with('-') {
            continue;
        }
        for krate in CRATES {
            let unpacked = registry.path().join(format!("{krate}-{}", env!("CARGO_PKG_VERSION")));
            if unpacked.exists() {
                fs::remove_dir_all(&unpacked).with_context(|| format!("cannot remove {}", unpacked.display()))?;
            }
        }
    }
    Ok(())
}

/// One release number everywhere: it decides which of two copies on a page is the newer.
fn check_versions(workspace: &Workspace, source: &Path) -> Result<()> {
    let text = fs::read_to_string(source.join("package.json")).context("package.json")?;
    let manifest: Value = serde_json::from_str(&text).context("package.json")?;
    let version = manifest["version"].as_str().unwrap_or_default();
    let module = fs::read_to_string(source.join("version.js")).context("version.js")?;
    if !module.contains(&format!("version = '{version}'")) {
        bail!("package.json says {version}, version.js something else");
    }
    let python =
        fs::read_to_string(workspace.root.join("web/poolscope-docs/pyproject.toml")).context("pyproject.toml")?;
    if !python.contains(&format!("\nversion = \"{version}\"")) {
        bail!("package.json says {version}, pyproject.toml something else");
    }
    let cargo = fs::read_to_string(workspace.root.join("Cargo.toml")).context("Cargo.toml")?;
    if !cargo.contains(&format!("[workspace.package]\nversion = \"{version}\"")) {
        bail!("package.json says {version}, Cargo.toml something else");
    }
    Ok(())
}

/// What is in a package, with the sizes of its files.
fn list(folder: &Path, under: &str) -> Result<()> {
    let mut entries: Vec<_> = fs::read_dir(folder.join(under))?.collect::<Result<_, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = format!("{under}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            list(folder, &format!("{name}/"))?;
        } else {
            println!("{name:<52} {:>10}", entry.metadata()?.len());
        }
    }
    Ok(())
}
