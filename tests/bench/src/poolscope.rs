//! The simulator itself, with everything a run has: pool, driver, server.

use crate::workload::{Client, Counters, Workload};
use poolscope_sim::closed_loop::{Clients, Step, closed_loop};
use poolscope_sim::trace::{Counts, Observer, Recorder};
use poolscope_sim::{Document, Scenario, SimSpan, SimTime};
use std::error::Error;

struct Loop {
    clients: Vec<Client>,
    counters: Counters,
}

/// A nanosecond of the workload is a microsecond of the simulator: both only count.
impl Clients for Loop {
    fn think(&mut self, client: u16, now: SimTime) -> SimTime {
        SimTime(self.clients[usize::from(client)].think(now.0))
    }
    fn hold(&mut self, client: u16, now: SimTime) -> SimTime {
        SimTime(self.clients[usize::from(client)].hold(now.0))
    }
    fn note(&mut self, client: u16, now: SimTime, step: Step) {
        let kind = match step {
            Step::Ask => {
                self.counters.requests += 1;
                return;
            }
            Step::Granted => 0,
            Step::GivesBack => {
                self.counters.done += 1;
                1
            }
            Step::Refused => {
                self.counters.timeouts += 1;
                2
            }
        };
        self.counters.note(now.0, u32::from(client), kind);
    }
}

pub fn counted(workload: Workload) -> Result<Counters, Box<dyn Error>> {
    Ok(observed(workload, Counts)?.0)
}

/// With every event kept, as for a timeline.
pub fn recorded(workload: Workload) -> Result<Counters, Box<dyn Error>> {
    let (counters, recorder) = observed(workload, Recorder::default())?;
    // What is not looked at may be left out by the compiler.
    std::hint::black_box(recorder.events.len());
    Ok(counters)
}

fn observed<O: Observer>(workload: Workload, observer: O) -> Result<(Counters, O), Box<dyn Error>> {
    let scenario = scenario(workload)?;
    let clients = (0..workload.clients).map(|number| Client::new(workload.seed, number)).collect();
    let mut work = Loop { clients, counters: Counters::default() };
    let (_, observer) = closed_loop(&scenario, observer, workload.clients as u16, &mut work);
    Ok((work.counters, observer))
}

fn scenario(workload: Workload) -> Result<Scenario, Box<dyn Error>> {
    let text = format!(
        r#"
seed = 1
until = "1 s"
[variables]
max_connections = {0}
[network]
rtt = "0 s"
[engine]
pool_size = {0}
max_overflow = 0
[programs.handler]
text = """
def handler():
    pass
"""
[[traffic]]
run = "handler"
at = ["1 s"]
"#,
        workload.connections
    );
    let read = Document::from_toml(&text).and_then(|document| Scenario::read(&document, "bench"));
    let mut scenario = read.map_err(|mistakes| format!("{mistakes:?}"))?;
    scenario.until = SimTime(workload.until - 1);
    scenario.engines[0].pool_timeout = SimSpan(workload.timeout);
    scenario.limits.events = u32::MAX;
    Ok(scenario)
}
