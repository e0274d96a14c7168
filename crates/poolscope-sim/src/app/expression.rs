//! Expressions of the Python subset: calls on Sessions, Connections and engines; everything else must do nothing.

use super::keywords::{create_engine, scheduler_call};
use super::module::Global;
use super::program::{EngineRef, Factory, Scope, Slot, Step, Target};
use super::python::Compiler;
use super::tokens::Token;
use crate::scenario::SqlAlchemy;
use crate::scenario::defaults::{USER, USER_2_0};
use crate::time::{SimSpan, scaled_decimal};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Session,
    Connection,
    /// What `session.get(User, 1)` gives.
    User,
    /// What `create_engine()` gives.
    Engine,
    /// A `BackgroundScheduler`.
    Scheduler,
    /// What a statement returns.
    Result,
    /// A value that holds nothing.
    Other,
}

/// What a chain of names, attributes and calls stands for so far.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Head {
    Object(Type, Target),
    /// `connection.connection`: the pool's side of a Connection.
    Fairy(Target),
    Engine(EngineRef),
    /// The name `create_engine` itself.
    CreateEngine,
    /// The name `BackgroundScheduler` itself.
    NewScheduler,
    Scheduler,
    /// A sessionmaker or scoped_session: the name `Session` itself.
    Factory(u8),
    ContextVar(u8),
    Time,
    AsyncSession,
    /// `asyncio`, and `tornado.gen` as `gen`
    Loop,
    Gc,
    /// What a statement returns.
    Result,
    Other,
}

/// Functions that read values and do nothing else.
const BUILTINS: [&str; 9] = ["len", "list", "dict", "str", "int", "tuple", "sorted", "sum", "print"];
const KEYWORDS: [&str; 13] = ["True", "False", "None", "and", "or", "not", "in", "is", "if", "else", "for", "f", "r"];
/// Methods that read a result that has already arrived, or plain values.
const READING: [&str; 20] = [
    "all",
    "first",
    "one",
    "one_or_none",
    "scalar",
    "scalars",
    "scalar_one",
    "scalar_one_or_none",
    "fetchall",
    "fetchone",
    "mappings",
    "unique",
    "append",
    "items",
    "keys",
    "values",
    "get",
    "join",
    "format",
    "strip",
];

const SINCE_1_4: [&str; 7] = ["all", "one", "one_or_none", "scalars", "scalar_one", "scalar_one_or_none", "unique"];

/// Compiles an expression; its type, and the slot if it is a Session or Connection. `None` after an error.
pub(super) fn expression(compiler: &mut Compiler<'_>, tokens: &[Token]) -> Option<(Type, Option<Slot>)> {
    let comprehension = tokens.iter().any(|t| matches!(t, Token::Name(n) if n == "for"));
    let mut at = 0;
    let mut result = (Type::Other, None);
    // Where a result of a statement ends, which brackets may stand around.
    let mut executed = None;
    while at < tokens.len() {
        let begin = at;
        match &tokens[at] {
            Token::Name(name) if name == "await" => {
                at += 1;
                compiler.awaiting = true;
                if !compiler.coroutine {
                    compiler.error("`await` outside of `async def`", "async def handler(request):");
                    return None;
                }
            }
            Token::Name(name) => {
                at += 1;
                let known = compiler.is_known(name) || KEYWORDS.contains(&name.as_str());
                let called = tokens.get(at) == Some(&Token::Mark('('));
                if !known && called && !BUILTINS.contains(&name.as_str()) {
                    compiler.error(
                        format!("the function `{name}` is not known"),
                        format!(
                            "Session, engine, create_engine, BackgroundScheduler, time.sleep, asyncio.sleep, gc.collect, {}",
                            BUILTINS.join(", ")
                        ),
                    );
                    return None;
                }
                if !known && !called && !comprehension {
                    compiler.error(format!("the name `{name}` is not defined"), "");
                    return None;
                }
                let head = compiler.head(name);
                let head = chain(compiler, head, tokens, &mut at)?;
                if std::mem::take(&mut compiler.awaiting) {
                    compiler.error(format!("`{name}` cannot be awaited"), "await asyncio.sleep(0.5)");
                    return None;
                }
                executed = matches!(head, Head::Result).then_some(at);
                let whole = begin == 0 || matches!(&tokens[..begin], [Token::Name(word)] if word == "await");
                if whole && at == tokens.len() {
                    result = match head {
                        Head::Object(kind, Target::Variable(slot)) => (kind, Some(slot)),
                        Head::Engine(EngineRef::Variable(slot)) => (Type::Engine, Some(slot)),
                        Head::Scheduler => (Type::Scheduler, None),
                        Head::Result if compiler.executed.is_some() => (Type::Result, None),
                        _ => result,
                    };
                }
            }
            // What stands inside brackets is compiled in its place; the brackets themselves do nothing.
            _ => {
                at += 1;
                if matches!(tokens[begin], Token::Text(_) | Token::Mark(')' | ']' | '}')) {
                    let head = if executed == Some(begin) { Head::Result } else { Head::Other };
                    let head = chain(compiler, head, tokens, &mut at)?;
                    executed = matches!(head, Head::Result).then_some(at);
                }
            }
        }
    }
    Some(result)
}

/// The attributes, calls and subscripts after a head.
fn chain(compiler: &mut Compiler<'_>, mut head: Head, tokens: &[Token], at: &mut usize) -> Option<Head> {
    loop {
        match tokens.get(*at..).unwrap_or_default() {
            [Token::Mark('.'), Token::Name(method), Token::Mark('('), ..] => {
                *at += 2;
                let awaited = compiler.awaiting;
                let arguments = brackets(tokens, at);
                head = call(compiler, &head, method, arguments)?;
                if awaited && matches!(tokens.get(*at), Some(Token::Mark('.' | '(' | '['))) {
                    compiler.error(
                        format!("`await` binds less tightly than what follows `{method}(…)`"),
                        "rows = (await session.execute(text(\"…\"))).all()",
                    );
                    return None;
                }
            }
            [Token::Mark('.'), Token::Name(name), ..] => {
                *at += 2;
                head = match head {
                    Head::Object(Type::User, Target::Variable(user)) => {
                        if name != "id" && name != "name" {
                            compiler.error(format!("a User has no attribute `{name}` here"), "user.id, user.name");
                            return None;
                        }
                        let statement = compiler.user_statement();
                        compiler.push(Step::Touch { user, statement });
                        Head::Other
                    }
                    Head::Object(Type::Connection, target) if name == "connection" && !compiler.asyncio => {
                        Head::Fairy(target)
                    }
                    _ => Head::Other,
                };
            }
            [Token::Mark('('), ..] => {
                let arguments = brackets(tokens, at);
                head = match head {
                    Head::Factory(factory) => {
                        let into = compiler.temporary();
                        compiler.push(Step::Session { factory, into });
                        Head::Object(Type::Session, Target::Variable(into))
                    }
                    Head::AsyncSession => {
                        let engine = match arguments {
                            [Token::Name(name)] => compiler.engines.iter().position(|e| e.name == *name),
                            _ => None,
                        };
                        let Some(engine) = engine.filter(|_| compiler.asyncio) else {
                            compiler.error("`AsyncSession` needs an asyncio engine", "AsyncSession(engine)");
                            return None;
                        };
                        let factory =
                            compiler.define(Factory { engine: engine as u8, scope: Scope::None, expires: true });
                        let into = compiler.temporary();
                        compiler.push(Step::Session { factory, into });
                        Head::Object(Type::Session, Target::Variable(into))
                    }
                    Head::CreateEngine if compiler.asyncio => {
                        compiler.error("a program makes no asyncio engine here", "use the engine of the scenario");
                        return None;
                    }
                    Head::CreateEngine => {
                        let name = compiler.assigned.clone();
                        let engine = create_engine(compiler, &name, arguments)?;
                        let into = compiler.temporary();
                        compiler.push(Step::CreateEngine { engine, into });
                        Head::Engine(EngineRef::Variable(into))
                    }
                    Head::NewScheduler => {
                        if compiler.sqlalchemy < SqlAlchemy::V1_4 {
                            compiler.error("APScheduler 3.11 needs SQLAlchemy 1.4 or later", "sqlalchemy = \"2.1\"");
                        }
                        if compiler.asyncio {
                            compiler.error(
                                "APScheduler's job store needs a driver without asyncio",
                                "driver = \"pymysql\"",
                            );
                        }
                        Head::Scheduler
                    }
                    _ => {
                        expression(compiler, arguments)?;
                        Head::Other
                    }
                };
            }
            [Token::Mark('['), ..] => {
                let inside = brackets(tokens, at);
                expression(compiler, inside)?;
                head = Head::Other;
            }
            _ => return Some(head),
        }
    }
}

/// The tokens between the bracket at `at` and its partner; moves behind it.
fn brackets<'t>(tokens: &'t [Token], at: &mut usize) -> &'t [Token] {
    let start = *at + 1;
    let mut depth = 0;
    while let Some(token) = tokens.get(*at) {
        *at += 1;
        match token {
            Token::Mark('(' | '[' | '{') => depth += 1,
            Token::Mark(')' | ']' | '}') => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    tokens.get(start..at.saturating_sub(1)).unwrap_or_default()
}

fn call(compiler: &mut Compiler<'_>, head: &Head, method: &str, arguments: &[Token]) -> Option<Head> {
    let awaited = std::mem::take(&mut compiler.awaiting);
    let database = compiler.asyncio && matches!(head, Head::Object(..) | Head::Engine(_));
    if awaited && *head != Head::Loop && !database {
        compiler.error(format!("`{method}()` cannot be awaited: it has its result at once"), "leave out `await`");
        return None;
    }
    if database && !awaited && (compiler.coroutine || method != "connect") && !compiler.entering {
        compiler.error(
            format!("`{method}()` of an asyncio engine does nothing without `await`"),
            format!("await ….{method}(…)"),
        );
        return None;
    }
    match head {
        Head::Object(kind, target) => object_call(compiler, *kind, *target, method, arguments),
        Head::Fairy(on) => match (method, arguments) {
            ("invalidate", [Token::Name(soft), Token::Mark('='), Token::Name(yes)])
                if soft == "soft" && yes == "True" =>
            {
                compiler.push(Step::SoftInvalidate { on: *on });
                Some(Head::Other)
            }
            _ => unknown_method(compiler, method, "conn.connection.invalidate(soft=True); the rest on conn itself"),
        },
        Head::Factory(factory) if compiler.scope(*factory) != Scope::None => {
            if method == "remove" {
                compiler.push(Step::Remove { factory: *factory });
                return Some(Head::Other);
            }
            if method == "invalidate" {
                return unknown_method(
                    compiler,
                    method,
                    "a scoped_session has no invalidate(): Session().invalidate()",
                );
            }
            object_call(compiler, Type::Session, Target::Registry(*factory), method, arguments)
        }
        Head::Factory(_) => {
            compiler.error(
                format!("`Session.{method}()` needs a scoped_session"),
                "write `Session()` first, or set session = \"scoped_session\" in [engine]",
            );
            None
        }
        Head::ContextVar(variable) => match (method, arguments) {
            ("set", [Token::Name(name)]) if compiler.parameters.contains(name) => {
                compiler.push(Step::SetContext { variable: *variable });
                Some(Head::Other)
            }
            ("get", []) => Some(Head::Other),
            _ => unknown_method(compiler, method, "set(request) with a parameter of the function, get()"),
        },
        Head::Scheduler => scheduler_call(compiler, method, arguments).map(|()| Head::Other),
        Head::CreateEngine | Head::NewScheduler => unknown_method(compiler, method, "call it"),
        Head::Engine(engine) => match method {
            "connect" => {
                let into = compiler.temporary();
                compiler.push(Step::Connect { engine: *engine, into, begins: false });
                Some(Head::Object(Type::Connection, Target::Variable(into)))
            }
            "dispose" => {
                let close = match arguments {
                    [] => true,
                    [Token::Name(close), Token::Mark('='), Token::Name(no)] if close == "close" && no == "False" => {
                        false
                    }
                    _ => return unknown_method(compiler, method, "dispose(), dispose(close=False)"),
                };
                compiler.push(Step::Dispose { engine: *engine, close });
                Some(Head::Other)
            }
            _ => unknown_method(compiler, method, "connect, dispose; begin in a `with`"),
        },
        Head::Time | Head::Loop => {
            let seconds = match (method, arguments) {
                ("sleep", [Token::Number(n)]) => scaled_decimal(n, 1_000_000),
                _ => None,
            };
            let (module, waits) = if *head == Head::Time { ("time", "") } else { ("asyncio", "await ") };
            let Some(us) = seconds else {
                compiler.error(
                    format!("`{module}.{method}` is not known like this"),
                    format!("{waits}{module}.sleep(0.5), a plain number of seconds"),
                );
                return None;
            };
            if *head == Head::Loop && !awaited {
                compiler.error("`sleep()` does nothing without `await`", format!("await {module}.sleep(…)"));
                return None;
            }
            let span = SimSpan::from_us(us);
            compiler.push(if *head == Head::Time { Step::Sleep(span) } else { Step::Await(span) });
            Some(Head::Other)
        }
        Head::Gc if method == "collect" => {
            compiler.push(Step::Collect);
            Some(Head::Other)
        }
        Head::Gc => unknown_method(compiler, method, "collect"),
        Head::AsyncSession => unknown_method(compiler, method, "AsyncSession(engine)"),
        Head::Result | Head::Other if SINCE_1_4.contains(&method) && compiler.sqlalchemy < SqlAlchemy::V1_4 => {
            unknown_method(
                compiler,
                method,
                "results have it since SQLAlchemy 1.4; before: fetchall, fetchone, first, scalar",
            )
        }
        Head::Result | Head::Other if READING.contains(&method) => {
            if *head == Head::Result {
                compiler.push(Step::Fetch);
            }
            compiler.executed = None;
            expression(compiler, arguments)?;
            Some(Head::Other)
        }
        Head::Result | Head::Other => unknown_method(compiler, method, &READING.join(", ")),
    }
}

fn object_call(compiler: &mut Compiler<'_>, kind: Type, on: Target, method: &str, arguments: &[Token]) -> Option<Head> {
    if kind == Type::User {
        return unknown_method(compiler, method, "user.id, user.name");
    }
    if kind == Type::Session && method == "get" {
        return get_user(compiler, on, arguments);
    }
    let step = match method {
        "scalars" if compiler.sqlalchemy < SqlAlchemy::V1_4 => {
            return unknown_method(compiler, method, "SQLAlchemy has it since 1.4; before: execute(…).fetchall()");
        }
        "execute" | "scalar" | "scalars" => {
            let [Token::Name(text), Token::Mark('('), Token::Text(sql), Token::Mark(')'), parameters @ ..] = arguments
            else {
                compiler.error(format!("`{method}` needs text(\"…\")"), "session.execute(text(\"SELECT 1\"))");
                return None;
            };
            if text != "text" {
                compiler.error(
                    format!("`{method}` needs text(\"…\"), not `{text}`"),
                    "session.execute(text(\"SELECT 1\"))",
                );
                return None;
            }
            expression(compiler, parameters)?;
            let statement = compiler.statement_number(sql);
            Step::Execute { on, statement }
        }
        "commit" | "rollback" if kind == Type::Connection && compiler.sqlalchemy < SqlAlchemy::V2_0 => {
            return unknown_method(
                compiler,
                method,
                "a Connection has it since SQLAlchemy 2.0; before: with engine.begin() as conn:",
            );
        }
        "commit" => Step::Commit { on },
        "rollback" => Step::Rollback { on },
        "close" => Step::Close { on },
        "invalidate" => Step::Invalidate { on },
        "detach" if kind == Type::Connection && !compiler.asyncio => Step::Detach { on },
        "connection" if kind == Type::Session => Step::Take { on },
        "begin" => {
            compiler.error("`begin()` is supported as `with …begin():` only", "with session.begin():");
            return None;
        }
        _ => {
            return unknown_method(
                compiler,
                method,
                "execute(text(\"…\")), scalar, scalars, commit, rollback, close, invalidate",
            );
        }
    };
    compiler.push(step);
    compiler.executed = match step {
        Step::Execute { on, statement } if method != "scalar" => Some((on, statement)),
        _ => None,
    };
    let executed = matches!(step, Step::Execute { .. });
    if executed && method != "execute" {
        compiler.push(Step::Fetch);
    }
    Some(if executed { Head::Result } else { Head::Other })
}

/// `session.get(User, 1)`
fn get_user(compiler: &mut Compiler<'_>, on: Target, arguments: &[Token]) -> Option<Head> {
    let one =
        matches!(arguments, [Token::Name(class), Token::Mark(','), Token::Number(n)] if class == "User" && n == "1");
    let hint = if compiler.sqlalchemy < SqlAlchemy::V1_4 {
        "SQLAlchemy has it since 1.4"
    } else if compiler.asyncio {
        "the objects of an AsyncSession are not simulated"
    } else if !one {
        "session.get(User, 1)"
    } else {
        let statement = compiler.user_statement();
        let into = compiler.temporary();
        compiler.push(Step::Get { on, statement, into });
        return Some(Head::Object(Type::User, Target::Variable(into)));
    };
    compiler.error("`get` is not known like this", hint);
    None
}

fn unknown_method(compiler: &mut Compiler<'_>, method: &str, known: &str) -> Option<Head> {
    compiler.error(format!("the method `{method}` is not known here"), known.to_owned());
    None
}

impl Compiler<'_> {
    fn is_known(&self, name: &str) -> bool {
        self.parameters.iter().any(|p| p == name)
            || self.names.iter().any(|(n, ..)| n == name)
            || self.engines.iter().any(|e| e.name == name)
            || self.globals.iter().any(|(n, _)| n == name)
            || [
                "Session",
                "time",
                "gc",
                "asyncio",
                "gen",
                "create_engine",
                "AsyncSession",
                "BackgroundScheduler",
                "URL",
                "User",
            ]
            .contains(&name)
    }

    /// The engine behind a name: the program's own, or one that every process has.
    pub(super) fn engine(&self, name: &str) -> Option<EngineRef> {
        if let Some((_, slot, kind)) = self.names.iter().find(|(n, ..)| n == name) {
            return (*kind == Type::Engine).then_some(EngineRef::Variable(*slot));
        }
        self.engines.iter().position(|e| e.name == name).map(|at| EngineRef::Named(at as u8))
    }

    fn head(&self, name: &str) -> Head {
        if let Some((_, slot, kind)) = self.names.iter().find(|(n, ..)| n == name) {
            return match kind {
                Type::Result | Type::Other => Head::Other,
                Type::Scheduler => Head::Scheduler,
                Type::Engine => Head::Engine(EngineRef::Variable(*slot)),
                kind => Head::Object(*kind, Target::Variable(*slot)),
            };
        }
        if let Some(engine) = self.engine(name) {
            return Head::Engine(engine);
        }
        if let Some(factory) = self.factory(name) {
            return Head::Factory(factory);
        }
        match self.globals.iter().find(|(n, _)| n == name) {
            Some((_, Global::ContextVar(variable))) => return Head::ContextVar(*variable),
            Some((_, Global::Session(factory))) => {
                return Head::Object(Type::Session, Target::Registry(*factory));
            }
            _ => {}
        }
        match name {
            "create_engine" => Head::CreateEngine,
            "BackgroundScheduler" => Head::NewScheduler,
            "time" => Head::Time,
            "AsyncSession" => Head::AsyncSession,
            "asyncio" | "gen" => Head::Loop,
            "gc" => Head::Gc,
            _ => Head::Other,
        }
    }

    /// The Session or Connection of this name, or the Session of a scoped_session.
    pub(super) fn holder_named(&self, name: &str) -> Option<(Type, Target)> {
        match self.head(name) {
            Head::Object(kind @ (Type::Session | Type::Connection), on) => Some((kind, on)),
            Head::Factory(factory) if self.scope(factory) != Scope::None => {
                Some((Type::Session, Target::Registry(factory)))
            }
            _ => None,
        }
    }

    /// The sessionmaker or scoped_session of this name.
    pub(super) fn factory(&self, name: &str) -> Option<u8> {
        match self.globals.iter().find(|(n, _)| n == name) {
            Some((_, Global::Factory(factory))) => Some(*factory),
            Some(_) => None,
            None => (name == "Session").then_some(0),
        }
    }

    pub(super) fn scope(&self, factory: u8) -> Scope {
        self.shared.factories.get(usize::from(factory)).map_or(Scope::None, |f| f.scope)
    }

    /// A slot for a new Session or Connection, dropped at the end of the statement unless a name takes it.
    pub(super) fn temporary(&mut self) -> Slot {
        let slot = self.slot();
        self.temporaries.push(slot);
        slot
    }

    fn user_statement(&mut self) -> u16 {
        self.statement_number(if self.sqlalchemy < SqlAlchemy::V2_1 { USER_2_0 } else { USER })
    }

    fn statement_number(&mut self, sql: &str) -> u16 {
        let at = self.sql.iter().position(|s| s == sql).unwrap_or_else(|| {
            self.sql.push(sql.to_owned());
            self.sql.len() - 1
        });
        at.min(usize::from(u16::MAX)) as u16
    }
}
