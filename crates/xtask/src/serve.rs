//! `cargo xtask serve`: the site on this machine, always as fresh as the files.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Instant;

use anyhow::Result;

use crate::progress;
use crate::site::Site;
use crate::watch::Watch;
use crate::web_server::{self, Reload};
use crate::workspace::Workspace;

pub fn serve(workspace: &Workspace, port: u16, open: bool) -> Result<()> {
    let started = Instant::now();
    let mut site = Site::preview(workspace);
    // Edits made while the first build runs count as well.
    let watch = Watch::start(workspace)?;
    site.build()?;

    let reload = Reload::new();
    let listener = web_server::listen(port)?;
    let taken = listener.local_addr()?.port();
    web_server::start(listener, &site.folder, Some(&reload))?;
    let url = format!("http://127.0.0.1:{taken}/");
    if taken != port {
        println!("Port {port} is in use, so the site is on port {taken}.");
    }
    println!();
    println!("    Poolscope is at {url}");
    println!();
    println!(
        "Ready after {}. Edits in book/, web/ and crates/ show by themselves; Ctrl-C ends.",
        progress::shown(started.elapsed())
    );
    if open {
        open_in_browser(&url);
    }

    let mut failed = BTreeSet::new();
    loop {
        let edits = watch.next()?;
        println!("\n{} changed", edits.example.display());
        let started = Instant::now();
        let mut parts = edits.parts;
        parts.append(&mut failed);
        let built = parts.len();
        failed = site.rebuild(&parts);
        if failed.len() < built {
            reload.announce();
            println!("reloaded after {}: {url}", progress::shown(started.elapsed()));
        }
        if !failed.is_empty() {
            println!("What failed stays as it was; the next edit tries it again.");
        }
    }
}

fn open_in_browser(url: &str) {
    let mut command = if cfg!(target_os = "macos") {
        Command::new("open")
    } else if cfg!(windows) {
        Command::new("explorer")
    } else {
        Command::new("xdg-open")
    };
    if let Err(error) = command.arg(url).spawn() {
        eprintln!("cannot open a browser ({error}); the address is {url}");
    }
}
