//! HTML as text, for what is only looked at. A fraction of the size of virtual nodes, and one node for yew to compare.

use yew::prelude::*;

#[derive(Debug, Default)]
pub struct Markup(String);

impl Markup {
    /// Markup of this crate's own, written as it is.
    pub fn raw(&mut self, markup: &'static str) -> &mut Markup {
        self.0.push_str(markup);
        self
    }

    /// Anything else, escaped for content and for attributes in double quotes.
    pub fn text(&mut self, text: &str) -> &mut Markup {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                c => self.0.push(c),
            }
        }
        self
    }

    pub fn html(self) -> Html {
        Html::from_html_unchecked(self.0.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_markup() {
        let mut markup = Markup::default();
        markup.raw("<b title=\"").text("\"><script>&").raw("\">");
        assert_eq!(markup.0, "<b title=\"&quot;&gt;&lt;script&gt;&amp;\">");
    }
}
