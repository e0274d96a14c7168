//! Where a mended run parts from the broken one: the first thing that happens in one of them only.

use poolscope_sim::time::SimTime;
use poolscope_sim::{Scenario, Trace, simulate};
use poolscope_timeline::{Comparison, Lang, sentence};

use crate::html::text;
use crate::words::Words;

#[derive(Debug)]
pub struct Parting {
    pub at: SimTime,
    broken: Trace,
    mended: Trace,
    comparison: Comparison,
}

impl Parting {
    /// `None`: the runs are the same.
    pub fn new(broken: &Scenario, mended: &Scenario) -> Option<Parting> {
        let (broken, mended) = (simulate(broken), simulate(mended));
        let comparison = Comparison::new(&broken, &mended, Lang::En);
        Some(Parting { at: comparison.divergence?.at, broken, mended, comparison })
    }

    /// What parts there, in words. The link leads nowhere but to the widget above, whose playhead it moves.
    pub fn html(&self, lang: &str, words: &Words) -> String {
        let (before, now) = self.comparison.divergence.map_or((None, None), |d| (d.before, d.now));
        let happens = |trace: &Trace, event| match event {
            Some(event) => text(&sentence(trace, event, lang)),
            None => words.over.to_owned(),
        };
        let at = text(&self.at.to_string());
        let [first, second, third] = words.parting;
        let (before, now) = (happens(&self.broken, before), happens(&self.mended, now));
        let before = before.trim_end_matches(['.', '。']);
        format!(
            "<p class=\"parting\">{first}<button type=\"button\" data-at=\"{at}\">{at}</button>{second}{before}{third}{now}</p>"
        )
    }
}
