//! The folder of scenario files that fences name.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

#[derive(Debug)]
pub struct Library {
    folder: PathBuf,
    /// The folder as the book's settings spell it: what messages show.
    shown: String,
}

impl Library {
    pub fn new(root: &Path, folder: &str) -> Library {
        Library { folder: root.join(folder), shown: folder.trim_end_matches('/').to_owned() }
    }

    pub fn path(&self, name: &str) -> String {
        format!("{}/{name}.toml", self.shown)
    }

    /// Names of all scenarios, sorted; none if the folder cannot be read.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut names: Vec<_> =
            entries.filter_map(|entry| Some(entry.file_name().to_str()?.strip_suffix(".toml")?.to_owned())).collect();
        names.sort();
        names
    }

    /// # Errors
    /// A message and a hint.
    pub fn text(&self, name: &str) -> Result<String, (String, String)> {
        let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        if !plain {
            let hint = format!("use letters, digits, `-` and `_`: the file is {}", self.path("NAME"));
            return Err((format!("`{name}` is not the name of a scenario"), hint));
        }
        fs::read_to_string(self.folder.join(name).with_extension("toml")).map_err(|error| {
            let names = self.names();
            let hint = match nearest(name, &names) {
                Some(near) => format!("did you mean `{near}`?"),
                None if names.is_empty() => format!("there is no scenario in {}", self.shown),
                None => format!("{} has: {}", self.shown, names.join(", ")),
            };
            let message = match error.kind() {
                ErrorKind::NotFound => format!("there is no {}", self.path(name)),
                kind => format!("cannot read {}: {kind}", self.path(name)),
            };
            (message, hint)
        })
    }
}

/// The name that differs least, if it differs by no more than a third of its letters.
fn nearest<'n>(name: &str, names: &'n [String]) -> Option<&'n str> {
    names
        .iter()
        .map(|candidate| (distance(name.as_bytes(), candidate.as_bytes()), candidate))
        .filter(|(edits, candidate)| edits * 3 <= candidate.len())
        .min()
        .map(|(_, candidate)| candidate.as_str())
}

/// Levenshtein's edit distance.
fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let cost = corner + usize::from(x != y);
            corner = row[j + 1];
            row[j + 1] = cost.min(corner + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_offered() {
        let names = ["recycle-above-wait-timeout", "sessions-never-closed"].map(str::to_owned);
        assert_eq!(nearest("session-never-close", &names), Some("sessions-never-closed"));
        assert_eq!(nearest("tornado", &names), None);
        assert_eq!(distance(b"kitten", b"sitting"), 3);
    }
}
