//! OS processes with their threads, or the coroutines of their one thread: who serves which request.

use super::event_loop::EventLoop;
use super::program::Scope;
use super::scheduler::Scheduler;
use crate::agenda::Target;
use crate::engine::error::{ErrorKey, PyResult};
use crate::pool::Getter;
use crate::scenario::defaults::PYTHON_START;
use crate::scenario::{Arrivals, Process};
use crate::state::{EngineState, State};
use crate::time::SimSpan;
use crate::trace::{EventId, EventKind, Observer, Rule};
use crate::world::World;
use std::collections::VecDeque;

#[derive(Debug)]
pub(crate) struct Task {
    pub process: u16,
    /// Thread number inside its process, from 1.
    pub number: u32,
    /// The last event of this thread, the cause of the next.
    pub last: Option<EventId>,
    /// The values of its context variables: the number of the request that set it.
    context: Vec<Option<u32>>,
    /// The request it serves.
    request: u32,
    role: Role,
    /// Waits for the pool so far; a time-out of an earlier one is void.
    pub wait: u32,
    pub getter: Getter,
    /// A driver error has passed through the frame that runs: SQLAlchemy's wrapped exception refers to itself through its own traceback
    /// (`_handle_dbapi_exception` keeps it in a local), and so keeps the frame's variables until the cyclic collector runs. Or SQLAlchemy
    /// has kept one to itself, with the same effect (`f_back`). How many collections there had been then.
    pub in_cycle: u32,
    /// That exception has not been handled yet: a collection does not find it.
    pub raising: bool,
    /// The last statement has got an answer without rows that was another process's.
    pub no_rows: bool,
    /// A statement of this request has got the answer to another process's.
    pub misled: bool,
    job: Option<Job>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// Serves requests.
    Serve,
    /// The thread of a BackgroundScheduler.
    Scheduler,
    /// A thread of its executor.
    Worker,
}

#[derive(Debug)]
pub(crate) struct ProcessState {
    /// Index into the scenario's processes.
    pub kind: usize,
    pub name: String,
    /// Index of its first engine in the run.
    first_engine: u16,
    /// If its tasks are the coroutines of one thread.
    pub event_loop: Option<EventLoop>,
    /// Per scoped_session the Sessions by scope, in the order of the scopes.
    registries: Vec<Vec<(u32, u32)>>,
    /// Free threads, the highest index first.
    idle: Vec<u16>,
    waiting: VecDeque<Job>,
    /// Its startup program is done, or it has none.
    ready: bool,
    /// The OS process is gone.
    pub ended: bool,
    /// It is the parent of a reloader, whose child of the moment is the process so many further on.
    child: Option<u16>,
    pub scheduler: Scheduler,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Job {
    request: u32,
    program: usize,
    /// Which of the program's handlers.
    handler: usize,
    /// `None`: the startup program.
    traffic: Option<u32>,
    arrival: Option<EventId>,
}

impl Task {
    /// `variable.set(request)`
    pub fn set_context(&mut self, variable: u8) {
        let request = self.request;
        if let Some(value) = self.context.get_mut(usize::from(variable)) {
            *value = Some(request);
        }
    }
}

impl<O: Observer> State<'_, O> {
    /// Every copy of every process creates its engines, and its threads begin to wait for work.
    pub(crate) fn start_processes(&mut self) {
        let scenario = self.scenario;
        let workers = self.workers();
        for (kind, options) in scenario.processes.iter().enumerate() {
            for copy in 0..options.processes() {
                let process = self.processes.len() as u16;
                let forks = options.preload.is_some();
                let parent = (options.debug || forks) && copy == 0;
                let name = match (options.debug, options.count) {
                    _ if forks && parent => format!("{}, master", options.name),
                    _ if forks => format!("{} {copy}", options.name),
                    (true, _) if parent => format!("{}, reloader", options.name),
                    (true, _) => format!("{}, child {copy}", options.name),
                    (false, 1) => options.name.clone(),
                    (false, _) => format!("{} {}", options.name, copy + 1),
                };
                let threads = if parent { 1 } else { options.threads };
                let first_engine = self.engines.len() as u16;
                let task = self.tasks.len() as u16 + threads as u16;
                let has_scheduler = self.jobs(kind).is_some();
                let workers = if has_scheduler { workers } else { 0 };
                self.processes.push(ProcessState {
                    kind,
                    name,
                    first_engine,
                    event_loop: options.event_loop.then(EventLoop::default),
                    registries: vec![Vec::new(); scenario.definitions.factories.len()],
                    idle: Vec::new(),
                    waiting: VecDeque::new(),
                    ready: options.startup.is_none() && !options.debug && !forks,
                    ended: false,
                    child: (parent && !forks).then_some(1),
                    scheduler: Scheduler::new(task, workers),
                });
                for (index, options) in scenario.engines.iter().enumerate() {
                    if !options.in_program {
                        self.new_engine_of(process, index);
                    }
                }
                for number in 1..=threads {
                    self.new_task(process, number, Role::Serve);
                }
                if has_scheduler {
                    self.new_task(process, 0, Role::Scheduler);
                }
                for number in 0..u32::from(workers) {
                    self.new_task(process, number, Role::Worker);
                }
            }
        }
    }

    /// Clients written in Rust, instead of the threads that run Python.
    pub(crate) fn add_clients(&mut self, count: u16) {
        self.tasks.clear();
        for number in 1..=count {
            self.new_task(0, u32::from(number), Role::Serve);
        }
    }

    fn new_task(&mut self, process: u16, number: u32, role: Role) {
        let context = vec![None; usize::from(self.scenario.definitions.context_variables)];
        self.tasks.push(Task {
            process,
            number,
            last: None,
            context,
            request: 0,
            role,
            wait: 0,
            getter: Getter::Pending,
            in_cycle: 0,
            raising: false,
            no_rows: false,
            misled: false,
            job: None,
        });
    }

    /// The most jobs that such a process can give to a scheduler; `None` if it starts none.
    fn jobs(&self, kind: usize) -> Option<usize> {
        let scenario = self.scenario;
        let runs = scenario.traffic.iter().filter(|t| t.process == kind).map(|t| t.run);
        let Process { startup, preload, .. } = scenario.processes[kind];
        let programs = runs.chain(startup).chain(preload).map(|program| &scenario.programs[program]);
        programs.filter(|program| program.starts_scheduler()).map(|program| program.jobs.len()).max()
    }

    /// How many threads an executor can need: one for each row of the job table, ten at most.
    fn workers(&self) -> u16 {
        const MAX_WORKERS: usize = 10;
        let kinds = self.scenario.processes.iter().enumerate();
        let rows = kinds.map(|(kind, options)| self.jobs(kind).unwrap_or(0) * options.processes());
        rows.sum::<usize>().min(MAX_WORKERS) as u16
    }

    /// What the lane of a thread is called.
    pub(crate) fn thread_name(&self, task: &Task) -> String {
        let process = &self.processes[usize::from(task.process)];
        let options = &self.scenario.processes[process.kind];
        let noun = if options.event_loop { "coroutine" } else { "thread" };
        match task.role {
            Role::Serve if options.threads == 1 || process.child.is_some() => process.name.clone(),
            Role::Serve => format!("{}, {noun} {}", process.name, task.number),
            Role::Scheduler => format!("{}, APScheduler", process.name),
            Role::Worker => format!("{}, ThreadPoolExecutor-0_{}", process.name, task.number),
        }
    }

    /// How long it needs to go on once it has been woken.
    pub(crate) fn barging(&self, task: u16) -> SimSpan {
        let kind = |t: &Task| self.processes[usize::from(t.process)].kind;
        self.tasks.get(usize::from(task)).map_or(SimSpan::ZERO, |t| self.scenario.processes[kind(t)].barging)
    }

    fn new_engine_of(&mut self, process: u16, options: usize) -> u16 {
        let engine = self.engines.len() as u16;
        let pool = self.new_pool(options, engine);
        self.engines.push(EngineState { process, options, pool, asked: false, versionless: false, references: 1 });
        engine
    }

    /// `create_engine()` in the current task's process.
    pub(crate) fn new_engine(&mut self, options: usize) -> u16 {
        let process = self.current_task().map_or(0, |t| t.process);
        self.new_engine_of(process, options)
    }

    /// The engine object that the current task's process made from these options.
    pub(crate) fn engine_of_current(&mut self, options: u8) -> u16 {
        let process = self.current_task().map_or(0, |t| usize::from(t.process));
        self.processes[process].first_engine + u16::from(options)
    }

    pub(crate) fn new_request(&mut self) -> u32 {
        self.requests += 1;
        self.outcome.requests += 1;
        self.requests
    }

    /// The process begins: its first thread runs the startup program, if there is one.
    pub(crate) fn process_starts(&mut self, process: u16) {
        let state = &self.processes[usize::from(process)];
        let options = &self.scenario.processes[state.kind];
        if options.debug {
            self.emit_outside(None, Rule::Reloader, EventKind::ProcessStart { process });
        }
        if let Some(program) = if self.forks(process) { options.preload } else { options.startup } {
            // What a process does before it serves is no request.
            self.requests += 1;
            let job = Job { request: self.requests, program, handler: 0, traffic: None, arrival: None };
            self.give(process, job);
        } else {
            self.ready(process);
        }
    }

    /// A source file changes: the child of the reloader exits, and another one starts. Before a child serves, nobody watches.
    pub(crate) fn edited(&mut self, process: u16) {
        let parent = &mut self.processes[usize::from(process)];
        let Some(child) = parent.child else { return };
        let process_of_child = process + child;
        if !self.processes[usize::from(process_of_child)].ready {
            return;
        }
        self.processes[usize::from(process)].child = Some(child + 1);
        let exit = self.emit_outside(None, Rule::Reloader, EventKind::ProcessExit { process: process_of_child });
        self.close_process(process_of_child, exit);
        self.start_later(process_of_child + 1);
    }

    fn start_later(&mut self, process: u16) {
        self.agenda.add_from_scenario(self.now + PYTHON_START, 1, Target::ProcessStart { process });
    }

    /// The process of the requests that this one gets: under the reloader the child of the moment, or the next.
    pub(crate) fn serving(&self, process: u16) -> u16 {
        process + self.processes[usize::from(process)].child.unwrap_or(0)
    }

    /// Index of the first process of this kind.
    pub(crate) fn first_process(&self, kind: usize) -> u16 {
        self.processes.iter().position(|p| p.kind == kind).unwrap_or(0) as u16
    }

    /// An OS process ends: nothing of it runs any more, its sockets close.
    fn close_process(&mut self, process: u16, exit: EventId) {
        self.processes[usize::from(process)].ended = true;
        for (number, task) in self.tasks.iter_mut().enumerate().filter(|(_, task)| task.process == process) {
            self.agenda.void_wake_ups(number as u16);
            task.job = None;
        }
        if self.collecting.is_some_and(|task| self.tasks.get(usize::from(task)).is_some_and(|t| t.process == process)) {
            (self.collecting, self.collector_last) = (None, None);
        }
        let engines = &self.engines;
        let ours = |engine: u16| engines[usize::from(engine)].process == process;
        let lost: Vec<u32> = self.connections.iter().filter(|(_, c)| ours(c.engine)).map(|(id, _)| id).collect();
        for connection in lost {
            self.connections.remove(connection);
        }
        let open: Vec<u32> = self.dbapi.iter().filter(|(_, d)| d.process == process).map(|(id, _)| id).collect();
        for connection in open {
            self.dbapi_lost(connection, Some(exit));
        }
    }

    /// Whether it is a master.
    fn forks(&self, process: u16) -> bool {
        let kind = self.processes[usize::from(process)].kind;
        self.scenario.processes[kind].preload.is_some() && process == self.first_process(kind)
    }

    /// `os.fork()`, once for each worker: a copy of everything, but the sockets in it are the same.
    fn fork(&mut self, master: u16) {
        let state = &self.processes[usize::from(master)];
        let (parents, workers) = (state.first_engine, self.scenario.processes[state.kind].count as u16);
        for worker in master + 1..=master + workers {
            let first = self.processes[usize::from(worker)].first_engine;
            let shared = self.engines.iter().filter(|e| e.process == worker).count() as u16;
            for engine in 0..shared {
                self.inherit(parents + engine, first + engine, worker);
            }
            self.agenda.add_from_scenario(self.now, 1, Target::ProcessStart { process: worker });
        }
        self.forked = true;
    }

    /// The debugger of Werkzeug keeps the frames of every exception (`werkzeug/debug/__init__.py::DebuggedApplication.frames`).
    fn keeps_frames(&mut self) -> bool {
        let process = self.current_task().map_or(0, |t| usize::from(t.process));
        self.scenario.processes[self.processes[process].kind].debug
    }

    /// A request reaches its process and starts at once on the first free thread, or waits for one.
    pub(crate) fn arrive(&mut self, process: u16, program: usize, handler: usize, traffic: u32) {
        let process = self.serving(process);
        let request = self.new_request();
        let arrival = self.emit_outside(None, Rule::Scenario, EventKind::Arrive { request, process });
        let job = Job { request, program, handler, traffic: Some(traffic), arrival: Some(arrival) };
        let state = &mut self.processes[usize::from(process)];
        if state.event_loop.is_some() {
            state.waiting.push_back(job);
            self.loop_gets_request(process);
        } else if state.ready {
            self.give(process, job);
        } else {
            state.waiting.push_back(job);
        }
    }

    fn give(&mut self, process: u16, job: Job) {
        let state = &mut self.processes[usize::from(process)];
        match state.idle.pop() {
            Some(task) => {
                self.tasks[usize::from(task)].job = Some(job);
                self.starting = Some(task);
            }
            None => state.waiting.push_back(job),
        }
    }

    /// The startup program has returned: the process serves whoever waits.
    fn ready(&mut self, process: u16) {
        if self.processes[usize::from(process)].child.is_some() {
            return self.start_later(process + 1);
        }
        if self.forks(process) {
            return self.fork(process);
        }
        let state = &mut self.processes[usize::from(process)];
        if std::mem::replace(&mut state.ready, true) {
            return;
        }
        for task in std::mem::take(&mut state.idle).into_iter().rev() {
            self.wake(task);
        }
    }

    /// The request that waits longest gets a free coroutine, if there is one.
    pub(crate) fn assign_request(&mut self, process: u16) -> Option<u16> {
        let state = &mut self.processes[usize::from(process)];
        let task = state.idle.pop()?;
        match state.waiting.pop_front() {
            Some(job) => self.tasks[usize::from(task)].job = Some(job),
            None => {
                state.idle.push(task);
                return None;
            }
        }
        Some(task)
    }

    /// The current thread's next request, if one is waiting.
    fn next_job(&mut self) -> Option<Job> {
        let current = self.current();
        let task = self.tasks.get_mut(usize::from(current))?;
        if let Some(job) = task.job.take() {
            return Some(job);
        }
        let process = usize::from(task.process);
        let state = &mut self.processes[process];
        let mut job = if state.ready { state.waiting.pop_front() } else { None };
        if self.processes[process].event_loop.is_some() && job.is_some() {
            // The next coroutine begins in the next iteration of the loop.
            self.tasks[usize::from(current)].job = job.take();
            self.call_soon(current);
            return None;
        }
        if job.is_none() {
            let idle = &mut self.processes[process].idle;
            let at = idle.partition_point(|task| *task > current);
            idle.insert(at, current);
        }
        job
    }

    /// The scope that a scoped_session asks about now.
    fn scope(&mut self, scope: Scope) -> (u16, u32) {
        let Some(task) = self.current_task() else { return (0, 0) };
        let (process, thread, request) = (task.process, task.number, task.request);
        let key = match scope {
            Scope::Task => request,
            Scope::ContextVar(variable) => task.context.get(usize::from(variable)).copied().flatten().unwrap_or(0),
            Scope::Module => 0,
            // All coroutines of a process share its thread.
            Scope::None | Scope::Thread if self.processes[usize::from(process)].event_loop.is_some() => 0,
            Scope::None | Scope::Thread => thread,
        };
        (process, key)
    }

    /// The Session that a registry has for the current scope.
    pub(crate) fn registered(&mut self, factory: u8, scope: Scope) -> Option<u32> {
        let (process, key) = self.scope(scope);
        let entries = self.processes[usize::from(process)].registries.get(usize::from(factory))?;
        let at = entries.binary_search_by_key(&key, |(k, _)| *k).ok()?;
        entries.get(at).map(|(_, session)| *session)
    }

    /// Lets a registry keep a Session for the current scope, or none.
    pub(crate) fn register(&mut self, factory: u8, scope: Scope, session: Option<u32>) {
        let (process, key) = self.scope(scope);
        let Some(entries) = self.processes[usize::from(process)].registries.get_mut(usize::from(factory)) else {
            return;
        };
        let at = entries.partition_point(|(k, _)| *k < key);
        if entries.get(at).is_some_and(|(k, _)| *k == key) {
            entries.remove(at);
        }
        if let Some(session) = session {
            entries.insert(at, (key, session));
        }
    }

    fn begin_job(&mut self, job: Job) {
        let coroutine = self.loop_process(self.current()).is_some();
        if let Some(task) = self.current_task() {
            task.request = job.request;
            // Every coroutine has a context of its own; a thread keeps its.
            if coroutine {
                task.context.fill(None);
            }
        }
        self.emit_from(job.arrival, Rule::Thread, EventKind::Start { request: job.request });
    }

    fn finish_job(&mut self, job: Job, result: PyResult) {
        let served = result.is_ok();
        self.finish_request(job.request, result, job.traffic.is_some());
        let Some(traffic) = job.traffic else {
            if served && let Some(process) = self.current_task().map(|t| t.process) {
                self.ready(process);
            }
            return;
        };
        if let Arrivals::Users { think, .. } = &self.scenario.traffic[traffic as usize].arrivals {
            self.agenda.add(self.now + *think, Target::User { traffic });
        }
    }

    /// `counted`: it is one of the outcome's requests; anything else only becomes one when it fails.
    pub(crate) fn finish_request(&mut self, request: u32, result: PyResult, counted: bool) {
        self.drop_tracebacks();
        let misled = self.current_task().is_some_and(|task| std::mem::take(&mut task.misled));
        let error = result.err().map(|error| *error);
        // Whoever has got what another one asked for is not served, although nothing was raised.
        match error.map(|error| error.key()).or(misled.then_some(ErrorKey::WrongAnswer)) {
            None => self.outcome.served += u32::from(counted),
            Some(key) => {
                self.outcome.requests += u32::from(!counted);
                self.outcome.failed += 1;
                self.outcome.add_error(key);
            }
        }
        let rule = if error.is_none() { Rule::Served } else { Rule::Propagate };
        self.emit(rule, EventKind::Finish { request, error });
    }
}

impl<O: Observer> World<'_, O> {
    /// What a thread does all its life.
    pub(crate) async fn thread(&self, task: u16) {
        let role = self.state().tasks.get(usize::from(task)).map_or(Role::Serve, |t| t.role);
        match role {
            Role::Serve => self.serving_thread().await,
            Role::Scheduler => self.scheduler_thread().await,
            Role::Worker => self.worker_thread().await,
        }
    }

    /// Waits for a request, runs its program, and so on.
    async fn serving_thread(&self) {
        loop {
            let job = self.state().next_job();
            let Some(job) = job else {
                self.wait_in_loop().await;
                continue;
            };
            self.state().begin_job(job);
            let (result, kept) = self.run_handler(job.program, job.handler).await;
            let keeps = result.is_err() && self.state().keeps_frames();
            if keeps {
                kept.for_ever();
            } else {
                self.release_all(kept).await;
            }
            self.state().finish_job(job, result);
        }
    }
}
