//! What the command line may say.

use std::convert::Infallible;
use std::str::FromStr;

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
    /// Say everything that is wrong with scenario files, or that a run no longer shows what it should.
    Check(CheckArguments),
    /// Print the HTML that a page of documentation holds for a scenario or a fence: the element around a picture of the run.
    Embed(EmbedArguments),
    /// Print the JSON schema of scenarios and, under `$defs`, of what `run --format json` prints.
    Schema,
}

#[derive(Debug, Args)]
pub struct CheckArguments {
    /// Scenario files, TOML or JSON; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<String>,
    /// What must come of each run: an error such as `2006` or `QueuePool` that leaves at least one request, or `ok` for a run in which
    /// no request fails; repeat it to demand several errors.
    #[arg(long, value_name = "ERROR|ok")]
    pub expect: Vec<Expectation>,
    #[command(flatten)]
    pub changes: Changes,
}

#[derive(Debug, Args)]
pub struct EmbedArguments {
    /// A scenario file, or a fence: `scenario = "NAME"`, `at`, `[set]`; `-` is standard input.
    pub file: String,
    #[arg(long, value_enum, default_value_t = EmbedFormat::Html)]
    pub format: EmbedFormat,
    /// The folder of the scenarios that fences name.
    #[arg(long, value_name = "FOLDER", default_value = "scenarios")]
    pub scenarios: String,
    /// The language of the picture and the words, such as `en` or `zh-CN`.
    #[arg(long, default_value = "en")]
    pub lang: String,
    /// Where the text comes from, for messages: `guide.md:12` if its first line is line 12 of guide.md.
    #[arg(long, value_name = "FILE[:LINE]")]
    pub origin: Option<Origin>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EmbedFormat {
    /// The element with its static content, on one line.
    Html,
    /// The scenario as the element's attribute holds it, and as `scenarios/NAME.json` beside the element.
    Json,
    /// Its run as the attribute `recording` holds it, and as `scenarios/NAME.run`: with it the element need not load the simulator.
    Recording,
}

/// A file and the line of it where the text begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    pub file: String,
    pub line: u32,
}

impl FromStr for Origin {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Origin, Infallible> {
        let place = text.rsplit_once(':').and_then(|(file, line)| Some((file, line.parse().ok()?)));
        let (file, line) = place.unwrap_or((text, 1));
        Ok(Origin { file: file.to_owned(), line })
    }
}

/// What `--expect` demands of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expectation {
    Clean,
    /// A label of an error, or its first word.
    Error(String),
}

impl FromStr for Expectation {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Expectation, Infallible> {
        Ok(if text == "ok" { Expectation::Clean } else { Expectation::Error(text.to_owned()) })
    }
}

#[derive(Debug, Args)]
pub struct RunArguments {
    /// A scenario file; `-` is standard input.
    pub file: String,
    #[arg(long, value_enum, default_value_t = Format::Summary)]
    pub format: Format,
    #[command(flatten)]
    pub changes: Changes,
}

/// Changes to a scenario.
#[derive(Debug, Args)]
pub struct Changes {
    /// Change one value of the scenario; repeat it to change several.
    #[arg(long, value_name = "KEY=VALUE", value_parser = turn)]
    pub set: Vec<(String, KnobValue)>,
    /// Another seed for everything left to chance.
    #[arg(long, value_name = "N")]
    pub seed: Option<u32>,
}

impl Changes {
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
    /// One JSON object: `outcome`, `tasks` and `trace`.
    Json,
    /// What the pool logs with echo_pool="debug", word for word; with echo_pool=True it is the lines from INFO on.
    Log,
    /// The timeline as a picture.
    Svg,
    /// A trace for Perfetto and Chromium's viewer.
    Perfetto,
    /// A script that does the same with the real SQLAlchemy and a real server.
    Python,
}

fn turn(text: &str) -> Result<(String, KnobValue), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), KnobValue::parse(value.trim()))),
        _ => Err("write KEY=VALUE, such as engine.pool_recycle=30".to_owned()),
    }
}
