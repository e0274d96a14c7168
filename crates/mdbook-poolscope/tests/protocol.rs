//! The command as mdBook starts it.
#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use std::io::Write;
use std::process::{Command, Output, Stdio};

fn run(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_mdbook-poolscope"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    child.stdin.take().expect("its input").write_all(input.as_bytes()).expect("it reads");
    child.wait_with_output().expect("it ends")
}

/// What mdBook writes for a book of one chapter.
fn input(content: &str) -> String {
    let context = serde_json::json!({
        "root": concat!(env!("CARGO_MANIFEST_DIR"), "/../../book/en"),
        "config": { "book": { "language": "en" }, "preprocessor": { "poolscope": { "scenarios": "../scenarios" } } },
        "renderer": "html",
        "mdbook_version": "0.5.4",
    });
    let chapter = serde_json::json!({
        "name": "One", "content": content, "number": [1], "sub_items": [], "path": "one.md", "source_path": "one.md",
        "parent_names": [],
    });
    serde_json::json!([context, { "items": [{ "Chapter": chapter }] }]).to_string()
}

#[test]
fn only_html_is_supported() {
    assert_eq!(run(&["supports", "html"], "").status.code(), Some(0));
    assert_eq!(run(&["supports", "epub"], "").status.code(), Some(1));
    assert_eq!(run(&["--help"], "").status.code(), Some(2));
}

#[test]
fn a_book_comes_back_as_a_book() {
    let output = run(&[], &input("Nothing to do.\n"));
    assert!(output.status.success());
    let book: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(book["items"][0]["Chapter"]["content"], "Nothing to do.\n");
}

#[test]
fn mistakes_go_to_standard_error_and_fail_the_build() {
    let output = run(&[], &input("# One\n\n```poolscope\n```\n"));
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let message = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(
        message.starts_with("src/one.md:3:1: the fence is empty\n  hint: write `scenario = \"NAME\"`"),
        "{message}"
    );
    assert!(message.ends_with("1 mistake in poolscope fences\n"), "{message}");
}
