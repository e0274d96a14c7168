//! OS processes and their threads: who serves which request.

use crate::agenda::Target;
use crate::engine::error::PyError;
use crate::scenario::Arrivals;
use crate::state::{EngineState, State};
use crate::trace::{EventId, EventKind, Observer, Rule};
use crate::world::World;
use std::collections::VecDeque;

#[derive(Debug)]
pub(crate) struct Task {
    pub process: u16,
    /// Thread number inside its process, from 1.
    pub number: u32,
    /// Rises with every resumption; an agenda entry with an older number is void.
    pub epoch: u32,
    /// The last event of this thread, the cause of the next.
    pub last: Option<EventId>,
    /// The thread's own Session per scoped_session.
    pub registry: Vec<Option<u32>>,
    job: Option<Job>,
}

#[derive(Debug)]
pub(crate) struct ProcessState {
    /// Index into the scenario's processes.
    pub kind: usize,
    pub name: String,
    /// Index of its first engine in the run.
    first_engine: u16,
    /// Free threads, the highest index first.
    idle: Vec<u16>,
    waiting: VecDeque<Job>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Job {
    request: u32,
    program: usize,
    traffic: u32,
    arrival: EventId,
}

impl<O: Observer> State<'_, O> {
    /// Every copy of every process creates its engines, and its threads begin to wait for work.
    pub(crate) fn start_processes(&mut self) {
        let scenario = self.scenario;
        for (kind, options) in scenario.processes.iter().enumerate() {
            for copy in 1..=options.count {
                let process = self.processes.len() as u16;
                let name = if options.count == 1 { options.name.clone() } else { format!("{} {copy}", options.name) };
                let first_engine = self.engines.len() as u16;
                self.processes.push(ProcessState {
                    kind,
                    name,
                    first_engine,
                    idle: Vec::new(),
                    waiting: VecDeque::new(),
                });
                for options in 0..scenario.engines.len() {
                    let pool = self.new_pool(options, self.engines.len() as u16);
                    self.engines.push(EngineState { process, options, pool, asked: false });
                }
                for number in 1..=options.threads {
                    self.tasks.push(Task {
                        process,
                        number,
                        epoch: 0,
                        last: None,
                        registry: vec![None; scenario.engines.len()],
                        job: None,
                    });
                }
            }
        }
    }

    /// The engine object that the current task's process made from these options.
    pub(crate) fn engine_of_current(&mut self, options: u8) -> u16 {
        let process = self.current_task().map_or(0, |t| usize::from(t.process));
        self.processes[process].first_engine + u16::from(options)
    }

    /// A request reaches its process and starts at once on the first free thread, or waits for one.
    pub(crate) fn arrive(&mut self, process: u16, program: usize, traffic: u32) {
        self.requests += 1;
        self.outcome.requests += 1;
        let request = self.requests;
        let arrival = self.emit_outside(None, Rule::Scenario, EventKind::Arrive { request, process });
        let job = Job { request, program, traffic, arrival };
        let state = &mut self.processes[usize::from(process)];
        match state.idle.pop() {
            Some(task) => {
                self.tasks[usize::from(task)].job = Some(job);
                self.starting = Some(task);
            }
            None => state.waiting.push_back(job),
        }
    }

    /// The current thread's next request, if one is waiting.
    fn next_job(&mut self) -> Option<Job> {
        let current = self.current();
        let task = self.tasks.get_mut(usize::from(current))?;
        if let Some(job) = task.job.take() {
            return Some(job);
        }
        let process = usize::from(task.process);
        let job = self.processes[process].waiting.pop_front();
        if job.is_none() {
            let idle = &mut self.processes[process].idle;
            let at = idle.partition_point(|task| *task > current);
            idle.insert(at, current);
        }
        job
    }

    fn finish_job(&mut self, job: Job, result: Result<(), PyError>) {
        match result {
            Ok(()) => self.outcome.served += 1,
            Err(error) => {
                self.outcome.failed += 1;
                self.outcome.add_error(error.key());
            }
        }
        let rule = if result.is_ok() { Rule::Served } else { Rule::Propagate };
        self.emit(rule, EventKind::Finish { request: job.request, error: result.err() });
        if let Arrivals::Users { think, .. } = &self.scenario.traffic[job.traffic as usize].arrivals {
            self.agenda.add(self.now + *think, Target::User { traffic: job.traffic });
        }
    }
}

impl<O: Observer> World<'_, O> {
    /// What a thread does all its life: wait for a request, run its program.
    pub(crate) async fn thread(&self, _: u16) {
        loop {
            let job = self.state().next_job();
            let Some(job) = job else {
                self.park().await;
                continue;
            };
            self.state().emit_from(Some(job.arrival), Rule::Thread, EventKind::Start { request: job.request });
            let result = self.run_program(job.program).await;
            self.state().finish_job(job, result);
        }
    }
}
