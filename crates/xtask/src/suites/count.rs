//! How many cases passed and failed, as the test runners print it.

use std::ops::AddAssign;
use std::process::Command;

use anyhow::Result;

use crate::process;

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    pub passed: usize,
    pub failed: usize,
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl Count {
    /// A check that has no cases of its own.
    pub fn of_one(passed: bool) -> Self {
        Self { passed: usize::from(passed), failed: usize::from(!passed) }
    }
}

/// The outcome of a check of our own, with its reason shown when it failed.
pub fn check(outcome: Result<()>) -> Count {
    if let Err(error) = &outcome {
        println!("error: {error:#}");
    }
    Count::of_one(outcome.is_ok())
}

/// Runs a command that is one check: it passes when it exits with success.
pub fn one(command: &mut Command) -> Result<Count> {
    println!("$ {}", process::line(command));
    Ok(Count::of_one(process::watch(command, |_| ())?.success()))
}

/// Runs a command that prints what it counted, in one of the forms that test runners use.
pub fn cases(command: &mut Command) -> Result<Count> {
    cases_by(command, counted)
}

/// Runs a command of whose lines `counted` understands those that count.
pub fn cases_by(command: &mut Command, counted: impl Fn(&str) -> Option<Count>) -> Result<Count> {
    println!("$ {}", process::line(command));
    let mut count = Count::default();
    let status = process::watch(command, |line| {
        if let Some(more) = counted(line) {
            count += more;
        }
    })?;
    if !status.success() && count.failed == 0 {
        println!("error: `{}` failed ({status}) without saying which test", process::line(command));
        count.failed = 1;
    }
    Ok(count)
}

/// What one line of a test runner adds, if it is a line that counts.
fn counted(line: &str) -> Option<Count> {
    let line = without_colours(line);
    let line = line.trim();
    if let Some(rest) = line.strip_prefix("test result: ") {
        return libtest(rest.split_once(". ")?.1);
    }
    if let Some(rest) = line.strip_prefix("ℹ ").or_else(|| line.strip_prefix("# ")) {
        return node(rest);
    }
    let (passed, failed) = line.split_once(" passed, ")?;
    Some(Count { passed: passed.parse().ok()?, failed: failed.strip_suffix(" failed")?.parse().ok()? })
}

/// `3 passed; 1 failed; 0 ignored; …`, as libtest and wasm-bindgen's runner print it.
fn libtest(text: &str) -> Option<Count> {
    let number = |word: &str| text.split("; ").find_map(|piece| piece.trim().strip_suffix(word)?.trim().parse().ok());
    Some(Count { passed: number("passed")?, failed: number("failed")? })
}

/// `pass 3`, `fail 1`, `cancelled 1`: Node prints one line for each. A cancelled test did not pass.
fn node(text: &str) -> Option<Count> {
    let (word, number) = text.split_once(' ')?;
    let number = number.trim().parse().ok()?;
    match word {
        "pass" => Some(Count { passed: number, failed: 0 }),
        "fail" | "cancelled" => Some(Count { passed: 0, failed: number }),
        _ => None,
    }
}

fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        if c == '\u{1b}' {
            // The escape sequences for colours end with a letter.
            rest.by_ref().find(char::is_ascii_alphabetic);
        } else {
            plain.push(c);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::{Count, counted};

    fn check(line: &str, expected: Option<(usize, usize)>) {
        let expected = expected.map(|(passed, failed)| Count { passed, failed });
        assert_eq!(counted(line), expected, "{line}");
    }

    #[test]
    fn lines_that_count() {
        check(
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.00s",
            Some((12, 0)),
        );
        check("test result: FAILED. 4 passed; 2 failed; 0 ignored", Some((4, 2)));
        check("test result: \u{1b}[32mok\u{1b}[0m. 1 passed; 0 failed; 0 ignored", Some((1, 0)));
        check("# pass 7", Some((7, 0)));
        check("ℹ fail 2", Some((0, 2)));
        check("ℹ cancelled 1", Some((0, 1)));
        check("31 passed, 2 failed", Some((31, 2)));
    }

    #[test]
    fn lines_that_do_not() {
        check("test pool::overflow ... ok", None);
        check("ℹ tests 9", None);
        check("# Subtest: pass 3", None);
        check("3 passed, but 1 failed", None);
        check("running 3 tests", None);
    }
}
