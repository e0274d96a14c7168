//! Tiny books in memory, through the preprocessor as mdBook calls it.
#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use std::path::{Path, PathBuf};

use expect_test::expect;
use mdbook_markdown::pulldown_cmark::Event;
use mdbook_markdown::{MarkdownOptions, new_cmark_parser};
use mdbook_poolscope::Poolscope;
use mdbook_preprocessor::book::{Book, Chapter};
use mdbook_preprocessor::config::Config;
use mdbook_preprocessor::{Preprocessor, PreprocessorContext};

const FALLBACK_BYTES_MAX: usize = 12 * 1024;

/// The root of the English edition, so that `../scenarios` is the folder of the real ones.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../book/en")
}

fn process(language: &str, chapters: &[(&str, &str)]) -> Result<Vec<String>, String> {
    let config: Config =
        format!("[book]\nlanguage = \"{language}\"\n[preprocessor.poolscope]\nscenarios = \"../scenarios\"\n")
            .parse()
            .expect("the settings of the test");
    let context = PreprocessorContext::new(root(), config, "html".to_owned());
    let mut book = Book::new();
    for (path, content) in chapters {
        book.push_item(Chapter::new(path, (*content).to_owned(), path, Vec::new()));
    }
    let book = Poolscope.run(&context, book).map_err(|error| error.to_string())?;
    Ok(book.chapters().map(|chapter| chapter.content.clone()).collect())
}

fn page(content: &str) -> String {
    process("en", &[("page.md", content)]).expect("a page without mistakes").remove(0)
}

/// The one piece of HTML on a page, as Markdown sees it.
fn only_html(page: &str) -> String {
    let events = new_cmark_parser(page, &MarkdownOptions::default());
    let html: Vec<_> =
        events.filter_map(|e| if let Event::Html(html) = e { Some(html.to_string()) } else { None }).collect();
    assert_eq!(html.len(), 1, "one line of HTML: {html:#?}");
    html.into_iter().next().unwrap_or_default()
}

/// What stands inside the element.
fn fallback(html: &str) -> &str {
    html.split_once("><svg").expect("a picture").1.split_once("</pool-scope>").expect("an end").0
}

#[test]
fn a_page_without_fences_stays_as_it_is() {
    let content =
        "# Title\n\n```python\nsession.close()\n```\n\n````md\n```poolscope\nscenario = \"gone\"\n```\n````\n";
    assert_eq!(page(content), content);
}

#[test]
fn a_fence_becomes_a_widget_with_its_run_inside() {
    let html = only_html(&page("Before.\n\n```poolscope\nscenario = \"recycle-above-wait-timeout\"\n```\nAfter.\n"));
    let (style, html) = html.split_once("</style></div>").expect("a style");
    assert!(style.starts_with("<div class=\"poolscope-style\" hidden><style>.ps{"), "{style}");
    assert!(html.starts_with("<div class=\"poolscope\"><pool-scope lang=\"en\" scenario='{\""), "{html}");
    assert!(html.trim_end().ends_with("</pool-scope></div>"), "{html}");
    for part in [
        "<svg",
        "' recording=\"",
        "<table>",
        "2013 ×2",
        "(2013, 'Lost connection to MySQL server during query')",
        "[SQL: SELECT * FROM cart]",
    ] {
        assert!(html.contains(part), "{part} is missing in {html}");
    }
    assert!(fallback(html).len() <= FALLBACK_BYTES_MAX, "{} bytes", html.len());
}

#[test]
fn knobs_and_the_moment_can_be_set() {
    let html = page(
        "```poolscope\nscenario = \"recycle-above-wait-timeout\"\nat = \"25 s\"\n[set]\n\"engine.pool_pre_ping\" = true\n```\n",
    );
    assert!(html.contains("\"pool_pre_ping\":true") && html.contains("\"look_at\":\"25 s\""), "{html}");
    assert!(html.contains("12 requests: 12 served."), "{html}");
    let nested = page("```poolscope\nscenario = \"recycle-above-wait-timeout\"\n[set]\nengine.pool_recycle = 7\n```\n");
    assert!(nested.contains("\"pool_recycle\":7") && nested.contains("12 requests: 12 served."), "{nested}");
}

#[test]
fn a_fence_may_stand_in_a_list_or_a_quote() {
    let fence = "```poolscope\nscenario = \"sessions-never-closed\"\n```";
    let text =
        format!("- one\n\n  {}\n  two\n\n> {}\n> three\n", fence.replace('\n', "\n  "), fence.replace('\n', "\n> "));
    let page = page(&text);
    let html = new_cmark_parser(&page, &MarkdownOptions::default()).filter(|e| matches!(e, Event::Html(_))).count();
    assert_eq!(html, 2);
    assert_eq!(page.matches("<style>").count(), 1, "one for the whole page");
    assert!(page.contains("</div>\n\n  two\n") && page.contains("</div>\n>\n> three\n"), "{page}");
}

#[test]
fn the_language_is_the_books() {
    let fence = "```poolscope\nscenario = \"recycle-above-wait-timeout\"\n```\n";
    let page = process("zh-CN", &[("页.md", fence)]).expect("no mistakes").remove(0);
    assert!(page.contains("lang=\"zh-CN\"") && page.contains("12 个请求：10 个成功，2 个失败（2013 ×2）"), "{page}");
}

#[test]
fn hostile_words_stay_words() {
    let hostile = r##"</pool-scope></div><script>alert(1)</script> it's "quoted" {{#include /etc/passwd}} <!-- *a* \\' onload='x"##;
    let scenario = format!(
        r###"name = "x"
title = "{0}"
summary = "{0}\n\n# Heading"
seed = 1
until = "3 s"
[[process]]
name = "</svg><b>"
threads = 1
[programs.p]
text = """
def f():
    with Session() as session:
        session.execute(text('SELECT 1 -- </script>'))
"""
[[traffic]]
run = "p"
at = ["1 s"]
"###,
        hostile.replace('\\', "\\\\").replace('"', "\\\"")
    );
    let page = page(&format!("```poolscope\n{scenario}```\n\n*after*\n"));
    let html = only_html(&page);
    for forbidden in ["<script", "</script", "<b>", "<!--", "{{", "</pool-scope></div><"] {
        assert!(!html.contains(forbidden), "{forbidden} in {html}");
    }
    let attribute = html.split("scenario='").nth(1).and_then(|rest| rest.split('\'').next()).expect("an attribute");
    let json = attribute
        .replace("&#39;", "'")
        .replace("&#123;", "{")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&#10;", "\n")
        .replace("&amp;", "&");
    let value: serde_json::Value = serde_json::from_str(&json).expect("the attribute is JSON");
    assert_eq!(value["title"], hostile);
    assert!(page.ends_with("</pool-scope></div>\n\n*after*\n"), "{page}");
}

#[test]
fn every_mistake_of_every_chapter_is_reported_at_once() {
    let chapters = [
        ("good.md", "```poolscope\nscenario = \"sessions-never-closed\"\n```\n"),
        (
            "first.md",
            "# One\n\n```poolscope\nscenario = \"session-never-closed\"\n```\n\n> ```poolscope\n> scenario = \"sessions-never-closed\"\n\
             > speed = 3\n> [set]\n> \"engine.pool_sise\" = 5\n> ```\n",
        ),
        ("part/second.md", "```poolscope\n```\n\n```poolscope fast\nscenario = \"../../secret\"\n```\n"),
        ("third.md", "```poolscope\nscenario = = 1\n```\n"),
    ];
    // Which scenarios there are is another matter.
    let report = process("en", &chapters).expect_err("mistakes").replace(&scenarios().join(", "), "ALL");
    expect![[r#"
        src/first.md:4:1: there is no ../scenarios/session-never-closed.toml
          hint: did you mean `sessions-never-closed`?
        src/first.md:9:3: unknown key `speed`
          hint: a fence that names a scenario takes `scenario`, `set`, `at`, `mended`, `compare`, `show`, `vary`, `values`, `predict`, `fix` and `solution`
        src/first.md:11:3: unknown key `pool_sise` in [engine]
          hint: did you mean `pool_size`?
        src/part/second.md:1:1: the fence is empty
          hint: write `scenario = "NAME"` (ALL), or a whole scenario
        src/part/second.md:4:1: `fast` after `poolscope` means nothing
          hint: write only the word `poolscope` after the backticks
        src/part/second.md:5:1: `../../secret` is not the name of a scenario
          hint: use letters, digits, `-` and `_`: the file is ../scenarios/NAME.toml
        src/third.md:2:12: extra `=`, expected nothing
          hint: the text is not TOML; strings need quotes, tables are written [name]
        src/third.md:2:14: unexpected key or value, expected newline, `#`
          hint: the text is not TOML; strings need quotes, tables are written [name]
        8 mistakes in poolscope fences"#]]
    .assert_eq(&report);
}

fn scenarios() -> Vec<String> {
    let folder = root().join("../scenarios");
    let files = std::fs::read_dir(folder).expect("scenarios").map(|entry| entry.expect("a file").file_name());
    let mut names: Vec<_> = files.filter_map(|name| Some(name.to_str()?.strip_suffix(".toml")?.to_owned())).collect();
    names.sort();
    names
}

#[test]
fn a_question_a_task_a_moment_and_a_number_come_from_the_run() {
    let fence = |more: &str| format!("```poolscope\nscenario = \"recycle-above-wait-timeout\"\n{more}```\n");
    let predict = fence("[predict]\nask = \"How many?\"\nof = \"failed\"\nchoices = [2, 3]\n");
    let html = page(&predict);
    assert!(html.contains("data-of=\"failed\"") && html.contains("value=\"3\""), "{html}");
    let wrong = predict.replace("[2, 3]", "[0, 1]");
    let report = process("en", &[("a.md", &wrong)]).expect_err("a mistake");
    assert!(report.contains("the run comes to `failed = 2`, which is none of the choices"), "{report}");

    let fix = fence("[fix]\nfailed = 0\n[solution]\n\"engine.pool_pre_ping\" = true\n");
    assert!(page(&fix).contains("<tr data-of=\"failed\" data-max=\"0\" class=\"bad\">"));
    let report = process("en", &[("a.md", &fix.replace("true", "false"))]).expect_err("a mistake");
    assert!(report.contains("the solution is over the budget: failed = 2 > 0"), "{report}");

    let status = page(&fence("at = \"2 s\"\nshow = \"pool.status()\"\n"));
    assert!(status.contains("Pool size: 2  Connections in pool: 2 Current Overflow: 0"), "{status}");

    let counted = page(&fence("at = \"30 s\"\nshow = \"SHOW GLOBAL STATUS\"\n"));
    assert!(counted.contains("| Aborted_clients                   | 2     |&#10;"), "{counted}");
    assert!(counted.contains("| Threads_connected                 | 0     |&#10;"), "{counted}");

    let prose = "{{#poolscope default engine.pool_size}}, {{#poolscope value recycle-above-wait-timeout engine.pool_recycle}}, \
                 {{#poolscope outcome recycle-above-wait-timeout failed engine.pool_recycle=5}}\n";
    assert!(page(prose).contains("5, 30, 0"), "{}", page(prose));
    let report = process("en", &[("a.md", "a {{#poolscope default pool}}")]).expect_err("a mistake");
    assert!(report.starts_with("src/a.md:1:3: a knob cannot set `pool`"), "{report}");
}

/// No request fails in either run: the damage is another.
#[test]
fn a_fence_may_say_that_its_run_is_mended() {
    let fence = |more: &str| format!("```poolscope\nscenario = \"coroutines-share-session\"\n{more}```\n");
    let set = "[set]\n\"traffic.0.run\" = \"contextvar\"\n";
    assert!(!page(&fence(set)).contains("class=\"parting\""));
    let mended = page(&fence(&format!("mended = true\n{set}")));
    assert!(mended.contains("class=\"parting\""), "{mended}");
    assert!(!mended.contains("\"summary\""), "what breaks is no headline of what mends it: {mended}");
    let report = process("en", &[("a.md", &fence("mended = true\nat = \"1 s\"\n"))]).expect_err("a mistake");
    assert!(report.contains("the run is that of the scenario as it is: it mends nothing"), "{report}");
}

#[test]
fn one_option_at_several_values() {
    let fence = |more: &str| format!("```poolscope\nscenario = \"recycle-above-wait-timeout\"\n{more}```\n");
    let table =
        page(&fence("vary = \"engine.pool_recycle\"\nvalues = [-1, 5]\n[set]\n\"variables.wait_timeout\" = 9\n"));
    assert!(table.contains("<div class=\"vary\" data-scenario=\"recycle-above-wait-timeout\">"), "{table}");
    assert!(table.contains("aria-label=\"pool_recycle = -1 s\""), "{table}");
    assert!(
        table.contains(
            "data-knobs='{\"variables.wait_timeout\":9,\"engine.pool_recycle\":5}'>5 s</button></th><td>0</td>"
        ),
        "{table}"
    );
    // What is the same in all runs says nothing.
    assert!(table.contains("<th>failed requests</th>") && !table.contains("<th>pings</th>"), "{table}");

    let wrong = [
        fence("vary = \"engine.pool_recycle\"\n"),
        fence("vary = \"engine.pool_recycle\"\nvalues = [1]\n"),
        fence("vary = \"engine.pool_size\"\nvalues = [1, 2]\n"),
        fence("vary = \"engine.pool_recycle\"\nvalues = [1, \"fast\"]\n"),
    ];
    let report = process("en", &[("a.md", &wrong.join("\n"))]).expect_err("mistakes");
    expect![[r#"
        src/a.md:3:1: `vary` and `values` belong together
          hint: write `vary = "engine.pool_size"` and `values = [1, 5]`
        src/a.md:8:1: `values` are two numbers, texts or truth values, or more
          hint: write `vary = "engine.pool_size"` and `values = [1, 5]`
        src/a.md:13:1: `engine.pool_size` is no knob of this scenario
          hint: engine.pool_recycle, engine.pool_pre_ping, variables.wait_timeout, driver, transport, server
        src/a.md:19:1: ../scenarios/recycle-above-wait-timeout.toml:43:1: the knob `engine.pool_recycle` needs `choices`
          hint: choices = ["…", "…"]
        src/a.md:19:1: `pool_recycle` must be a length of time: `fast` is not a unit of time; use us, ms, s, min, h or d
          hint: seconds, or text such as "250 ms", "8 h"
        5 mistakes in poolscope fences"#]]
    .assert_eq(&report);
}

#[test]
fn two_runs_beside_each_other() {
    let fence = |more: &str| format!("```poolscope\nscenario = \"recycle-above-wait-timeout\"\n{more}```\n");
    let own = page(&fence("compare = true\nat = \"25 s\"\n[set]\n\"engine.pool_recycle\" = 5\n"));
    let html = only_html(&own);
    assert!(
        html.contains("\"pool_recycle\":30") && html.contains("\"look_at\":\"25 s\""),
        "the scenario stays as it is: {html}"
    );
    assert!(html.contains(" knobs='{\"engine.pool_recycle\":5}' compare='{}'><svg"), "{html}");
    assert!(html.contains("<tr><th>engine.pool_recycle</th><td>30</td><td>5</td></tr>"), "{html}");
    assert!(html.contains("<tr><th>served</th><td>10</td><td>12 ▲</td></tr>"), "{html}");
    assert!(html.contains("First difference: "), "{html}");
    assert!(fallback(&html).len() <= FALLBACK_BYTES_MAX, "{} bytes", fallback(&html).len());

    let other = page(&fence("[compare]\nengine.pool_recycle = 5\n\"driver\" = \"mysqlclient\"\n"));
    assert!(other.contains(" knobs='{}' compare='{\"engine.pool_recycle\":5,\"driver\":\"mysqlclient\"}'>"), "{other}");

    let wrong = [
        fence("compare = true\n"),
        fence("compare = 5\n"),
        fence("compare = true\nshow = \"pool.status()\"\n[set]\n\"engine.pool_recycle\" = 5\n"),
        fence("[compare]\n\"engine.pool_sise\" = 5\n"),
        fence("[compare]\n\"engine.pool_size\" = -4\n"),
    ];
    let report = process("en", &[("a.md", &wrong.join("\n"))]).expect_err("mistakes");
    expect![[r#"
        src/a.md:3:1: both runs are the same
          hint: change one of them: `[set]` turns knobs of this run, `[compare]` those of the other one
        src/a.md:8:1: `compare` is neither true nor a table of knobs
          hint: `compare = true` for the scenario as it is, or `[compare]` with the knobs of the other run
        src/a.md:11:1: a fence has only one of `compare`, `show`, `vary`, `predict` and `fix`
          hint: write one fence for each
        src/a.md:22:1: unknown key `pool_sise` in [engine]
          hint: did you mean `pool_size`?
        src/a.md:28:1: `pool_size` = -4 is out of range
          hint: 0 to 100000
        5 mistakes in poolscope fences"#]]
    .assert_eq(&report);
}

/// What the reader of the book gets: every fence runs and none is too heavy.
#[test]
fn the_fences_of_the_book_are_light() {
    let mut widgets = 0;
    for entry in std::fs::read_dir(root().join("src")).expect("the book") {
        let path = entry.expect("a page of the book").path();
        let name = path.display();
        if path.extension().is_none_or(|kind| kind != "md") {
            continue;
        }
        let content = std::fs::read_to_string(&path).expect("a page of the book");
        for line in page(&content).lines().filter(|line| line.contains("<pool-scope lang=")) {
            widgets += 1;
            assert!(fallback(line).len() <= FALLBACK_BYTES_MAX, "{name}: {} bytes", fallback(line).len());
            assert!(line.contains("<tr><td>"), "{name} has a widget without steps");
        }
    }
    assert!(widgets >= 5, "{widgets} widgets");
}
