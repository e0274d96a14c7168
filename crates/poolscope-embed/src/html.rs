//! Text made safe for one line of HTML: no line breaks (Markdown would end the HTML at a blank line) and no `{{`
//! (other preprocessors would expand it).

/// For the content of an element. Line breaks survive in `<pre>`.
pub fn text(raw: &str) -> String {
    escape(raw)
}

/// For an attribute in single quotes, which suit JSON best.
pub fn attribute(raw: &str) -> String {
    escape(raw).replace('\'', "&#39;")
}

fn escape(raw: &str) -> String {
    let mut safe = String::with_capacity(raw.len());
    for c in raw.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '\n' => safe.push_str("&#10;"),
            '{' if safe.ends_with('{') => safe.push_str("&#123;"),
            c if c.is_control() => safe.push(char::REPLACEMENT_CHARACTER),
            c => safe.push(c),
        }
    }
    safe
}

/// Finished markup, which has its own escapes, brought onto one line.
pub fn one_line(markup: &str) -> String {
    markup.replace(['\r', '\n'], " ").replace("{{", "{&#123;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out() {
        assert_eq!(
            text("</td>\n\n# {{#include x}} &amp; {{{"),
            "&lt;/td&gt;&#10;&#10;# {&#123;#include x}} &amp;amp; {&#123;{"
        );
        assert_eq!(attribute("{\"a\": \"it's <b>\"}"), "{\"a\": \"it&#39;s &lt;b&gt;\"}");
        assert_eq!(text("\u{0}\u{1b}\t\u{85}"), "\u{fffd}\u{fffd}\u{fffd}\u{fffd}");
        assert_eq!(one_line("<a>\n\n{{x}}</a>"), "<a>  {&#123;x}}</a>");
    }
}
