//! Where things are: the repository, cargo's target directory, the editions of the book.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::process;

#[derive(Debug, Clone)]
pub struct Workspace {
    pub root: PathBuf,
    pub target: PathBuf,
    pub packages: Vec<Package>,
}

/// One of our own packages, as `cargo metadata` describes it.
#[derive(Debug, Clone, Deserialize)]
pub struct Package {
    pub name: String,
    pub manifest_path: PathBuf,
    pub dependencies: Vec<Dependency>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Dependency {
    pub name: String,
    /// Set for the packages of this repository, and only for them.
    pub path: Option<PathBuf>,
}

/// One language of the book: `book/en` is the edition `en`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edition {
    pub name: String,
    pub root: PathBuf,
}

impl Workspace {
    pub fn find() -> Result<Self> {
        #[derive(Deserialize)]
        struct Metadata {
            packages: Vec<Package>,
            target_directory: PathBuf,
            workspace_root: PathBuf,
        }

        let mut command = cargo();
        command.args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(source_root());
        let json = process::stdout_of(&mut command)?;
        let metadata: Metadata = serde_json::from_str(&json).context("cargo metadata printed something unexpected")?;
        Ok(Self { root: metadata.workspace_root, target: metadata.target_directory, packages: metadata.packages })
    }

    /// A cargo command that runs at the root of the workspace.
    pub fn cargo(&self) -> Command {
        let mut command = cargo();
        command.current_dir(&self.root);
        command
    }

    pub fn has_package(&self, name: &str) -> bool {
        self.packages.iter().any(|package| package.name == name)
    }

    /// The editions in `book/`, that is the folders with a `book.toml`, English first.
    pub fn editions(&self) -> Result<Vec<Edition>> {
        let books = self.root.join("book");
        let mut editions = Vec::new();
        for entry in fs::read_dir(&books).with_context(|| format!("cannot list {}", books.display()))? {
            let root = entry?.path();
            if root.join("book.toml").is_file()
                && let Some(name) = root.file_name()
            {
                let name = name.to_string_lossy().into_owned();
                editions.push(Edition { name, root });
            }
        }
        if editions.is_empty() {
            bail!("no edition of the book: {}/*/book.toml is missing", books.display());
        }
        editions.sort_by_key(|edition| (edition.name != "en", edition.name.clone()));
        Ok(editions)
    }

    /// A path as a reader of the terminal knows it: relative to the repository when it is inside.
    pub fn shown<'a>(&self, path: &'a Path) -> std::path::Display<'a> {
        path.strip_prefix(&self.root).unwrap_or(path).display()
    }
}

fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// The folder of this crate as cargo says it at run time, since the repository may have moved since the build.
fn source_root() -> PathBuf {
    env::var_os("CARGO_MANIFEST_DIR")
        .map(PathBuf::from)
        .filter(|path| path.is_dir())
        .unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")))
}
