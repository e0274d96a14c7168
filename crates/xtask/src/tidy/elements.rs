//! What editors and type checkers are told about the elements says what the elements and the simulator really take: the attributes are
//! those of web/elements/source.js, their values those of the scenario's schema, which the tests of the command compare with the reader.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::scenarios;
use crate::tidy::{Finding, TrackedFile};

const SOURCE: &str = "web/elements/source.js";
const SCHEMA: &str = "crates/poolscope-cli/src/schema.json";
const MANIFEST: &str = "web/elements/custom-elements.json";
const TYPES: &str = "web/elements/index.d.ts";
const README: &str = "web/elements/README.md";
const SCENARIOS: &str = "book/scenarios";

/// An attribute, and the TypeScript type of its values; for those that are no options of a scenario, whatever the manifest says.
type Attribute = (String, Option<String>);

pub fn check(files: &[TrackedFile]) -> Result<Vec<Finding>> {
    let file = |path: &str| {
        let found = files.iter().find(|file| file.path == Path::new(path));
        found.with_context(|| format!("{path} is missing"))
    };
    let text = |path: &str| file(path).map(|file| file.text.as_deref().unwrap_or_default());
    let schema: Value = serde_json::from_str(text(SCHEMA)?).context(SCHEMA)?;
    let attributes = attributes(text(SOURCE)?, &schema)?;

    let mut findings = Vec::new();
    let manifest: Value = serde_json::from_str(text(MANIFEST)?).context(MANIFEST)?;
    for (tag, own) in [("pool-scope", &["recording"][..]), ("pool-playground", &["scenarios"])] {
        for reason in of_manifest(&manifest, tag, own, &attributes) {
            findings.push(file(MANIFEST)?.finding(1, reason, "write down what the element takes"));
        }
    }
    let (types, readme) = (file(TYPES)?, file(README)?);
    for (name, of) in &attributes {
        let line = match of {
            Some(of) => format!("'{name}'?: {of};"),
            None => format!("'{name}'?: "),
        };
        if !types.lines().any(|(_, text)| text.trim().starts_with(&line)) {
            findings.push(types.finding(1, format!("PoolScopeAttributes has no line `{line}`"), "write it down"));
        }
        if !readme.lines().any(|(_, text)| text.starts_with('|') && text.contains(&format!("`{name}`"))) {
            findings.push(readme.finding(1, format!("no table has the attribute `{name}`"), "document it"));
        }
    }
    for scenario in files.iter().filter(|file| file.path.starts_with(SCENARIOS) && file.has_extension("toml")) {
        let name = scenario.path.file_stem().unwrap_or_default().to_string_lossy();
        let is_named = readme.lines().any(|(_, text)| text.starts_with(&format!("| `{name}` |")));
        if is_named != scenarios::is_published(&name) {
            let word = if is_named { "names" } else { "does not name" };
            let reason = format!("its table {word} the scenario `{name}`");
            findings.push(readme.finding(1, reason, "the packages hold all but the book's own"));
        }
    }
    Ok(findings)
}

/// What source.js lists, and `loading`, which is not part of what is shown.
fn attributes(source: &str, schema: &Value) -> Result<Vec<Attribute>> {
    let mut found = Vec::new();
    for option in list(source, "OPTIONS")? {
        let of =
            type_of(&option.replace('-', "_"), schema).with_context(|| format!("{SCHEMA} does not know {option}"))?;
        found.push((option, Some(of)));
    }
    let others = list(source, "MEANING")?.into_iter().chain(list(source, "ATTRIBUTES")?);
    found.extend(others.chain(["loading".to_owned()]).map(|name| (name, None)));
    Ok(found)
}

/// The quoted words of `export const NAME = [ … ];`.
fn list(source: &str, name: &str) -> Result<Vec<String>> {
    let (_, rest) =
        source.split_once(&format!("const {name} = [")).with_context(|| format!("{SOURCE} has no {name}"))?;
    let inside = rest.split(']').next().unwrap_or_default();
    Ok(inside.split('\'').skip(1).step_by(2).map(str::to_owned).collect())
}

fn type_of(option: &str, schema: &Value) -> Option<String> {
    let places = ["/properties", "/$defs/engine/properties", "/properties/variables/properties"];
    let found = places.iter().find_map(|place| schema.pointer(place)?.get(option))?;
    if let Some(names) = found["enum"].as_array() {
        let names: Vec<_> = names.iter().filter_map(Value::as_str).map(|name| format!("'{name}'")).collect();
        return Some(names.join(" | "));
    }
    Some(if found["type"] == "boolean" { "boolean" } else { "number" }.to_owned())
}

fn of_manifest(manifest: &Value, tag: &str, own: &[&str], attributes: &[Attribute]) -> Vec<String> {
    let modules = manifest["modules"].as_array().into_iter().flatten();
    let mut declarations = modules.flat_map(|module| module["declarations"].as_array().into_iter().flatten());
    let Some(element) = declarations.find(|declaration| declaration["tagName"] == tag) else {
        return vec![format!("<{tag}> is missing")];
    };
    let said: Vec<(&str, &str)> = element["attributes"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|attribute| Some((attribute["name"].as_str()?, attribute["type"]["text"].as_str()?)))
        .collect();
    let mut reasons = Vec::new();
    for (name, of) in attributes {
        match (said.iter().find(|(said, _)| said == name), of) {
            (None, _) => reasons.push(format!("<{tag}> has no attribute `{name}`")),
            (Some((_, said)), Some(of)) if said != of => {
                reasons.push(format!("<{tag} {name}> is of the type `{said}`; it is {of}"));
            }
            _ => {}
        }
    }
    let known = |name: &str| own.contains(&name) || attributes.iter().any(|(known, _)| known == name);
    reasons
        .extend(said.iter().filter(|(name, _)| !known(name)).map(|(name, _)| format!("<{tag} {name}> does not exist")));
    reasons
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{attributes, of_manifest};

    #[test]
    fn what_is_said_is_compared_with_what_is() {
        let source = "export const OPTIONS = [\n  'pool-size', 'driver',\n];\nexport const MEANING = ['at', ...OPTIONS];\n\
                      export const ATTRIBUTES = [...MEANING, 'theme'];";
        let schema = json!({
            "properties": { "driver": { "enum": ["pymysql", "aiomysql"] } },
            "$defs": { "engine": { "properties": { "pool_size": { "type": "integer" } } } },
        });
        let attributes = attributes(source, &schema).unwrap();
        let attribute = |name: &str, of: &str| json!({ "name": name, "type": { "text": of } });
        let said = [
            attribute("pool-size", "number"),
            attribute("driver", "'pymysql'"),
            attribute("at", "string"),
            attribute("old", "string"),
        ];
        let manifest = json!({ "modules": [{ "declarations": [{ "tagName": "x-y", "attributes": said }] }] });
        assert_eq!(
            of_manifest(&manifest, "x-y", &[], &attributes),
            [
                "<x-y driver> is of the type `'pymysql'`; it is 'pymysql' | 'aiomysql'",
                "<x-y> has no attribute `theme`",
                "<x-y> has no attribute `loading`",
                "<x-y old> does not exist",
            ]
        );
        assert_eq!(of_manifest(&manifest, "z", &[], &attributes), ["<z> is missing"]);
    }
}
