//! Both editions of the book tell the same story: the same pages in the same order, and on each page the same headings,
//! fences, links and numbers, with every term translated as the glossary says.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::tidy::{Finding, TrackedFile};

const ENGLISH: &str = "book/en/src";
const CHINESE: &str = "book/zh-CN/src";
const GLOSSARY: &str = "book/glossary.json";

/// One term of the glossary.
#[derive(Debug, Deserialize)]
struct Term {
    en: String,
    /// Any of these is right.
    zh: Vec<String>,
    /// None of these is.
    #[serde(default)]
    avoid: Vec<String>,
}

pub fn check(files: &[TrackedFile]) -> Result<Vec<Finding>> {
    let glossary = files.iter().find(|file| file.path == Path::new(GLOSSARY)).and_then(|file| file.text.as_deref());
    let terms: Vec<Term> = match glossary {
        Some(text) => serde_json::from_str(text).with_context(|| format!("{GLOSSARY} is not a list of terms"))?,
        None => Vec::new(),
    };
    let mut findings = Vec::new();
    for english in pages(files, ENGLISH) {
        match files.iter().find(|file| file.path == counterpart(&english.path, ENGLISH, CHINESE)) {
            Some(chinese) => compare(english, chinese, &terms, &mut findings),
            None => findings.push(english.finding(1, "the page is missing in Chinese", "write it in book/zh-CN/src")),
        }
        findings.extend(missing_cases(english, files));
    }
    for chinese in pages(files, CHINESE) {
        if !files.iter().any(|file| file.path == counterpart(&chinese.path, CHINESE, ENGLISH)) {
            findings.push(chinese.finding(1, "the page is missing in English", "write it in book/en/src"));
        }
    }
    Ok(findings)
}

fn pages<'f>(files: &'f [TrackedFile], folder: &'static str) -> impl Iterator<Item = &'f TrackedFile> {
    files.iter().filter(move |file| file.path.starts_with(folder) && file.has_extension("md"))
}

fn counterpart(path: &Path, from: &str, to: &str) -> PathBuf {
    path.strip_prefix(from).map_or_else(|_| path.to_path_buf(), |inside| Path::new(to).join(inside))
}

/// What a page says of behaviour is backed by named cases, which it links to at its end; all of them are recorded.
fn missing_cases(page: &TrackedFile, files: &[TrackedFile]) -> Vec<Finding> {
    const HINT: &str = "link to `../cases/NAME.txt`, NAME being one of tests/conformance/cases or server-cases";
    let mut findings = Vec::new();
    let (mut sources, mut cases) = (None, 0);
    for (line, text) in page.lines() {
        if text == "## Versions and sources" {
            sources = Some(line);
        }
        for case in text.split("](../cases/").skip(1).filter_map(|rest| rest.split(".txt)").next()) {
            cases += 1;
            let recorded = Path::new("tests/conformance/cases").join(format!("{case}.rows"));
            let real = Path::new("tests/conformance/server-cases").join(format!("{case}.toml"));
            if !files.iter().any(|file| file.path == recorded || file.path == real) {
                findings.push(page.finding(line, format!("there is no case `{case}`"), HINT));
            }
        }
    }
    if let (Some(line), 0) = (sources, cases) {
        findings.push(page.finding(line, "no case backs this page", HINT));
    }
    findings
}

/// What must agree, with the line of each.
#[derive(Debug, Default)]
struct Page {
    sections: Vec<Section>,
    fences: Vec<(usize, String)>,
    links: Vec<(usize, String)>,
    prose: String,
}

#[derive(Debug)]
struct Section {
    line: usize,
    /// `##the-error`
    heading: String,
    numbers: BTreeSet<String>,
}

fn compare(english: &TrackedFile, chinese: &TrackedFile, terms: &[Term], findings: &mut Vec<Finding>) {
    let (en, zh) = (Page::read(english), Page::read(chinese));
    let headings = |page: &Page| page.sections.iter().map(|s| (s.line, s.heading.clone())).collect::<Vec<_>>();
    same("heading", &headings(&en), &headings(&zh), chinese, findings);
    same("fence", &en.fences, &zh.fences, chinese, findings);
    same("link", &en.links, &zh.links, chinese, findings);
    for (en, zh) in en.sections.iter().zip(&zh.sections) {
        let differ: Vec<&str> = en.numbers.symmetric_difference(&zh.numbers).map(String::as_str).collect();
        if !differ.is_empty() && en.heading == zh.heading {
            let reason = format!("only one edition says {} here (English: line {})", differ.join(", "), en.line);
            findings.push(chinese.finding(zh.line, reason, "both editions give the same numbers"));
        }
    }
    let lower = en.prose.to_lowercase();
    for term in terms {
        if lower.contains(&term.en.to_lowercase()) && !term.zh.iter().any(|word| zh.prose.contains(word)) {
            let reason = format!("“{}” is not translated as {}", term.en, term.zh.join(" or "));
            findings.push(chinese.finding(1, reason, "book/glossary.json has the terms"));
        }
        for word in term.avoid.iter().filter(|word| zh.prose.contains(*word)) {
            let reason = format!("“{word}” should be {}", term.zh.join(" or "));
            let line = chinese.lines().find(|(_, text)| text.contains(word)).map_or(1, |(line, _)| line);
            findings.push(chinese.finding(line, reason, "book/glossary.json has the terms"));
        }
    }
}

/// Reports the first place where two lists part; what follows would only repeat it.
fn same(
    what: &str,
    en: &[(usize, String)],
    zh: &[(usize, String)],
    chinese: &TrackedFile,
    findings: &mut Vec<Finding>,
) {
    for at in 0..en.len().max(zh.len()) {
        let (reason, line) = match (en.get(at), zh.get(at)) {
            (Some((_, en)), Some((_, zh))) if en == zh => continue,
            (Some((en_line, en)), Some((line, zh))) => {
                (format!("the {what} {} is {} in English (line {en_line})", shown(zh), shown(en)), *line)
            }
            (Some((en_line, en)), None) => {
                (format!("the {what} {} of line {en_line} in English is missing", shown(en)), 1)
            }
            (None, Some((line, zh))) => (format!("the {what} {} is not in English", shown(zh)), *line),
            (None, None) => continue,
        };
        findings.push(chinese.finding(line, reason, "both editions have the same headings, fences and links"));
        return;
    }
}

fn shown(text: &str) -> String {
    format!("`{}`", text.replace('\n', "⏎").chars().take(60).collect::<String>())
}

impl Page {
    fn read(file: &TrackedFile) -> Page {
        let mut page = Page::default();
        page.sections.push(Section { line: 1, heading: String::new(), numbers: BTreeSet::new() });
        let mut fence: Option<(usize, String)> = None;
        for (line, text) in file.lines() {
            let bare = text.trim_start_matches([' ', '>', '-', '\t']);
            if bare.starts_with("```") {
                match fence.take() {
                    Some(ended) => page.fences.push(ended),
                    None => fence = Some((line, format!("{bare}\n"))),
                }
            } else if let Some((_, body)) = &mut fence {
                body.push_str(&code(bare));
            } else {
                page.read_prose(line, text);
            }
        }
        page
    }

    fn read_prose(&mut self, line: usize, text: &str) {
        let (text, id) = match text.split_once(" {#") {
            Some((text, id)) if text.starts_with('#') => (text, Some(id.trim_end_matches('}').to_owned())),
            _ => (text, None),
        };
        let level = text.chars().take_while(|c| *c == '#').count();
        if level > 0 {
            // The title of a page is not linked to by its id.
            let id = if level == 1 { String::new() } else { id.unwrap_or_else(|| slug(&text[level..])) };
            let heading = format!("{}{id}", "#".repeat(level));
            self.sections.push(Section { line, heading, numbers: BTreeSet::new() });
        }
        let mut prose = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("](") {
            prose += before;
            let (target, after) = after.split_once(')').unwrap_or((after, ""));
            self.links.push((line, target.to_owned()));
            rest = after;
        }
        prose += rest;
        if let Some(section) = self.sections.last_mut() {
            section.numbers.extend(numbers(&prose));
        }
        // What stands between backticks is a name or an error, which nobody translates; so is a question to the simulator.
        let words = prose.split('`').step_by(2).flat_map(|words| {
            words.split("{{#").enumerate().map(|(n, part)| match part.split_once("}}") {
                Some((_, after)) if n > 0 => after,
                _ => part,
            })
        });
        self.prose.extend(words);
        self.prose.push('\n');
    }
}

/// A line of code without its comment, which is translated; so are the words of a question.
fn code(line: &str) -> String {
    let line = line.trim_end();
    if line.starts_with("ask = ") {
        return "ask\n".to_owned();
    }
    let comment = line.find("# ").or_else(|| line.find("-- ")).unwrap_or(line.len());
    format!("{}\n", line[..comment].trim_end())
}

/// As mdBook makes ids of headings.
fn slug(heading: &str) -> String {
    let mut id = String::new();
    for c in heading.trim().chars() {
        if c.is_alphanumeric() || c == '_' || c == '-' {
            id.extend(c.to_lowercase());
        } else if c.is_whitespace() {
            id.push('-');
        }
    }
    id
}

/// The numbers of a text, and what `{{#poolscope …}}` stands for one.
fn numbers(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{#") {
        plain += before;
        let (directive, after) = after.split_once("}}").unwrap_or((after, ""));
        found.insert(directive.to_owned());
        rest = after;
    }
    plain += rest;
    let chars: Vec<char> = plain.chars().collect();
    let mut at = 0;
    while at < chars.len() {
        if !chars[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let start = at;
        while chars.get(at).is_some_and(char::is_ascii_digit)
            || (matches!(chars.get(at), Some('.')) && chars.get(at + 1).is_some_and(char::is_ascii_digit))
        {
            at += 1;
        }
        found.insert(chars[start..at].iter().collect());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(en: &str, zh: &str) -> Vec<String> {
        let file =
            |path: &str, text: &str| TrackedFile { path: PathBuf::from(path), bytes: 0, text: Some(text.to_owned()) };
        let glossary = r#"[{"en": "connection pool", "zh": ["连接池"], "avoid": ["链接池"]}]"#;
        let files = [file("book/en/src/a.md", en), file("book/zh-CN/src/a.md", zh), file(GLOSSARY, glossary)];
        check(&files).unwrap().into_iter().map(|finding| format!("{}: {}", finding.line, finding.reason)).collect()
    }

    #[test]
    fn the_same_story_has_no_findings() {
        let en = "# A\n\n## The run\n\nIn 5.5 s, [see](x.md#y) 2 of 3.\n\n```python\nf()  # it runs\n```\n\n\
                  ```poolscope\nask = \"What?\"\n```\n";
        let zh = "# 甲\n\n## 运行 {#the-run}\n\n3 个里的 2 个在 5.5 秒内，[见](x.md#y)。\n\n```python\nf()  # 运行\n```\n\n\
                  ```poolscope\nask = \"什么？\"\n```\n";
        assert_eq!(findings(en, zh), Vec::<String>::new());
    }

    #[test]
    fn each_difference_is_found() {
        for (en, zh, expected) in [
            ("## Run\n", "## 运行\n", "the heading"),
            ("## Run\n### More\n", "## 运行 {#run}\n", "is missing"),
            ("It takes 5 s.\n", "要 6 秒。\n", "only one edition says 5, 6"),
            ("{{#poolscope default a.b}}\n", "没有。\n", "only one edition says poolscope default a.b"),
            ("```sql\nSELECT 1;\n```\n", "```sql\nSELECT 2;\n```\n", "the fence"),
            ("[a](b.md)\n", "[a](c.md)\n", "the link `c.md` is `b.md` in English"),
            ("The connection pool.\n", "池。\n", "is not translated as 连接池"),
            ("One.\n", "链接池。\n", "“链接池” should be 连接池"),
            ("[`gone`](../cases/gone.txt)\n", "[`gone`](../cases/gone.txt)\n", "there is no case `gone`"),
            ("## Versions and sources\n", "## 出处 {#versions-and-sources}\n", "no case backs this page"),
        ] {
            let found = findings(en, zh);
            assert!(found.iter().any(|finding| finding.contains(expected)), "{expected}: {found:?}");
        }
    }

    #[test]
    fn pages_come_in_pairs() {
        let file = |path: &str| TrackedFile { path: PathBuf::from(path), bytes: 0, text: Some(String::new()) };
        assert_eq!(check(&[file("book/en/src/a.md"), file("book/zh-CN/src/b.md")]).unwrap().len(), 2);
    }
}
