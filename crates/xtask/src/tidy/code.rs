//! Just enough of Rust's grammar to look at code without being fooled by comments, strings and tests.

/// A word, a number or one character of punctuation, with its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub text: String,
    pub line: usize,
}

impl Token {
    pub fn is(&self, text: &str) -> bool {
        self.text == text
    }

    pub fn is_word(&self) -> bool {
        self.text.starts_with(|c: char| c.is_alphabetic() || c == '_')
    }
}

/// The tokens of a file, without comments, without the content of strings, and without items under
/// `#[cfg(test)]`.
pub fn tokens_outside_tests(source: &str) -> Vec<Token> {
    without_tests(tokens(source))
}

/// A path such as `std::time::Instant`, also when it is written as a group: `use std::{fs, time::Instant}`.
pub fn paths_from(tokens: &[Token], root: &str) -> Vec<(String, usize)> {
    let mut paths = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        // In `crate::std::x` it is a module of that name; in `use ::std::x` it is the real one.
        let before = at.checked_sub(3).and_then(|start| tokens.get(start..at));
        let is_inside = before.is_some_and(|b| b[0].is_word() && !b[0].is("use") && b[1].is(":") && b[2].is(":"));
        if token.is(root) && !is_inside {
            follow_path(tokens, at, String::new(), &mut paths);
        }
    }
    paths
}

/// Adds the paths that start with the word at `at` and returns the place behind them.
fn follow_path(tokens: &[Token], at: usize, prefix: String, paths: &mut Vec<(String, usize)>) -> usize {
    let Some(token) = tokens.get(at) else {
        return at;
    };
    if token.is("{") {
        let mut next = at + 1;
        while let Some(token) = tokens.get(next) {
            if token.is("}") {
                return next + 1;
            }
            next = if token.is_word() || token.is("{") || token.is("*") {
                follow_path(tokens, next, prefix.clone(), paths)
            } else {
                next + 1
            };
        }
        return next;
    }
    if !token.is_word() && !token.is("*") {
        return at + 1;
    }
    let path = if prefix.is_empty() { token.text.clone() } else { format!("{prefix}::{}", token.text) };
    let colons = tokens.get(at + 1..at + 3);
    if colons.is_some_and(|colons| colons.iter().all(|colon| colon.is(":")))
        && tokens.get(at + 3).is_some_and(|next| next.is_word() || next.is("{") || next.is("*"))
    {
        return follow_path(tokens, at + 3, path, paths);
    }
    paths.push((path, token.line));
    let is_renamed = tokens.get(at + 1).is_some_and(|next| next.is("as"));
    at + if is_renamed { 3 } else { 1 }
}

fn tokens(source: &str) -> Vec<Token> {
    let chars: Vec<char> = source.chars().collect();
    let mut tokens: Vec<Token> = Vec::new();
    let mut line = 1;
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let rest = &chars[at..];
        let length = if c.is_whitespace() {
            1
        } else if rest.starts_with(&['/', '/']) {
            rest.iter().take_while(|&&c| c != '\n').count()
        } else if rest.starts_with(&['/', '*']) {
            block_comment(rest)
        } else if let Some(length) = raw_string(rest) {
            length
        } else if c == '"' || rest.starts_with(&['b', '"']) || rest.starts_with(&['c', '"']) {
            string(rest)
        } else if c == '\'' {
            char_or_lifetime(rest)
        } else {
            let length = if c.is_ascii_digit() {
                let is_tuple_field = tokens.last().is_some_and(|token| token.is("."));
                number(rest, is_tuple_field)
            } else if c.is_alphabetic() || c == '_' {
                word(rest)
            } else {
                1
            };
            let text = rest[..length].iter().collect();
            tokens.push(Token { text, line });
            length
        };
        line += rest[..length].iter().filter(|&&c| c == '\n').count();
        at += length;
    }
    tokens
}

fn word(rest: &[char]) -> usize {
    rest.iter().take_while(|&&c| c.is_alphanumeric() || c == '_').count()
}

/// `12`, `1_000u64`, `0.5`, `1.`, `1e-9`, but only the `1` of `1..2` and of `1.max(2)`.
fn number(rest: &[char], is_tuple_field: bool) -> usize {
    let mut length = word(rest);
    if is_tuple_field || rest.starts_with(&['0', 'x']) || rest.starts_with(&['0', 'b']) {
        return length;
    }
    let after = rest.get(length + 1).copied().unwrap_or(' ');
    if rest.get(length) == Some(&'.') && after != '.' && !after.is_alphabetic() && after != '_' {
        length += 1 + word(&rest[length + 1..]);
    }
    let (digits, last) = rest[..length].split_at(length - 1);
    let ends_in_exponent =
        matches!(last, ['e' | 'E']) && digits.iter().all(|c| c.is_ascii_digit() || "._".contains(*c));
    if ends_in_exponent && matches!(rest.get(length), Some('-' | '+')) {
        length += 1 + word(&rest[length + 1..]);
    }
    length
}

/// Block comments nest in Rust.
fn block_comment(rest: &[char]) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with(&['/', '*']) {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with(&['*', '/']) {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

/// The length of `"…"`, `b"…"` or `c"…"` with its escapes.
fn string(rest: &[char]) -> usize {
    let mut at = 1 + usize::from(rest[0] != '"');
    while let Some(&c) = rest.get(at) {
        match c {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// The length of `r"…"`, `br#"…"#` and the like, if that is what is here.
fn raw_string(rest: &[char]) -> Option<usize> {
    let prefix = match rest {
        ['r', ..] => 1,
        ['b' | 'c', 'r', ..] => 2,
        _ => return None,
    };
    let hashes = rest[prefix..].iter().take_while(|&&c| c == '#').count();
    let start = prefix + hashes + 1;
    if rest.get(start - 1) != Some(&'"') {
        return None;
    }
    let mut end = vec!['"'];
    end.resize(1 + hashes, '#');
    let content = rest[start..].windows(end.len()).position(|window| window == end);
    Some(content.map_or(rest.len(), |content| start + content + end.len()))
}

/// The length of `'a'` or `'\n'`; of a lifetime only the quote, since its name is a word like any other.
fn char_or_lifetime(rest: &[char]) -> usize {
    match rest {
        ['\'', '\\', ..] => 3 + rest[3..].iter().take_while(|&&c| c != '\'').count() + 1,
        ['\'', _, '\'', ..] => 3,
        _ => 1,
    }
    .min(rest.len())
}

fn without_tests(tokens: Vec<Token>) -> Vec<Token> {
    const CFG_TEST: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        let here = &tokens[at..];
        if here.len() >= CFG_TEST.len() && CFG_TEST.iter().zip(here).all(|(text, token)| token.is(text)) {
            at += CFG_TEST.len() + item(&here[CFG_TEST.len()..]);
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    kept
}

/// The length of the item at the start: up to its semicolon, or to the end of its braces.
fn item(tokens: &[Token]) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match token.text.as_str() {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => {
                depth = depth.saturating_sub(1);
                if depth == 0 && token.is("}") {
                    return at + 1;
                }
            }
            ";" if depth == 0 => return at + 1,
            _ => {}
        }
    }
    tokens.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &str) -> Vec<String> {
        tokens_outside_tests(source).into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn comments_strings_and_chars_are_not_code() {
        let source = r##"
            // HashMap
            /* f64 /* nested */ HashMap */
            let a = "HashMap \" f64"; let b = r#"HashMap " f64"#; let c = b"f64";
            let d = '"'; let e = '\''; let f = '\u{1F600}'; let g: &'static str = d;
        "##;
        let found = texts(source);
        assert!(!found.iter().any(|text| text == "HashMap" || text == "f64"), "{found:?}");
        assert!(found.iter().any(|text| text == "static"), "{found:?}");
    }

    #[test]
    fn lines_are_counted_through_comments_and_strings() {
        let found = tokens_outside_tests("/* a\nb */ \"c\nd\"\nhere");
        assert_eq!(found, [Token { text: "here".to_owned(), line: 4 }]);
    }

    #[test]
    fn numbers() {
        assert_eq!(
            texts("1.5 1..5 1.max(2) x.0.1 1e-9 1_000u64 2."),
            [
                "1.5", "1", ".", ".", "5", "1", ".", "max", "(", "2", ")", "x", ".", "0", ".", "1", "1e-9", "1_000u64",
                "2."
            ]
        );
    }

    #[test]
    fn tests_are_not_code_under_the_rules() {
        let source = "use a; #[cfg(test)] use b; #[cfg(test)] mod tests { fn f() { { c } } } \
                      #[cfg(test)] fn g(x: [u8; 2]) { d } e";
        assert_eq!(texts(source), ["use", "a", ";", "e"]);
    }

    #[test]
    fn paths_are_found_however_they_are_written() {
        let tokens = tokens_outside_tests(
            "use std::{fs, time::{Duration, Instant as I}}; fn f() { std::thread::sleep(x) } use std::net::*; \
             use crate::std::not; use ::std::env;",
        );
        let found: Vec<String> = paths_from(&tokens, "std").into_iter().map(|(path, _)| path).collect();
        assert_eq!(
            found,
            ["std::fs", "std::time::Duration", "std::time::Instant", "std::thread::sleep", "std::net::*", "std::env"]
        );
    }
}
