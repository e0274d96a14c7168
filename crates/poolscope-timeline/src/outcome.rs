//! What a run comes to, in words: the one place for book, widget and command.

use poolscope_sim::Outcome;

use crate::words::{self, Lang};

/// `9 requests: 6 served, 3 failed (2013 ×3).`
pub fn outcome(outcome: &Outcome, lang: Lang) -> String {
    let number = |n: u32| n.to_string();
    let mut text = lang.say(words::OUTCOME, &[&number(outcome.requests), &number(outcome.served)]);
    if outcome.failed > 0 {
        text += &lang.say(words::OUTCOME_FAILED, &[&number(outcome.failed), &errors(outcome)]);
    }
    if outcome.unfinished() > 0 {
        text += &lang.say(words::OUTCOME_RUNNING, &[&number(outcome.unfinished())]);
    }
    if let Some(limit) = outcome.truncated {
        text += &lang.say(words::OUTCOME_CUT, &[limit.name()]);
    }
    text + lang.word(words::FULL_STOP)
}

/// What it took: `3 waited for a connection, 4 connections opened, 0 pings.`
pub fn outcome_costs(outcome: &Outcome, lang: Lang) -> String {
    let Outcome { waited, connects, pings, .. } = outcome;
    lang.say(words::OUTCOME_COSTS, &[&waited.to_string(), &connects.to_string(), &pings.to_string()])
}

/// `2013 ×3, QueuePool limit ×1`; empty if none failed.
pub fn errors(outcome: &Outcome) -> String {
    let mut text = String::new();
    for (key, n) in &outcome.errors {
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(&key.label());
        text.push_str(" ×");
        text.push_str(&n.to_string());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use poolscope_sim::engine::error::ErrorKey;

    #[test]
    fn says_everything_that_is_not_nothing() {
        let run = Outcome { requests: 3, served: 3, waited: 1, connects: 2, ..Outcome::default() };
        assert_eq!(outcome(&run, Lang::En), "3 requests: 3 served.");
        assert_eq!(outcome_costs(&run, Lang::En), "1 waited for a connection, 2 connections opened, 0 pings.");
        let errors = vec![(ErrorKey::MySql(2013), 2), (ErrorKey::PoolTimeout, 1)];
        let run = Outcome {
            requests: 9,
            served: 5,
            failed: 3,
            errors,
            truncated: Some(poolscope_sim::trace::Limit::Events),
            ..Outcome::default()
        };
        assert_eq!(
            outcome(&run, Lang::En),
            "9 requests: 5 served, 3 failed (2013 ×2, QueuePool limit ×1), 1 still running (cut short by the limit on events)."
        );
        assert_eq!(
            outcome(&run, Lang::ZhCn),
            "9 个请求：5 个成功，3 个失败（2013 ×2, QueuePool limit ×1），1 个还没有结束（运行被上限 events 截断）。"
        );
    }
}
