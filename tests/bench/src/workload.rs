//! The workload: clients in a closed loop on one first-in-first-out pool of connections. A client thinks for 50 to 150 ms, asks, waits for at
//! most the timeout, holds for 25 to 75 ms (one time in 64 sixteen times longer) and gives back. Times are nanoseconds; the low 16 bits of
//! every time are the client's number, so that no two clients act at one instant and no result depends on how ties are broken.

#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "rivals", derive(serde::Deserialize, serde::Serialize))]
pub struct Workload {
    pub clients: u32,
    pub connections: u32,
    pub timeout: u64,
    pub until: u64,
    pub seed: u64,
}

/// A pool as create_engine() makes it, with more clients than it can serve.
pub const SMALL: Workload =
    Workload { clients: 64, connections: 15, timeout: 69_992_448, until: 3_600_000_000_000, seed: 1 };
/// The same load per connection, a hundred and fifty times.
pub const LARGE: Workload =
    Workload { clients: 10_000, connections: 2_344, timeout: 69_992_448, until: 30_000_000_000, seed: 1 };

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "rivals", derive(serde::Deserialize, serde::Serialize))]
pub struct Counters {
    pub requests: u64,
    pub timeouts: u64,
    pub done: u64,
    pub hash: u64,
}

impl Counters {
    pub fn events(&self) -> u64 {
        self.requests + self.timeouts + self.done
    }

    /// Folds a grant (0), a return (1) or a timeout (2) into the hash.
    pub fn note(&mut self, at: u64, client: u32, kind: u64) {
        self.hash =
            (self.hash.rotate_left(5) ^ at ^ (u64::from(client) << 2 | kind)).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "rivals", derive(serde::Deserialize, serde::Serialize))]
pub struct Client {
    state: u64,
    number: u32,
}

impl Client {
    pub fn new(seed: u64, number: u32) -> Client {
        Client { state: mix(seed.wrapping_add((u64::from(number) + 1).wrapping_mul(GOLDEN))), number }
    }
    fn below(&mut self, n: u64) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN);
        ((u128::from(mix(self.state)) * u128::from(n)) >> 64) as u64
    }
    pub fn at(&self, now: u64, span: u64) -> u64 {
        ((now + span) & !0xffff) | u64::from(self.number)
    }
    pub fn think(&mut self, now: u64) -> u64 {
        let span = 50_000_000 + self.below(100_000_000);
        self.at(now, span)
    }
    pub fn hold(&mut self, now: u64) -> u64 {
        let mut span = 25_000_000 + self.below(50_000_000);
        if self.below(64) == 0 {
            span *= 16;
        }
        self.at(now, span)
    }
}
