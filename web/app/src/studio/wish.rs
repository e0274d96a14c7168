//! What a page asks the studio for. The small module has no such wishes, and does not carry them about.

use poolscope_sim::scenario::{Diagnostic, Value};

use crate::experiment::Experiment;
use crate::widget::State;

#[cfg(not(feature = "studio"))]
#[derive(Debug, Default)]
pub struct Wish {}

#[cfg(not(feature = "studio"))]
impl Wish {
    pub fn take(&mut self, _: &str, _: &Value, _: &mut Vec<Diagnostic>) -> bool {
        false
    }

    pub fn check(self, _: &Experiment) -> Result<Wish, Vec<Diagnostic>> {
        Ok(self)
    }

    pub fn grant(self, _: &mut State, _: u32) {}
}

#[cfg(feature = "studio")]
pub use with::Wish;

#[cfg(feature = "studio")]
mod with {
    use poolscope_sim::scenario::KnobValue;

    use super::{Diagnostic, Experiment, State, Value};
    use poolscope_sim::scenario::options;

    #[derive(Debug, Default)]
    pub struct Wish {
        /// The options of a run to compare with.
        compare: Option<Vec<(String, KnobValue)>>,
        /// A permalink that the page was opened with.
        link: Option<String>,
        /// The reader has asked for the studio.
        asked: bool,
    }

    impl Wish {
        /// Reads one key of the configuration; false if it is none of these.
        pub fn take(&mut self, key: &str, value: &Value, mistakes: &mut Vec<Diagnostic>) -> bool {
            match (key, value) {
                ("compare", Value::Table(entries)) => self.compare = Some(options(entries.clone(), mistakes)),
                ("link", Value::Text(text)) => self.link = Some(text.clone()),
                ("asked", Value::Bool(on)) => self.asked = *on,
                _ => return false,
            }
            true
        }

        /// # Errors
        /// The run to compare with cannot be run.
        pub fn check(self, experiment: &Experiment) -> Result<Wish, Vec<Diagnostic>> {
            let compare = self.compare.map(|options| experiment.other(options)).transpose()?;
            Ok(Wish { compare, ..self })
        }

        pub fn grant(self, state: &mut State, width: u32) {
            state.survey();
            state.focus = self.asked.then_some(".tools select");
            if let Some(options) = self.compare {
                state.compare_with(options);
            }
            if let Some(link) = self.link {
                state.open(&link, width);
            }
        }
    }
}
