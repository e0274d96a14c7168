//! SQLAlchemy's view of the driver: which errors mean that the connection is dead.

use super::error::{DbapiClass, DbapiError, NO_NUMBER};
use crate::scenario::{Driver, Scenario, SqlAlchemy};

/// `dialects/mysql/base.py::MySQLDialect.is_disconnect`: 1927 since 1.3.19, 4031 since 1.4.37.
/// `dialects/mysql/mysqlconnector.py` has its own: neither of these two, and "MySQL Connection not available." with its dot, which the
/// pure Python leaves out.
pub(crate) fn is_disconnect(error: &DbapiError, scenario: &Scenario) -> bool {
    let (driver, sqlalchemy) = (scenario.driver, scenario.sqlalchemy);
    if driver.is_connector() {
        let interface = error.class == DbapiClass::InterfaceError;
        return match error.code {
            NO_NUMBER => interface || driver == Driver::MysqlConnector,
            code => {
                (interface || error.class == DbapiClass::OperationalError)
                    && matches!(code, 2006 | 2013 | 2014 | 2045 | 2055)
            }
        };
    }
    match error.class {
        DbapiClass::OperationalError | DbapiClass::ProgrammingError => {
            matches!(error.code, 2006 | 2013 | 2014 | 2045 | 2055)
                || error.code == 1927 && sqlalchemy >= SqlAlchemy::V1_3
                || error.code == 4031 && sqlalchemy >= SqlAlchemy::V1_4
        }
        // PyMySQL's `InterfaceError(0, '')`: the text contains "(0, '')".
        DbapiClass::InterfaceError => true,
        DbapiClass::RuntimeError
        | DbapiClass::TypeError
        | DbapiClass::DatabaseError
        | DbapiClass::MySqlInterfaceError => false,
    }
}
