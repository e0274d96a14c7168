//! The rules of the repository that no compiler checks. Each finding is one line `path:line: reason (hint)`;
//! all findings are shown at once.

mod code;
mod edges;
mod editions;
mod elements;
mod purity;
mod size;
mod text;

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::process;
use crate::workspace::Workspace;

/// A place where a rule is broken.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    pub path: PathBuf,
    pub line: usize,
    pub reason: String,
    pub hint: &'static str,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, reason, hint } = self;
        write!(f, "{}:{line}: {reason} ({hint})", path.display())
    }
}

/// A tracked file: its path in the repository, its size, and its text if it is text.
#[derive(Debug)]
pub struct TrackedFile {
    pub path: PathBuf,
    pub bytes: u64,
    pub text: Option<String>,
}

impl TrackedFile {
    fn finding(&self, line: usize, reason: impl Into<String>, hint: &'static str) -> Finding {
        Finding { path: self.path.clone(), line, reason: reason.into(), hint }
    }

    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let text = self.text.as_deref().unwrap_or_default();
        text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    fn has_extension(&self, extension: &str) -> bool {
        self.path.extension().is_some_and(|found| found == extension)
    }
}

pub fn run(workspace: &Workspace) -> Result<ExitCode> {
    Ok(if check(workspace)? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Prints what breaks a rule and says whether nothing does.
pub fn check(workspace: &Workspace) -> Result<bool> {
    let files = tracked_files(workspace)?;
    let mut findings = edges::check(workspace)?;
    findings.extend(purity::check(&files));
    findings.extend(size::check(&files));
    findings.extend(text::check(&workspace.root, &files));
    findings.extend(editions::check(&files)?);
    findings.extend(elements::check(&files)?);
    findings.sort();
    findings.dedup();
    for finding in &findings {
        println!("{finding}");
    }
    let builds_alone = purity::simulator_builds_alone(workspace)?;
    match findings.len() {
        0 => println!("tidy: {} tracked files follow the rules", files.len()),
        1 => println!("tidy: 1 finding"),
        n => println!("tidy: {n} findings"),
    }
    Ok(findings.is_empty() && builds_alone)
}

fn tracked_files(workspace: &Workspace) -> Result<Vec<TrackedFile>> {
    let mut git = Command::new("git");
    git.args(["ls-files", "-z"]).current_dir(&workspace.root);
    let list = process::stdout_of(&mut git).context("tidy asks git for the files that are tracked")?;
    let mut files = Vec::new();
    for name in list.split('\0').filter(|name| !name.is_empty()) {
        let full = workspace.root.join(name);
        // A file that was deleted but not yet committed is still tracked.
        let Ok(found) = fs::symlink_metadata(&full) else {
            continue;
        };
        if !found.is_file() {
            continue;
        }
        let bytes = fs::read(&full).with_context(|| format!("cannot read {name}"))?;
        files.push(TrackedFile {
            path: Path::new(name).to_path_buf(),
            bytes: found.len(),
            text: String::from_utf8(bytes).ok(),
        });
    }
    Ok(files)
}
