//! Clients written in Rust instead of Python: each asks the pool, holds, gives back and thinks, for ever. For benchmarks; pool,
//! driver and server are the same as in every run.

use crate::engine::error::PyError;
use crate::outcome::Outcome;
use crate::pool::checkin::AtClose;
use crate::scenario::Scenario;
use crate::state::State;
use crate::time::SimTime;
use crate::trace::{Observer, Rule};
use crate::world::{World, run_tasks};
use std::cell::RefCell;

/// What the clients do and when; times are absolute.
pub trait Clients {
    /// When the client asks for a connection next.
    fn think(&mut self, client: u16, now: SimTime) -> SimTime;
    /// It has a connection: when it gives it back.
    fn hold(&mut self, client: u16, now: SimTime) -> SimTime;
    /// It asks, or gives back, or hears that it has waited for too long.
    fn note(&mut self, client: u16, now: SimTime, step: Step);
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Ask,
    Granted,
    GivesBack,
    Refused,
}

/// Runs `count` clients on the scenario's first engine until the scenario's end; its programs and traffic are not run.
pub fn closed_loop<C: Clients, O: Observer>(
    scenario: &Scenario,
    observer: O,
    count: u16,
    clients: &mut C,
) -> (Outcome, O) {
    let clients = RefCell::new(clients);
    let mut state = State::new(scenario, observer);
    state.add_clients(count);
    let (state, outcome) = run_tasks(scenario, state, |world, task| Box::pin(client(world, &clients, task)));
    (outcome, state.observer)
}

async fn client<C: Clients, O: Observer>(world: &World<'_, O>, clients: &RefCell<&mut C>, task: u16) {
    loop {
        let now = world.state().now;
        let asks = clients.borrow_mut().think(task, now);
        world.sleep(asks.since(now)).await;
        clients.borrow_mut().note(task, asks, Step::Ask);
        match world.checkout(0, true).await {
            Ok(fairy) => {
                let now = world.state().now;
                let until = {
                    let mut clients = clients.borrow_mut();
                    clients.note(task, now, Step::Granted);
                    clients.hold(task, now)
                };
                world.sleep(until.since(now)).await;
                clients.borrow_mut().note(task, until, Step::GivesBack);
                if world.checkin(&fairy, AtClose::NoTransaction, Rule::ResetOnReturn).await.is_err() {
                    return;
                }
            }
            Err(error) if matches!(*error, PyError::PoolTimeout { .. }) => {
                let now = {
                    let mut state = world.state();
                    state.drop_tracebacks();
                    state.now
                };
                clients.borrow_mut().note(task, now, Step::Refused);
            }
            Err(_) => return,
        }
    }
}
