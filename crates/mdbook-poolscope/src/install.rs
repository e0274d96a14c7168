//! `mdbook-poolscope install`: the widget and the settings into a book, and the check that both are of one version.

use std::fs;
use std::path::{Path, PathBuf};

use mdbook_preprocessor::config::Config;
use mdbook_preprocessor::errors::{Error, Result};
use toml_edit::{Array, DocumentMut, Item, Table, Value};

use crate::NAME;

/// Where the widget lies: in the book's source, from where mdBook copies it beside the pages.
const FOLDER: &str = "poolscope";
/// Says of which version the widget is.
const MARK: &str = "version.txt";
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// What a page needs, the tools included; the npm package has more.
const FILES: [&str; 10] = [
    "pool-scope.js",
    "poolscope_app.js",
    "poolscope_app_bg.wasm",
    "poolscope_headless.js",
    "poolscope_headless_bg.wasm",
    "poolscope.css",
    "studio.js",
    "sweep.js",
    "poolscope_studio.js",
    "poolscope_studio_bg.wasm",
];
const SCRIPT: (&str, &str) = ("poolscope/load.js", include_str!("load.js"));
const STYLE: &str = "poolscope/poolscope.css";
const SCENARIOS: &str = "scenarios";

/// By path: the files of the npm package, and `scenarios/*.toml`.
static ASSETS: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// Changes the book in `root`; `from` is an unpacked npm package, for a command that was built without the widget.
///
/// # Errors
/// A file that is missing or cannot be written.
pub fn install(root: &Path, from: Option<&Path>) -> Result<String> {
    let file = root.join("book.toml");
    let text = fs::read_to_string(&file).map_err(|error| message(&file, &error))?;
    let config: Config = text.parse()?;
    let mut settings: DocumentMut = text.parse()?;
    let folder = root.join(&config.book.src).join(FOLDER);

    for name in FILES {
        write(&folder.join(name), &asset(name, from)?)?;
    }
    write(&folder.join(MARK), format!("{VERSION}\n").as_bytes())?;
    write(&root.join(SCRIPT.0), SCRIPT.1.as_bytes())?;
    write(&root.join(STYLE), &asset("poolscope.css", from)?)?;
    let scenarios = root.join(SCENARIOS);
    if !scenarios.exists() {
        for (name, bytes) in ASSETS.iter().filter(|(name, _)| name.ends_with(".toml")) {
            write(&root.join(name), bytes)?;
        }
        fs::create_dir_all(&scenarios).map_err(|error| message(&scenarios, &error))?;
    }
    if set(&mut settings)? {
        write(&file, settings.to_string().as_bytes())?;
    }
    Ok(format!("The widget {VERSION} is in {}; the settings are in {}.", folder.display(), file.display()))
}

/// A book without a widget of its own is its own affair: its site may bring one.
///
/// # Errors
/// The book's widget is of another version.
pub fn check(root: &Path, src: &Path) -> Result<()> {
    let mark = root.join(src).join(FOLDER).join(MARK);
    match fs::read_to_string(&mark) {
        Ok(installed) if installed.trim() != VERSION => Err(Error::msg(format!(
            "{}: the widget is of version {}, mdbook-poolscope of version {VERSION}\n  hint: run `mdbook-poolscope install`",
            mark.display(),
            installed.trim()
        ))),
        _ => Ok(()),
    }
}

fn asset(name: &str, from: Option<&Path>) -> Result<Vec<u8>> {
    if let Some(folder) = from {
        let file = folder.join(name);
        return fs::read(&file).map_err(|error| message(&file, &error));
    }
    match ASSETS.iter().find(|(found, _)| *found == name) {
        Some((_, bytes)) => Ok(bytes.to_vec()),
        None => Err(Error::msg(
            "this command was built without the widget\n  hint: `mdbook-poolscope install --from FOLDER`, the npm package `poolscope`",
        )),
    }
}

/// True if anything changed. Comments and order stay.
fn set(settings: &mut DocumentMut) -> Result<bool> {
    let before = settings.to_string();
    let table = |parent: &mut Table, name: &str| -> Result<()> {
        let implicit = Table::new();
        let item = parent.entry(name).or_insert(Item::Table(implicit));
        if item.is_table() { Ok(()) } else { Err(Error::msg(format!("book.toml: `{name}` is not a table"))) }
    };
    let root = settings.as_table_mut();
    for name in ["preprocessor", "output"] {
        table(root, name)?;
        if let Some(table) = root[name].as_table_mut() {
            table.set_implicit(true);
        }
    }
    let preprocessors = &mut root["preprocessor"];
    if preprocessors.get(NAME).is_none() {
        let mut own = Table::new();
        own["command"] = toml_edit::value("mdbook-poolscope");
        own["after"] = toml_edit::value(Array::from_iter(["links"]));
        own["scenarios"] = toml_edit::value(SCENARIOS);
        preprocessors[NAME] = Item::Table(own);
    }
    if let Some(output) = root["output"].as_table_mut() {
        table(output, "html")?;
    }
    for (key, file) in [("additional-js", SCRIPT.0), ("additional-css", STYLE)] {
        let html = &mut root["output"]["html"];
        if html.get(key).is_none() {
            html[key] = toml_edit::value(Array::new());
        }
        let Some(list) = html[key].as_array_mut() else {
            return Err(Error::msg(format!("book.toml: `{key}` is not a list")));
        };
        if !list.iter().any(|item| item.as_str() == Some(file)) {
            list.push(Value::from(file));
        }
    }
    Ok(settings.to_string() != before)
}

fn write(file: &PathBuf, bytes: &[u8]) -> Result<()> {
    let folder = file.parent().unwrap_or(Path::new(""));
    fs::create_dir_all(folder).and_then(|()| fs::write(file, bytes)).map_err(|error| message(file, &error))
}

fn message(file: &Path, error: &std::io::Error) -> Error {
    Error::msg(format!("{}: {error}", file.display()))
}
