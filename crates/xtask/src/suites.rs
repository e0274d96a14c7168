//! `cargo xtask test`: every suite is one or more commands whose output says how many cases passed and failed.
//!
//! A suite that could not run, or that counted nothing, is a failure: nothing is skipped in silence.

mod commands;
pub mod conformance;
mod count;
pub mod end_to_end;
mod hosts;
mod snippets;
mod wasm;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use clap::ValueEnum;

use crate::progress;
use crate::suites::count::Count;
use crate::tidy;
use crate::workspace::Workspace;

/// The suites in the order in which they run: quick and telling first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SuiteName {
    /// cargo fmt
    Fmt,
    /// cargo clippy, natively and for wasm
    Clippy,
    /// Unit and integration tests
    Native,
    /// Examples in the documentation
    Doc,
    /// Wasm tests in Node
    WasmNode,
    /// Wasm tests in headless Chromium
    WasmChrome,
    /// Wasm tests in headless Firefox
    WasmFirefox,
    /// The built site in a real browser
    E2e,
    /// The packages in sites made with other tools, in real browsers
    Hosts,
    /// The simulator beside the real SQLAlchemy
    Conformance,
    /// The snippets of the book, on the real thing
    Snippets,
    /// The rules of the repository
    Tidy,
}

impl SuiteName {
    fn shown(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    fn run(self, workspace: &Workspace) -> Result<Count> {
        match self {
            Self::Fmt => commands::fmt(workspace),
            Self::Clippy => commands::clippy(workspace),
            Self::Native => commands::native(workspace),
            Self::Doc => commands::doc(workspace),
            Self::WasmNode => wasm::node(workspace),
            Self::WasmChrome => wasm::chrome(workspace),
            Self::WasmFirefox => wasm::firefox(workspace),
            Self::E2e => end_to_end::run(workspace),
            Self::Hosts => hosts::run(workspace),
            Self::Conformance => conformance::run(workspace),
            Self::Snippets => snippets::run(workspace),
            Self::Tidy => tidy::check(workspace).map(Count::of_one),
        }
    }
}

/// Runs the suites that were named, or all, and ends with the line `N passed, N failed`.
pub fn run(workspace: &Workspace, only: &[SuiteName]) -> Result<ExitCode> {
    let mut total = Count::default();
    let mut summary = Vec::new();
    for &suite in SuiteName::value_variants() {
        let wanted = if only.is_empty() {
            suite != SuiteName::Conformance || conformance::exists(workspace)
        } else {
            only.contains(&suite)
        };
        if !wanted {
            continue;
        }
        let name = suite.shown();
        println!("\n══ {name}");
        let started = Instant::now();
        let count = match suite.run(workspace) {
            Ok(Count { passed: 0, failed: 0 }) => {
                println!("error: the suite {name} ran, but not one test was counted");
                Count::of_one(false)
            }
            Ok(count) => count,
            Err(error) => {
                println!("error: the suite {name} could not run: {error:#}");
                Count::of_one(false)
            }
        };
        let time = progress::shown(started.elapsed());
        summary.push(format!("{name:<12} {:>6} passed {:>6} failed   {time}", count.passed, count.failed));
        total += count;
    }
    println!("\n{}", summary.join("\n"));
    println!("{} passed, {} failed", total.passed, total.failed);
    let green = total.failed == 0 && total.passed > 0;
    Ok(if green { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
