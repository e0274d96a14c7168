//! What a host page asks for: a scenario, knobs turned already, a place to look at, a language. JSON in, every mistake out.

use crate::studio::Wish;
use poolscope_sim::scenario::{Diagnostic, Document, KnobValue, Node, Place, Value};

#[derive(Debug)]
pub struct Config {
    pub name: String,
    pub document: Document,
    /// By path (`engine.pool_recycle`) or by the option's own name (`pool_recycle`).
    pub knobs: Vec<(String, KnobValue)>,
    /// Overrides the scenario's `look_at`.
    pub at: Option<KnobValue>,
    pub lang: String,
    pub wish: Wish,
}

impl Config {
    /// # Errors
    /// Everything that is wrong with it; the scenario itself is only read later.
    pub fn read(text: &str) -> Result<Config, Vec<Diagnostic>> {
        let root = Document::from_json(text)?.root;
        let Value::Table(entries) = root.value else {
            return Err(vec![mistake("", "the configuration must be an object", "")]);
        };
        let mut mistakes = Vec::new();
        let (mut name, mut scenario, mut knobs, mut at, mut lang) = (None, None, Vec::new(), None, None);
        let mut wish = Wish::default();
        for (key, node) in entries {
            if wish.take(&key, &node.value, &mut mistakes) {
                continue;
            }
            match (key.as_str(), node.value) {
                (_, Value::Text(text)) if text.is_empty() => {}
                ("scenario", value @ Value::Table(_)) => {
                    scenario = Some(Document { root: Node { value, place: node.place } })
                }
                ("name", Value::Text(text)) => name = Some(text),
                ("lang", Value::Text(text)) => lang = Some(text),
                ("at", value) => match knob_value(value) {
                    Some(value) => at = Some(value),
                    None => mistakes.push(mistake("at", "`at` must be a time", "such as \"25 s\" or \"first error\"")),
                },
                ("knobs", Value::Table(entries)) => knobs = options(entries, &mut mistakes),
                (key, _) => mistakes.push(mistake(
                    key,
                    "this key is unknown, or its value of the wrong type",
                    "scenario, knobs and compare are objects, name and lang texts",
                )),
            }
        }
        if scenario.is_none() {
            mistakes.push(mistake("scenario", "there is no scenario", ""));
        }
        match scenario {
            Some(document) if mistakes.is_empty() => Ok(Config {
                name: name.unwrap_or_else(|| "scenario".to_owned()),
                document,
                knobs,
                at,
                lang: lang.unwrap_or_else(|| "en".to_owned()),
                wish,
            }),
            _ => Err(mistakes),
        }
    }
}

pub fn options(entries: Vec<(String, Node)>, mistakes: &mut Vec<Diagnostic>) -> Vec<(String, KnobValue)> {
    let mut options = Vec::new();
    for (path, node) in entries {
        match knob_value(node.value) {
            Some(value) => options.push((path, value)),
            None => mistakes.push(mistake(&path, "a knob is a number, a switch or a text", "")),
        }
    }
    options
}

/// Attributes are texts: `"30"` is as good as `30`.
fn knob_value(value: Value) -> Option<KnobValue> {
    match value {
        Value::Integer(n) => Some(KnobValue::Number(n)),
        Value::Bool(on) => Some(KnobValue::Switch(on)),
        Value::Text(text) => Some(KnobValue::parse(&text)),
        Value::Decimal(text) => Some(KnobValue::Text(text)),
        Value::List(_) | Value::Table(_) => None,
    }
}

fn mistake(path: &str, message: &str, hint: &str) -> Diagnostic {
    Diagnostic { place: Place::Path(path.to_owned()), message: message.to_owned(), hint: hint.to_owned() }
}

/// One line each, as a terminal would print them.
pub fn diagnostics_text(diagnostics: &[Diagnostic]) -> String {
    let lines: Vec<String> = diagnostics.iter().map(Diagnostic::to_string).collect();
    if lines.is_empty() { "the text could not be read".to_owned() } else { lines.join("\n") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_read() {
        let text = r#"{"scenario":{"seed":1},"name":"n","lang":"zh-CN","at":"25 s","knobs":{"pool_recycle":"30","driver":"pymysql","a.b":true}}"#;
        let config = Config::read(text).unwrap();
        assert_eq!((config.name.as_str(), config.lang.as_str()), ("n", "zh-CN"));
        assert_eq!(config.at, Some(KnobValue::Text("25 s".to_owned())));
        let knobs: Vec<_> = config.knobs.iter().map(|(path, value)| format!("{path}={value:?}")).collect();
        assert_eq!(knobs, ["pool_recycle=Number(30)", "driver=Text(\"pymysql\")", "a.b=Switch(true)"]);
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let mistakes = Config::read(r#"{"knobs":{"x":[]},"nam":1,"lang":2,"at":{}}"#).unwrap_err();
        let text = diagnostics_text(&mistakes);
        for part in ["x: a knob", "nam: this key is unknown", "lang: ", "at: ", "scenario: there is no scenario"] {
            assert!(text.contains(part), "{text}");
        }
    }
}
