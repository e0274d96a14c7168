//! The commands: `run` (against the real SQLAlchemy), `check` (against recordings), `record`.

use crate::compare::{Comparison, compare};
use crate::oracle::Oracle;
use crate::recording::Case;
use crate::server_cases::{self, Place};
use crate::shrink::{shrink, with_explicit_arrivals};
use crate::variations::{read, variations};
use crate::{Failure, environment, small_worlds, workload};
use poolscope_sim::scenario::{KnobValue, PoolClass, SqlAlchemy};
use poolscope_sim::{Document, Scenario};
use serde_json::Value;

const HELP: &str = "\
poolscope-conformance: the simulator beside the real SQLAlchemy, row by row

  run [--sqlalchemy 2.1,2.0,1.4,1.3,1.2,1.1|all] [--cases N] [--first N] [--seed S] [--poolclass NAME] [FILE…]
      runs scenario files with all their knob choices, and N random workloads of a seed, through both
  small [--sqlalchemy …] [--all]
      runs every order of the operations of two and three threads on small pools; --all: of three threads on each of them
  rows FILE          prints the real rows of one scenario file
  check              compares the simulator with the recorded cases; needs no Python
  record             runs the cases against the real SQLAlchemy again and rewrites their recordings

  server NAME [--root DIR] [--record] [CASE…]
      runs tests/conformance/server-cases with a real server (mariadb, mysql), SQLAlchemy and drivers, and compares;
      DIR is a file system to run the server in; --record keeps what the server did
  replay NAME [CASE…]
      compares with what that server did when it was recorded; needs neither server nor Python

The first `run` installs SQLAlchemy into ~/.cache/poolscope; PYTHON names another interpreter than python3.";

/// Divergences that are shown in full; after that they are only counted.
const SHOWN_MAX: usize = 20;

/// True if nothing diverged.
///
/// # Errors
/// The arguments are wrong, or the comparison could not be made.
pub fn main(arguments: &[String]) -> Result<bool, Failure> {
    match arguments.split_first().map(|(command, rest)| (command.as_str(), rest)) {
        Some(("run", rest)) => run(&Options::parse(rest)?),
        Some(("small", [options @ .., all])) if all == "--all" => small(options, true),
        Some(("small", options)) => small(options, false),
        Some(("rows", [file])) => print_rows(file),
        Some(("check", [])) => check(),
        Some(("record", [])) => record(),
        Some(("server", rest)) => server(rest),
        Some(("replay", [name, cases @ ..])) => {
            let server = server_named(name)?;
            Ok(report(server, &server_cases::replay(server, cases)?))
        }
        Some(("help" | "--help" | "-h", _)) | None => {
            println!("{HELP}");
            Ok(true)
        }
        Some((command, _)) => Err(Failure::new(format!("`{command}` is not understood like this\n\n{HELP}"))),
    }
}

#[derive(Debug)]
struct Options {
    versions: Vec<SqlAlchemy>,
    cases: u64,
    /// Number of the first random workload of the seed.
    first: u64,
    seed: u64,
    poolclass: Option<PoolClass>,
    files: Vec<String>,
}

impl Options {
    fn parse(arguments: &[String]) -> Result<Options, Failure> {
        let mut options = Options {
            versions: vec![SqlAlchemy::V2_1],
            cases: 0,
            first: 0,
            seed: 1,
            poolclass: None,
            files: Vec::new(),
        };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| Failure::new(format!("{argument} needs a value")));
            match argument.as_str() {
                "--sqlalchemy" => options.versions = versions(value()?)?,
                "--cases" => options.cases = number(argument, value()?)?,
                "--first" => options.first = number(argument, value()?)?,
                "--poolclass" => {
                    let written = value()?;
                    let class = PoolClass::ALL.iter().copied().find(|c| c.name() == written);
                    options.poolclass = Some(class.ok_or_else(|| Failure::new(format!("--poolclass {written}?")))?);
                }
                "--seed" => options.seed = number(argument, value()?)?,
                option if option.starts_with('-') => return Err(Failure::new(format!("there is no option {option}"))),
                file => options.files.push(file.to_owned()),
            }
        }
        if options.cases == 0 && options.files.is_empty() {
            return Err(Failure::new("nothing to run: name scenario files, or --cases N"));
        }
        Ok(options)
    }
}

fn versions(written: &str) -> Result<Vec<SqlAlchemy>, Failure> {
    if written == "all" {
        return Ok(SqlAlchemy::ALL.to_vec());
    }
    let named = |name: &str| SqlAlchemy::ALL.iter().copied().find(|version| version.name() == name);
    let found: Option<Vec<SqlAlchemy>> = written.split(',').map(named).collect();
    found.ok_or_else(|| {
        Failure::new(format!("--sqlalchemy {written}: of 2.1, 2.0, 1.4, 1.3, 1.2, 1.1 some, with commas, or all"))
    })
}

fn number(option: &str, written: &str) -> Result<u64, Failure> {
    written.parse().map_err(|why| Failure::because(format!("{option} {written}"), why))
}

fn run(options: &Options) -> Result<bool, Failure> {
    let mut fine = true;
    for version in &options.versions {
        let mut tally = Tally { oracle: Oracle::start(*version)?, workloads: 0, events: 0, divergences: 0, skipped: 0 };
        for file in &options.files {
            tally.file(file)?;
        }
        for case in (options.first..).take(options.cases as usize) {
            tally.random(options, case)?;
        }
        println!(
            "workloads={} events={} divergences={} {}",
            tally.workloads, tally.events, tally.divergences, tally.oracle.provenance
        );
        if tally.skipped > 0 {
            eprintln!("{} files ask for what SQLAlchemy {} lacks", tally.skipped, version.name());
        }
        fine &= tally.divergences == 0;
    }
    Ok(fine)
}

fn small(options: &[String], all: bool) -> Result<bool, Failure> {
    let versions = match options {
        [] => vec![SqlAlchemy::V2_1],
        [option, written] if option == "--sqlalchemy" => versions(written)?,
        _ => return Err(Failure::new(format!("`small` is not understood like this\n\n{HELP}"))),
    };
    let worlds = small_worlds::worlds(all);
    let mut fine = true;
    for version in versions {
        let mut tally = Tally { oracle: Oracle::start(version)?, workloads: 0, events: 0, divergences: 0, skipped: 0 };
        for world in &worlds {
            let comparison = tally.compare(&scenario_of(&world.document, &world.name)?)?;
            tally.workloads += world.episodes - 1;
            if comparison.difference().is_some() {
                tally.report(&world.name, &comparison);
            }
        }
        println!(
            "workloads={} events={} divergences={} {}",
            tally.workloads, tally.events, tally.divergences, tally.oracle.provenance
        );
        fine &= tally.divergences == 0;
    }
    Ok(fine)
}

struct Tally {
    oracle: Oracle,
    workloads: usize,
    events: usize,
    divergences: usize,
    /// Files that ask for what the version lacks.
    skipped: usize,
}

impl Tally {
    fn file(&mut self, file: &str) -> Result<(), Failure> {
        let text = std::fs::read_to_string(file).map_err(|why| Failure::because(file, why))?;
        let document = Document::from_toml(&text).map_err(|d| Failure::of_scenario(file, &d))?;
        // What an old version lacks is a mistake in a scenario that asks for it.
        let mut of_version = document.clone();
        of_version
            .set("sqlalchemy", &KnobValue::Text(self.oracle.version.name().to_owned()))
            .map_err(|d| Failure::of_scenario(file, &[d]))?;
        if self.oracle.version < SqlAlchemy::V2_0 && variations(&of_version, file).is_err() {
            self.skipped += 1;
            return Ok(());
        }
        for (label, scenario) in variations(&of_version, file)? {
            let comparison = self.compare(&scenario)?;
            if comparison.difference().is_some() {
                self.report(&label, &comparison);
            }
        }
        Ok(())
    }

    fn random(&mut self, options: &Options, case: u64) -> Result<(), Failure> {
        let seed = options.seed;
        let kind = workload::Kind { version: self.oracle.version, poolclass: options.poolclass };
        let document = workload::document(seed, case, kind);
        let name = format!("seed {seed}, case {case}");
        let scenario = scenario_of(&document, &name)?;
        let comparison = self.compare(&scenario)?;
        if comparison.difference().is_none() {
            return Ok(());
        }
        if self.divergences >= SHOWN_MAX {
            self.divergences += 1;
            return Ok(());
        }
        let oracle = &mut self.oracle;
        let mut diverges = |document: &Value| {
            scenario_of(document, "smaller")
                .and_then(|scenario| compare(&scenario, oracle))
                .is_ok_and(|comparison| comparison.difference().is_some())
        };
        let explicit = with_explicit_arrivals(&document, &scenario);
        let start = if diverges(&explicit) { explicit } else { document };
        let smallest = shrink(&start, diverges);
        let scenario = scenario_of(&smallest, &name)?;
        let again = compare(&scenario, &mut self.oracle)?;
        // What came only once is shown as it came.
        let comparison = if again.difference().is_some() { again } else { comparison };
        let text = toml::to_string_pretty(&smallest).unwrap_or_else(|_| smallest.to_string());
        self.report(&format!("{name}, made smaller"), &comparison);
        println!("```toml\n{text}```");
        let file = format!("sqlalchemy-{}-seed-{seed}-case-{case}.toml", self.oracle.version.name());
        let folder = environment::divergences();
        std::fs::create_dir_all(&folder)
            .and_then(|()| std::fs::write(folder.join(&file), &text))
            .map_err(|why| Failure::because(folder.display(), why))?;
        println!("kept as {}\n", folder.join(file).display());
        Ok(())
    }

    fn compare(&mut self, scenario: &Scenario) -> Result<Comparison, Failure> {
        let comparison = compare(scenario, &mut self.oracle)?;
        self.workloads += 1;
        self.events += comparison.real.len();
        Ok(comparison)
    }

    fn report(&mut self, label: &str, comparison: &Comparison) {
        self.divergences += 1;
        println!("SQLAlchemy {}, {label}:\n{}", self.oracle.version.name(), comparison.around_difference());
    }
}

fn scenario_of(document: &Value, name: &str) -> Result<Scenario, Failure> {
    let document = Document::from_json(&document.to_string()).map_err(|d| Failure::of_scenario(name, &d))?;
    read(&document, name)
}

fn server(arguments: &[String]) -> Result<bool, Failure> {
    let (mut place, mut record, mut names) = (Place::default(), false, Vec::new());
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--record" => record = true,
            "--root" => {
                let root = arguments.next().ok_or_else(|| Failure::new("--root needs a directory"))?;
                place.root = Some(root.into());
            }
            option if option.starts_with('-') => return Err(Failure::new(format!("there is no option {option}"))),
            name => names.push(name.to_owned()),
        }
    }
    let (name, cases) = names.split_first().ok_or_else(|| Failure::new("which server: mariadb or mysql"))?;
    let server = server_named(name)?;
    Ok(report(server, &server_cases::live(server, cases, &place, record)?))
}

/// `mariadb` is the one MariaDB among the servers of the cases.
fn server_named(name: &str) -> Result<poolscope_sim::scenario::Server, Failure> {
    let found = server_cases::LIVE.iter().copied().find(|server| server.name().split('-').next() == Some(name));
    found.ok_or_else(|| Failure::new(format!("there are no cases for `{name}`: mariadb or mysql")))
}

fn report(server: poolscope_sim::scenario::Server, tally: &server_cases::Tally) -> bool {
    println!("server={} {tally}", server.name());
    tally.differences == 0
}

fn print_rows(file: &str) -> Result<bool, Failure> {
    let case = Case::load(file.as_ref())?;
    for row in Oracle::start(case.scenario.sqlalchemy)?.rows(&case.scenario)? {
        println!("{row}");
    }
    Ok(true)
}

fn check() -> Result<bool, Failure> {
    let cases = Case::all()?;
    let mut divergences = 0;
    for case in &cases {
        if let Some(complaint) = case.complaint()? {
            divergences += 1;
            println!("{complaint}");
        }
    }
    println!("cases={} divergences={divergences}", cases.len());
    Ok(divergences == 0)
}

fn record() -> Result<bool, Failure> {
    let cases = Case::all()?;
    for version in SqlAlchemy::ALL {
        let mut cases = cases.iter().filter(|case| case.scenario.sqlalchemy == *version).peekable();
        if cases.peek().is_none() {
            continue;
        }
        let mut oracle = Oracle::start(*version)?;
        for case in cases {
            let news = if case.record(&mut oracle)? { "recorded" } else { "unchanged" };
            println!("{news} {}", case.scenario.name);
        }
    }
    Ok(true)
}
