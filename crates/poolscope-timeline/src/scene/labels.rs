//! How wide texts are, and how to make them fit. Estimates: the page's fonts are not known here.

use poolscope_sim::text::cut_last;

/// Font size of labels.
pub const SIZE: f32 = 11.0;

/// About as wide as this text is in px.
pub fn width(text: &str) -> f32 {
    text.chars().map(|c| if c.is_ascii() { 0.56 } else { 1.0 }).sum::<f32>() * SIZE
}

/// Cut with an ellipsis so that it is about `room` px wide.
pub fn fit(text: &str, room: f32) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let mut cut = String::new();
    for c in text.chars() {
        cut.push(c);
        if room < width(&cut) + SIZE {
            cut.pop();
            cut.push('…');
            break;
        }
    }
    cut
}

/// A lane's label as owner and own name: `worker 1` and `thread 2`.
pub fn parts(label: &str) -> (&str, &str) {
    cut_last(label, ", ").unwrap_or(("", label))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_fit() {
        assert_eq!(fit("worker 1", 60.0), "worker 1");
        assert!(width(&fit("a very long process name", 60.0)) <= 62.0);
        assert_eq!(parts("worker 1, thread 2"), ("worker 1", "thread 2"));
        assert_eq!(parts("app"), ("", "app"));
    }
}
