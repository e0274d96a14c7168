//! A program: the Python text of a request handler, compiled to small typed steps.

use super::python::{self, SyntaxError};
use crate::scenario::{Driver, EngineOptions, SqlAlchemy, Words};
use crate::time::SimSpan;

#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    /// Key under `[programs]`.
    pub name: String,
    /// What a choice of programs calls it: "never closed".
    pub label: Words,
    /// The text as written, without surrounding blank lines.
    pub text: String,
    /// Texts of the exceptions it may raise, as a traceback prints them.
    pub raises: Vec<String>,
    /// Requests go to them in turn.
    pub(crate) handlers: Vec<Function>,
    /// Functions that run after a handler, the last first, whether it failed or not.
    pub(crate) teardowns: Vec<Function>,
    /// `Session` is the program's own.
    pub(crate) defines_session: bool,
    /// What it gives to its `BackgroundScheduler`.
    pub jobs: Vec<Job>,
    /// The engines it makes itself; the reader moves them to the scenario's.
    pub(crate) own_engines: Vec<EngineOptions>,
    /// Index of the first of them among the scenario's.
    pub(crate) first_engine: usize,
}

/// One `def`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Function {
    pub name: String,
    /// How many arguments it takes.
    pub arguments: usize,
    /// Line of its `def` in the program, from 1.
    pub line: u16,
    pub coroutine: bool,
    pub steps: Vec<Step>,
    /// How many variables, temporaries included.
    pub variables: usize,
}

/// What all programs of a scenario define: each sees the default `Session` and its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Definitions {
    pub factories: Vec<Factory>,
    pub context_variables: u8,
}

/// What makes Sessions: a sessionmaker, or a scoped_session around one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Factory {
    /// Index into the scenario's engines.
    pub engine: u8,
    pub scope: Scope,
    /// Whether attributes are read again after a commit.
    pub expires: bool,
}

/// Whose Session a scoped_session gives out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// No scoped_session: everybody gets a new one.
    None,
    /// A Session that the module itself makes: everybody in the process has it.
    Module,
    /// `threading.local`
    Thread,
    /// `scopefunc=variable.get`
    ContextVar(u8),
    /// `scopefunc=asyncio.current_task`
    Task,
}

/// `scheduler.add_job(function, "interval", seconds=20)`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    pub function: String,
    /// Line of the program.
    pub(crate) line: u16,
    /// Index of the program that has the function.
    pub program: usize,
    pub every: SimSpan,
    /// `None`: however late it is, the job runs.
    pub misfire_grace_time: Option<SimSpan>,
}

/// Where a SQLAlchemyJobStore gets its connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Store {
    /// `engine=engine`: one of the process.
    Engine(u8),
    /// `url=URL`: an engine of its own, counted among those that the program makes.
    Own(u8),
}

/// `engine.connect()`, `engine.dispose()`: which one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EngineRef {
    /// One that every process has.
    Named(u8),
    /// One that the program has made.
    Variable(Slot),
}

/// A variable of the frame.
pub(crate) type Slot = u8;

/// What a statement acts on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A Session or Connection in a variable.
    Variable(Slot),
    /// The Session that this scoped_session has for the current scope.
    Registry(u8),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Line(u16),
    /// `Session()`; for a scoped_session the registry's own.
    Session {
        factory: u8,
        into: Slot,
    },
    /// `engine.connect()`, or the Connection of `engine.begin()`
    Connect {
        engine: EngineRef,
        into: Slot,
        begins: bool,
    },
    /// `create_engine(URL, …)`: counted among those that the program makes.
    CreateEngine {
        engine: u8,
        into: Slot,
    },
    /// `connection.begin()`; a Session begins by itself.
    Begin {
        on: Target,
    },
    /// Enters `with ….begin_nested()`.
    BeginNested {
        on: Target,
    },
    Execute {
        on: Target,
        statement: u16,
    },
    /// Reads the rows of the statement before.
    Fetch,
    /// A variable has its result, which refers to the Connection.
    Keep {
        on: Target,
        statement: u16,
        into: Slot,
    },
    /// `session.get(User, 1)`
    Get {
        on: Target,
        statement: u16,
        into: Slot,
    },
    /// `user.name`: read again if it has expired.
    Touch {
        user: Slot,
        statement: u16,
    },
    /// `session.connection()`
    Take {
        on: Target,
    },
    Commit {
        on: Target,
    },
    Rollback {
        on: Target,
    },
    Close {
        on: Target,
    },
    Invalidate {
        on: Target,
    },
    /// `connection.connection.invalidate(soft=True)`
    SoftInvalidate {
        on: Target,
    },
    /// `connection.detach()`
    Detach {
        on: Target,
    },
    /// `Session.remove()`
    Remove {
        factory: u8,
    },
    /// `engine.dispose()`, or with `close=False`
    Dispose {
        engine: EngineRef,
        close: bool,
    },
    /// `scheduler.add_jobstore("sqlalchemy", …)`
    AddJobstore(Store),
    /// `scheduler.add_job(…)`: index into the program's jobs.
    AddJob(u8),
    /// `scheduler.start()`
    StartScheduler,
    Sleep(SimSpan),
    /// `await asyncio.sleep()`: other coroutines of the thread go on meanwhile.
    Await(SimSpan),
    /// `variable.set(request)`
    SetContext {
        variable: u8,
    },
    /// `gc.collect()`
    Collect,
    /// A name gets what the statement has made, or nothing that has a connection; what it held before loses a reference.
    Bind {
        from: Option<Slot>,
        into: Slot,
    },
    Raise(u16),
    /// `raise` alone, inside `except`.
    Reraise,
    Return,
    Jump(u16),
    /// A counter for `for … in range(n)`.
    Repeat {
        counter: u8,
        times: u32,
    },
    /// Leaves the loop when the counter is used up.
    Next {
        counter: u8,
        done: u16,
    },
    /// Enters a block whose handler gets exceptions (and, for `finally`, returns).
    Try {
        handler: u16,
        finally: bool,
    },
    /// Leaves the block normally; `finally` code follows.
    EndTry {
        finally: bool,
    },
    /// In a handler: go on if the exception is one of these classes (indexes into `CLASSES`), else jump.
    Match {
        classes: ClassSet,
        otherwise: u16,
    },
    /// The exception is handled.
    Handled,
    /// End of `finally`: take up what was interrupted.
    EndFinally,
    /// `__exit__` of a context manager.
    Exit {
        on: Target,
        how: Exit,
    },
}

/// What leaving a `with` block does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// `with Session() as s`, `with engine.connect() as c`
    Close,
    /// `with Session.begin() as s`, `with engine.begin() as c`: commit or roll back, then close.
    EndAndClose,
    /// `with session.begin()`: commit or roll back.
    End,
    /// `with session.begin_nested()`: release the savepoint or roll back to it.
    Nested,
}

/// Names an `except` clause may use, as a bit set over `CLASSES`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClassSet(pub u16);

/// The exception classes the simulator can tell apart, from the most general.
pub(crate) const CLASSES: [&str; 10] = [
    "Exception",
    "SQLAlchemyError",
    "DBAPIError",
    "OperationalError",
    "InterfaceError",
    "TimeoutError",
    "InvalidRequestError",
    "PendingRollbackError",
    "ResourceClosedError",
    "IllegalStateChangeError",
];

impl Program {
    /// The program with its statements numbered by `number` instead of in the order of its own SQL texts.
    pub(crate) fn with_statements(mut self, sql: &[String], mut number: impl FnMut(&str) -> u16) -> Program {
        let numbers: Vec<u16> = sql.iter().map(|s| number(s)).collect();
        let functions = self.handlers.iter_mut().chain(&mut self.teardowns);
        for step in functions.flat_map(|f| &mut f.steps) {
            if let Step::Execute { statement, .. }
            | Step::Keep { statement, .. }
            | Step::Get { statement, .. }
            | Step::Touch { statement, .. } = step
            {
                *statement = numbers.get(usize::from(*statement)).copied().unwrap_or_default();
            }
        }
        self
    }

    pub(crate) fn starts_scheduler(&self) -> bool {
        self.handlers.iter().any(|function| function.steps.contains(&Step::StartScheduler))
    }
}

/// Moves the engines that programs make to the scenario's, and finds the functions of their jobs. What is wrong, with the program that
/// it is wrong in.
pub(crate) fn link(programs: &mut [Program], engines: &mut Vec<EngineOptions>) -> Vec<(usize, SyntaxError)> {
    let first = |program: &Program| program.handlers.first().map(|f| (f.name.clone(), f.arguments));
    let functions: Vec<(String, usize)> = programs.iter().map(|p| first(p).unwrap_or_default()).collect();
    let mut errors = Vec::new();
    for (index, program) in programs.iter_mut().enumerate() {
        program.first_engine = engines.len();
        engines.append(&mut program.own_engines);
        for job in &mut program.jobs {
            let found = functions.iter().position(|(name, _)| *name == job.function);
            job.program = found.unwrap_or_default();
            let message = match found {
                None => format!("there is no function `{}`", job.function),
                Some(at) if functions[at].1 > 0 => format!("`{}` is called without arguments", job.function),
                Some(_) => continue,
            };
            let hint = "a program with `def name():` is a function that a scheduler can run".to_owned();
            errors.push((index, SyntaxError { line: job.line, message, hint }));
        }
    }
    errors
}

/// Compiles a handler; gives back the SQL texts it uses beside it.
pub(crate) fn compile(
    name: &str,
    label: Words,
    source: &str,
    engines: &[EngineOptions],
    stack: (SqlAlchemy, Driver),
    shared: &mut Definitions,
) -> Result<(Program, Vec<String>), Vec<SyntaxError>> {
    let text = source.trim_start_matches(['\n', '\r']).trim_end().to_owned();
    let code = python::compile(&text, engines, stack, shared)?;
    let program = Program {
        name: name.to_owned(),
        label,
        text,
        raises: code.raises,
        handlers: code.handlers,
        teardowns: code.teardowns,
        defines_session: code.defines_session,
        jobs: code.jobs,
        own_engines: code.engines,
        first_engine: 0,
    };
    Ok((program, code.sql))
}
