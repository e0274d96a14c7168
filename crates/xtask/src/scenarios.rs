//! The scenarios of the book as the widget reads them: `<name>.json`, its run as `<name>.run`, and `index.json` to choose from.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::process;
use crate::progress::step;
use crate::workspace::Workspace;

/// Builds the command and says where it is.
pub fn build_command(workspace: &Workspace) -> Result<PathBuf> {
    step("compiling the command", || {
        process::run(workspace.cargo().args(["build", "--package", "poolscope-cli", "--bin", "poolscope"]))
    })?;
    Ok(workspace.target.join("debug/poolscope").with_extension(std::env::consts::EXE_EXTENSION))
}

/// The scenarios' files, in their order.
pub fn files(workspace: &Workspace) -> Result<Vec<PathBuf>> {
    let source = workspace.root.join("book/scenarios");
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(&source).with_context(|| format!("cannot list {}", source.display()))? {
        files.push(entry?.path());
    }
    files.retain(|file| file.extension().is_some_and(|kind| kind == "toml"));
    files.sort();
    if files.is_empty() {
        bail!("there is no scenario in {}", workspace.shown(&source));
    }
    Ok(files)
}

/// The files of those that other people's pages are for. The book's tasks, other people's questions, and what a chapter of reference shows are
/// the book's own.
pub fn published(workspace: &Workspace) -> Result<Vec<PathBuf>> {
    let mut files = files(workspace)?;
    files.retain(|file| is_published(&file.file_stem().unwrap_or_default().to_string_lossy()));
    Ok(files)
}

/// Of a scenario's name.
pub fn is_published(name: &str) -> bool {
    !name.starts_with("settings") && !name.starts_with("fix-") && !name.starts_with("asked-")
}

pub fn write(workspace: &Workspace, files: &[PathBuf], folder: &Path) -> Result<()> {
    let command = build_command(workspace)?;
    step("writing the scenarios for the widget", || {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        fs::create_dir_all(folder)?;
        let mut index = Vec::new();
        for file in files {
            let name = file.file_stem().unwrap_or_default().to_string_lossy();
            let embed =
                |format| process::stdout_of(Command::new(&command).arg("embed").arg(file).args(["--format", format]));
            let json = embed("json")?;
            fs::write(folder.join(format!("{name}.run")), embed("recording")?)?;
            let scenario: Value = serde_json::from_str(&json)?;
            index.push(json!({ "name": name, "title": scenario["title"], "summary": scenario["summary"] }));
            fs::write(folder.join(format!("{name}.json")), json)?;
        }
        let index = serde_json::to_string_pretty(&index)? + "\n";
        fs::write(folder.join("index.json"), index).with_context(|| format!("cannot write {}", folder.display()))
    })
}

#[cfg(test)]
mod tests {
    use super::is_published;

    #[test]
    fn tasks_stay_with_the_book() {
        assert!(is_published("recycle-above-wait-timeout") && is_published("server-restart"));
        assert!(!is_published("fix-report") && !is_published("settings") && !is_published("asked-sqlalchemy-4907"));
    }
}
