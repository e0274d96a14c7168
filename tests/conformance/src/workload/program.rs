//! Random handlers: blocks that open a Session or a Connection, use it, and close it or forget to.

use super::Dice;
use poolscope_sim::scenario::SqlAlchemy;

/// The most statements in one handler: long ones only repeat what short ones show.
const BUDGET: u32 = 9;

/// What the handlers of one scenario may do.
#[derive(Clone, Copy)]
pub(super) struct Style {
    pub scoped: bool,
    /// May call the garbage collector, once.
    pub collects: bool,
    /// Runs in an event loop.
    pub coroutines: bool,
    pub detaches: bool,
    /// Everything is awaited.
    pub asyncio: bool,
    /// Keeps results in variables.
    pub keeps: bool,
    /// Sets savepoints.
    pub nests: bool,
    /// A Session that everybody in the process has.
    pub shared: bool,
    pub version: SqlAlchemy,
}

pub(super) fn text(dice: &mut Dice, style: Style) -> String {
    let lines = begin(dice, style);
    let mut writer = Writer { dice, style, lines, budget: BUDGET, names: 0, loops: false };
    writer.block(1);
    if writer.dice.one_in(3) {
        writer.block(1);
    }
    writer.lines.push("    return 1".into());
    if style.scoped && writer.dice.one_in(3) {
        for line in ["", "@app.teardown_appcontext", "def cleanup(exception):", "    Session.remove()"] {
            writer.lines.push(line.into());
        }
    }
    writer.lines.join("\n")
}

/// The first lines: a registry of the program's own, perhaps, and the `def`.
fn begin(dice: &mut Dice, style: Style) -> Vec<String> {
    let coroutine = style.asyncio || style.coroutines && !dice.one_in(5);
    let scope = if style.scoped { dice.between(0, 3) } else { 0 };
    let mut lines: Vec<String> = Vec::new();
    match scope {
        1 => lines.push("Session = scoped_session(sessionmaker(engine))".into()),
        0 if !style.scoped && !style.asyncio && dice.one_in(8) => {
            lines.push("Session = sessionmaker(engine, expire_on_commit=False)".into());
        }
        2 => {
            lines.push("request_id = ContextVar(\"request_id\", default=None)".into());
            lines.push("Session = scoped_session(sessionmaker(engine), scopefunc=request_id.get)".into());
        }
        3 if coroutine => {
            lines.push("Session = scoped_session(sessionmaker(engine), scopefunc=asyncio.current_task)".into());
        }
        _ => {}
    }
    if style.shared {
        let made = if style.asyncio && dice.one_in(2) { "AsyncSession(engine)" } else { "Session()" };
        lines.push(format!("session = {made}"));
    }
    lines.push(if coroutine { "async def handler(request):" } else { "def handler(request):" }.into());
    // Threads that all have the default would share one Session at the same time.
    if scope == 2 && !(coroutine && dice.one_in(4)) {
        lines.push("    request_id.set(request)".into());
    }
    lines
}

/// A line for an asyncio engine.
fn awaited(line: &str) -> String {
    const CALLS: [&str; 7] =
        [".execute(", ".commit(", ".rollback(", ".close(", ".invalidate(", ".connection(", "engine.dispose("];
    if line.starts_with("with ") {
        return format!("async {line}");
    }
    if let Some((name, _)) = line.split_once(" = engine.connect()") {
        return format!("{name} = await engine.connect()");
    }
    match line.split_once(" = ") {
        Some(("rows", call)) => format!("rows = (await {}).all()", call.trim_end_matches(".all()")),
        Some(("result", call)) => format!("result = await {call}"),
        None if CALLS.iter().any(|call| line.contains(call)) => format!("await {line}"),
        _ => line.to_owned(),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Session,
    Connection,
    /// Inside `with ….begin()`: the block ends the transaction, nobody else may.
    Begun,
}

struct Writer<'d> {
    dice: &'d mut Dice,
    style: Style,
    lines: Vec<String>,
    budget: u32,
    names: u32,
    /// Inside a `for`.
    loops: bool,
}

impl Writer<'_> {
    fn line(&mut self, depth: usize, text: &str) {
        let text = if self.style.asyncio { awaited(text) } else { text.to_owned() };
        self.lines.push(format!("{}{text}", "    ".repeat(depth)));
        self.budget = self.budget.saturating_sub(1);
    }

    fn old(&self) -> bool {
        self.style.version < SqlAlchemy::V1_4
    }

    fn name(&mut self, stem: &str) -> String {
        self.names += 1;
        format!("{stem}{}", self.names)
    }

    /// Opens something, uses it, and perhaps closes it.
    fn block(&mut self, depth: usize) {
        if self.style.shared && self.dice.one_in(2) {
            return self.shared(depth);
        }
        match self.dice.between(0, 10) {
            0..=2 => {
                let name = self.name("session");
                self.line(depth, &format!("{name} = Session()"));
                self.plain(depth, &name, Kind::Session);
            }
            3 => {
                let name = self.name("conn");
                self.line(depth, &format!("{name} = engine.connect()"));
                self.plain(depth, &name, Kind::Connection);
            }
            // A Session is no context manager before 1.4.
            4 | 5 if self.old() => {
                let name = self.name("session");
                self.line(depth, &format!("{name} = Session()"));
                self.line(depth, "try:");
                self.body(depth + 1, &name, Kind::Session);
                self.line(depth, "finally:");
                self.line(depth + 1, &format!("{name}.close()"));
            }
            4 | 5 => {
                let name = self.name("session");
                self.line(depth, &format!("with Session() as {name}:"));
                self.body(depth + 1, &name, Kind::Session);
            }
            6 => {
                let name = self.name("conn");
                self.line(depth, &format!("with engine.connect() as {name}:"));
                self.body(depth + 1, &name, Kind::Connection);
            }
            7 if !self.style.scoped && !self.old() => {
                let name = self.name("session");
                self.line(depth, &format!("with Session.begin() as {name}:"));
                self.body(depth + 1, &name, Kind::Begun);
            }
            7 if self.style.scoped => {
                self.body(depth, "Session", Kind::Session);
                if self.dice.one_in(2) {
                    self.line(depth, "Session.remove()");
                }
            }
            7 | 8 => {
                let name = self.name("conn");
                self.line(depth, &format!("with engine.begin() as {name}:"));
                self.body(depth + 1, &name, Kind::Begun);
            }
            9 => {
                let mut opened = *self.dice.pick(&["Session()", "engine.connect()"]);
                if self.style.asyncio {
                    opened = "Session()";
                }
                let read = if self.old() { "fetchall" } else { "all" };
                self.line(depth, &format!("rows = {opened}.execute(text(\"SELECT 1\")).{read}()"));
                self.pause(depth);
            }
            _ => {
                self.line(depth, "try:");
                self.block(depth + 1);
                match self.dice.between(0, 5) {
                    4 => {
                        self.line(depth, "except (InvalidRequestError, TimeoutError):");
                        self.lines.push(format!("{}raise RuntimeError(\"try again\")", "    ".repeat(depth + 1)));
                    }
                    5 if !self.old() => {
                        self.line(depth, "except PendingRollbackError as error:");
                        self.block(depth + 1);
                    }
                    0 => {
                        self.line(depth, "finally:");
                        self.pause(depth + 1);
                    }
                    1 => {
                        self.line(depth, "except OperationalError:");
                        self.pause(depth + 1);
                    }
                    2 => {
                        self.line(depth, "except Exception:");
                        self.lines.push(format!("{}raise", "    ".repeat(depth + 1)));
                    }
                    _ => {
                        self.line(depth, "except Exception:");
                        self.lines.push(format!("{}pass", "    ".repeat(depth + 1)));
                    }
                }
            }
        }
    }

    /// Uses the Session of the process.
    fn shared(&mut self, depth: usize) {
        self.body(depth, "session", Kind::Session);
        if self.dice.one_in(2) {
            self.line(depth, "session.close()");
        }
    }

    /// A holder that no `with` closes.
    fn plain(&mut self, depth: usize, name: &str, kind: Kind) {
        if self.dice.one_in(3) {
            self.line(depth, "try:");
            self.body(depth + 1, name, kind);
            self.line(depth, "finally:");
            self.line(depth + 1, &format!("{name}.close()"));
        } else {
            self.body(depth, name, kind);
            if self.dice.one_in(2) {
                self.line(depth, &format!("{name}.close()"));
            } else if self.dice.one_in(4) {
                let value = *self.dice.pick(&["None", "Session()", "engine.connect()"]);
                self.line(depth, &format!("{name} = {value}"));
                self.pause(depth);
            }
        }
    }

    fn body(&mut self, depth: usize, name: &str, kind: Kind) {
        let before = self.lines.len();
        let steps = self.dice.between(1, 3);
        for _ in 0..steps {
            self.step(depth, name, kind);
            if self.budget == 0 {
                break;
            }
        }
        if self.lines.len() == before {
            self.lines.push(format!("{}pass", "    ".repeat(depth)));
        }
    }

    fn step(&mut self, depth: usize, name: &str, kind: Kind) {
        if self.style.keeps && self.dice.one_in(4) {
            let on = match self.dice.between(0, 5) {
                0 if !self.style.asyncio => "Session()",
                1 if !self.style.asyncio => "engine.connect()",
                _ => name,
            };
            let sql = *self.dice.pick(&["SELECT 1", "INSERT INTO t VALUES (1)"]);
            return self.line(depth, &format!("result = {on}.execute(text(\"{sql}\"))"));
        }
        let is_session = name.starts_with(['s', 'S']);
        if self.style.nests
            && (is_session || self.style.version >= SqlAlchemy::V2_0)
            && depth < 5
            && self.dice.one_in(3)
        {
            self.line(depth, &format!("with {name}.begin_nested():"));
            return self.body(depth + 1, name, kind);
        }
        // A Connection has no commit() and rollback() of its own before 2.0.
        let ends = kind == Kind::Session || (kind == Kind::Connection && self.style.version >= SqlAlchemy::V2_0);
        match self.dice.between(0, 17) {
            0..=6 => {
                let sql = *self.dice.pick(&["SELECT 1", "SELECT 1", "SELECT 2", "INSERT INTO t VALUES (1)"]);
                self.line(depth, &format!("{name}.execute(text(\"{sql}\"))"));
            }
            7..=9 => self.pause(depth),
            10 if ends => self.line(depth, &format!("{name}.commit()")),
            11 if ends => self.line(depth, &format!("{name}.rollback()")),
            12 if kind != Kind::Begun && self.dice.one_in(3) => self.line(depth, &format!("{name}.close()")),
            13 if self.dice.one_in(2) => self.line(depth, "raise ValueError(\"out of stock\")"),
            14 if depth < 5 && self.budget > 2 => self.block(depth),
            12..=17 if self.style.collects && !self.loops => {
                self.style.collects = false;
                self.line(depth, "gc.collect()");
            }
            12 | 13 if kind != Kind::Connection && !name.starts_with("conn") && !self.style.asyncio && !self.old() => {
                self.user(depth, name, kind);
            }
            // A scoped_session does not pass invalidate() on.
            15..=17 if kind == Kind::Session && name != "Session" && self.dice.one_in(3) => {
                self.line(depth, &format!("{name}.invalidate()"))
            }
            15..=17 if kind == Kind::Connection && self.dice.one_in(3) => {
                let how = if !self.style.detaches {
                    "invalidate()"
                } else {
                    *self.dice.pick(&["invalidate()", "detach()", "connection.invalidate(soft=True)"])
                };
                self.line(depth, &format!("{name}.{how}"))
            }
            15..=17 if kind == Kind::Session && self.dice.one_in(4) => {
                self.line(depth, &format!("{name}.connection()"))
            }
            // The cursor of a result that is kept would outlive its pool, and the driver's connection with it.
            15..=17 if self.dice.one_in(6) => self.line(depth, "engine.dispose()"),
            15..=17 if self.dice.one_in(6) => self.line(depth, "return"),
            15..=17 if depth < 5 && self.dice.one_in(2) => {
                self.line(depth, "for attempt in range(2):");
                let outer = std::mem::replace(&mut self.loops, true);
                self.step(depth + 1, name, kind);
                self.loops = outer;
                self.lines.push(format!("{}pass", "    ".repeat(depth + 1)));
            }
            _ => self.line(depth, &format!("{name}.execute(text(\"SELECT 1\"))")),
        }
    }

    /// Reads an object, ends its transaction or its Session perhaps, and looks at it.
    fn user(&mut self, depth: usize, name: &str, kind: Kind) {
        let user = self.name("user");
        self.line(depth, &format!("{user} = {name}.get(User, 1)"));
        for _ in 0..self.dice.between(1, 3) {
            match self.dice.between(0, 7) {
                0..=2 if kind == Kind::Session => self.line(depth, &format!("{name}.commit()")),
                3 if kind == Kind::Session => self.line(depth, &format!("{name}.rollback()")),
                4 if kind == Kind::Session && self.dice.one_in(2) => self.line(depth, &format!("{name}.close()")),
                5 => self.pause(depth),
                6 => self.line(depth, &format!("{user} = {name}.get(User, 1)")),
                _ => self.line(depth, &format!("print({user}.name)")),
            }
        }
        self.line(depth, &format!("print({user}.name)"));
    }

    fn pause(&mut self, depth: usize) {
        let seconds = *self.dice.pick(&["0.001", "0.1", "0.5", "1", "2.5", "6"]);
        let is_coroutine = self.lines.iter().any(|line| line.starts_with("async "));
        let sleep = if is_coroutine {
            *self.dice.pick(&["await asyncio.sleep", "await asyncio.sleep", "await gen.sleep", "time.sleep"])
        } else {
            "time.sleep"
        };
        self.line(depth, &format!("{sleep}({seconds})"));
    }
}
