//! A program as a module: what it defines before its handlers, and the functions that a framework runs beside them.

use super::program::{Factory, Function, Scope};
use super::python::Compiler;
use super::tokens::{Line, Token};

/// What a name defined outside of the functions stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Global {
    /// A sessionmaker or scoped_session, among all factories of the scenario.
    Factory(u8),
    /// A Session, as if a registry gave it to everybody.
    Session(u8),
    ContextVar(u8),
}

/// Decorators of a function that Flask runs when a request is over.
const TEARDOWNS: [&str; 2] = ["teardown_appcontext", "teardown_request"];
const ROUTES: [&str; 3] = ["route", "get", "post"];

/// In all programs of a scenario.
const DEFINITIONS_MAX: usize = 100;

impl Compiler<'_> {
    /// The handlers and the functions that tidy up after them.
    pub fn module(&mut self) -> (Vec<Function>, Vec<Function>) {
        let (mut handlers, mut teardowns) = (Vec::new(), Vec::new());
        // Of the decorators before a function: is it one that tidies up?
        let mut decorated: Option<bool> = None;
        while let Some(line) = self.lines.get(self.at) {
            self.line = line.number;
            self.at += 1;
            let (coroutine, tokens) = match line.tokens.as_slice() {
                [Token::Name(word), rest @ ..] if word == "async" => (true, rest),
                tokens => (false, tokens),
            };
            match tokens {
                [Token::Mark('@'), decorator @ ..] if !coroutine => {
                    decorated = Some(decorated.unwrap_or(false) | self.decorator(decorator));
                }
                [Token::Name(def), Token::Name(name), Token::Mark('('), arguments @ .., Token::Mark(':')]
                    if def == "def" =>
                {
                    self.coroutine = coroutine;
                    let function = self.function(name, line, arguments);
                    if decorated.take() == Some(true) {
                        if coroutine {
                            self.line = line.number;
                            self.error("a function that tidies up is not a coroutine here", "write `def`");
                        }
                        teardowns.push(function);
                    } else {
                        handlers.push(function);
                    }
                }
                [Token::Name(name), Token::Mark('='), value @ ..]
                    if !coroutine && decorated.is_none() && handlers.is_empty() =>
                {
                    self.definition(name, value, line);
                }
                // Whatever comes after the handler, or instead of it.
                _ if !handlers.is_empty() => {
                    self.error("a program ends with its functions", "put everything into the body of a `def`");
                    break;
                }
                _ => break,
            }
        }
        if decorated.is_some() && self.errors.is_empty() {
            self.error("a function is missing after this decorator", "def remove_session(exception):");
        }
        if handlers.is_empty() && self.errors.is_empty() {
            self.error("a program begins with `def name(…):`", "def handler(request):");
        }
        (handlers, teardowns)
    }

    /// True for the decorator of a function that runs when a request is over.
    fn decorator(&mut self, tokens: &[Token]) -> bool {
        let name = match tokens {
            [Token::Name(app), Token::Mark('.'), Token::Name(name)] if app == "app" => name,
            [Token::Name(app), Token::Mark('.'), Token::Name(name), Token::Mark('('), .., Token::Mark(')')]
                if app == "app" && ROUTES.contains(&name.as_str()) =>
            {
                return false;
            }
            _ => "",
        };
        let known = TEARDOWNS.contains(&name);
        if !known {
            self.error("this decorator is not known", "@app.route(\"/…\"), @app.teardown_appcontext");
        }
        known
    }

    /// `NAME = ContextVar(…)`, `NAME = sessionmaker(engine)`, `NAME = scoped_session(sessionmaker(engine), scopefunc=…)`
    fn definition(&mut self, name: &str, value: &[Token], line: &Line) {
        if self.shared.factories.len() >= DEFINITIONS_MAX
            || usize::from(self.shared.context_variables) >= DEFINITIONS_MAX
        {
            return self.error("too many definitions", "");
        }
        let global = match value {
            [
                Token::Name(call),
                Token::Mark('('),
                Token::Text(_),
                Token::Mark(','),
                Token::Name(default),
                Token::Mark('='),
                Token::Name(none),
                Token::Mark(')'),
            ] if call == "ContextVar" && default == "default" && none == "None" => {
                self.shared.context_variables += 1;
                Some(Global::ContextVar(self.shared.context_variables - 1))
            }
            [Token::Name(call), ..] if call == "ContextVar" => {
                self.error(
                    "a ContextVar needs a default here",
                    format!("{name} = ContextVar(\"{name}\", default=None)"),
                );
                None
            }
            [Token::Name(made), Token::Mark('('), rest @ .., Token::Mark(')')] if made.ends_with("Session") => {
                self.session_of_module(made, rest)
            }
            _ => match self.factory_of(value) {
                Some(factory) => Some(Global::Factory(self.define(factory))),
                None => {
                    if self.errors.is_empty() {
                        self.unsupported(line);
                    }
                    None
                }
            },
        };
        if let Some(global) = global {
            self.globals.retain(|(n, _)| n != name);
            self.globals.push((name.to_owned(), global));
        }
    }

    /// `session = Session()`, `session = AsyncSession(engine)`: one for the whole process.
    fn session_of_module(&mut self, made: &str, arguments: &[Token]) -> Option<Global> {
        let factory = match (self.factory(made), arguments) {
            (Some(made), []) => self.shared.factories.get(usize::from(made)).copied(),
            (None, [Token::Name(engine)]) if made == "AsyncSession" && self.asyncio => {
                let engine = self.engines.iter().position(|e| e.name == *engine);
                engine.map(|engine| Factory { engine: engine as u8, scope: Scope::None, expires: true })
            }
            _ => None,
        };
        let factory = factory.filter(|factory| factory.scope == Scope::None);
        if factory.is_none() {
            self.error("a Session of the whole module is made like this only", "session = Session()");
        }
        factory.map(|factory| Global::Session(self.define(Factory { scope: Scope::Module, ..factory })))
    }

    /// The number of a factory, of an equal one that anybody may share if there is one.
    pub fn define(&mut self, factory: Factory) -> u8 {
        let equal = self.shared.factories.iter().position(|f| *f == factory && f.scope == Scope::None);
        equal.unwrap_or_else(|| {
            self.shared.factories.push(factory);
            self.shared.factories.len() - 1
        }) as u8
    }

    fn factory_of(&mut self, value: &[Token]) -> Option<Factory> {
        match value {
            [Token::Name(call), Token::Mark('('), Token::Name(engine), options @ .., Token::Mark(')')]
                if call == "sessionmaker" || call == "async_sessionmaker" =>
            {
                let fitting = if self.asyncio { "async_sessionmaker" } else { "sessionmaker" };
                if call != fitting {
                    self.error(format!("`{call}` does not fit this engine"), format!("{fitting}({engine})"));
                }
                let expires = match options {
                    [] => true,
                    [Token::Mark(','), Token::Name(option), Token::Mark('='), Token::Name(value)]
                        if option == "expire_on_commit" && ["True", "False"].contains(&value.as_str()) =>
                    {
                        value == "True"
                    }
                    _ => return None,
                };
                let found = self.engines.iter().position(|e| e.name == *engine);
                if found.is_none() {
                    self.error(format!("there is no engine `{engine}`"), "sessionmaker(engine)");
                }
                Some(Factory { engine: found? as u8, scope: Scope::None, expires })
            }
            [Token::Name(call), Token::Mark('('), inner @ .., Token::Mark(')')] if call == "scoped_session" => {
                if self.asyncio {
                    self.error("a scoped_session does not make AsyncSessions", "Session = async_sessionmaker(engine)");
                }
                let comma = inner.iter().position(|t| *t == Token::Mark(','));
                let (maker, scopefunc) = inner.split_at(comma.unwrap_or(inner.len()));
                let factory = self.factory_of(maker)?;
                let scope = self.scopefunc(scopefunc)?;
                Some(Factory { scope, ..factory })
            }
            _ => None,
        }
    }

    fn scopefunc(&mut self, tokens: &[Token]) -> Option<Scope> {
        let function = match tokens {
            [] => return Some(Scope::Thread),
            [Token::Mark(','), Token::Name(key), Token::Mark('='), function @ ..] if key == "scopefunc" => function,
            _ => return None,
        };
        if let [Token::Name(name), Token::Mark('.'), Token::Name(method)] = function {
            if name == "asyncio" && method == "current_task" {
                return Some(Scope::Task);
            }
            if let Some((_, Global::ContextVar(variable))) = self.globals.iter().find(|(n, _)| n == name)
                && method == "get"
            {
                return Some(Scope::ContextVar(*variable));
            }
        }
        self.error(
            "this scopefunc is not known",
            "scopefunc=request_id.get with request_id = ContextVar(…) before it, or scopefunc=asyncio.current_task",
        );
        None
    }
}
