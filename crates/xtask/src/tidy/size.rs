//! Ratchets on the size of files. They only go down: a file at its limit is a file to split.

use crate::tidy::{Finding, TrackedFile};

const LIB_LINES_MAX: usize = 80;
const RUST_LINES_MAX: usize = 800;
const ELEMENT_LINES_MAX: usize = 250;
const FILE_BYTES_MAX: u64 = 1_000_000;

pub fn check(files: &[TrackedFile]) -> Vec<Finding> {
    files.iter().flat_map(|file| too_long(file).into_iter().chain(too_heavy(file))).collect()
}

fn too_long(file: &TrackedFile) -> Option<Finding> {
    let (max, hint) = if file.path.ends_with("lib.rs") {
        (LIB_LINES_MAX, "lib.rs is a table of contents; move code to modules")
    } else if file.has_extension("rs") {
        (RUST_LINES_MAX, "split it along its nouns")
    } else if file.path.starts_with("web/elements") && file.has_extension("js") {
        (ELEMENT_LINES_MAX, "elements stay thin; meaning belongs to Rust")
    } else {
        return None;
    };
    let lines = file.lines().count();
    (lines > max).then(|| file.finding(max + 1, format!("{lines} lines, the limit is {max}"), hint))
}

fn too_heavy(file: &TrackedFile) -> Option<Finding> {
    (file.bytes > FILE_BYTES_MAX).then(|| {
        let reason = format!("{} bytes, the limit is {FILE_BYTES_MAX}", file.bytes);
        file.finding(1, reason, "generate it, or keep it out of git")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn findings(path: &str, lines: usize, bytes: u64) -> usize {
        let file = TrackedFile { path: PathBuf::from(path), bytes, text: Some("x\n".repeat(lines)) };
        check(&[file]).len()
    }

    #[test]
    fn limits_are_inclusive() {
        for (path, max) in [("crates/a/src/lib.rs", 80), ("crates/a/src/b.rs", 800), ("web/elements/c.js", 250)] {
            assert_eq!(findings(path, max, 0), 0, "{path}");
            assert_eq!(findings(path, max + 1, 0), 1, "{path}");
        }
        assert_eq!(findings("book/en/picture.png", 0, 1_000_000), 0);
        assert_eq!(findings("book/en/picture.png", 0, 1_000_001), 1);
    }

    #[test]
    fn other_files_may_be_long() {
        assert_eq!(findings("tests/e2e/package-lock.json", 5000, 0), 0);
    }
}
