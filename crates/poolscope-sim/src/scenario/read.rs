//! From a document to a scenario, reporting everything that is wrong at once.

use super::Scenario;

impl Scenario {
    /// The SQL text of a statement.
    pub fn sql(&self, statement: u16) -> &str {
        self.statements.get(usize::from(statement)).map_or("", |s| s.sql.as_str())
    }
}

impl Scenario {
    /// Reads a document; `name` is used if the document has none of its own.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of the text.
    pub fn read(document: &super::Document, name: &str) -> Result<Scenario, Vec<super::Diagnostic>> {
        let _ = (document, name);
        Err(Vec::new())
    }
}
