//! What APScheduler writes into the application's log, word for word.

use crate::engine::error::{DbapiError, NO_NUMBER, PyError};
use crate::scenario::Scenario;
use crate::time::{Decimal, EPOCH, SimSpan, SimTime};

/// A warning or an error. `program` and `job` say which of `Program::jobs`, `next` is its next run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Log {
    /// The question for the jobs that are due at `now` failed.
    DueJobs { error: PyError, now: SimTime },
    /// A run came `late`, more than misfire_grace_time: it does not take place.
    Missed { program: u16, job: u16, next: SimTime, late: SimSpan },
    /// The job's previous run is not over: this one does not take place.
    TooMany { program: u16, job: u16, next: SimTime },
    /// The job's function has raised an exception.
    Raised { program: u16, job: u16, next: SimTime },
}

impl Log {
    pub const fn level(&self) -> &'static str {
        if matches!(self, Log::Raised { .. }) { "ERROR" } else { "WARNING" }
    }

    pub const fn logger(&self) -> &'static str {
        match self {
            Log::DueJobs { .. } | Log::TooMany { .. } => "apscheduler.scheduler",
            Log::Missed { .. } | Log::Raised { .. } => "apscheduler.executors.default",
        }
    }

    pub fn text(&self, scenario: &Scenario) -> String {
        match *self {
            Log::DueJobs { error, now } => {
                format!("Error getting due jobs from job store 'default': {}", with_parameters(error, now, scenario))
            }
            Log::Missed { program, job, next, late } => {
                format!("Run time of job {} was missed by {}", name(scenario, program, job, next), timedelta(late))
            }
            Log::TooMany { program, job, next } => format!(
                "Execution of job {} skipped: maximum number of running instances reached (1)",
                name(scenario, program, job, next)
            ),
            Log::Raised { program, job, next } => {
                format!("Job {} raised an exception", name(scenario, program, job, next))
            }
        }
    }
}

/// The exception without its class, and with the parameter of the question.
fn with_parameters(error: PyError, now: SimTime, scenario: &Scenario) -> String {
    let no_cursor = matches!(error, PyError::Dbapi { error: DbapiError { code: NO_NUMBER, .. }, .. });
    let text = error.text(scenario);
    let text = crate::text::cut(&text, ": ").map_or(text.as_str(), |(_, text)| text);
    let Some((before, link)) = crate::text::cut(text, "]\n(Background").filter(|_| !no_cursor) else {
        return text.to_owned();
    };
    let us = now.as_us();
    let point = if us.is_multiple_of(1_000_000) { ".0" } else { "" };
    let timestamp = Decimal(EPOCH * 1_000_000 + us, 1_000_000);
    let parameters = match scenario.driver.by_position() {
        false => format!("{{'next_run_time_1': {timestamp}{point}}}"),
        true => format!("({timestamp}{point},)"),
    };
    format!("{before}]\n[parameters: {parameters}]\n(Background{link}")
}

/// `Job.__str__`, in quotes.
fn name(scenario: &Scenario, program: u16, job: u16, next: SimTime) -> String {
    let job = scenario.programs.get(usize::from(program)).and_then(|p| p.jobs.get(usize::from(job)));
    job.map_or_else(String::new, |job| {
        format!("\"{} (trigger: interval[{}], next run at: {})\"", job.function, timedelta(job.every), utc(next))
    })
}

/// Python's `str(timedelta)`: `0:00:10.006000`, `1 day, 2:00:00`.
fn timedelta(span: SimSpan) -> String {
    let (seconds, us) = (span.as_secs(), span.as_us() % 1_000_000);
    let (days, seconds) = (seconds / 86_400, seconds % 86_400);
    let mut text = match days {
        0 => String::new(),
        1 => "1 day, ".to_owned(),
        days => format!("{days} days, "),
    };
    text += &format!("{}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if us > 0 {
        text += &format!(".{us:06}");
    }
    text
}

/// `2026-01-01 00:00:20 UTC`
fn utc(at: SimTime) -> String {
    let seconds = EPOCH + at.as_us() / 1_000_000;
    let (mut days, seconds) = (seconds / 86_400, seconds % 86_400);
    let mut year = 1970;
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let mut month = 1;
    for length in [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    let (day, hour, minute, second) = (days + 1, seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_python_does() {
        for (seconds, text) in [
            (0, "2026-01-01 00:00:00 UTC"),
            (86_399, "2026-01-01 23:59:59 UTC"),
            (59 * 86_400, "2026-03-01 00:00:00 UTC"),
            (789 * 86_400, "2028-02-29 00:00:00 UTC"),
            (1_095 * 86_400, "2028-12-31 00:00:00 UTC"),
        ] {
            assert_eq!(utc(SimTime::ZERO + SimSpan::from_secs(seconds)), text);
        }
        assert_eq!(timedelta(SimSpan::from_us(10_006_000)), "0:00:10.006000");
        assert_eq!(timedelta(SimSpan::from_secs(2 * 86_400 + 3_661)), "2 days, 1:01:01");
    }
}
