//! The simulator beside real servers: the same scenario file, run by both, in the server's real time.
//!
//! A case is a scenario with a table `[server_case]`: with which drivers, transports and SQLAlchemy releases it runs, and when
//! somebody looks at the server. MariaDB runs live; what MySQL did is recorded beside the cases and compared in every test run.

mod case;
mod comparison;
mod expected;
mod real;
mod recording;

pub use case::{LIVE, ServerCase, Variant};
pub use comparison::{Difference, TOLERANCE_US};
pub use real::Place;

use crate::{Failure, environment};
use poolscope_sim::scenario::{Driver, Server, SqlAlchemy};
use std::collections::{BTreeMap, BTreeSet};

/// What came of comparing all variants of all cases with one server.
#[derive(Debug, Default)]
pub struct Tally {
    pub cases: usize,
    pub runs: usize,
    pub rows: usize,
    /// Runs that were made again, because they differed at first.
    pub repeated: usize,
    pub differences: usize,
}

/// Rows of one run of the real thing: microseconds, lane, text.
pub type Rows = Vec<(i64, String, String)>;

/// Runs the cases against the live server and compares; `record` keeps what it did instead.
///
/// # Errors
/// The server or the drivers cannot be had, or a case has mistakes.
pub fn live(server: Server, names: &[String], place: &Place, record: bool) -> Result<Tally, Failure> {
    let cases = ServerCase::all(names)?;
    let mut place = place.clone();
    if server.is_mariadb() {
        environment::need_mariadb()?;
    } else if place.root.is_none() && (!environment::has_program("mysqld") || environment::has_program("mariadbd")) {
        // Where MariaDB is, `mysqld` is another name of it.
        place.root = Some(environment::mysql_root()?);
    }
    let variants: Vec<Variant> = cases.iter().flat_map(|case| case.variants(server)).collect();
    if variants.is_empty() {
        return Err(Failure::new(format!("no server case runs on {}", server.name())));
    }
    let mut tally =
        Tally { cases: variants.iter().map(|v| v.case.as_str()).collect::<BTreeSet<_>>().len(), ..Tally::default() };
    let mut recordings: Vec<recording::Section> = Vec::new();
    let mut waiting = variants;
    for at_a_time in AT_A_TIME {
        let mut again = Vec::new();
        for answer in run_versions(server, waiting, &place, at_a_time)? {
            for (variant, rows) in answer.runs {
                if at_a_time != LAST && !expected::compare(&variant, &rows).is_empty() {
                    again.push(variant);
                } else if record {
                    recordings.push(recording::Section::new(&variant, &answer.provenance, rows));
                } else {
                    tally.compare(&variant, &rows);
                }
            }
        }
        tally.repeated += again.len();
        waiting = again;
        if waiting.is_empty() {
            break;
        }
    }
    if record {
        recording::write(server, recordings, names.is_empty())?;
        return replay(server, names);
    }
    Ok(tally)
}

/// How many cases run at the same time: most of each is waiting, but threads of too many wake up late. What differs is repeated in
/// smaller company: a machine that was busy elsewhere is late once, what is really different is so every time.
const AT_A_TIME: [usize; 3] = [20, 6, LAST];
const LAST: usize = 3;

/// The releases run at the same time.
fn run_versions(
    server: Server,
    variants: Vec<Variant>,
    place: &Place,
    at_a_time: usize,
) -> Result<Vec<real::Answer>, Failure> {
    // The C extension of MySQL Connector changes the OpenSSL of its process, and so what other drivers say.
    let mut by_version: BTreeMap<(SqlAlchemy, bool), Vec<Variant>> = BTreeMap::new();
    for variant in variants {
        let extension = variant.scenario.driver == Driver::MysqlConnector;
        by_version.entry((variant.scenario.sqlalchemy, extension)).or_default().push(variant);
    }
    std::thread::scope(|scope| {
        let runs: Vec<_> = by_version
            .into_iter()
            .map(|(version, variants)| scope.spawn(move || real::run(server, version, variants, place, at_a_time)))
            .collect();
        runs.into_iter().map(|run| run.join().unwrap_or_else(|_| Err(Failure::new("a run broke down")))).collect()
    })
}

/// Compares with what the server did when it was recorded.
///
/// # Errors
/// A recording is missing, or a case has mistakes.
pub fn replay(server: Server, names: &[String]) -> Result<Tally, Failure> {
    let cases = ServerCase::all(names)?;
    let mut tally = Tally::default();
    for case in &cases {
        let variants = case.variants(server);
        if variants.is_empty() {
            continue;
        }
        tally.cases += 1;
        let sections = recording::read(server, &case.name)?;
        for variant in variants {
            tally.compare(&variant, sections.get(&variant)?);
        }
    }
    Ok(tally)
}

impl Tally {
    fn compare(&mut self, variant: &Variant, real: &Rows) {
        self.runs += 1;
        self.rows += real.len();
        let differences = expected::compare(variant, real);
        match &variant.known_difference {
            Some(why) if differences.is_empty() => {
                self.differences += 1;
                println!("{}: agrees now; it was said to differ because {why}", variant.label);
            }
            Some(_) => {}
            None => {
                self.differences += usize::from(!differences.is_empty());
                for difference in &differences {
                    println!("{}: {difference}", variant.label);
                }
            }
        }
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Tally { cases, runs, rows, repeated, differences } = self;
        write!(f, "cases={cases} runs={runs} rows={rows} repeated={repeated} differences={differences}")
    }
}
