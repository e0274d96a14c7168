//! Named cases whose real rows are kept beside them, so that they are checked without Python.

use crate::compare::Comparison;
use crate::oracle::Oracle;
use crate::rows::rows;
use crate::variations::read;
use crate::{Failure, environment};
use poolscope_sim::{Document, Scenario, simulate};
use std::path::{Path, PathBuf};

#[derive(Debug)]
pub struct Case {
    pub path: PathBuf,
    pub scenario: Scenario,
    /// Why the simulator deliberately does something else (`known_difference = "…"` in the file).
    pub known_difference: Option<String>,
}

impl Case {
    /// # Errors
    /// The file cannot be read or has mistakes.
    pub fn load(path: &Path) -> Result<Case, Failure> {
        let text = std::fs::read_to_string(path).map_err(|why| Failure::because(path.display(), why))?;
        let name = path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        // No key of a scenario: the reader does not see its line.
        let known_difference = text.lines().find_map(|line| line.strip_prefix("known_difference = "));
        let known_difference = known_difference.map(|why| why.trim_matches('"').to_owned());
        let text = text.replace("\nknown_difference = ", "\n# known_difference = ");
        let document = Document::from_toml(&text).map_err(|d| Failure::of_scenario(&path.display().to_string(), &d))?;
        Ok(Case { path: path.to_owned(), scenario: read(&document, &name)?, known_difference })
    }

    /// All cases, by name.
    ///
    /// # Errors
    /// One of them cannot be loaded.
    pub fn all() -> Result<Vec<Case>, Failure> {
        let directory = environment::package().join("cases");
        let entries = std::fs::read_dir(&directory).map_err(|why| Failure::because(directory.display(), why))?;
        let mut paths: Vec<PathBuf> = entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|p| p.extension().is_some_and(|e| e == "toml"))
            .collect();
        paths.sort();
        paths.iter().map(|path| Case::load(path)).collect()
    }

    fn recording(&self) -> PathBuf {
        self.path.with_extension("rows")
    }

    /// The simulator against the recorded rows.
    ///
    /// # Errors
    /// There is no recording.
    pub fn check(&self) -> Result<Comparison, Failure> {
        let path = self.recording();
        let text = std::fs::read_to_string(&path)
            .map_err(|why| Failure::because(format!("{} (make it with `record`)", path.display()), why))?;
        let real = text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect();
        let mut simulated = rows(&simulate(&self.scenario));
        if text.lines().next().is_some_and(|header| header.ends_with("harness=1")) {
            simulated.retain(|row| !is_of_pool_log(row));
        }
        Ok(Comparison { real, simulated })
    }

    /// What is wrong with the case, if anything: it differs, or it agrees although a difference is said to be known.
    ///
    /// # Errors
    /// There is no recording.
    pub fn complaint(&self) -> Result<Option<String>, Failure> {
        let comparison = self.check()?;
        let path = self.path.display();
        Ok(match (comparison.difference(), &self.known_difference) {
            (Some(_), Some(_)) | (None, None) => None,
            (Some(_), None) => Some(format!("{path}:\n{}", comparison.around_difference())),
            (None, Some(why)) => Some(format!("{path}: agrees now; `known_difference` ({why}) must go")),
        })
    }

    /// Writes what the real SQLAlchemy does; true if that is news.
    ///
    /// # Errors
    /// The real run could not be made, or the file not written.
    pub fn record(&self, oracle: &mut Oracle) -> Result<bool, Failure> {
        let rows = oracle.rows(&self.scenario)?.join("\n");
        let text = format!("# {}\n{rows}\n", oracle.provenance);
        let path = self.recording();
        if std::fs::read_to_string(&path).is_ok_and(|before| before == text) {
            return Ok(false);
        }
        std::fs::write(&path, text).map_err(|why| Failure::because(path.display(), why))?;
        Ok(true)
    }
}

/// The first harness did not print what the pool logs.
fn is_of_pool_log(row: &str) -> bool {
    row.contains(" log level=") && !row.contains(" logger=")
}
