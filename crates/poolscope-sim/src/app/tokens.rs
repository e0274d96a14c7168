//! One line of Python as tokens: just enough for the subset.

use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Name(String),
    Number(String),
    Text(String),
    /// Punctuation and operators, one character each.
    Mark(char),
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Token::Name(s) | Token::Number(s) => f.write_str(s),
            Token::Text(s) => write!(f, "\"{s}\""),
            Token::Mark(c) => write!(f, "{c}"),
        }
    }
}

/// A logical line: continuation lines inside brackets are joined to the line that opened them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// From 1.
    pub number: u16,
    pub indent: usize,
    pub tokens: Vec<Token>,
}

/// Splits a program into logical lines; comments and blank lines vanish.
pub(super) fn lines(text: &str) -> Result<Vec<Line>, (u16, String)> {
    let mut lines: Vec<Line> = Vec::new();
    let mut depth = 0i32;
    for (at, raw) in text.lines().enumerate() {
        let number = u16::try_from(at + 1).map_err(|_| (u16::MAX, "the program is too long".to_owned()))?;
        let tokens = tokens(raw).map_err(|why| (number, why))?;
        let opened: i32 = tokens
            .iter()
            .map(|t| match t {
                Token::Mark('(' | '[' | '{') => 1,
                Token::Mark(')' | ']' | '}') => -1,
                _ => 0,
            })
            .sum();
        if depth > 0 {
            if let Some(line) = lines.last_mut() {
                line.tokens.extend(tokens);
            }
        } else if !tokens.is_empty() {
            let blank = raw.len() - raw.trim_start().len();
            if raw[..blank].contains('\t') {
                return Err((number, "indent with spaces, not tabs".to_owned()));
            }
            lines.push(Line { number, indent: blank, tokens });
        }
        depth += opened;
        if depth < 0 {
            return Err((number, "a bracket is closed that was not opened".to_owned()));
        }
    }
    match lines.last() {
        Some(line) if depth > 0 => Err((line.number, "a bracket is not closed".to_owned())),
        _ => Ok(lines),
    }
}

fn tokens(line: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '#' => break,
            '"' | '\'' => {
                let end = rest[1..].find(first).ok_or("a string is not closed on its line")?;
                tokens.push(Token::Text(rest[1..=end].to_owned()));
                end + 2
            }
            c if is_name(c) && !c.is_ascii_digit() => {
                let end = rest.find(|c: char| !is_name(c)).unwrap_or(rest.len());
                tokens.push(Token::Name(rest[..end].to_owned()));
                end
            }
            c if c.is_ascii_digit() => {
                let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '_').unwrap_or(rest.len());
                tokens.push(Token::Number(rest[..end].replace('_', "")));
                end
            }
            c => {
                tokens.push(Token::Mark(c));
                c.len_utf8()
            }
        };
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

/// Names may have letters of any language; which characters beyond ASCII are letters is left to Python.
fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii()
}
