//! The loop: one run of one scenario. Tasks are futures; only time and the pool make them wait.

use crate::outcome::Outcome;
use crate::scenario::{Scenario, Statement};
use crate::state::State;
use crate::time::SimSpan;
use crate::trace::{Counts, Observer, Recorder, Trace};
use std::cell::{RefCell, RefMut};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// Runs the scenario and keeps everything that happened.
pub fn simulate(scenario: &Scenario) -> Trace {
    let (state, outcome) = run(scenario, Recorder::default());
    let tasks = state.task_names();
    let engines = state.engine_names();
    let processes = state.process_names();
    let listing = crate::app::listing::render(scenario);
    let mut scenario = scenario.clone();
    let more = state.savepoint_sql.iter().map(|sql| Statement { sql: sql.clone(), takes: SimSpan::ZERO });
    scenario.statements.extend(more);
    Trace { scenario, listing, processes, tasks, engines, events: state.observer.events, outcome }
}

/// Runs the scenario and keeps only the figures: for sweeps and benchmarks.
pub fn measure(scenario: &Scenario) -> Outcome {
    run(scenario, Counts).1
}

fn run<O: Observer>(scenario: &Scenario, observer: O) -> (State<'_, O>, Outcome) {
    let mut state = State::new(scenario, observer);
    state.begin();
    run_tasks(scenario, state, |world, task| Box::pin(world.thread(task)))
}

pub(crate) type TaskFuture<'w> = Pin<Box<dyn Future<Output = ()> + 'w>>;

/// Runs the state's tasks, each doing what `work` says, until the scenario ends.
pub(crate) fn run_tasks<'s, O: Observer>(
    scenario: &'s Scenario,
    mut state: State<'s, O>,
    work: impl for<'w> Fn(&'w World<'s, O>, u16) -> TaskFuture<'w>,
) -> (State<'s, O>, Outcome) {
    let threads = state.tasks.len();
    // They and the collector.
    state.agenda.make_room(threads + 1);
    let world = World { scenario, state: RefCell::new(state) };
    let mut tasks: Vec<TaskFuture<'_>> = (0..threads).map(|task| work(&world, task as u16)).collect();
    tasks.push(Box::pin(world.collector()));

    let mut context = Context::from_waker(Waker::noop());
    let mut poll = |task: u16| {
        if let Some(future) = tasks.get_mut(usize::from(task)) {
            // No task ever ends: a thread waits for its next request when it has nothing to do.
            let _ = future.as_mut().poll(&mut context);
        }
    };
    for task in 0..=threads as u16 {
        let mut next = Some(task);
        world.state().resume(task);
        while let Some(task) = next {
            poll(task);
            next = world.state().pass_on();
        }
    }
    loop {
        let next = world.state().proceed();
        let Some(task) = next else { break };
        poll(task);
    }
    drop(tasks);
    let state = world.state.into_inner();
    let outcome = state.finish();
    (state, outcome)
}

/// The scenario with its state; async methods of this type are what tasks do.
pub(crate) struct World<'s, O: Observer> {
    pub scenario: &'s Scenario,
    state: RefCell<State<'s, O>>,
}

impl<'s, O: Observer> World<'s, O> {
    /// The state, for as long as nobody waits.
    pub fn state(&self) -> RefMut<'_, State<'s, O>> {
        self.state.borrow_mut()
    }

    /// Lets `span` pass for the current task; nothing at all if it is zero. Returns early if somebody wakes the task.
    pub fn sleep(&self, span: SimSpan) -> Yield {
        if span > SimSpan::ZERO { self.pause(span) } else { Yield::NOT }
    }

    /// Like `sleep`, but whoever is due now comes first even if `span` is zero.
    pub fn pause(&self, span: SimSpan) -> Yield {
        self.state().resume_after(span);
        Yield::ONCE
    }

    /// Waits until somebody wakes the current task.
    pub fn park(&self) -> Yield {
        Yield::ONCE
    }

    /// The task in which the cyclic garbage collector runs at the scenario's times.
    async fn collector(&self) {
        loop {
            self.park().await;
            self.collect(None).await;
        }
    }
}

/// Pending once, ready the second time. Functions that only wait return it instead of being async: a state machine less to go through.
#[must_use]
pub(crate) struct Yield(bool);

impl Yield {
    pub const ONCE: Yield = Yield(false);
    pub const NOT: Yield = Yield(true);
}

impl Future for Yield {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.0 {
            return Poll::Ready(());
        }
        self.0 = true;
        Poll::Pending
    }
}
