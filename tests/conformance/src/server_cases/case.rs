//! The cases: scenario files with a table that says what to run them with.

use super::TOLERANCE_US;
use crate::variations::read;
use crate::{Failure, environment};
use poolscope_sim::scenario::{Driver, Server, SqlAlchemy, Transport, Value};
use poolscope_sim::time::SimTime;
use poolscope_sim::{Document, Scenario};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// The table `[server_case]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(default = "every_server")]
    servers: Vec<String>,
    #[serde(default = "newest")]
    sqlalchemy: Vec<String>,
    drivers: Vec<String>,
    #[serde(default = "tcp")]
    transports: Vec<String>,
    /// When to look at the processlist (and, alone, at the status counters), in milliseconds.
    #[serde(default)]
    look_ms: Vec<u32>,
    /// On a server of its own, whose status counters are compared too.
    #[serde(default)]
    alone: bool,
    /// Instead of the 450 ms for every case, with the reason in a comment.
    tolerance_ms: Option<u32>,
    known_difference: Option<String>,
}

fn every_server() -> Vec<String> {
    LIVE.iter().map(|server| server.name().to_owned()).collect()
}
fn newest() -> Vec<String> {
    vec!["2.1".to_owned()]
}
fn tcp() -> Vec<String> {
    vec!["tcp".to_owned()]
}

/// The servers that cases are compared with.
pub const LIVE: [Server; 2] = [Server::MariaDb1011, Server::MySql97];

#[derive(Debug)]
pub struct ServerCase {
    pub name: String,
    scenario: Scenario,
    table: Table,
}

/// One case with one server, driver, transport and SQLAlchemy.
#[derive(Debug)]
pub struct Variant {
    /// The name of the case and what it runs with.
    pub label: String,
    pub case: String,
    pub scenario: Scenario,
    pub looks: Vec<SimTime>,
    pub alone: bool,
    pub tolerance_us: i64,
    pub known_difference: Option<String>,
}

impl ServerCase {
    /// The cases, by name; all of them if none is named.
    ///
    /// # Errors
    /// One of them cannot be loaded.
    pub fn all(names: &[String]) -> Result<Vec<ServerCase>, Failure> {
        let directory = directory();
        let entries = std::fs::read_dir(&directory).map_err(|why| Failure::because(directory.display(), why))?;
        let mut paths: Vec<PathBuf> = entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|p| p.extension().is_some_and(|e| e == "toml"))
            .collect();
        paths.sort();
        let stem = |path: &Path| path.file_stem().map_or_else(String::new, |s| s.to_string_lossy().into_owned());
        if let Some(missing) = names.iter().find(|name| !paths.iter().any(|path| stem(path) == **name)) {
            return Err(Failure::new(format!("there is no server case `{missing}`")));
        }
        paths.retain(|path| names.is_empty() || names.contains(&stem(path)));
        paths.iter().map(|path| ServerCase::load(path, &stem(path))).collect()
    }

    fn load(path: &Path, name: &str) -> Result<ServerCase, Failure> {
        #[derive(Deserialize)]
        struct File {
            server_case: Table,
        }
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|why| Failure::because(&shown, why))?;
        let file: File = toml::from_str(&text).map_err(|why| Failure::because(&shown, why))?;
        let mut document = Document::from_toml(&text).map_err(|d| Failure::of_scenario(&shown, &d))?;
        if let Value::Table(entries) = &mut document.root.value {
            entries.retain(|(key, _)| key != "server_case");
        }
        Ok(ServerCase { name: name.to_owned(), scenario: read(&document, name)?, table: file.server_case })
    }

    /// Everything that this case runs with on one server. Names that do not exist give no variant, but a failure when it runs.
    pub fn variants(&self, server: Server) -> Vec<Variant> {
        let table = &self.table;
        let mut variants = Vec::new();
        if !table.servers.iter().any(|name| name == server.name()) {
            return variants;
        }
        for sqlalchemy in named(SqlAlchemy::ALL, |v| v.name(), &table.sqlalchemy) {
            // An older SQLAlchemy runs with the first driver and transport only: what these say does not depend on it.
            let all = sqlalchemy == SqlAlchemy::V2_1;
            let kinds = if all { usize::MAX } else { 1 };
            for driver in named(Driver::ALL, |d| d.name(), &table.drivers).into_iter().take(kinds) {
                for transport in named(Transport::ALL, |t| t.name(), &table.transports).into_iter().take(kinds) {
                    let mut scenario = self.scenario.clone();
                    (scenario.server, scenario.sqlalchemy) = (server, sqlalchemy);
                    (scenario.driver, scenario.transport) = (driver, transport);
                    variants.push(Variant {
                        label: [&self.name, sqlalchemy.name(), driver.name(), transport.name()].join(" "),
                        case: self.name.clone(),
                        scenario,
                        looks: table.look_ms.iter().map(|ms| SimTime(u64::from(*ms) * 1000)).collect(),
                        alone: table.alone,
                        tolerance_us: table.tolerance_ms.map_or(TOLERANCE_US, |ms| i64::from(ms) * 1000),
                        known_difference: table.known_difference.clone(),
                    });
                }
            }
        }
        variants
    }
}

fn named<T: Copy>(all: &[T], name: impl Fn(T) -> &'static str, wanted: &[String]) -> Vec<T> {
    all.iter().copied().filter(|one| wanted.iter().any(|w| w == name(*one))).collect()
}

pub fn directory() -> PathBuf {
    environment::package().join("server-cases")
}
