//! What surrounds the picture: the sentence of the step with its causes, the listing, and the three truths.

use poolscope_sim::Trace;
use poolscope_sim::trace::{EngineName, EventId};
use poolscope_timeline::{Lang, Moment, sentence, why};
use yew::prelude::*;

use crate::words::Words;

/// As many causes as a reader follows.
const CAUSES_MAX: usize = 12;
/// A leak makes one disagreement for each connection; a few say it all.
const DISAGREEMENTS_MAX: usize = 3;

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
            <p class="label">{ words.listing }</p>
            <pre tabindex="0"><code>
                { for trace.listing.lines.iter().zip(1u16..).map(|(text, number)| {
                    let here = || moment.tasks.iter().zip(0u16..).filter(move |(t, _)| t.line == Some(number));
                    let acts = here().any(|(_, task)| Some(task) == actor);
                    let class = if acts { "lit acts" } else if here().next().is_some() { "lit" } else { "" };
                    html! {
                        <span {class}>
                            <span class="threads">{ threads(trace, here().map(|(_, task)| task)) }</span>
                            <span class="number">{ number }</span>
                            { text }{ "\n" }
                        </span>
                    }
                }) }
            </code></pre>
        </section>
    }
}

/// `worker 1, thread 2; worker 2, thread 1 +3`; where there is one process its name goes without saying.
fn threads(trace: &Trace, tasks: impl Iterator<Item = u16>) -> String {
    let single = trace.engines.iter().all(|e| e.process == 0);
    let name = |task: u16| {
        let name = trace.tasks.get(usize::from(task))?.name.as_str();
        Some(name.split_once(", ").filter(|_| single).map_or(name, |(_, thread)| thread))
    };
    let names: Vec<&str> = tasks.filter_map(name).collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [one, more @ ..] => format!("{one} +{}", more.len()),
    }
}

/// Two of the three answers to "which connections are there?", and where the answers differ.
pub fn holdings(trace: &Trace, moment: &Moment, lang: Lang, tag: &str, words: &Words) -> Html {
    let idle = |n: &usize| moment.tasks.get(*n).is_some_and(|t| t.doing.is_none() && t.holds.is_empty());
    let (resting, busy): (Vec<usize>, Vec<usize>) = (0..moment.tasks.len()).partition(idle);
    let colon = if lang == Lang::ZhCn { "：" } else { ": " };
    html! {
        <section class="holdings" part="holdings">
            <p class="label">{ words.application }</p>
            <ul class="tasks">
                { for busy.into_iter().map(|n| html! {
                    <li>
                        <b>{ trace.tasks.get(n).map(|t| t.name.clone()) }</b>
                        { colon }{ moment.task_text(n, tag) }{ connections(&moment.tasks[n].holds) }
                    </li>
                }) }
                <li class="idle">{ resting.first().map(|n| format!("{} ×{}", moment.task_text(*n, tag), resting.len())) }</li>
            </ul>
            <p class="label">{ words.pool }</p>
            <div class="pools">
                { for moment.engines.iter().zip(&trace.engines).map(|(engine, name)| html! {
                    <pre><span class="prompt">{ prompt(trace, name) }</span>{ "\n" }{ &engine.status }</pre>
                }) }
            </div>
            { disagreements(moment, tag, words) }
        </section>
    }
}

/// ` #3 #4`: the numbers that the connections have in the picture.
fn connections(holds: &[u32]) -> String {
    holds.iter().map(|connection| format!(" #{connection}")).collect()
}

/// `>>> engine.pool.status()`, and in which process where there are several.
fn prompt(trace: &Trace, engine: &EngineName) -> String {
    let mut text = format!(">>> {}.pool.status()", engine.name);
    if trace.engines.len() > 1 {
        let thread = trace.tasks.iter().find(|t| t.process == engine.process);
        if let Some((process, _)) = thread.and_then(|t| t.name.split_once(',')) {
            text += "  # ";
            text += process;
        }
    }
    text
}

fn disagreements(moment: &Moment, tag: &str, words: &Words) -> Html {
    let texts = moment.disagreement_texts(tag);
    let more = texts.len().saturating_sub(DISAGREEMENTS_MAX);
    html! {
        <div class="disagreements" hidden={texts.is_empty()}>
            <p class="label">{ words.disagreement }</p>
            <ul>
                { for texts.into_iter().take(DISAGREEMENTS_MAX).map(|text| html! { <li>{ text }</li> }) }
                <li>{ if more > 0 { format!("… +{more}") } else { String::new() } }</li>
            </ul>
        </div>
    }
}

/// The third answer, as the `mysql` client prints it.
pub fn server(moment: &Moment, words: &Words) -> Html {
    let table = if moment.server_up { moment.processlist_text() } else { words.server_down.to_owned() };
    html! {
        <section class="server" part="server" aria-label={words.server}>
            <p class="label">{ words.server }</p>
            <pre tabindex="0"><span class="prompt">{ "mysql> SHOW PROCESSLIST;" }</span>{ "\n" }{ table }</pre>
        </section>
    }
}

/// The last exception, as the application's log has it.
pub fn log(trace: &Trace, moment: &Moment, words: &Words) -> Html {
    let (heading, text) = match &moment.error {
        Some(error) => {
            let task = error.task.and_then(|t| trace.tasks.get(usize::from(t)));
            let who = task.map_or_else(String::new, |t| format!(", {}", t.name));
            (format!("{} ({}{who})", words.last_error, error.at), error.traceback.clone())
        }
        None => (words.last_error.to_owned(), words.no_error.to_owned()),
    };
    html! {
        <section class="log" part="log" data-error={moment.error.is_some().to_string()}>
            <p class="label">{ heading }</p>
            <pre>{ text }</pre>
        </section>
    }
}
