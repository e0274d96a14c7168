//! The loop: one run of one scenario. Tasks are futures; only time and the pool make them wait.

use crate::outcome::Outcome;
use crate::scenario::Scenario;
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
    Trace { scenario: scenario.clone(), listing, processes, tasks, engines, events: state.observer.events, outcome }
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
    state: State<'s, O>,
    work: impl for<'w> Fn(&'w World<'s, O>, u16) -> TaskFuture<'w>,
) -> (State<'s, O>, Outcome) {
    let world = World { scenario, state: RefCell::new(state) };
    let threads = world.state().tasks.len();
    let mut tasks: Vec<TaskFuture<'_>> = (0..threads).map(|task| work(&world, task as u16)).collect();
    tasks.push(Box::pin(world.collector()));

    let mut context = Context::from_waker(Waker::noop());
    let mut poll = |task: u16| {
        let mut next = Some(task);
        while let Some(task) = next {
            if let Some(future) = tasks.get_mut(usize::from(task)) {
                // No task ever ends: a thread waits for its next request when it has nothing to do.
                let _ = future.as_mut().poll(&mut context);
            }
            next = world.state().pass_on(task);
        }
    };
    for task in 0..=threads as u16 {
        world.state().resume(task);
        poll(task);
    }
    loop {
        let next = world.state().proceed();
        match next {
            Next::End => break,
            Next::Task(task) => poll(task),
            Next::Nobody => {}
        }
    }
    drop(tasks);
    let state = world.state.into_inner();
    let outcome = state.finish();
    (state, outcome)
}

/// What the loop does next.
pub(crate) enum Next {
    /// Lets this task go on.
    Task(u16),
    /// What happened concerns no task.
    Nobody,
    End,
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
    pub async fn sleep(&self, span: SimSpan) {
        if span > SimSpan::ZERO {
            self.state().resume_after(span);
            Yield(false).await;
        }
    }

    /// Like `sleep`, but whoever is due now comes first even if `span` is zero.
    pub async fn pause(&self, span: SimSpan) {
        self.state().resume_after(span);
        Yield(false).await;
    }

    /// Waits until somebody wakes the current task.
    pub async fn park(&self) {
        Yield(false).await;
    }

    /// The task in which the cyclic garbage collector runs at the scenario's times.
    async fn collector(&self) {
        loop {
            self.park().await;
            self.collect(None).await;
        }
    }
}

/// Pending once, ready the second time.
struct Yield(bool);

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
