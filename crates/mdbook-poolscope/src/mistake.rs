//! What is wrong with a book, gathered over all chapters before anything is said.

use std::fmt;

use poolscope_sim::Diagnostic;
use poolscope_sim::scenario::Place;

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

/// A mistake of one fence, in the fence's own lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FenceMistake {
    /// `None`: the fence as a whole.
    pub place: Option<(u32, u32)>,
    pub message: String,
    pub hint: String,
}

impl FenceMistake {
    pub fn whole(message: impl Into<String>, hint: impl Into<String>) -> FenceMistake {
        FenceMistake { place: None, message: message.into(), hint: hint.into() }
    }

    pub fn at(place: &Place, message: impl Into<String>, hint: impl Into<String>) -> FenceMistake {
        let place = match place {
            Place::At { line, column } => Some((*line, *column)),
            Place::Path(_) => None,
        };
        FenceMistake { place, message: message.into(), hint: hint.into() }
    }
}

impl From<Diagnostic> for FenceMistake {
    fn from(diagnostic: Diagnostic) -> FenceMistake {
        FenceMistake::at(&diagnostic.place, diagnostic.message, diagnostic.hint)
    }
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
