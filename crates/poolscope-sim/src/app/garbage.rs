//! References and the cyclic garbage collector: an explicit event, never an accident.

use crate::pool::Fairy;
use crate::scenario::SqlAlchemy;
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
            Holder::Engine(_) => {}
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
        let fairies: Vec<Fairy> =
            lost.iter().filter_map(|(_, id)| self.state().connections.remove(*id)?.fairy).collect();
        for fairy in fairies {
            self.drop_fairy(fairy).await;
        }
        let mut state = self.state();
        (state.collecting, state.collector_last) = (None, None);
    }
}
