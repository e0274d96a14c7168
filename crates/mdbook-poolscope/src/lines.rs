//! Line ends inside a Chinese paragraph: Markdown makes a blank of them, which Chinese does not write.

use std::ops::Range;

use mdbook_markdown::pulldown_cmark::Event;
use mdbook_markdown::{MarkdownOptions, new_cmark_parser};

/// The chapter with each line end removed that stands between two Chinese characters or follows Chinese punctuation.
pub fn joined(chapter: &str, options: &MarkdownOptions) -> String {
    let mut cuts: Vec<Range<usize>> = Vec::new();
    let mut before = None;
    // Where the line ends, while what follows has not been seen.
    let mut open: Option<Range<usize>> = None;
    for (event, range) in new_cmark_parser(chapter, options).into_offset_iter() {
        if let Some(cut) = &mut open
            && cut.end == 0
        {
            cut.end = range.start;
        }
        match event {
            Event::SoftBreak => open = Some(range.start..0),
            Event::Text(text) | Event::Code(text) => {
                let next = text.chars().next();
                if let (Some(cut), Some(last), Some(next)) = (open.take(), before, next)
                    && (is_punctuation(last) || is_chinese(last) && is_chinese(next))
                {
                    cuts.push(cut);
                }
                before = text.chars().last();
            }
            Event::End(_) | Event::Start(_) => {}
            _ => {
                open = None;
                before = None;
            }
        }
    }
    let mut text = chapter.to_owned();
    for cut in cuts.into_iter().rev() {
        text.replace_range(cut, "");
    }
    text
}

/// Full-width marks bring their own space.
fn is_punctuation(c: char) -> bool {
    matches!(c, '\u{3001}'..='\u{303f}' | '\u{ff01}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ff1f}')
}

fn is_chinese(c: char) -> bool {
    matches!(c, '\u{4e00}'..='\u{9fff}') || is_punctuation(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_chinese_is_joined() {
        for (chapter, expected) in [
            ("你好\n世界\n", "你好世界\n"),
            ("你好，\n**世界**\n", "你好，**世界**\n"),
            ("> 你好。\n> MySQL\n", "> 你好。MySQL\n"),
            ("- 一\n  二\n- 三\n", "- 一二\n- 三\n"),
            ("用 MySQL\n的人\n", "用 MySQL\n的人\n"),
            ("two\nlines\n", "two\nlines\n"),
            ("一。\n\n二\n", "一。\n\n二\n"),
            ("```python\n# 一\n# 二\n```\n", "```python\n# 一\n# 二\n```\n"),
            ("一，\n`code`\n", "一，`code`\n"),
        ] {
            assert_eq!(joined(chapter, &MarkdownOptions::default()), expected);
        }
    }
}
