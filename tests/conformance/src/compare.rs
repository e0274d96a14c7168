//! One scenario through both, and the first row at which they part.

use crate::Failure;
use crate::oracle::Oracle;
use crate::rows::rows;
use poolscope_sim::Scenario;
use poolscope_sim::simulate;

/// Rows shown before and after the first difference.
const BEFORE: usize = 12;
const AFTER: usize = 12;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    pub real: Vec<String>,
    pub simulated: Vec<String>,
}

/// # Errors
/// The real run could not be made.
pub fn compare(scenario: &Scenario, oracle: &mut Oracle) -> Result<Comparison, Failure> {
    let mut scenario = scenario.clone();
    scenario.set_sqlalchemy(oracle.version);
    let real = oracle.rows(&scenario)?;
    Ok(Comparison { real, simulated: rows(&simulate(&scenario)) })
}

impl Comparison {
    /// Index of the first row that differs or that one side lacks.
    pub fn difference(&self) -> Option<usize> {
        let both = self.real.iter().zip(&self.simulated);
        let same = both.take_while(|(real, simulated)| real == simulated).count();
        (same < self.real.len().max(self.simulated.len())).then_some(same)
    }

    /// Both lists side by side around the first difference, the real one on the left; rows in common stand once.
    pub fn around_difference(&self) -> String {
        let Some(at) = self.difference() else { return String::new() };
        let mut text = String::new();
        for row in self.real.iter().take(at).skip(at.saturating_sub(BEFORE)) {
            text += &format!("  {row}\n");
        }
        let real: Vec<&str> = around(&self.real, at);
        let simulated: Vec<&str> = around(&self.simulated, at);
        let width = real.iter().map(|row| row.chars().count()).max().unwrap_or(0).clamp(HEAD.len(), WIDTH_MAX);
        text += &format!("  {HEAD:width$} | the simulator\n");
        for row in 0..real.len().max(simulated.len()) {
            let [real, simulated] = [&real, &simulated].map(|rows| rows.get(row).copied().unwrap_or_default());
            let mark = if real == simulated { "  " } else { "! " };
            text += format!("{mark}{real:width$} | {simulated}").trim_end();
            text += "\n";
        }
        text
    }
}

const HEAD: &str = "the real SQLAlchemy";
/// A row that is longer pushes its partner to the right.
const WIDTH_MAX: usize = 90;

fn around(rows: &[String], at: usize) -> Vec<&str> {
    let shown: Vec<&str> = rows.iter().skip(at).take(AFTER).map(String::as_str).collect();
    if shown.is_empty() { vec!["(nothing more)"] } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_is_found() {
        let rows = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let compare = |real, simulated| Comparison { real: rows(real), simulated: rows(simulated) }.difference();
        assert_eq!(compare("a b c", "a b c"), None);
        assert_eq!(compare("a b c", "a x c"), Some(1));
        assert_eq!(compare("a b", "a b c"), Some(2));
        assert_eq!(compare("a b c", "a b"), Some(2));
    }
}
