//! Everything a run knows, changed only between waits.

use crate::agenda::{Agenda, Target};
use crate::app::scheduler::JobRow;
use crate::app::session::{Connection, Session, User};
use crate::app::threads::{ProcessState, Task};
use crate::app::traffic::TrafficState;
use crate::engine::dbapi::DbapiConnection;
use crate::engine::error::PyError;
use crate::engine::fork::SharedSockets;
use crate::numbered::Numbered;
use crate::outcome::Outcome;
use crate::pool::Pool;
use crate::scenario::{Scenario, SqlAlchemy};
use crate::server::Server;
use crate::time::{SimSpan, SimTime};
use crate::trace::{EngineName, EventId, EventKind, Limit, Observer, Rule, TaskName, TraceEvent};
use std::collections::VecDeque;

pub(crate) struct State<'s, O: Observer> {
    pub scenario: &'s Scenario,
    pub observer: O,
    pub now: SimTime,
    pub agenda: Agenda,
    /// Events and steps so far, recorded or not, for the limit.
    pub steps: u64,
    /// The task that acts, if one does.
    current: Option<u16>,
    pub tasks: Vec<Task>,
    pub processes: Vec<ProcessState>,
    /// Of the processes.
    pub has_event_loops: bool,
    pub engines: Vec<EngineState>,
    pub pools: Vec<Pool>,
    pub dbapi: Numbered<DbapiConnection>,
    pub next_dbapi: u32,
    pub sessions: Numbered<Session>,
    pub users: Numbered<User>,
    pub next_user: u32,
    pub connections: Numbered<Connection>,
    pub next_connection: u32,
    pub next_transaction: u32,
    /// What has been sent about savepoints: statements behind the scenario's.
    pub savepoint_sql: Vec<String>,
    /// Transactions that a Session has forgotten while it is still closing their Connections.
    pub closing: Vec<u32>,
    /// Numbers Sessions, and Connections that the program opened itself.
    next_holder: u32,
    /// Checkouts so far.
    pub fairies: u64,
    /// Checkouts that are open more than once, one entry for each time beyond the first (`_ConnectionFairy._counter`).
    pub nested: Vec<u64>,
    /// Checkouts that have a record but are still being tested, or are being reset; negated if it is their
    /// finalizers that reset them.
    pub in_hand: Vec<u64>,
    /// Exceptions on their way, or being handled: the task, and the pool and the record they came through; 0 if it was none.
    pub tracebacks: Vec<(u16, usize, u32)>,
    /// Checkouts, by pool and serial, that the frames of a listener refer to, which an error in a cycle with itself has kept.
    pub in_frames: Vec<(usize, u64)>,
    /// Connections, behind their pools, to which something in a cycle refers: the cursor of a result, or the frames of an error.
    pub in_cycles: Vec<(usize, u32)>,
    /// Connections whose first questions have failed, behind their pools and records: for the collector.
    pub stranded: Vec<(usize, u32, u32)>,
    /// Of each asyncio connection on which a coroutine executes something: who waits for it to be done.
    pub executing: Vec<(u32, VecDeque<u16>)>,
    pub server: Server,
    /// Processes have inherited sockets.
    pub forked: bool,
    pub shared: SharedSockets,
    pub traffic: Vec<TrafficState>,
    pub requests: u32,
    /// The table `apscheduler_jobs`.
    pub jobs: Vec<JobRow>,
    next_job: u32,
    pub outcome: Outcome,
    /// A thread that begins to serve a request right now.
    pub starting: Option<u16>,
    /// The task in which the garbage collector runs; it does not run twice at a time.
    pub collecting: Option<u16>,
    /// Collections so far: each ends the cycles that were there before it.
    pub collections: u32,
    /// What it did last, when it runs outside of the application's threads.
    pub collector_last: Option<EventId>,
    /// Line of the listing on which each program begins.
    first_lines: Vec<u16>,
}

/// One engine object of one process.
#[derive(Debug)]
pub(crate) struct EngineState {
    /// Index into `processes`.
    pub process: u16,
    /// Index into the scenario's engines.
    pub options: usize,
    /// Index into `pools`; changes with `dispose()`.
    pub pool: usize,
    /// The dialect has asked the server its questions, or is asking.
    pub asked: bool,
    /// It has not learned the server's version, and 1.2 does not ask again.
    pub versionless: bool,
    /// Variables that refer to it.
    pub references: u32,
}

impl<'s, O: Observer> State<'s, O> {
    pub fn new(scenario: &'s Scenario, observer: O) -> State<'s, O> {
        let mut state = State {
            scenario,
            observer,
            now: SimTime::ZERO,
            agenda: Agenda::new(),
            steps: 0,
            current: None,
            tasks: Vec::new(),
            processes: Vec::new(),
            has_event_loops: scenario.processes.iter().any(|process| process.event_loop),
            engines: Vec::new(),
            pools: Vec::new(),
            dbapi: Numbered::new(),
            next_dbapi: 1,
            sessions: Numbered::new(),
            users: Numbered::new(),
            next_user: 0,
            connections: Numbered::new(),
            next_connection: 1,
            next_transaction: 0,
            savepoint_sql: Vec::new(),
            closing: Vec::new(),
            next_holder: 1,
            fairies: 0,
            nested: Vec::new(),
            in_hand: Vec::new(),
            tracebacks: Vec::new(),
            in_frames: Vec::new(),
            in_cycles: Vec::new(),
            stranded: Vec::new(),
            executing: Vec::new(),
            server: Server::new(scenario),
            forked: false,
            shared: SharedSockets::default(),
            traffic: Vec::new(),
            requests: 0,
            jobs: Vec::new(),
            next_job: 1,
            outcome: Outcome::default(),
            starting: None,
            collecting: None,
            collections: 1,
            collector_last: None,
            first_lines: vec![1; scenario.programs.len()],
        };
        if O::RECORDS {
            for (program, first) in crate::app::listing::render(scenario).programs {
                state.first_lines[program] = first;
            }
        }
        state.start_processes();
        state
    }

    pub fn new_pool(&mut self, options: usize, engine: u16) -> usize {
        let mut pool = Pool::new(&self.scenario.engines[options], engine);
        if self.scenario.sqlalchemy >= SqlAlchemy::V2_0 {
            pool = pool.without_limit_if_empty();
        }
        self.pools.push(pool);
        self.pools.len() - 1
    }

    pub fn first_line(&self, program: usize) -> u16 {
        self.first_lines.get(program).copied().unwrap_or(1)
    }

    pub fn new_holder(&mut self) -> u32 {
        self.next_holder += 1;
        self.next_holder - 1
    }

    pub fn new_job(&mut self) -> u32 {
        self.next_job += 1;
        self.next_job - 1
    }

    // --- time and tasks ---

    /// Counts a step of a program; true when the run has had enough.
    pub fn step_is_one_too_many(&mut self) -> bool {
        self.steps += 1;
        self.is_over_limit()
    }

    /// The task that goes on next; `None` at the end of the run. What is in the agenda and not a task's happens here.
    pub fn proceed(&mut self) -> Option<u16> {
        if let Some(next) = self.pass_on() {
            return Some(next);
        }
        loop {
            if self.is_over_limit() {
                let limit = Limit::Events;
                self.outcome.truncated = Some(limit);
                self.emit(Rule::Limit, EventKind::Truncated { limit });
                return None;
            }
            let Some((at, target)) = self.agenda.next(self.scenario.until) else {
                self.now = self.scenario.until;
                self.emit(Rule::Scenario, EventKind::End);
                return None;
            };
            self.now = at;
            self.steps += 1;
            let task = match target {
                Target::Task { task, .. } => Some(task),
                target => {
                    self.happen(target);
                    self.starting.take()
                }
            };
            if let Some(task) = task {
                self.resume(task);
                return Some(task);
            }
        }
    }

    pub fn is_over_limit(&self) -> bool {
        self.steps >= u64::from(self.scenario.limits.events)
    }

    pub fn resume(&mut self, task: u16) {
        self.current = Some(task);
        self.agenda.void_wake_ups(task);
    }

    /// The task that acts waits: who else runs at once, because it had the event loop they share.
    pub fn pass_on(&mut self) -> Option<u16> {
        let task = self.current.take()?;
        if !self.has_event_loops {
            return None;
        }
        let next = self.loop_process(task).and_then(|process| self.next_coroutine(process))?;
        self.resume(next);
        Some(next)
    }

    pub fn current(&self) -> u16 {
        self.current.unwrap_or(self.tasks.len() as u16)
    }

    pub fn resume_after(&mut self, span: SimSpan) {
        self.agenda.add_task(self.now + span, self.current());
    }

    pub fn wake(&mut self, task: u16) {
        self.agenda.add_now(self.now, task);
    }

    // --- events ---

    /// Records what the current task (or the scenario) does; its cause is what the task did before.
    pub fn emit(&mut self, rule: Rule, kind: EventKind) -> EventId {
        let cause = self.last_event();
        self.emit_from(cause, rule, kind)
    }

    /// What the current task, or the garbage collector, did last.
    pub fn last_event(&mut self) -> Option<EventId> {
        if !O::RECORDS {
            return None;
        }
        let collector = self.collector_last;
        self.current_task().map_or(collector, |task| task.last)
    }

    pub fn emit_from(&mut self, cause: Option<EventId>, rule: Rule, kind: EventKind) -> EventId {
        self.steps += 1;
        if !O::RECORDS {
            return EventId(0);
        }
        let task = self.current.filter(|task| usize::from(*task) < self.tasks.len());
        let id = self.observer.record(TraceEvent { at: self.now, cause, rule, task, kind });
        match self.current_task() {
            Some(task) => task.last = Some(id),
            None => self.collector_last = self.collector_last.map(|_| id),
        }
        id
    }

    /// Records what nobody's thread does: the server, a fault.
    pub fn emit_outside(&mut self, cause: Option<EventId>, rule: Rule, kind: EventKind) -> EventId {
        self.steps += 1;
        if !O::RECORDS {
            return EventId(0);
        }
        self.observer.record(TraceEvent { at: self.now, cause, rule, task: None, kind })
    }

    /// The last event of a server's session, the cause of the next.
    pub fn was_last(&mut self, thread: u32, event: EventId) {
        if O::RECORDS
            && let Some(thread) = self.server.threads.get_mut(thread)
        {
            thread.last = Some(event);
        }
    }

    pub fn current_task(&mut self) -> Option<&mut Task> {
        self.current.and_then(|task| self.tasks.get_mut(usize::from(task)))
    }

    pub fn raise(&mut self, rule: Rule, error: PyError) -> Box<PyError> {
        self.emit(rule, EventKind::Raise { error });
        Box::new(error)
    }

    pub fn status(&mut self, pool: usize, rule: Rule) {
        if !O::RECORDS {
            self.steps += 1;
            return;
        }
        let (engine, figures) = (self.pools[pool].engine, self.pools[pool].figures());
        self.emit(rule, EventKind::Status { engine, figures });
    }

    // --- the end ---

    pub fn task_names(&self) -> Vec<TaskName> {
        self.tasks.iter().map(|task| TaskName { process: task.process, name: self.thread_name(task) }).collect()
    }

    pub fn process_names(&self) -> Vec<String> {
        self.processes.iter().map(|process| process.name.clone()).collect()
    }

    pub fn engine_names(&self) -> Vec<EngineName> {
        self.engines
            .iter()
            .map(|engine| EngineName {
                process: engine.process,
                name: self.scenario.engines[engine.options].name.clone(),
                options: engine.options,
            })
            .collect()
    }

    pub fn finish(&self) -> Outcome {
        let mut outcome = self.outcome.clone();
        outcome.refused = self.server.refused;
        outcome.status = self.server.status;
        let (max_used, aborted) = self.server.before;
        outcome.max_used_connections = max_used.max(outcome.status.max_used_connections);
        outcome.aborted_clients = aborted + outcome.status.aborted_clients;
        outcome.held_at_end =
            self.connections.iter().filter(|(_, c)| c.fairy.is_some() && c.references > 0).count() as u32;
        let lives = |engine: u16| !self.processes[usize::from(self.engines[usize::from(engine)].process)].ended;
        let pools = self.pools.iter().filter(|p| lives(p.engine));
        outcome.checked_out_at_end = pools.map(|p| p.figures().checked_out).sum();
        outcome.threads_connected_at_end = self.server.in_use();
        outcome
    }
}
