//! The weight of the widget: what a page with one experiment makes a browser load.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;

/// All that one widget loads, in bytes of gzip. A ratchet: it only goes down; the goal is 130,000.
const WIDGET_GZIP_MAX: usize = 212 * 1000;

#[derive(Debug, Default, Clone, Copy)]
struct Weight {
    raw: usize,
    gzip: usize,
    brotli: usize,
}

/// Prints what each file weighs and fails when the sum is above the ratchet.
pub fn check(folder: &Path) -> Result<()> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_file() && !name.ends_with(".d.ts") {
            files.push((name, path));
        }
    }
    files.sort();

    println!("{:<28} {:>10} {:>10} {:>10}", "one widget loads", "raw", "gzip -9", "brotli 11");
    let mut sum = Weight::default();
    for (name, path) in &files {
        let weight = weigh(path)?;
        print_row(name, weight);
        sum.raw += weight.raw;
        sum.gzip += weight.gzip;
        sum.brotli += weight.brotli;
    }
    print_row("sum", sum);
    if sum.gzip > WIDGET_GZIP_MAX {
        bail!("the widget weighs {} bytes gzipped, the limit is {WIDGET_GZIP_MAX}", sum.gzip);
    }
    println!("limit (gzip): {WIDGET_GZIP_MAX}, left: {}", WIDGET_GZIP_MAX - sum.gzip);
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
