//! NeXosim: one model that schedules its own events, on one thread; a model for each client is slower.

use crate::workload::{Client, Counters, Workload};
use nexosim::model::{Context, Model, schedulable};
use nexosim::simulation::{Mailbox, SimInit};
use nexosim::time::MonotonicTime;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

#[derive(Serialize, Deserialize)]
struct Pool {
    clients: Vec<Client>,
    /// By client, while it waits.
    deadline: Vec<u64>,
    waiting: VecDeque<(u32, u64)>,
    free: u32,
    workload: Workload,
    counters: Counters,
    #[serde(skip)]
    result: Arc<Mutex<Counters>>,
}

/// When, and which client.
type At = (u64, u32);

#[Model]
impl Pool {
    #[nexosim(init)]
    async fn init(&mut self, cx: &Context<Self>) {
        for number in 0..self.workload.clients {
            let at = self.clients[number as usize].think(0);
            let _ = cx.schedule_event(Duration::from_nanos(at), schedulable!(Self::ask), (at, number));
        }
        let end = Duration::from_nanos(self.workload.until - 1);
        let _ = cx.schedule_event(end, schedulable!(Self::report), ());
    }

    #[nexosim(schedulable)]
    fn ask(&mut self, (t, number): At, cx: &Context<Self>) {
        self.counters.requests += 1;
        if self.free > 0 {
            self.grant(t, number, cx);
            return;
        }
        let until = t + self.workload.timeout;
        self.deadline[number as usize] = until;
        self.waiting.push_back((number, until));
        let wait = Duration::from_nanos(self.workload.timeout);
        let _ = cx.schedule_event(wait, schedulable!(Self::time_out), (until, number));
    }

    #[nexosim(schedulable)]
    fn give_back(&mut self, (t, number): At, cx: &Context<Self>) {
        self.counters.done += 1;
        self.counters.note(t, number, 1);
        self.think(t, number, cx);
        self.free += 1;
        while let Some((waiter, until)) = self.waiting.pop_front() {
            if self.deadline[waiter as usize] == until {
                self.deadline[waiter as usize] = 0;
                self.grant(t, waiter, cx);
                break;
            }
        }
    }

    #[nexosim(schedulable)]
    fn time_out(&mut self, (t, number): At, cx: &Context<Self>) {
        if self.deadline[number as usize] == t {
            self.deadline[number as usize] = 0;
            self.counters.timeouts += 1;
            self.counters.note(t, number, 2);
            self.think(t, number, cx);
        }
    }

    #[nexosim(schedulable)]
    fn report(&mut self) {
        *self.result.lock().unwrap_or_else(PoisonError::into_inner) = self.counters;
    }
}

impl Pool {
    fn grant(&mut self, t: u64, number: u32, cx: &Context<Self>) {
        self.free -= 1;
        self.counters.note(t, number, 0);
        let until = self.clients[number as usize].hold(t);
        let _ = cx.schedule_event(Duration::from_nanos(until - t), schedulable!(Self::give_back), (until, number));
    }

    fn think(&mut self, t: u64, number: u32, cx: &Context<Self>) {
        let at = self.clients[number as usize].think(t);
        let _ = cx.schedule_event(Duration::from_nanos(at - t), schedulable!(Self::ask), (at, number));
    }
}

pub fn run(w: Workload) -> Result<Counters, Box<dyn Error>> {
    let result = Arc::new(Mutex::new(Counters::default()));
    let pool = Pool {
        clients: (0..w.clients).map(|number| Client::new(w.seed, number)).collect(),
        deadline: vec![0; w.clients as usize],
        waiting: VecDeque::new(),
        free: w.connections,
        workload: w,
        counters: Counters::default(),
        result: Arc::clone(&result),
    };
    let start = MonotonicTime::EPOCH;
    let mut simulation = SimInit::with_num_threads(1).add_model(pool, Mailbox::new(), "pool").init(start)?;
    simulation.step_until(start + Duration::from_nanos(w.until - 1))?;
    let counters = *result.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(counters)
}
