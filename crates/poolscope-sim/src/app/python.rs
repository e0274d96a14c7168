//! The Python subset: handlers made of Session and Connection calls, with, try, for, raise, return, sleep, await.
//!
//! What it accepts runs unchanged under the real SQLAlchemy; what it does not accept is an error, never ignored.

use super::expression::{Type, expression};
use super::module::Global;
use super::program::{CLASSES, ClassSet, Definitions, Exit, Function, Job, Scope, Slot, Step, Target};
use super::tokens::{Line, Token, lines};
use crate::scenario::{Driver, EngineOptions, SqlAlchemy};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    /// Line of the program, from 1.
    pub line: u16,
    pub message: String,
    pub hint: String,
}

#[derive(Debug)]
pub(crate) struct Code {
    pub handlers: Vec<Function>,
    pub teardowns: Vec<Function>,
    /// The name `Session` is the program's own.
    pub defines_session: bool,
    pub raises: Vec<String>,
    pub sql: Vec<String>,
    pub jobs: Vec<Job>,
    pub engines: Vec<EngineOptions>,
}

/// Python's own exceptions that a handler may raise.
const RAISABLE: [&str; 6] = ["Exception", "ValueError", "RuntimeError", "KeyError", "TypeError", "LookupError"];

/// Deep nesting is refused: the compiler descends once per level.
const NESTING_MAX: usize = 20;

/// `shared` has what exists already, the default `Session` first; the program's own is added.
pub(crate) fn compile(
    text: &str,
    engines: &[EngineOptions],
    (sqlalchemy, driver): (SqlAlchemy, Driver),
    shared: &mut Definitions,
) -> Result<Code, Vec<SyntaxError>> {
    let lines = lines(text).map_err(|(line, message)| vec![SyntaxError { line, message, hint: String::new() }])?;
    let mut compiler = Compiler {
        engines,
        sqlalchemy,
        asyncio: driver.is_async(),
        shared,
        globals: Vec::new(),
        lines: &lines,
        at: 0,
        steps: Vec::new(),
        names: Vec::new(),
        slots: 0,
        counters: 0,
        raises: Vec::new(),
        sql: Vec::new(),
        errors: Vec::new(),
        line: 1,
        depth: 0,
        in_except: 0,
        parameters: Vec::new(),
        temporaries: Vec::new(),
        coroutine: false,
        awaiting: false,
        jobs: Vec::new(),
        assigned: String::new(),
        made: Vec::new(),
        entering: false,
        executed: None,
    };
    let (handlers, teardowns) = compiler.module();
    if compiler.errors.is_empty() {
        Ok(Code {
            handlers,
            teardowns,
            defines_session: compiler.globals.iter().any(|(name, _)| name == "Session"),
            raises: compiler.raises,
            sql: compiler.sql,
            jobs: compiler.jobs,
            engines: compiler.made,
        })
    } else {
        Err(compiler.errors)
    }
}

pub(super) struct Compiler<'p> {
    pub engines: &'p [EngineOptions],
    pub sqlalchemy: SqlAlchemy,
    /// The engine is a `create_async_engine()`: what its Sessions and Connections do is awaited.
    pub asyncio: bool,
    pub shared: &'p mut Definitions,
    /// Names that the program defines outside of its functions.
    pub globals: Vec<(String, Global)>,
    pub lines: &'p [Line],
    pub at: usize,
    pub steps: Vec<Step>,
    pub names: Vec<(String, Slot, Type)>,
    pub slots: usize,
    counters: u8,
    raises: Vec<String>,
    pub sql: Vec<String>,
    pub errors: Vec<SyntaxError>,
    pub line: u16,
    depth: usize,
    in_except: usize,
    /// Arguments of the function: values that hold nothing.
    pub parameters: Vec<String>,
    /// Slots that end with the statement.
    pub temporaries: Vec<Slot>,
    /// Inside an `async def`.
    pub coroutine: bool,
    /// An `await` stands before what comes next.
    pub awaiting: bool,
    pub jobs: Vec<Job>,
    /// The name that gets the value of the statement.
    pub assigned: String,
    /// Engines that the program makes.
    made: Vec<EngineOptions>,
    /// What comes next is opened by an `async with`, which awaits it.
    pub entering: bool,
    /// What the last statement was executed on, if its result can be kept.
    pub executed: Option<(Target, u16)>,
}

impl Compiler<'_> {
    pub fn push(&mut self, step: Step) {
        self.steps.push(step);
    }

    pub fn error(&mut self, message: impl Into<String>, hint: impl Into<String>) {
        let error = SyntaxError { line: self.line, message: message.into(), hint: hint.into() };
        self.errors.push(error);
    }

    pub fn slot(&mut self) -> Slot {
        self.slots += 1;
        (self.slots - 1).min(254) as Slot
    }

    /// The number of a new engine among those that the program makes.
    pub fn add_engine(&mut self, engine: EngineOptions) -> u8 {
        self.made.push(engine);
        (self.made.len() - 1).min(255) as u8
    }

    fn here(&self) -> u16 {
        self.steps.len().min(usize::from(u16::MAX)) as u16
    }

    /// The body of the function whose `def` line has just been read.
    pub fn function(&mut self, name: &str, line: &Line, arguments: &[Token]) -> Function {
        self.parameters = arguments
            .iter()
            .filter_map(|t| if let Token::Name(name) = t { Some(name.clone()) } else { None })
            .collect();
        self.names.clear();
        self.counters = 0;
        self.block(line.indent);
        self.push(Step::Return);
        let steps = std::mem::take(&mut self.steps);
        let variables = std::mem::take(&mut self.slots);
        if steps.len() > usize::from(u16::MAX) || variables > 200 {
            self.error("the program is too long", "");
        }
        let arguments = self.parameters.len();
        Function { name: name.to_owned(), arguments, line: line.number, coroutine: self.coroutine, steps, variables }
    }

    /// The lines indented deeper than `outer`.
    fn block(&mut self, outer: usize) {
        let Some(indent) = self.lines.get(self.at).map(|l| l.indent).filter(|indent| *indent > outer) else {
            self.error("an indented block is missing here", "indent the lines that belong to it by four spaces");
            return;
        };
        self.depth += 1;
        if self.depth > NESTING_MAX {
            self.error("nested too deeply", "");
            self.at = self.lines.len();
        }
        while let Some(line) = self.lines.get(self.at).filter(|l| l.indent >= indent) {
            self.line = line.number;
            if line.indent > indent {
                self.error("this line is indented too far", "");
            }
            self.at += 1;
            self.statement(line);
        }
        self.depth -= 1;
    }

    fn statement(&mut self, line: &Line) {
        let Some(Token::Name(first)) = line.tokens.first() else {
            if !matches!(line.tokens.as_slice(), [Token::Text(_)]) {
                self.unsupported(line);
            }
            return;
        };
        let rest = &line.tokens[1..];
        let header = line.tokens.last() == Some(&Token::Mark(':'));
        // `try:` and `while True:` do nothing themselves; they are not lines a reader can stop on.
        match first.as_str() {
            "pass" => self.push(Step::Line(line.number)),
            "return" => {
                self.push(Step::Line(line.number));
                self.value(rest);
                self.push(Step::Return);
            }
            "raise" => self.raise(line, rest),
            "try" if header => self.try_(line.indent),
            "with" if header => self.with(line, &rest[..rest.len() - 1], false),
            "async" if header && self.coroutine && matches!(rest, [Token::Name(with), ..] if with == "with") => {
                self.with(line, &rest[1..rest.len() - 1], true);
            }
            "await" if self.coroutine => {
                self.push(Step::Line(line.number));
                self.value(&line.tokens);
            }
            "for" if header => self.for_(line, &rest[..rest.len() - 1]),
            "while" if matches!(rest, [Token::Name(t), Token::Mark(':')] if t == "True") => {
                let start = self.here();
                self.block(line.indent);
                self.push(Step::Jump(start));
            }
            "except" | "finally" | "else" | "elif" | "if" | "async" | "def" | "class" | "import" | "from" | "break"
            | "continue" | "while" | "for" | "lambda" | "global" | "nonlocal" | "assert" | "del" | "yield"
            | "await" | "match" => self.unsupported(line),
            _ => {
                self.push(Step::Line(line.number));
                match rest {
                    [Token::Mark('='), value @ ..] if value.first() != Some(&Token::Mark('=')) => {
                        self.assign(first, value)
                    }
                    _ => self.value(&line.tokens),
                }
            }
        }
    }

    pub fn unsupported(&mut self, line: &Line) {
        let text: Vec<String> = line.tokens.iter().take(4).map(Token::to_string).collect();
        self.error(
            format!("`{} …` is outside the Python that Poolscope runs", text.join(" ")),
            "Session and Connection calls, with, try/except/finally, for … in range(n), raise, return, time.sleep, await asyncio.sleep",
        );
        // What belongs to it is not looked at: one mistake, one message.
        while self.lines.get(self.at).is_some_and(|l| l.indent > line.indent) {
            self.at += 1;
        }
    }

    /// An expression whose value nobody keeps.
    fn value(&mut self, tokens: &[Token]) {
        expression(self, tokens);
        self.end_temporaries(None);
    }

    fn end_temporaries(&mut self, kept: Option<Slot>) {
        for slot in std::mem::take(&mut self.temporaries) {
            if Some(slot) != kept {
                self.push(Step::Bind { from: None, into: slot });
            }
        }
    }

    fn assign(&mut self, name: &str, tokens: &[Token]) {
        self.assigned = name.to_owned();
        let mut value = expression(self, tokens);
        if let (Some((Type::Result, _)), Some((on, statement))) = (value, self.executed) {
            let into = self.temporary();
            self.push(Step::Keep { on, statement, into });
            value = Some((Type::Result, Some(into)));
        }
        let new = value.and_then(|(_, slot)| slot).filter(|slot| self.temporaries.contains(slot));
        self.end_temporaries(new);
        // After a mistake the name counts as a Session, so that its uses are still looked at.
        let (kind, slot) = value.unwrap_or((Type::Session, None));
        if slot.is_some() && new.is_none() {
            self.error("a Session or Connection can have one name only", "use the first name");
        }
        // A fresh object sits in a slot of its own, where its first name finds it. A name that has a slot keeps it, so that the statement
        // lets go of whatever it finds there when it runs: in a loop that is not what the line above has put there.
        if let Some((_, slot, known)) = self.names.iter_mut().find(|(n, ..)| n == name) {
            let into = *slot;
            *known = kind;
            self.push(Step::Bind { from: new, into });
            return;
        }
        let slot = new.unwrap_or_else(|| self.slot());
        self.names.push((name.to_owned(), slot, kind));
    }

    fn raise(&mut self, line: &Line, rest: &[Token]) {
        self.push(Step::Line(line.number));
        match rest {
            [] if self.in_except > 0 => self.push(Step::Reraise),
            [] => self.error("`raise` alone works only inside `except`", ""),
            [Token::Name(class), arguments @ ..] => {
                if !RAISABLE.contains(&class.as_str()) {
                    self.error(
                        format!("the exception `{class}` is not known"),
                        format!("one of {}", RAISABLE.join(", ")),
                    );
                }
                let text = match arguments {
                    [Token::Mark('('), Token::Text(text), Token::Mark(')')] if class == "KeyError" => {
                        format!("{class}: '{text}'")
                    }
                    [] | [Token::Mark('('), Token::Mark(')')] => class.clone(),
                    [Token::Mark('('), Token::Text(text), Token::Mark(')')] => {
                        format!("{class}: {text}")
                    }
                    _ => return self.unsupported(line),
                };
                self.raises.push(text);
                self.push(Step::Raise((self.raises.len() - 1) as u16));
            }
            _ => self.unsupported(line),
        }
    }

    /// `with EXPRESSION [as NAME]:`
    fn with(&mut self, line: &Line, rest: &[Token], asynchronous: bool) {
        self.push(Step::Line(line.number));
        if asynchronous != self.asyncio {
            let (message, hint) = if asynchronous {
                ("`async with` needs an asyncio engine", "`with`, or driver = \"aiomysql\" in the scenario")
            } else {
                ("a Session or Connection of an asyncio engine needs `async with`", "async with Session() as session:")
            };
            self.error(message, hint);
        }
        let (tokens, name) = match rest {
            [tokens @ .., Token::Name(keyword), Token::Name(name)] if keyword == "as" => (tokens, Some(name)),
            tokens => (tokens, None),
        };
        if let [nested @ .., Token::Mark('.'), Token::Name(begin), Token::Mark('('), Token::Mark(')')] = tokens
            && begin == "begin_nested"
        {
            return self.with_nested(line, nested, name.is_some());
        }
        // `X.begin()` ends its transaction on the way out; everything else is closed.
        let (tokens, begin) = match tokens {
            [tokens @ .., Token::Mark('.'), Token::Name(begin), Token::Mark('('), Token::Mark(')')]
                if begin == "begin" =>
            {
                (tokens, true)
            }
            tokens => (tokens, false),
        };
        let opened = if begin && tokens.len() == 1 { self.begin_target(&tokens[0]) } else { None };
        let (kind, slot, how) = match opened {
            Some(opened) => opened,
            None => match self.enter(tokens, begin, asynchronous) {
                Some((kind @ (Type::Session | Type::Connection), Some(slot))) => {
                    (kind, slot, if begin { Exit::EndAndClose } else { Exit::Close })
                }
                Some(_) => return self.unsupported(line),
                None => (Type::Session, self.slot(), Exit::Close),
            },
        };
        if kind == Type::Session && self.sqlalchemy < SqlAlchemy::V1_4 {
            self.error(
                "a Session is no context manager before SQLAlchemy 1.4",
                "session = Session(), then try: … finally: session.close()",
            );
        }
        self.temporaries.clear();
        if let Some(name) = name {
            self.names.retain(|(n, _, _)| n != name);
            self.names.push((name.clone(), slot, kind));
        }
        if begin {
            self.push(Step::Begin { on: Target::Variable(slot) });
        }
        self.managed(line, Step::Exit { on: Target::Variable(slot), how });
    }

    /// The block of a `with`, and its `__exit__`.
    fn managed(&mut self, line: &Line, exit: Step) {
        let enter = self.steps.len();
        self.push(Step::Try { handler: 0, finally: true });
        self.block(line.indent);
        self.push(Step::EndTry { finally: true });
        self.steps[enter] = Step::Try { handler: self.here(), finally: true };
        self.push(Step::Line(line.number));
        self.push(exit);
        self.push(Step::EndFinally);
    }

    /// `with session.begin_nested():`, `with conn.begin_nested():`
    fn with_nested(&mut self, line: &Line, tokens: &[Token], named: bool) {
        let holder = match tokens {
            [Token::Name(name)] if !named => self.holder_named(name),
            _ => None,
        };
        let Some((kind, on)) = holder else {
            self.error(
                "`begin_nested()` is supported as `with …begin_nested():` of a name only",
                "with session.begin_nested():",
            );
            return self.block(line.indent);
        };
        let since = if kind == Type::Session { SqlAlchemy::V1_4 } else { SqlAlchemy::V2_0 };
        if self.sqlalchemy < since {
            self.error(
                format!("`begin_nested()` of a {kind:?} is simulated from SQLAlchemy {} on", since.name()),
                "sqlalchemy = \"2.1\"",
            );
        }
        self.push(Step::BeginNested { on });
        self.managed(line, Step::Exit { on, how: Exit::Nested });
    }

    fn enter(&mut self, tokens: &[Token], begin: bool, asynchronous: bool) -> Option<(Type, Option<Slot>)> {
        self.entering = asynchronous;
        let opened = self.opened(tokens, begin);
        self.entering = false;
        opened
    }

    /// `session.begin()` of a Session or Connection that has a name already.
    fn begin_target(&mut self, token: &Token) -> Option<(Type, Slot, Exit)> {
        let Token::Name(name) = token else {
            return None;
        };
        let holds = |kind| matches!(kind, Type::Session | Type::Connection);
        let (_, slot, kind) = self.names.iter().find(|(n, _, t)| n == name && holds(*t))?;
        let (slot, kind) = (*slot, *kind);
        if kind == Type::Connection {
            self.error(format!("`with {name}.begin()` is not supported"), "with engine.begin() as conn:");
        }
        Some((kind, slot, Exit::End))
    }

    /// What a `with` opens: `Session.begin()` opens a Session, `engine.begin()` a Connection.
    fn opened(&mut self, tokens: &[Token], begin: bool) -> Option<(Type, Option<Slot>)> {
        match tokens {
            [Token::Name(name)] if begin && self.factory(name).is_some() => {
                let factory = self.factory(name)?;
                if self.scope(factory) != Scope::None {
                    self.error(
                        format!("`{name}.begin()` of a scoped_session gives a transaction, not a Session"),
                        format!("with {name}() as session:"),
                    );
                }
                let into = self.slot();
                self.push(Step::Session { factory, into });
                Some((Type::Session, Some(into)))
            }
            [Token::Name(name)] if begin => {
                let Some(engine) = self.engine(name) else {
                    self.error(format!("`{name}` has no begin()"), "with Session.begin() as session:");
                    return None;
                };
                let into = self.slot();
                self.push(Step::Connect { engine, into, begins: true });
                Some((Type::Connection, Some(into)))
            }
            _ => expression(self, tokens),
        }
    }

    fn for_(&mut self, line: &Line, rest: &[Token]) {
        let times = match rest {
            [
                Token::Name(_),
                Token::Name(word),
                Token::Name(range),
                Token::Mark('('),
                Token::Number(n),
                Token::Mark(')'),
            ] if word == "in" && range == "range" => crate::text::whole(n).and_then(|n| n.try_into().ok()),
            _ => None,
        };
        let Some(times) = times else {
            return self.unsupported(line);
        };
        let counter = self.counters;
        self.counters = self.counters.saturating_add(1);
        self.push(Step::Repeat { counter, times });
        let start = self.steps.len();
        self.push(Step::Next { counter, done: 0 });
        self.push(Step::Line(line.number));
        self.block(line.indent);
        self.push(Step::Jump(start.min(usize::from(u16::MAX)) as u16));
        self.steps[start] = Step::Next { counter, done: self.here() };
    }

    /// `try:` with its `except`, `else` and `finally`; a `try` with both is a `finally` around an `except`.
    fn try_(&mut self, indent: usize) {
        let finally = self.has_clause(indent, "finally");
        let except = self.has_clause(indent, "except");
        if !finally && !except {
            self.error("`try:` needs `except` or `finally`", "");
        }
        let outer = self.steps.len();
        if finally {
            self.push(Step::Try { handler: 0, finally: true });
        }
        let inner = self.steps.len();
        if except {
            self.push(Step::Try { handler: 0, finally: false });
        }
        self.block(indent);
        if except {
            self.push(Step::EndTry { finally: false });
            if self.clause(indent, "else").is_some() {
                self.error("`else` after `except` is not supported", "move the lines into the `try` block");
                self.block(indent);
            }
            let skip = self.steps.len();
            self.push(Step::Jump(0));
            self.steps[inner] = Step::Try { handler: self.here(), finally: false };
            self.excepts(indent, skip);
        }
        if finally {
            self.push(Step::EndTry { finally: true });
            self.steps[outer] = Step::Try { handler: self.here(), finally: true };
            if self.clause(indent, "finally").is_some() {
                self.block(indent);
            }
            self.push(Step::EndFinally);
        }
    }

    fn excepts(&mut self, indent: usize, skip: usize) {
        let mut ends = vec![skip];
        while let Some(line) = self.clause(indent, "except") {
            let classes = self.classes(&line.tokens[1..line.tokens.len() - 1]);
            let test = self.steps.len();
            self.push(Step::Match { classes, otherwise: 0 });
            self.push(Step::Line(line.number));
            self.in_except += 1;
            self.block(indent);
            self.in_except -= 1;
            self.push(Step::Handled);
            ends.push(self.steps.len());
            self.push(Step::Jump(0));
            self.steps[test] = Step::Match { classes, otherwise: self.here() };
        }
        self.push(Step::Reraise);
        let end = self.here();
        for at in ends {
            self.steps[at] = Step::Jump(end);
        }
    }

    /// The classes of `except A:`, `except (A, B) as e:`, `except exc.A:`; an empty clause catches everything.
    fn classes(&mut self, tokens: &[Token]) -> ClassSet {
        let tokens = match tokens {
            [tokens @ .., Token::Name(keyword), Token::Name(_)] if keyword == "as" => tokens,
            tokens => tokens,
        };
        let mut set = 0;
        for (at, token) in tokens.iter().enumerate() {
            let Token::Name(name) = token else { continue };
            if tokens.get(at + 1) == Some(&Token::Mark('.')) {
                continue;
            }
            if name == "PendingRollbackError" && self.sqlalchemy < SqlAlchemy::V1_4 {
                self.error("SQLAlchemy has PendingRollbackError since 1.4", "InvalidRequestError");
            }
            if name == "IllegalStateChangeError" && self.sqlalchemy < SqlAlchemy::V2_0 {
                self.error("SQLAlchemy has IllegalStateChangeError since 2.0", "InvalidRequestError");
            }
            match CLASSES.iter().position(|class| class == name) {
                Some(bit) => set |= 1 << bit,
                None => self.error(
                    format!("the exception class `{name}` is not known"),
                    format!("one of {}", CLASSES.join(", ")),
                ),
            }
        }
        ClassSet(if tokens.is_empty() { 1 } else { set })
    }

    /// The next line if it is this clause of the statement at `indent`; consumed.
    fn clause(&mut self, indent: usize, keyword: &str) -> Option<Line> {
        let line = self.lines.get(self.at)?;
        let is = line.indent == indent
            && matches!(line.tokens.first(), Some(Token::Name(n)) if n == keyword)
            && line.tokens.last() == Some(&Token::Mark(':'));
        if !is {
            return None;
        }
        self.at += 1;
        self.line = line.number;
        Some(line.clone())
    }

    /// Does the `try` that begins here have this clause at its own indentation?
    fn has_clause(&self, indent: usize, keyword: &str) -> bool {
        self.lines[self.at.min(self.lines.len())..]
            .iter()
            .take_while(|l| {
                l.indent > indent
                    || (l.indent == indent
                        && matches!(l.tokens.first(), Some(Token::Name(n)) if ["except", "else", "finally"].contains(&n.as_str())))
            })
            .any(|l| l.indent == indent && matches!(l.tokens.first(), Some(Token::Name(n)) if n == keyword))
    }
}
