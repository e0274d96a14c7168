//! References and the cyclic garbage collector: an explicit event, never an accident.

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
    /// What a program's `create_engine()` gave.
    Engine(u16),
}

impl<O: Observer> World<'_, O> {
    /// Takes away one reference; `in_cycle` if the variable itself lives on in a reference cycle.
    pub(crate) async fn release(&self, holder: Holder, in_cycle: bool) {
        match holder {
            Holder::Session(id) => self.release_session(id),
            Holder::Connection(id) => self.release_connection(id, in_cycle).await,
            Holder::Engine(engine) => self.state().release_engine(engine),
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
        let connection = session.transaction.as_ref().and_then(|t| t.connection);
        // Nobody can reach it any more; what it holds is the Connection's.
        state.sessions.remove(id);
        let Some(connection) = connection else { return };
        if let Some(c) = state.connections.get_mut(connection) {
            c.references = 0;
        }
        state.emit(Rule::Garbage, EventKind::Lost { session: id });
    }

    /// A Connection without a transaction goes back at once; with one it is a cycle too, from 2.0 on.
    async fn release_connection(&self, id: u32, in_cycle: bool) {
        let fairy = {
            let mut state = self.state();
            // Before 1.4 through the checkout's `_reset_agent`.
            let cycle = self.scenario.sqlalchemy != SqlAlchemy::V1_4;
            let Some(connection) = state.connections.get_mut(id) else {
                return;
            };
            connection.references = connection.references.saturating_sub(1);
            if connection.references > 0 {
                return;
            }
            let lost = in_cycle || cycle && connection.transaction.is_some();
            if connection.fairy.is_some() && lost {
                let session = connection.number;
                state.emit(Rule::Garbage, EventKind::Lost { session });
                return;
            }
            state.connections.remove(id).and_then(|c| c.fairy)
        };
        if let Some(fairy) = fairy {
            self.drop_fairy(fairy).await;
        }
    }

    /// A Connection is gone; the last one that had a checkout takes it along. Whatever a finalizer raises is only printed.
    async fn drop_fairy(&self, fairy: Fairy) {
        let held = self.state().is_held(fairy.serial);
        if !held {
            let _ = self.finalize(fairy).await;
        }
    }

    /// `gc.collect()`, of one process or of all: unless the collector runs already, every unreachable Session and Connection gives
    /// its connection back, in the order of the checkouts.
    pub(crate) async fn collect(&self, process: Option<u16>) {
        let lost = {
            let mut state = self.state();
            if state.collecting.is_some() {
                return;
            }
            state.collecting = Some(state.current());
            let ours = |engine: u16| process.is_none_or(|p| state.engines[usize::from(engine)].process == p);
            let mut lost: Vec<(u64, u32)> = Vec::new();
            for (id, connection) in state.connections.iter() {
                if connection.references == 0 && ours(connection.engine) {
                    lost.push((connection.fairy.as_ref().map_or(0, |f| f.serial), id));
                }
            }
            let lost = crate::order::sorted(lost, |(serial, id)| (*serial, u64::from(*id)));
            for engine in 0..state.engines.len() {
                if process.is_none_or(|p| state.engines[engine].process == p) {
                    let pool = state.engines[engine].pool;
                    state.pools[pool].records.for_each(|record| record.in_cycle = false);
                }
            }
            let found = lost.len() as u32;
            state.collector_last = Some(state.emit_outside(None, Rule::Garbage, EventKind::Collect { found }));
            lost
        };
        // They die together; then their finalizers run.
        let engines = self.state().lost_engines(process);
        let fairies: Vec<Fairy> =
            lost.iter().filter_map(|(_, id)| self.state().connections.remove(*id)?.fairy).collect();
        for fairy in fairies {
            self.drop_fairy(fairy).await;
        }
        let mut state = self.state();
        for engine in engines {
            state.drop_engine(engine);
        }
        (state.collecting, state.collector_last) = (None, None);
    }
}

impl<O: Observer> State<'_, O> {
    /// An engine, its pool and its dialect refer to each other: without a variable they wait for the collector.
    fn release_engine(&mut self, engine: u16) {
        let state = &mut self.engines[usize::from(engine)];
        state.references = state.references.saturating_sub(1);
        let (forgotten, pool) = (state.references == 0, state.pool);
        if forgotten && self.pools[pool].records.iter().any(|(_, record)| record.connection.is_some()) {
            self.emit(Rule::GarbageEngine, EventKind::EngineLost { engine });
        }
    }

    /// Engines that the collector finds now. What is checked out of a pool keeps it, and the engine.
    fn lost_engines(&self, process: Option<u16>) -> Vec<u16> {
        let mut found = Vec::new();
        for (engine, state) in (0..).zip(&self.engines) {
            let held =
                || self.connections.iter().any(|(_, c)| c.engine == engine && (c.references > 0 || c.fairy.is_some()));
            if state.references == 0 && process.is_none_or(|p| state.process == p) && !held() {
                found.push(engine);
            }
        }
        found
    }

    /// Nobody tells SQLAlchemy or the pool: it is the driver's destructor that closes the sockets.
    fn drop_engine(&mut self, engine: u16) {
        let pool = self.engines[usize::from(engine)].pool;
        let records = std::mem::replace(&mut self.pools[pool].records, Numbered::new());
        if records.iter().all(|(_, record)| record.connection.is_none()) {
            return;
        }
        let gone = self.emit(Rule::GarbageEngine, EventKind::EngineGone { engine });
        for (_, record) in records.iter() {
            if let Some(connection) = record.connection {
                self.dbapi_lost(connection, gone);
            }
        }
    }
}
