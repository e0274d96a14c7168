//! The `poolscope` command: run a scenario, check scenarios.
//!
//! `arguments` (what was asked) → `input` (files to scenarios) → `output` (the formats; `summary` is the one for
//! people); `failure` says what went wrong and with which exit code: 1 for the machine, 2 for the input.

mod arguments;
mod failure;
mod input;
mod output;
mod summary;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::{Arguments, Command, RunArguments};
use crate::failure::Failure;

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Run(arguments) => run(&arguments),
        Command::Check { files } => check(&files),
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
    let scenario = input::scenario(&arguments.file, &arguments.turns())?;
    let trace = poolscope_sim::simulate(&scenario);
    output::write(&output::text(&trace, arguments.format))
}

/// Every file is checked, whatever is wrong with those before it.
fn check(files: &[String]) -> Result<(), Failure> {
    let mut failures = Vec::new();
    for file in files {
        match input::scenario(file, &[]) {
            Ok(_) => output::write(&format!("{file}: ok\n"))?,
            Err(failure) => failures.push(failure),
        }
    }
    if failures.is_empty() { Ok(()) } else { Err(Failure::Several(failures)) }
}
