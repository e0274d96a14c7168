//! Which of our packages may depend on which. The table is the architecture; a new edge is a change of this
//! table, seen in review.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::tidy::Finding;
use crate::workspace::{Package, Workspace};

const SIM: &str = "poolscope-sim";
const TIMELINE: &str = "poolscope-timeline";
const EMBED: &str = "poolscope-embed";
const APP: &str = "poolscope-app";

const ALLOWED: &[(&str, &[&str])] = &[
    (SIM, &[]),
    (TIMELINE, &[SIM]),
    (EMBED, &[SIM, TIMELINE]),
    ("mdbook-poolscope", &[EMBED]),
    ("poolscope-cli", &[SIM, TIMELINE, EMBED]),
    (APP, &[SIM, TIMELINE]),
    ("poolscope-headless", &[SIM]),
    ("poolscope-conformance", &[SIM, TIMELINE]),
    ("poolscope-bench", &[SIM]),
    ("poolscope-wasm-tests", &[SIM, TIMELINE, APP]),
    ("xtask", &[]),
];

pub fn check(workspace: &Workspace) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for package in &workspace.packages {
        let manifest = &package.manifest_path;
        let text = fs::read_to_string(manifest).with_context(|| format!("cannot read {}", manifest.display()))?;
        let shown = manifest.strip_prefix(&workspace.root).unwrap_or(manifest);
        for (name, reason, hint) in broken_edges(package, &workspace.root) {
            findings.push(Finding { path: shown.to_path_buf(), line: line_naming(&text, &name), reason, hint });
        }
    }
    Ok(findings)
}

/// The name to look for in the manifest, the reason and the hint, for each edge that must not be.
fn broken_edges(package: &Package, root: &Path) -> Vec<(String, String, &'static str)> {
    let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| *name == package.name) else {
        let reason = format!("the package {} is not in the table of edges", package.name);
        return vec![("name".to_owned(), reason, "add it to ALLOWED in tidy/edges.rs")];
    };
    let tests: PathBuf = root.join("tests");
    let mut broken = Vec::new();
    for dependency in &package.dependencies {
        let Some(path) = &dependency.path else {
            continue;
        };
        let name = &dependency.name;
        if path.starts_with(&tests) {
            let reason = format!("{} depends on {name}, which is a test suite", package.name);
            broken.push((name.clone(), reason, "nothing depends on tests/"));
        } else if !allowed.contains(&name.as_str()) {
            let reason = format!("{} depends on {name}", package.name);
            broken.push((name.clone(), reason, "this edge is not in ALLOWED in tidy/edges.rs"));
        }
    }
    broken
}

fn line_naming(manifest: &str, name: &str) -> usize {
    manifest.lines().position(|line| line.trim_start().starts_with(name)).map_or(1, |index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Dependency;

    fn broken(package: &str, dependencies: &[(&str, Option<&str>)]) -> Vec<String> {
        let package = Package {
            name: package.to_owned(),
            manifest_path: PathBuf::from("/repo/crates/x/Cargo.toml"),
            dependencies: dependencies
                .iter()
                .map(|(name, path)| Dependency { name: (*name).to_owned(), path: path.map(PathBuf::from) })
                .collect(),
        };
        broken_edges(&package, Path::new("/repo")).into_iter().map(|(_, reason, _)| reason).collect()
    }

    #[test]
    fn edges_along_the_pipeline_are_fine() {
        let sim = (SIM, Some("/repo/crates/poolscope-sim"));
        assert!(broken(TIMELINE, &[sim, ("serde", None)]).is_empty());
        assert!(broken("poolscope-cli", &[sim]).is_empty());
    }

    #[test]
    fn edges_against_it_are_found() {
        let timeline = (TIMELINE, Some("/repo/crates/poolscope-timeline"));
        assert_eq!(broken(SIM, &[timeline]), ["poolscope-sim depends on poolscope-timeline"]);
        assert_eq!(broken("xtask", &[timeline]), ["xtask depends on poolscope-timeline"]);
    }

    #[test]
    fn nothing_depends_on_a_test_suite() {
        let suite = ("poolscope-conformance", Some("/repo/tests/conformance"));
        assert_eq!(
            broken("poolscope-cli", &[suite]),
            ["poolscope-cli depends on poolscope-conformance, which is a test suite"]
        );
    }

    #[test]
    fn an_unknown_package_is_found() {
        assert_eq!(broken("poolscope-utils", &[]).len(), 1);
    }

    #[test]
    fn the_line_is_the_one_of_the_dependency() {
        assert_eq!(line_naming("[dependencies]\nserde = \"1\"\nxtask.workspace = true\n", "xtask"), 3);
        assert_eq!(line_naming("", "xtask"), 1);
    }
}
