//! A fault that the reader throws in at an instant: another future with the same past.

use poolscope_sim::scenario::{Document, Fault, FaultKind, Node, Place, Value};
use poolscope_sim::time::SimTime;

/// The document with one more fault. What happens before it stays as it is.
pub fn add(document: &mut Document, fault: &Fault) {
    let Value::Table(entries) = &mut document.root.value else { return };
    let place = Place::Path("fault".to_owned());
    let node = |value: Value| Node { place: place.clone(), value };
    let text = |text: &str| node(Value::Text(text.to_owned()));
    let mut fields = vec![("at".to_owned(), text(&exactly(fault.at)))];
    match fault.kind {
        FaultKind::Kill { connection } | FaultKind::KillQuery { connection } | FaultKind::Cut { connection } => {
            let kind = match fault.kind {
                FaultKind::KillQuery { .. } => "kill query",
                FaultKind::Cut { .. } => "cut",
                _ => "kill",
            };
            fields.push(("kind".to_owned(), text(kind)));
            fields.extend(connection.map(|n| ("connection".to_owned(), node(Value::Integer(i64::from(n))))));
        }
        FaultKind::Restart { down } => {
            fields.push(("kind".to_owned(), text("restart")));
            fields.push(("down".to_owned(), text(&exactly(SimTime::ZERO + down))));
        }
    }
    let fault = node(Value::Table(fields));
    match entries.iter_mut().find(|(key, _)| key == "fault").map(|(_, node)| &mut node.value) {
        Some(Value::List(faults)) => faults.push(fault),
        // One table alone counts as a list of one.
        Some(one) => *one = Value::List(vec![node(one.clone()), fault]),
        None => entries.push(("fault".to_owned(), node(Value::List(vec![fault])))),
    }
}

fn exactly(at: SimTime) -> String {
    at.as_us().to_string() + " us"
}
