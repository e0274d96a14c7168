//! The weight of the widget: what a page with one experiment makes a browser load.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;

/// All that one widget loads, in bytes of gzip. A ratchet: it only goes down; the goal is 130,000.
const WIDGET_GZIP_MAX: usize = 209 * 1000;

#[derive(Debug, Default, Clone, Copy)]
struct Weight {
    raw: usize,
    gzip: usize,
    brotli: usize,
}

/// What a page loads for one widget, or for any number of them.
const WIDGET: [&str; 4] = ["pool-scope.js", "poolscope.css", "poolscope_app.js", "poolscope_app_bg.wasm"];

/// All that the simulator without a view loads, in bytes of gzip. A ratchet as well; the goal is 60,000.
const HEADLESS_GZIP_MAX: usize = 86_000;
const HEADLESS: [&str; 2] = ["headless.js", "poolscope_headless_bg.wasm"];

/// Prints what each file weighs and fails when the sum is above the ratchet.
pub fn check(folder: &Path) -> Result<()> {
    check_sum("one widget loads", &WIDGET, folder, WIDGET_GZIP_MAX)
}

/// The same for the simulator without a view.
pub fn check_headless(folder: &Path) -> Result<()> {
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
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(&bytes)?;
    let mut brotli = Vec::new();
    brotli::CompressorWriter::new(&mut brotli, 1 << 16, 11, 22).write_all(&bytes)?;
    Ok(Weight { raw: bytes.len(), gzip: gzip.finish()?.len(), brotli: brotli.len() })
}

fn print_row(name: &str, weight: Weight) {
    println!("{name:<28} {:>10} {:>10} {:>10}", weight.raw, weight.gzip, weight.brotli);
}
