//! SQLAlchemy's view of the driver: which errors mean that the connection is dead.

use super::error::{DbapiClass, DbapiError};
use crate::scenario::SqlAlchemy;

/// `dialects/mysql/base.py::MySQLDialect.is_disconnect`: 1927 since 1.3.19, 4031 since 1.4.37.
pub(crate) fn is_disconnect(error: &DbapiError, sqlalchemy: SqlAlchemy) -> bool {
    match error.class {
        DbapiClass::OperationalError | DbapiClass::ProgrammingError => {
            matches!(error.code, 2006 | 2013 | 2014 | 2045 | 2055)
                || error.code == 1927 && sqlalchemy >= SqlAlchemy::V1_3
                || error.code == 4031 && sqlalchemy >= SqlAlchemy::V1_4
        }
        // PyMySQL's `InterfaceError(0, '')`: the text contains "(0, '')".
        DbapiClass::InterfaceError => true,
        DbapiClass::RuntimeError | DbapiClass::TypeError => false,
    }
}
