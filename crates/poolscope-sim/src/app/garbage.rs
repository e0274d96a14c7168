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
}

impl<O: Observer> World<'_, O> {
    /// Takes away one reference; `in_cycle` if the variable itself lives on in a reference cycle.
    pub(crate) async fn release(&self, holder: Holder, in_cycle: bool) {
        match holder {
            Holder::Session(id) => self.release_session(id),
            Holder::Connection(id) => self.release_connection(id, in_cycle).await,
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
        let Some(connection) = connection else {
            state.sessions.remove(id);
            return;
        };
        if let Some(c) = state.connections.get_mut(connection) {
            c.references = 0;
        }
        state.emit(Rule::Garbage, EventKind::Lost { session: id });
    }

    /// A Connection without a transaction goes back at once; with one it is a cycle too, from 2.0 on.
    async fn release_connection(&self, id: u32, in_cycle: bool) {
        let fairy = {
            let mut state = self.state();
            let cycle = self.scenario.sqlalchemy >= SqlAlchemy::V2_0;
            let Some(connection) = state.connections.get_mut(id) else {
                return;
            };
            connection.references = connection.references.saturating_sub(1);
            if connection.references > 0 {
                return;
            }
            let lost = |fairy: &Fairy| in_cycle || cycle && (fairy.in_cycle || connection.transaction.is_some());
            if connection.fairy.as_ref().is_some_and(lost) {
                let session = connection.number;
                state.emit(Rule::Garbage, EventKind::Lost { session });
                return;
            }
            state.connections.remove(id).and_then(|c| c.fairy)
        };
        if let Some(fairy) = fairy {
            self.checkin(fairy, false, Rule::Garbage).await;
        }
    }

    /// `gc.collect()`: unless the collector runs already, every unreachable Session and Connection gives its connection back, in the order of their creation.
    pub(crate) async fn collect(&self) {
        let lost: Vec<u32> = {
            let mut state = self.state();
            if std::mem::replace(&mut state.collecting, true) {
                return;
            }
            let lost =
                state.connections.iter().filter(|(_, c)| c.references == 0).map(|(id, _)| id).collect::<Vec<_>>();
            state.sessions.retain(|s| s.references > 0);
            state.emit_outside(None, Rule::Garbage, EventKind::Collect { found: lost.len() as u32 });
            lost
        };
        for id in lost {
            let fairy = self.state().connections.remove(id).and_then(|c| c.fairy);
            if let Some(fairy) = fairy {
                self.checkin(fairy, false, Rule::Garbage).await;
            }
        }
        self.state().collecting = false;
    }
}
