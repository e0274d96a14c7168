//! Runs the steps of a program as one thread's frame.

use super::garbage::Holder;
use super::program::{CLASSES, ClassSet, EngineRef, Exit, Function, Slot, Step, Target};
use super::session::Begin;
use crate::engine::error::{DbapiClass, PyError, PyResult, REENTRANT};
use crate::scenario::SqlAlchemy;
use crate::time::SimSpan;
use crate::trace::{Ended, EventKind, Observer, Rule};
use crate::world::World;

/// The variables of a running function, and where it is.
pub(crate) struct Frame {
    variables: Vec<Option<Holder>>,
    counters: Vec<u32>,
    blocks: Vec<Block>,
    /// What `finally` and `except` code interrupts, innermost last.
    pending: Vec<Pending>,
    at: usize,
    /// How the function has ended.
    result: Option<PyResult>,
    /// The `with ….begin_nested()` blocks that are open.
    nested: Vec<(Holder, u32)>,
}

/// What a frame that is over still refers to.
#[derive(Default)]
pub(crate) struct Kept {
    variables: Vec<Option<Holder>>,
    in_cycle: bool,
}

impl Kept {
    /// Somebody keeps the frame: what its variables hold is never given back.
    pub fn for_ever(self) {}

    /// Its frame has been emptied: no cycle is left.
    pub fn cleared(self) -> Kept {
        Kept { in_cycle: false, ..self }
    }
}

#[derive(Clone, Copy)]
struct Block {
    handler: u16,
    finally: bool,
    /// Length of `pending` when the block was entered.
    depth: usize,
}

#[derive(Clone, Copy)]
enum Pending {
    Nothing,
    Return,
    Exception(PyError),
}

impl<O: Observer> World<'_, O> {
    /// The handler, then what runs when a request is over; the last error counts. An exception that nobody has let go of yet keeps
    /// the frame it came through.
    pub(crate) async fn run_handler(&self, program: usize, handler: usize) -> (PyResult, Kept) {
        let code = &self.scenario.programs[program];
        let Some(handler) = code.handlers.get(handler) else { return (Ok(()), Kept::default()) };
        let (mut result, mut kept) = self.run_function(program, handler).await;
        for teardown in code.teardowns.iter().rev() {
            let (torn_down, its) = self.run_function(program, teardown).await;
            // It has the handler's error as its argument, and so the frames that one came through.
            kept.in_cycle |= its.in_cycle;
            if torn_down.is_err() {
                self.release_all(std::mem::replace(&mut kept, its)).await;
                result = torn_down;
                break;
            }
        }
        (result, kept)
    }

    /// Runs one function; what its variables held is given back if an exception keeps the frame alive.
    async fn run_function(&self, program: usize, code: &Function) -> (PyResult, Kept) {
        let mut frame = Frame {
            variables: vec![None; code.variables],
            counters: Vec::new(),
            blocks: Vec::new(),
            pending: Vec::new(),
            at: 0,
            result: None,
            nested: Vec::new(),
        };
        let result = loop {
            let Some(step) = code.steps.get(frame.at) else {
                break Ok(());
            };
            frame.at += 1;
            // A program that never waits would keep the run from ending.
            while self.state().step_is_one_too_many() {
                self.sleep(SimSpan::from_us(1)).await;
            }
            if let Err(error) = self.step(program, &mut frame, step).await {
                let mut state = self.state();
                state.raise(Rule::Propagate, *error);
                if error.leaves_cycle() {
                    state.leave_cycle();
                }
                let collections = state.collections;
                if let Some(task) = state.current_task() {
                    task.raising = task.in_cycle == collections;
                }
                frame.interrupt(Pending::Exception(*error));
            }
            if let Some(result) = frame.result.take() {
                break result;
            }
        };
        let kept = {
            let mut state = self.state();
            let in_cycle = state.current_task().map_or(0, |task| std::mem::take(&mut task.in_cycle));
            Kept { variables: frame.variables, in_cycle: in_cycle == state.collections }
        };
        if result.is_ok() {
            let in_cycle = kept.in_cycle;
            self.release_all(kept).await;
            return (result, Kept { variables: Vec::new(), in_cycle });
        }
        (result, kept)
    }

    pub(crate) async fn release_all(&self, kept: Kept) {
        for holder in kept.variables.into_iter().flatten() {
            self.release(holder, kept.in_cycle).await;
        }
    }

    async fn step(&self, program: usize, frame: &mut Frame, step: &Step) -> PyResult {
        match *step {
            Step::Line(line) => {
                let line = self.state().first_line(program) + line - 1;
                self.state().emit(Rule::Listing, EventKind::Line { line });
            }
            Step::Session { factory, into } => {
                let session = self.session(factory);
                if let Some(s) = self.state().sessions.get_mut(session) {
                    s.references += 1;
                }
                self.assign(frame, into, Some(Holder::Session(session))).await;
            }
            Step::Connect { engine, into, begins } => {
                let engine = self.engine_of(frame, engine);
                let connection = self.connect(engine, None, begins).await?;
                self.assign(frame, into, Some(Holder::Connection(connection))).await;
            }
            Step::Begin { on } => match self.holder(frame, on) {
                Some(Holder::Session(id)) => self.session_begin(id)?,
                Some(Holder::Connection(id)) => {
                    self.connection_begin(id);
                    if let Some(connection) = self.state().connections.get_mut(id) {
                        connection.context = Begin::Open;
                    }
                }
                _ => {}
            },
            Step::BeginNested { on } => {
                let holder = self.holder(frame, on);
                let nested = match holder {
                    Some(Holder::Session(id)) => self.session_begin_nested(id)?,
                    Some(Holder::Connection(id)) => u32::from(self.connection_begin_nested(id).await?),
                    _ => 0,
                };
                frame.nested.extend(holder.map(|holder| (holder, nested)));
            }
            Step::Execute { on, statement } => match self.holder(frame, on) {
                Some(Holder::Session(id)) => self.session_execute(id, statement).await?,
                Some(Holder::Connection(id)) => self.connection_execute(id, statement).await?,
                _ => {}
            },
            Step::Keep { on, statement, into } => {
                let connection = match self.holder(frame, on) {
                    Some(Holder::Connection(id)) => Some(id),
                    Some(Holder::Session(id)) => self.connection_of_session(id),
                    _ => None,
                };
                if let Some(connection) = connection.and_then(|id| {
                    self.state().connections.get_mut(id).map(|c| {
                        (c.references, c.results) = (c.references + 1, c.results + 1);
                        c.result.clone_from(&c.fairy);
                        c.cursor = c.dbapi().filter(|_| self.scenario.sql(statement).starts_with("SELECT"));
                        id
                    })
                }) {
                    self.assign(frame, into, Some(Holder::Result(connection))).await;
                }
            }
            Step::Fetch => {
                let none = self.state().current_task().is_some_and(|task| std::mem::take(&mut task.no_rows));
                if none {
                    return Err(Box::new(PyError::NoRows));
                }
            }
            Step::Get { on, statement, into } => {
                if let Some(Holder::Session(id)) = self.holder(frame, on) {
                    let user = self.session_get(id, statement).await?;
                    self.assign(frame, into, Some(Holder::User(user))).await;
                }
            }
            Step::Touch { user, statement } => {
                if let Some(Holder::User(user)) = self.holder(frame, Target::Variable(user)) {
                    self.user_touch(user, statement).await?;
                }
            }
            Step::Take { on } => {
                if let Some(Holder::Session(id)) = self.holder(frame, on) {
                    self.session_connection(id).await?;
                }
            }
            Step::Commit { on } => self.end_inside(frame, on, Ended::Commit).await?,
            Step::Rollback { on } => self.end_inside(frame, on, Ended::Rollback).await?,
            Step::Close { on } => self.end_inside(frame, on, Ended::Close).await?,
            Step::Invalidate { on } => match self.holder(frame, on) {
                Some(Holder::Session(id)) => self.session_invalidate(id).await?,
                Some(Holder::Connection(id)) => self.connection_invalidate(id).await?,
                _ => {}
            },
            Step::SoftInvalidate { on } => {
                if let Some(Holder::Connection(id)) = self.holder(frame, on) {
                    self.connection_soft_invalidate(id).await?;
                }
            }
            Step::Detach { on } => {
                if let Some(Holder::Connection(id)) = self.holder(frame, on) {
                    self.connection_detach(id)?;
                }
            }
            Step::Remove { factory } => self.registry_remove(factory).await?,
            Step::CreateEngine { engine, into } => {
                let options = self.scenario.programs[program].first_engine + usize::from(engine);
                let engine = self.state().new_engine(options);
                self.assign(frame, into, Some(Holder::Engine(engine))).await;
            }
            Step::Dispose { engine, close } => {
                let engine = self.engine_of(frame, engine);
                self.state().dispose(engine, close);
            }
            Step::AddJobstore(store) => self.add_jobstore(program, store),
            Step::AddJob(job) => self.add_job(program, job),
            Step::StartScheduler => self.start_scheduler().await?,
            Step::Sleep(span) => {
                let until = self.state().now + span;
                self.state().emit(Rule::Listing, EventKind::Busy { until });
                self.sleep(span).await;
            }
            Step::Await(span) => {
                let until = self.state().now + span;
                if span > SimSpan::ZERO {
                    self.state().emit(Rule::Await, EventKind::Busy { until });
                }
                self.sleep_in_loop(span).await;
            }
            Step::SetContext { variable } => {
                if let Some(task) = self.state().current_task() {
                    task.set_context(variable);
                }
            }
            Step::Collect => {
                let process = self.state().current_task().map(|t| t.process);
                self.collect(process).await;
            }
            Step::Bind { from, into } => {
                let holder = from.and_then(|from| frame.variables.get_mut(usize::from(from))?.take());
                self.assign(frame, into, holder).await;
            }
            Step::Raise(raise) => {
                return Err(Box::new(PyError::Raised { program: program as u16, raise }));
            }
            Step::Reraise => {
                let handled = frame.pending.iter().rev().find(|p| matches!(p, Pending::Exception(_)));
                if let Some(handled) = handled.copied() {
                    frame.interrupt(handled);
                }
            }
            Step::Return => frame.interrupt(Pending::Return),
            Step::Jump(to) => frame.at = usize::from(to),
            Step::Repeat { counter, times } => {
                let counter = usize::from(counter);
                if frame.counters.len() <= counter {
                    frame.counters.resize(counter + 1, 0);
                }
                frame.counters[counter] = times;
            }
            Step::Next { counter, done } => {
                let left = &mut frame.counters[usize::from(counter)];
                match left.checked_sub(1) {
                    Some(less) => *left = less,
                    None => frame.at = usize::from(done),
                }
            }
            Step::Try { handler, finally } => {
                frame.blocks.push(Block { handler, finally, depth: frame.pending.len() });
            }
            Step::EndTry { finally } => {
                frame.blocks.pop();
                if finally {
                    frame.pending.push(Pending::Nothing);
                }
            }
            Step::Match { classes, otherwise } => {
                if !matches!(frame.pending.last(), Some(Pending::Exception(e)) if is_instance(e, classes)) {
                    frame.at = usize::from(otherwise);
                }
            }
            Step::Handled => {
                frame.pending.pop();
                self.state().drop_tracebacks();
            }
            Step::EndFinally => match frame.pending.pop() {
                None | Some(Pending::Nothing) => {}
                Some(pending) => frame.interrupt(pending),
            },
            Step::Exit { on, how } => self.exit(frame, on, how).await?,
        }
        Ok(())
    }

    /// `__exit__`: with an exception under way the transaction is rolled back, otherwise committed.
    async fn exit(&self, frame: &mut Frame, on: Target, how: Exit) -> PyResult {
        let failed = matches!(frame.pending.last(), Some(Pending::Exception(_)));
        if how == Exit::Nested {
            return match frame.nested.pop() {
                Some((Holder::Session(id), serial)) => self.session_exit_nested(id, serial, failed).await,
                Some((Holder::Connection(id), number)) => self.connection_exit_nested(id, number as u16, failed).await,
                _ => Ok(()),
            };
        }
        // `async with Session.begin()`: its end is a task of its own, and so is the closing inside.
        let task = how == Exit::EndAndClose
            && self.scenario.driver.is_async()
            && matches!(self.holder(frame, on), Some(Holder::Session(_)));
        if task {
            self.hop().await;
        }
        let done = self.end_and_close(frame, on, how, failed, task).await;
        if task {
            self.hop().await;
            self.hop().await;
        }
        done
    }

    async fn end_and_close(&self, frame: &mut Frame, on: Target, how: Exit, failed: bool, task: bool) -> PyResult {
        let mut ended = Ok(());
        if how != Exit::Close && self.change_context(frame, on, |_| Begin::NoBlock) != Begin::Ended {
            ended = self.end(frame, on, if failed { Ended::Rollback } else { Ended::Commit }).await;
            // `Engine._trans_ctx.__exit__`: if that raised, nothing else was done.
            if self.scenario.sqlalchemy < SqlAlchemy::V1_4 {
                ended?;
                return self.end(frame, on, Ended::Close).await;
            }
            if ended.is_err() && !failed {
                // `util/langhelpers.py::safe_reraise`, whose traceback refers to itself.
                self.state().leave_cycle();
                self.end(frame, on, Ended::Rollback).await?;
            }
        }
        // An AsyncSession whose transaction cannot be ended is not closed.
        if how == Exit::End || (task && ended.is_err()) {
            return ended;
        }
        ended.and(self.close_in_task(frame, on).await)
    }

    /// `__aexit__` closes in a task of its own, so that nobody can cancel it halfway (`ext/asyncio/base.py::_run_to_completion`).
    async fn close_in_task(&self, frame: &Frame, on: Target) -> PyResult {
        let task = self.scenario.driver.is_async();
        if task {
            self.hop().await;
        }
        let closed = self.end(frame, on, Ended::Close).await;
        if task {
            self.hop().await;
            self.hop().await;
        }
        closed
    }

    /// commit, rollback or close as the program says it; inside a `with ….begin()` block that ends the block's transaction early.
    async fn end_inside(&self, frame: &Frame, on: Target, how: Ended) -> PyResult {
        self.end(frame, on, how).await?;
        // Before 2.0 it may have been the savepoint that ended.
        if let Some(Holder::Session(id)) = self.holder(frame, on)
            && self.state().sessions.get(id).is_some_and(|s| s.transaction.is_some())
        {
            return Ok(());
        }
        self.change_context(frame, on, |context| if context == Begin::Open { Begin::Ended } else { context });
        Ok(())
    }

    /// Changes the state of the `with ….begin()` block around a Session or Connection; what it was before.
    fn change_context(&self, frame: &Frame, on: Target, change: impl Fn(Begin) -> Begin) -> Begin {
        let holder = self.holder(frame, on);
        let mut state = self.state();
        let context = match holder {
            Some(Holder::Session(id)) => state.sessions.get_mut(id).map(|s| &mut s.context),
            Some(Holder::Connection(id)) => state.connections.get_mut(id).map(|c| &mut c.context),
            _ => None,
        };
        let Some(context) = context else { return Begin::NoBlock };
        let before = *context;
        *context = change(before);
        before
    }

    async fn end(&self, frame: &Frame, on: Target, how: Ended) -> PyResult {
        match self.holder(frame, on) {
            Some(Holder::Session(id)) => self.session_end(id, how).await,
            Some(Holder::Connection(id)) => self.connection_end(id, how).await,
            _ => Ok(()),
        }
    }

    /// commit, rollback or close of a Connection that the program opened itself.
    pub(crate) async fn connection_end(&self, id: u32, how: Ended) -> PyResult {
        match how {
            Ended::Commit => self.connection_commit(id).await,
            Ended::Rollback => self.connection_rollback(id).await,
            Ended::Close | Ended::Remove => {
                self.connection_close(id).await?;
                let mut state = self.state();
                if let Some(session) = state.connections.get(id).map(|c| c.number) {
                    state.emit(Rule::SessionGivesBack, EventKind::SessionEnd { session, how });
                }
                Ok(())
            }
        }
    }

    fn engine_of(&self, frame: &Frame, engine: EngineRef) -> u16 {
        let made = match engine {
            EngineRef::Named(options) => return self.state().engine_of_current(options),
            EngineRef::Variable(slot) => frame.variables.get(usize::from(slot)).copied().flatten(),
        };
        if let Some(Holder::Engine(engine)) = made { engine } else { 0 }
    }

    fn holder(&self, frame: &Frame, on: Target) -> Option<Holder> {
        match on {
            Target::Variable(slot) => frame.variables.get(usize::from(slot)).copied().flatten(),
            Target::Registry(factory) => Some(Holder::Session(self.registry(factory))),
        }
    }

    /// Binds a variable; what it held before loses a reference afterwards, as in Python.
    async fn assign(&self, frame: &mut Frame, slot: Slot, holder: Option<Holder>) {
        let before = frame.variables.get_mut(usize::from(slot)).and_then(|v| std::mem::replace(v, holder));
        if let Some(before) = before {
            self.release(before, false).await;
        }
    }
}

impl Frame {
    /// Goes to the handler that gets this, or out of the frame.
    fn interrupt(&mut self, pending: Pending) {
        while let Some(block) = self.blocks.pop() {
            if block.finally || matches!(pending, Pending::Exception(_)) {
                self.pending.truncate(block.depth);
                self.pending.push(pending);
                self.at = usize::from(block.handler);
                return;
            }
        }
        self.result = Some(match pending {
            Pending::Exception(error) => Err(Box::new(error)),
            Pending::Nothing | Pending::Return => Ok(()),
        });
    }
}

fn is_instance(error: &PyError, classes: ClassSet) -> bool {
    let names: &[&str] = match error {
        PyError::Dbapi { error, .. } => match error.class {
            DbapiClass::OperationalError => &["SQLAlchemyError", "DBAPIError", "OperationalError"],
            DbapiClass::InterfaceError => &["SQLAlchemyError", "DBAPIError", "InterfaceError"],
            DbapiClass::ProgrammingError | DbapiClass::DatabaseError => &["SQLAlchemyError", "DBAPIError"],
            DbapiClass::MySqlInterfaceError if error.os == REENTRANT => &["SQLAlchemyError", "DBAPIError"],
            DbapiClass::RuntimeError | DbapiClass::TypeError | DbapiClass::MySqlInterfaceError => &[],
        },
        PyError::PoolTimeout { statement: Some(_), .. }
        | PyError::Assertion { statement: Some(_), .. }
        | PyError::RecordClosed { statement: Some(_) }
        | PyError::InvalidTransaction { statement: Some(_), .. }
        | PyError::StatementClosed { .. } => &["SQLAlchemyError"],
        PyError::PoolTimeout { .. } => &["SQLAlchemyError", "TimeoutError"],
        PyError::PendingRollback { .. } => &["SQLAlchemyError", "InvalidRequestError", "PendingRollbackError"],
        PyError::IllegalStateChange { .. } => &["SQLAlchemyError", "InvalidRequestError", "IllegalStateChangeError"],
        PyError::Prepared
        | PyError::Provisioning
        | PyError::InactiveTransaction
        | PyError::NotOnList
        | PyError::EndedInContext
        | PyError::AlreadyBegun
        | PyError::RecordClosed { statement: None }
        | PyError::InvalidTransaction { statement: None, .. }
        | PyError::DetachInvalidated => &["SQLAlchemyError", "InvalidRequestError"],
        PyError::ConnectionClosed | PyError::NoRows => {
            &["SQLAlchemyError", "InvalidRequestError", "ResourceClosedError"]
        }
        PyError::Detached => &["SQLAlchemyError"],
        PyError::Assertion { .. } | PyError::Raised { .. } => &[],
    };
    CLASSES
        .iter()
        .enumerate()
        .any(|(bit, class)| classes.0 & (1 << bit) != 0 && (*class == "Exception" || names.contains(class)))
}
