//! Two runs side by side: the same rows in the same order in every lane, at nearly the same times.

use super::Rows;
use std::collections::BTreeMap;
use std::fmt;

/// A real run is this far from the simulated one at most, at every row: threads wake up late, round trips and sign-ins take their time.
/// The cases leave more than this between what they tell apart.
pub const TOLERANCE_US: i64 = 450_000;
const AROUND: usize = 6;

#[derive(Debug)]
pub struct Difference(String);

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

pub fn compare(simulated: &Rows, real: &Rows, tolerance_us: i64) -> Vec<Difference> {
    let (simulated, real) = (lanes(simulated), lanes(real));
    let mut names: Vec<&str> = simulated.keys().chain(real.keys()).copied().collect();
    names.sort_unstable();
    names.dedup();
    let rows = |name| (simulated.get(name).map_or(&[][..], |r| r), real.get(name).map_or(&[][..], |r| r));
    names.into_iter().filter_map(|name| lane(name, rows(name), tolerance_us)).collect()
}

type Row<'r> = (i64, &'r str);

fn lanes(rows: &Rows) -> BTreeMap<&str, Vec<Row<'_>>> {
    let mut lanes: BTreeMap<&str, Vec<Row<'_>>> = BTreeMap::new();
    for (at, lane, text) in rows {
        lanes.entry(lane).or_default().push((*at, text));
    }
    lanes
}

fn lane(name: &str, (simulated, real): (&[Row<'_>], &[Row<'_>]), tolerance_us: i64) -> Option<Difference> {
    let both = simulated.iter().zip(real);
    let same = both.take_while(|(s, r)| s.1 == r.1 && (s.0 - r.0).abs() <= tolerance_us).count();
    if same == simulated.len() && same == real.len() {
        return None;
    }
    let mut text = format!("in lane {name}:\n");
    for (at, row) in real.iter().take(same).skip(same.saturating_sub(AROUND)) {
        text += &format!("        {at:>9} {row}\n");
    }
    for (who, rows) in [("real", real), ("sim ", simulated)] {
        for (at, row) in rows.iter().skip(same).take(AROUND) {
            text += &format!("  {who}  {at:>9} {row}\n");
        }
        if rows.len() <= same {
            text += &format!("  {who}            (nothing more)\n");
        }
    }
    Some(Difference(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: &[(i64, &str, &str)]) -> Rows {
        rows.iter().map(|(at, lane, text)| (*at, (*lane).to_owned(), (*text).to_owned())).collect()
    }

    fn compare(simulated: &Rows, real: &Rows) -> Vec<Difference> {
        super::compare(simulated, real, TOLERANCE_US)
    }

    #[test]
    fn lanes_are_compared_each_for_itself() {
        let simulated = rows(&[(0, "a", "x"), (1, "b", "y")]);
        assert!(compare(&simulated, &rows(&[(2, "b", "y"), (3, "a", "x")])).is_empty());
        assert_eq!(compare(&simulated, &rows(&[(0, "a", "x"), (1, "b", "z")])).len(), 1);
        assert_eq!(compare(&simulated, &rows(&[(0, "a", "x")])).len(), 1);
    }

    #[test]
    fn a_row_that_comes_too_late_differs() {
        let simulated = rows(&[(0, "a", "x")]);
        assert!(compare(&simulated, &rows(&[(TOLERANCE_US, "a", "x")])).is_empty());
        assert_eq!(compare(&simulated, &rows(&[(TOLERANCE_US + 1, "a", "x")])).len(), 1);
    }
}
