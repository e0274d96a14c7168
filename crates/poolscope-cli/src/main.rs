//! The `poolscope` command: run a scenario, check scenarios, write what documentation holds.
//!
//! `arguments` (what was asked) → `input` (files to scenarios) → `output` (the formats; `summary` is the one for people), `expectation`
//! (what a run must show), `embed` (HTML) or `schema`; `failure` says what went wrong and with which exit code: 1 for the machine, 2 for
//! the input, 3 for a run that does not show what was expected.

mod arguments;
mod embed;
mod expectation;
mod failure;
mod input;
mod output;
mod schema;
mod summary;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::{Arguments, CheckArguments, Command, RunArguments};
use crate::failure::Failure;

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Run(arguments) => run(&arguments),
        Command::Check(arguments) => check(&arguments),
        Command::Embed(arguments) => embed::embed(&arguments),
        Command::Schema => output::write(schema::TEXT),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprint!("{failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}

fn run(arguments: &RunArguments) -> Result<(), Failure> {
    let scenario = input::scenario(&arguments.file, &arguments.changes.turns())?;
    let trace = poolscope_sim::simulate(&scenario);
    output::write(&output::text(&trace, arguments.format))
}

/// Every file is checked, whatever is wrong with those before it.
fn check(arguments: &CheckArguments) -> Result<(), Failure> {
    let turns = arguments.changes.turns();
    let mut failures = Vec::new();
    for file in &arguments.files {
        let checked = input::scenario(file, &turns)
            .and_then(|scenario| expectation::check(input::shown(file), &scenario, &arguments.expect));
        match checked {
            Ok(()) => output::write(&format!("{file}: ok\n"))?,
            Err(failure) => failures.push(failure),
        }
    }
    if failures.is_empty() { Ok(()) } else { Err(Failure::Several(failures)) }
}
