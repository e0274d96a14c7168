//! The Python text beside the timeline: what the engine options say, then the programs. It is the code that runs.

use super::program::Program;
use crate::engine::error::seconds;
use crate::scenario::{Driver, EngineOptions, PoolClass, ResetOnReturn, Scenario, SessionFactory, Transport, defaults};

/// Lines are numbered from 1, as in a traceback.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    pub lines: Vec<String>,
    /// The programs that something runs (indexes into `Scenario::programs`) and the lines on which they begin.
    pub programs: Vec<(usize, u16)>,
    pub functions: Vec<Function>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    pub name: String,
    /// The line of its `def`.
    pub first: u16,
}

impl Listing {
    pub fn line(&self, number: u16) -> &str {
        usize::from(number).checked_sub(1).and_then(|i| self.lines.get(i)).map_or("", String::as_str)
    }

    fn function_of(&self, line: u16) -> Option<&Function> {
        self.functions.iter().filter(|f| f.first <= line).max_by_key(|f| f.first)
    }

    pub fn traceback(&self, line: Option<u16>, error: &str) -> String {
        let mut text = String::from("Traceback (most recent call last):\n");
        if let Some((line, function)) = line.and_then(|l| Some((l, self.function_of(l)?))) {
            text += &format!("  File \"app.py\", line {line}, in {}\n    {}\n", function.name, self.line(line).trim());
        }
        text + error
    }
}

/// The listing of a scenario: its engine's non-default options (and those a knob may turn), then every program that something runs.
pub fn render(scenario: &Scenario) -> Listing {
    let mut listing = Listing::default();
    let running = || scenario.programs.iter().enumerate().filter(|(index, _)| scenario.runs(*index));
    // The URL has a name of its own only where a program needs it.
    let url = running().any(|(_, program)| crate::text::find(&program.text, "URL").is_some());
    if url {
        listing.lines.push(format!("URL = \"{}\"", scenario.url()));
    }
    for (index, engine) in scenario.engines.iter().enumerate().filter(|(_, e)| !e.in_program) {
        engine_lines(scenario, engine, url, &mut listing.lines);
        if index == 0 && running().any(|(_, program)| !program.defines_session) {
            let name = &engine.name;
            listing.lines.push(match engine.session {
                SessionFactory::Sessionmaker if scenario.driver.is_async() => {
                    format!("Session = async_sessionmaker({name})")
                }
                SessionFactory::Sessionmaker => format!("Session = sessionmaker({name})"),
                SessionFactory::ScopedSession => format!("Session = scoped_session(sessionmaker({name}))"),
            });
        }
    }
    for (index, program) in running() {
        listing.lines.push(String::new());
        let before = listing.lines.len() as u16;
        listing.lines.extend(program.text.lines().map(str::to_owned));
        listing.programs.push((index, before + 1));
        for function in program.handlers.iter().chain(&program.teardowns) {
            listing.functions.push(Function { name: function.name.clone(), first: before + function.line });
        }
    }
    // Whether it is in debug mode is worth a line where somebody may ask.
    if scenario.processes.iter().any(|p| p.debug) || scenario.knobs.iter().any(|k| k.set.ends_with(".debug")) {
        let debug = scenario.processes.iter().any(|p| p.debug);
        listing.lines.extend([String::new(), format!("app.run(debug={})", if debug { "True" } else { "False" })]);
    }
    listing
}

impl Scenario {
    /// Do the traffic, a process or a scheduler run this program?
    fn runs(&self, program: usize) -> bool {
        let direct = |program| {
            self.traffic.iter().any(|t| t.run == program)
                || self.processes.iter().any(|p| p.startup == Some(program) || p.preload == Some(program))
        };
        let job = |(index, other): (usize, &Program)| other.jobs.iter().any(|j| j.program == program) && direct(index);
        direct(program) || self.programs.iter().enumerate().any(job)
    }

    fn url(&self) -> String {
        let host = match self.transport {
            Transport::Tcp => "db/shop",
            Transport::Unix => "localhost/shop?unix_socket=/run/mysqld/mysqld.sock",
        };
        format!("mysql+{}://app:secret@{host}", self.driver.dialect())
    }
}

fn engine_lines(scenario: &Scenario, engine: &EngineOptions, url: bool, lines: &mut Vec<String>) {
    let name = &engine.name;
    let create = if scenario.driver.is_async() { "create_async_engine" } else { "create_engine" };
    lines.push(format!("{name} = {create}("));
    lines.push(if url { "    URL,".to_owned() } else { format!("    \"{}\",", scenario.url()) });
    let turned = |option: &str| scenario.knobs.iter().any(|k| k.set == format!("engine.{option}"));
    let python_bool = |on: bool| if on { "True" } else { "False" }.to_owned();
    let options: [(&str, bool, String); 8] = [
        ("poolclass", engine.poolclass != PoolClass::QueuePool, engine.poolclass.name().to_owned()),
        ("pool_size", engine.pool_size != defaults::POOL_SIZE, engine.pool_size.to_string()),
        ("max_overflow", engine.max_overflow != defaults::MAX_OVERFLOW, engine.max_overflow.to_string()),
        ("pool_timeout", engine.pool_timeout != defaults::POOL_TIMEOUT, seconds(engine.pool_timeout)),
        (
            "pool_recycle",
            engine.pool_recycle.is_some(),
            engine.pool_recycle.map_or_else(|| defaults::POOL_RECYCLE.to_string(), seconds),
        ),
        ("pool_pre_ping", engine.pool_pre_ping, python_bool(engine.pool_pre_ping)),
        ("pool_use_lifo", engine.pool_use_lifo, python_bool(engine.pool_use_lifo)),
        (
            "pool_reset_on_return",
            engine.pool_reset_on_return != ResetOnReturn::Rollback,
            match engine.pool_reset_on_return {
                ResetOnReturn::Rollback => "\"rollback\"".to_owned(),
                ResetOnReturn::Commit => "\"commit\"".to_owned(),
                ResetOnReturn::None => "None".to_owned(),
            },
        ),
    ];
    for (option, written, value) in options {
        if (written || turned(option)) && engine.poolclass.takes(option) {
            lines.push(format!("    {option}={value},"));
        }
    }
    let mut arguments = Vec::new();
    if engine.client_interactive {
        arguments.push("\"client_flag\": CLIENT.INTERACTIVE".to_owned());
    }
    if scenario.driver == Driver::MysqlConnectorPure {
        arguments.push("\"use_pure\": True".to_owned());
    }
    for (name, seconds) in [("connect_timeout", engine.connect_timeout), ("read_timeout", engine.read_timeout)] {
        if seconds > 0 {
            arguments.push(format!("\"{name}\": {seconds}"));
        }
    }
    if !arguments.is_empty() {
        lines.push(format!("    connect_args={{{}}},", arguments.join(", ")));
    }
    lines.push(")".to_owned());
    if engine.ping_listener {
        let engine = if scenario.driver.is_async() { format!("{name}.sync_engine") } else { name.clone() };
        lines.extend([String::new(), format!("@event.listens_for({engine}, \"checkout\")")]);
        lines.extend(PING_LISTENER.lines().map(str::to_owned));
        lines.push(String::new());
    }
}

/// What `ping_listener` stands for.
pub const PING_LISTENER: &str = "\
def ping(dbapi_connection, record, proxy):
    try:
        cursor = dbapi_connection.cursor()
        cursor.execute(\"SELECT 1\")
        cursor.close()
    except Exception:
        raise exc.DisconnectionError()
";
