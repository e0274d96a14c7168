//! A parsed document before anybody knows what it means: values with their places.

use super::{Diagnostic, KnobValue, Place, json};
use crate::text::index;
use toml::de::{DeTable, DeValue};

#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub place: Place,
    pub value: Value,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Bool(bool),
    Integer(i64),
    /// A decimal as written: the simulator has no floats.
    Decimal(String),
    Text(String),
    List(Vec<Node>),
    /// In the order written.
    Table(Vec<(String, Node)>),
}

impl Value {
    /// What it is, for a diagnostic: "must be a whole number, not text".
    pub const fn noun(&self) -> &'static str {
        match self {
            Value::Bool(_) => "true or false",
            Value::Integer(_) => "a whole number",
            Value::Decimal(_) => "a decimal number",
            Value::Text(_) => "text",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
        }
    }
}

/// A scenario's text, parsed; knobs are turned on this, before it is read.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    pub root: Node,
}

impl Document {
    /// Parses TOML, what people write in files and fences. Reports every syntax error.
    ///
    /// # Errors
    /// One diagnostic per mistake, with line and column.
    pub fn from_toml(text: &str) -> Result<Document, Vec<Diagnostic>> {
        let lines = Lines::of(text);
        let (table, errors) = DeTable::parse_recoverable(text);
        if errors.is_empty() {
            let place = lines.place(0);
            return Ok(Document { root: Node { place, value: table_value(table.get_ref(), &lines) } });
        }
        Err(errors
            .iter()
            .map(|e| Diagnostic {
                place: lines.place(e.span().map_or(0, |s| s.start)),
                message: e.message().to_owned(),
                hint: "the text is not TOML; strings need quotes, tables are written [name]".to_owned(),
            })
            .collect())
    }

    /// Parses JSON, what travels in attributes and links.
    ///
    /// # Errors
    /// One diagnostic: JSON stops at the first mistake.
    pub fn from_json(text: &str) -> Result<Document, Vec<Diagnostic>> {
        json::read(text).map(|root| Document { root }).map_err(|mistake| vec![mistake])
    }

    /// The document as compact JSON.
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        json::write(&mut out, &self.root.value);
        out
    }

    /// Turns a knob: `set("engine.pool_recycle", &KnobValue::Number(30))`. What the path means is checked when the document is read.
    ///
    /// # Errors
    /// The path leads through something that is not a table or a list.
    pub fn set(&mut self, path: &str, value: &KnobValue) -> Result<(), Diagnostic> {
        let place = Place::Path(path.to_owned());
        let fail = |part: &str, hint: &str| Diagnostic {
            place: place.clone(),
            message: format!("there is no `{part}` to set"),
            hint: hint.to_owned(),
        };
        let mut node = &mut self.root;
        for part in path.split('.') {
            if part.is_empty() {
                return Err(fail(path, "a path looks like engine.pool_recycle or traffic.0.run"));
            }
            node = match &mut node.value {
                Value::Table(entries) => {
                    let at = entries.iter().position(|(key, _)| key == part).unwrap_or_else(|| {
                        let empty = Node { place: place.clone(), value: Value::Table(Vec::new()) };
                        entries.push((part.to_owned(), empty));
                        entries.len() - 1
                    });
                    &mut entries[at].1
                }
                Value::List(items) => {
                    let count = items.len();
                    let item = index(part).and_then(|i| items.get_mut(i));
                    item.ok_or_else(|| fail(part, &format!("the list has {count} entries, counted from 0")))?
                }
                _ => return Err(fail(part, "the path leads through a plain value")),
            };
        }
        *node = Node { place, value: value.to_value() };
        Ok(())
    }

    /// The value at a path, if it is written in the document.
    pub fn get(&self, path: &str) -> Option<&Node> {
        path.split('.').try_fold(&self.root, |node, part| match &node.value {
            Value::Table(entries) => entries.iter().find(|(key, _)| key == part).map(|(_, n)| n),
            Value::List(items) => index(part).and_then(|i| items.get(i)),
            _ => None,
        })
    }
}

/// Byte offset → line and column.
struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    fn of(text: &'t str) -> Lines<'t> {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Lines { text, starts }
    }

    fn place(&self, offset: usize) -> Place {
        let line = self.starts.partition_point(|&start| start <= offset);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let column = self.text.get(start..offset).map_or(0, |before| before.chars().count());
        Place::At { line: line as u32, column: column as u32 + 1 }
    }
}

fn table_value(table: &DeTable<'_>, lines: &Lines<'_>) -> Value {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_unstable_by_key(|(key, _)| key.span().start);
    Value::Table(
        entries
            .into_iter()
            .map(|(key, value)| {
                let place = lines.place(key.span().start);
                (key.get_ref().to_string(), Node { place, value: toml_value(value.get_ref(), lines) })
            })
            .collect(),
    )
}

fn toml_value(value: &DeValue<'_>, lines: &Lines<'_>) -> Value {
    match value {
        DeValue::Boolean(b) => Value::Bool(*b),
        DeValue::Integer(n) => i64::from_str_radix(n.as_str(), n.radix())
            .map_or_else(|_| Value::Decimal(n.as_str().to_owned()), Value::Integer),
        DeValue::Float(f) => Value::Decimal(f.as_str().to_owned()),
        DeValue::String(s) => Value::Text(s.to_string()),
        DeValue::Datetime(d) => Value::Text(d.to_string()),
        DeValue::Array(items) => Value::List(
            items
                .iter()
                .map(|item| Node { place: lines.place(item.span().start), value: toml_value(item.get_ref(), lines) })
                .collect(),
        ),
        DeValue::Table(table) => table_value(table, lines),
    }
}
