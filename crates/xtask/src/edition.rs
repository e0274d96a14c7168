//! What an edition of the book needs beyond what mdBook writes: links to the same page in the other languages, the
//! few words of mdBook's own in the language of the edition, and a search index without the part that nobody reads.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value;

use crate::workspace::Edition;

/// What an edition calls itself, and the words that mdBook has in English only.
struct Words {
    language: &'static str,
    switch: &'static str,
    /// In attributes of its pages.
    chrome: &'static [(&'static str, &'static str)],
    /// In its pages and scripts, as they stand.
    texts: &'static [(&'static str, &'static str)],
}

const WORDS: [Words; 2] = [
    Words { language: "en", switch: "English", chrome: &[], texts: &[] },
    Words {
        language: "zh-CN",
        switch: "中文",
        chrome: &[
            ("Search this book ...", "搜索本书……"),
            ("Toggle Table of Contents", "显示或隐藏目录"),
            ("Change theme", "更换主题"),
            ("Toggle Searchbar", "显示或隐藏搜索框"),
            ("Search (`/`)", "搜索（`/`）"),
            ("Print this book", "打印本书"),
            ("Previous chapter", "上一章"),
            ("Next chapter", "下一章"),
            ("Keyboard shortcuts", "键盘快捷键"),
        ],
        texts: &[
            ("</svg>Tip</p>", "</svg>提示</p>"),
            (
                "<h2 class=\"mdbook-help-title\">Keyboard shortcuts</h2>",
                "<h2 class=\"mdbook-help-title\">键盘快捷键</h2>",
            ),
            (
                "<p>Press <kbd>←</kbd> or <kbd>→</kbd> to navigate between chapters</p>",
                "<p><kbd>←</kbd> 和 <kbd>→</kbd>：上一章、下一章</p>",
            ),
            (
                "<p>Press <kbd>S</kbd> or <kbd>/</kbd> to search in the book</p>",
                "<p><kbd>S</kbd> 或 <kbd>/</kbd>：在本书中搜索</p>",
            ),
            ("<p>Press <kbd>?</kbd> to show this help</p>", "<p><kbd>?</kbd>：显示这些快捷键</p>"),
            ("<p>Press <kbd>Esc</kbd> to hide this help</p>", "<p><kbd>Esc</kbd>：关闭</p>"),
            ("'Copy to clipboard'", "'复制'"),
            ("'Copied!'", "'已复制'"),
            ("'Clipboard error!'", "'复制失败'"),
            ("count + ' search result for \\'' + searchterm + '\\':'", "'“' + searchterm + '”：1 处'"),
            ("'No search results for \\'' + searchterm + '\\'.'", "'没有找到“' + searchterm + '”。'"),
            ("count + ' search results for \\'' + searchterm + '\\':'", "'“' + searchterm + '”：' + count + ' 处'"),
        ],
    },
];

fn words(name: &str) -> Result<&'static Words> {
    WORDS
        .iter()
        .find(|words| words.language == name)
        .ok_or_else(|| anyhow!("no words for the edition {name}; add them to `WORDS` in {}", file!()))
}

/// Completes a rendered edition in `folder`.
pub fn finish(edition: &Edition, editions: &[Edition], folder: &Path) -> Result<()> {
    for script in [scripts(folder, "searcher")?, scripts(folder, "book")?].concat() {
        let text = fs::read_to_string(&script).with_context(|| format!("cannot read {}", script.display()))?;
        fs::write(&script, translated(&text, words(&edition.name)?))?;
    }
    for page in pages(folder)? {
        let text = fs::read_to_string(&page).with_context(|| format!("cannot read {}", page.display()))?;
        let inside = page.strip_prefix(folder)?;
        let text = with_languages(&text, inside, edition, editions)?;
        let text = translated(&text, words(&edition.name)?);
        fs::write(&page, text).with_context(|| format!("cannot write {}", page.display()))?;
    }
    lighten_search_index(folder)
}

/// The page that sends readers to the edition of their language.
pub fn front_door(editions: &[Edition]) -> String {
    let first = editions.first().map_or("en", |edition| edition.name.as_str());
    let links: Vec<String> =
        editions.iter().map(|edition| format!("<a href=\"{0}/\" lang=\"{0}\">Poolscope</a>", edition.name)).collect();
    let links = links.join(" ");
    format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Poolscope</title>
<script>
const wanted = navigator.languages.find((tag) => /^(en|zh)\b/.test(tag)) ?? '';
location.replace(wanted.startsWith('zh') ? 'zh-CN/' : '{first}/');
</script>
<noscript><meta http-equiv="refresh" content="0; url={first}/"></noscript>
<link rel="icon" href="data:,">
<link rel="canonical" href="{first}/">
</head>
<body><p>{links}</p></body>
</html>
"#
    )
}

fn pages(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(pages(&path)?);
        } else if path.extension().is_some_and(|kind| kind == "html") {
            found.push(path);
        }
    }
    Ok(found)
}

/// mdBook leaves this place for buttons at the right end of its menu bar.
const BUTTONS: &str = "<div class=\"right-buttons\">";

fn with_languages(text: &str, page: &Path, edition: &Edition, editions: &[Edition]) -> Result<String> {
    // A page that is missing everywhere has no address of its own; the table of contents is a frame.
    if !text.contains(BUTTONS) || page == Path::new("404.html") {
        return Ok(text.to_owned());
    }
    let up = "../".repeat(page.components().count());
    let address = page.to_string_lossy().replace('\\', "/");
    let mut head = String::new();
    let mut buttons = String::from(BUTTONS);
    for other in editions {
        let href = format!("{up}{}/{address}", other.name);
        let name = &other.name;
        head += &format!("<link rel=\"alternate\" hreflang=\"{name}\" href=\"{href}\">\n");
        if other != edition {
            let switch = words(name)?.switch;
            buttons +=
                &format!("<a class=\"language\" lang=\"{name}\" hreflang=\"{name}\" href=\"{href}\">{switch}</a>");
        }
    }
    Ok(text.replacen("</head>", &(head + "</head>"), 1).replacen(BUTTONS, &buttons, 1))
}

fn translated(text: &str, words: &Words) -> String {
    let mut text = text.to_owned();
    for (english, own) in words.chrome {
        // Only in attributes: the same words may stand in a chapter.
        text = text.replace(&format!("=\"{english}\""), &format!("=\"{own}\""));
    }
    for (english, own) in words.texts {
        text = text.replace(english, own);
    }
    text
}

/// mdBook writes an inverted index that knows only words between blanks, so it finds no Chinese. `book/shared/search.js`
/// looks through the sections themselves; the index is left out, which is most of the file.
fn lighten_search_index(folder: &Path) -> Result<()> {
    let found = scripts(folder, "searchindex")?;
    let [index] = found.as_slice() else {
        bail!("{} search indexes in {}, not one", found.len(), folder.display());
    };
    let text = fs::read_to_string(index).with_context(|| format!("cannot read {}", index.display()))?;
    fs::write(index, lightened(&text).with_context(|| format!("{} is not what mdBook 0.5 writes", index.display()))?)
        .with_context(|| format!("cannot write {}", index.display()))
}

/// Scripts of mdBook by the beginning of their names; a hash follows.
pub fn scripts(folder: &Path, name: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        if file.starts_with(&format!("{name}-")) && file.ends_with(".js") {
            found.push(path);
        }
    }
    Ok(found)
}

const BEFORE_JSON: &str = "JSON.parse('";
const AFTER_JSON: &str = "')";

fn lightened(script: &str) -> Result<String> {
    let (start, rest) = script.split_once(BEFORE_JSON).ok_or_else(|| anyhow!("no JSON in it"))?;
    let (json, end) = rest.rsplit_once(AFTER_JSON).ok_or_else(|| anyhow!("the JSON has no end"))?;
    let mut index: Value = serde_json::from_str(&json.replace("\\'", "'").replace("\\\\", "\\"))?;
    let docs = index["index"]["documentStore"]["docs"].take();
    if docs.as_object().is_none_or(serde_json::Map::is_empty) {
        bail!("it has no documents");
    }
    index["index"] = serde_json::json!({ "documentStore": { "docs": docs } });
    let json = serde_json::to_string(&index)?.replace('\\', "\\\\").replace('\'', "\\'");
    Ok(format!("{start}{BEFORE_JSON}{json}{AFTER_JSON}{end}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edition(name: &str) -> Edition {
        Edition { name: name.to_owned(), root: PathBuf::from(name) }
    }

    #[test]
    fn a_page_links_to_itself_in_the_other_language() {
        let editions = [edition("en"), edition("zh-CN")];
        let page = format!("<head></head>{BUTTONS}</div>");
        let text = with_languages(&page, Path::new("a/b.html"), &editions[0], &editions).unwrap();
        assert!(text.contains("<link rel=\"alternate\" hreflang=\"en\" href=\"../../en/a/b.html\">"), "{text}");
        assert!(text.contains("hreflang=\"zh-CN\" href=\"../../zh-CN/a/b.html\">中文</a>"), "{text}");
        assert!(!text.contains(">English</a>"), "{text}");
        let missing = with_languages(&page, Path::new("404.html"), &editions[0], &editions).unwrap();
        assert_eq!(missing, page);
    }

    #[test]
    fn words_in_a_chapter_stay() {
        let text = translated("<a title=\"Next chapter\">Next chapter</a>", &WORDS[1]);
        assert_eq!(text, "<a title=\"下一章\">Next chapter</a>");
    }

    #[test]
    fn the_index_keeps_the_documents_only() {
        let script = r#"window.search = Object.assign(window.search, JSON.parse('{"index":{"documentStore":{"docs":{"0":{"body":"it\'s \\"1\\""}}},"index":{"x":1}}}'));"#;
        let expected = r#"window.search = Object.assign(window.search, JSON.parse('{"index":{"documentStore":{"docs":{"0":{"body":"it\'s \\"1\\""}}}}}'));"#;
        assert_eq!(lightened(script).unwrap(), expected);
        assert!(lightened("window.search = {}").is_err());
    }
}
