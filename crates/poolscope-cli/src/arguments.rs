//! What the command line may say.

use clap::{Args, Parser, Subcommand, ValueEnum};
use poolscope_sim::scenario::KnobValue;

/// Simulate SQLAlchemy's connection pool against a MySQL server.
#[derive(Debug, Parser)]
#[command(name = "poolscope", version, arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run one scenario and print what happened.
    Run(RunArguments),
    /// Say everything that is wrong with scenario files.
    Check {
        /// Scenario files; `-` is standard input.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<String>,
    },
}

#[derive(Debug, Args)]
pub struct RunArguments {
    /// A scenario file; `-` is standard input.
    pub file: String,
    #[arg(long, value_enum, default_value_t = Format::Summary)]
    pub format: Format,
    /// Change one value of the scenario; repeat it to change several.
    #[arg(long, value_name = "KEY=VALUE", value_parser = turn)]
    pub set: Vec<(String, KnobValue)>,
    /// Another seed for everything left to chance.
    #[arg(long, value_name = "N")]
    pub seed: Option<u32>,
}

impl RunArguments {
    /// All changes to the scenario, in the order in which they apply.
    pub fn turns(&self) -> Vec<(String, KnobValue)> {
        let seed = self.seed.map(|seed| ("seed".to_owned(), KnobValue::Number(seed.into())));
        self.set.iter().cloned().chain(seed).collect()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Figures, the timeline in characters, and the first error.
    Summary,
    /// One aligned row per event.
    Table,
    /// One JSON object per event.
    Jsonl,
    /// What the pool would log; for now the same rows as `table`.
    Log,
    /// The timeline as a picture.
    Svg,
}

fn turn(text: &str) -> Result<(String, KnobValue), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), KnobValue::parse(value.trim()))),
        _ => Err("write KEY=VALUE, such as engine.pool_recycle=30".to_owned()),
    }
}
