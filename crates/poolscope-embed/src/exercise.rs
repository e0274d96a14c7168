//! Questions and tasks: what the reader says or does is judged by the run, never by a key.
//!
//! ```toml
//! [predict]
//! ask = "How many requests fail?"
//! of = "failed"
//! choices = [0, 2, 4]
//! ```
//!
//! ```toml
//! [fix]              # the most that is allowed
//! failed = 0
//! connects = 5
//! [solution]         # proves, when the book is built, that it can be done; readers do not see it
//! "engine.pool_pre_ping" = true
//! ```

use poolscope_sim::scenario::{Node, Value};
use poolscope_sim::{Outcome, simulate};

use crate::experiment::Experiment;
use crate::html::text;
use crate::mistake::FenceMistake;
use crate::words::Words;

/// The figures of a run that can be asked for, named as the widget's event `outcome` names them.
pub const FIGURES: &str = "requests, served, failed, waited, wait_max, connects, pings, refused, max_used_connections, aborted_clients, errors";

/// A figure of a run as the reader writes it.
pub fn figure(outcome: &Outcome, name: &str) -> Option<String> {
    let number = match name {
        "requests" => outcome.requests,
        "served" => outcome.served,
        "failed" => outcome.failed,
        "waited" => outcome.waited,
        "connects" => outcome.connects,
        "pings" => outcome.pings,
        "refused" => outcome.refused,
        "max_used_connections" => outcome.max_used_connections,
        "aborted_clients" => outcome.aborted_clients,
        "wait_max" => return Some(outcome.wait_max.to_string()),
        "errors" => {
            let labels: Vec<_> = outcome.errors.iter().map(|(key, _)| key.label().to_owned()).collect();
            return Some(if labels.is_empty() { "-".to_owned() } else { labels.join(", ") });
        }
        _ => return None,
    };
    Some(number.to_string())
}

#[derive(Debug)]
pub struct Question {
    ask: String,
    of: String,
    choices: Vec<String>,
}

impl Question {
    pub fn read(node: &Node, mistakes: &mut Vec<FenceMistake>) -> Option<Question> {
        const HINT: &str = "`[predict]` takes `ask` (a text), `of` (a figure) and `choices` (a list)";
        let Value::Table(keys) = &node.value else {
            mistakes.push(FenceMistake::at(&node.place, "`predict` is a table", HINT));
            return None;
        };
        let mut question = Question { ask: String::new(), of: String::new(), choices: Vec::new() };
        for (key, node) in keys {
            match (key.as_str(), &node.value) {
                ("ask", Value::Text(ask)) => question.ask.clone_from(ask),
                ("of", Value::Text(of)) if figure(&Outcome::default(), of).is_some() => question.of.clone_from(of),
                ("of", _) => mistakes.push(FenceMistake::at(&node.place, "not a figure of a run", FIGURES)),
                ("choices", Value::List(items)) => {
                    question.choices.extend(items.iter().filter_map(|item| match &item.value {
                        Value::Integer(number) => Some(number.to_string()),
                        Value::Text(text) => Some(text.clone()),
                        _ => None,
                    }))
                }
                _ => mistakes.push(FenceMistake::at(&node.place, format!("`{key}` means nothing here"), HINT)),
            }
        }
        let complete = !question.ask.is_empty() && !question.of.is_empty() && question.choices.len() > 1;
        if !complete {
            mistakes.push(FenceMistake::at(&node.place, "the question is not complete", HINT));
        }
        complete.then_some(question)
    }

    /// The truth is among the choices, but a reader who sees only the choices does not know it.
    pub fn check(&self, experiment: &Experiment) -> Result<(), FenceMistake> {
        let truth = figure(&simulate(&experiment.scenario).outcome, &self.of).unwrap_or_default();
        if self.choices.contains(&truth) {
            return Ok(());
        }
        let message = format!("the run comes to `{} = {truth}`, which is none of the choices", self.of);
        Err(FenceMistake::whole(message, format!("the choices are {}", self.choices.join(", "))))
    }

    /// Around the widget, which stays closed until the reader has answered.
    pub fn html(&self, widget: &str, words: &Words) -> String {
        let choices: String = self
            .choices
            .iter()
            .map(|choice| {
                let choice = text(choice).replace('"', "&quot;");
                let shown = if choice == "-" { words.none } else { choice.as_str() };
                format!("<label><input type=\"radio\" name=\"answer\" value=\"{choice}\"> {shown}</label>")
            })
            .collect();
        format!(
            "<div class=\"predict\"><form class=\"predict\" data-of=\"{}\" data-right=\"{}\" data-wrong=\"{}\">\
             <fieldset><legend><strong>{}</strong> {}</legend>{choices}</fieldset><output></output>\
             <details><summary>{}</summary>{widget}</details></form></div>",
            self.of,
            words.right,
            words.wrong,
            words.predict,
            text(&self.ask),
            words.see,
        )
    }
}

/// The most that each figure may come to.
#[derive(Debug)]
pub struct Task {
    budget: Vec<(String, u32)>,
}

impl Task {
    pub fn read(node: &Node, mistakes: &mut Vec<FenceMistake>) -> Option<Task> {
        let Value::Table(keys) = &node.value else {
            mistakes.push(FenceMistake::at(
                &node.place,
                "`fix` is a table of figures and what they may be at most",
                FIGURES,
            ));
            return None;
        };
        let mut budget = Vec::new();
        for (key, node) in keys {
            match &node.value {
                Value::Integer(max) if figure(&Outcome::default(), key).is_some_and(|zero| zero == "0") => {
                    budget.push((key.clone(), u32::try_from(*max).unwrap_or(0)));
                }
                _ => mistakes.push(FenceMistake::at(
                    &node.place,
                    format!("`{key}` is not a figure with a most"),
                    FIGURES,
                )),
            }
        }
        Some(Task { budget })
    }

    /// The service is broken as it stands, and the solution mends it.
    pub fn check(&self, broken: &Experiment, solved: &Experiment) -> Result<(), FenceMistake> {
        let broken = simulate(&broken.scenario).outcome;
        if self.over(&broken).is_empty() {
            return Err(FenceMistake::whole("there is nothing to fix", "the run keeps the budget as it stands"));
        }
        let solved = simulate(&solved.scenario).outcome;
        match self.over(&solved).as_slice() {
            [] => Ok(()),
            over => Err(FenceMistake::whole(format!("the solution is over the budget: {}", over.join(", ")), "")),
        }
    }

    fn over(&self, outcome: &Outcome) -> Vec<String> {
        let now = |name: &str| figure(outcome, name).and_then(|figure| figure.parse::<u32>().ok()).unwrap_or(0);
        let over = self.budget.iter().filter(|(name, max)| now(name) > *max);
        over.map(|(name, max)| format!("{name} = {} > {max}", now(name))).collect()
    }

    /// The budget stands above the widget: what is asked for is read before the knobs are turned, and seen while they are.
    pub fn html(&self, experiment: &Experiment, widget: &str, words: &Words) -> String {
        let outcome = simulate(&experiment.scenario).outcome;
        let rows: String = self
            .budget
            .iter()
            .map(|(name, max)| {
                let now = figure(&outcome, name).unwrap_or_default();
                let good = now.parse::<u32>().is_ok_and(|now| now <= *max);
                let (class, mark) = if good { ("good", "✓") } else { ("bad", "✗") };
                format!(
                    "<tr data-of=\"{name}\" data-max=\"{max}\" class=\"{class}\"><th scope=\"row\">{}</th>\
                     <td>{now}</td><td>{max}</td><td>{mark}</td></tr>",
                    words.figure(name)
                )
            })
            .collect();
        let open = self.over(&outcome).len();
        format!(
            "<div class=\"fix\"><table class=\"score\"><thead><tr><th>{}</th><th>{}</th><th>{}</th><th>{}</th></tr>\
             </thead><tbody>{rows}</tbody></table><p><output data-done=\"{}\" data-open=\"{}\">{}</output></p>{widget}</div>",
            words.figure_heading,
            words.now,
            words.at_most,
            words.kept,
            words.mended,
            words.broken,
            words.broken.replace("{}", &open.to_string()),
        )
    }
}
