//! A map from rising numbers: a sorted list. New numbers go to the end; what is left stays in the order of its creation.
//!
//! Ordered like a `BTreeMap`, but a tenth of its code in the shipped module.

use std::cell::Cell;

#[derive(Debug)]
pub(crate) struct Numbered<T> {
    entries: Vec<(u32, T)>,
    /// The first number.
    first: u32,
    /// Where the last number was that had to be searched for: whoever looks for it looks for it again.
    last: Cell<usize>,
}

impl<T> Numbered<T> {
    pub const fn new() -> Numbered<T> {
        Numbered { entries: Vec::new(), first: 0, last: Cell::new(0) }
    }

    /// Where the number is if there are no gaps: as far from the first as it says.
    fn guess(&self, number: u32) -> Option<usize> {
        let guess = number.wrapping_sub(self.first) as usize;
        self.entries.get(guess).is_some_and(|(found, _)| *found == number).then_some(guess)
    }

    /// Where it is, or would be.
    #[inline(never)]
    fn search(&self, number: u32) -> Result<usize, usize> {
        if self.entries.last().is_none_or(|(newest, _)| *newest < number) {
            return Err(self.entries.len());
        }
        let last = self.last.get();
        if self.entries.get(last).is_some_and(|(found, _)| *found == number) {
            return Ok(last);
        }
        let found = self.entries.binary_search_by_key(&number, |(n, _)| *n);
        self.last.set(found.unwrap_or(0));
        found
    }

    fn note_first(&mut self) {
        self.first = self.entries.first().map_or(0, |(number, _)| *number);
    }

    pub fn insert(&mut self, number: u32, value: T) {
        match self.search(number) {
            Ok(at) => self.entries[at].1 = value,
            Err(at) => self.entries.insert(at, (number, value)),
        }
        self.note_first();
    }

    pub fn get(&self, number: u32) -> Option<&T> {
        match self.guess(number) {
            Some(at) => self.entries.get(at),
            None => self.search(number).ok().and_then(|at| self.entries.get(at)),
        }
        .map(|(_, value)| value)
    }

    pub fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        match self.guess(number) {
            Some(at) => self.entries.get_mut(at),
            None => self.search(number).ok().and_then(|at| self.entries.get_mut(at)),
        }
        .map(|(_, value)| value)
    }

    pub fn remove(&mut self, number: u32) -> Option<T> {
        let (_, value) = self.entries.remove(self.search(number).ok()?);
        self.note_first();
        Some(value)
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn for_each(&mut self, mut change: impl FnMut(&mut T)) {
        self.entries.iter_mut().for_each(|(_, value)| change(value));
    }

    pub fn retain(&mut self, keep: impl Fn(&mut T) -> bool) {
        self.entries.retain_mut(|(_, value)| keep(value));
        self.note_first();
    }

    pub fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        self.entries.iter().map(|(n, value)| (*n, value))
    }
}
