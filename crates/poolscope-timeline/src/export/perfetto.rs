//! The run in the trace event format, which Perfetto, speedscope and Chromium's own viewer open: a process for each of the three
//! truths, a thread for each lane, slices, instants and counters. Times are microseconds there too.

use poolscope_sim::Trace;
use poolscope_sim::trace::EventId;

use crate::sentence::sentence;
use crate::timeline::{MarkKind, SeriesKind, Timeline, Truth};
use crate::words::{self, Lang};

pub fn perfetto(trace: &Trace, timeline: &Timeline, lang: Lang) -> String {
    let mut out = Writer { out: String::from("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n"), first: true };
    for (group, pid) in timeline.groups.iter().zip(1..) {
        let name = match group.truth {
            Truth::Application => words::APPLICATION,
            Truth::Pool => words::POOL,
            Truth::Server => words::SERVER,
        };
        out.named("process_name", pid, 0, lang.word(name));
        out.sorted("process_sort_index", pid, 0, pid);
        for series in &group.series {
            let name = match series.kind {
                SeriesKind::CheckedOut(_) => {
                    (lang.word(words::CHECKED_OUT).to_owned() + " " + &series.label).trim_end().to_owned()
                }
                SeriesKind::ThreadsConnected => series.label.clone(),
            };
            for (at, value) in &series.points {
                out.event("C", &name, at.as_us(), pid, 0);
                out.raw(",\"args\":{\"value\":").raw(&value.to_string()).raw("}}");
            }
        }
        let mut tid = 0;
        for lane in &group.lanes {
            for row in 0..lane.rows.max(1) {
                tid += 1;
                let label = if lane.label.is_empty() { kind_name(lane.kind, lang) } else { &lane.label };
                out.named("thread_name", pid, tid, label);
                out.sorted("thread_sort_index", pid, tid, tid);
                for bar in lane.bars.iter().filter(|b| b.row == row) {
                    let mut name = lang.word(words::doing(bar.kind)).to_owned();
                    if words::is_dead(bar.condition) {
                        name.push_str(", ");
                        name.push_str(lang.word(words::DEAD));
                    }
                    out.event("X", &name, bar.from.as_us(), pid, tid);
                    out.raw(",\"dur\":").raw(&(bar.to - bar.from).as_us().to_string());
                    out.args(trace, bar.event, bar.connection, lang);
                }
                for mark in lane.marks.iter().filter(|m| m.row == row) {
                    let name = match mark.kind {
                        MarkKind::Error(key) => key.label(),
                        MarkKind::Refuse(code) => code.to_string(),
                        _ => trace.events.get(mark.event.0 as usize).map_or("", |e| e.kind.name()).to_owned(),
                    };
                    out.event("i", &name, mark.at.as_us(), pid, tid);
                    // Of this thread.
                    out.raw(",\"s\":\"t\"");
                    out.args(trace, mark.event, mark.connection, lang);
                }
            }
        }
    }
    out.out.push_str("\n]}\n");
    out.out
}

fn kind_name(kind: crate::timeline::LaneKind, lang: Lang) -> &'static str {
    use crate::timeline::LaneKind;
    lang.word(match kind {
        LaneKind::Backlog { .. } => words::BACKLOG,
        LaneKind::LeftBehind { .. } => words::LEFT_BEHIND,
        LaneKind::Refused => words::REFUSED,
        LaneKind::Task(_) | LaneKind::Slot { .. } | LaneKind::Sessions => words::IDLE,
    })
}

struct Writer {
    out: String,
    first: bool,
}

impl Writer {
    fn raw(&mut self, text: &str) -> &mut Writer {
        self.out.push_str(text);
        self
    }

    fn text(&mut self, text: &str) -> &mut Writer {
        self.out.push('"');
        for c in text.chars() {
            match c {
                '"' | '\\' => self.out.extend(['\\', c]),
                '\n' => self.out.push_str("\\n"),
                c if c.is_control() => self.out.push_str(&format!("\\u{:04x}", u32::from(c))),
                c => self.out.push(c),
            }
        }
        self.out.push('"');
        self
    }

    fn begin(&mut self, phase: &str, name: &str, pid: u32, tid: u32) {
        if !self.first {
            self.out.push_str(",\n");
        }
        self.first = false;
        self.raw("{\"ph\":\"").raw(phase).raw("\",\"name\":").text(name);
        self.raw(",\"pid\":").raw(&pid.to_string()).raw(",\"tid\":").raw(&tid.to_string());
    }

    fn event(&mut self, phase: &str, name: &str, us: u64, pid: u32, tid: u32) {
        self.begin(phase, name, pid, tid);
        self.raw(",\"ts\":").raw(&us.to_string());
    }

    fn named(&mut self, what: &str, pid: u32, tid: u32, name: &str) {
        self.begin("M", what, pid, tid);
        self.raw(",\"args\":{\"name\":").text(name).raw("}}");
    }

    fn sorted(&mut self, what: &str, pid: u32, tid: u32, index: u32) {
        self.begin("M", what, pid, tid);
        self.raw(",\"args\":{\"sort_index\":").raw(&index.to_string()).raw("}}");
    }

    fn args(&mut self, trace: &Trace, event: EventId, connection: Option<u32>, lang: Lang) {
        self.raw(",\"args\":{\"what\":").text(&sentence(trace, event, lang.tag()));
        if let Some(rule) = trace.events.get(event.0 as usize).map(|e| e.rule) {
            self.raw(",\"rule\":").text(words::rule(rule, lang)).raw(",\"source\":").text(rule.source());
        }
        if let Some(connection) = connection {
            self.raw(",\"connection\":").raw(&connection.to_string());
        }
        self.raw("}}");
    }
}
