//! A map from rising numbers: a sorted list. New numbers go to the end; what is left stays in the order of its creation.
//!
//! Ordered like a `BTreeMap`, but a tenth of its code in the shipped module.

#[derive(Debug)]
pub(crate) struct Numbered<T> {
    entries: Vec<(u32, T)>,
}

impl<T> Numbered<T> {
    pub const fn new() -> Numbered<T> {
        Numbered { entries: Vec::new() }
    }

    /// Where the number is, or would be. Without gaps it is as far from the first as its number says; every gap brings it nearer.
    fn find(&self, number: u32) -> Result<usize, usize> {
        let Some((first, _)) = self.entries.first() else { return Err(0) };
        let Some(steps) = number.checked_sub(*first) else { return Err(0) };
        let guess = steps as usize;
        match self.entries.get(guess) {
            Some((found, _)) if *found == number => Ok(guess),
            _ => self.entries.binary_search_by_key(&number, |(n, _)| *n),
        }
    }

    pub fn insert(&mut self, number: u32, value: T) {
        match self.find(number) {
            Ok(at) => self.entries[at].1 = value,
            Err(at) => self.entries.insert(at, (number, value)),
        }
    }

    pub fn get(&self, number: u32) -> Option<&T> {
        self.find(number).ok().map(|at| &self.entries[at].1)
    }

    pub fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        self.find(number).ok().map(|at| &mut self.entries[at].1)
    }

    pub fn remove(&mut self, number: u32) -> Option<T> {
        self.find(number).ok().map(|at| self.entries.remove(at).1)
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn for_each(&mut self, mut change: impl FnMut(&mut T)) {
        self.entries.iter_mut().for_each(|(_, value)| change(value));
    }

    pub fn retain(&mut self, keep: impl Fn(&mut T) -> bool) {
        self.entries.retain_mut(|(_, value)| keep(value));
    }

    pub fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        self.entries.iter().map(|(n, value)| (*n, value))
    }
}
