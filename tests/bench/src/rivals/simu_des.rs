//! simu-des: a process for each client, a Resource for the pool, the time-out raced against the request.

use crate::workload::{Client, Counters, Workload};
use simu::{EnvHandle, Resource, SimEnv};
use std::cell::Cell;
use std::error::Error;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;

pub fn run(w: Workload) -> Result<Counters, Box<dyn Error>> {
    let mut env = SimEnv::with_seed(w.seed);
    let pool = Resource::new(w.connections as usize);
    let counters = Rc::new(Cell::new(Counters::default()));
    for number in 0..w.clients {
        let (env_of_client, pool, counters) = (env.handle(), pool.clone(), Rc::clone(&counters));
        env.spawn(client(env_of_client, pool, counters, Client::new(w.seed, number), number, w.timeout));
    }
    // What is due at the end is not run. Times are whole numbers below 2⁵³: exact in floating point.
    env.run_until((w.until - 1) as f64);
    Ok(counters.get())
}

async fn client(
    env: EnvHandle,
    pool: Resource,
    counters: Rc<Cell<Counters>>,
    mut client: Client,
    number: u32,
    timeout: u64,
) {
    let change = |change: &dyn Fn(&mut Counters)| {
        let mut now = counters.get();
        change(&mut now);
        counters.set(now);
    };
    loop {
        let now = env.now() as u64;
        env.timeout((client.think(now) - now) as f64).await;
        change(&|n| n.requests += 1);
        let mut request = pool.request();
        let mut late = env.timeout(timeout as f64);
        let guard = poll_fn(|context| match Pin::new(&mut request).poll(context) {
            Poll::Ready(guard) => Poll::Ready(Some(guard)),
            Poll::Pending => Pin::new(&mut late).poll(context).map(|()| None),
        })
        .await;
        let now = env.now() as u64;
        let Some(guard) = guard else {
            change(&|n| {
                n.timeouts += 1;
                n.note(now, number, 2);
            });
            continue;
        };
        change(&|n| n.note(now, number, 0));
        env.timeout((client.hold(now) - now) as f64).await;
        let now = env.now() as u64;
        change(&|n| {
            n.done += 1;
            n.note(now, number, 1);
        });
        drop(guard);
    }
}
