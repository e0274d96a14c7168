//! `poolscope-conformance`: see `help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match poolscope_conformance::cli::main(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("poolscope-conformance: {failure}");
            ExitCode::from(2)
        }
    }
}
