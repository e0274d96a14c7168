//! A run as a page has it: Python handlers, everything recorded.

use poolscope_sim::{Document, Scenario, simulate};
use std::error::Error;
use std::time::{Duration, Instant};

const SCENARIO: &str = r#"
seed = 1
until = "60 s"
[[process]]
threads = 20
[engine]
pool_size = 5
max_overflow = 10
[programs.handler]
text = """
def handler(request):
    with Session() as session:
        session.execute(text("SELECT 1"))
        session.commit()
"""
[statements]
"SELECT 1" = "400 ms"
[[traffic]]
run = "handler"
users = 20
think = "1 s"
"#;

/// How many events it has, and the shortest time of so many runs.
pub fn measure(runs: u32) -> Result<(usize, Duration), Box<dyn Error>> {
    let read = Document::from_toml(SCENARIO).and_then(|document| Scenario::read(&document, "page"));
    let scenario = read.map_err(|mistakes| format!("{mistakes:?}"))?;
    let mut events = 0;
    let mut best = Duration::MAX;
    for _ in 0..runs {
        let began = Instant::now();
        events = simulate(&scenario).events.len();
        best = best.min(began.elapsed());
    }
    Ok((events, best))
}
