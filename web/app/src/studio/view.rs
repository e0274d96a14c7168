//! The studio's part of the view: a panel under the transport, and what it adds to the listing and to the causes.

use poolscope_sim::Trace;
use poolscope_sim::scenario::FaultKind;
use poolscope_sim::trace::EventId;
use poolscope_timeline::{Lang, OutlineRow, origin as origins, sentence, status};

use super::map::{Drawn, Spot};
use super::words::{KINDS, Words, words};
use super::{Beside, STUDIO};
use crate::markup::Markup;
use crate::view::{View, flag, state};
use crate::widget::State;

/// As many moments of a line as a reader looks at.
const RUNS_MAX: usize = 60;
/// As many lines of a log as are looked at together.
const LOG_MAX: usize = 14;

/// The number of a line; in the studio a button that shows when the line ran.
pub fn line_number(out: &mut Markup, number: u16) {
    let number = number.to_string();
    if STUDIO {
        out.raw("<button type=\"button\" class=\"lineno\" data-do=\"t-line\" data-n=\"").text(&number).raw("\">");
        out.text(&number).raw("</button>");
    } else {
        out.raw("<b>").text(&number).raw("</b>");
    }
}

/// The settings that decide it, and the line at which the thread was.
pub fn origin(out: &mut Markup, trace: &Trace, event: EventId, lang: &str) {
    let words = words(Lang::of(lang));
    let rule = trace.events.get(event.0 as usize).map(|e| e.rule);
    let settings = rule.map_or(&[][..], origins::settings);
    if !settings.is_empty() {
        out.raw("<span class=\"origin\">").text(words.set_by).raw(" ");
        for path in settings {
            out.raw("<code>").text(path.rsplit('.').next().unwrap_or(path)).raw("</code> ");
        }
        out.raw("</span>");
    }
    if let Some(line) = origins::line_of(trace, event) {
        out.raw("<code>").text(&line.to_string()).raw("  ").text(trace.listing.line(line).trim()).raw("</code>");
    }
}

impl State {
    pub fn view_tools(&self, view: &mut View, lang: Lang) {
        let words = words(lang);
        if !self.stage.viewport.is_fit() {
            self.view_overview(view, words);
        } else {
            view.open("div hidden=", &[]).close();
        }
        view.open("div class=tools part=tools role=group aria-label={}", &[words.tools]);
        self.view_steps(view, words, lang);
        self.view_what_if(view, words);
        self.view_take(view, words);
        self.view_map(view, words, lang);
        view.leaf("p class=keys", &[], words.keys);
        view.close();
        view.open("div class=found", &[]);
        if let Some(beside) = &self.studio.beside {
            self.view_comparison(view, beside, words);
        }
        self.view_line(view, words);
        if let Some(lines) = &self.studio.log {
            self.view_log(view, lines, words);
        }
        if let Some(rows) = &self.studio.outline {
            self.view_outline(view, rows, words);
        }
        view.close();
    }

    /// The run in words; the row of the playhead is the current one, and each row leads to its moment.
    fn view_outline(&self, view: &mut View, rows: &[OutlineRow], words: &Words) {
        let mut out = Markup::default();
        out.raw("<table><thead><tr>");
        for head in words.outline_heads {
            out.raw("<th scope=\"col\">").text(head).raw("</th>");
        }
        out.raw("</tr></thead><tbody>");
        let now = rows.iter().rposition(|row| row.at <= self.playhead.at);
        for (n, row) in rows.iter().enumerate() {
            out.raw(if now == Some(n) { "<tr aria-current=\"step\"" } else { "<tr" });
            out.raw(if row.error { " class=\"error\"><td>" } else { "><td>" });
            out.raw("<button type=\"button\" data-do=\"select\" data-n=\"").text(&row.event.0.to_string()).raw("\">");
            out.text(&row.at.to_string()).raw("</button></td><td>").text(&row.who).raw("</td><td>");
            let (what, error) = row.what.split_once('\n').unwrap_or((&row.what, ""));
            out.text(what);
            if !error.is_empty() {
                out.raw("<pre>").text(error).raw("</pre>");
            }
            out.raw("</td><td>").text(&row.why).raw("</td></tr>");
        }
        out.raw("</tbody></table>");
        view.open("div class=outline part=outline tabindex=0 role=group aria-label={}", &[words.outline]);
        view.markup(out).close();
    }

    /// The last lines that the pools have logged at the playhead, and what the server has counted until then.
    fn view_log(&self, view: &mut View, lines: &[(EventId, String)], words: &Words) {
        let trace = &self.experiment.trace;
        let written = self.playhead.last_event(trace).map_or(0, |last| lines.partition_point(|line| line.0 <= last));
        let mut out = Markup::default();
        out.raw("<p class=\"label\">").text(words.log_of_pool).raw("</p><pre tabindex=\"0\">");
        if LOG_MAX < written {
            out.raw("…\n");
        }
        for (_, line) in lines.iter().take(written).skip(written.saturating_sub(LOG_MAX)) {
            out.text(line);
        }
        out.raw("</pre><p class=\"label\">").text(words.counters).raw("</p><table><tbody>");
        for (name, value) in status(trace, self.playhead.when) {
            out.raw("<tr><th scope=\"row\">").text(name).raw("</th><td>").text(&value.to_string()).raw("</td></tr>");
        }
        out.raw("</tbody></table>");
        view.open("div class=poollog part=poollog role=group aria-label={}", &[words.log]).markup(out).close();
    }

    fn view_steps(&self, view: &mut View, words: &Words, lang: Lang) {
        let studio = &self.studio;
        view.open("div class=set", &[]).open("label", &[]).leaf("span", &[], words.step);
        view.open("select data-do=t-kind", &[]).leaf(
            "option value=any selected?",
            &[flag(studio.kind.is_none())],
            words.any,
        );
        for (n, (kind, en, zh, _)) in KINDS.iter().enumerate() {
            let name = if lang == Lang::ZhCn { zh } else { en };
            view.leaf("option value={} selected?", &[&n.to_string(), flag(studio.kind == Some(*kind))], name);
        }
        view.close().close();
        let speed = match studio.speed {
            n if n < 0 => format!("×1/{}", 1 << -n),
            n => format!("×{}", 1 << n),
        };
        view.open("label", &[]).leaf("span", &[], words.speed);
        let line = "input type=range data-do=t-speed min=-4 max=6 step=1 value={} aria-valuetext={}";
        view.open(line, &[&studio.speed.to_string(), &speed]).close().leaf("output", &[], &speed).close();
        view.open("label class=check", &[])
            .open("input type=checkbox data-do=t-fold checked?", &[flag(self.stage.folded)]);
        view.close().leaf("span", &[], words.fold).close();
        view.open("label class=check", &[])
            .open("input type=checkbox data-do=t-arrows checked?", &[flag(studio.arrows)]);
        view.close().leaf("span", &[], words.arrows).close();
        view.open("label class=check", &[])
            .open("input type=checkbox data-do=t-outline checked?", &[flag(studio.outline.is_some())]);
        view.close().leaf("span", &[], words.outline).close();
        view.open("label class=check", &[])
            .open("input type=checkbox data-do=t-log checked?", &[flag(studio.log.is_some())]);
        view.close().leaf("span", &[], words.log).close();
        view.open("label class=check title={}", &[words.compare_none]);
        view.open("input type=checkbox data-do=t-compare checked?", &[flag(studio.compare)]);
        let label = if studio.against.is_empty() { words.compare } else { words.compare_with };
        view.close().leaf("span", &[], label).close();
        let hint = studio.compare && !self.compares();
        view.leaf("p hidden?", &[flag(!hint)], words.compare_none).close();
    }

    fn view_what_if(&self, view: &mut View, words: &Words) {
        let studio = &self.studio;
        view.open("div class=set", &[]).open("label", &[]).leaf("span", &[], words.what_if);
        view.open("select data-do=t-fault", &[]);
        let fault = if studio.fault.is_empty() { "kill" } else { studio.fault.as_str() };
        let mut option = |value: &str, text: &str| {
            view.leaf("option value={} selected?", &[value, flag(fault == value)], text);
        };
        // Those that are always there come first: the others come and go, and the choice must stay with its place.
        option("kill", words.kill_all);
        option("restart", words.restart);
        option("cut", words.cut_all);
        option("idle", words.cut_idle);
        for connection in self.connections() {
            option(&format!("kill.{connection}"), &format!("{} #{connection}", words.kill));
            option(&format!("cut.{connection}"), &format!("{} #{connection}", words.cut));
        }
        view.close().close();
        view.leaf("button type=button data-do=t-throw", &[], words.throw);
        view.leaf("button type=button data-do=t-undo aria-disabled={}", &[state(studio.undo.is_empty())], words.undo);
        view.leaf("button type=button data-do=t-redo aria-disabled={}", &[state(studio.redo.is_empty())], words.redo);
        let thrown = self.experiment.faults.iter().map(|fault| {
            let what = match fault.kind {
                FaultKind::Kill { connection: None } => "KILL".to_owned(),
                FaultKind::Kill { connection: Some(n) } => format!("KILL #{n}"),
                FaultKind::KillQuery { connection: None } => "KILL QUERY".to_owned(),
                FaultKind::KillQuery { connection: Some(n) } => format!("KILL QUERY #{n}"),
                FaultKind::Cut { connection: None } => words.cut_all.to_owned(),
                FaultKind::Cut { connection: Some(n) } => format!("{} #{n}", words.cut),
                FaultKind::Restart { .. } => words.restart.to_owned(),
            };
            format!("{what}, {}", fault.at)
        });
        let thrown: Vec<String> = thrown.collect();
        let told = if thrown.is_empty() { String::new() } else { format!("{}: {}", words.thrown, thrown.join("; ")) };
        view.leaf("p", &[], &told).close();
    }

    fn view_take(&self, view: &mut View, words: &Words) {
        view.open("div class=set role=group aria-label={}", &[words.take]).leaf("p class=label", &[], words.take);
        let kinds = [
            ("t-link", words.link),
            ("t-fence", words.fence),
            ("t-html", words.html),
            ("t-python", words.python),
            ("t-svg", "SVG"),
            ("t-png", "PNG"),
            ("t-jsonl", "JSON Lines"),
            ("t-perfetto", "Perfetto"),
        ];
        for (purpose, name) in kinds {
            view.leaf("button type=button data-do={}", &[purpose], name);
        }
        view.leaf("p role=status", &[], self.studio.note);
        let taken = &self.studio.taken;
        view.open("pre class=taken tabindex=0 hidden?", &[flag(taken.is_empty())]).text(taken).close().close();
    }

    fn view_map(&self, view: &mut View, words: &Words, lang: Lang) {
        let knobs = &self.experiment.knobs;
        let map = &self.studio.map;
        view.open("div class=set hidden?", &[flag(knobs.len() < 2)]).leaf("p class=label", &[], words.map);
        for (purpose, chosen) in [("t-x", map.x), ("t-y", map.y)] {
            view.open("select data-do={} aria-label={}", &[purpose, words.map]);
            for (n, knob) in knobs.iter().enumerate() {
                let name = knob.label.get(lang.tag());
                view.leaf("option value={} selected?", &[&n.to_string(), flag(n == chosen)], name);
            }
            view.close();
        }
        view.leaf("button type=button data-do=t-map", &[], words.map_start);
        view.open("div class=map", &[]);
        if let Some(drawn) = &map.drawn {
            view.leaf("p", &[], words.map_more).markup(table(drawn, words));
        }
        view.close().close();
    }

    fn view_comparison(&self, view: &mut View, beside: &Beside, words: &Words) {
        let mut out = Markup::default();
        match beside.comparison.divergence {
            Some(divergence) => {
                out.raw("<p><b>").text(words.difference).raw(", ").text(&divergence.at.to_string()).raw("</b></p><ul>");
                let told = [
                    (words.before, &beside.trace, divergence.before),
                    (words.now, &self.experiment.trace, divergence.now),
                ];
                for (name, trace, event) in told {
                    out.raw("<li><i>").text(name).raw("</i> ");
                    out.text(&event.map_or_else(String::new, |e| sentence(trace, e, &self.lang))).raw("</li>");
                }
                out.raw("</ul>");
            }
            None => {
                out.raw("<p>").text(words.no_difference).raw("</p>");
            }
        }
        out.raw("<table><thead><tr><th scope=\"col\">").text(words.figure).raw("</th><th scope=\"col\">");
        out.text(words.before).raw("</th><th scope=\"col\">").text(words.now);
        out.raw("</th><td></td></tr></thead><tbody>");
        for row in &beside.comparison.rows {
            out.raw("<tr><th scope=\"row\">");
            // The path of an option may be broken at its dots.
            for part in row.name.split_inclusive('.') {
                out.text(part).raw("<wbr>");
            }
            out.raw("</th><td>").text(&row.before).raw("</td><td>");
            out.text(&row.now).raw("</td>");
            match row.better {
                Some(true) => out.raw("<td class=\"better\">▲ ").text(words.better),
                Some(false) => out.raw("<td class=\"worse\">▼ ").text(words.worse),
                None => out.raw("<td>"),
            };
            out.raw("</td></tr>");
        }
        out.raw("</tbody></table>");
        view.open("div class=comparison part=comparison tabindex=0 role=group aria-label={}", &[words.compare]);
        view.markup(out).close();
    }

    fn view_line(&self, view: &mut View, words: &Words) {
        let Some(line) = self.studio.line else { return };
        let trace = &self.experiment.trace;
        let runs = origins::runs_of(trace, line);
        let mut out = Markup::default();
        out.text(words.line).raw(" ").text(&line.to_string()).raw(" ");
        if runs.is_empty() {
            out.text(words.never);
        } else {
            out.text(&runs.len().to_string()).raw(" ").text(words.ran).raw(" ");
            for event in runs.iter().take(RUNS_MAX) {
                let at = trace.events.get(event.0 as usize).map_or_else(String::new, |e| e.at.to_string());
                out.raw("<button type=\"button\" data-do=\"select\" data-n=\"").text(&event.0.to_string()).raw("\">");
                out.text(&at).raw("</button> ");
            }
            if RUNS_MAX < runs.len() {
                out.raw("…");
            }
        }
        view.open("div class=runs role=status", &[]).markup(out).close();
    }

    /// The whole run, small: where errors are, and what part of it the picture shows.
    fn view_overview(&self, view: &mut View, words: &Words) {
        let (from, to) = self.stage.viewport.part();
        let (steps, errors) = &self.studio.overview;
        view.open("div class=overview", &[]);
        view.open("svg viewBox={} preserveAspectRatio=none aria-hidden=true", &["0 0 1000 24"]);
        let window = format!("M{from} 1H{to}V23H{from}z");
        for (class, path) in [("steps", steps), ("errors", errors), ("window", &window)] {
            view.open("path class={} d={}", &[class, path]).close();
        }
        view.close();
        let middle = ((from + to) / 2).to_string();
        let line = "input type=range data-do=t-overview min=0 max=1000 step=1 value={} aria-label={} aria-valuetext={}";
        let told = format!("{} – {}", self.stage.viewport.from(), self.stage.viewport.to());
        view.open(line, &[&middle, words.overview, &told]).close().close();
    }
}

/// Rows from the highest value down, as an axis goes.
fn table(drawn: &Drawn, words: &Words) -> Markup {
    let columns = drawn.x.values.len();
    let name = |path: &str| path.rsplit('.').next().unwrap_or(path).to_owned();
    let (x, y) = (name(&drawn.x.path), name(&drawn.y.path));
    let mut out = Markup::default();
    out.raw("<table><caption>").text(&y).raw(" ↑, ").text(&x).raw(" →</caption><tbody>");
    for (row, value) in drawn.y.values.iter().enumerate().rev() {
        out.raw("<tr><th scope=\"row\">").text(&value.to_string()).raw("</th>");
        for (column, across) in drawn.x.values.iter().enumerate() {
            let n = row * columns + column;
            let told = |what: &str| format!("{x} {across}, {y} {value}: {what}");
            match drawn.cells.get(n).and_then(Option::as_ref) {
                None => {
                    out.raw("<td></td>");
                }
                Some(Spot { heat: None, .. }) => {
                    out.raw("<td title=\"").text(&told(words.cannot_run)).raw("\">–</td>");
                }
                Some(Spot { heat: Some(heat), bad, requests, error }) => {
                    let told = told(&format!("{bad}/{requests} {error}"));
                    out.raw("<td class=\"h")
                        .text(&heat.to_string())
                        .raw("\"><button type=\"button\" data-do=\"t-cell\" data-n=\"");
                    out.text(&n.to_string())
                        .raw("\" title=\"")
                        .text(&told)
                        .raw("\" aria-label=\"")
                        .text(&told)
                        .raw("\">");
                    out.text(&if *bad == 0 { "·".to_owned() } else { bad.to_string() }).raw("</button></td>");
                }
            }
        }
        out.raw("</tr>");
    }
    out.raw("</tbody><tfoot><tr><th scope=\"row\">→</th>");
    for value in &drawn.x.values {
        out.raw("<th scope=\"col\">").text(&value.to_string()).raw("</th>");
    }
    out.raw("</tr></tfoot></table>");
    out
}
