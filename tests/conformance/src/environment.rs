//! The virtual environments in which the real SQLAlchemy runs: made once, kept in the user's cache directory.

use crate::Failure;
use poolscope_sim::scenario::SqlAlchemy;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const REQUIREMENTS: &str = include_str!("../requirements.txt");
const DRIVERS: &str = include_str!("../requirements-server.txt");
/// Debian's packages that mysqlclient is built with.
const BUILD_PACKAGES: [&str; 3] = ["libmariadb-dev", "pkg-config", "gcc"];

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
    installed("venv-sqlalchemy", version, packages(version)?)
}

/// The same with the drivers, for cases with a real server.
///
/// # Errors
/// As above, or what mysqlclient is built with is missing.
pub fn server_python(version: SqlAlchemy) -> Result<PathBuf, Failure> {
    let mut all = packages(version)?;
    all.extend(pins(DRIVERS));
    if !has_program("pkg-config") || !runs(Command::new("pkg-config").args(["--exists", "libmariadb"])) {
        install(&BUILD_PACKAGES, "mysqlclient cannot be built")?;
    }
    installed("venv-server", version, all)
}

/// MariaDB on this machine, installed if we may.
///
/// # Errors
/// It is not there, and this is no Debian or we are not root.
pub fn need_mariadb() -> Result<(), Failure> {
    if has_program("mariadbd") { Ok(()) } else { install(&["mariadb-server"], "there is no mariadbd") }
}

/// A file system with the newest MySQL that Debian has, made once (40 s).
///
/// # Errors
/// debootstrap is missing or fails, or we are not root.
pub fn mysql_root() -> Result<PathBuf, Failure> {
    let root = cache()?.join("mysql-root");
    if root.join("usr/sbin/mysqld").is_file() {
        return Ok(root);
    }
    if !has_program("debootstrap") {
        install(&["debootstrap"], "MySQL is installed into a file system of its own")?;
    }
    let new = root.with_extension("new");
    let _ = std::fs::remove_dir_all(&new);
    eprintln!("MySQL for the recording: installing Debian sid's mysql-server-core into {}", root.display());
    run(Command::new("debootstrap").args(["--variant=minbase", "--include=mysql-server-core", "sid"]).arg(&new))
        .map_err(|why| Failure::because("MySQL could not be installed (only root can)", why))?;
    std::fs::rename(&new, &root).map_err(|why| Failure::because(root.display(), why))?;
    Ok(root)
}

/// Is there a server of this kind on this machine?
pub fn has_program(program: &str) -> bool {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders).any(|folder| folder.join(program).is_file())
}

fn runs(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

fn install(packages: &[&str], why: &str) -> Result<(), Failure> {
    let names = packages.join(" ");
    let hint =
        Failure::new(format!("{why}: install {names} (Debian: apt-get install --no-install-recommends {names})"));
    let root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
    if !root || !Path::new("/etc/debian_version").exists() {
        return Err(hint);
    }
    let mut apt = Command::new("apt-get");
    apt.env("DEBIAN_FRONTEND", "noninteractive").args(["install", "--yes", "--no-install-recommends"]).args(packages);
    run(&mut apt).map_err(|error| Failure::because(hint, error))
}

fn installed(name: &str, version: SqlAlchemy, packages: Vec<&str>) -> Result<PathBuf, Failure> {
    // Other packages are another environment: checkouts of the repository do not take theirs from each other.
    let directory = cache()?.join(format!("{name}-{}-{:016x}", version.name(), digest(&packages)));
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
    let packages: Vec<&str> =
        pins(REQUIREMENTS).filter(|pin| !pin.starts_with("SQLAlchemy==") || pin.starts_with(&wanted)).collect();
    if packages.iter().any(|pin| pin.starts_with(&wanted)) {
        Ok(packages)
    } else {
        Err(Failure::new(format!("requirements.txt pins no SQLAlchemy {}", version.name())))
    }
}

fn pins(requirements: &str) -> impl Iterator<Item = &str> {
    requirements.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
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
