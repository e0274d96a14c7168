//! What texts may say: paths that exist, and nothing about the machine they were written on.

use std::path::{Path, PathBuf};

use crate::tidy::{Finding, TrackedFile};

/// The pages that name paths of the repository.
const MAPS: [&str; 4] = ["README.md", "README.zh-CN.md", "CONTRIBUTING.md", "crates/README.md"];

/// Beginnings of absolute paths on somebody's machine. They are put together here so that this file does not
/// break its own rule.
const MACHINE_PATHS: [&str; 2] = [concat!("/", "work/"), concat!("/", "root/")];
const MACHINE_FOLDERS: [&str; 2] = [concat!(".", "library/"), concat!(".", "mirror/")];

pub fn check(root: &Path, files: &[TrackedFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        if MAPS.iter().any(|map| file.path == Path::new(map)) {
            findings.extend(missing_paths(file, |path| root.join(path).exists()));
        }
        findings.extend(machine_paths(file));
        findings.extend(resolved_urls(file));
    }
    findings
}

fn missing_paths(file: &TrackedFile, exists: impl Fn(&Path) -> bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut in_fence = false;
    let folder = file.path.parent().unwrap_or(Path::new(""));
    for (line, text) in file.lines() {
        if text.trim_start().starts_with("```") {
            in_fence = !in_fence;
        }
        if in_fence {
            continue;
        }
        for quoted in text.split('`').skip(1).step_by(2) {
            let Some(path) = repository_path(quoted) else {
                continue;
            };
            if !exists(&path) && !exists(&folder.join(&path)) {
                findings.push(file.finding(line, format!("`{quoted}` does not exist"), "name a path that does"));
            }
        }
    }
    findings
}

/// The path that a quoted word names, if it looks like one of ours; of a pattern, the folder before it.
fn repository_path(quoted: &str) -> Option<PathBuf> {
    const FOLDERS: [&str; 7] = ["crates", "web", "book", "tests", ".ci", ".github", ".cargo"];
    const FILES: [&str; 6] = [".rs", ".md", ".toml", ".js", ".yml", ".hbs"];
    let (first, rest) = quoted.split_once('/')?;
    let is_plain = |c: char| c.is_alphanumeric() || "._-/*{},:".contains(c);
    let is_ours = FOLDERS.contains(&first) || FILES.iter().any(|end| quoted.ends_with(end));
    if first.is_empty() || rest.starts_with('/') || !quoted.chars().all(is_plain) || !is_ours {
        return None;
    }
    // `path:line` is how compilers say it.
    let path = quoted.split(':').next()?;
    Some(
        Path::new(path)
            .components()
            .take_while(|component| !component.as_os_str().to_string_lossy().contains(['*', '{']))
            .collect(),
    )
}

fn machine_paths(file: &TrackedFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (line, text) in file.lines() {
        let absolute = MACHINE_PATHS.iter().find(|path| {
            // Inside an address or a longer path the same letters are something else.
            text.match_indices(**path)
                .any(|(at, _)| !text[..at].ends_with(|c: char| c.is_alphanumeric() || "_-.~/$}".contains(c)))
        });
        let folder = MACHINE_FOLDERS.iter().find(|folder| text.contains(**folder));
        if let Some(path) = absolute.or(folder) {
            let reason = format!("`{path}` is a path of one machine");
            findings.push(file.finding(line, reason, "name a path in the repository"));
        }
    }
    findings
}

/// npm writes the address of whatever registry was configured into its lock file.
fn resolved_urls(file: &TrackedFile) -> Option<Finding> {
    if !file.path.ends_with("package-lock.json") {
        return None;
    }
    let (line, _) = file.lines().find(|(_, text)| text.trim_start().starts_with("\"resolved\": \"http"))?;
    let hint = "npm install --package-lock-only --omit-lockfile-registry-resolved";
    Some(file.finding(line, "the lock file names a registry", hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> TrackedFile {
        TrackedFile { path: PathBuf::from(path), bytes: 0, text: Some(text.to_owned()) }
    }

    fn missing(text: &str) -> Vec<String> {
        let known = ["crates/poolscope-sim/src", "crates/poolscope-sim/src/lib.rs", "web/elements"];
        missing_paths(&file("crates/README.md", text), |path| known.iter().any(|known| path == Path::new(known)))
            .into_iter()
            .map(|finding| format!("{}: {}", finding.line, finding.reason))
            .collect()
    }

    #[test]
    fn paths_in_backticks_must_exist() {
        let text = "See `crates/poolscope-sim/src/lib.rs:12` and `poolscope-sim/src/lib.rs`,\n\
                    `web/elements/*.js`, then `crates/gone/` and `poolscope-sim/src/gone.rs`.";
        assert_eq!(
            missing(text),
            ["2: `crates/gone/` does not exist", "2: `poolscope-sim/src/gone.rs` does not exist"]
        );
    }

    #[test]
    fn other_words_with_slashes_are_not_paths() {
        let text = "`text/html`, `read/write`, `https://example.org/a.md`, `a b/c.rs`, `/etc/my.cnf`, `<site>/en/`\n\
                    ```\n`crates/in-a-fence`\n```";
        assert_eq!(missing(text), Vec::<String>::new());
    }

    #[test]
    fn machine_paths_are_found() {
        for text in ["cd /wo*rk/main", "\"/ro*ot/.cargo\"", "see .libr*ary/x"] {
            assert_eq!(machine_paths(&file("x.md", &text.replace('*', ""))).len(), 1, "{text}");
        }
    }

    #[test]
    fn the_same_letters_elsewhere_are_fine() {
        for text in ["https://example.org/wo*rk/", "src/wo*rk/main", "$HOME/wo*rk/x", "../ro*ot/x", "~/wo*rk/x"] {
            assert!(machine_paths(&file("x.md", &text.replace('*', ""))).is_empty(), "{text}");
        }
    }

    #[test]
    fn a_lock_file_names_no_registry() {
        let text = "{\n  \"resolved\": \"https://registry.example/a.tgz\",\n}";
        assert!(resolved_urls(&file("tests/e2e/package-lock.json", text)).is_some());
        assert!(resolved_urls(&file("tests/e2e/package.json", text)).is_none());
    }
}
