//! web/elements: modules that browsers run as they are written, and their small form for publication.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::process;
use crate::progress::step;
use crate::tools::Tools;
use crate::workspace::Workspace;

/// What pages load by name; every other module is part of one of these.
const ENTRIES: [&str; 5] = ["pool-scope.js", "pool-playground.js", "embed.js", "studio.js", "sweep.js"];
const GLUES: [&str; 3] = ["poolscope_app.js", "poolscope_studio.js", "poolscope_headless.js"];
const STYLE: &str = "poolscope.css";
/// A classic script with everything inside.
pub const SINGLE: &str = "poolscope.single.js";
const VIEW: &str = "poolscope_app_bg.wasm";
const SIMULATOR: &str = "poolscope_headless_bg.wasm";

/// Copies the modules and pages as they are written.
pub fn copy(workspace: &Workspace, folder: &Path) -> Result<()> {
    copy_modules(workspace, "web/elements", folder)
}

/// What browsers load of a folder of the repository.
pub fn copy_modules(workspace: &Workspace, from: &str, folder: &Path) -> Result<()> {
    let source = workspace.root.join(from);
    step(&format!("copying {from}"), || {
        fs::create_dir_all(folder)?;
        let mut modules = 0;
        for entry in fs::read_dir(&source)? {
            let file = entry?.path();
            let kind = file.extension().unwrap_or_default();
            if ["js", "css", "html"].iter().any(|wanted| kind == *wanted) {
                fs::copy(&file, folder.join(file.file_name().unwrap_or_default()))?;
                modules += usize::from(kind == "js");
            }
        }
        if modules == 0 {
            bail!("there is no .js file in it");
        }
        Ok(())
    })
    .with_context(|| format!("cannot copy {}", workspace.shown(&source)))
}

/// Writes one classic script with both elements, the module of `folder` and its scenarios inside: it works from `file://`.
pub fn join(tools: &Tools, folder: &Path) -> Result<()> {
    step("joining everything into one file with esbuild", || {
        let joined = folder.join(".single");
        fs::create_dir_all(&joined)?;
        for entry in fs::read_dir(folder)? {
            let file = entry?.path();
            if file.extension().is_some_and(|kind| kind == "js") {
                fs::copy(&file, joined.join(file.file_name().unwrap_or_default()))?;
            }
        }
        fs::write(joined.join("assets.js"), assets_inside(folder)?)?;
        fs::write(joined.join("all.js"), "import './pool-scope.js';\nimport './pool-playground.js';\n")?;
        let mut bundle = tools.esbuild()?;
        bundle.args(["all.js", "--bundle", "--minify", "--format=iife", "--target=es2022", "--log-level=warning"]);
        // One file holds the small module only.
        bundle.args(["--external:./studio.js", "--external:./poolscope_studio.js"]);
        process::run(bundle.arg(format!("--outfile=../{SINGLE}")).current_dir(&joined))?;
        fs::remove_dir_all(&joined).with_context(|| format!("cannot remove {}", joined.display()))
    })
}

/// What `assets.js` gives, without anything to fetch.
fn assets_inside(folder: &Path) -> Result<String> {
    let module = |name| -> Result<String> { Ok(BASE64.encode(fs::read(folder.join(name))?)) };
    let (view, simulator) = (module(VIEW)?, module(SIMULATOR)?);
    let mut scenarios = BTreeMap::new();
    for entry in fs::read_dir(folder.join("scenarios"))? {
        let file = entry?.path();
        if file.extension().is_none_or(|kind| kind != "json") {
            continue;
        }
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        scenarios.insert(name, fs::read_to_string(&file)?.trim_end().to_owned());
    }
    let scenarios = serde_json::to_string(&scenarios)?;
    Ok(format!(
        "export const base = document.currentScript?.src || document.baseURI;\n\
         export const studio = undefined;\n\
         const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));\n\
         export const wasm = async () => bytes(\"{view}\");\n\
         export const simulator = async () => bytes(\"{simulator}\");\n\
         const texts = {scenarios};\n\
         export const scenario = async (name) => name in texts ? new Response(texts[name]) : new Response('', {{ status: 404 }});\n\
         export const run = async () => new Response('', {{ status: 404 }});\n\
         export const index = async () => JSON.parse(texts.index);\n"
    ))
}

/// Makes few small files of the many modules in `folder`.
pub fn shrink(tools: &Tools, folder: &Path, more: &[&str]) -> Result<()> {
    step("shrinking the elements with esbuild", || {
        let small = folder.join(".small");
        let mut bundle = tools.esbuild()?;
        bundle.args(ENTRIES).args(more).args([
            "--bundle",
            "--minify",
            "--format=esm",
            "--target=es2022",
            "--log-level=warning",
        ]);
        // Playground and iframe page use the element as everybody does.
        bundle.args(GLUES.map(|glue| format!("--external:./{glue}")));
        // The studio is loaded when it is asked for.
        bundle.args(["--external:./pool-scope.js", "--external:./studio.js", "--external:node:*"]);
        process::run(bundle.arg("--outdir=.small").current_dir(folder))?;
        let mut glue = tools.esbuild()?;
        glue.args(GLUES).arg(STYLE).args(["--minify", "--format=esm", "--target=es2022", "--log-level=warning"]);
        process::run(glue.arg("--outdir=.small").current_dir(folder))?;
        let kept = [folder.join(SINGLE)];
        for entry in fs::read_dir(folder)? {
            let file = entry?.path();
            if file.extension().is_some_and(|kind| kind == "js") && !kept.contains(&file) {
                fs::remove_file(&file)?;
            }
        }
        for name in ENTRIES.iter().chain(&GLUES).chain(&[STYLE]).chain(more) {
            fs::rename(small.join(name), folder.join(name)).with_context(|| format!("esbuild wrote no {name}"))?;
        }
        fs::remove_dir_all(&small).with_context(|| format!("cannot remove {}", small.display()))
    })
}
