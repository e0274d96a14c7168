//! A parsed document before anybody knows what it means: values with their places.

use super::Place;

#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub place: Place,
    pub value: Value,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Bool(bool),
    Integer(i64),
    /// A decimal as written: the simulator has no floats.
    Decimal(String),
    Text(String),
    List(Vec<Node>),
    /// In the order written.
    Table(Vec<(String, Node)>),
}

/// A scenario's text, parsed; knobs are turned on this, before it is read.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    pub root: Node,
}

impl Document {
    /// Parses TOML, what people write in files and fences. Reports every syntax error.
    ///
    /// # Errors
    /// One diagnostic per mistake, with line and column.
    pub fn from_toml(text: &str) -> Result<Document, Vec<super::Diagnostic>> {
        let _ = text;
        Err(Vec::new())
    }

    /// Parses JSON, what travels in attributes and links.
    ///
    /// # Errors
    /// One diagnostic: JSON stops at the first mistake.
    pub fn from_json(text: &str) -> Result<Document, Vec<super::Diagnostic>> {
        let _ = text;
        Err(Vec::new())
    }

    /// The document as compact JSON.
    pub fn to_json(&self) -> String {
        String::new()
    }

    /// Turns a knob: `set("engine.pool_recycle", &KnobValue::Number(30))`. What the path means is checked when the document is read.
    ///
    /// # Errors
    /// The path leads through something that is not a table or a list.
    pub fn set(&mut self, path: &str, value: &super::KnobValue) -> Result<(), super::Diagnostic> {
        let _ = (path, value);
        Ok(())
    }
}
