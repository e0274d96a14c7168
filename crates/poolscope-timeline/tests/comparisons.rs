//! Text in, text out: two runs beside each other.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod runs;

use expect_test::{Expect, expect};
use poolscope_sim::Trace;
use poolscope_timeline::{Comparison, Lang, SceneOptions, Timeline, Viewport, ascii, scene, sentence};
use runs::{DEAD, LEAK, WAIT, run};

fn check(before: &Trace, now: &Trace, expected: Expect) {
    let comparison = Comparison::new(before, now, Lang::En);
    let mut text = ascii(&Timeline::new(now).beside(&Timeline::new(before)), 80);
    text += "\n";
    if let Some(divergence) = comparison.divergence {
        text += &format!("first difference: {}\n", divergence.at);
        for (name, trace, event) in [("before", before, divergence.before), ("now", now, divergence.now)] {
            let told = event.map_or_else(|| "over".to_owned(), |event| sentence(trace, event, "en"));
            text += &format!("  {name:6}  {told}\n");
        }
        text += "\n";
    }
    expected.assert_eq(&(text + &comparison.text()));
}

#[test]
fn pre_ping_finds_what_was_dead() {
    check(
        &run(DEAD, &[]),
        &run(DEAD, &[("engine.pool_pre_ping", "true")]),
        expect![[r#"
            Dead connections        |0 s          10 s          20 s         30 s
            APPLICATION
            app, thread 1           | ===                ======     ===       ==-=   ==-=
              before                | ===                ! ====     ===       !      ==-=
            app, thread 2           |  ===
              before                |  ===
            POOL
            checked out (2)         | 1221               111111     111       1111   1111
              before (2)            | 1221                 1111     111              1111
            slot 1                  | c##----------xxxxxxP##----xxxxP##-------oooxxxxc###--
              before                | c##----------xxxxxxI          c##-------oooxxxxc###--
            slot 2                  |  c##----------xxxxxxxc###-xxxxxxxxxxxxxxP###xxxxxxxxx
              before                |  c##----------xxxxxxxc###-xxxxxxxxxxxxxxI
            SERVER
            Threads_connected (151) | 122222222222221    11222222   111111111122221  111111
              before (151)          | 122222222222221      111111   11111111111111   111111
            Id 8/10/12/8            | ===----------T     ===----K   ===----------T  U==_=--
              before                | ===----------T                ===----------TD U==_=--
            Id 9/11/13              |  ===----------T      ====-K             ==_=D
              before                |  ===----------T      ====-K

            first difference: 15 s
              before  app, thread 1 checks out connection 1.
              now     A ping tests connection 1.

            requests                      7       7
            served                        5       7  better
            failed: 2013                  2       0  better
            waited for a connection       0       0
            wait, p50                     –       –
            wait, p95                     –       –
            longest wait                  –       –
            pings                         0       3
            connections opened            5       7
            Max_used_connections          2       2
            Aborted_clients               4       5
        "#]],
    );
}

#[test]
fn a_larger_pool_makes_nobody_wait() {
    check(
        &run(WAIT, &[]),
        &run(WAIT, &[("engine.max_overflow", "9")]),
        expect![[r#"
        Waiting                 |0 s                   5 s                    10 s
        APPLICATION
        no free thread          |       ttttttt
                                |         ttttt
                                |           ttttt
          before                |       ttttttt
                                |         ttttt
                                |           tttttttttt
        app, thread 1           |    ===================
          before                |    ===================
        app, thread 2           |    ===================
          before                |    ===================
        app, thread 3           |      ===================
          before                |      wwwwwwwwwwwwww!ww=========
        app, thread 4           |       ==========
          before                |       wwwwwwwwwwwww!
        POOL
        checked out (10)        |    223444444444433333311
          before (2)            |    2222222222222222222111111111
        slot 1                  |    c##################
          before                |    c###########################----------------------
        slot 2                  |    c##################
          before                |    c##################
        slot 3                  |      c##################
        slot 4                  |       c#########-------------------------------------
        SERVER
        Threads_connected (151) |    22344444444444444442211111111111111111111111111111
          before (151)          |    22222222222222222221111111111111111111111111111111
        Id 8                    |    ==================q
          before                |    ============================----------------------
        Id 9                    |    ==================q
          before                |    ==================q
        Id 10                   |      ==================q
        Id 11                   |       ==========-------------------------------------

        first difference: 1.5 s
          before  app, thread 3 finds nothing free in the pool and waits, until 4.5 s at most.
          now     The pool now says: Pool size: 1  Connections in pool: 0 Current Overflow: 2 Current Checked out connections: 3

        requests                      7       7
        served                        5       7  better
        failed: QueuePool limit       2       0  better
        waited for a connection       3       0  better
        wait, p50                   3 s       –  better
        wait, p95                   3 s       –  better
        longest wait                3 s       –  better
        pings                         0       0
        connections opened            2       4
        Max_used_connections          2       4
        Aborted_clients               0       0
    "#]],
    );
}

#[test]
fn a_run_is_the_same_as_itself() {
    for toml in [DEAD, LEAK, WAIT] {
        let trace = run(toml, &[]);
        let comparison = Comparison::new(&trace, &trace, Lang::ZhCn);
        assert_eq!(comparison.divergence, None);
        assert!(comparison.rows.iter().all(|row| row.before == row.now && row.better.is_none()), "{comparison:?}");
    }
}

/// A click in the lanes of the other run would select an event that is not in this one.
#[test]
fn only_this_run_can_be_pointed_at() {
    let (before, now) = (run(DEAD, &[]), run(DEAD, &[("engine.pool_pre_ping", "true")]));
    let (own, other) = (Timeline::new(&now), Timeline::new(&before));
    let both = own.beside(&other);
    let viewport = Viewport::fit(both.start, both.end);
    let clickable = |timeline: &Timeline| {
        let scene = scene(timeline, &viewport, &SceneOptions::new(800.0, "en"));
        scene.items.iter().filter_map(|item| item.event.map(|e| (e, item.class))).collect::<Vec<_>>()
    };
    let (mut alone, mut beside) = (clickable(&own), clickable(&both));
    alone.sort_unstable();
    beside.sort_unstable();
    assert_eq!(alone, beside);
}
