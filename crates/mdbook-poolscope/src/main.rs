//! The command that mdBook runs: `mdbook-poolscope supports html` answers with its exit code, and without arguments
//! a book goes from standard input to standard output.

use std::io;
use std::process::ExitCode;

use mdbook_poolscope::Poolscope;
use mdbook_preprocessor::errors::Result;
use mdbook_preprocessor::{MDBOOK_VERSION, Preprocessor, parse_input};

const USAGE: &str = "mdbook-poolscope is started by mdBook; put [preprocessor.poolscope] into book.toml";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => preprocess(),
        ["supports", renderer] => Poolscope.supports_renderer(renderer).map(exit_code),
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
