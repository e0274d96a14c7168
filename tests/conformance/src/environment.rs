//! The virtual environments in which the real SQLAlchemy runs: made once, kept in the user's cache directory.

use crate::Failure;
use poolscope_sim::scenario::SqlAlchemy;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const REQUIREMENTS: &str = include_str!("../requirements.txt");

/// The directory of `harness.py` and of the recorded cases.
pub fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where scenarios that diverge are kept: below the build's own folder.
pub fn divergences() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    target.unwrap_or_else(|| package().join("../../target")).join("conformance")
}

/// The Python interpreter that has this SQLAlchemy, installing it first if need be.
///
/// # Errors
/// Python or pip is missing, or a download failed.
pub fn python(version: SqlAlchemy) -> Result<PathBuf, Failure> {
    let packages = packages(version)?;
    // Other packages are another environment: checkouts of the repository do not take theirs from each other.
    let directory = cache()?.join(format!("venv-sqlalchemy-{}-{:016x}", version.name(), digest(&packages)));
    let python = directory.join("bin").join("python");
    let stamp = directory.join("installed.txt");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == packages.join("\n")) && python.exists() {
        return Ok(python);
    }
    eprintln!(
        "SQLAlchemy {} for the comparison: installing {} into {}",
        version.name(),
        packages.join(" "),
        directory.display()
    );
    let base = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
    run(Command::new(&base).args(["-m", "venv", "--clear"]).arg(&directory)).map_err(|why| {
        Failure::because(format!("`{base} -m venv` failed (Python 3.10 or newer with its venv module is needed)"), why)
    })?;
    run(Command::new(&python).args(["-m", "pip", "install", "--disable-pip-version-check"]).args(&packages))
        .map_err(|why| Failure::because("pip could not install the packages", why))?;
    std::fs::write(&stamp, packages.join("\n")).map_err(|why| Failure::because(stamp.display(), why))?;
    Ok(python)
}

/// The pinned packages of one environment: everything in `requirements.txt`, and one SQLAlchemy.
fn packages(version: SqlAlchemy) -> Result<Vec<&'static str>, Failure> {
    let wanted = format!("SQLAlchemy=={}.", version.name());
    let pins = REQUIREMENTS.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let packages: Vec<&str> = pins.filter(|pin| !pin.starts_with("SQLAlchemy==") || pin.starts_with(&wanted)).collect();
    if packages.iter().any(|pin| pin.starts_with(&wanted)) {
        Ok(packages)
    } else {
        Err(Failure::new(format!("requirements.txt pins no SQLAlchemy {}", version.name())))
    }
}

fn cache() -> Result<PathBuf, Failure> {
    let from = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    from("XDG_CACHE_HOME")
        .or_else(|| Some(from("HOME")?.join(".cache")))
        .map(|cache| cache.join("poolscope"))
        .ok_or_else(|| Failure::new("neither XDG_CACHE_HOME nor HOME is set: no place for the virtual environments"))
}

/// FNV-1a of the pins.
fn digest(packages: &[&str]) -> u64 {
    let bytes = packages.iter().flat_map(|pin| pin.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Runs a command with its output on our standard error, where progress belongs.
fn run(command: &mut Command) -> Result<(), String> {
    let status = command.stdin(Stdio::null()).stdout(std::io::stderr()).status().map_err(|why| why.to_string())?;
    let name = Path::new(command.get_program()).file_name().unwrap_or(OsStr::new("it")).to_string_lossy().into_owned();
    if status.success() { Ok(()) } else { Err(format!("{name} ended with {status}")) }
}
