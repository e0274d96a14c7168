//! Links that are written are read again; links that others write are judged, whatever they say.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod runs;

use expect_test::{Expect, expect};
use poolscope_sim::random::Random;
use poolscope_sim::scenario::{Fault, FaultKind, KnobValue};
use poolscope_sim::time::{SimSpan, SimTime};
use poolscope_sim::trace::EventId;
use poolscope_sim::{Diagnostic, Document, Scenario, simulate};
use poolscope_timeline::{Changed, Lang, Permalink};
use runs::DEAD;

const LINK: &str = "#poolscope=1&scenario=dead&engine.pool_recycle=5&driver=mysqlclient&fault=kill.2@21.5s\
                    &at=15.0004s&event=raise&view=10s..20s&idle=folded&compare=plain&lang=zh-CN";

fn told(mistakes: &[Diagnostic]) -> String {
    mistakes.iter().map(|m| m.to_string() + "\n").collect()
}

fn check_mistakes(link: &str, expected: Expect) {
    let document = Document::from_toml(DEAD).unwrap();
    let mistakes = match Permalink::read(link) {
        Ok(link) => link.apply(&document).unwrap_err(),
        Err(mistakes) => mistakes,
    };
    expected.assert_eq(&told(&mistakes));
}

#[test]
fn what_is_written_is_read_again() {
    let link = Permalink::read(LINK).unwrap();
    assert_eq!(link.at, Some(SimTime(15_000_400)));
    assert_eq!(link.view, Some((SimTime(10_000_000), SimTime(20_000_000))));
    assert_eq!(link.faults[0], Fault { at: SimTime(21_500_000), kind: FaultKind::Kill { connection: Some(2) } });
    assert_eq!((link.lang, link.idle_folded, link.compare), (Some(Lang::ZhCn), true, true));
    assert_eq!(link.write(), LINK);
}

#[test]
fn a_link_changes_what_the_scenario_lets_it() {
    let document = Document::from_toml(DEAD).unwrap();
    let Changed { document, settings, .. } = Permalink::read(LINK).unwrap().apply(&document).unwrap();
    assert_eq!(settings[0], ("engine.pool_recycle".to_owned(), KnobValue::Number(5)));
    let scenario = Scenario::read(&document, "dead").unwrap();
    assert_eq!(scenario.engines[0].pool_recycle, Some(SimSpan::from_secs(5)));
    assert_eq!(scenario.faults.len(), 3);
}

#[test]
fn the_run_beside_has_settings_of_its_own() {
    let text =
        "#poolscope=1&scenario=dead&engine.pool_recycle=5&compare.engine.pool_recycle=60&compare.driver=mysqlclient";
    let link = Permalink::read(text).unwrap();
    assert!(link.compare);
    assert_eq!(link.write(), text);
    let changed = link.apply(&Document::from_toml(DEAD).unwrap()).unwrap();
    assert_eq!(changed.settings, [("engine.pool_recycle".to_owned(), KnobValue::Number(5))]);
    assert_eq!(changed.against[0], ("engine.pool_recycle".to_owned(), KnobValue::Number(60)));
    assert_eq!(changed.against[1], ("driver".to_owned(), KnobValue::Text("mysqlclient".to_owned())));
    let scenario = Scenario::read(&changed.document, "dead").unwrap();
    assert_eq!(scenario.engines[0].pool_recycle, Some(SimSpan::from_secs(5)));
    check_mistakes(
        "#poolscope=1&scenario=dead&compare.engine.pool_size=-4&compare.engine.pool_sise=5",
        expect![[r#"
            link: engine.pool_sise: the link sets something that cannot be set
              hint: an option such as engine.pool_recycle
        "#]],
    );
}

#[test]
fn every_event_is_found_again_by_name_and_instant() {
    let trace = runs::run(DEAD, &[]);
    for n in 0..trace.events.len() {
        let mut link = Permalink { scenario: "dead".to_owned(), ..Permalink::default() };
        link.select(&trace, EventId(n as u32));
        let again = Permalink::read(&link.write()).unwrap();
        assert_eq!(again.find(&trace), Some(EventId(n as u32)), "{}", link.write());
    }
}

#[test]
fn a_broken_link_is_told_what_is_wrong_with_it() {
    check_mistakes(
        "#poolscope=1&scenario=&at=now&view=9s..3s&view=1s..2s&event=&fault=explode@3s&lang=fr&idle=yes&x&Y=1&a=%zz",
        expect![[r#"
            link: scenario: the link has a value here that cannot be
              hint: the scenario's name
            link: at: the link has a value here that cannot be
              hint: a time such as 25.04s
            link: view: the link has a value here that cannot be
              hint: two times such as 20s..30s
            link: view: the link says this twice
            link: event: the link has a value here that cannot be
              hint: an event such as raise or raise.2
            link: fault: the link has a value here that cannot be
              hint: kill@25s, kill.3@25s or restart.2s@25s
            link: lang: the link has a value here that cannot be
              hint: en or zh-CN
            link: idle: the link has a value here that cannot be
              hint: folded
            link: a part of the link has no `=`
              hint: key=value, joined by &
            link: Y: a link has no such key
              hint: scenario, at, event, view, fault, idle, compare, lang, or an option such as engine.pool_size
            link: a part of the link is not well escaped
              hint: UTF-8, % and two hexadecimal digits
        "#]],
    );
    check_mistakes(
        "#poolscope=1&at=1s",
        expect![[r#"
        link: scenario: the link does not say which scenario it is about
          hint: scenario=<name>
    "#]],
    );
    check_mistakes(
        "#poolscope=2&scenario=dead",
        expect![[r#"
        link: poolscope: the link has another version
          hint: this page reads links of version 1
    "#]],
    );
    check_mistakes(
        "#installation",
        expect![[r#"
        link: this is not a link to a run
          hint: it would begin with #poolscope=1
    "#]],
    );
    check_mistakes(
        "#poolscope=1&scenario=dead&programs.handler.text=x&engine.pool_pre_ping=5&engine.pool_size=big&at=2000s&fault=kill@99s",
        expect![[r#"
            link: programs.handler.text: the link sets something that cannot be set
              hint: an option such as engine.pool_recycle
            link: engine.pool_pre_ping: this is neither on nor off
              hint: true or false
            link: engine.pool_size: this is not a whole number
            link: fault: the fault comes after the end of the run
              hint: 40 s
            link: at: the link points behind the end of the run
              hint: 40 s
        "#]],
    );
    check_mistakes(
        "#poolscope=1&scenario=dead&engine.pool_size=-5&driver=%3Cscript%3E",
        expect![[r#"
            driver: `driver` = "<script>" is not known
              hint: one of pymysql, mysqlclient, mysqlclient-mariadb, aiomysql, mysql-connector-python, mysql-connector-python-pure
            engine.pool_size: `pool_size` = -5 is out of range
              hint: 0 to 100000
        "#]],
    );
    check_mistakes(
        &format!("#poolscope=1&scenario=dead&x={}", "x".repeat(3_000)),
        expect![[r#"
        link: the link is too long
          hint: at most 2000 characters, this one has 3028
    "#]],
    );
    check_mistakes(
        "#poolscope=1&scenario=dead&process.0.count=1000&process.0.threads=10000",
        expect![[r#"
        link: process.0.threads: these are too many threads
          hint: a link asks for 4096 at most
    "#]],
    );
    let faults: String = (0..9).map(|n| format!("&fault=kill@{n}s")).collect();
    check_mistakes(
        &("#poolscope=1&scenario=dead".to_owned() + &faults),
        expect![[r#"
        link: fault: the link has too many faults
          hint: at most 8
    "#]],
    );
}

/// Links at random: pieces of real ones, and bytes that nobody writes. None of them panics, and none makes a run that the limits do not
/// end.
#[test]
fn a_hundred_thousand_hostile_links() {
    const PIECES: [&str; 46] = [
        "#",
        "poolscope=1",
        "poolscope=",
        "&",
        "&",
        "&",
        "=",
        "scenario=dead",
        "scenario",
        "engine.pool_size=",
        "engine.pool_recycle=-1",
        "engine.max_overflow=4294967295",
        "variables.wait_timeout=0",
        "process.0.count=1000&process.0.threads=10000",
        "seed=18446744073709551615",
        "seed=-1",
        "programs.handler.text=",
        "traffic.0.run=",
        "at=",
        "at=1e9s",
        "view=",
        "..",
        "event=raise.",
        "event=",
        "fault=kill@",
        "fault=restart.",
        "fault=restart.1us@",
        "kill.0@",
        "lang=zh-CN",
        "lang=",
        "idle=folded",
        "compare=plain",
        "compare.driver=mysqlclient",
        "compare.",
        "5",
        "0.000001s",
        "99999999999999999999",
        "9e99 h",
        "%",
        "%00",
        "%3Cscript%3E",
        "%F0%9F",
        "\u{202e}",
        "简体",
        "\u{0}",
        "<img src=x onerror=alert(1)>",
    ];
    let document = Document::from_toml(DEAD).unwrap();
    let mut random = Random::new(7, 0);
    let (mut read, mut applied, mut ran) = (0, 0, 0);
    for _ in 0..100_000 {
        let mut text = if random.below(8) == 0 { String::new() } else { "#poolscope=1&scenario=dead&".to_owned() };
        for _ in 0..random.below(9) {
            text += PIECES[random.below(PIECES.len() as u64) as usize];
            if random.below(3) == 0 {
                text.push('&');
            }
            if random.below(20) == 0 {
                text.extend(char::from_u32(random.below(0x11_0000) as u32));
            }
        }
        let Ok(link) = Permalink::read(&text) else { continue };
        read += 1;
        assert_eq!(Permalink::read(&link.write()).as_ref(), Ok(&link), "{text}");
        assert!(!link.write().contains(['<', '>', '"', '\'', ' ']));
        let Ok(changed) = link.apply(&document) else { continue };
        applied += 1;
        if ran < 200 {
            ran += 1;
            let trace = simulate(&Scenario::read(&changed.document, "dead").unwrap());
            let _ = link.find(&trace);
        }
    }
    assert!(read > 1_000 && applied > 500 && ran == 200, "{read} {applied} {ran}");
}
