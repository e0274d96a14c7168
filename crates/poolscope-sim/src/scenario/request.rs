//! What a page asks for: a scenario, knobs turned already, a place to look at. JSON in, every mistake out.

use super::{Diagnostic, Document, Knob, KnobValue, Node, Place, Scenario, Value};
use crate::trace::Recording;
use crate::world::simulate;

#[derive(Debug)]
pub struct Request {
    pub name: String,
    /// With the place to look at, and before any knob is turned.
    pub document: Document,
    /// By path (`engine.pool_recycle`) or by the option's own name (`pool_recycle`).
    pub knobs: Vec<(String, KnobValue)>,
    /// Whoever asks has a run of this scenario, and knows what it is without the knobs.
    again: bool,
}

impl Request {
    /// `others` takes the keys that are not a request's; false if it does not know one.
    ///
    /// # Errors
    /// Everything that is wrong with it; the scenario itself is only read later.
    pub fn read(
        text: &str,
        mut others: impl FnMut(&str, &Value, &mut Vec<Diagnostic>) -> bool,
    ) -> Result<Request, Vec<Diagnostic>> {
        let root = Document::from_json(text)?.root;
        let Value::Table(entries) = root.value else {
            return Err(vec![mistake("", "the configuration must be an object", "")]);
        };
        let mut mistakes = Vec::new();
        let (mut name, mut scenario, mut knobs, mut at, mut again) = (None, None, Vec::new(), None, false);
        for (key, node) in entries {
            if others(&key, &node.value, &mut mistakes) {
                continue;
            }
            match (key.as_str(), node.value) {
                (_, Value::Text(text)) if text.is_empty() => {}
                ("scenario", value @ Value::Table(_)) => {
                    scenario = Some(Document { root: Node { value, place: node.place } })
                }
                ("name", Value::Text(text)) => name = Some(text),
                ("again", Value::Bool(on)) => again = on,
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
        match (scenario, at) {
            (Some(mut document), at) if mistakes.is_empty() => {
                if let Some(at) = at {
                    document.set("look_at", &at).map_err(|d| vec![d])?;
                }
                Ok(Request { name: name.unwrap_or_else(|| "scenario".to_owned()), document, knobs, again })
            }
            _ => Err(mistakes),
        }
    }

    /// # Errors
    /// Everything that is wrong with the scenario or with the knobs.
    pub fn run(&self) -> Result<Recording, Vec<Diagnostic>> {
        let mut recording = None;
        if !self.again {
            let scenario = Scenario::read(&self.document, &self.name)?;
            if self.knobs.is_empty() {
                return Ok(Recording::of(&scenario));
            }
            recording = Some((scenario.knobs.clone(), simulate(&scenario).outcome));
        }
        let (knobs, plain) = recording.unzip();
        let knobs = knobs.unwrap_or_default();
        let turned: Vec<_> = self.knobs.iter().map(|(key, value)| (path_of(&knobs, key), value.clone())).collect();
        let mut document = self.document.clone();
        for (path, value) in &turned {
            document.set(path, value).map_err(|d| vec![d])?;
        }
        let trace = simulate(&Scenario::read(&document, &self.name)?);
        Ok(Recording { knobs, turned, plain, trace })
    }
}

/// The options in a table of a request.
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

/// `pool_recycle` stands for the knob that ends in it, else for the table that it belongs to.
pub fn path_of(knobs: &[Knob], key: &str) -> String {
    if crate::text::find(key, ".").is_some() {
        return key.to_owned();
    }
    if let Some(knob) = knobs.iter().find(|k| k.set.rsplit('.').next() == Some(key)) {
        return knob.set.clone();
    }
    let table = match key {
        "max_connections" | "wait_timeout" | "interactive_timeout" => "variables.",
        "max_overflow" | "poolclass" => "engine.",
        key if key.starts_with("pool_") => "engine.",
        _ => "",
    };
    table.to_owned() + key
}

fn mistake(path: &str, message: &str, hint: &str) -> Diagnostic {
    Diagnostic { place: Place::Path(path.to_owned()), message: message.to_owned(), hint: hint.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Request, Vec<Diagnostic>> {
        Request::read(text, |key, _, _| key == "lang")
    }

    #[test]
    fn every_key_is_read() {
        let text = r#"{"scenario":{"seed":1},"name":"n","lang":"zh-CN","at":"25 s","knobs":{"pool_recycle":"30","driver":"pymysql","a.b":true}}"#;
        let request = read(text).unwrap();
        assert_eq!(request.name, "n");
        assert_eq!(request.document.to_json(), r#"{"seed":1,"look_at":"25 s"}"#);
        let knobs: Vec<_> = request.knobs.iter().map(|(path, value)| format!("{path}={value:?}")).collect();
        assert_eq!(knobs, ["pool_recycle=Number(30)", "driver=Text(\"pymysql\")", "a.b=Switch(true)"]);
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let mistakes = read(r#"{"knobs":{"x":[]},"nam":1,"name":2,"at":{}}"#).unwrap_err();
        let text: String = mistakes.iter().map(|mistake| mistake.to_string() + "\n").collect();
        for part in ["x: a knob", "nam: this key is unknown", "name: ", "at: ", "scenario: there is no scenario"] {
            assert!(text.contains(part), "{text}");
        }
    }
}
