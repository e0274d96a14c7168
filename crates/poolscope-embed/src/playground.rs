//! Every scenario of the library in one widget: a choice, and the scenarios themselves for the page's script.

use poolscope_sim::{Document, Scenario};

use crate::experiment::Experiment;
use crate::html::text;
use crate::library::Library;
use crate::mistake::FenceMistake;
use crate::words::Words;

/// # Errors
/// Every scenario that cannot be read.
pub fn html(
    first: &Experiment,
    widget: &str,
    library: &Library,
    lang: &str,
    words: &Words,
) -> Result<String, Vec<FenceMistake>> {
    let mut mistakes = Vec::new();
    let mut options = String::new();
    let mut scenarios = Vec::new();
    for name in library.names() {
        let read = library
            .text(&name)
            .map_err(|(message, hint)| vec![FenceMistake::whole(message, hint)])
            .and_then(|toml| Document::from_toml(&toml).map_err(|wrong| in_file(&name, wrong, library)))
            .and_then(|document| match Scenario::read(&document, &name) {
                Ok(scenario) => Ok((document, scenario)),
                Err(wrong) => Err(in_file(&name, wrong, library)),
            });
        match read {
            Ok((document, scenario)) => {
                let chosen = if scenario.name == first.scenario.name { " selected" } else { "" };
                let title = text(scenario.title.get(lang));
                options += &format!("<option value=\"{name}\"{chosen}>{title}</option>");
                scenarios.push(format!("\"{name}\":{}", document.to_json()));
            }
            Err(wrong) => mistakes.extend(wrong),
        }
    }
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    // `<` cannot end the script, and `{{` is for other preprocessors.
    let scenarios = format!("{{{}}}", scenarios.join(",")).replace('<', "\\u003c").replace("{{", "{ {");
    Ok(format!(
        "<div class=\"any-scenario\"><p><label>{} <select class=\"scenarios\">{options}</select></label></p>\
         {widget}<script class=\"scenarios\" type=\"application/json\">{scenarios}</script></div>",
        words.scenario,
    ))
}

fn in_file(name: &str, wrong: Vec<poolscope_sim::Diagnostic>, library: &Library) -> Vec<FenceMistake> {
    let say = |diagnostic: poolscope_sim::Diagnostic| {
        let message = format!("{}:{}: {}", library.path(name), diagnostic.place, diagnostic.message);
        FenceMistake::whole(message, diagnostic.hint)
    };
    wrong.into_iter().map(say).collect()
}
