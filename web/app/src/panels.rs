//! What surrounds the picture: the sentence of the step with its causes, the listing, the three truths, the log.

use poolscope_sim::Trace;
use poolscope_sim::text::cut;
use poolscope_sim::trace::{EngineName, EventId};
use poolscope_timeline::{Lang, Moment, rule, sentence, why};

use crate::markup::Markup;
use crate::studio::{self, STUDIO};
use crate::words::Words;

/// As many causes as a reader follows.
const CAUSES_MAX: usize = 12;
/// A leak makes one disagreement for each connection; a few say it all.
const DISAGREEMENTS_MAX: usize = 3;

/// What happened, in one sentence.
pub fn told(trace: &Trace, subject: Option<EventId>, lang: &str, words: &Words) -> String {
    subject.map_or_else(|| words.nothing_yet.to_owned(), |event| sentence(trace, event, lang))
}

/// The rule that the event follows, then its cause with the rule of that, and so on.
pub fn causes(trace: &Trace, subject: EventId, lang: &str) -> Markup {
    let mut out = Markup::default();
    for event in std::iter::once(subject).chain(why(trace, subject)).take(CAUSES_MAX) {
        let Some(e) = trace.events.get(event.0 as usize) else { break };
        out.raw("<li>");
        if event != subject {
            out.raw("<button type=\"button\" data-do=\"select\" data-n=\"").text(&event.0.to_string());
            out.raw("\"><time>").text(&e.at.to_string()).raw("</time> ");
            out.text(&sentence(trace, event, lang)).raw("</button>");
        }
        out.raw("<span>").text(rule(e.rule, Lang::of(lang))).raw("</span><cite>").text(e.rule.source()).raw("</cite>");
        if STUDIO {
            studio::origin(&mut out, trace, event, lang);
        }
        out.raw("</li>");
    }
    out
}

/// The Python text, with the lines that run at this moment.
pub fn listing(trace: &Trace, moment: &Moment, subject: Option<EventId>) -> Markup {
    let actor = subject.and_then(|event| trace.events.get(event.0 as usize)).and_then(|e| e.task);
    let mut out = Markup::default();
    for (text, number) in trace.listing.lines.iter().zip(1u16..) {
        let (mut names, mut more, mut acts) = (String::new(), 0, false);
        for (_, n) in moment.tasks.iter().zip(0u16..).filter(|(t, _)| t.line == Some(number)) {
            acts |= Some(n) == actor;
            if names.is_empty() { names += thread(trace, n) } else { more += 1 }
        }
        if more > 0 {
            names += &format!(" +{more}");
        }
        out.raw(if acts {
            "<span class=\"lit acts\">"
        } else if names.is_empty() {
            "<span>"
        } else {
            "<span class=\"lit\">"
        });
        studio::line_number(&mut out, number);
        // After the text: where there is no room beside it, the names go below.
        out.text(text).raw("<i>").text(&names).raw("</i>\n</span>");
    }
    out
}

/// `worker 1, thread 2`; where there is one process its name goes without saying.
fn thread(trace: &Trace, task: u16) -> &str {
    let Some(task) = trace.tasks.get(usize::from(task)) else { return "" };
    let single = trace.engines.iter().all(|e| e.process == 0);
    match cut(&task.name, ", ") {
        Some((_, thread)) if single => thread,
        _ => &task.name,
    }
}

/// Two of the three answers to "which connections are there?", and where the answers differ.
pub fn holdings(trace: &Trace, moment: &Moment, lang: Lang, tag: &str, words: &Words) -> Markup {
    let mut out = Markup::default();
    out.raw("<p class=\"label\">").text(words.application).raw("</p><ul>");
    let (mut idle, mut resting) = (0, 0);
    for (n, task) in moment.tasks.iter().enumerate() {
        if task.doing.is_none() && task.holds.is_empty() {
            (idle, resting) = (n, resting + 1);
            continue;
        }
        let name = trace.tasks.get(n).map_or("", |t| &t.name);
        let colon = if lang == Lang::ZhCn { "</b>：" } else { "</b>: " };
        out.raw("<li><b>").text(name).raw(colon).text(&moment.task_text(n, tag));
        for connection in &task.holds {
            // The number that the connection has in the picture.
            out.raw(" #").text(&connection.to_string());
        }
        out.raw("</li>");
    }
    if resting > 0 {
        out.raw("<li class=\"idle\">").text(&moment.task_text(idle, tag)).raw(" ×").text(&resting.to_string());
    }
    out.raw("</ul><p class=\"label\">").text(words.pool).raw("</p>");
    for (engine, name) in moment.engines.iter().zip(&trace.engines).filter(|(engine, _)| engine.made) {
        out.raw("<pre><i>&gt;&gt;&gt; ")
            .text(&name.name)
            .raw(".pool.status()")
            .text(&process(trace, name))
            .raw("</i>\n");
        out.text(&engine.status).raw("</pre>");
    }
    let texts = moment.disagreement_texts(tag);
    if !texts.is_empty() {
        out.raw("<div class=\"disagreements\"><p class=\"label\">").text(words.disagreement).raw("</p>");
        for text in texts.iter().take(DISAGREEMENTS_MAX) {
            out.raw("<p>").text(text).raw("</p>");
        }
        if texts.len() > DISAGREEMENTS_MAX {
            out.raw("<p>… +").text(&(texts.len() - DISAGREEMENTS_MAX).to_string()).raw("</p>");
        }
        out.raw("</div>");
    }
    out
}

/// `  # worker 1`, where there is more than one pool.
fn process(trace: &Trace, engine: &EngineName) -> String {
    match trace.processes.get(usize::from(engine.process)) {
        Some(process) if trace.engines.len() > 1 => "  # ".to_owned() + process,
        _ => String::new(),
    }
}

/// The third answer, as the `mysql` client prints it.
pub fn server(moment: &Moment, words: &Words) -> Markup {
    let mut out = Markup::default();
    out.raw("<i>mysql&gt; SHOW PROCESSLIST;</i>\n");
    if moment.server_up {
        out.text(&moment.processlist_text());
    } else {
        out.text(words.server_down);
    }
    out
}

/// The last exception, as the application's log has it.
pub fn log(trace: &Trace, moment: &Moment, words: &Words) -> Markup {
    let mut out = Markup::default();
    out.raw("<p class=\"label\">").text(words.last_error);
    match &moment.error {
        Some(error) => {
            out.raw(" (").text(&error.at.to_string());
            if let Some(task) = error.task.and_then(|t| trace.tasks.get(usize::from(t))) {
                out.raw(", ").text(&task.name);
            }
            out.raw(")</p><pre class=\"error\">").text(&error.traceback).raw("</pre>");
        }
        None => {
            out.raw("</p><pre>").text(words.no_error).raw("</pre>");
        }
    }
    out
}
