//! The scenario with the reader's changes, and its run. Turning a knob runs it again; a run that cannot be keeps the last one.

use poolscope_sim::scenario::{Diagnostic, Document, Fault, Knob, KnobValue, Scenario};
use poolscope_sim::{Outcome, Trace, simulate};
use poolscope_timeline::{Checkpoints, Moment, Timeline, When, what_if};

use crate::config::Config;
use crate::studio::STUDIO;

#[derive(Debug)]
pub struct Experiment {
    name: String,
    /// As the host page gave it, before any knob was turned.
    document: Document,
    /// With the scenario's own values.
    pub knobs: Vec<Knob>,
    /// By path, in the order of turning.
    pub turned: Vec<(String, KnobValue)>,
    /// Thrown in by the reader.
    pub faults: Vec<Fault>,
    /// What the scenario comes to when nobody turns anything.
    pub plain: Outcome,
    pub trace: Trace,
    pub timeline: Timeline,
    checkpoints: Checkpoints,
}

impl Experiment {
    /// # Errors
    /// Everything that is wrong with the scenario or with the knobs.
    pub fn new(config: Config) -> Result<Experiment, Vec<Diagnostic>> {
        let Config { name, mut document, knobs: wanted, at, .. } = config;
        if let Some(at) = at {
            document.set("look_at", &at).map_err(|d| vec![d])?;
        }
        let scenario = Scenario::read(&document, &name)?;
        let knobs = scenario.knobs.clone();
        let turned: Vec<_> = wanted.into_iter().map(|(key, value)| (path_of(&knobs, key), value)).collect();
        let trace = simulate(&changed(&document, &turned, &[], &name)?);
        let timeline = Timeline::new(&trace);
        // Not `measure`: a second copy of the simulator, made for an observer that keeps nothing, would cost more bytes than it saves time.
        let plain = if turned.is_empty() { trace.outcome.clone() } else { simulate(&scenario).outcome };
        let (faults, checkpoints) = (Vec::new(), Checkpoints::default());
        Ok(Experiment { name, document, knobs, turned, faults, plain, trace, timeline, checkpoints })
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
        self.change(Vec::new(), Vec::new())
    }

    /// Whether it is not the scenario as the host page gave it.
    pub fn is_changed(&self) -> bool {
        !self.turned.is_empty() || !self.faults.is_empty()
    }

    /// Runs with these changes instead of those so far.
    ///
    /// # Errors
    /// What is wrong with them; the last run stays.
    pub fn change(&mut self, turned: Vec<(String, KnobValue)>, faults: Vec<Fault>) -> Result<(), Vec<Diagnostic>> {
        let scenario = changed(&self.document, &turned, &faults, &self.name)?;
        // A long run takes a hundred megabytes: the last one makes room for the next.
        if STUDIO {
            (self.trace.events, self.timeline.groups) = Default::default();
        }
        (self.checkpoints, self.turned, self.faults) = (Checkpoints::default(), turned, faults);
        self.trace = simulate(&scenario);
        self.timeline = Timeline::new(&self.trace);
        Ok(())
    }

    /// The options of another run of this scenario, by their paths.
    ///
    /// # Errors
    /// What is wrong with them.
    #[cfg_attr(not(feature = "studio"), allow(dead_code, reason = "only the studio compares"))]
    pub fn other(&self, options: Vec<(String, KnobValue)>) -> Result<Vec<(String, KnobValue)>, Vec<Diagnostic>> {
        let options: Vec<_> = options.into_iter().map(|(key, value)| (path_of(&self.knobs, key), value)).collect();
        changed(&self.document, &options, &[], &self.name)?;
        Ok(options)
    }

    /// The scenario of another run, with options that `other` found right.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn other_scenario(&self, options: &[(String, KnobValue)]) -> Result<Scenario, Vec<Diagnostic>> {
        changed(&self.document, options, &[], &self.name)
    }

    /// The three truths at this instant.
    pub fn moment(&mut self, when: When) -> Moment {
        self.checkpoints.moment(&self.trace, when)
    }

    fn run(&mut self, turned: Vec<(String, KnobValue)>) -> Result<(), Vec<Diagnostic>> {
        self.change(turned, self.faults.clone())
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn document(&self) -> &Document {
        &self.document
    }
}

/// The scenario with these changes.
fn changed(
    document: &Document,
    turned: &[(String, KnobValue)],
    faults: &[Fault],
    name: &str,
) -> Result<Scenario, Vec<Diagnostic>> {
    let mut document = document.clone();
    for (path, value) in turned {
        document.set(path, value).map_err(|d| vec![d])?;
    }
    for fault in faults {
        what_if::add(&mut document, fault);
    }
    let scenario = Scenario::read(&document, name)?;
    #[cfg(feature = "crash")]
    #[expect(clippy::panic, reason = "this is what the feature is for")]
    if scenario.seed == 666 {
        panic!("this build crashes with the seed 666");
    }
    Ok(scenario)
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
