//! The strongest of many neighbours, for pictures in which there are more of them than pixels.

/// Over a long row of things: on each level the strongest of every eight groups of the level below.
#[derive(Clone, Debug, Default)]
pub struct Peaks {
    levels: Vec<Vec<u32>>,
}

/// Long runs are for the module that can do everything: the small one does without what follows.
pub const DENSE: bool = cfg!(any(feature = "dense", not(target_family = "wasm")));
/// So many groups of one level are one group of the next: eight.
const FAN: u32 = 3;
/// A row of fewer things is looked through one by one.
const MANY: usize = 512;

impl Peaks {
    /// Of this many things; `stronger` says whether the first of two remains visible rather than the second.
    pub fn new(count: usize, stronger: &dyn Fn(u32, u32) -> bool) -> Peaks {
        let mut levels: Vec<Vec<u32>> = Vec::new();
        if !DENSE {
            return Peaks { levels };
        }
        let mut row: Vec<u32> = if MANY < count { (0..count as u32).collect() } else { Vec::new() };
        while 1 < row.len() {
            let strongest = |group: &[u32]| group.iter().fold(group[0], |a, b| if stronger(*b, a) { *b } else { a });
            row = row.chunks(1 << FAN).map(strongest).collect();
            levels.push(row.clone());
        }
        Peaks { levels }
    }

    /// Whether there are so many that neighbours have to be drawn together.
    pub fn is_dense(&self) -> bool {
        DENSE && !self.levels.is_empty()
    }

    /// Goes through the things from first to last, in the largest groups that `draw` takes: it is given the first and the last of a group
    /// and the strongest of them, and returns whether they are done with. A single thing always is.
    pub fn walk(&self, count: usize, draw: &mut dyn FnMut(usize, usize, usize) -> bool) {
        if !self.is_dense() {
            for at in 0..count {
                draw(at, at, at);
            }
            return;
        }
        let (mut at, mut level) = (0, self.levels.len());
        while at < count {
            let size = 1 << (FAN as usize * level);
            let strongest =
                level.checked_sub(1).and_then(|l| self.levels.get(l)?.get(at / size)).map_or(at, |n| *n as usize);
            if !draw(at, (at + size).min(count) - 1, strongest) && 0 < level {
                level -= 1;
                continue;
            }
            at += size;
            while level < self.levels.len() && at.trailing_zeros() as usize >= FAN as usize * (level + 1) {
                level += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_know_their_strongest_and_leave_nothing_out() {
        let strength = |n: u32| n.wrapping_mul(2_654_435_761) >> 7;
        for count in [0, 1, 512, 513, 4_096, 5_000] {
            let peaks = Peaks::new(count, &|a, b| strength(a) > strength(b));
            for widest in [1, 7, 8, 64, 9_999] {
                let mut next = 0;
                peaks.walk(count, &mut |first, last, strongest| {
                    if widest < last - first + 1 {
                        return last == first;
                    }
                    assert_eq!(first, next);
                    let most = (first as u32..=last as u32).map(strength).max();
                    assert_eq!(Some(strength(strongest as u32)), most);
                    next = last + 1;
                    true
                });
                assert_eq!(next, count);
            }
        }
    }
}
