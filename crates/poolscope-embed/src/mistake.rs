//! A mistake of one fence, in the fence's own lines.

use poolscope_sim::Diagnostic;
use poolscope_sim::scenario::Place;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FenceMistake {
    /// Line and column, from 1; `None`: the fence as a whole.
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
