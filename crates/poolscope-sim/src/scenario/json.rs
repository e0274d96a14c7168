//! JSON, the form in which a scenario travels: read into nodes, written from values.
//!
//! A reader of its own because every general one turns decimals into floats, which the simulator does not have, and because
//! it weighs a tenth in the shipped module.

use super::{Diagnostic, Node, Place, Value};
use std::fmt::Write;

/// Deeper nesting is refused: the reader descends once per level.
const DEPTH_MAX: usize = 32;

pub(super) fn read(text: &str) -> Result<Node, Diagnostic> {
    let mut reader = Reader { text, at: 0, path: String::new(), depth: 0 };
    let node = reader.node()?;
    reader.blank();
    if reader.at < text.len() { Err(reader.mistake("there is more after the end of the scenario")) } else { Ok(node) }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    /// Where the current value sits: `engine.pool_size`.
    path: String,
    depth: usize,
}

impl Reader<'_> {
    fn mistake(&self, what: &str) -> Diagnostic {
        let before = self.text.get(..self.at).unwrap_or_default();
        let line = before.matches('\n').count() as u32 + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() as u32 + 1;
        Diagnostic {
            place: Place::At { line, column },
            message: format!("not JSON: {what}"),
            hint: "a scenario in an attribute or a link is one JSON object".to_owned(),
        }
    }

    fn blank(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start_matches([' ', '\n', '\r', '\t']).len();
    }

    /// Moves past `mark` if it comes next.
    fn take(&mut self, mark: &str) -> bool {
        let is_next = self.text[self.at..].starts_with(mark);
        if is_next {
            self.at += mark.len();
        }
        is_next
    }

    fn node(&mut self) -> Result<Node, Diagnostic> {
        self.blank();
        let place = Place::Path(self.path.clone());
        let value = match self.text[self.at..].bytes().next() {
            Some(b'{') => self.table()?,
            Some(b'[') => self.list()?,
            Some(b'"') => Value::Text(self.text()?),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ if self.take("true") => Value::Bool(true),
            _ if self.take("false") => Value::Bool(false),
            _ if self.take("null") => Value::Text(String::new()),
            _ => return Err(self.mistake("a value is missing here")),
        };
        Ok(Node { place, value })
    }

    /// The value inside the current one that `part` names.
    fn inside(&mut self, part: &str) -> Result<Node, Diagnostic> {
        if self.depth == DEPTH_MAX {
            return Err(self.mistake("it is nested too deeply"));
        }
        let outer = self.path.len();
        if outer > 0 {
            self.path.push('.');
        }
        self.path.push_str(part);
        self.depth += 1;
        let node = self.node();
        self.depth -= 1;
        self.path.truncate(outer);
        node
    }

    fn table(&mut self) -> Result<Value, Diagnostic> {
        let mut entries: Vec<(String, Node)> = Vec::new();
        self.at += 1;
        self.blank();
        if self.take("}") {
            return Ok(Value::Table(entries));
        }
        loop {
            self.blank();
            if !self.text[self.at..].starts_with('"') {
                return Err(self.mistake("a key in quotes is missing here"));
            }
            let key = self.text()?;
            self.blank();
            if !self.take(":") {
                return Err(self.mistake("a colon is missing after the key"));
            }
            let node = self.inside(&key)?;
            if entries.iter().any(|(k, _)| *k == key) {
                return Err(self.mistake("the key stands here twice"));
            }
            entries.push((key, node));
            self.blank();
            if self.take("}") {
                return Ok(Value::Table(entries));
            }
            if !self.take(",") {
                return Err(self.mistake("a comma or } is missing here"));
            }
        }
    }

    fn list(&mut self) -> Result<Value, Diagnostic> {
        let mut items = Vec::new();
        self.at += 1;
        self.blank();
        if self.take("]") {
            return Ok(Value::List(items));
        }
        loop {
            let node = self.inside(&items.len().to_string())?;
            items.push(node);
            self.blank();
            if self.take("]") {
                return Ok(Value::List(items));
            }
            if !self.take(",") {
                return Err(self.mistake("a comma or ] is missing here"));
            }
        }
    }

    fn number(&mut self) -> Value {
        let rest = &self.text[self.at..];
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"+-.".contains(c)).unwrap_or(rest.len());
        self.at += end;
        rest[..end].parse().map_or_else(|_| Value::Decimal(rest[..end].to_owned()), Value::Integer)
    }

    fn text(&mut self) -> Result<String, Diagnostic> {
        let mut out = String::new();
        self.at += 1;
        loop {
            let rest = &self.text[self.at..];
            let Some(plain) = rest.find(['"', '\\']) else { return Err(self.mistake("a text is not closed")) };
            out.push_str(&rest[..plain]);
            self.at += plain + 1;
            if rest[plain..].starts_with('"') {
                return Ok(out);
            }
            let Some(escape) = self.text[self.at..].chars().next() else {
                return Err(self.mistake("a text is not closed"));
            };
            self.at += escape.len_utf8();
            out.push(match escape {
                '"' | '\\' | '/' => escape,
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                'b' => '\u{8}',
                'f' => '\u{c}',
                'u' => self.unicode()?,
                _ => return Err(self.mistake("this escape does not exist")),
            });
        }
    }

    /// The four digits after `\u`, with the second half of a surrogate pair.
    fn unicode(&mut self) -> Result<char, Diagnostic> {
        let high = self.hexadecimal()?;
        let code = if (0xD800..0xDC00).contains(&high) && self.take("\\u") {
            let low = self.hexadecimal()?;
            0x10000 + ((high - 0xD800) << 10) + (low.wrapping_sub(0xDC00) & 0x3FF)
        } else {
            high
        };
        char::from_u32(code).ok_or_else(|| self.mistake("this escape is no character"))
    }

    fn hexadecimal(&mut self) -> Result<u32, Diagnostic> {
        let digits = self.text.get(self.at..self.at + 4).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        let Some(code) = digits.and_then(|d| u32::from_str_radix(d, 16).ok()) else {
            return Err(self.mistake("four hexadecimal digits are missing here"));
        };
        self.at += 4;
        Ok(code)
    }
}

pub(super) fn write(out: &mut String, value: &Value) {
    match value {
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Integer(n) => {
            let _ = write!(out, "{n}");
        }
        // TOML writes some decimals in ways that JSON does not know (`.5`, `1_000.0`, `inf`).
        Value::Decimal(d) if is_number(d) => out.push_str(d),
        Value::Decimal(text) | Value::Text(text) => write_text(out, text),
        Value::List(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write(out, &item.value);
            }
            out.push(']');
        }
        Value::Table(entries) => {
            out.push('{');
            for (at, (key, node)) in entries.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_text(out, key);
                out.push(':');
                write(out, &node.value);
            }
            out.push('}');
        }
    }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let starts_right =
        digits.starts_with(|c: char| c.is_ascii_digit()) && (!digits.starts_with('0') || digits.starts_with("0."));
    starts_right && !digits.ends_with('.') && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

/// A JSON string with its quotes.
pub(crate) fn write_text(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
