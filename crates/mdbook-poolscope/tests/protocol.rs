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
    // A command that does not read its input may be gone already.
    let _ = child.stdin.take().expect("its input").write_all(input.as_bytes());
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

const BOOK: &str = "# Mine.\n[book]\ntitle = \"Mine\" # a title\n\n[output.html]\nadditional-css = [\"own.css\"]\n";

#[test]
fn install_prepares_a_book_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    let package = root.join("package");
    std::fs::create_dir(&package).expect("a folder");
    let view = ["pool-scope.js", "poolscope_app.js", "poolscope_app_bg.wasm", "poolscope.css"];
    let simulator = ["poolscope_headless.js", "poolscope_headless_bg.wasm"];
    let tools = ["studio.js", "sweep.js", "poolscope_studio.js", "poolscope_studio_bg.wasm"];
    for name in view.into_iter().chain(simulator).chain(tools) {
        std::fs::write(package.join(name), name).expect("a file");
    }
    std::fs::write(root.join("book.toml"), BOOK).expect("a file");
    let paths = [root, &package].map(|path| path.to_str().expect("UTF-8"));
    let install = || run(&["install", paths[0], "--from", paths[1]], "");
    assert!(install().status.success());
    let read = |name: &str| std::fs::read_to_string(root.join(name)).expect(name);
    let settings = read("book.toml");
    expect_test::expect![[r##"
        # Mine.
        [book]
        title = "Mine" # a title

        [output.html]
        additional-css = ["own.css", "poolscope/poolscope.css"]
        additional-js = ["poolscope/load.js"]

        [preprocessor.poolscope]
        command = "mdbook-poolscope"
        after = ["links"]
        scenarios = "scenarios"
    "##]]
    .assert_eq(&settings);
    assert_eq!(read("src/poolscope/pool-scope.js"), "pool-scope.js");
    assert!(read("poolscope/load.js").contains("import("));
    assert!(install().status.success());
    assert_eq!(read("book.toml"), settings);

    // A widget of another version stops the build.
    let input = input("Text.\n").replace(concat!(env!("CARGO_MANIFEST_DIR"), "/../../book/en"), paths[0]);
    assert!(run(&[], &input).status.success());
    std::fs::write(root.join("src/poolscope/version.txt"), "0.0.1\n").expect("a file");
    let output = run(&[], &input);
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(message.contains("version 0.0.1") && message.contains("run `mdbook-poolscope install`"), "{message}");
}

#[test]
fn install_says_what_is_missing() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = run(&["install", folder.path().to_str().expect("UTF-8")], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("book.toml"));
}
