//! From edits of files to the parts of the site that must be built again.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use notify::event::{AccessKind, AccessMode, ModifyKind};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use crate::site::Part;
use crate::workspace::Workspace;

const WATCHED: [&str; 3] = ["book", "web", "crates"];

/// An editor saves in several steps and git touches many files; a rebuild waits for this much silence.
const SILENCE: Duration = Duration::from_millis(80);

#[derive(Debug)]
pub struct Watch {
    root: PathBuf,
    events: Receiver<notify::Result<notify::Event>>,
    /// Watching ends when this is dropped.
    _watcher: RecommendedWatcher,
}

/// What has happened since the last rebuild.
#[derive(Debug)]
pub struct Edits {
    pub parts: BTreeSet<Part>,
    /// One of the edited files, to show.
    pub example: PathBuf,
}

impl Watch {
    pub fn start(workspace: &Workspace) -> Result<Self> {
        let (sender, events) = mpsc::channel();
        let mut watcher = notify::recommended_watcher(move |event| {
            // The receiver is gone only when the process is about to end.
            let _ = sender.send(event);
        })
        .context("cannot watch files")?;
        for folder in WATCHED {
            watcher
                .watch(&workspace.root.join(folder), RecursiveMode::Recursive)
                .with_context(|| format!("cannot watch {folder}"))?;
        }
        Ok(Self { root: workspace.root.clone(), events, _watcher: watcher })
    }

    /// Waits for edits that concern the site.
    pub fn next(&self) -> Result<Edits> {
        let mut edits: Option<Edits> = None;
        loop {
            let event = if edits.is_none() {
                self.events.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                self.events.recv_timeout(SILENCE)
            };
            match event {
                Ok(event) => self.note(event.context("cannot watch files")?, &mut edits),
                Err(RecvTimeoutError::Timeout) => {
                    if let Some(edits) = edits {
                        return Ok(edits);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => bail!("the watching of files has ended"),
            }
        }
    }

    fn note(&self, event: notify::Event, edits: &mut Option<Edits>) {
        if !changes_content(event.kind) {
            return;
        }
        for path in event.paths {
            let Ok(inside) = path.strip_prefix(&self.root) else {
                continue;
            };
            let parts = parts_of(inside);
            if !parts.is_empty() {
                let edits =
                    edits.get_or_insert_with(|| Edits { parts: BTreeSet::new(), example: inside.to_path_buf() });
                edits.parts.extend(parts);
                whole_book_covers_editions(&mut edits.parts);
            }
        }
    }
}

/// Reading a file is an event too, and the build reads all of them.
fn changes_content(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) | EventKind::Modify(ModifyKind::Metadata(_)) => false,
        _ => true,
    }
}

/// The parts that depend on a file, given by its path in the repository.
fn parts_of(file: &Path) -> Vec<Part> {
    let names: Vec<&str> = file
        .components()
        .filter_map(|component| match component {
            Component::Normal(name) => name.to_str(),
            _ => None,
        })
        .collect();
    if names.iter().any(|name| is_noise(name)) {
        return Vec::new();
    }
    let whole_book = Part::Book(None);
    match names.as_slice() {
        // Somebody's plain `mdbook build` writes here.
        ["book", _, "book", ..] => vec![],
        ["book", "shared", ..] => vec![Part::Shared],
        ["book", "scenarios" | "theme", ..] => vec![whole_book],
        ["book", edition, _, ..] => vec![Part::Book(Some((*edition).to_owned()))],
        ["book", ..] => vec![whole_book],
        ["web", "elements", ..] => vec![Part::Elements],
        ["web", "app", ..] => vec![Part::Wasm],
        ["crates", "poolscope-sim" | "poolscope-timeline", inner, ..] if *inner != "tests" => {
            vec![Part::Wasm, Part::Preprocessor, whole_book]
        }
        ["crates", "mdbook-poolscope" | "poolscope-embed", inner, ..] if *inner != "tests" => {
            vec![Part::Preprocessor, whole_book]
        }
        _ => vec![],
    }
}

/// Files that editors and tools leave for a moment.
fn is_noise(name: &str) -> bool {
    name.starts_with('.')
        || name.ends_with('~')
        || name.ends_with(".swp")
        || name.ends_with(".tmp")
        || name == "4913"
        || name == "node_modules"
        || name == "target"
}

fn whole_book_covers_editions(parts: &mut BTreeSet<Part>) {
    if parts.contains(&Part::Book(None)) {
        parts.retain(|part| !matches!(part, Part::Book(Some(_))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(file: &str, expected: &[Part]) {
        assert_eq!(parts_of(Path::new(file)), expected, "{file}");
    }

    #[test]
    fn an_edit_rebuilds_only_what_depends_on_it() {
        let english = Part::Book(Some("en".to_owned()));
        check("book/en/src/intro.md", std::slice::from_ref(&english));
        check("book/en/book.toml", &[english]);
        check("book/scenarios/overflow.toml", &[Part::Book(None)]);
        check("book/theme/head.hbs", &[Part::Book(None)]);
        check("book/shared/search.js", &[Part::Shared]);
        check("web/elements/pool-scope.js", &[Part::Elements]);
        check("web/app/src/lib.rs", &[Part::Wasm]);
        check("crates/mdbook-poolscope/src/main.rs", &[Part::Preprocessor, Part::Book(None)]);
        check("crates/poolscope-sim/src/agenda.rs", &[Part::Wasm, Part::Preprocessor, Part::Book(None)]);
    }

    #[test]
    fn an_edit_that_no_reader_sees_rebuilds_nothing() {
        check("crates/xtask/src/main.rs", &[]);
        check("crates/poolscope-sim/tests/defaults.rs", &[]);
        check("book/en/book/index.html", &[]);
        check("book/en/src/.intro.md.swp", &[]);
        check("web/elements/node_modules/x/index.js", &[]);
    }

    #[test]
    fn one_rebuild_of_the_book_is_enough() {
        let mut parts = BTreeSet::from([Part::Book(Some("en".to_owned())), Part::Book(None), Part::Wasm]);
        whole_book_covers_editions(&mut parts);
        assert_eq!(parts, BTreeSet::from([Part::Wasm, Part::Book(None)]));
    }
}
