//! What a server did, kept beside the cases: one file for each case, one section for each variant.

use super::{Rows, Variant, case};
use crate::Failure;
use poolscope_sim::scenario::Server;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// `== name 2.1 pymysql tcp`, `# versions`, then `microseconds⇥lane⇥text`.
#[derive(Debug)]
pub struct Section {
    case: String,
    label: String,
    provenance: String,
    rows: Rows,
}

#[derive(Debug)]
pub struct Sections(BTreeMap<String, Rows>);

impl Section {
    pub fn new(variant: &Variant, provenance: &str, rows: Rows) -> Section {
        let (case, label) = (variant.case.clone(), variant.label.clone());
        Section { case, label, provenance: provenance.to_owned(), rows }
    }
}

impl Sections {
    pub fn get(&self, variant: &Variant) -> Result<&Rows, Failure> {
        self.0.get(&variant.label).ok_or_else(|| Failure::new(format!("{}: not recorded", variant.label)))
    }
}

fn path(server: Server, case: &str) -> PathBuf {
    case::directory().join(server.name()).join(format!("{case}.rows"))
}

/// Rewrites the recordings; of a whole recording, those of cases that are gone are removed.
pub fn write(server: Server, sections: Vec<Section>, whole: bool) -> Result<(), Failure> {
    let directory = case::directory().join(server.name());
    if whole {
        let _ = std::fs::remove_dir_all(&directory);
    }
    std::fs::create_dir_all(&directory).map_err(|why| Failure::because(directory.display(), why))?;
    let today = today()?;
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for section in sections {
        let text = files.entry(section.case).or_default();
        text.push_str(&format!("== {}\n# recorded={today} {}\n", section.label, section.provenance));
        for (at, lane, row) in section.rows {
            text.push_str(&format!("{at}\t{lane}\t{row}\n"));
        }
    }
    for (case, text) in files {
        let path = path(server, &case);
        std::fs::write(&path, text).map_err(|why| Failure::because(path.display(), why))?;
    }
    Ok(())
}

/// The date as `date` prints it: the standard library has no calendar.
fn today() -> Result<String, Failure> {
    let output = std::process::Command::new("date").args(["-u", "+%F"]).output();
    let output = output.map_err(|why| Failure::because("date", why))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

pub fn read(server: Server, case: &str) -> Result<Sections, Failure> {
    let path = path(server, case);
    let text = std::fs::read_to_string(&path).map_err(|why| {
        Failure::because(format!("{} (record it: see tests/conformance/README.md)", path.display()), why)
    })?;
    let mut sections: BTreeMap<String, Rows> = BTreeMap::new();
    let mut current: Option<&mut Rows> = None;
    for line in text.lines() {
        if let Some(label) = line.strip_prefix("== ") {
            current = Some(sections.entry(label.to_owned()).or_default());
            continue;
        }
        let mut parts = line.splitn(3, '\t');
        if let (Some(at), Some(lane), Some(row)) = (parts.next(), parts.next(), parts.next())
            && let (Some(rows), Ok(at)) = (current.as_mut(), at.parse())
        {
            rows.push((at, lane.to_owned(), row.to_owned()));
        }
    }
    Ok(Sections(sections))
}
