//! What queueing theory says of a pool, with nothing of ours in it: the pool's waits, over many long runs, are those of M/M/c, M/D/1 and
//! M/M/c with a time-out. The simulator counts in whole microseconds; only the theory and the draws here are in floating point.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use poolscope_sim::closed_loop::{Clients, Step, closed_loop};
use poolscope_sim::random::Random;
use poolscope_sim::trace::Counts;
use poolscope_sim::{Document, Scenario, SimSpan, SimTime};

/// Independent runs, each with a seed of its own.
const RUNS: u64 = 32;
/// Of each run; as many before them only fill the queue.
const REQUESTS: usize = 12_000;
const WARM_UP: usize = 1_000;
/// Enough for one to be idle always: the next request is its.
const CLIENTS: u16 = 400;
/// The mean time for which a request has its connection.
const HOLD: f64 = 1_000_000.0;
/// Student's t for 31 degrees of freedom: 99.9 % lie between −t and t.
const T_31: f64 = 3.633;

struct Model {
    connections: u32,
    /// Requests per HOLD, per connection.
    load: f64,
    exponential_hold: bool,
    /// In HOLDs.
    timeout: Option<f64>,
}

/// Requests come to the pool at random instants, whoever makes them.
struct Requests {
    between: f64,
    arrival: f64,
    arrivals: Random,
    holds: Random,
    exponential_hold: bool,
    asked: Vec<SimTime>,
    /// How long each request waited, and whether it got a connection, in the order in which that was known.
    waits: Vec<(u64, bool)>,
}

fn exponential(random: &mut Random) -> f64 {
    let uniform = ((random.next_u64() >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
    -uniform.ln()
}

impl Clients for Requests {
    fn think(&mut self, _: u16, now: SimTime) -> SimTime {
        self.arrival += self.between * exponential(&mut self.arrivals);
        let at = SimTime(self.arrival as u64);
        assert!(at >= now, "there are too few clients");
        at
    }
    fn hold(&mut self, _: u16, now: SimTime) -> SimTime {
        let times = if self.exponential_hold { exponential(&mut self.holds) } else { 1.0 };
        now + SimSpan((HOLD * times) as u64)
    }
    fn note(&mut self, client: u16, now: SimTime, step: Step) {
        let asked = &mut self.asked[usize::from(client)];
        match step {
            Step::Ask => *asked = now,
            Step::Granted => self.waits.push((now.since(*asked).as_us(), true)),
            Step::Refused => self.waits.push((now.since(*asked).as_us(), false)),
            Step::GivesBack => {}
        }
    }
}

/// What is compared: the part of the requests that wait, the mean wait of all in HOLDs, the part that time out.
type Figures = [f64; 3];

fn one_run(model: &Model, seed: u64) -> Figures {
    let text = format!(
        r#"
seed = 1
until = "1 s"
[variables]
max_connections = 1000
[network]
rtt = "0 s"
[engine]
pool_size = {}
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
        model.connections
    );
    let document = Document::from_toml(&text).unwrap();
    let mut scenario = Scenario::read(&document, "queueing").unwrap();
    let between = HOLD / (model.load * f64::from(model.connections));
    scenario.until = SimTime((between * (WARM_UP + REQUESTS) as f64 * 1.1) as u64);
    scenario.limits.events = u32::MAX;
    scenario.engines[0].pool_timeout = SimSpan(model.timeout.map_or(u64::MAX / 4, |t| (t * HOLD) as u64));
    let mut requests = Requests {
        between,
        arrival: 0.0,
        arrivals: Random::new(seed, 1),
        holds: Random::new(seed, 2),
        exponential_hold: model.exponential_hold,
        asked: vec![SimTime::ZERO; usize::from(CLIENTS)],
        waits: Vec::new(),
    };
    closed_loop(&scenario, Counts, CLIENTS, &mut requests);
    let waits = &requests.waits[WARM_UP..WARM_UP + REQUESTS];
    let part = |of: &dyn Fn(&(u64, bool)) -> f64| waits.iter().map(of).sum::<f64>() / REQUESTS as f64;
    [
        part(&|(wait, _)| f64::from(u8::from(*wait > 0))),
        part(&|(wait, _)| *wait as f64 / HOLD),
        part(&|(_, granted)| f64::from(u8::from(!granted))),
    ]
}

fn check(model: &Model, theory: Figures) {
    let runs: Vec<Figures> = (1..=RUNS).map(|seed| one_run(model, seed)).collect();
    for (figure, theory) in theory.into_iter().enumerate() {
        let n = RUNS as f64;
        let mean = runs.iter().map(|run| run[figure]).sum::<f64>() / n;
        let variance = runs.iter().map(|run| (run[figure] - mean).powi(2)).sum::<f64>() / (n - 1.0);
        let band = T_31 * (variance / n).sqrt();
        assert!((mean - theory).abs() <= band, "figure {figure}: {mean} ± {band}, in theory {theory}");
        // A band that holds anything proves nothing.
        assert!(band <= 0.07 * theory.max(1e-9) || theory == 0.0, "figure {figure}: {theory} ± {band} says too little");
    }
}

/// (a^n/n!) / Σ …: the chances of 0 to `connections` − 1 held connections, up to a common factor.
fn held(model: &Model) -> (Vec<f64>, f64) {
    let a = model.load * f64::from(model.connections);
    let mut weights = vec![1.0];
    for n in 1..model.connections {
        weights.push(weights[n as usize - 1] * a / f64::from(n));
    }
    (weights, a)
}

/// Erlang's C formula.
#[test]
fn m_m_c() {
    let model = Model { connections: 5, load: 0.7, exponential_hold: true, timeout: None };
    let (weights, a) = held(&model);
    let c = f64::from(model.connections);
    let all = weights[4] * a / c / (1.0 - model.load);
    let waits = all / (weights.iter().sum::<f64>() + all);
    check(&model, [waits, waits / (c * (1.0 - model.load)), 0.0]);
}

/// The formula of Pollaczek and Khinchine.
#[test]
fn m_d_1() {
    let load = 0.7;
    let model = Model { connections: 1, load, exponential_hold: false, timeout: None };
    check(&model, [load, load / (2.0 * (1.0 - load)), 0.0]);
}

/// Erlang's A formula is for patience that is exponential; pool_timeout is the same for all, for which Baccelli and Hébuterne have it: a wait
/// that nobody cut short would have the density λ·P(c − 1 held)·e^(λ·min(x, timeout) − c·x). With more requests than the pool can serve.
#[test]
fn m_m_c_with_a_timeout() {
    for load in [0.9, 1.25] {
        let timeout = 0.6;
        let model = Model { connections: 5, load, exponential_hold: true, timeout: Some(timeout) };
        let (weights, a) = held(&model);
        let c = f64::from(model.connections);
        // Over a wait of x: ∫ e^(−g·x) and ∫ x·e^(−g·x), from 0 to the time-out.
        let g = c - a;
        let end = (-g * timeout).exp();
        let zeroth = (1.0 - end) / g;
        let first = (zeroth - timeout * end) / g;
        let beyond = end / c;
        let density = a * weights[4];
        let all = weights.iter().sum::<f64>() + density * (zeroth + beyond);
        let waits = density * (zeroth + beyond) / all;
        let mean = density * (first + timeout * beyond) / all;
        check(&model, [waits, mean, density * beyond / all]);
    }
}
