//! The run as a fence of a book and as an element of a page.

use poolscope_sim::scenario::KnobValue;
use poolscope_sim::time::SimTime;

use crate::words::Lang;

type Settings = [(String, KnobValue)];

/// What a reader sees, to be seen again elsewhere.
#[derive(Clone, Copy, Debug)]
pub struct Snippet<'s> {
    pub scenario: &'s str,
    pub settings: &'s Settings,
    /// The settings of the run beside it, if there is one; none of them: the scenario as it is.
    pub compare: Option<&'s Settings>,
    pub at: Option<SimTime>,
    pub lang: Lang,
}

/// For a book with `mdbook-poolscope`; the scenario is one of its library.
pub fn fence(snippet: &Snippet) -> String {
    let mut out = String::from("```poolscope\n");
    line(&mut out, "scenario", &quoted(snippet.scenario));
    if let Some(at) = snippet.at {
        line(&mut out, "at", &quoted(&exactly(at)));
    }
    if snippet.compare.is_some_and(<[_]>::is_empty) {
        line(&mut out, "compare", "true");
    }
    table(&mut out, "[set]\n", snippet.settings);
    table(&mut out, "[compare]\n", snippet.compare.unwrap_or_default());
    out.push_str("```\n");
    out
}

fn table(out: &mut String, head: &str, settings: &Settings) {
    if !settings.is_empty() {
        out.push_str(head);
    }
    for (path, value) in settings {
        let value = match value {
            KnobValue::Text(text) => quoted(text),
            value => value.to_string(),
        };
        line(out, &quoted(path), &value);
    }
}

fn line(out: &mut String, key: &str, value: &str) {
    for part in [key, " = ", value, "\n"] {
        out.push_str(part);
    }
}

/// A basic string of TOML and of JSON.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// To the microsecond, without a unit that would need escaping.
fn exactly(at: SimTime) -> String {
    match at.as_us() {
        us if us % 1_000 == 0 => at.to_string(),
        us => us.to_string() + " us",
    }
}

/// For any page that has `pool-scope.js`.
pub fn html(snippet: &Snippet) -> String {
    let mut out = String::from("<pool-scope");
    attribute(&mut out, "scenario", snippet.scenario);
    if !snippet.settings.is_empty() {
        attribute(&mut out, "knobs", &knobs(snippet.settings));
    }
    if let Some(settings) = snippet.compare {
        attribute(&mut out, "compare", &knobs(settings));
    }
    if let Some(at) = snippet.at {
        attribute(&mut out, "at", &exactly(at));
    }
    if snippet.lang != Lang::En {
        attribute(&mut out, "lang", snippet.lang.tag());
    }
    out.push_str("></pool-scope>\n");
    out
}

/// As the element's attribute has them: JSON, by path.
pub fn knobs(settings: &Settings) -> String {
    let mut out = String::from("{");
    for (path, value) in settings {
        if 1 < out.len() {
            out.push(',');
        }
        out.push_str(&quoted(path));
        out.push(':');
        match value {
            KnobValue::Text(text) => out.push_str(&quoted(text)),
            value => out.push_str(&value.to_string()),
        }
    }
    out.push('}');
    out
}

/// In single quotes, so that JSON stays readable.
fn attribute(out: &mut String, name: &str, value: &str) {
    out.push(' ');
    out.push_str(name);
    out.push_str("='");
    for c in value.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '\'' => out.push_str("&#39;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
    }
    out.push('\'');
}
