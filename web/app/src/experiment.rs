//! The scenario with the reader's changes, and its run. Turning a knob runs it again; a run that cannot be keeps the last one.

use poolscope_sim::scenario::{Diagnostic, Document, Knob, KnobValue, Scenario};
use poolscope_sim::{Outcome, Trace, simulate};
use poolscope_timeline::Timeline;

use crate::config::Config;

#[derive(Debug)]
pub struct Experiment {
    name: String,
    /// As the host page gave it, before any knob was turned.
    document: Document,
    /// With the scenario's own values.
    pub knobs: Vec<Knob>,
    /// By path, in the order of turning.
    pub turned: Vec<(String, KnobValue)>,
    /// What the scenario comes to when nobody turns anything.
    pub plain: Outcome,
    pub trace: Trace,
    pub timeline: Timeline,
}

impl Experiment {
    /// # Errors
    /// Everything that is wrong with the scenario or with the knobs.
    pub fn new(config: Config) -> Result<Experiment, Vec<Diagnostic>> {
        let Config { name, mut document, knobs: wanted, at, lang: _ } = config;
        if let Some(at) = at {
            document.set("look_at", &at).map_err(|d| vec![d])?;
        }
        let scenario = Scenario::read(&document, &name)?;
        let knobs = scenario.knobs.clone();
        let turned = wanted.into_iter().map(|(key, value)| (path_of(&knobs, key), value)).collect();
        let (trace, timeline) = run(&document, &turned, &name)?;
        // Not `measure`: a second copy of the simulator, made for an observer that keeps nothing, would cost more bytes than it saves time.
        let plain = if turned.is_empty() { trace.outcome.clone() } else { simulate(&scenario).outcome };
        Ok(Experiment { name, document, knobs, turned, plain, trace, timeline })
    }

    /// The value of a knob as it stands.
    pub fn value<'a>(&'a self, knob: &'a Knob) -> &'a KnobValue {
        self.turned.iter().find(|(path, _)| *path == knob.set).map_or(&knob.value, |(_, value)| value)
    }

    pub fn is_turned(&self, knob: &Knob) -> bool {
        *self.value(knob) != knob.value
    }

    /// Runs again with one knob changed.
    ///
    /// # Errors
    /// What is wrong with the value; the last run stays.
    pub fn turn(&mut self, path: &str, value: KnobValue) -> Result<(), Vec<Diagnostic>> {
        let own = self.knobs.iter().find(|k| k.set == path).is_some_and(|k| k.value == value);
        let mut turned: Vec<_> = self.turned.iter().filter(|(p, _)| p != path).cloned().collect();
        if !own {
            turned.push((path.to_owned(), value));
        }
        self.run(turned)
    }

    /// # Errors
    /// None that `new` would not have reported.
    pub fn reset(&mut self) -> Result<(), Vec<Diagnostic>> {
        self.run(Vec::new())
    }

    fn run(&mut self, turned: Vec<(String, KnobValue)>) -> Result<(), Vec<Diagnostic>> {
        (self.trace, self.timeline) = run(&self.document, &turned, &self.name)?;
        self.turned = turned;
        Ok(())
    }
}

fn run(
    document: &Document,
    turned: &Vec<(String, KnobValue)>,
    name: &str,
) -> Result<(Trace, Timeline), Vec<Diagnostic>> {
    let mut document = document.clone();
    for (path, value) in turned {
        document.set(path, value).map_err(|d| vec![d])?;
    }
    let trace = simulate(&Scenario::read(&document, name)?);
    let timeline = Timeline::new(&trace);
    Ok((trace, timeline))
}

/// `pool_recycle` stands for the knob that ends in it, else for the table that it belongs to.
fn path_of(knobs: &[Knob], key: String) -> String {
    if key.contains('.') {
        return key;
    }
    if let Some(knob) = knobs.iter().find(|k| k.set.rsplit('.').next() == Some(key.as_str())) {
        return knob.set.clone();
    }
    let table = match key.as_str() {
        "max_connections" | "wait_timeout" | "interactive_timeout" => "variables.",
        "max_overflow" | "poolclass" => "engine.",
        key if key.starts_with("pool_") => "engine.",
        _ => "",
    };
    table.to_owned() + &key
}
