//! What surrounds the picture: the sentence of the step with its causes, the listing, and the three truths.

use poolscope_sim::Trace;
use poolscope_sim::trace::EventId;
use poolscope_timeline::{Lang, Moment, sentence, why};
use yew::prelude::*;

use crate::words::Words;

/// As many causes as a reader follows.
const CAUSES_MAX: usize = 12;

/// What happened, and on demand because of what.
pub fn story(trace: &Trace, subject: Option<EventId>, open: bool, playing: bool, lang: &str, words: &Words) -> Html {
    let text = subject.map_or_else(|| words.nothing_yet.to_owned(), |event| sentence(trace, event, lang));
    let causes: Vec<EventId> = match subject {
        Some(event) if open => std::iter::once(event).chain(why(trace, event)).take(CAUSES_MAX).collect(),
        _ => Vec::new(),
    };
    html! {
        <div class="story" part="story">
            // While it plays, a screen reader would only ever hear beginnings.
            <p class="sentence" aria-live={if playing { "off" } else { "polite" }}>{ text }</p>
            <button type="button" class="why" data-do="why" aria-expanded={open.to_string()} disabled={subject.is_none()}>{ words.why }</button>
            <ol class="causes" hidden={!open}>
                { for causes.into_iter().map(|event| cause(trace, event, Some(event) == subject, lang)) }
            </ol>
        </div>
    }
}

fn cause(trace: &Trace, event: EventId, subject: bool, lang: &str) -> Html {
    let Some(e) = trace.events.get(event.0 as usize) else { return Html::default() };
    html! {
        <li>
            <button type="button" data-do="select" data-n={event.0.to_string()} hidden={subject}>
                <time>{ e.at.to_string() }</time>{ " " }{ sentence(trace, event, lang) }
            </button>
            <span class="rule">{ e.rule.sentence() }</span>
            <cite>{ e.rule.source() }</cite>
        </li>
    }
}

/// The Python text, with the lines that run at this moment.
pub fn listing(trace: &Trace, moment: &Moment, subject: Option<EventId>, words: &Words) -> Html {
    let actor = subject.and_then(|event| trace.events.get(event.0 as usize)).and_then(|e| e.task);
    html! {
        <section class="listing" part="listing" aria-label={words.listing}>
            <pre tabindex="0"><code>
                { for trace.listing.lines.iter().zip(1u16..).map(|(text, number)| {
                    let here = || moment.tasks.iter().zip(0u16..).filter(move |(t, _)| t.line == Some(number));
                    let acts = here().any(|(_, task)| Some(task) == actor);
                    let class = if acts { "lit acts" } else if here().next().is_some() { "lit" } else { "" };
                    html! {
                        <span {class}>
                            <span class="number">{ number }</span>
                            { text }
                            <span class="threads">{ threads(trace, here().map(|(_, task)| task)) }</span>
                            { "\n" }
                        </span>
                    }
                }) }
            </code></pre>
        </section>
    }
}

/// `worker 1, thread 2; worker 2, thread 1 +3`.
fn threads(trace: &Trace, tasks: impl Iterator<Item = u16>) -> String {
    let names: Vec<&str> = tasks.filter_map(|t| trace.tasks.get(usize::from(t))).map(|t| t.name.as_str()).collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [one, two] => format!("{one}; {two}"),
        [one, two, more @ ..] => format!("{one}; {two} +{}", more.len()),
    }
}

/// Three answers to "which connections are there?", as the reader has them in front of them in production.
pub fn truths(trace: &Trace, moment: &Moment, lang: Lang, tag: &str, words: &Words) -> Html {
    let disagreements = moment.disagreement_texts(tag);
    let separator = if lang == Lang::ZhCn { "：" } else { ": " };
    html! {
        <section class="truths" part="truths">
            <h4>{ words.application }</h4>
            <ul class="tasks">
                { for moment.tasks.iter().enumerate().map(|(n, task)| html! {
                    <li class={if task.doing.is_none() && task.holds.is_empty() { "idle" } else { "" }}>
                        <b>{ trace.tasks.get(n).map(|t| t.name.clone()) }</b>
                        { separator }{ moment.task_text(n, tag) }
                        { for task.holds.iter().map(|c| html! { <span class="connection">{ format!(" #{c}") }</span> }) }
                    </li>
                }) }
            </ul>
            <h4>{ words.pool }</h4>
            <div class="pools">
                { for moment.engines.iter().zip(&trace.engines).map(|(engine, name)| html! {
                    <pre tabindex="0"><span class="prompt">{ format!(">>> {}.pool.status()", name.name) }</span>{ "\n" }{ &engine.status }</pre>
                }) }
            </div>
            <h4>{ words.server }</h4>
            <pre tabindex="0"><span class="prompt">{ "mysql> SHOW PROCESSLIST;" }</span>{ "\n" }{
                if moment.server_up { moment.processlist_text() } else { words.server_down.to_owned() }
            }</pre>
            <div class="disagreements" hidden={disagreements.is_empty()}>
                <h4>{ words.disagreement }</h4>
                <ul>{ for disagreements.into_iter().map(|text| html! { <li>{ text }</li> }) }</ul>
            </div>
        </section>
    }
}

pub fn log(trace: &Trace, moment: &Moment, words: &Words) -> Html {
    let (heading, text) = match &moment.error {
        Some(error) => {
            let task = error.task.and_then(|t| trace.tasks.get(usize::from(t)));
            let who = task.map_or_else(String::new, |t| format!(", {}", t.name));
            (format!("{} · {}{who}", words.last_error, error.at), error.traceback.clone())
        }
        None => (words.last_error.to_owned(), words.no_error.to_owned()),
    };
    html! {
        <section class="log" part="log">
            <h4>{ heading }</h4>
            <pre class={if moment.error.is_some() { "traceback" } else { "" }} tabindex="0">{ text }</pre>
        </section>
    }
}
