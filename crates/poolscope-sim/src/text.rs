//! Small tools for text, for the sake of the wasm: the standard library's search for a text in a text, and its reading of numbers once for
//! each width, would be kilobytes there.

/// Where `part` first begins.
pub fn find(text: &str, part: &str) -> Option<usize> {
    (0..text.len().checked_sub(part.len())? + 1).find(|at| text.as_bytes()[*at..].starts_with(part.as_bytes()))
}

/// What stands before and after the first `part`.
pub fn cut<'t>(text: &'t str, part: &str) -> Option<(&'t str, &'t str)> {
    find(text, part).map(|at| (&text[..at], &text[at + part.len()..]))
}

/// What stands before and after the last `part`.
pub fn cut_last<'t>(text: &'t str, part: &str) -> Option<(&'t str, &'t str)> {
    let at =
        (0..=text.len().checked_sub(part.len())?).rfind(|at| text.as_bytes()[*at..].starts_with(part.as_bytes()))?;
    Some((&text[..at], &text[at + part.len()..]))
}

/// A whole number from its digits.
pub fn whole(text: &str) -> Option<u64> {
    let digits = text.bytes().map(|b| b.is_ascii_digit().then(|| u64::from(b - b'0')));
    let value = digits.into_iter().try_fold(0u64, |value, digit| value.checked_mul(10)?.checked_add(digit?));
    value.filter(|_| !text.is_empty())
}

/// A place in a list from its digits.
pub fn index(text: &str) -> Option<usize> {
    whole(text)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_and_cut() {
        assert_eq!(
            (find("a, b, c", ", "), find("ab", "abc"), find("ab", "b"), find("", "")),
            (Some(1), None, Some(1), Some(0))
        );
        assert_eq!(cut("连接: 5: x", ": "), Some(("连接", "5: x")));
        assert_eq!(cut("连接", ": "), None);
        assert_eq!(cut_last("a, b, 连接", ", "), Some(("a, b", "连接")));
        assert_eq!((cut_last("连接", ", "), cut_last("", ", "), cut_last("", "")), (None, None, Some(("", ""))));
    }

    #[test]
    fn whole_numbers_are_digits() {
        assert_eq!((whole("007"), whole("18446744073709551615")), (Some(7), Some(u64::MAX)));
        for bad in ["", "-1", "+1", "1.0", "1 ", "18446744073709551616"] {
            assert_eq!(whole(bad), None, "{bad}");
        }
    }
}
