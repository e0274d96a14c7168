//! References and the cyclic garbage collector: an explicit event, never an accident.

use crate::app::session::Connection;
use crate::numbered::Numbered;
use crate::pool::Fairy;
use crate::scenario::SqlAlchemy;
use crate::state::State;
use crate::trace::{EventKind, Observer, Rule};
use crate::world::World;

/// What a variable refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    Session(u32),
    Connection(u32),
    /// A result, by its Connection.
    Result(u32),
    /// What a program's `create_engine()` gave.
    Engine(u16),
    User(u32),
}

type Released = ([Option<Fairy>; 2], Option<(usize, u32)>);

impl<O: Observer> World<'_, O> {
    /// Takes away one reference; `in_cycle` if the variable itself lives on in a reference cycle.
    pub(crate) async fn release(&self, holder: Holder, in_cycle: bool) {
        match holder {
            Holder::Session(id) => self.release_session(id),
            Holder::Connection(id) => self.release_connection(id, in_cycle, false).await,
            Holder::Result(id) => self.release_connection(id, in_cycle, true).await,
            Holder::Engine(engine) => self.state().release_engine(engine),
            Holder::User(number) => self.state().release_user(number, in_cycle),
        }
    }

    /// A Session and its transaction refer to each other: without a reference from outside they wait for the collector.
    pub(crate) fn release_session(&self, id: u32) {
        let mut state = self.state();
        let Some(session) = state.sessions.get_mut(id) else {
            return;
        };
        session.references = session.references.saturating_sub(1);
        if session.references > 0 {
            return;
        }
        let connections = session.transaction.as_mut().map(|t| std::mem::take(&mut t.connections)).unwrap_or_default();
        // Nobody can reach it any more; what it holds is the Connection's.
        state.sessions.remove(id);
        state.detach_users(id);
        for connection in connections {
            state.lose_connection(id, connection);
        }
    }

    /// A Connection without a transaction goes back at once; with one it is a cycle too, from 2.0 on. Its last result lets go of the
    /// checkout as well.
    async fn release_connection(&self, id: u32, in_cycle: bool, is_result: bool) {
        let (fairies, cursor) = self.state().let_go_of_connection(id, in_cycle, is_result);
        for fairy in fairies.into_iter().flatten() {
            self.drop_fairy(fairy).await;
        }
        cursor.iter().for_each(|(pool, connection)| self.state().drop_unless_held(*pool, *connection));
    }

    /// A Connection is gone; the last one that had a checkout takes it along. Whatever a finalizer raises is only printed.
    async fn drop_fairy(&self, fairy: Fairy) {
        let held = self.state().is_held(fairy.serial);
        if !held && self.state().in_frames.contains(&(fairy.pool, fairy.serial)) {
            let mut state = self.state();
            let engine = state.pools[fairy.pool].engine;
            state.lose(engine, fairy);
            return;
        }
        if !held && self.finalize(&fairy).await.is_err() {
            let printed = self.state().tracebacks.pop();
            printed.iter().for_each(|(_, pool, slot)| self.state().forget(*pool, *slot));
        }
    }

    /// `gc.collect()`, of one process or of all: unless the collector runs already, every unreachable Session and Connection gives
    /// its connection back, in the order of the checkouts.
    pub(crate) async fn collect(&self, process: Option<u16>) {
        let (lost, mut traced, freed) = {
            let mut state = self.state();
            if state.collecting.is_some() {
                return;
            }
            state.collecting = Some(state.current());
            let before = state.collections;
            state.collections += 1;
            for task in state.tasks.iter_mut().filter(|t| t.raising && process.is_none_or(|p| t.process == p)) {
                task.in_cycle += u32::from(task.in_cycle == before);
            }
            let mut in_frames = std::mem::take(&mut state.in_frames);
            let in_cycles = std::mem::take(&mut state.in_cycles);
            let ours = |engine: u16| process.is_none_or(|p| state.engines[usize::from(engine)].process == p);
            in_frames.retain(|(pool, _)| !ours(state.pools[*pool].engine));
            let (freed, others): (Vec<_>, Vec<_>) =
                in_cycles.into_iter().partition(|(pool, _)| ours(state.pools[*pool].engine));
            let mut lost: Vec<(u64, u32)> = Vec::new();
            for (id, connection) in state.connections.iter() {
                let raised = connection.fairy.as_ref().is_some_and(|f| state.is_in_traceback(f.pool, f.slot));
                let kept = raised || state.is_kept_by_agent(connection);
                if connection.references == 0 && ours(connection.engine) && !kept {
                    // What is detached comes last: that is for the driver's destructors. Before it what somebody else has still, which
                    // is no garbage: the garbage refers to it until then.
                    let shared = |fairy: &Fairy| u64::from(state.is_used(fairy.serial)) << 62;
                    let order = |fairy: &Fairy| fairy.serial | shared(fairy) | u64::from(fairy.detached) << 63;
                    lost.push((connection.fairy.as_ref().map_or(0, order), id));
                }
            }
            let mut traced = Vec::new();
            let lost = crate::order::sorted(lost, |(serial, id)| (*serial, u64::from(*id)));
            for engine in 0..state.engines.len() {
                if process.is_none_or(|p| state.engines[engine].process == p) {
                    let pool = state.engines[engine].pool;
                    let in_cycle = state.pools[pool].records.iter().filter(|(_, record)| record.in_cycle);
                    traced.extend(in_cycle.map(|(slot, _)| (pool, slot)));
                }
            }
            (state.in_frames, state.in_cycles) = (in_frames, others);
            // Those that only a cycle has kept alive. (Of any process: nobody else looks at them.)
            state.users.retain(|user| {
                user.in_cycle = false;
                user.references > 0
            });
            let found = lost.len() as u32;
            state.collector_last = Some(state.emit_outside(None, Rule::Garbage, EventKind::Collect { found }));
            (lost, traced, freed)
        };
        // They die together; then their finalizers run.
        let pools = self.state().lost_pools(process);
        let mut garbage: Vec<(u32, Option<Fairy>)> = Vec::new();
        for (order, id) in lost {
            let alone = order & 1 << 62 == 0;
            garbage.push((id, if alone { self.state().connections.remove(id).and_then(|c| c.fairy) } else { None }));
        }
        // What the garbage refers to dies with it, after all finalizers.
        let theirs = garbage.iter().filter_map(|(_, fairy)| fairy.as_ref().filter(|fairy| !fairy.detached));
        traced.extend(theirs.map(|fairy| (fairy.pool, fairy.slot)));
        // What a weak reference with a callback keeps (before 1.4, what is in `_refs`) is no garbage yet: the driver's destructors of what
        // is run first. The others close as the last Connection that had the checkout goes, in the order in which these were made.
        let old = self.scenario.sqlalchemy < SqlAlchemy::V1_4;
        let in_refs = |(pool, slot): (usize, u32)| {
            !old || self.state().pools[pool].records.get(slot).is_some_and(|record| record.in_refs)
        };
        let later = |(id, fairy): &(u32, Option<Fairy>)| {
            let at = fairy.as_ref().filter(|fairy| !fairy.detached).map(|fairy| (fairy.pool, fairy.slot))?;
            in_refs(at).then_some((at, u64::from(*id)))
        };
        let later: Vec<_> = garbage.iter().filter_map(later).collect();
        self.state().mark_traced(&traced, true);
        let mut detached = Vec::new();
        for (id, fairy) in garbage {
            let fairy = fairy.or_else(|| self.state().connections.remove(id)?.fairy);
            let Some(fairy) = fairy else { continue };
            // What is detached has no finalizer: it goes with the pools.
            if fairy.detached && !self.state().is_held(fairy.serial) {
                detached.extend(self.state().only_of(&fairy));
                traced.push((fairy.pool, fairy.slot));
            } else {
                self.drop_fairy(fairy).await;
            }
        }
        let mut state = self.state();
        state.mark_traced(&traced, false);
        let oldest = |(pool, slot): (usize, u32)| {
            let connection = state.pools[pool].records.get(slot).and_then(|r| r.connection);
            let last = later.iter().filter(|(at, _)| *at == (pool, slot)).map(|(_, id)| *id | 1 << 63).max();
            (last.unwrap_or(u64::from(connection.unwrap_or_default())), (pool, slot))
        };
        let traced = crate::order::sorted(traced.into_iter().map(oldest).collect(), |(connection, _)| (*connection, 0));
        for (_, (pool, slot)) in traced {
            state.forget(pool, slot);
        }
        detached.extend(freed.iter().filter(|(pool, c)| state.is_lost(*pool, *c)).map(|(_, connection)| *connection));
        state.drop_pools(&pools, detached, process);
        (state.collecting, state.collector_last) = (None, None);
    }
}

impl<O: Observer> State<'_, O> {
    /// The checkouts that nothing of this Connection refers to any more, and the connection that a cursor did.
    fn let_go_of_connection(&mut self, id: u32, in_cycle: bool, is_result: bool) -> Released {
        // Before 1.4 through the checkout's `_reset_agent`.
        let cycle = self.scenario.sqlalchemy != SqlAlchemy::V1_4;
        let (mut fairies, mut cursor) = ([None, None], None);
        let Some(connection) = self.connections.get_mut(id) else { return (fairies, cursor) };
        connection.references = connection.references.saturating_sub(1);
        connection.results = connection.results.saturating_sub(u32::from(is_result));
        let (engine, session, references) = (connection.engine, connection.number, connection.references);
        let lost = in_cycle || connection.lost || cycle && connection.transaction.is_some();
        let lost = lost && connection.fairy.is_some();
        if connection.results == 0
            && let Some(result) = connection.result.take()
        {
            cursor = connection.cursor.take().map(|connection| (result.pool, connection));
            fairies[1] = Some(result);
        }
        if references == 0 && !lost {
            fairies[0] = self.connections.remove(id).and_then(|c| c.fairy);
        } else if references == 0 {
            self.emit(Rule::Garbage, EventKind::Lost { session });
        }
        if in_cycle {
            cursor.take().iter().for_each(|(pool, connection)| self.keep_in_cycle(*pool, *connection));
            if let Some(result) = fairies[1].take().filter(|result| self.is_out(result)) {
                self.lose(engine, result);
            }
        }
        (fairies, cursor)
    }

    /// A checkout refers to its reset agent, and so to the Connection whose transaction that is, as long as another one has it.
    fn is_kept_by_agent(&self, connection: &Connection) -> bool {
        let serial = |c: &Connection| c.fairy.as_ref().map(|f| f.serial);
        connection.transaction.as_ref().is_some_and(|t| t.agent)
            && self.connections.iter().any(|(_, c)| c.references > 0 && serial(c) == serial(connection))
    }

    /// Nothing refers any more to a Session's Connection; it is in a cycle with its transaction, or with the exception it has raised.
    pub(crate) fn lose_connection(&mut self, session: u32, connection: u32) {
        if let Some(c) = self.connections.get_mut(connection) {
            (c.references, c.lost) = (c.references.saturating_sub(1), true);
            // A result that somebody keeps refers to it.
            if c.references > 0 {
                return;
            }
        }
        self.emit(Rule::Garbage, EventKind::Lost { session });
    }

    /// Whether a Connection, or a result, that is no garbage refers to a checkout.
    fn is_used(&self, serial: u64) -> bool {
        self.connections.iter().any(|(_, c)| c.references > 0 && c.checkouts().any(|f| f.serial == serial))
    }

    /// Nobody has returned it.
    fn is_out(&self, fairy: &Fairy) -> bool {
        self.pools[fairy.pool].records.get(fairy.slot).is_some_and(|record| record.fairy == Some(fairy.serial))
    }

    /// A Session has closed its Connection, which a result may refer to.
    pub(crate) fn forget_connection(&mut self, connection: u32) {
        let Some(c) = self.connections.get_mut(connection) else { return };
        c.references = c.references.saturating_sub(1);
        if c.references == 0 {
            self.connections.remove(connection);
        }
    }

    /// A Session does not refer any more to a Connection that has stayed open. True unless it is in a cycle with its transaction.
    pub(crate) fn let_go_of_open(&mut self, connection: u32) -> bool {
        let open = |c: &&mut Connection| !c.closed && c.transaction.is_none();
        let open = self.connections.get_mut(connection).filter(open).is_some();
        if open {
            self.forget_connection(connection);
        }
        open
    }

    /// The identity map refers to it only weakly.
    pub(crate) fn release_user(&mut self, number: u32, in_cycle: bool) {
        let Some(user) = self.users.get_mut(number) else { return };
        user.references = user.references.saturating_sub(1);
        user.in_cycle |= in_cycle;
        if user.references == 0 && !user.in_cycle {
            self.users.remove(number);
        }
    }

    fn mark_traced(&mut self, records: &[(usize, u32)], in_cycle: bool) {
        for (pool, slot) in records {
            if let Some(record) = self.pools[*pool].records.get_mut(*slot) {
                record.in_cycle = in_cycle;
            }
        }
    }

    /// A traceback refers to the pool that the exception came through, and to the record (0: to none), until somebody has handled it.
    pub(crate) fn keep_in_traceback(&mut self, pool: usize, slot: u32) {
        let task = self.current();
        self.tracebacks.push((task, pool, slot));
    }

    pub(crate) fn drop_tracebacks(&mut self) {
        let task = self.current();
        if let Some(task) = self.current_task() {
            task.raising = false;
        }
        while let Some(at) = self.tracebacks.iter().position(|(of, ..)| *of == task) {
            let (_, pool, slot) = self.tracebacks.remove(at);
            self.forget(pool, slot);
        }
    }

    /// Nobody has handled the exception yet.
    pub(crate) fn is_in_traceback(&self, pool: usize, slot: u32) -> bool {
        self.tracebacks.iter().any(|(_, of, record)| (*of, *record) == (pool, slot))
    }

    /// The exceptions of the current task refer to themselves: what they refer to waits for the collector.
    pub(crate) fn leave_cycle(&mut self) {
        let collections = self.collections;
        if let Some(task) = self.current_task() {
            task.in_cycle = collections;
        }
    }

    /// An engine, its pool and its dialect refer to each other: without a variable they wait for the collector.
    fn release_engine(&mut self, engine: u16) {
        let state = &mut self.engines[usize::from(engine)];
        state.references = state.references.saturating_sub(1);
        let (forgotten, pool) = (state.references == 0, state.pool);
        if forgotten && self.pools[pool].records.iter().any(|(_, record)| record.connection.is_some()) {
            self.emit(Rule::GarbageEngine, EventKind::EngineLost { engine });
        }
    }

    /// Pools that the collector finds now: of engines that nothing refers to, and those that `dispose()` has replaced. What is checked out
    /// of a pool keeps it, and its engine.
    fn lost_pools(&self, process: Option<u16>) -> Vec<usize> {
        let mut found = Vec::new();
        let old = self.scenario.sqlalchemy < SqlAlchemy::V1_4;
        for (index, pool) in self.pools.iter().enumerate() {
            let engine = &self.engines[usize::from(pool.engine)];
            let replaced = engine.pool != index;
            if pool.shares_records()
                || !replaced && engine.references > 0
                || process.is_some_and(|p| engine.process != p)
            {
                continue;
            }
            let in_use = pool.records.iter().any(|(_, r)| r.in_hand > 0 || r.in_refs && old || r.fairy.is_some())
                || !pool.waiters.is_empty()
                || pool.woken > 0;
            // Since 2.1 what is detached has no record any more.
            let keeps =
                |f: &Fairy| f.connection.is_some() && (!f.detached || self.scenario.sqlalchemy < SqlAlchemy::V2_1);
            let held = self.connections.iter().any(|(_, c)| {
                let engine = c.fairy.is_none() && !replaced && c.references > 0 && c.engine == pool.engine;
                // (What is left of a checkout whose record was refused is garbage with the pool.)
                engine || c.checkouts().any(|f| f.pool == index && (keeps(f) || c.references > 0))
            });
            let in_traceback = self.tracebacks.iter().any(|(_, pool, _)| *pool == index);
            if !in_use && !held && !in_traceback {
                found.push(index);
            }
        }
        found
    }

    /// Nobody tells SQLAlchemy: it is the driver's destructors that close the sockets, the oldest first.
    fn drop_pools(&mut self, pools: &[usize], mut lost: Vec<u32>, process: Option<u16>) {
        lost.extend(self.take_stranded(process));
        for pool in pools {
            let records = std::mem::replace(&mut self.pools[*pool].records, Numbered::new());
            let before = lost.len();
            lost.extend(records.iter().filter_map(|(_, record)| record.connection));
            let engine = self.pools[*pool].engine;
            if before < lost.len() && self.engines[usize::from(engine)].pool == *pool {
                self.emit(Rule::GarbageEngine, EventKind::EngineGone { engine });
            }
        }
        let open: Vec<u32> = self.dbapi.iter().map(|(number, _)| number).filter(|n| lost.contains(n)).collect();
        let cause = self.last_event();
        for connection in open {
            self.dbapi_lost(connection, cause);
        }
    }

    /// The stranded connections of a process, or of all.
    fn take_stranded(&mut self, process: Option<u16>) -> Vec<u32> {
        let (mut taken, mut left) = (Vec::new(), Vec::new());
        for stranded in std::mem::take(&mut self.stranded) {
            let (pool, slot, connection) = stranded;
            let engine = usize::from(self.pools[pool].engine);
            let ours = process.is_none_or(|p| self.engines[engine].process == p);
            if ours && !self.is_in_traceback(pool, slot) {
                taken.push(connection);
            } else {
                left.push(stranded);
            }
        }
        self.stranded = left;
        taken
    }
}
