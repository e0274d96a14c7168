//! The preprocessor itself: every chapter's fences replaced, or every mistake reported.

use mdbook_markdown::MarkdownOptions;
use mdbook_preprocessor::book::{Book, Chapter};
use mdbook_preprocessor::config::Config;
use mdbook_preprocessor::errors::{Error, Result};
use mdbook_preprocessor::{Preprocessor, PreprocessorContext};
use poolscope_embed::{FenceMistake, Library};
use serde::Deserialize;

use crate::mistake::{Mistake, report};
use crate::{fence, install, lines};

/// The name under `[preprocessor]` in `book.toml`.
pub const NAME: &str = "poolscope";

#[derive(Clone, Copy, Debug, Default)]
pub struct Poolscope;

/// `[preprocessor.poolscope]`
#[derive(Debug, Default, Deserialize)]
struct Options {
    /// The folder of the scenario files, from the book's root.
    scenarios: Option<String>,
}

impl Preprocessor for Poolscope {
    fn name(&self) -> &str {
        NAME
    }

    fn run(&self, context: &PreprocessorContext, mut book: Book) -> Result<Book> {
        let options: Options = context.config.get(&format!("preprocessor.{NAME}"))?.unwrap_or_default();
        let folder = options.scenarios.as_deref().unwrap_or("../scenarios");
        let edition = Edition {
            library: Library::new(&context.root, folder),
            markdown: markdown_options(&context.config),
            source: context.config.book.src.to_string_lossy().into_owned(),
            language: context.config.book.language.clone().unwrap_or_else(|| "en".to_owned()),
        };
        install::check(&context.root, &context.config.book.src)?;
        let mut mistakes = Vec::new();
        book.for_each_chapter_mut(|chapter| edition.rewrite(chapter, &mut mistakes));
        if mistakes.is_empty() { Ok(book) } else { Err(Error::msg(report(&mistakes))) }
    }

    fn supports_renderer(&self, renderer: &str) -> Result<bool> {
        Ok(renderer == "html")
    }
}

/// What all chapters of one book share.
struct Edition {
    library: Library,
    markdown: MarkdownOptions,
    source: String,
    language: String,
}

impl Edition {
    fn rewrite(&self, chapter: &mut Chapter, mistakes: &mut Vec<Mistake>) {
        let text = &chapter.content;
        let mut pieces = Vec::new();
        let fences = fence::find(text, &self.markdown);
        for fence in &fences {
            match self.html(fence) {
                Ok(html) => {
                    let style = if pieces.is_empty() { poolscope_embed::style() } else { String::new() };
                    pieces.push((fence.range.clone(), fence.replacement(text, &(style + &html))));
                }
                Err(found) => mistakes.extend(found.into_iter().map(|mistake| {
                    Mistake {
                        chapter: self.path(chapter),
                        spot: mistake
                            .place
                            .map_or_else(|| fence.opening(text), |(line, column)| fence.place(text, line, column)),
                        message: mistake.message,
                        hint: mistake.hint,
                    }
                })),
            }
        }
        for (range, answer) in poolscope_embed::directives(text, &self.library) {
            if fences.iter().any(|fence| fence.range.contains(&range.start)) {
                continue;
            }
            match answer {
                Ok(answer) => pieces.push((range, answer)),
                Err(mistake) => mistakes.push(Mistake {
                    chapter: self.path(chapter),
                    spot: fence::spot(text, range.start),
                    message: mistake.message,
                    hint: mistake.hint,
                }),
            }
        }
        pieces.sort_by_key(|(range, _)| range.start);
        for (range, html) in pieces.into_iter().rev() {
            chapter.content.replace_range(range, &html);
        }
        if self.language.starts_with("zh") {
            chapter.content = lines::joined(&chapter.content, &self.markdown);
        }
    }

    fn html(&self, fence: &fence::Fence) -> std::result::Result<String, Vec<FenceMistake>> {
        let mut mistakes = Vec::new();
        if !fence.rest.is_empty() {
            let message = format!("`{}` after `poolscope` means nothing", fence.rest);
            mistakes.push(FenceMistake::whole(message, "write only the word `poolscope` after the backticks"));
        }
        match poolscope_embed::read(&fence.body, &self.library) {
            Ok(exhibit) if mistakes.is_empty() => exhibit.html(&self.library, &self.language),
            Ok(_) => Err(mistakes),
            Err(more) => Err(mistakes.into_iter().chain(more).collect()),
        }
    }

    /// The chapter's file from the book's root; a chapter without one goes by its title.
    fn path(&self, chapter: &Chapter) -> String {
        match chapter.source_path.as_ref().or(chapter.path.as_ref()) {
            Some(path) => format!("{}/{}", self.source, path.display()),
            None => chapter.name.clone(),
        }
    }
}

/// The settings of the HTML renderer that change what is Markdown and what is not.
fn markdown_options(config: &Config) -> MarkdownOptions {
    let on = |name: &str| config.get(&format!("output.html.{name}")).ok().flatten().unwrap_or(true);
    let mut options = MarkdownOptions::default();
    options.smart_punctuation = on("smart-punctuation");
    options.definition_lists = on("definition-lists");
    options.admonitions = on("admonitions");
    options
}
