//! Building the view: elements that yew keeps and compares, opened and closed in the order of the text. Not `html!`, which writes the
//! construction of every element out in full at its place: three times the bytes in the shipped module.

use poolscope_timeline::Part;
use yew::prelude::*;
use yew::virtual_dom::{VTag, VText};

use crate::markup::Markup;

#[derive(Debug, Default)]
pub struct View {
    /// The elements that are not closed yet, the innermost last.
    open: Vec<VTag>,
    done: Html,
}

impl View {
    /// Begins an element from a line such as `button type=button aria-label={} hidden?`. Each `{}` takes the next of `values`; so does
    /// each `name?`, which is there or not. Words without a place for a value stand as they are.
    pub fn open(&mut self, line: &'static str, values: &[&str]) -> &mut View {
        let mut values = values.iter().copied();
        let mut next = || values.next().unwrap_or_default();
        let mut words = line.split(' ');
        let name = words.next().unwrap_or_default();
        let mut tag = VTag::new(name);
        for word in words {
            if let Some(switch) = word.strip_suffix('?') {
                let on = !next().is_empty();
                // The state of a checkbox is not its attribute, which only says how it began.
                if switch == "checked" {
                    tag.set_checked(on);
                } else if on {
                    tag.add_attribute(switch, switch);
                }
                continue;
            }
            let (key, value) = word.split_once('=').unwrap_or((word, ""));
            let value = if value == "{}" { AttrValue::from(next().to_owned()) } else { AttrValue::Static(value) };
            if key == "value" && name == "input" {
                tag.set_value(value);
            } else {
                tag.add_attribute(key, value);
            }
        }
        self.open.push(tag);
        self
    }

    pub fn close(&mut self) -> &mut View {
        if let Some(tag) = self.open.pop() {
            self.add(tag.into());
        }
        self
    }

    /// An element with nothing but a text in it.
    pub fn leaf(&mut self, line: &'static str, values: &[&str], text: &str) -> &mut View {
        self.open(line, values).text(text).close()
    }

    pub fn text(&mut self, text: &str) -> &mut View {
        self.add(VText::new(text.to_owned()).into());
        self
    }

    /// An element of a picture: what has not changed of it stays in the page as it is.
    pub fn part(&mut self, part: Part) -> &mut View {
        let mut tag = VTag::new(part.name);
        for (key, value) in part.attributes {
            tag.add_attribute(key, value);
        }
        if !part.inside.is_empty() {
            tag.add_child(Html::from_html_unchecked(part.inside.into()));
        }
        self.add(tag.into());
        self
    }

    pub fn markup(&mut self, markup: Markup) -> &mut View {
        self.add(markup.html());
        self
    }

    pub fn add(&mut self, node: Html) {
        match self.open.last_mut() {
            Some(parent) => parent.add_child(node),
            None => self.done = node,
        }
    }

    /// The outermost element.
    pub fn html(self) -> Html {
        self.done
    }
}

/// What `name?` takes.
pub fn flag(on: bool) -> &'static str {
    if on { "on" } else { "" }
}

/// What an ARIA state takes.
pub fn state(on: bool) -> &'static str {
    if on { "true" } else { "false" }
}
