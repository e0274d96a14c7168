//! The one door for chores: `cargo xtask serve | build | package | test | conformance | bench | tidy`.
//!
//! Every chore that a contributor or the CI runs starts here, so that there is one place to read what
//! "the site builds" or "the tests pass" means.

mod bench;
mod book;
mod cases;
mod edition;
mod elements;
mod files;
mod glue;
mod light;
mod package;
mod process;
mod progress;
mod scenarios;
mod serve;
mod site;
mod sizes;
mod suites;
mod tidy;
mod tools;
mod wasm;
mod watch;
mod web_server;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::suites::SuiteName;
use crate::workspace::Workspace;

/// Chores of the Poolscope repository.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask")]
struct Args {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Build the site for development, serve it on this machine, and rebuild and reload on every edit.
    Serve {
        /// The port to listen on; the next free one is taken when it is in use.
        #[arg(long, default_value_t = 4000)]
        port: u16,
        /// Open the site in the default browser.
        #[arg(long)]
        open: bool,
    },
    /// Build the site as it is published, into target/site, and check the size of the widget.
    Build {
        /// Only the pages of the book; the widget stays as it was built last.
        #[arg(long)]
        pages: bool,
    },
    /// Build and pack what is published: the npm package and the Python package, into target/packages, and the crates.
    Package,
    /// Run the test suites and end with one line: `N passed, N failed`.
    Test {
        /// Run only this suite; repeat it to name several.
        #[arg(long, value_name = "SUITE")]
        only: Vec<SuiteName>,
    },
    /// Run random workloads through the simulator and through the real SQLAlchemy, and compare them row by row.
    Conformance(suites::conformance::Arguments),
    /// Measure how many events a second the simulator does, natively and in wasm, beside a bare loop and other simulators that do the same
    /// work.
    Bench {
        /// Measure the widget in a real browser instead: knobs, a million events, twelve widgets, maps.
        #[arg(long)]
        browser: bool,
    },
    /// Check the rules of the repository that no compiler checks.
    Tidy,
}

fn main() -> ExitCode {
    watch_mdbook_warnings();
    match run(Args::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: Args) -> Result<ExitCode> {
    let workspace = Workspace::find()?;
    match args.chore {
        Chore::Serve { port, open } => serve::serve(&workspace, port, open).map(|()| ExitCode::SUCCESS),
        Chore::Build { pages: true } => {
            sizes::check_pages(&site::build_pages(&workspace)?.edition_folders()?)?;
            Ok(ExitCode::SUCCESS)
        }
        Chore::Build { pages: false } => build(&workspace).map(|()| ExitCode::SUCCESS),
        Chore::Package => package(&workspace).map(|()| ExitCode::SUCCESS),
        Chore::Test { only } => suites::run(&workspace, &only),
        Chore::Conformance(arguments) => suites::conformance::compare(&workspace, &arguments),
        Chore::Bench { browser: true } => suites::end_to_end::measure(&workspace),
        Chore::Bench { browser: false } => bench::run(&workspace),
        Chore::Tidy => tidy::run(&workspace),
    }
}

fn build(workspace: &Workspace) -> Result<()> {
    let site = site::build_release(workspace)?;
    sizes::check_pages(&site.edition_folders()?)?;
    sizes::check(&site.widget_folder())
}

fn package(workspace: &Workspace) -> Result<()> {
    let packed = package::pack(workspace)?;
    package::pack_crates(workspace, true)?;
    sizes::check_package(&packed.npm)
}

/// mdBook reports a broken chapter or theme only through `tracing`; without a subscriber it would be silent.
fn watch_mdbook_warnings() {
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::WARN)
        .with_writer(std::io::stderr)
        .without_time()
        .with_ansi(false)
        .init();
}
