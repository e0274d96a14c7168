//! Small worlds, completely: every order in which the operations of a few threads can come, on a pool of one or two connections.
//!
//! An operation has a tenth of a second to itself, and each order is an episode of its own on a new pool. Threads with the same program
//! are alike, so of the orders that differ in their names only one is run.

use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What a thread does, one operation after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Shape(&'static [&'static str]);

const TWICE: Shape =
    Shape(&["connection = engine.connect()", "connection.close()", "again = engine.connect()", "again.close()"]);
const INVALIDATES: Shape = Shape(&[
    "connection = engine.connect()",
    "connection.invalidate()",
    "connection.execute(text(\"SELECT 1\"))",
    "connection.close()",
]);
const DETACHES: Shape =
    Shape(&["connection = engine.connect()", "connection.detach()", "connection.close()", "engine.dispose()"]);
const FORGETS: Shape =
    Shape(&["connection = engine.connect()", "connection.execute(text(\"SELECT 1\"))", "connection.commit()", "pass"]);

const OPERATIONS: usize = 4;
const SLOT_US: u64 = 100_000;
/// An episode is over, whatever its threads wait for, and the last thing in it is a new pool.
const EPISODE_US: u64 = 4_000_000;
/// In one scenario.
const EPISODES: usize = 150;
/// pool_size, max_overflow, pool_timeout.
const POOLS: [(u32, u32, &str); 6] =
    [(1, 0, "250 ms"), (1, 1, "250 ms"), (2, 0, "250 ms"), (1, 0, "3 s"), (1, 1, "3 s"), (2, 0, "3 s")];

const POOL_OF_THREE: (u32, u32, &str) = POOLS[1];

/// One order: of each thread what it does and at which of all the slots.
type Episode = Vec<(Shape, Vec<usize>)>;

/// Some episodes on one kind of pool.
#[derive(Debug)]
pub struct World {
    pub name: String,
    pub episodes: usize,
    pub document: Value,
}

/// Two threads that do any two things, on every pool; three threads that each take and return a connection twice, on the pool in which they
/// wait, overflow and time out, or on every pool as well.
pub fn worlds(all: bool) -> Vec<World> {
    let three = orders(&[TWICE; 3]);
    let mut two = Vec::new();
    let shapes = [TWICE, INVALIDATES, DETACHES, FORGETS];
    for (at, first) in shapes.iter().enumerate() {
        for second in &shapes[at..] {
            two.extend(orders(&[*first, *second]));
        }
    }
    let mut worlds = Vec::new();
    for pool @ (size, overflow, timeout) in POOLS {
        let three = if all || pool == POOL_OF_THREE { three.chunks(EPISODES) } else { [].chunks(EPISODES) };
        for (at, some) in two.chunks(EPISODES).chain(three).enumerate() {
            let name = format!("pool_size={size} max_overflow={overflow} pool_timeout={timeout}, part {}", at + 1);
            let engine = json!({ "pool_size": size, "max_overflow": overflow, "pool_timeout": timeout });
            worlds.push(World { name, episodes: some.len(), document: document(some, &engine) });
        }
    }
    worlds
}

/// Every way to deal the slots to the threads.
fn orders(shapes: &[Shape]) -> Vec<Episode> {
    let mut found = vec![(Episode::new(), (0..shapes.len() * OPERATIONS).collect::<Vec<usize>>())];
    for shape in shapes {
        found = found
            .iter()
            .flat_map(|(episode, free)| {
                choices(free.len()).into_iter().filter_map(|choice| {
                    let slots: Vec<usize> = choice.iter().map(|at| free[*at]).collect();
                    // Of threads that are alike, the earlier one begins.
                    let alike = episode.last().filter(|(before, _)| before == shape);
                    if alike.is_some_and(|(_, others)| others[0] > slots[0]) {
                        return None;
                    }
                    let rest = free.iter().copied().filter(|slot| !slots.contains(slot)).collect();
                    let mut episode = episode.clone();
                    episode.push((*shape, slots));
                    Some((episode, rest))
                })
            })
            .collect();
    }
    found.into_iter().map(|(episode, _)| episode).collect()
}

/// Every rising choice of as many numbers below `of` as a thread has operations.
fn choices(of: usize) -> Vec<Vec<usize>> {
    let mut found: Vec<Vec<usize>> = vec![Vec::new()];
    for _ in 0..OPERATIONS {
        found = found
            .iter()
            .flat_map(|some| {
                let first = some.last().map_or(0, |last| last + 1);
                (first..of).map(|next| [some.as_slice(), &[next]].concat())
            })
            .collect();
    }
    found
}

fn document(episodes: &[Episode], engine: &Value) -> Value {
    let mut starts: BTreeMap<(Shape, &[usize]), Vec<String>> = BTreeMap::new();
    for (at, episode) in episodes.iter().enumerate() {
        for (shape, slots) in episode {
            let start = format!("{} us", at as u64 * EPISODE_US);
            starts.entry((*shape, slots)).or_default().push(start);
        }
    }
    let mut programs = BTreeMap::new();
    let mut traffic = Vec::new();
    for (at, ((shape, slots), starts)) in starts.into_iter().enumerate() {
        let name = format!("p{at:03}");
        traffic.push(json!({ "run": name, "at": starts }));
        programs.insert(name, json!({ "text": program(shape, slots) }));
    }
    // What a thread forgot is collected, and the next episode has a pool of its own.
    let ends: Vec<String> = (1..=episodes.len() as u64).map(|n| format!("{} us", n * EPISODE_US - SLOT_US)).collect();
    traffic.push(json!({ "run": "q", "at": ends }));
    programs.insert("q".to_owned(), json!({ "text": "def handler():\n    gc.collect()\n    engine.dispose()" }));
    json!({
        "seed": 1,
        "until": format!("{} us", episodes.len() as u64 * EPISODE_US),
        "network": { "rtt": "1 ms" },
        "engine": engine,
        "process": [{ "threads": 4 }],
        "programs": programs,
        "traffic": traffic,
        "limits": { "events": 10_000_000 },
    })
}

fn program(shape: Shape, slots: &[usize]) -> String {
    let mut lines = vec!["def handler():".to_owned()];
    let mut before = 0;
    for (operation, slot) in shape.0.iter().zip(slots) {
        if *slot > before {
            let tenths = slot - before;
            lines.push(format!("    time.sleep({}.{})", tenths / 10, tenths % 10));
        }
        before = *slot;
        lines.push(format!("    {operation}"));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_is_there_once() {
        // 8! / (4!·4!), and half of them if the threads are alike.
        assert_eq!(orders(&[TWICE, DETACHES]).len(), 70);
        assert_eq!(orders(&[TWICE, TWICE]).len(), 35);
        // 12! / (4!·4!·4!), a sixth of them.
        let three = orders(&[TWICE; 3]);
        assert_eq!(three.len(), 5_775);
        let mut different = three.clone();
        different.sort();
        different.dedup();
        assert_eq!(different.len(), three.len());
    }
}
