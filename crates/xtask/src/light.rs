//! The published pages load little: what mdBook brings and nobody here needs is left out, and what is needed is made small.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::edition::scripts;
use crate::process;
use crate::progress::step;
use crate::tools::Tools;
use crate::workspace::Workspace;

/// `book/shared/search.js` searches; of elasticlunr only the places remain where mdBook's script looks for it.
const ELASTICLUNR: &str = "window.elasticlunr={Index:{},stemmer:(word)=>word};";
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
            bundle(tools, &workspace.root.join("book/theme/highlight.mjs"), &only(folder, "highlight")?)?;
            fs::write(only(folder, "elasticlunr")?, ELASTICLUNR)?;
            for name in ["book", "searcher", "toc"] {
                let script = only(folder, name)?;
                let mut small = tools.esbuild()?;
                small.arg(&script).args([
                    "--minify-whitespace",
                    "--minify-syntax",
                    "--target=es2022",
                    "--log-level=warning",
                ]);
                process::run(small.arg("--allow-overwrite").arg(format!("--outfile={}", script.display())))?;
            }
        }
        Ok(())
    })
}

fn bundle(tools: &Tools, from: &Path, to: &Path) -> Result<()> {
    let mut bundle = tools.esbuild()?;
    bundle.env("NODE_PATH", tools.highlight_js()?).arg(from);
    bundle.args([
        "--bundle",
        "--minify",
        "--format=iife",
        "--target=es2022",
        "--log-level=warning",
        "--allow-overwrite",
    ]);
    process::run(bundle.arg(format!("--outfile={}", to.display())))
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
