//! The one fold over the events: what the application holds, what the pools count, what the server has.
//!
//! `apply` takes one event and changes the state; `*_phase` say what a thread, a slot, a server session or a left-behind
//! connection is doing now. The timeline draws how the phases change and the inspector prints them, so the two agree by
//! construction. The state is cloneable: a run of millions of events would keep one every few thousand events as a checkpoint
//! and fold from there.

mod holders;

use poolscope_sim::engine::error::PyError;
use poolscope_sim::scenario::{EngineOptions, PoolClass};
use poolscope_sim::time::{SimSpan, SimTime};
use poolscope_sim::trace::{EventId, EventKind, PoolEvent, PoolFigures, Rule, Trace, TraceEvent};

use crate::timeline::{BarKind, Condition, Disagreement, DisagreementKind, is_indirect};

#[derive(Clone, Debug)]
pub struct Truths {
    pub now: SimTime,
    /// The last event applied.
    pub event: Option<EventId>,
    pub tasks: Vec<Task>,
    pub engines: Vec<Engine>,
    /// By number − 1.
    pub connections: Vec<Connection>,
    /// Every server session so far, in the order of opening; ids start anew after a restart.
    pub threads: Vec<Thread>,
    /// Those of `threads` that exist now.
    pub live: Vec<usize>,
    pub server_up_since: Option<SimTime>,
    /// Sessions on the server that are not the application's, so far.
    others: u32,
    /// Requests that wait for a thread: (request, process, event).
    pub backlog: Vec<(u32, u16, EventId)>,
    /// Processes have inherited sockets.
    shared: bool,
    /// The last exception.
    pub error: Option<EventId>,
    /// The line at which it left the listing.
    pub error_line: Option<u16>,
    /// What the last event may have changed.
    pub touched: Touched,
}

#[derive(Clone, Debug, Default)]
pub struct Touched {
    pub tasks: Vec<u16>,
    pub connections: Vec<u32>,
    pub slots: Vec<(u16, u32)>,
    pub threads: Vec<usize>,
}

#[derive(Clone, Debug)]
pub struct Task {
    process: u16,
    pub request: Option<u32>,
    pub line: Option<u16>,
    /// The last exception of this request.
    raised: Option<PyError>,
    /// What the thread's last event began.
    doing: Doing,
    pub holds: Vec<u32>,
    /// When `task_phase` last changed.
    pub since: SimTime,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    Python,
    Waiting,
    Connecting,
    Pinging,
    Querying(u32),
}

#[derive(Clone, Debug)]
pub struct Engine {
    process: u16,
    pub figures: PoolFigures,
    pub null_pool: bool,
    pub recycle: Option<SimSpan>,
    /// pool_size + max_overflow.
    pub limit: Option<u32>,
    /// By number; numbers that were never used stay empty.
    pub slots: Vec<Slot>,
    pub waiting: u32,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Slot {
    pub connection: Option<u32>,
    opening: bool,
    out: bool,
    /// Since when it is being opened: the age of a connection counts from the beginning of the attempt.
    opened: SimTime,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Connection {
    /// The pool has announced it with `connect`.
    known: bool,
    pub engine: u16,
    pub slot: u32,
    pub born: SimTime,
    /// The client's side is open.
    pub open: bool,
    pub out: bool,
    /// Somebody has got it while somebody else had it.
    shared: bool,
    pub task: Option<u16>,
    session: Option<u32>,
    pub thread: Option<usize>,
    /// The server's side ended here, and the client has not noticed.
    dead: Option<EventId>,
    lost: Option<EventId>,
    forgotten: Option<EventId>,
    stale: bool,
}

#[derive(Clone, Copy, Debug)]
pub struct Thread {
    pub id: u32,
    pub connection: Option<u32>,
    /// Running number among the sessions that are not the application's.
    pub other: Option<u32>,
    pub open: bool,
    pub running: bool,
    pub in_transaction: bool,
    /// KILL QUERY met it asleep, and it has run nothing since.
    pub told_to_stop: bool,
    pub command: Command,
    /// When the last command began and ended.
    pub began: SimTime,
    pub ended: SimTime,
}

/// What a server session runs, as far as SHOW PROCESSLIST tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    Connect,
    Ping,
    Statement(u16),
    Commit,
    Rollback,
}

/// What something is doing: the part of a bar that makes it a new bar when it changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Phase {
    pub kind: BarKind,
    pub condition: Condition,
    pub connection: Option<u32>,
    pub number: Option<u32>,
}

impl Phase {
    fn new(kind: BarKind, condition: Condition, connection: Option<u32>, number: Option<u32>) -> Phase {
        Phase { kind, condition, connection, number }
    }
}

impl Engine {
    fn new(options: Option<&EngineOptions>) -> Engine {
        let null_pool = options.is_some_and(|o| o.poolclass == PoolClass::NullPool);
        let size = if null_pool { 0 } else { options.map_or(0, |o| o.pool_size) };
        let limit = match options {
            // A pool_size of 0 means no limit (sqlalchemy: util/queue.py::Queue, maxsize 0).
            Some(o) if !null_pool && 0 < o.pool_size && 0 <= o.max_overflow => {
                Some(o.pool_size.saturating_add(o.max_overflow.unsigned_abs()))
            }
            _ => None,
        };
        // The counter of QueuePool starts at −pool_size (sqlalchemy: pool/impl.py::QueuePool.__init__).
        let overflow = i32::try_from(size).map_or(i32::MIN, |s| -s);
        Engine {
            process: 0,
            figures: PoolFigures { size, checked_in: 0, overflow, checked_out: 0 },
            null_pool,
            recycle: options.and_then(|o| o.pool_recycle),
            limit,
            slots: Vec::new(),
            waiting: 0,
        }
    }

    fn slot(&mut self, slot: u32) -> &mut Slot {
        let at = slot as usize;
        if self.slots.len() <= at {
            self.slots.resize(at + 1, Slot::default());
        }
        &mut self.slots[at]
    }
}

impl Truths {
    pub fn new(trace: &Trace) -> Truths {
        let task = |process| Task {
            process,
            request: None,
            line: None,
            raised: None,
            doing: Doing::Python,
            holds: Vec::new(),
            since: SimTime::ZERO,
        };
        Truths {
            now: SimTime::ZERO,
            event: None,
            tasks: trace.tasks.iter().map(|t| task(t.process)).collect(),
            engines: trace
                .engines
                .iter()
                .map(|e| Engine { process: e.process, ..Engine::new(trace.scenario.engines.get(e.options)) })
                .collect(),
            connections: Vec::new(),
            threads: Vec::new(),
            live: Vec::new(),
            server_up_since: Some(SimTime::ZERO),
            others: 0,
            backlog: Vec::new(),
            shared: false,
            error: None,
            error_line: None,
            touched: Touched::default(),
        }
    }

    pub fn apply(&mut self, id: EventId, event: &TraceEvent) {
        self.now = event.at;
        self.event = Some(id);
        self.touched.tasks.clear();
        self.touched.connections.clear();
        self.touched.slots.clear();
        self.touched.threads.clear();
        let before = event.task.and_then(|t| self.task_phase(t));
        if let Some(task) = event.task {
            self.touched.tasks.push(task);
        }
        self.apply_kind(id, event);
        if let Some(task) = event.task
            && before != self.task_phase(task)
            && let Some(task) = self.tasks.get_mut(usize::from(task))
        {
            task.since = event.at;
        }
    }

    fn apply_kind(&mut self, id: EventId, event: &TraceEvent) {
        let doing = |truths: &mut Truths, doing: Doing| {
            if let Some(task) = event.task.and_then(|t| truths.tasks.get_mut(usize::from(t))) {
                task.doing = doing;
            }
        };
        match event.kind {
            EventKind::Arrive { request, process } => self.backlog.push((request, process, id)),
            EventKind::Start { request } => {
                self.backlog.retain(|b| b.0 != request);
                self.set_request(event.task, Some(request));
                doing(self, Doing::Python);
            }
            EventKind::Finish { error, .. } => {
                if let Some(error) = error {
                    self.set_error(id, event.task, error);
                }
                self.set_request(event.task, None);
                doing(self, Doing::Python);
            }
            EventKind::Line { line } => {
                if let Some(task) = event.task.and_then(|t| self.tasks.get_mut(usize::from(t))) {
                    task.line = Some(line);
                    task.doing = Doing::Python;
                }
            }
            EventKind::Busy { .. } | EventKind::SessionEnd { .. } => doing(self, Doing::Python),
            EventKind::Session { .. } => doing(self, Doing::Python),
            EventKind::Hold { session, connection, .. } => {
                if let Some(c) = self.connection_mut(connection) {
                    c.session = Some(session);
                }
                doing(self, Doing::Python);
            }
            EventKind::Lost { session } => self.lose(id, event.task, session),
            EventKind::ProcessStart { .. } => {}
            EventKind::ProcessExit { process } => self.exit(process),
            EventKind::EngineLost { engine } => {
                for number in 1..=self.connections.len() as u32 {
                    if let Some(c) = self.connection_mut(number).filter(|c| c.open && c.engine == engine) {
                        c.lost = Some(id);
                        self.touch(number);
                    }
                }
            }
            EventKind::EngineGone { engine } => self.forget(|_, e| e == engine),
            EventKind::Log { .. } => doing(self, Doing::Python),
            EventKind::Raise { error } => {
                self.set_error(id, event.task, error);
                doing(self, Doing::Python);
            }
            EventKind::Wait { engine, .. } => {
                doing(self, Doing::Waiting);
                if let Some(engine) = self.engines.get_mut(usize::from(engine)) {
                    engine.waiting += 1;
                }
            }
            EventKind::Wake { engine } => {
                doing(self, Doing::Python);
                if let Some(engine) = self.engines.get_mut(usize::from(engine)) {
                    engine.waiting = engine.waiting.saturating_sub(1);
                }
            }
            EventKind::Pool { engine, event: kind, slot, connection, figures } => {
                if let Some(engine) = self.engines.get_mut(usize::from(engine)) {
                    engine.figures = figures;
                    self.pool_event(event, kind, slot, connection);
                }
            }
            EventKind::Ping { connection, .. } => {
                doing(self, Doing::Pinging);
                self.expect(connection, Command::Ping);
            }
            EventKind::Pinged { .. } => doing(self, Doing::Python),
            EventKind::InvalidatePool { engine } => {
                for number in 1..=self.connections.len() as u32 {
                    let now = self.now;
                    if let Some(connection) = self.connection_mut(number)
                        && connection.open
                        && connection.engine == engine
                        && connection.born < now
                    {
                        connection.stale = true;
                        self.touch(number);
                    }
                }
            }
            EventKind::Status { engine, figures } => {
                if let Some(engine) = self.engines.get_mut(usize::from(engine)) {
                    engine.figures = figures;
                }
            }
            EventKind::Dispose { engine } => {
                // With `close=False` what is free is still open; nobody will use it.
                let left = if event.rule == Rule::Fork { self.connections.len() as u32 } else { 0 };
                for number in 1..=left {
                    if self.connection(number).is_some_and(|c| c.open && !c.out && c.engine == engine) {
                        self.forget_connection(number);
                    }
                }
                for number in 1..=self.connections.len() as u32 {
                    if let Some(connection) = self.connection_mut(number)
                        && connection.open
                        && connection.out
                        && connection.engine == engine
                    {
                        connection.forgotten = Some(id);
                        let slot = connection.slot;
                        // The new pool numbers its records from the start.
                        if let Some(e) = self.engines.get_mut(usize::from(engine)) {
                            *e.slot(slot) = Slot::default();
                        }
                        self.touch(number);
                    }
                }
            }
            EventKind::Connecting { engine, slot } => {
                doing(self, Doing::Connecting);
                let now = self.now;
                if let Some(engine) = self.engines.get_mut(usize::from(engine)) {
                    let slot = engine.slot(slot);
                    slot.opening = true;
                    slot.opened = now;
                }
                self.touched.slots.push((engine, slot));
            }
            EventKind::ConnectFailed { engine, slot, .. } => {
                doing(self, Doing::Python);
                if let Some(engine) = self.engines.get_mut(usize::from(engine)) {
                    engine.slot(slot).opening = false;
                }
                self.touched.slots.push((engine, slot));
            }
            EventKind::Execute { connection, statement } => {
                doing(self, Doing::Querying(connection));
                self.expect(connection, Command::Statement(statement));
            }
            EventKind::Commit { connection } => {
                doing(self, Doing::Querying(connection));
                self.expect(connection, Command::Commit);
            }
            EventKind::Rollback { connection } => {
                doing(self, Doing::Querying(connection));
                self.expect(connection, Command::Rollback);
            }
            EventKind::Executed { .. } => doing(self, Doing::Python),
            EventKind::Cut { connection, .. } => {
                if let Some(c) = self.connection_mut(connection).filter(|c| c.open) {
                    c.dead = Some(id);
                }
                self.touch(connection);
            }
            EventKind::ServerOpen { thread, connection, .. } => self.open_thread(thread, connection),
            EventKind::ServerRun { thread, statement } => {
                let now = self.now;
                if let Some(t) = self.live_thread(thread) {
                    t.running = true;
                    t.told_to_stop = false;
                    t.began = now;
                    if let Some(statement) = statement {
                        t.command = Command::Statement(statement);
                    }
                }
            }
            EventKind::ServerSleep { thread, in_transaction } => {
                let now = self.now;
                if let Some(t) = self.live_thread(thread) {
                    t.running = false;
                    t.in_transaction = in_transaction;
                    t.ended = now;
                }
            }
            EventKind::ServerQuit { thread, .. } => self.close_thread(thread, None),
            EventKind::ServerTimeout { thread, .. } | EventKind::ServerKill { thread, .. } => {
                self.close_thread(thread, Some(id))
            }
            EventKind::ServerDown { .. } => {
                for id_of in self.live.iter().map(|i| self.threads[*i].id).collect::<Vec<_>>() {
                    self.close_thread(id_of, Some(id));
                }
                self.server_up_since = None;
            }
            EventKind::ServerUp => self.server_up_since = Some(self.now),
            EventKind::ServerKillQuery { thread } => {
                if let Some(t) = self.live_thread(thread) {
                    t.told_to_stop = !t.running;
                }
            }
            EventKind::Inherit { engine, slot, connection, parent } => {
                let Some(of_parent) = self.connection(parent).copied() else { return };
                self.shared = true;
                if let Some(c) = self.connection_mut(connection) {
                    *c = Connection { engine, slot, out: false, task: None, session: None, ..of_parent };
                }
                if let Some(engine) = self.engines.get_mut(usize::from(engine)) {
                    let opened = of_parent.born;
                    *engine.slot(slot) = Slot { connection: Some(connection), opening: false, out: false, opened };
                }
                self.touch(connection);
            }
            EventKind::End
            | EventKind::Truncated { .. }
            | EventKind::Collect { .. }
            | EventKind::WrongAnswer { .. }
            | EventKind::ServerSilent
            | EventKind::ServerAnswers
            | EventKind::ServerRefuse { .. } => {}
        }
    }

    fn pool_event(&mut self, event: &TraceEvent, kind: PoolEvent, slot: u32, number: Option<u32>) {
        let EventKind::Pool { engine, .. } = event.kind else { return };
        let at = usize::from(engine);
        self.touched.slots.push((engine, slot));
        match kind {
            PoolEvent::Connect => {
                let born = self.engines[at].slot(slot).opened;
                *self.engines[at].slot(slot) = Slot { connection: number, opening: false, out: false, opened: born };
                if let Some(c) = number.and_then(|n| self.connection_mut(n)) {
                    (c.known, c.engine, c.slot, c.born, c.open) = (true, engine, slot, born, true);
                }
            }
            PoolEvent::Checkout => {
                self.engines[at].slot(slot).out = true;
                if let Some(c) = number.and_then(|n| self.connection_mut(n)) {
                    (c.shared, c.out, c.task) = (c.out, true, event.task);
                }
                if let Some(task) = event.task.and_then(|t| self.tasks.get_mut(usize::from(t))) {
                    task.doing = Doing::Python;
                    task.holds.extend(number);
                }
            }
            // Of those who share a connection, only the first has a checkin of its own.
            PoolEvent::Reset { .. } if number.and_then(|n| self.connection(n)).is_none_or(|c| !c.shared) => {}
            PoolEvent::Checkin | PoolEvent::Reset { .. } => {
                if let Some(n) = number {
                    self.release(n, event.task);
                }
                let out = number.and_then(|n| self.connection(n)).is_some_and(|c| c.out);
                let entry = self.engines[at].slot(slot);
                // A checkin after an invalidation has no connection; one after `dispose()` is of a pool that is gone.
                if number.is_none() || entry.connection == number {
                    entry.out = out;
                }
                self.python(event.task);
            }
            PoolEvent::Invalidate | PoolEvent::Close | PoolEvent::CloseDetached => {
                if let Some(n) = number {
                    self.close(n);
                    if let Some(c) = self.connection_mut(n) {
                        c.open = false;
                    }
                    let entry = self.engines[at].slot(slot);
                    if entry.connection == number {
                        entry.connection = None;
                        entry.out = false;
                    }
                }
                self.python(event.task);
            }
            PoolEvent::SoftInvalidate => {
                if let Some(c) = number.and_then(|n| self.connection_mut(n)) {
                    c.stale = true;
                }
            }
            PoolEvent::Detach => *self.engines[at].slot(slot) = Slot::default(),
            PoolEvent::FirstConnect => {}
        }
        if let Some(n) = number {
            self.touch(n);
        }
    }

    fn set_request(&mut self, task: Option<u16>, request: Option<u32>) {
        if let Some(task) = task.and_then(|t| self.tasks.get_mut(usize::from(t))) {
            task.request = request;
            (task.line, task.raised) = (None, None);
        }
    }

    /// The same exception again, as `Finish` usually repeats it, is not another one.
    fn set_error(&mut self, id: EventId, task: Option<u16>, error: PyError) {
        let task = task.and_then(|t| self.tasks.get_mut(usize::from(t)));
        if task.as_ref().is_some_and(|t| t.raised == Some(error)) {
            return;
        }
        self.error = Some(id);
        self.error_line = task.as_ref().and_then(|t| t.line);
        if let Some(task) = task {
            task.raised = Some(error);
        }
    }

    /// The thread that lets go of the Session is the one that holds its connections.
    fn lose(&mut self, id: EventId, task: Option<u16>, session: u32) {
        let Some(task) = task.map(usize::from).filter(|t| *t < self.tasks.len()) else { return };
        for number in self.tasks[task].holds.clone() {
            if let Some(c) = self.connection_mut(number).filter(|c| c.out && c.session == Some(session)) {
                c.lost = Some(id);
                self.touch(number);
                self.tasks[task].holds.retain(|n| *n != number);
            }
        }
    }

    fn connection_mut(&mut self, number: u32) -> Option<&mut Connection> {
        let at = number.checked_sub(1)? as usize;
        if self.connections.len() <= at {
            self.connections.resize(at + 1, Connection::default());
        }
        self.connections.get_mut(at)
    }

    pub fn connection(&self, number: u32) -> Option<&Connection> {
        self.connections.get(number.checked_sub(1)? as usize)
    }

    fn touch(&mut self, number: u32) {
        let Some(c) = self.connection(number).copied() else { return };
        self.touched.connections.push(number);
        if c.known {
            self.touched.slots.push((c.engine, c.slot));
        }
        self.touched.tasks.extend(c.task);
    }

    fn open_thread(&mut self, id: u32, connection: Option<u32>) {
        let index = self.threads.len();
        let other = connection.is_none().then_some(self.others);
        self.others += u32::from(connection.is_none());
        self.threads.push(Thread {
            id,
            connection,
            other,
            open: true,
            running: false,
            in_transaction: false,
            told_to_stop: false,
            command: Command::Connect,
            began: self.now,
            ended: self.now,
        });
        self.live.push(index);
        self.touched.threads.push(index);
        if let Some(c) = connection.and_then(|n| self.connection_mut(n)) {
            c.thread = Some(index);
        }
    }

    fn live_thread(&mut self, id: u32) -> Option<&mut Thread> {
        let index = self.live.iter().copied().find(|i| self.threads[*i].id == id)?;
        self.touched.threads.push(index);
        self.threads.get_mut(index)
    }

    /// `told` is the event that ended it, unless the client did so itself.
    fn close_thread(&mut self, id: u32, told: Option<EventId>) {
        let Some(t) = self.live_thread(id) else { return };
        t.open = false;
        let number = t.connection;
        let ended = self.live.iter().copied().find(|i| !self.threads[*i].open);
        self.live.retain(|i| self.threads[*i].open);
        // Other processes may have the socket too.
        for other in 1..=if self.shared { self.connections.len() as u32 } else { 0 } {
            let shares = |c: &&Connection| c.open && c.thread == ended && Some(other) != number;
            if self.connection(other).filter(shares).is_some() {
                let event = self.event;
                if let Some(c) = self.connection_mut(other).filter(|c| c.dead.is_none()) {
                    c.dead = told.or(event);
                }
                self.touch(other);
            }
        }
        if let Some(n) = number {
            if let Some(c) = self.connection_mut(n)
                && c.open
                && c.dead.is_none()
                && told.is_some()
            {
                c.dead = told;
            }
            // Of what nobody holds, the driver's destructor has closed the socket.
            let unheld = |c: &Connection| c.open && c.dead.is_none() && (!c.out || c.lost.is_some());
            if told.is_none() && self.connection(n).is_some_and(unheld) {
                self.forget_connection(n);
            }
            self.touch(n);
        }
    }

    /// The client sends this next, so the server's next command is it.
    fn expect(&mut self, connection: u32, command: Command) {
        if let Some(t) = self.connection(connection).and_then(|c| c.thread).and_then(|i| self.threads.get_mut(i)) {
            t.command = command;
        }
    }
}

/// What is going on now.
impl Truths {
    pub fn task_phase(&self, number: u16) -> Option<Phase> {
        let task = self.tasks.get(usize::from(number))?;
        let held = task.holds.last().copied();
        let condition = |n: Option<u32>| match n.and_then(|n| self.connection(n)) {
            Some(c) if c.dead.is_some() => Condition::Dead,
            _ => Condition::Fine,
        };
        let phase = |kind, connection| Some(Phase::new(kind, condition(connection), connection, task.request));
        match task.doing {
            Doing::Waiting => phase(BarKind::WaitForPool, held),
            Doing::Connecting => phase(BarKind::Connect, held),
            Doing::Pinging => phase(BarKind::Ping, held),
            Doing::Querying(c) => phase(BarKind::Query, Some(c)),
            Doing::Python => match (task.request.is_some(), held.is_some()) {
                (true, true) => phase(BarKind::Hold, held),
                (true, false) => phase(BarKind::Work, None),
                (false, true) => phase(BarKind::Keep, held),
                (false, false) => None,
            },
        }
    }

    pub fn slot_phase(&self, engine: u16, slot: u32) -> Option<Phase> {
        let entry = self.engines.get(usize::from(engine))?.slots.get(slot as usize)?;
        if entry.opening {
            return Some(Phase::new(BarKind::Connect, Condition::Fine, None, None));
        }
        let number = entry.connection?;
        let c = self.connection(number)?;
        let condition = match c {
            _ if c.lost.is_some() => Condition::Lost,
            _ if c.dead.is_some() => Condition::Dead,
            _ if c.stale => Condition::Stale,
            _ => Condition::Fine,
        };
        let kind = if entry.out { BarKind::CheckedOut } else { BarKind::InPool };
        Some(Phase::new(kind, condition, Some(number), Some(number)))
    }

    pub fn thread_phase(&self, index: usize) -> Option<Phase> {
        let t = self.threads.get(index).filter(|t| t.open)?;
        let kind = match (t.running, t.in_transaction) {
            (true, _) => BarKind::Command,
            (false, true) => BarKind::SleepInTransaction,
            (false, false) => BarKind::Sleep,
        };
        // The server cannot know whether the client still refers to its connection, nor can the picture of it.
        Some(Phase::new(kind, Condition::Fine, t.connection, Some(t.id)))
    }

    /// A connection that only a lost Session refers to.
    pub fn left_behind(&self, number: u32) -> Option<Phase> {
        let c = self.connection(number).filter(|c| c.open && c.lost.is_some())?;
        let condition = if c.dead.is_some() { Condition::Dead } else { Condition::Lost };
        Some(Phase::new(BarKind::LeftBehind, condition, Some(number), Some(number)))
    }

    /// The event that ended the server's side of an open connection.
    pub fn dead_since(&self, number: u32) -> Option<EventId> {
        self.connection(number).filter(|c| c.open)?.dead
    }

    /// In what two truths differ about this connection, and since which event.
    pub fn parted(&self, number: u32) -> Option<(DisagreementKind, EventId)> {
        let c = self.connection(number).filter(|c| c.open && c.known)?;
        if let Some(event) = c.lost {
            return Some((DisagreementKind::Lost, event));
        }
        if let Some(event) = c.forgotten {
            return Some((DisagreementKind::Forgotten, event));
        }
        let event = c.dead?;
        Some((if c.out { DisagreementKind::ApplicationHoldsDead } else { DisagreementKind::PoolKeepsDead }, event))
    }

    /// Everything that the truths disagree about now, by connection.
    pub fn disagreements(&self, trace: &Trace) -> Vec<Disagreement> {
        (1..=self.connections.len() as u32)
            .filter_map(|number| {
                let (kind, event) = self.parted(number)?;
                let c = self.connection(number)?;
                let from = trace.events.get(event.0 as usize).map_or(self.now, |e| e.at);
                Some(Disagreement {
                    kind,
                    from,
                    to: None,
                    event,
                    indirect: is_indirect(trace, event),
                    connection: number,
                    engine: c.engine,
                    slot: c.slot,
                })
            })
            .collect()
    }
}
