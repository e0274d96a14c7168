//! The named cases of the conformance suite, as pages of the book link to them: the scenario, and what the real SQLAlchemy did.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::workspace::Workspace;

/// Cases with a model of the driver and the server, whose recording lies beside them.
const MODELLED: &str = "tests/conformance/cases";
/// Cases with a real server; recordings are kept of those that not everybody can run, in a folder for each server.
const REAL: &str = "tests/conformance/server-cases";

/// Writes `<name>.txt` for each case.
pub fn write(workspace: &Workspace, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    // Where both have one of a name, the first says what is compared.
    for source in [REAL, MODELLED].map(|source| workspace.root.join(source)) {
        let entries = entries(&source)?;
        let cases: Vec<&PathBuf> =
            entries.iter().filter(|file| file.extension().is_some_and(|kind| kind == "toml")).collect();
        if cases.is_empty() {
            bail!("there is no case in {}", workspace.shown(&source));
        }
        for case in cases {
            let name = case.file_stem().unwrap_or_default().to_string_lossy();
            let mut text = read(case)?;
            for recording in std::iter::once(&source).chain(&entries).map(|place| place.join(format!("{name}.rows"))) {
                if recording.is_file() {
                    text += &format!("\n{}", read(&recording)?);
                }
            }
            fs::write(folder.join(format!("{name}.txt")), text)?;
        }
    }
    Ok(())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}
