//! The command that mdBook runs: `mdbook-poolscope supports html` answers with its exit code, and without arguments
//! a book goes from standard input to standard output. `mdbook-poolscope install` is for people.

use std::io;
use std::path::Path;
use std::process::ExitCode;

use mdbook_poolscope::{Poolscope, install};
use mdbook_preprocessor::errors::Result;
use mdbook_preprocessor::{MDBOOK_VERSION, Preprocessor, parse_input};

const USAGE: &str = "\
mdbook-poolscope is started by mdBook, for books with [preprocessor.poolscope] in book.toml.

mdbook-poolscope install [FOLDER] [--from PACKAGE]   prepare the book in FOLDER, or here";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => preprocess(),
        ["supports", renderer] => Poolscope.supports_renderer(renderer).map(exit_code),
        ["install"] => prepare(".", None),
        ["install", "--from", package] => prepare(".", Some(package)),
        ["install", folder] if !folder.starts_with('-') => prepare(folder, None),
        ["install", folder, "--from", package] => prepare(folder, Some(package)),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("{error:#}");
        ExitCode::FAILURE
    })
}

fn exit_code(supported: bool) -> ExitCode {
    if supported { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn prepare(folder: &str, package: Option<&str>) -> Result<ExitCode> {
    println!("{}", install(Path::new(folder), package.map(Path::new))?);
    Ok(ExitCode::SUCCESS)
}

fn preprocess() -> Result<ExitCode> {
    let (context, book) = parse_input(io::stdin().lock())?;
    if series(&context.mdbook_version) != series(MDBOOK_VERSION) {
        eprintln!("warning: made for mdBook {MDBOOK_VERSION}, started by {}", context.mdbook_version);
    }
    let book = Poolscope.run(&context, book)?;
    serde_json::to_writer(io::stdout().lock(), &book)?;
    Ok(ExitCode::SUCCESS)
}

/// mdBook keeps its interface within one minor version.
fn series(version: &str) -> Vec<&str> {
    version.split('.').take(2).collect()
}
