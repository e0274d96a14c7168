//! The timers of tasks, one for each at most, by day: neither adding one nor finding the next takes longer the more tasks there are.

use super::{NEVER, Target, order};
use crate::time::SimTime;

#[derive(Debug, Default)]
pub(super) struct Wheel {
    /// Nothing in here is earlier.
    pub now: SimTime,
    /// When the first timer is, as `order` says it.
    pub first: u128,
    /// And the place of its day.
    first_day: usize,
    /// By task.
    timers: Vec<Timer>,
    /// The first timer of each day, or NONE; the days go round, and today is somewhere among them.
    days: Vec<u16>,
    /// A bit for each day that has a timer.
    occupied: Vec<u64>,
    /// The length of a day as a power of two; only an empty wheel may get another.
    pub length: u32,
    /// Of the timers of this season: how many there were, how many were for later than the last day, and for a day that was full.
    added: usize,
    late: usize,
    crowded: usize,
}

#[derive(Clone, Copy, Debug)]
struct Timer {
    at: SimTime,
    key: u64,
    epoch: u32,
    /// The next of its day.
    next: u16,
    pending: bool,
}

const NONE: u16 = u16::MAX;
/// A day has at most so many timers before a new one.
const FULL: u32 = 8;
impl Wheel {
    pub fn new(tasks: usize) -> Wheel {
        let idle = Timer { at: SimTime::ZERO, key: 0, epoch: 0, next: NONE, pending: false };
        // So many that a day hardly ever has two timers: nobody can guess how many a new one has to pass.
        let days = (4 * tasks).next_power_of_two().max(1024);
        Wheel {
            timers: vec![idle; tasks],
            days: vec![NONE; days],
            occupied: vec![0; days / 64],
            length: 10,
            first: NEVER,
            ..Wheel::default()
        }
    }

    /// Where the day of an instant is.
    fn place(&self, at: SimTime) -> usize {
        (at.0 >> self.length) as usize & (self.days.len() - 1)
    }

    /// The length that days should have, if enough has been seen to say that theirs is wrong.
    pub fn better_length(&mut self) -> Option<u32> {
        let season = self.timers.len().max(256);
        if self.added < season {
            return None;
        }
        let (late, crowded) = (self.late > season / 8, self.crowded > season / 8);
        (self.added, self.late, self.crowded) = (0, 0, 0);
        match (late, crowded) {
            (true, _) => Some((self.length + 3).min(48)),
            (false, true) => self.length.checked_sub(1),
            (false, false) => None,
        }
    }

    /// Adds a timer if there is room for it.
    pub fn add(&mut self, at: SimTime, key: u64, task: u16, epoch: u32) -> bool {
        if self.timers.get(usize::from(task)).is_none_or(|timer| timer.pending) {
            return false;
        }
        self.added += 1;
        if (at.0 >> self.length) - (self.now.0 >> self.length) >= self.days.len() as u64 {
            self.late += 1;
            return false;
        }
        let place = self.place(at);
        let order_of_it = order(at, key);
        let (mut before, mut next) = (NONE, self.days[place]);
        let mut passed = 0;
        while let Some(other) = self.timers.get(usize::from(next))
            && order(other.at, other.key) < order_of_it
        {
            if passed == FULL {
                self.crowded += 1;
                return false;
            }
            passed += 1;
            (before, next) = (next, other.next);
        }
        self.timers[usize::from(task)] = Timer { at, key, epoch, next, pending: true };
        match self.timers.get_mut(usize::from(before)) {
            Some(before) => before.next = task,
            None => self.days[place] = task,
        }
        self.occupied[place / 64] |= 1 << (place % 64);
        if order_of_it < self.first {
            (self.first, self.first_day) = (order_of_it, place);
        }
        true
    }

    /// The place of the first day that has a timer, from this one on.
    fn next_day(&self, today: usize) -> Option<usize> {
        let words = self.occupied.len();
        let mut word = today / 64;
        let mut bits = self.occupied.get(word)? & u64::MAX << (today % 64);
        for _ in 0..=words {
            if bits != 0 {
                return Some(word * 64 + bits.trailing_zeros() as usize);
            }
            word = (word + 1) & (words - 1);
            bits = self.occupied[word];
        }
        None
    }

    /// Takes the first timer.
    pub fn take(&mut self) -> Option<Target> {
        let day = self.first_day;
        let task = *self.days.get(day)?;
        let timer = self.timers.get_mut(usize::from(task))?;
        timer.pending = false;
        let Timer { epoch, next, .. } = *timer;
        self.days[day] = next;
        if next == NONE {
            self.occupied[day / 64] &= !(1 << (day % 64));
        }
        self.first = NEVER;
        if let Some(day) = self.next_day(day) {
            self.first_day = day;
            let first = self.timers.get(usize::from(self.days[day]));
            self.first = first.map_or(NEVER, |timer| order(timer.at, timer.key));
        }
        Some(Target::Task { task, epoch })
    }
}
