//! What a page asks for: a scenario or its run, a language, and, of the studio, what few readers want.

use poolscope_sim::scenario::{Diagnostic, Place, Request, Value};
use poolscope_sim::trace::Recording;

use crate::experiment::Experiment;
use crate::studio::Wish;
use crate::widget::Show;

/// What the studio is told, which runs scenarios itself.
///
/// # Errors
/// Everything that is wrong with it.
#[cfg_attr(not(feature = "studio"), allow(dead_code, reason = "the small module is given runs"))]
pub fn read(text: &str) -> Result<Show, Vec<Diagnostic>> {
    let (mut lang, mut wish) = ("en".to_owned(), Wish::default());
    let request = Request::read(text, |key, value, mistakes| match (key, value) {
        ("lang", Value::Text(text)) => {
            if !text.is_empty() {
                lang.clone_from(text);
            }
            true
        }
        _ => wish.take(key, value, mistakes),
    })?;
    let experiment = Experiment::new(request)?;
    let wish = wish.check(&experiment)?;
    Ok(Show { experiment, lang, wish })
}

/// What the small module is told: the run itself.
///
/// # Errors
/// Another release wrote it, or nobody.
#[cfg_attr(feature = "studio", allow(dead_code, reason = "the studio runs scenarios itself"))]
pub fn replay(lang: &str, recording: &[u8]) -> Result<Show, Vec<Diagnostic>> {
    let experiment = Experiment::recorded(recorded(recording)?);
    Ok(Show { experiment, lang: lang.to_owned(), wish: Wish::default() })
}

/// # Errors
/// Another release wrote it, or nobody.
pub fn recorded(bytes: &[u8]) -> Result<Recording, Vec<Diagnostic>> {
    Recording::from_bytes(bytes).ok_or_else(|| {
        let message = "this is no run that this release could show".to_owned();
        vec![Diagnostic { place: Place::Path("recording".to_owned()), message, hint: String::new() }]
    })
}
