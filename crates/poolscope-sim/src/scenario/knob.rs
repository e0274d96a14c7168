//! What a reader may turn: a path into the scenario and the values it may take.

use super::{Value, Words};

#[derive(Clone, Debug, PartialEq)]
pub struct Knob {
    /// Path as in `--set engine.pool_recycle=30`.
    pub set: String,
    /// Defaults to the last part of the path: the option's own name.
    pub label: Words,
    pub help: Words,
    pub input: KnobInput,
    /// The scenario's own value, before anybody turned it.
    pub value: KnobValue,
}

#[derive(Clone, Debug, PartialEq)]
pub enum KnobInput {
    /// A whole number, in `unit` (`s` for SQLAlchemy's and MySQL's times).
    Number {
        min: i64,
        max: i64,
        step: i64,
        unit: String,
    },
    Switch,
    Choice(Vec<KnobOption>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct KnobOption {
    pub value: KnobValue,
    pub label: Words,
}

/// What can be written after `=`.
#[derive(Clone, Debug, PartialEq)]
pub enum KnobValue {
    Number(i64),
    Switch(bool),
    Text(String),
}

impl KnobValue {
    /// What a knob can be set to, as it is written in a scenario or a fence.
    pub fn of(value: &Value) -> Option<KnobValue> {
        match value {
            Value::Bool(on) => Some(KnobValue::Switch(*on)),
            Value::Integer(number) => Some(KnobValue::Number(*number)),
            Value::Text(text) => Some(KnobValue::Text(text.clone())),
            _ => None,
        }
    }

    pub fn to_value(&self) -> Value {
        match self {
            KnobValue::Number(n) => Value::Integer(*n),
            KnobValue::Switch(b) => Value::Bool(*b),
            KnobValue::Text(s) => Value::Text(s.clone()),
        }
    }

    /// Reads what follows `=` on a command line or in a link: a boolean, a whole number, else text.
    pub fn parse(text: &str) -> KnobValue {
        match text {
            "true" | "True" => KnobValue::Switch(true),
            "false" | "False" => KnobValue::Switch(false),
            _ => text.parse().map_or_else(|_| KnobValue::Text(text.to_owned()), KnobValue::Number),
        }
    }
}

impl std::fmt::Display for KnobValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            KnobValue::Number(n) => n.fmt(f),
            KnobValue::Switch(b) => b.fmt(f),
            KnobValue::Text(s) => s.fmt(f),
        }
    }
}
