//! Finding the fences of a chapter the way mdBook itself parses it, so that fences inside lists, quotes and other
//! fences are what the reader sees them to be.

use std::ops::Range;

use mdbook_markdown::pulldown_cmark::{CodeBlockKind, Event, Tag, TagEnd};
use mdbook_markdown::{MarkdownOptions, new_cmark_parser};

/// The word after the backticks.
pub const WORD: &str = "poolscope";

/// The short form, in a paragraph of its own: `{{#poolscope NAME}}`.
const SHORT: (&str, &str) = ("{{#poolscope ", "}}");

#[derive(Debug, PartialEq, Eq)]
pub struct Fence {
    /// The bytes of the chapter that the fence takes.
    pub range: Range<usize>,
    /// What follows the word `poolscope` on the opening line.
    pub rest: String,
    /// The text between the fences, without the marks of a list or a quote around it.
    pub body: String,
    /// For each line of the body, the byte of the chapter where it starts.
    line_starts: Vec<usize>,
}

/// A line and a column of the chapter, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot {
    pub line: u32,
    pub column: u32,
}

/// All `poolscope` fences of a chapter, in its order.
pub fn find(chapter: &str, options: &MarkdownOptions) -> Vec<Fence> {
    let mut fences = Vec::new();
    let mut open: Option<Fence> = None;
    for (event, range) in new_cmark_parser(chapter, options).into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                open = rest_of(&info).map(|rest| Fence {
                    range,
                    rest: rest.to_owned(),
                    body: String::new(),
                    line_starts: Vec::new(),
                });
            }
            Event::Text(text) => {
                if let Some(fence) = &mut open {
                    fence.add(&text, range.start, chapter);
                }
            }
            Event::End(TagEnd::CodeBlock) => fences.extend(open.take()),
            Event::Start(Tag::Paragraph) => fences.extend(Fence::short(range, chapter)),
            _ => {}
        }
    }
    fences
}

/// `None` if the info string belongs to another language.
fn rest_of(info: &str) -> Option<&str> {
    let rest = info.trim().strip_prefix(WORD)?;
    let ends = rest.chars().next().is_none_or(|c| !(c.is_alphanumeric() || c == '-' || c == '_'));
    ends.then(|| rest.trim())
}

impl Fence {
    /// Of a paragraph that is nothing but the short form. With more words in it, it is a question for the simulator.
    fn short(range: Range<usize>, chapter: &str) -> Option<Fence> {
        let name = chapter[range.clone()].trim().strip_prefix(SHORT.0)?.strip_suffix(SHORT.1)?.trim();
        let is_name = !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || "{}".contains(c));
        is_name.then(|| Fence {
            body: format!("scenario = {name:?}"),
            line_starts: vec![range.start],
            range,
            rest: String::new(),
        })
    }

    /// Takes over a piece of the body; the parser cuts it at line ends, and inside a line only where `\r\n` ends it.
    fn add(&mut self, text: &str, start: usize, chapter: &str) {
        let mut at = start;
        for line in text.split_inclusive('\n') {
            if self.body.is_empty() || self.body.ends_with('\n') {
                self.line_starts.push(at.min(chapter.len()));
            }
            self.body.push_str(line);
            at += line.len();
        }
    }

    /// Where the fence opens.
    pub fn opening(&self, chapter: &str) -> Spot {
        spot(chapter, self.range.start)
    }

    /// Where a place of the body (line and column from 1) is in the chapter.
    pub fn place(&self, chapter: &str, line: u32, column: u32) -> Spot {
        let Some(&start) = self.line_starts.get(line.saturating_sub(1) as usize) else {
            return self.opening(chapter);
        };
        let first = spot(chapter, start);
        Spot { line: first.line, column: first.column + column.saturating_sub(1) }
    }

    /// What replaces the fence: one line of HTML that no Markdown around it can reach into.
    pub fn replacement(&self, chapter: &str, html: &str) -> String {
        let before = &chapter[..self.range.start];
        let marks = before.rsplit('\n').next().unwrap_or_default();
        // In a quote the blank line that ends the HTML needs the mark of the quote; list marks do not repeat.
        let marks: String = marks.chars().map(|c| if c == '>' { '>' } else { ' ' }).collect();
        let mut text = html.to_owned();
        let after = &chapter[self.range.end..];
        let own_line_end = chapter[self.range.clone()].ends_with('\n');
        let next = if own_line_end { after } else { after.split_once('\n').map_or("", |(_, next)| next) };
        let next_line = next.lines().next().unwrap_or_default();
        if !next_line.trim_matches([' ', '>', '\t']).is_empty() {
            text.push('\n');
            text.push_str(marks.trim_end());
        }
        if own_line_end {
            text.push('\n');
        }
        text
    }
}

/// Line and column of a byte.
pub fn spot(chapter: &str, byte: usize) -> Spot {
    let before = chapter.get(..byte).unwrap_or(chapter);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    Spot { line: 1 + before.matches('\n').count() as u32, column: 1 + before[line_start..].chars().count() as u32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(chapter: &str) -> Vec<(String, Spot)> {
        find(chapter, &MarkdownOptions::default())
            .into_iter()
            .map(|fence| (fence.body.clone(), fence.place(chapter, 1, 1)))
            .collect()
    }

    #[test]
    fn a_fence_is_found_wherever_markdown_has_one() {
        let at = |line, column| Spot { line, column };
        let cases = [
            ("# T\n\n```poolscope\na = 1\nb = 2\n```\n", vec![("a = 1\nb = 2\n", at(4, 1))]),
            ("~~~~ poolscope\n```\n~~~~\n", vec![("```\n", at(2, 1))]),
            ("1. one\n\n   ```poolscope\n   a = 1\n   ```\n", vec![("a = 1\n", at(4, 4))]),
            ("> ```poolscope\n> a = 1\n> b = 2\n> ```\n", vec![("a = 1\nb = 2\n", at(2, 3))]),
            ("```poolscope\r\na = 1\r\nb = 2\r\n```\r\n", vec![("a = 1\nb = 2\n", at(2, 1))]),
            ("```poolscope\n```\n", vec![("", at(1, 1))]),
            ("```poolscope\na = 1", vec![("a = 1", at(2, 1))]),
            // Shown to the reader, not run.
            ("````markdown\n```poolscope\na = 1\n```\n````\n", vec![]),
            ("    ```poolscope\n    a = 1\n    ```\n", vec![]),
            ("<!--\n```poolscope\n```\n-->\n", vec![]),
            ("```poolscoped\n```\n\n```poolscope-x\n```\n\n```text poolscope\n```\n", vec![]),
        ];
        for (chapter, expected) in cases {
            let expected: Vec<_> = expected.into_iter().map(|(body, at)| (body.to_owned(), at)).collect();
            assert_eq!(found(chapter), expected, "{chapter}");
        }
    }

    #[test]
    fn the_short_form_stands_alone() {
        let bodies = |chapter: &str| {
            let found = find(chapter, &MarkdownOptions::default());
            found.into_iter().map(|fence| fence.body).collect::<Vec<_>>()
        };
        assert_eq!(bodies("a\n\n{{#poolscope gone-away}}\n\nb\n"), ["scenario = \"gone-away\""]);
        assert_eq!(bodies("> {{#poolscope  x_1 }}\n"), ["scenario = \"x_1\""]);
        assert_eq!(bodies("{{#poolscope a\"b}}"), ["scenario = \"a\\\"b\""]);
        let none: [&str; 0] = [];
        assert_eq!(bodies("{{#poolscope default engine.pool_size}}\n"), none);
        assert_eq!(bodies("see {{#poolscope x}}\n\n`{{#poolscope x}}`\n\n```text\n{{#poolscope x}}\n```\n"), none);
    }

    #[test]
    fn later_lines_and_columns_are_the_chapters() {
        let chapter = "中文\n\n- > ```poolscope\n  > a = 1\n  > b = 中\n  > ```\n";
        let fence = &find(chapter, &MarkdownOptions::default())[0];
        assert_eq!(fence.opening(chapter), Spot { line: 3, column: 5 });
        assert_eq!(fence.place(chapter, 2, 5), Spot { line: 5, column: 9 });
        assert_eq!(fence.place(chapter, 99, 1), fence.opening(chapter));
    }

    #[test]
    fn text_after_the_fence_stays_outside_the_html() {
        for (chapter, expected) in [
            ("```poolscope\n```\ntext\n", "<div></div>\n\ntext\n"),
            ("```poolscope\n```\n\ntext\n", "<div></div>\n\ntext\n"),
            ("```poolscope\n```", "<div></div>"),
            ("- ```poolscope\n  ```\n  text\n", "- <div></div>\n\n  text\n"),
            ("> ```poolscope\n> ```\n> text\n", "> <div></div>\n>\n> text\n"),
            ("> ```poolscope\n> ```\n>\n> text\n", "> <div></div>\n>\n> text\n"),
            ("```poolscope\r\n```\r\ntext\r\n", "<div></div>\n\r\ntext\r\n"),
        ] {
            let fence = &find(chapter, &MarkdownOptions::default())[0];
            let mut text = chapter.to_owned();
            text.replace_range(fence.range.clone(), &fence.replacement(chapter, "<div></div>"));
            assert_eq!(text, expected, "{chapter}");
        }
    }
}
