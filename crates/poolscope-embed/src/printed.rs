//! A moment of a run as text, exactly as the tools that readers have at home print it.

use poolscope_sim::scenario::{Node, Value};
use poolscope_sim::simulate;
use poolscope_sim::trace::{log_text, pool_log};
use poolscope_timeline::{Moment, Timeline, status_text};

use crate::experiment::Experiment;
use crate::html::text;
use crate::mistake::FenceMistake;

#[derive(Clone, Copy, Debug)]
pub enum Printed {
    Status,
    Processlist,
    /// What the server has counted until then.
    GlobalStatus,
    Traceback,
    /// What `echo_pool="debug"` has logged until then.
    Log,
}

const NAMES: [(&str, Printed); 5] = [
    ("pool.status()", Printed::Status),
    ("SHOW PROCESSLIST", Printed::Processlist),
    ("SHOW GLOBAL STATUS", Printed::GlobalStatus),
    ("traceback", Printed::Traceback),
    ("log", Printed::Log),
];

impl Printed {
    pub fn read(node: &Node, mistakes: &mut Vec<FenceMistake>) -> Option<Printed> {
        let found = match &node.value {
            Value::Text(asked) => NAMES.iter().find(|(name, _)| name == asked).map(|(_, printed)| *printed),
            _ => None,
        };
        if found.is_none() {
            let names: Vec<_> = NAMES.iter().map(|(name, _)| format!("`{name}`")).collect();
            mistakes.push(FenceMistake::at(&node.place, "cannot show that", format!("one of {}", names.join(", "))));
        }
        found
    }

    /// # Errors
    /// There is nothing to print at that moment.
    pub fn html(self, experiment: &Experiment) -> Result<String, FenceMistake> {
        let trace = simulate(&experiment.scenario);
        let looked_at = Timeline::initial(&trace);
        let moment = Moment::at(&trace, looked_at);
        let lines = match self {
            Printed::Status => {
                moment.engines.iter().map(|engine| engine.status.as_str()).collect::<Vec<_>>().join("\n")
            }
            Printed::Processlist => moment.processlist_text(),
            Printed::GlobalStatus => status_text(&trace, looked_at.into()),
            Printed::Log => {
                let written = pool_log(&trace).iter().filter(|line| line.event <= looked_at).count();
                log_text(&trace).lines().take(written).collect::<Vec<_>>().join("\n")
            }
            Printed::Traceback => moment.error.map(|error| error.traceback).unwrap_or_default(),
        };
        if lines.trim().is_empty() {
            return Err(FenceMistake::whole("there is nothing to show at this moment", "set another `at`"));
        }
        // A table is only a table while its lines are whole.
        let kind = if matches!(self, Printed::Processlist | Printed::GlobalStatus) {
            "language-text whole"
        } else {
            "language-text"
        };
        Ok(format!("<div><pre tabindex=\"0\"><code class=\"{kind}\">{}</code></pre></div>", text(&lines)))
    }
}
