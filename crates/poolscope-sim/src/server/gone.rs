//! What a client hears on a connection whose session the server has ended.
//!
//! Measured on MySQL 5.7.42, MySQL 8.0.46 and MariaDB 10.11.19 with PyMySQL 1.2.4 and mysqlclient 2.3.1, on MariaDB with aiomysql
//! 0.3.2 (whose source says the rest), MySQL 9.7.4 and MariaDB 10.11.19 with mysql-connector-python 26.10.0. Rule of thumb: 2006 means the write
//! failed, 2013 means the write went through and the read found the end.

use super::Death;
use crate::engine::connector;
use crate::engine::error::{CONNECTION_RESET as ECONNRESET, DbapiClass, DbapiError};
use crate::scenario::{Driver, Server, Transport};

const EPIPE: u16 = 32;
/// Not the operating system's but OpenSSL's: the other side closed a TLS connection without saying so.
pub(super) const SSL_EOF: u16 = 8;

/// The driver's error; `again` if this DBAPI connection has failed before.
pub(crate) fn gone(driver: Driver, transport: Transport, server: Server, death: Death, again: bool) -> DbapiError {
    let timeout = death == Death::Timeout;
    let unix = transport == Transport::Unix;
    match driver {
        Driver::PyMySql if again => DbapiError { class: DbapiClass::InterfaceError, code: 0, os: 0 },
        // PyMySQL 1.2 signs in over TLS wherever the server offers it, on a unix socket too.
        Driver::PyMySql if unix && server == Server::MySql97 => DbapiError::with_os(2006, SSL_EOF),
        Driver::PyMySql if unix => DbapiError::with_os(2006, EPIPE),
        Driver::PyMySql if timeout && server.is_mariadb() => DbapiError::with_os(2006, ECONNRESET),
        // PyMySQL maps the error packet of 8.0.24 and later to 2013, because it comes with sequence number 0.
        Driver::PyMySql => DbapiError::operational(2013),
        // aiomysql reads the end of the stream, or what the reader has met before, and then knows no connection any more.
        Driver::AioMySql if again => DbapiError { class: DbapiClass::InterfaceError, code: 0, os: 0 },
        Driver::AioMySql if timeout && server.is_mariadb() && !unix => DbapiError::with_os(2013, ECONNRESET),
        Driver::AioMySql => DbapiError::operational(2013),
        Driver::MysqlClient if timeout && server.announces_timeout() && !again => DbapiError::operational(4031),
        Driver::MysqlClient => DbapiError::operational(2013),
        Driver::MysqlClientMariaDb if again || unix => DbapiError::operational(2006),
        Driver::MysqlClientMariaDb if timeout && server.announces_timeout() => DbapiError::operational(4031),
        Driver::MysqlClientMariaDb if timeout && server.is_mariadb() => DbapiError::operational(2006),
        Driver::MysqlClientMariaDb => DbapiError::operational(2013),
        Driver::MysqlConnector if timeout && server.announces_timeout() && !again => connector::of_server(driver, 4031),
        Driver::MysqlConnectorPure if timeout && server.announces_timeout() && !again && !unix => {
            connector::of_server(driver, 4031)
        }
        Driver::MysqlConnectorPure if !unix && !again => match timeout && server.is_mariadb() {
            true => DbapiError::with_os(2055, ECONNRESET),
            false => connector::of_server(driver, 2013),
        },
        // Not on a unix socket: there it signs in without TLS.
        Driver::MysqlConnectorPure if !unix && !server.is_mariadb() => DbapiError::with_os(2055, SSL_EOF),
        Driver::MysqlConnectorPure => DbapiError::with_os(2055, EPIPE),
        Driver::MysqlConnector => connector::of_server(driver, 2013),
    }
}

/// The driver's error for a connection attempt while the server is down.
pub(crate) fn refused(driver: Driver, transport: Transport) -> DbapiError {
    match (driver, transport) {
        (Driver::PyMySql | Driver::AioMySql, _) | (Driver::MysqlClient, Transport::Tcp) => {
            DbapiError::operational(2003)
        }
        // Connector/C has one number for both.
        (Driver::MysqlClientMariaDb, _) | (Driver::MysqlClient, Transport::Unix) => DbapiError::operational(2002),
        (_, Transport::Unix) => DbapiError { class: DbapiClass::InterfaceError, code: 2002, os: 0 },
        (Driver::MysqlConnectorPure, _) => DbapiError { class: DbapiClass::InterfaceError, code: 2003, os: 0 },
        (Driver::MysqlConnector, _) => DbapiError { class: DbapiClass::DatabaseError, code: 2003, os: 0 },
    }
}
