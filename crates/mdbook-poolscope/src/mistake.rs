//! What is wrong with a book, gathered over all chapters before anything is said.

use std::fmt;

use crate::fence::Spot;

/// One mistake: `src/chapter.md:12:3: message`, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The chapter, as a path from the book's root.
    pub chapter: String,
    pub spot: Spot,
    pub message: String,
    pub hint: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.chapter, self.spot.line, self.spot.column, self.message)?;
        if !self.hint.is_empty() {
            write!(f, "\n  hint: {}", self.hint)?;
        }
        Ok(())
    }
}

/// All mistakes as one text, in the order of the book.
pub fn report(mistakes: &[Mistake]) -> String {
    let mut text = String::new();
    for mistake in mistakes {
        text += &format!("{mistake}\n");
    }
    let plural = if mistakes.len() == 1 { "" } else { "s" };
    text + &format!("{} mistake{plural} in poolscope fences", mistakes.len())
}
