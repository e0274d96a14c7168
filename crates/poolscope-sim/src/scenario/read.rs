//! From a document to a scenario, reporting everything that is wrong at once.

use super::fields::{Fields, Mistakes, nearest, span, text};
use super::*;
use crate::app::program::{self, Definitions, Factory, Program, Scope};
use crate::app::python::SyntaxError;

const DAY: i64 = 86_400;
const WAIT_TIMEOUT_MAX: i64 = 31_536_000;

impl Scenario {
    /// The SQL text of a statement, the scenario's or one of the dialect's own questions.
    pub fn sql(&self, statement: u16) -> &str {
        if let Some(question) = statement.checked_sub(defaults::QUESTION) {
            let asks_tx_isolation = self.server.is_mariadb() && question == 2;
            let question = defaults::QUESTIONS.get(usize::from(question)).copied().unwrap_or_default();
            return if asks_tx_isolation { "SELECT @@tx_isolation" } else { question };
        }
        self.statements.get(usize::from(statement)).map_or("", |s| s.sql.as_str())
    }

    /// Runs as this version; what the program may say is left as it was read.
    pub fn set_sqlalchemy(&mut self, version: SqlAlchemy) {
        self.sqlalchemy = version;
        let statements = self.statements.iter_mut().skip(usize::from(self.jobstore_statements));
        for (statement, sql) in statements.zip(jobstore_sql(version, self.driver)) {
            statement.sql = sql;
        }
    }

    /// Reads a document; `name` is used if the document has none of its own.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of the text.
    pub fn read(document: &Document, name: &str) -> Result<Scenario, Vec<Diagnostic>> {
        let mut mistakes = Mistakes::default();
        match read(document, name, &mut mistakes) {
            Some(scenario) if mistakes.0.is_empty() => Ok(scenario),
            _ => Err(mistakes.sorted()),
        }
    }
}

/// `None` only together with a mistake.
fn read(document: &Document, name: &str, m: &mut Mistakes) -> Option<Scenario> {
    let mut top = Fields::of(&document.root, "the scenario", m);
    let name = top.text("name", m).unwrap_or(name).to_owned();
    let title = top.words("title", m).unwrap_or(Words { en: name.clone(), zh_cn: None });
    let summary = top.words("summary", m).unwrap_or_default();
    let seed = top.require("seed", "any whole number; the same seed gives the same run", m);
    let seed = seed.and_then(|node| match node.value {
        Value::Integer(n) => Some(n as u64),
        _ => {
            m.add(&node.place, "`seed` must be a whole number", "seed = 1");
            None
        }
    });
    let until = top.require("until", "how long the run is: until = \"30 s\"", m).and_then(|n| span(n, "until", m));
    let look_at = top.take("look_at").map_or(Some(LookAt::FirstError), |node| look_at(node, m));

    let sqlalchemy = top.named("sqlalchemy", m).unwrap_or(SqlAlchemy::V2_1);
    let driver = top.named("driver", m).unwrap_or(Driver::PyMySql);
    let transport = top.named("transport", m).unwrap_or(Transport::Tcp);
    let server = top.named("server", m).unwrap_or(Server::MySql80);

    let variables = variables(top.take("variables"), server, m);
    let account = account(top.take("account"), m);
    let network = network(top.take("network"), transport, m);
    let other_sessions = top.tables("other_sessions", m).into_iter().map(|n| other_sessions(n, m)).collect();
    let mut engines: Vec<EngineOptions> = match top.tables("engine", m) {
        nodes if nodes.is_empty() => vec![engine(None, sqlalchemy, m)],
        nodes => nodes.into_iter().map(|node| engine(Some(node), sqlalchemy, m)).collect(),
    };
    let limits = limits(top.take("limits"), m);
    let garbage = garbage(top.take("gc"), m);

    let prices = top.take("statements").map_or_else(Vec::new, |node| prices(node, m));
    let mut statements = Vec::new();
    if driver.is_async() {
        let scoped = engines.iter().any(|e| e.session == SessionFactory::ScopedSession);
        if sqlalchemy < SqlAlchemy::V2_0 {
            m.add(
                top.place,
                "the driver aiomysql needs SQLAlchemy 2.0 or later here",
                "async_sessionmaker is new in 2.0",
            );
        }
        if scoped {
            m.add(top.place, "a scoped_session does not make AsyncSessions", "session = \"sessionmaker\"");
        }
        if engines.iter().any(|e| e.read_timeout > 0) {
            m.add(
                top.place,
                "TypeError: connect() got an unexpected keyword argument 'read_timeout'",
                "aiomysql has none: asyncio.timeout() around the statement ends the wait",
            );
        }
        if engines.iter().any(|e| ![PoolClass::QueuePool, PoolClass::NullPool].contains(&e.poolclass)) {
            m.add(
                top.place,
                "with the driver aiomysql there are the AsyncAdaptedQueuePool and the NullPool",
                "leave poolclass out: QueuePool stands for SQLAlchemy's AsyncAdaptedQueuePool then",
            );
        }
    }
    connector(driver, sqlalchemy, &engines, top.place, m);
    let limited = network.syn_dropped_until > SimTime::ZERO || engines.iter().any(|e| e.connect_timeout > 0);
    if limited && !matches!(driver, Driver::PyMySql | Driver::MysqlClientMariaDb) {
        m.add(
            top.place,
            "`connect_timeout` and `syn_dropped_until` are simulated with PyMySQL and mysqlclient-mariadb",
            "what other drivers say then has not been measured",
        );
    }
    let measured = matches!(driver, Driver::PyMySql | Driver::AioMySql | Driver::MysqlClientMariaDb);
    if network.silent_until > SimTime::ZERO && !measured {
        m.add(
            top.place,
            "`silent_until` is simulated with PyMySQL, aiomysql and mysqlclient-mariadb",
            "what other drivers say then has not been measured",
        );
    }
    let mut definitions = Definitions::default();
    definitions.factories.push(Factory { engine: 0, scope: scope_of(&engines[0]), expires: true });
    let programs =
        programs(&mut top, (&mut engines, (sqlalchemy, driver)), &mut definitions, &prices, &mut statements, m);
    let jobstore_statements = jobstore_statements(&programs, (sqlalchemy, driver), &prices, &mut statements);
    let mut processes: Vec<Process> =
        top.tables("process", m).into_iter().filter_map(|n| process(n, &programs, m)).collect();
    let queues = engines.iter().all(|e| e.poolclass == PoolClass::QueuePool);
    let preloads = processes.iter().any(|p| p.preload.is_some());
    if preloads && network.silent_until > SimTime::ZERO {
        m.add(top.place, "`silent_until` is not simulated with sockets that processes share", "leave out `preload`");
    }
    if preloads && !(queues && driver == Driver::PyMySql && sqlalchemy >= SqlAlchemy::V2_0) {
        m.add(
            top.place,
            "`preload` is simulated with a QueuePool, PyMySQL and SQLAlchemy 2.0 or later",
            "driver = \"pymysql\"",
        );
    }
    if processes.is_empty() {
        let (name, threads) = ("app".to_owned(), defaults::THREADS);
        processes.push(Process {
            name,
            count: 1,
            threads,
            event_loop: false,
            barging: SimSpan::ZERO,
            startup: None,
            preload: None,
            debug: false,
            edited_at: Vec::new(),
        });
    }
    let traffic = top
        .tables("traffic", m)
        .into_iter()
        .filter_map(|node| traffic(node, &programs, &processes, m))
        .collect::<Vec<_>>();
    let faults = top.tables("fault", m).into_iter().filter_map(|n| fault(n, m)).collect();
    let knob_nodes = top.tables("knob", m);
    if top.take("traffic").is_none() {
        m.add(top.place, "nothing runs: there is no [[traffic]]", "[[traffic]] with run = \"…\" and every = \"1 s\"");
    }
    top.finish(m);

    let mut scenario = Scenario {
        name,
        title,
        summary,
        seed: seed?,
        until: SimTime::ZERO + until?,
        look_at: look_at?,
        sqlalchemy,
        driver,
        transport,
        server,
        variables,
        account,
        network,
        other_sessions,
        engines,
        processes,
        programs,
        definitions,
        statements,
        jobstore_statements,
        traffic,
        faults,
        garbage,
        knobs: Vec::new(),
        limits,
    };
    scenario.knobs = knob_nodes.into_iter().filter_map(|n| read_knobs::knob(n, document, &scenario, m)).collect();
    Some(scenario)
}

fn look_at(node: &Node, m: &mut Mistakes) -> Option<LookAt> {
    match &node.value {
        Value::Text(t) if t == "first error" => Some(LookAt::FirstError),
        Value::Text(t) if t == "end" => Some(LookAt::End),
        _ => span(node, "look_at", m).map(|at| LookAt::Time(SimTime::ZERO + at)),
    }
}

fn variables(node: Option<&Node>, server: Server, m: &mut Mistakes) -> Variables {
    let mut variables = Variables {
        max_connections: defaults::MAX_CONNECTIONS,
        wait_timeout: defaults::WAIT_TIMEOUT,
        interactive_timeout: defaults::INTERACTIVE_TIMEOUT,
        max_user_connections: 0,
    };
    let Some(node) = node else { return variables };
    let mut fields = Fields::of(node, "[variables]", m);
    // MySQL manual 7.1.8; MariaDB raises anything lower to 10.
    let lowest = if server.is_mariadb() { 10 } else { 1 };
    if let Some(n) = fields.number("max_connections", lowest, 100_000, m) {
        variables.max_connections = n as u32;
    }
    if let Some(n) = fields.number("wait_timeout", 1, WAIT_TIMEOUT_MAX, m) {
        variables.wait_timeout = n as u32;
    }
    if let Some(n) = fields.number("interactive_timeout", 1, WAIT_TIMEOUT_MAX, m) {
        variables.interactive_timeout = n as u32;
    }
    if let Some(n) = fields.number("max_user_connections", 0, 100_000, m) {
        variables.max_user_connections = n as u32;
    }
    fields.finish(m);
    variables
}

fn account(node: Option<&Node>, m: &mut Mistakes) -> Account {
    let mut account = Account::default();
    let Some(node) = node else { return account };
    let mut fields = Fields::of(node, "[account]", m);
    account.max_user_connections = fields.number("max_user_connections", 0, 100_000, m).unwrap_or_default() as u32;
    fields.finish(m);
    account
}

fn network(node: Option<&Node>, transport: Transport, m: &mut Mistakes) -> Network {
    let rtt = if transport == Transport::Tcp { defaults::RTT_TCP } else { defaults::RTT_UNIX };
    let mut network = Network {
        rtt,
        connect_round_trips: defaults::CONNECT_ROUND_TRIPS,
        idle_timeout: None,
        at_idle_timeout: Cut::Drop,
        tcp_retries2: defaults::TCP_RETRIES2,
        tcp_keepalive_time: defaults::TCP_KEEPALIVE_TIME,
        syn_dropped_from: SimTime::ZERO,
        syn_dropped_until: SimTime::ZERO,
        silent_from: SimTime::ZERO,
        silent_until: SimTime::ZERO,
    };
    let Some(node) = node else { return network };
    let mut fields = Fields::of(node, "[network]", m);
    if let Some(rtt) = fields.span("rtt", m) {
        network.rtt = rtt;
    }
    if let Some(n) = fields.number("connect_round_trips", 1, 1_000, m) {
        network.connect_round_trips = n as u32;
    }
    let idle_timeout = fields.span("idle_timeout", m);
    network.idle_timeout = idle_timeout.filter(|span| *span > SimSpan::ZERO && transport == Transport::Tcp);
    if let Some(cut) = fields.named("at_idle_timeout", m) {
        network.at_idle_timeout = cut;
    }
    if let Some(n) = fields.number("tcp_retries2", 1, 15, m) {
        network.tcp_retries2 = n as u32;
    }
    if let Some(n) = fields.number("tcp_keepalive_time", 1, 32_767, m) {
        network.tcp_keepalive_time = SimSpan::from_secs(n as u64);
    }
    let dropped = window(&mut fields, "syn_dropped_from", "syn_dropped_until", m);
    if transport == Transport::Tcp {
        (network.syn_dropped_from, network.syn_dropped_until) = dropped;
    }
    (network.silent_from, network.silent_until) = window(&mut fields, "silent_from", "silent_until", m);
    fields.finish(m);
    network
}

/// From when until when; an end of 0, or none: never.
fn window(fields: &mut Fields<'_>, from: &'static str, until: &'static str, m: &mut Mistakes) -> (SimTime, SimTime) {
    let place = fields.place;
    let begin = fields.span(from, m);
    let end = fields.span(until, m);
    if begin > end && end != Some(SimSpan::ZERO) {
        m.add(place, format!("`{until}` must not be before `{from}`"), format!("{until} = \"30 s\"; 0: never"));
    }
    (SimTime::ZERO + begin.unwrap_or_default(), SimTime::ZERO + end.unwrap_or_default())
}

fn other_sessions(node: &Node, m: &mut Mistakes) -> OtherSessions {
    let mut fields = Fields::of(node, "[[other_sessions]]", m);
    let sessions = OtherSessions {
        user: fields.text("user", m).unwrap_or("other").to_owned(),
        count: fields.number("count", 1, 100_000, m).unwrap_or(1) as u32,
        admin: fields.switch("admin", m).unwrap_or(false),
        at: SimTime::ZERO + fields.span("at", m).unwrap_or_default(),
    };
    fields.finish(m);
    sessions
}

fn engine(node: Option<&Node>, sqlalchemy: SqlAlchemy, m: &mut Mistakes) -> EngineOptions {
    let mut engine = EngineOptions::new("engine");
    let Some(node) = node else { return engine };
    let mut fields = Fields::of(node, "[engine]", m);
    if let Some(name) = fields.text("name", m) {
        engine.name = name.to_owned();
    }
    if let Some(class) = fields.named("poolclass", m) {
        engine.poolclass = class;
    }
    if let Some(n) = fields.number("pool_size", 0, 100_000, m) {
        engine.pool_size = n as u32;
    }
    if let Some(n) = fields.number("max_overflow", -1, 100_000, m) {
        engine.max_overflow = n as i32;
    }
    if let Some(timeout) = fields.span("pool_timeout", m) {
        engine.pool_timeout = timeout;
    }
    if let Some(node) = fields.take("pool_recycle") {
        // Any negative number switches it off, as upstream (`recycle > -1`).
        engine.pool_recycle = match node.value {
            Value::Integer(n) if n < 0 => None,
            _ => span(node, "pool_recycle", m),
        };
    }
    if let Some(on) = fields.switch("pool_pre_ping", m) {
        engine.pool_pre_ping = on;
    }
    if let Some(on) = fields.switch("ping_listener", m) {
        engine.ping_listener = on;
    }
    if let Some(on) = fields.switch("client_interactive", m) {
        engine.client_interactive = on;
    }
    if let Some(n) = fields.number("read_timeout", 0, WAIT_TIMEOUT_MAX, m) {
        engine.read_timeout = n as u32;
    }
    if let Some(n) = fields.number("connect_timeout", 0, WAIT_TIMEOUT_MAX, m) {
        engine.connect_timeout = n as u32;
    }
    if let Some(on) = fields.switch("pool_use_lifo", m) {
        engine.pool_use_lifo = on;
    }
    if let Some(reset) = fields.named("pool_reset_on_return", m) {
        engine.pool_reset_on_return = reset;
    }
    if let Some(session) = fields.named("session", m) {
        engine.session = session;
    }
    fields.finish(m);
    refuse_options(node, engine.poolclass, m);
    for (option, on) in [("pool_pre_ping", engine.pool_pre_ping), ("pool_use_lifo", engine.pool_use_lifo)] {
        if let Some((message, hint)) = sqlalchemy.refuses(option).filter(|_| on) {
            m.add(&node.place, message, hint);
        }
    }
    engine
}

/// `create_engine(poolclass=NullPool, pool_size=5)` is a TypeError in SQLAlchemy (`engine/create.py`).
fn refuse_options(node: &Node, class: PoolClass, m: &mut Mistakes) {
    let Value::Table(entries) = &node.value else {
        return;
    };
    let name = class.name();
    for (key, value) in entries {
        if !class.takes(key) {
            m.add(
                &value.place,
                format!("TypeError: Invalid argument(s) '{key}' sent to create_engine(), using {name}"),
                format!("{name} has no {key}: leave the option out, or use QueuePool"),
            );
        } else if key == "pool_size" && class != PoolClass::QueuePool && value.value == Value::Integer(0) {
            // Its clean-up pops from a set until that has fewer than pool_size members.
            m.add(
                &value.place,
                format!("KeyError: a {name} of size 0 cannot keep a connection"),
                "pool_size = 1 or more",
            );
        }
    }
}

fn process(node: &Node, programs: &[Program], m: &mut Mistakes) -> Option<Process> {
    let mut fields = Fields::of(node, "[[process]]", m);
    let name = fields.text("name", m).unwrap_or("app").to_owned();
    let count = fields.number("count", 1, 1_000, m).unwrap_or(1) as u32;
    let threads = fields.number("threads", 1, 10_000, m);
    let coroutines = fields.number("coroutines", 1, 10_000, m);
    if let (Some(_), Some(_)) = (threads, coroutines) {
        m.add(fields.place, "a process has `threads` or `coroutines`, not both", "coroutines all run on one thread");
    }
    let barging = fields.span("barging", m).unwrap_or_default();
    if barging > SimSpan::ZERO && coroutines.is_some() {
        m.add(
            fields.place,
            "`barging` needs threads, not coroutines",
            "an asyncio.Queue leaves nothing to chance: who is woken goes on in the next turn of the loop",
        );
    }
    let node = fields.take("startup");
    let startup = node.and_then(|node| find_program(node, "startup", programs, m));
    let preload = fields.take("preload").and_then(|node| find_program(node, "preload", programs, m));
    let debug = fields.switch("debug", m).unwrap_or(false);
    let edited_at = fields.take("edited_at").map_or_else(Vec::new, |node| times(node, "edited_at", m));
    if debug && (count > 1 || coroutines.is_some()) {
        m.add(fields.place, "the reloader has one child with threads", "leave out `count` and `coroutines`");
    }
    if preload.is_some() && (debug || coroutines.is_some()) {
        m.add(fields.place, "what a master preloads is for workers with threads", "leave out `debug` and `coroutines`");
    }
    if edited_at.len() > 50 {
        m.add(fields.place, "`edited_at` has more than 50 times", "");
    }
    fields.finish(m);
    let event_loop = coroutines.is_some();
    let threads = coroutines.or(threads).unwrap_or(i64::from(defaults::THREADS)) as u32;
    if let Some(node) = node.filter(|_| event_loop) {
        m.add(&node.place, "`startup` needs threads, not coroutines", "threads = 4");
    }
    Some(Process { name, count, threads, event_loop, barging, startup, preload, debug, edited_at })
}

fn limits(node: Option<&Node>, m: &mut Mistakes) -> Limits {
    let mut limits = Limits { events: defaults::EVENTS_MAX };
    let Some(node) = node else { return limits };
    let mut fields = Fields::of(node, "[limits]", m);
    if let Some(n) = fields.number("events", 1, 10_000_000, m) {
        limits.events = n as u32;
    }
    fields.finish(m);
    limits
}

fn scope_of(engine: &EngineOptions) -> Scope {
    match engine.session {
        SessionFactory::Sessionmaker => Scope::None,
        SessionFactory::ScopedSession => Scope::Thread,
    }
}

fn times(node: &Node, key: &'static str, m: &mut Mistakes) -> Vec<SimTime> {
    let one = |node: &Node, m: &mut Mistakes| span(node, key, m).map(|at| SimTime::ZERO + at);
    match &node.value {
        Value::List(items) => items.iter().filter_map(|item| one(item, m)).collect(),
        _ => one(node, m).into_iter().collect(),
    }
}

fn garbage(node: Option<&Node>, m: &mut Mistakes) -> Garbage {
    let Some(node) = node else {
        return Garbage::default();
    };
    let mut fields = Fields::of(node, "[gc]", m);
    let at = fields.take("at").map_or_else(Vec::new, |node| times(node, "at", m));
    fields.finish(m);
    Garbage { at }
}

fn prices(node: &Node, m: &mut Mistakes) -> Vec<(String, SimSpan)> {
    let Value::Table(entries) = &node.value else {
        m.add(&node.place, "[statements] must be a table", "\"SELECT …\" = \"40 ms\"");
        return Vec::new();
    };
    entries.iter().filter_map(|(sql, node)| Some((sql.clone(), span(node, sql, m)?))).collect()
}

fn programs(
    top: &mut Fields<'_>,
    (engines, stack): (&mut Vec<EngineOptions>, (SqlAlchemy, Driver)),
    definitions: &mut Definitions,
    prices: &[(String, SimSpan)],
    statements: &mut Vec<Statement>,
    m: &mut Mistakes,
) -> Vec<Program> {
    let Some(node) = top.require("programs", "[programs.handler] with text = '''def handler(): …'''", m) else {
        return Vec::new();
    };
    let Value::Table(entries) = &node.value else {
        m.add(&node.place, "[programs] must be a table of programs", "[programs.handler]");
        return Vec::new();
    };
    let mut programs = Vec::new();
    let mut places = Vec::new();
    for (name, node) in entries {
        let mut fields = Fields::of(node, "a program", m);
        let label = fields.words("label", m).unwrap_or(Words { en: name.clone(), zh_cn: None });
        let written = fields.require("text", "the Python text of the handler", m);
        fields.finish(m);
        let Some((written, source)) = written.and_then(|w| Some((w, text(w, "text", m)?))) else {
            continue;
        };
        match program::compile(name, label, source, engines, stack, definitions) {
            Ok((program, sql)) => {
                let program = program.with_statements(&sql, |sql| statement(sql, prices, statements));
                programs.push(program);
                places.push((name, &written.place));
            }
            Err(errors) => {
                for error in errors {
                    program_mistake(error, name, &written.place, m);
                }
            }
        }
    }
    // What a program that has mistakes defines is not known.
    if places.len() == entries.len() {
        for (at, error) in program::link(&mut programs, engines) {
            let (name, place) = places[at];
            program_mistake(error, name, place, m);
        }
    }
    programs
}

fn program_mistake(error: SyntaxError, name: &str, place: &Place, m: &mut Mistakes) {
    m.0.push(Diagnostic {
        place: program_place(place, name, error.line),
        message: format!("line {} of the program `{name}`: {}", error.line, error.message),
        hint: error.hint,
    });
}

/// What has not been compared with MySQL Connector/Python.
fn connector(driver: Driver, sqlalchemy: SqlAlchemy, engines: &[EngineOptions], place: &Place, m: &mut Mistakes) {
    if !driver.is_connector() {
        return;
    }
    if sqlalchemy < SqlAlchemy::V1_4 {
        m.add(place, "MySQL Connector/Python is simulated with SQLAlchemy 1.4 or later", "sqlalchemy = \"2.1\"");
    }
    if engines.iter().any(|e| ![PoolClass::QueuePool, PoolClass::NullPool].contains(&e.poolclass)) {
        m.add(
            place,
            "MySQL Connector/Python is simulated with a QueuePool or a NullPool",
            "two threads on one connection crash its C extension",
        );
    }
    if driver == Driver::MysqlConnectorPure && engines.iter().any(|e| e.read_timeout > 0) {
        m.add(
            place,
            "`read_timeout` is not simulated with MySQL Connector/Python in pure Python",
            "after it this driver reads the late answer as that of the next statement: driver = \"pymysql\"",
        );
    }
}

fn jobstore_sql(sqlalchemy: SqlAlchemy, driver: Driver) -> impl Iterator<Item = String> {
    let has_table = if sqlalchemy < SqlAlchemy::V2_0 { defaults::HAS_TABLE_1_4 } else { defaults::HAS_TABLE };
    [has_table].into_iter().chain(defaults::JOBSTORE).map(move |sql| {
        let mut sql = sql.to_owned();
        while let Some(at) = crate::text::find(&sql, "%(").filter(|_| driver.by_position()) {
            let end = sql[at..].find(')').map_or(at, |end| at + end);
            sql.replace_range(at + 1..=end, "");
        }
        sql
    })
}

/// Adds what a SQLAlchemyJobStore sends to the statements, as the driver gets it, if a program starts a scheduler.
fn jobstore_statements(
    programs: &[Program],
    (sqlalchemy, driver): (SqlAlchemy, Driver),
    prices: &[(String, SimSpan)],
    statements: &mut Vec<Statement>,
) -> u16 {
    let first = statements.len() as u16;
    if programs.iter().any(Program::starts_scheduler) {
        for sql in jobstore_sql(sqlalchemy, driver) {
            let takes = prices.iter().find(|(s, _)| *s == sql).map_or(defaults::STATEMENT, |(_, span)| *span);
            statements.push(Statement { sql, takes });
        }
    }
    first
}

/// Where a line of a program is: in TOML the text starts on the line after `text = '''`.
fn program_place(place: &Place, name: &str, line: u16) -> Place {
    match place {
        Place::At { line: first, .. } => Place::At { line: first + u32::from(line), column: 1 },
        Place::Path(_) => Place::Path(format!("programs.{name}.text")),
    }
}

/// The index of a statement, adding it with its price when it is new.
fn statement(sql: &str, prices: &[(String, SimSpan)], statements: &mut Vec<Statement>) -> u16 {
    if let Some(at) = statements.iter().position(|s| s.sql == sql) {
        return at as u16;
    }
    let takes = prices.iter().find(|(s, _)| s == sql).map_or(defaults::STATEMENT, |(_, span)| *span);
    statements.push(Statement { sql: sql.to_owned(), takes });
    (statements.len() - 1) as u16
}

fn traffic(node: &Node, programs: &[Program], processes: &[Process], m: &mut Mistakes) -> Option<Traffic> {
    let mut fields = Fields::of(node, "[[traffic]]", m);
    let run = fields.require("run", "the name of a program", m).and_then(|node| find_program(node, "run", programs, m));
    let process = match fields.take("process") {
        None => Some(0),
        Some(node) => {
            let names: Vec<&str> = processes.iter().map(|p| p.name.as_str()).collect();
            find(node, "process", "process", &names, m)
        }
    };
    if let (Some(run), Some(process)) = (run, process)
        && programs[run].handlers.iter().any(|handler| handler.coroutine)
        && !processes[process].event_loop
    {
        m.add(
            fields.place,
            format!("`{}` has an `async def`: it needs an event loop", programs[run].name),
            "coroutines = 3 instead of threads in [[process]]",
        );
    }
    let at = fields.take("at").map(|node| times(node, "at", m));
    let start = SimTime::ZERO + fields.span("start", m).unwrap_or_default();
    let count = fields.number("count", 1, 10_000_000, m).map(|n| n as u32);
    let every = fields.span("every", m);
    let poisson = fields.span("poisson", m);
    let users = fields.number("users", 1, 100_000, m).map(|n| n as u32);
    let think = fields.span("think", m);
    let place = fields.place;
    fields.finish(m);

    let kinds = [at.is_some(), every.is_some(), poisson.is_some(), users.is_some()];
    if kinds.iter().filter(|k| **k).count() != 1 {
        m.add(
            place,
            "[[traffic]] needs exactly one of `at`, `every`, `poisson`, `users`",
            "every = \"500 ms\", or at = [\"1 s\", \"4 s\"]",
        );
        return None;
    }
    let positive = |span: SimSpan, key: &str, m: &mut Mistakes| {
        if span == SimSpan::ZERO {
            m.add(place, format!("`{key}` must be longer than nothing"), "");
        }
        span.max(SimSpan::from_us(1))
    };
    let arrivals = if let Some(at) = at {
        Arrivals::At(at)
    } else if let Some(every) = every {
        Arrivals::Every { start, every: positive(every, "every", m), count }
    } else if let Some(mean) = poisson {
        Arrivals::Poisson { start, mean: positive(mean, "poisson", m), count }
    } else {
        Arrivals::Users { start, users: users.unwrap_or(1), think: think.unwrap_or(SimSpan::from_secs(1)) }
    };
    Some(Traffic { run: run?, process: process?, arrivals })
}

fn find_program(node: &Node, key: &str, programs: &[Program], m: &mut Mistakes) -> Option<usize> {
    let names: Vec<&str> = programs.iter().map(|p| p.name.as_str()).collect();
    find(node, key, "program", &names, m)
}

/// The index of a name among those that exist.
fn find(node: &Node, key: &str, noun: &str, names: &[&str], m: &mut Mistakes) -> Option<usize> {
    let written = text(node, key, m)?;
    let found = names.iter().position(|name| *name == written);
    if found.is_none() {
        let hint = nearest(written, names)
            .map_or_else(|| format!("one of {}", names.join(", ")), |near| format!("did you mean `{near}`?"));
        m.add(&node.place, format!("there is no {noun} `{written}`"), hint);
    }
    found
}

const FAULTS: &str = "\"kill\", \"kill query\", \"cut\" or \"restart\"";

fn fault(node: &Node, m: &mut Mistakes) -> Option<Fault> {
    let mut fields = Fields::of(node, "[[fault]]", m);
    let at = fields.require("at", "when: at = \"5 s\"", m).and_then(|n| span(n, "at", m));
    let kind = fields.require("kind", FAULTS, m);
    let connection = fields.number("connection", 1, i64::from(u32::MAX), m).map(|n| n as u32);
    let down = fields.span("down", m).unwrap_or(SimSpan::from_secs(1));
    fields.finish(m);
    let kind_node = kind?;
    let kind = match text(kind_node, "kind", m)? {
        "kill" => FaultKind::Kill { connection },
        "kill query" => FaultKind::KillQuery { connection },
        "cut" => FaultKind::Cut { connection },
        "restart" => FaultKind::Restart { down },
        other => {
            m.add(&kind_node.place, format!("there is no fault `{other}`"), FAULTS);
            return None;
        }
    };
    Some(Fault { at: SimTime::ZERO + at?, kind })
}

const _: () = assert!(WAIT_TIMEOUT_MAX == 365 * DAY);
