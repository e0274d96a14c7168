//! Copying and linking folders.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// Copies what is in `source` into `target`, except what tools left there.
pub fn copy_tree(source: &Path, target: &Path) -> Result<()> {
    fs::create_dir_all(target).with_context(|| format!("cannot create {}", target.display()))?;
    for entry in fs::read_dir(source).with_context(|| format!("cannot list {}", source.display()))? {
        let entry = entry?;
        let (from, name) = (entry.path(), entry.file_name());
        if name == "node_modules" || name == "__pycache__" {
            continue;
        }
        let to = target.join(name);
        if from.is_dir() {
            copy_tree(&from, &to)?;
        } else {
            fs::copy(&from, &to).with_context(|| format!("cannot copy {}", from.display()))?;
        }
    }
    Ok(())
}

/// Makes `target` the same folder as `source`, instead of whatever was there.
pub fn link(source: &Path, target: &Path) -> Result<()> {
    if target.is_symlink() {
        fs::remove_file(target)?;
    } else if target.exists() {
        fs::remove_dir_all(target)?;
    }
    #[cfg(unix)]
    let linked = std::os::unix::fs::symlink(source, target);
    #[cfg(windows)]
    let linked = std::os::windows::fs::symlink_dir(source, target);
    linked.with_context(|| format!("cannot link {}", target.display()))
}
