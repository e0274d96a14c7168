//! MySQL Connector/Python: its exceptions, and what it sends that others do not.
//!
//! Measured with mysql-connector-python 26.10.0 on MariaDB 10.11.19 and MySQL 9.7.4, TCP and unix socket, SQLAlchemy 1.4.54 and 2.1.9.
//! `create_engine("mysql+mysqlconnector://…")` uses the C extension wherever it can be imported; its wheel wants OpenSSL 3.2, and
//! where Python comes with an older one the driver goes on in pure Python and says nothing.

use super::error::{CONNECTION_RESET, DbapiClass, DbapiError, NO_NUMBER, TCP_TIMED_OUT};
use crate::scenario::{Driver, Scenario, Transport};

/// `cursor()` and `ping()` on a connection that is gone. Both keep the reason to themselves.
pub(crate) const fn not_available(class: DbapiClass) -> DbapiError {
    DbapiError { class, code: NO_NUMBER, os: 0 }
}

/// An error of the server's, in the class that its SQLSTATE stands for (`errors.py::_get_mysql_exception`).
pub(crate) fn of_server(driver: Driver, code: u16) -> DbapiError {
    let class = match code {
        1203 | 1226 => DbapiClass::ProgrammingError,
        1317 | 4031 => DbapiClass::DatabaseError,
        2013 if driver == Driver::MysqlConnectorPure => DbapiClass::InterfaceError,
        _ => DbapiClass::OperationalError,
    };
    DbapiError { class: if driver.is_connector() { class } else { DbapiClass::OperationalError }, code, os: 0 }
}

/// COMMIT and ROLLBACK of the C extension: nobody translates its exception.
pub(crate) fn untranslated(driver: Driver, error: DbapiError) -> DbapiError {
    let class = if driver == Driver::MysqlConnector { DbapiClass::MySqlInterfaceError } else { error.class };
    DbapiError { class, ..error }
}

/// The SQLSTATE that comes with it.
fn state(error: &DbapiError, pure: bool) -> &'static str {
    match error.code {
        1040 => "08004",
        1053 => "08S01",
        1203 | 1226 => "42000",
        1317 => "70100",
        NO_NUMBER => "",
        2000..3000 if pure => "",
        _ => "HY000",
    }
}

/// The exception's message.
pub(super) fn shown(error: &DbapiError, scenario: &Scenario) -> String {
    let pure = scenario.driver == Driver::MysqlConnectorPure;
    let place = if scenario.transport == Transport::Unix { "/run/mysqld/mysqld.sock" } else { "db:3306" };
    let [before, place, after] = match error.code {
        NO_NUMBER if error.class == DbapiClass::InterfaceError => ["Connection to MySQL is not available", "", ""],
        NO_NUMBER if pure => ["MySQL Connection not available", "", ""],
        NO_NUMBER => ["MySQL Connection not available.", "", ""],
        2055 => ["Lost connection to MySQL server at '", place, why(error.os)],
        2002 if pure => {
            ["Can't connect to local MySQL server through socket '", place, "' (Errno 2: No such file or directory)"]
        }
        2003 if pure => ["Can't connect to MySQL server on '", place, "' (Errno 111: Connection refused)"],
        _ => ["", &error.words(scenario), ""],
    };
    let mut text = String::new();
    if error.code != NO_NUMBER && error.class != DbapiClass::MySqlInterfaceError {
        text += &error.code.to_string();
        let state = state(error, pure);
        if !state.is_empty() {
            text += " (";
            text += state;
            text.push(')');
        }
        text += ": ";
    }
    text += before;
    text += place;
    text += after;
    text
}

/// The operating system's reason, or OpenSSL's.
fn why(os: u16) -> &'static str {
    match os {
        8 => "', system error: Errno 8: EOF occurred in violation of protocol (_ssl.c:2427)",
        CONNECTION_RESET => "', system error: Errno 104: Connection reset by peer",
        TCP_TIMED_OUT => "', system error: Errno 110: Connection timed out",
        _ => "', system error: Errno 32: Broken pipe",
    }
}

/// `(2013, '2013 (HY000): Lost connection to MySQL server during query', 'HY000')`
pub(super) fn args(error: &DbapiError, scenario: &Scenario) -> String {
    let message = shown(error, scenario);
    let quote = if message.contains('\'') { '"' } else { '\'' };
    if error.class == DbapiClass::MySqlInterfaceError {
        return format!("({quote}{message}{quote},)");
    }
    let code = if error.code == NO_NUMBER { -1 } else { i32::from(error.code) };
    let state = match state(error, scenario.driver == Driver::MysqlConnectorPure) {
        "" => "None".to_owned(),
        state => format!("'{state}'"),
    };
    format!("({code}, {quote}{message}{quote}, {state})")
}
