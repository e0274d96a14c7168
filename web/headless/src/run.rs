//! A scenario and changes of it, as JSON, to a run, as JSON.

use poolscope_sim::scenario::{Diagnostic, Document, KnobValue, Place, Scenario, Value};

pub fn run(scenario: &str, changes: &str) -> Result<String, Vec<Diagnostic>> {
    let mut document = Document::from_json(scenario)?;
    let mut mistakes = Vec::new();
    if let Value::Table(changes) = Document::from_json(changes)?.root.value {
        for (path, node) in changes {
            let value = match node.value {
                Value::Integer(number) => KnobValue::Number(number),
                Value::Bool(on) => KnobValue::Switch(on),
                Value::Text(text) | Value::Decimal(text) => KnobValue::Text(text),
                Value::List(_) | Value::Table(_) => {
                    mistakes.push(not_a_value(path));
                    continue;
                }
            };
            mistakes.extend(document.set(&path, &value).err());
        }
    }
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let scenario = Scenario::read(&document, "scenario")?;
    Ok(poolscope_sim::trace::json(&poolscope_sim::simulate(&scenario)))
}

fn not_a_value(path: String) -> Diagnostic {
    let message = "a change is a number, a text, true or false".to_owned();
    Diagnostic { place: Place::Path(path), message, hint: String::new() }
}

#[cfg(test)]
mod tests {
    use super::run;

    use poolscope_sim::Document;

    fn scenario() -> String {
        let text = include_str!("../../../book/scenarios/recycle-above-wait-timeout.toml");
        Document::from_toml(text).unwrap().to_json()
    }

    #[test]
    fn a_run_is_one_object() {
        let text = run(&scenario(), "{}").unwrap();
        assert!(text.starts_with("{\"outcome\":{\"requests\":") && text.ends_with("]}"), "{text}");
        assert!(text.contains("\"errors\":{\"2013\":"));
    }

    #[test]
    fn changes_are_made_before_it_runs() {
        let text = run(&scenario(), "{\"engine.pool_recycle\":5,\"engine.pool_pre_ping\":true}").unwrap();
        assert!(text.contains("\"errors\":{}"), "{text}");
    }

    #[test]
    fn every_wrong_change_is_told() {
        let changes = "{\"engine.pool_size\":[],\"traffic.9.run\":\"x\"}";
        let messages: Vec<String> = run(&scenario(), changes).unwrap_err().iter().map(ToString::to_string).collect();
        assert_eq!(messages.len(), 2, "{messages:?}");
        assert!(run(&scenario(), "{\"engine.pool_sise\":1}").unwrap_err()[0].to_string().contains("pool_size"));
        assert!(run("seed = ", "{}").is_err() && run("{", "{}").is_err());
    }
}
