//! Runs cases with the real server, SQLAlchemy and drivers, through `live/live.py`.

use super::{Rows, Variant};
use crate::{Failure, environment, wire};
use poolscope_sim::scenario::{Server, SqlAlchemy};
use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Where the server's program is.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// A file system to run the server in (made by debootstrap, for one), or nothing for this machine's own.
    pub root: Option<PathBuf>,
}

#[derive(Debug)]
pub struct Answer {
    pub provenance: String,
    pub runs: Vec<(Variant, Rows)>,
}

pub fn run(
    server: Server,
    (version, extension): (SqlAlchemy, bool),
    variants: Vec<Variant>,
    place: &Place,
    at_a_time: usize,
) -> Result<Answer, Failure> {
    let python = environment::server_python(version)?;
    let kind = if server.is_mariadb() { "mariadb" } else { "mysql" };
    // Short, because a socket's path has little room.
    let folder = format!("/tmp/ps-{}-{}{}", std::process::id(), version.name(), if extension { "c" } else { "" });
    let cases: Vec<Value> = variants.iter().map(request).collect();
    let root = place.root.as_ref().map_or_else(String::new, |root| root.display().to_string());
    let request = json!({
        "server": { "kind": kind, "folder": folder, "root": root },
        "at_a_time": at_a_time,
        "cases": cases,
    });
    let mut process = Command::new(&python)
        .args(["-B", "-E"])
        .arg(environment::package().join("live").join("live.py"))
        .args(extension.then_some("--c-extension"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|why| Failure::because(python.display(), why))?;
    let sent = process.stdin.take().map(|mut input| input.write_all(request.to_string().as_bytes()));
    let output = process.wait_with_output().map_err(|why| Failure::because("live.py", why));
    let _ = std::fs::remove_dir_all(format!("{root}{folder}"));
    let output = output?;
    if !output.status.success() || !matches!(sent, Some(Ok(()))) {
        return Err(Failure::new(format!("live.py ended with {}", output.status)));
    }
    answer(&String::from_utf8_lossy(&output.stdout), variants)
}

fn request(variant: &Variant) -> Value {
    json!({
        "name": variant.label,
        "alone": variant.alone,
        "looks_us": variant.looks.iter().map(|at| at.as_us()).collect::<Vec<_>>(),
        "scenario": wire::wire(&variant.scenario),
    })
}

fn answer(output: &str, variants: Vec<Variant>) -> Result<Answer, Failure> {
    let lines: Result<Vec<Value>, _> = output.lines().filter(|l| !l.is_empty()).map(serde_json::from_str).collect();
    let lines = lines.map_err(|why| Failure::because("live.py printed something else than JSON", why))?;
    let (first, runs) = lines.split_first().ok_or_else(|| Failure::new("live.py printed nothing"))?;
    let versions = first.as_object().into_iter().flatten();
    let provenance: Vec<String> = versions.map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or_default())).collect();
    let rows_of = |variant: &Variant| {
        let run = runs.iter().find(|run| run["name"] == variant.label);
        let run = run.ok_or_else(|| Failure::new(format!("{}: there is no answer", variant.label)))?;
        let mut rows: Rows =
            serde_json::from_value(run["rows"].clone()).map_err(|why| Failure::because(&variant.label, why))?;
        // Rows about the server are notes of the run: what it does is compared by looking at it.
        rows.retain(|row| !row.2.starts_with("server."));
        Ok(rows)
    };
    let runs: Result<_, Failure> = variants.into_iter().map(|v| rows_of(&v).map(|rows| (v, rows))).collect();
    Ok(Answer { provenance: provenance.join(" "), runs: runs? })
}
