//! APScheduler 3's `BackgroundScheduler` with a `SQLAlchemyJobStore` (`schedulers/base.py`, `jobstores/sqlalchemy.py`, `executors/pool.py`).
//!
//! The scheduler thread asks the job store what is due; a worker thread runs it. Every question is one short checkout. The table
//! `apscheduler_jobs` exists already and is empty when the run begins.

use super::garbage::Holder;
use super::program::Store;
use crate::engine::error::{ErrorKey, PyResult};
use crate::scenario::defaults::JOBSTORE_RETRY_INTERVAL;
use crate::time::SimTime;
use crate::trace::{Ended, EventKind, Log, Observer, Rule};
use crate::world::World;
use std::collections::VecDeque;

/// The statements of a job store, in the order of `defaults::JOBSTORE`.
#[derive(Clone, Copy)]
enum Ask {
    Describe,
    Insert,
    Due,
    Update,
    NextRunTime,
}

/// The scheduler of one process.
#[derive(Debug, Default)]
pub(crate) struct Scheduler {
    /// Its thread; the threads of its executor follow it.
    task: u16,
    /// How many of them have been started, and how many can be needed.
    workers: (u16, u16),
    /// The engine of its job store.
    store: Option<u16>,
    /// Jobs added before the start: (program, job).
    pending: Vec<(u16, u16)>,
    started: bool,
    /// Runs that wait for a worker.
    queue: VecDeque<Run>,
    /// Workers without work, the one that waits longest first.
    idle: VecDeque<u16>,
    /// Rows whose job a worker of this process has or will have.
    running: Vec<u32>,
}

/// A row of the table `apscheduler_jobs`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct JobRow {
    id: u32,
    program: u16,
    job: u16,
    next_run_time: SimTime,
}

/// A job that was given to the workers.
#[derive(Clone, Copy, Debug)]
struct Run {
    row: JobRow,
    /// When it should have run.
    due: SimTime,
}

impl Scheduler {
    pub fn new(task: u16, workers: u16) -> Scheduler {
        Scheduler { task, workers: (0, workers), ..Scheduler::default() }
    }
}

impl<O: Observer> World<'_, O> {
    pub(crate) fn add_jobstore(&self, program: usize, store: Store) {
        let mut state = self.state();
        let engine = match store {
            Store::Engine(named) => state.engine_of_current(named),
            Store::Own(own) => state.new_engine(self.scenario.programs[program].first_engine + usize::from(own)),
        };
        if let Some(scheduler) = state.current_scheduler() {
            scheduler.store = Some(engine);
        }
    }

    pub(crate) fn add_job(&self, program: usize, job: u8) {
        if let Some(scheduler) = self.state().current_scheduler() {
            scheduler.pending.push((program as u16, u16::from(job)));
        }
    }

    /// `BaseScheduler.start`: the job store looks for its table, the jobs are stored, the thread starts.
    pub(crate) async fn start_scheduler(&self) -> PyResult {
        let pending = self.state().current_scheduler().map(|s| std::mem::take(&mut s.pending)).unwrap_or_default();
        let added = self.state().now;
        self.ask_store(Ask::Describe).await?;
        for (program, job) in pending {
            let next_run_time = added + self.scenario.programs[usize::from(program)].jobs[usize::from(job)].every;
            self.ask_store(Ask::Insert).await?;
            let mut state = self.state();
            let id = state.new_job();
            state.jobs.push(JobRow { id, program, job, next_run_time });
        }
        let mut state = self.state();
        if let Some(scheduler) = state.current_scheduler() {
            scheduler.started = true;
            let task = scheduler.task;
            state.wake(task);
        }
        Ok(())
    }

    /// The scheduler thread: sleeps until something is due. An error other than from the question for due jobs ends it.
    pub(crate) async fn scheduler_thread(&self) {
        while !self.state().current_scheduler().is_some_and(|s| s.started) {
            self.park().await;
        }
        loop {
            match self.process_jobs().await {
                Ok(Some(at)) => {
                    let now = self.state().now;
                    self.pause(at.since(now)).await;
                }
                Ok(None) => self.park().await,
                Err(error) => {
                    self.state().raise(Rule::SchedulerDies, *error);
                    loop {
                        self.park().await;
                    }
                }
            }
        }
    }

    /// `BaseScheduler._process_jobs`: gives due jobs to the workers; when to look again.
    async fn process_jobs(&self) -> PyResult<Option<SimTime>> {
        let now = self.state().now;
        if let Err(error) = self.ask_store(Ask::Due).await {
            let mut state = self.state();
            state.raise(Rule::DueJobs, *error);
            state.emit(Rule::DueJobs, EventKind::Log { log: Log::DueJobs { error: *error, now } });
            return Ok(Some(now + JOBSTORE_RETRY_INTERVAL));
        }
        let due: Vec<JobRow> = self.state().jobs.iter().filter(|row| row.next_run_time <= now).copied().collect();
        for mut row in crate::order::sorted(due, |row| (row.next_run_time.as_us(), 0)) {
            let every = self.scenario.programs[usize::from(row.program)].jobs[usize::from(row.job)].every;
            // `coalesce`: of several run times only the last counts.
            let mut last = row.next_run_time;
            while last + every <= now {
                last += every;
            }
            let before = row;
            row.next_run_time = last + every;
            self.submit(before, Run { row, due: last });
            self.ask_store(Ask::Update).await?;
            if let Some(stored) = self.state().jobs.iter_mut().find(|stored| stored.id == row.id) {
                stored.next_run_time = row.next_run_time;
            }
        }
        self.ask_store(Ask::NextRunTime).await?;
        Ok(self.state().jobs.iter().map(|row| row.next_run_time).min())
    }

    /// `BaseExecutor.submit_job`: one run of a job at a time (max_instances).
    fn submit(&self, before: JobRow, run: Run) {
        let mut state = self.state();
        let log = Log::TooMany { program: before.program, job: before.job, next: before.next_run_time };
        let Some(scheduler) = state.current_scheduler() else { return };
        if scheduler.running.contains(&run.row.id) {
            state.count_missed();
            state.emit(Rule::MaxInstances, EventKind::Log { log });
            return;
        }
        scheduler.running.push(run.row.id);
        scheduler.queue.push_back(run);
        // A new thread for what no thread is free for (`concurrent/futures/thread.py`).
        let worker = scheduler.idle.pop_front().or_else(|| {
            let (started, all) = scheduler.workers;
            scheduler.workers.0 = (started + 1).min(all);
            (started < all).then_some(scheduler.task + 1 + started)
        });
        if let Some(worker) = worker {
            state.wake(worker);
        }
    }

    /// A thread of the executor.
    pub(crate) async fn worker_thread(&self) {
        self.park().await;
        loop {
            let run = {
                let mut state = self.state();
                let task = state.current();
                let Some(scheduler) = state.current_scheduler() else { return };
                let run = scheduler.queue.pop_front();
                if run.is_none() {
                    scheduler.idle.push_back(task);
                }
                run
            };
            let Some(Run { row, due }) = run else {
                self.park().await;
                continue;
            };
            self.run_job(row, due).await;
            if let Some(scheduler) = self.state().current_scheduler() {
                scheduler.running.retain(|id| *id != row.id);
            }
        }
    }

    /// `executors/base.py::run_job`: a run that comes too late is only written into the log.
    async fn run_job(&self, row: JobRow, due: SimTime) {
        let JobRow { program, job, next_run_time: next, .. } = row;
        let options = &self.scenario.programs[usize::from(program)].jobs[usize::from(job)];
        {
            let mut state = self.state();
            let late = state.now.since(due);
            if options.misfire_grace_time.is_some_and(|grace| late > grace) {
                state.count_missed();
                state.emit(Rule::Misfire, EventKind::Log { log: Log::Missed { program, job, next, late } });
                return;
            }
        }
        let request = {
            let mut state = self.state();
            let request = state.new_request();
            state.emit_from(None, Rule::Job, EventKind::Start { request });
            request
        };
        let (result, kept) = self.run_handler(options.program, 0).await;
        if result.is_ok() {
            self.release_all(kept).await;
            self.state().finish_request(request, result, true);
            return;
        }
        {
            let mut state = self.state();
            state.finish_request(request, result, true);
            state.emit(Rule::Job, EventKind::Log { log: Log::Raised { program, job, next } });
        }
        // `traceback.clear_frames`: no cycle is left.
        self.release_all(kept.cleared()).await;
    }

    /// One operation of the job store: `with self.engine.begin() as connection: connection.execute(…)`.
    async fn ask_store(&self, ask: Ask) -> PyResult {
        let Some(engine) = self.state().current_scheduler().and_then(|s| s.store) else { return Ok(()) };
        let id = self.connect(engine, None, true).await?;
        self.connection_begin(id);
        let done = match self.connection_execute(id, self.scenario.jobstore_statements + ask as u16).await {
            Ok(()) => match self.connection_commit(id).await {
                Err(error) => self.connection_rollback(id).await.and(Err(error)),
                ok => ok,
            },
            Err(error) => self.connection_rollback(id).await.and(Err(error)),
        };
        let closed = self.connection_end(id, Ended::Close).await;
        self.release(Holder::Connection(id), false).await;
        done.and(closed)
    }
}

impl<O: Observer> crate::state::State<'_, O> {
    fn current_scheduler(&mut self) -> Option<&mut Scheduler> {
        let process = self.current_task().map(|t| usize::from(t.process))?;
        self.processes.get_mut(process).map(|p| &mut p.scheduler)
    }

    /// A run that does not take place counts as a request that failed.
    fn count_missed(&mut self) {
        self.outcome.requests += 1;
        self.outcome.failed += 1;
        self.outcome.add_error(ErrorKey::MissedRun);
    }
}
