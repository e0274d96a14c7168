//! The scenario with the reader's changes, and its run. Turning a knob runs it again; a run that cannot be keeps the last one.
//!
//! The studio runs it here. The small module has no simulator: it asks for the run, and shows the last one until it comes.

use poolscope_sim::scenario::{Diagnostic, Document, Fault, Knob, KnobValue, Request, Scenario, path_of};
use poolscope_sim::trace::Recording;
use poolscope_sim::{Outcome, Trace, simulate};
use poolscope_timeline::{Checkpoints, Moment, Timeline, When, what_if};

use crate::studio::STUDIO;

#[derive(Debug)]
pub struct Experiment {
    /// As the host page gave it, before any knob was turned; `None` where somebody else runs it.
    source: Option<Request>,
    /// With the scenario's own values.
    pub knobs: Vec<Knob>,
    /// By path, in the order of turning.
    pub turned: Vec<(String, KnobValue)>,
    /// As the knobs were in the run that is shown.
    shown: Vec<(String, KnobValue)>,
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
    pub fn new(request: Request) -> Result<Experiment, Vec<Diagnostic>> {
        let experiment = Experiment::recorded(request.run()?);
        Ok(Experiment { source: Some(request), ..experiment })
    }

    /// A run that somebody else has made.
    pub fn recorded(recording: Recording) -> Experiment {
        let Recording { knobs, turned, plain, trace } = recording;
        #[cfg(feature = "crash")]
        #[expect(clippy::panic, reason = "this is what the feature is for")]
        if trace.scenario.seed == 666 {
            panic!("this build crashes with the seed 666");
        }
        Experiment {
            source: None,
            knobs,
            shown: turned.clone(),
            turned,
            faults: Vec::new(),
            plain: plain.unwrap_or_else(|| trace.outcome.clone()),
            timeline: Timeline::new(&trace),
            trace,
            checkpoints: Checkpoints::default(),
        }
    }

    /// The value of a knob as it stands.
    pub fn value<'a>(&'a self, knob: &'a Knob) -> &'a KnobValue {
        self.turned.iter().find(|(path, _)| *path == knob.set).map_or(&knob.value, |(_, value)| value)
    }

    pub fn is_turned(&self, knob: &Knob) -> bool {
        *self.value(knob) != knob.value
    }

    /// Runs again with one knob changed, or has it to be asked for.
    ///
    /// # Errors
    /// What is wrong with the value; the last run stays.
    pub fn turn(&mut self, path: &str, value: KnobValue) -> Result<(), Vec<Diagnostic>> {
        let own = self.knobs.iter().find(|k| k.set == path).is_some_and(|k| k.value == value);
        let mut turned: Vec<_> = self.turned.iter().filter(|(p, _)| p != path).cloned().collect();
        if !own {
            turned.push((path.to_owned(), value));
        }
        self.change(turned, self.faults.clone())
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
        let (Some(source), true) = (&self.source, STUDIO) else {
            self.turned = turned;
            return Ok(());
        };
        let scenario = changed(&source.document, &turned, &faults, &source.name)?;
        // A long run takes a hundred megabytes: the last one makes room for the next.
        if STUDIO {
            (self.trace.events, self.timeline.groups) = Default::default();
        }
        (self.checkpoints, self.turned, self.faults) = (Checkpoints::default(), turned, faults);
        self.trace = simulate(&scenario);
        self.timeline = Timeline::new(&self.trace);
        Ok(())
    }

    /// What was asked for is here, or cannot be.
    pub fn answer(&mut self, answer: Result<Recording, String>) -> Result<(), String> {
        match answer {
            Ok(recording) => {
                let plain = Some(self.plain.clone());
                let knobs = std::mem::take(&mut self.knobs);
                *self = Experiment::recorded(Recording { knobs, plain, ..recording });
                Ok(())
            }
            Err(why) => {
                self.turned.clone_from(&self.shown);
                Err(why)
            }
        }
    }

    /// The options of another run of this scenario, by their paths.
    ///
    /// # Errors
    /// What is wrong with them.
    #[cfg_attr(not(feature = "studio"), allow(dead_code, reason = "only the studio compares"))]
    pub fn other(&self, options: Vec<(String, KnobValue)>) -> Result<Vec<(String, KnobValue)>, Vec<Diagnostic>> {
        let options: Vec<_> = options.into_iter().map(|(key, value)| (path_of(&self.knobs, &key), value)).collect();
        self.other_scenario(&options)?;
        Ok(options)
    }

    /// The scenario of another run, with options that `other` found right.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn other_scenario(&self, options: &[(String, KnobValue)]) -> Result<Scenario, Vec<Diagnostic>> {
        let Some(source) = &self.source else { return Err(Vec::new()) };
        changed(&source.document, options, &[], &source.name)
    }

    /// The three truths at this instant.
    pub fn moment(&mut self, when: When) -> Moment {
        self.checkpoints.moment(&self.trace, when)
    }

    /// The scenario as the host page gave it, and its name, where it is run here.
    pub fn source(&self) -> Option<(&Document, &str)> {
        self.source.as_ref().map(|source| (&source.document, source.name.as_str()))
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
    Scenario::read(&document, name)
}
