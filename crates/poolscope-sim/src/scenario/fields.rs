//! Reading one table: every key asked for, every mistake written down, every key left over reported.

use super::stack::Named;
use super::{Diagnostic, Node, Place, Value, Words};
use crate::time::{SimSpan, scaled_decimal};

/// All mistakes of one document, in the order found.
#[derive(Debug, Default)]
pub(super) struct Mistakes(pub Vec<Diagnostic>);

impl Mistakes {
    pub fn add(&mut self, place: &Place, message: impl Into<String>, hint: impl Into<String>) {
        self.0.push(Diagnostic { place: place.clone(), message: message.into(), hint: hint.into() });
    }

    /// The diagnostics in the order of the text.
    pub fn sorted(mut self) -> Vec<Diagnostic> {
        let place = |d: &Diagnostic| match d.place {
            Place::At { line, column } => (line, column),
            Place::Path(_) => (u32::MAX, 0),
        };
        // By insertion: the lists are short, and equal places keep their order.
        let mut sorted: Vec<Diagnostic> = Vec::new();
        for diagnostic in self.0.drain(..) {
            let at = sorted.partition_point(|d| place(d) <= place(&diagnostic));
            sorted.insert(at, diagnostic);
        }
        sorted
    }
}

pub(super) struct Fields<'d> {
    pub place: &'d Place,
    /// What the table is called in messages: `[engine]`.
    name: &'static str,
    entries: &'d [(String, Node)],
    known: Vec<&'static str>,
}

impl<'d> Fields<'d> {
    /// The fields of a table; of nothing, with a mistake noted, if the node is no table.
    pub fn of(node: &'d Node, name: &'static str, mistakes: &mut Mistakes) -> Fields<'d> {
        let entries = match &node.value {
            Value::Table(entries) => entries.as_slice(),
            other => {
                mistakes.add(&node.place, format!("{name} must be a table, not {}", other.noun()), "");
                &[]
            }
        };
        Fields { place: &node.place, name, entries, known: Vec::new() }
    }

    pub fn take(&mut self, key: &'static str) -> Option<&'d Node> {
        self.known.push(key);
        self.entries.iter().find(|(k, _)| k == key).map(|(_, node)| node)
    }

    pub fn require(&mut self, key: &'static str, hint: &str, mistakes: &mut Mistakes) -> Option<&'d Node> {
        let node = self.take(key);
        if node.is_none() {
            mistakes.add(self.place, format!("{} lacks `{key}`", self.name), hint);
        }
        node
    }

    /// Reports every key that nobody asked for, with the nearest one that exists.
    pub fn finish(self, mistakes: &mut Mistakes) {
        for (key, node) in self.entries {
            if !self.known.contains(&key.as_str()) {
                let hint = nearest(key, &self.known).map_or_else(
                    || format!("{} knows {}", self.name, self.known.join(", ")),
                    |near| format!("did you mean `{near}`?"),
                );
                mistakes.add(&node.place, format!("unknown key `{key}` in {}", self.name), hint);
            }
        }
    }

    pub fn text(&mut self, key: &'static str, mistakes: &mut Mistakes) -> Option<&'d str> {
        text(self.take(key)?, key, mistakes)
    }

    /// A whole number inside `min..=max`.
    pub fn number(&mut self, key: &'static str, min: i64, max: i64, mistakes: &mut Mistakes) -> Option<i64> {
        let node = self.take(key)?;
        match &node.value {
            Value::Integer(n) if (min..=max).contains(n) => return Some(*n),
            Value::Integer(n) => {
                mistakes.add(&node.place, format!("`{key}` = {n} is out of range"), format!("{min} to {max}"));
            }
            other => mistakes.add(
                &node.place,
                format!("`{key}` must be a whole number, not {}", other.noun()),
                format!("{min} to {max}"),
            ),
        }
        None
    }

    pub fn switch(&mut self, key: &'static str, mistakes: &mut Mistakes) -> Option<bool> {
        let node = self.take(key)?;
        if let Value::Bool(b) = node.value {
            return Some(b);
        }
        mistakes.add(&node.place, format!("`{key}` must be true or false, not {}", node.value.noun()), "");
        None
    }

    pub fn span(&mut self, key: &'static str, mistakes: &mut Mistakes) -> Option<SimSpan> {
        span(self.take(key)?, key, mistakes)
    }

    pub fn named<T: Named>(&mut self, key: &'static str, mistakes: &mut Mistakes) -> Option<T> {
        let node = self.take(key)?;
        let written = text(node, key, mistakes)?;
        let found = T::all().iter().copied().find(|v| v.written() == written);
        if found.is_none() {
            let names: Vec<&str> = T::all().iter().map(|v| v.written()).collect();
            mistakes.add(
                &node.place,
                format!("`{key}` = \"{written}\" is not known"),
                format!("one of {}", names.join(", ")),
            );
        }
        found
    }

    pub fn words(&mut self, key: &'static str, mistakes: &mut Mistakes) -> Option<Words> {
        words(self.take(key)?, key, mistakes)
    }

    /// The entries of a list of tables; one table alone counts as a list of one.
    pub fn tables(&mut self, key: &'static str, mistakes: &mut Mistakes) -> Vec<&'d Node> {
        let Some(node) = self.take(key) else {
            return Vec::new();
        };
        match &node.value {
            Value::Table(_) => vec![node],
            Value::List(items) => items.iter().collect(),
            other => {
                mistakes.add(
                    &node.place,
                    format!("`{key}` must be a table, not {}", other.noun()),
                    format!("[[{key}]]"),
                );
                Vec::new()
            }
        }
    }
}

pub(super) fn text<'d>(node: &'d Node, key: &str, mistakes: &mut Mistakes) -> Option<&'d str> {
    if let Value::Text(text) = &node.value {
        return Some(text);
    }
    mistakes.add(&node.place, format!("`{key}` must be text, not {}", node.value.noun()), "put it in quotes");
    None
}

/// A time: a number of seconds, or text with a unit.
pub(super) fn span(node: &Node, key: &str, mistakes: &mut Mistakes) -> Option<SimSpan> {
    let read = match &node.value {
        Value::Integer(n) => u64::try_from(*n).map(SimSpan::from_secs).map_err(|_| "it is negative".to_owned()),
        Value::Decimal(d) => {
            scaled_decimal(d, 1_000_000).map(SimSpan::from_us).ok_or_else(|| format!("`{d}` is not a plain decimal"))
        }
        Value::Text(t) => SimSpan::parse(t),
        other => Err(format!("it is {}", other.noun())),
    };
    read.map_err(|why| {
        mistakes.add(
            &node.place,
            format!("`{key}` must be a length of time: {why}"),
            "seconds, or text such as \"250 ms\", \"8 h\"",
        );
    })
    .ok()
}

pub(super) fn words(node: &Node, key: &'static str, mistakes: &mut Mistakes) -> Option<Words> {
    if let Value::Text(en) = &node.value {
        return Some(Words { en: en.clone(), zh_cn: None });
    }
    let mut fields = Fields::of(node, "a text in several languages", mistakes);
    let en = fields.text("en", mistakes).map(str::to_owned);
    let zh_cn = fields.text("zh-CN", mistakes).map(str::to_owned);
    fields.finish(mistakes);
    if en.is_none() {
        mistakes.add(&node.place, format!("`{key}` has no English text"), "{ en = \"…\", zh-CN = \"…\" }");
    }
    Some(Words { en: en?, zh_cn })
}

/// The candidate that is at most a third of its length away, if any.
pub(super) fn nearest<'c>(written: &str, candidates: &[&'c str]) -> Option<&'c str> {
    candidates
        .iter()
        .map(|c| (edits(written, c), *c))
        .filter(|(distance, c)| *distance <= 1 + c.len() / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, c)| c)
}

/// Levenshtein distance.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replace = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replace.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
