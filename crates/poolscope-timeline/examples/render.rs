//! Writes the pictures of scenario files as SVG and as a page to look at:
//! `cargo run -p poolscope-timeline --example render -- OUT_DIR [--set path=value]… FILE…`.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use poolscope_sim::scenario::KnobValue;
use poolscope_sim::{Document, Scenario, simulate};
use poolscope_timeline::{Comparison, Lang, Moment, SceneOptions, Timeline, Viewport, ascii, css, outline, scene, svg};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let out = PathBuf::from(arguments.next().ok_or("usage: render OUT_DIR [--set path=value]… FILE…")?);
    fs::create_dir_all(&out)?;
    let mut sets: Vec<(String, KnobValue)> = Vec::new();
    let mut wait_for_set = false;
    for argument in arguments {
        if wait_for_set {
            let (path, value) = argument.split_once('=').ok_or("--set path=value")?;
            sets.push((path.to_owned(), KnobValue::parse(value)));
            wait_for_set = false;
        } else if argument == "--set" {
            wait_for_set = true;
        } else {
            render(Path::new(&argument), &sets, &out)?;
        }
    }
    Ok(())
}

fn render(file: &Path, sets: &[(String, KnobValue)], out: &Path) -> Result<(), Box<dyn Error>> {
    let text = fs::read_to_string(file)?;
    let name = file.file_stem().map_or_else(|| "scenario".into(), |s| s.to_string_lossy());
    let mut document = Document::from_toml(&text).map_err(|e| format!("{e:?}"))?;
    for (path, value) in sets {
        document.set(path, value).map_err(|e| format!("{e:?}"))?;
    }
    let scenario = Scenario::read(&document, &name).map_err(|e| format!("{e:?}"))?;
    let trace = simulate(&scenario);
    let timeline = Timeline::new(&trace);
    let initial = Timeline::initial(&trace);
    let at = trace.events.get(initial.0 as usize).map(|e| e.at);
    let viewport = Viewport::fit(timeline.start, timeline.end);
    for scheme in ["light", "dark"] {
        for width in [960.0_f32, 360.0] {
            for lang in ["en", "zh-CN"] {
                let options = SceneOptions { playhead: at, ..SceneOptions::new(width, lang) };
                let picture = svg(&scene(&timeline, &viewport, &options));
                let mut page = String::new();
                let background = if scheme == "light" { "#fff" } else { "#161b20" };
                writeln!(page, "<!doctype html><meta charset=utf-8><meta name=viewport content='width=device-width'>")?;
                writeln!(
                    page,
                    "<style>{} html{{color-scheme:{scheme};background:{background}}}body{{margin:15px}}</style>",
                    css()
                )?;
                writeln!(page, "{picture}")?;
                fs::write(out.join(format!("{name}-{width}-{scheme}-{lang}.html")), page)?;
                fs::write(out.join(format!("{name}-{width}-{lang}.svg")), &picture)?;
                if scheme == "light" {
                    println!("{name} {width} {lang}: svg {} bytes", picture.len());
                }
            }
        }
    }
    if !sets.is_empty() {
        let plain = Scenario::read(&Document::from_toml(&text).map_err(|e| format!("{e:?}"))?, &name);
        let before = simulate(&plain.map_err(|e| format!("{e:?}"))?);
        let comparison = Comparison::new(&before, &trace, Lang::En);
        let both = timeline.beside(&Timeline::new(&before));
        let viewport = Viewport::fit(both.start, both.end);
        let divergence = comparison.divergence.map(|d| d.at);
        let options = SceneOptions { divergence, playhead: at, ..SceneOptions::new(960.0, "en") };
        write_page(out, &format!("{name}-beside"), &svg(&scene(&both, &viewport, &options)))?;
    }
    let folded = viewport.folded(&timeline.quiet());
    let options = SceneOptions { playhead: at, ..SceneOptions::new(960.0, "en") };
    write_page(out, &format!("{name}-folded"), &svg(&scene(&timeline, &folded, &options)))?;
    println!("{}", ascii(&timeline, 110));
    for lang in ["en", "zh-CN"] {
        for row in outline(&trace, lang) {
            println!("{:>10} {:<20} {}\n{:>32}{}", row.at.to_string(), row.who, row.what, "", row.why);
        }
    }
    let moment = Moment::at(&trace, initial);
    for (i, task) in trace.tasks.iter().enumerate() {
        println!(
            "{}: {} (line {:?}, holds {:?})",
            task.name,
            moment.task_text(i, "en"),
            moment.tasks[i].line,
            moment.tasks[i].holds
        );
    }
    for engine in &moment.engines {
        println!("{}", engine.status);
    }
    println!("{}", moment.processlist_text());
    println!("{}", moment.disagreement_texts("en").join("\n"));
    println!("{}", moment.error.map_or_else(String::new, |e| e.traceback));
    Ok(())
}

fn write_page(out: &Path, name: &str, picture: &str) -> Result<(), Box<dyn Error>> {
    let page = format!("<!doctype html><meta charset=utf-8><style>{} body{{margin:15px}}</style>{picture}", css());
    Ok(fs::write(out.join(name.to_owned() + ".html"), page)?)
}
