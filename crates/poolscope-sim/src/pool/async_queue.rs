//! AsyncAdaptedQueuePool: the same pool around an `asyncio.Queue` (`util/queue.py::AsyncAdaptedQueue`).

use super::Pool;
use crate::state::State;
use crate::time::SimSpan;
use crate::trace::{EventKind, Observer, Rule};
use crate::world::World;

/// The future that a coroutine waits on in `asyncio.Queue.get`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Getter {
    Pending,
    /// A record has been put into the queue; somebody else may take it before the coroutine goes on.
    Ready,
    /// The time-out was faster.
    Cancelled,
    /// The time-out came in the same turn of the loop: it wins, and the next one in the queue is woken instead.
    ReadyThenCancelled,
}

impl<O: Observer> World<'_, O> {
    /// `AsyncAdaptedQueue.get`: waits with `asyncio.timeout()`. Whoever is woken and finds nothing goes to the end of the queue.
    pub(crate) async fn queue_get_in_loop(&self, pool: usize) -> Option<u32> {
        let began = {
            let mut state = self.state();
            let Pool { timeout, engine, .. } = state.pools[pool];
            let deadline = state.now + timeout;
            state.outcome.waited += 1;
            state.emit(Rule::QueueWait, EventKind::Wait { engine, deadline: Some(deadline) });
            state.begin_timeout(deadline);
            state.now
        };
        let found = loop {
            {
                let mut state = self.state();
                let task = state.current();
                state.pools[pool].waiters.push_back(task);
                if let Some(task) = state.current_task() {
                    task.getter = Getter::Pending;
                }
            }
            self.wait_in_loop().await;
            let mut state = self.state();
            let getter = state.current_task().map_or(Getter::Cancelled, |t| t.getter);
            match getter {
                Getter::Ready | Getter::Pending => {
                    if let Some(slot) = state.pools[pool].take() {
                        break Some(slot);
                    }
                }
                Getter::ReadyThenCancelled if state.pools[pool].figures().checked_in > 0 => {
                    state.wake_waiter(pool);
                    break None;
                }
                Getter::Cancelled | Getter::ReadyThenCancelled => break None,
            }
        };
        let mut state = self.state();
        if let Some(task) = state.current_task() {
            task.wait += 1;
        }
        state.waited(pool, began, found.is_some());
        found
    }
}

impl<O: Observer> State<'_, O> {
    /// A record has come back: whoever has waited longest may look.
    pub(crate) fn wake_waiter(&mut self, pool: usize) {
        let Some(task) = self.pools[pool].waiters.pop_front() else { return };
        if !self.scenario.driver.is_async() {
            // Whoever is woken does not go on at its deadline any more, even if that is now.
            self.pools[pool].woken += 1;
            let barging = self.barging(task);
            if barging == SimSpan::ZERO {
                return self.agenda.add_now_instead(self.now, task);
            }
            self.agenda.void_wake_ups(task);
            return self.agenda.add_task(self.now + barging, task);
        }
        if let Some(t) = self.tasks.get_mut(usize::from(task)) {
            t.getter = Getter::Ready;
        }
        self.call_soon(task);
    }

    /// `asyncio.timeout()` cancels the coroutine.
    pub(crate) fn getter_times_out(&mut self, task: u16) {
        let Some(t) = self.tasks.get_mut(usize::from(task)) else { return };
        if t.getter == Getter::Ready {
            t.getter = Getter::ReadyThenCancelled;
            return;
        }
        t.getter = Getter::Cancelled;
        for pool in &mut self.pools {
            pool.waiters.retain(|waiter| *waiter != task);
        }
        self.call_soon(task);
    }
}
