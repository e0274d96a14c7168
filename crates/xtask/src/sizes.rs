//! The weight of the widget and of the pages: what they make a browser load.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;

/// All that one widget loads to show a run, in bytes of gzip; its run comes with the page. A ratchet: it only goes down; the goal is 120,000.
const WIDGET_GZIP_MAX: usize = 129_000;

/// The same of the packages, whose stylesheet also has the colours of static pictures: the pages of the book have those inside.
const PACKAGE_GZIP_MAX: usize = 130_400;

#[derive(Debug, Default, Clone, Copy)]
struct Weight {
    raw: usize,
    gzip: usize,
    brotli: usize,
}

/// What a page loads for one widget, or for any number of them.
const WIDGET: [&str; 4] = ["pool-scope.js", "poolscope.css", "poolscope_app.js", "poolscope_app_bg.wasm"];

/// What it loads besides when a reader turns a knob. A ratchet as well.
const SIMULATOR_GZIP_MAX: usize = 131_000;
const SIMULATOR: [&str; 2] = ["poolscope_headless.js", "poolscope_headless_bg.wasm"];

/// All that the simulator without a view loads, in bytes of gzip. A ratchet as well; the goal is 60,000.
const HEADLESS_GZIP_MAX: usize = 131_410;
const HEADLESS: [&str; 3] = ["headless.js", "poolscope_headless.js", "poolscope_headless_bg.wasm"];

/// All that a browser loads for a page, with its widgets, in bytes of gzip: of every page but the one for printing. A ratchet too; the goal was
/// 250,000. `tests/e2e` looks whether a browser really loads no more.
const PAGE_GZIP_MAX: usize = 189_200;

/// Prints what the heaviest page makes a browser load and fails when that is above the ratchet.
pub fn check_pages(editions: &[PathBuf]) -> Result<()> {
    let mut heaviest: Option<(usize, PathBuf)> = None;
    // Most files are those of every page.
    let mut weights: BTreeMap<PathBuf, usize> = BTreeMap::new();
    for edition in editions {
        for entry in fs::read_dir(edition).with_context(|| format!("cannot list {}", edition.display()))? {
            let page = entry?.path();
            let text = match page.extension() {
                Some(kind) if kind == "html" && !page.ends_with("print.html") => fs::read_to_string(&page)?,
                _ => continue,
            };
            if !text.contains("<pool-scope ") {
                continue;
            }
            let mut sum = 0;
            for file in loaded(&page, &text) {
                sum += match weights.get(&file) {
                    Some(weight) => *weight,
                    None => {
                        let weight = gzipped(&read(&file)?)?;
                        weights.insert(file, weight);
                        weight
                    }
                };
            }
            if heaviest.as_ref().is_none_or(|(most, _)| sum > *most) {
                heaviest = Some((sum, page));
            }
        }
    }
    let Some((sum, page)) = heaviest else { bail!("no page has a widget") };
    println!("the heaviest page is {}:", page.display());
    for file in loaded(&page, &fs::read_to_string(&page)?) {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        println!("{name:<48} {:>10}", weights.get(&file).copied().unwrap_or_default());
    }
    if sum > PAGE_GZIP_MAX {
        bail!("that page loads {sum} bytes gzipped, the limit is {PAGE_GZIP_MAX}");
    }
    println!("sum (gzip): {sum}, limit: {PAGE_GZIP_MAX}, left: {}", PAGE_GZIP_MAX - sum);
    Ok(())
}

/// The page, what it names, and what its widgets load.
fn loaded(page: &Path, text: &str) -> BTreeSet<PathBuf> {
    let folder = page.parent().unwrap_or(page);
    let mut files = BTreeSet::from([page.to_path_buf()]);
    for tag in text.split('<').filter(|tag| tag.starts_with("script") || tag.starts_with("link")) {
        let tag = tag.split('>').next().unwrap_or_default();
        let needed = tag.starts_with("script") || tag.contains("\"stylesheet\"") || tag.contains("\"icon\"");
        if !needed {
            continue;
        }
        let named = [" src=\"", " href=\""].iter().find_map(|key| tag.split_once(key)?.1.split('"').next());
        files.extend(named.map(|name| folder.join(name)));
    }
    let widget = folder.join("../poolscope");
    files.extend(WIDGET.map(|name| widget.join(name)));
    files
}

/// Prints what each file weighs and fails when the sum is above the ratchet.
pub fn check(folder: &Path) -> Result<()> {
    check_sum("one widget loads", &WIDGET, folder, WIDGET_GZIP_MAX)?;
    check_sum("with the first turned knob", &SIMULATOR, folder, SIMULATOR_GZIP_MAX)
}

/// The same for the packages, which have the simulator for programs as well.
pub fn check_package(folder: &Path) -> Result<()> {
    check_sum("one widget loads", &WIDGET, folder, PACKAGE_GZIP_MAX)?;
    check_sum("with the first turned knob", &SIMULATOR, folder, SIMULATOR_GZIP_MAX)?;
    check_sum("simulate() loads", &HEADLESS, folder, HEADLESS_GZIP_MAX)
}

fn check_sum(what: &str, files: &[&str], folder: &Path, max: usize) -> Result<()> {
    println!("{what:<28} {:>10} {:>10} {:>10}", "raw", "gzip -9", "brotli 11");
    let mut sum = Weight::default();
    for name in files {
        let weight = weigh(&folder.join(name))?;
        print_row(name, weight);
        sum.raw += weight.raw;
        sum.gzip += weight.gzip;
        sum.brotli += weight.brotli;
    }
    print_row("sum", sum);
    if sum.gzip > max {
        bail!("{what} {} bytes gzipped, the limit is {max}", sum.gzip);
    }
    println!("limit (gzip): {max}, left: {}", max - sum.gzip);
    Ok(())
}

fn weigh(path: &Path) -> Result<Weight> {
    let bytes = read(path)?;
    let mut brotli = Vec::new();
    brotli::CompressorWriter::new(&mut brotli, 1 << 16, 11, 22).write_all(&bytes)?;
    Ok(Weight { raw: bytes.len(), gzip: gzipped(&bytes)?, brotli: brotli.len() })
}

fn gzipped(bytes: &[u8]) -> Result<usize> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(bytes)?;
    Ok(gzip.finish()?.len())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

fn print_row(name: &str, weight: Weight) {
    println!("{name:<28} {:>10} {:>10} {:>10}", weight.raw, weight.gzip, weight.brotli);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_loads_what_it_names() {
        let text = "<script src=\"a.js\"></script><link rel=\"stylesheet\" href=\"b.css\">\
                    <link rel=\"alternate\" href=\"zh.html\"><script>let inside;</script>";
        let files: Vec<String> = loaded(Path::new("en/page.html"), text)
            .into_iter()
            .map(|file| file.to_string_lossy().replace('\\', "/"))
            .filter(|file| !file.contains("/poolscope/"))
            .collect();
        assert_eq!(files, ["en/a.js", "en/b.css", "en/page.html"]);
    }
}
