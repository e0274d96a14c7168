//! Text in, text out: two settings against the outcome.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod runs;

use std::collections::BTreeSet;

use expect_test::{Expect, expect};
use poolscope_sim::scenario::{Document, Scenario};
use poolscope_timeline::phase_map::{Dial, cell, order};

fn check(file: &str, x: &str, y: &str, most: usize, expected: Expect) {
    let text =
        std::fs::read_to_string(format!("{}/../../book/scenarios/{file}.toml", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let document = Document::from_toml(&text).unwrap();
    let scenario = Scenario::read(&document, file).unwrap();
    let dial = |path: &str| Dial::of(scenario.knobs.iter().find(|k| k.set == path).unwrap(), most);
    let (x, y) = (dial(x), dial(y));
    let mut map = format!("{} → {}..{}, {} ↓\n", x.path, x.values[0], x.values.last().unwrap(), y.path);
    for row in y.values.iter().rev() {
        let heats = x.values.iter().map(|column| {
            cell(&document, file, &[(&x.path, column), (&y.path, row)])
                .map_or('?', |c| [' ', '.', ':', '*', '#'][usize::from(c.heat())])
        });
        map += &format!("{row:>5} |{}\n", heats.collect::<String>().trim_end());
    }
    expected.assert_eq(&map);
}

#[test]
fn recycle_below_wait_timeout_is_safe() {
    check(
        "recycle-above-wait-timeout",
        "engine.pool_recycle",
        "variables.wait_timeout",
        30,
        expect![[r#"
        engine.pool_recycle → -1..60, variables.wait_timeout ↓
           60 |
           58 |
           55 |
           52 |
           49 |
           46 |
           43 |
           40 |
           37 |
           34 |.            ...
           31 |.            ....
           28 |.            ....
           25 |.            ....
           22 |.            ....
           19 |.        .............
           16 |.        .............
           13 |.     ................
           10 |.     ................
            7 |.  ...................
            4 |.  ...................
            1 |: ..........::::::::::
    "#]],
    );
}

#[test]
fn no_pool_is_large_enough_for_a_leak() {
    check(
        "sessions-never-closed",
        "engine.max_overflow",
        "traffic.0.run",
        21,
        expect![[r#"
        engine.max_overflow → 0..20, traffic.0.run ↓
        context-manager |
        closed |
        never-closed |**:::::::::::::::::::
    "#]],
    );
}

#[test]
fn a_map_is_filled_from_coarse_to_fine_and_each_cell_once() {
    for (columns, rows) in [(1, 1), (2, 9), (30, 17), (8, 8)] {
        let cells: Vec<_> = order(columns, rows).collect();
        assert_eq!(cells.len(), columns * rows);
        assert_eq!(cells.iter().collect::<BTreeSet<_>>().len(), cells.len());
        assert_eq!(cells[0], (0, 0));
    }
    assert_eq!(order(16, 16).take(4).collect::<Vec<_>>(), [(0, 0), (8, 0), (0, 8), (8, 8)]);
}
