//! `poolscope embed`: what a page of documentation holds for a fence.

use std::path::Path;

use poolscope_embed::{FenceMistake, Library};

use crate::arguments::{EmbedArguments, EmbedFormat, Origin};
use crate::failure::Failure;
use crate::{input, output};

pub fn embed(arguments: &EmbedArguments) -> Result<(), Failure> {
    let text = input::text(&arguments.file)?;
    let library = Library::new(Path::new(""), &arguments.scenarios);
    let fail = |mistakes: Vec<FenceMistake>| {
        let origin = arguments.origin.clone();
        let origin = origin.unwrap_or_else(|| Origin { file: input::shown(&arguments.file).to_owned(), line: 1 });
        Failure::Fence { mistakes: mistakes.iter().map(|mistake| line(&origin, mistake)).collect() }
    };
    let exhibit = poolscope_embed::read(&text, &library).map_err(fail)?;
    let text = match arguments.format {
        EmbedFormat::Html => exhibit.html(&library, &arguments.lang).map_err(fail)?,
        EmbedFormat::Json => exhibit.experiment().document.to_json(),
        EmbedFormat::Recording => exhibit.experiment().recording().unwrap_or_default(),
    };
    output::write(&(text + "\n"))
}

/// `file:line:column: message`, and the hint below it.
fn line(origin: &Origin, mistake: &FenceMistake) -> String {
    let (line, column) = mistake.place.unwrap_or((1, 1));
    let mut text = format!("{}:{}:{column}: {}\n", origin.file, origin.line + line - 1, mistake.message);
    if !mistake.hint.is_empty() {
        text += &format!("  hint: {}\n", mistake.hint);
    }
    text
}
