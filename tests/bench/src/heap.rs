//! The textbook way: one heap of what happens next, and nothing that a pool does beyond counting.

use crate::workload::{Client, Counters, Workload};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::error::Error;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Ask,
    GiveBack,
    TimeOut,
}

pub fn run(w: Workload) -> Result<Counters, Box<dyn Error>> {
    let mut clients: Vec<Client> = (0..w.clients).map(|c| Client::new(w.seed, c)).collect();
    let mut deadline = vec![0u64; w.clients as usize];
    let mut heap = BinaryHeap::new();
    let mut waiting: VecDeque<(u32, u64)> = VecDeque::new();
    let mut free = w.connections;
    let mut n = Counters::default();
    for (c, client) in clients.iter_mut().enumerate() {
        heap.push(Reverse((client.think(0), Kind::Ask, c as u32)));
    }
    while let Some(Reverse((t, kind, c))) = heap.pop() {
        if t >= w.until {
            break;
        }
        match kind {
            Kind::Ask => {
                n.requests += 1;
                if free > 0 {
                    free -= 1;
                    n.note(t, c, 0);
                    heap.push(Reverse((clients[c as usize].hold(t), Kind::GiveBack, c)));
                } else {
                    deadline[c as usize] = t + w.timeout;
                    waiting.push_back((c, t + w.timeout));
                    heap.push(Reverse((t + w.timeout, Kind::TimeOut, c)));
                }
            }
            Kind::GiveBack => {
                n.done += 1;
                n.note(t, c, 1);
                heap.push(Reverse((clients[c as usize].think(t), Kind::Ask, c)));
                free += 1;
                while let Some((waiter, until)) = waiting.pop_front() {
                    if deadline[waiter as usize] != until {
                        continue;
                    }
                    deadline[waiter as usize] = 0;
                    free -= 1;
                    n.note(t, waiter, 0);
                    heap.push(Reverse((clients[waiter as usize].hold(t), Kind::GiveBack, waiter)));
                    break;
                }
            }
            Kind::TimeOut => {
                if deadline[c as usize] != t {
                    continue;
                }
                deadline[c as usize] = 0;
                n.timeouts += 1;
                n.note(t, c, 2);
                heap.push(Reverse((clients[c as usize].think(t), Kind::Ask, c)));
            }
        }
    }
    Ok(n)
}
