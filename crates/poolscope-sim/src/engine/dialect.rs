//! SQLAlchemy's view of the driver: which errors mean that the connection is dead.

use super::error::{DbapiClass, DbapiError};

/// `dialects/mysql/base.py::MySQLDialect.is_disconnect`, as of 1.4.37.
pub(crate) fn is_disconnect(error: &DbapiError) -> bool {
    match error.class {
        DbapiClass::OperationalError | DbapiClass::ProgrammingError => {
            matches!(error.code, 1927 | 2006 | 2013 | 2014 | 2045 | 2055 | 4031)
        }
        // PyMySQL's `InterfaceError(0, '')`: the text contains "(0, '')".
        DbapiClass::InterfaceError => true,
    }
}
