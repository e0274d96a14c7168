//! An edition of the book, through mdBook's own library and our preprocessor as an external command.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use mdbook_driver::MDBook;
use mdbook_driver::config::Config;

use crate::edition;
use crate::process;
use crate::progress::step;
use crate::workspace::{Edition, Workspace};

const PREPROCESSOR: &str = "mdbook-poolscope";

/// Builds the preprocessor and says where it is.
pub fn build_preprocessor(workspace: &Workspace) -> Result<PathBuf> {
    step("compiling the book's preprocessor", || {
        let mut cargo = workspace.cargo();
        cargo.args(["build", "--package", PREPROCESSOR, "--bin", PREPROCESSOR]);
        process::run(&mut cargo)
    })?;
    let binary = workspace.target.join("debug").join(PREPROCESSOR).with_extension(std::env::consts::EXE_EXTENSION);
    if !binary.is_file() {
        bail!("{} was not built", workspace.shown(&binary));
    }
    Ok(binary)
}

/// Renders an edition into `folder`, which keeps its former content when anything fails.
pub fn build(edition: &Edition, editions: &[Edition], preprocessor: &Path, folder: &Path) -> Result<()> {
    step(&format!("building the book ({})", edition.name), || {
        let fresh = sibling(folder, "new");
        remove(&fresh)?;
        render(&edition.root, preprocessor, &fresh)?;
        edition::finish(edition, editions, &fresh)
            .with_context(|| format!("cannot finish the edition {}", edition.name))?;
        replace(folder, &fresh)
    })
}

/// Renders any book into `folder`.
pub fn render(root: &Path, preprocessor: &Path, folder: &Path) -> Result<()> {
    let file = root.join("book.toml");
    let mut config = Config::from_disk(&file).with_context(|| format!("cannot read {}", file.display()))?;
    config.build.build_dir = folder.to_path_buf();
    config.set("preprocessor.poolscope.command", quoted(preprocessor)?)?;
    let book = MDBook::load_with_config(root, config)
        .with_context(|| format!("cannot load the book in {}", root.display()))?;
    book.build().with_context(|| format!("cannot build the book in {}", root.display()))
}

/// Swaps folders by renaming, so that a reader never meets a half-written book.
fn replace(folder: &Path, fresh: &Path) -> Result<()> {
    let old = sibling(folder, "old");
    remove(&old)?;
    if folder.exists() {
        fs::rename(folder, &old).with_context(|| format!("cannot move {}", folder.display()))?;
    }
    fs::rename(fresh, folder).with_context(|| format!("cannot move {}", fresh.display()))?;
    remove(&old)
}

/// A hidden folder beside `folder`: renaming works only within one file system.
fn sibling(folder: &Path, suffix: &str) -> PathBuf {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    folder.with_file_name(format!(".{name}.{suffix}"))
}

fn remove(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(())
}

/// mdBook splits the command as a shell would; a path may hold blanks or, on Windows, backslashes.
fn quoted(path: &Path) -> Result<String> {
    let path = path.to_str().ok_or_else(|| anyhow!("{} is not UTF-8", path.display()))?;
    Ok(format!("'{}'", path.replace('\'', r"'\''")))
}
