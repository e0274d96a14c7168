//! The published pages load little: what mdBook brings and nobody here needs is left out, and what is needed is made small.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::edition::scripts;
use crate::process;
use crate::progress::step;
use crate::tools::{self, Tools};
use crate::workspace::Workspace;

/// `book/shared/search.js` searches; of elasticlunr only the places remain where mdBook's script looks for it.
const ELASTICLUNR: &str = "window.elasticlunr={Index:{},stemmer:(word)=>word};";
/// `highlight.mjs` has coloured the code; mdBook's script asks all the same.
const HIGHLIGHT: &str = "window.hljs={configure(){},highlightBlock(){}};";
/// What takes the place of mdBook's scripts.
const LIGHT: &str = "book/theme/light";
const SHARED: &str = "book.js";

/// Makes the scripts of the pages small, in each of the folders of editions.
pub fn lighten(tools: &Tools, workspace: &Workspace, shared: &Path, editions: &[impl AsRef<Path>]) -> Result<()> {
    step("making the scripts of the pages small with esbuild", || {
        bundle(tools, &shared.join(SHARED), &shared.join(SHARED))?;
        for entry in fs::read_dir(shared)? {
            let file = entry?.path();
            if !file.ends_with(SHARED) {
                fs::remove_file(&file)?;
            }
        }
        for folder in editions.iter().map(AsRef::as_ref) {
            highlight(tools, &workspace.root.join(LIGHT).join("highlight.mjs"), folder)?;
            fs::write(only(folder, "highlight")?, HIGHLIGHT)?;
            fs::write(only(folder, "elasticlunr")?, ELASTICLUNR)?;
            for name in ["clipboard", "mark"] {
                bundle(tools, &workspace.root.join(LIGHT).join(name).with_extension("js"), &only(folder, name)?)?;
            }
            for name in ["book", "searcher", "toc"] {
                // Names at the top of a script are those of the whole page: esbuild leaves them alone.
                shrink(tools, &only(folder, name)?)?;
            }
            for sheet in style_sheets(folder)? {
                shrink(tools, &sheet)?;
            }
        }
        Ok(())
    })
}

/// The style sheets of an edition: mdBook's own, which are written for people.
fn style_sheets(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for folder in [folder.to_path_buf(), folder.join("css"), folder.join("fonts")] {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|kind| kind == "css") {
                found.push(path);
            }
        }
    }
    Ok(found)
}

/// Makes one file small, without looking at others that it names.
fn shrink(tools: &Tools, file: &Path) -> Result<()> {
    let mut small = tools.esbuild()?;
    small.arg(file).args(["--minify", "--charset=utf8", "--log-level=warning", "--allow-overwrite"]);
    process::run(small.arg(format!("--outfile={}", file.display())))
}

fn bundle(tools: &Tools, from: &Path, to: &Path) -> Result<()> {
    let mut bundle = tools.esbuild()?;
    bundle.arg(from).args([
        "--bundle",
        "--minify",
        "--format=iife",
        "--target=es2022",
        "--log-level=warning",
        "--allow-overwrite",
    ]);
    process::run(bundle.arg(format!("--outfile={}", to.display())))
}

/// Colours the code of all pages in a folder.
fn highlight(tools: &Tools, script: &Path, folder: &Path) -> Result<()> {
    let mut node = Command::new(tools::node()?);
    node.env("NODE_PATH", tools.highlight_js()?).arg(script);
    for entry in fs::read_dir(folder)? {
        let page = entry?.path();
        if page.extension().is_some_and(|kind| kind == "html") {
            node.arg(page);
        }
    }
    process::run(&mut node)
}

/// A script of mdBook, which has a hash in its name.
fn only(folder: &Path, name: &str) -> Result<PathBuf> {
    let found = scripts(folder, name)?;
    match found.as_slice() {
        [script] => Ok(script.clone()),
        _ => bail!(
            "{} scripts named {name} in {}, not one: mdBook writes others than it used to",
            found.len(),
            folder.display()
        ),
    }
}
