//! What becomes of a fence.

use crate::comparison::Other;
use crate::exercise::{Question, Task};
use crate::experiment::Experiment;
use crate::library::Library;
use crate::mistake::FenceMistake;
use crate::printed::Printed;
use crate::vary::Table;
use crate::words::Words;
use crate::{playground, widget};

#[derive(Debug)]
pub enum Exhibit {
    Widget(Experiment),
    /// Beside another run of the same scenario.
    Comparison(Box<Other>, Experiment),
    /// A moment as text.
    Printed(Printed, Experiment),
    Question(Question, Experiment),
    Task(Task, Experiment),
    /// One option at several values.
    Table(Table, Experiment),
    /// Every scenario of the library, this one first.
    Playground(Experiment),
}

impl Exhibit {
    pub fn experiment(&self) -> &Experiment {
        match self {
            Self::Widget(experiment)
            | Self::Comparison(_, experiment)
            | Self::Printed(_, experiment)
            | Self::Question(_, experiment)
            | Self::Task(_, experiment)
            | Self::Table(_, experiment)
            | Self::Playground(experiment) => experiment,
        }
    }

    /// One line of HTML.
    ///
    /// # Errors
    /// There is nothing to print at the moment that was asked for, or a scenario of the playground is wrong.
    pub fn html(&self, library: &Library, lang: &str) -> Result<String, Vec<FenceMistake>> {
        let words = Words::of(lang);
        match self {
            Self::Widget(experiment) => Ok(widget::html(experiment, lang)),
            Self::Comparison(other, experiment) => Ok(other.html(experiment, lang)),
            Self::Printed(printed, experiment) => printed.html(experiment).map_err(|mistake| vec![mistake]),
            Self::Question(question, experiment) => Ok(question.html(&widget::html(experiment, lang), &words)),
            Self::Task(task, experiment) => Ok(task.html(experiment, &widget::html(experiment, lang), &words)),
            Self::Table(table, _) => Ok(table.html(lang)),
            Self::Playground(first) => playground::html(first, &widget::html(first, lang), library, lang, &words),
        }
    }
}
