//! The stack decides which error number the reader sees: SQLAlchemy version, driver, transport, server.

macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }
        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$variant),+];
            /// As written in a scenario.
            pub const fn name(self) -> &'static str {
                match self { $($name::$variant => $text),+ }
            }
        }
        impl Named for $name {
            fn all() -> &'static [$name] {
                $name::ALL
            }
            fn written(self) -> &'static str {
                self.name()
            }
        }
    };
}

/// A closed set of names, as a scenario writes them.
pub(super) trait Named: Copy + 'static {
    fn all() -> &'static [Self];
    fn written(self) -> &'static str;
}

named! {
    /// Minor version of SQLAlchemy; each stands for its last release.
    SqlAlchemy { V1_1 = "1.1", V1_2 = "1.2", V1_3 = "1.3", V1_4 = "1.4", V2_0 = "2.0", V2_1 = "2.1" }
}

named! {
    Driver {
        PyMySql = "pymysql",
        /// mysqlclient linked against Oracle's libmysqlclient 8.0.
        MysqlClient = "mysqlclient",
        /// mysqlclient linked against MariaDB Connector/C 3.3, as Debian builds it.
        MysqlClientMariaDb = "mysqlclient-mariadb",
        /// For `create_async_engine()`: its calls are awaited.
        AioMySql = "aiomysql",
        /// MySQL Connector/Python with its C extension, which it uses wherever it can be loaded.
        MysqlConnector = "mysql-connector-python",
        /// The same in pure Python: `use_pure=True`, or where the C extension cannot be loaded.
        MysqlConnectorPure = "mysql-connector-python-pure",
    }
}

named! {
    /// What a device between the application and the server does with a connection that has been idle for too long.
    Cut {
        /// It forgets it and drops whatever comes: a firewall, NAT.
        Drop = "drop",
        /// It forgets it and answers whatever comes with RST: a load balancer.
        Reset = "reset",
        /// It closes both sides: a proxy.
        Close = "close",
    }
}

named! {
    Transport { Tcp = "tcp", Unix = "unix" }
}

named! {
    Server {
        MySql57 = "mysql-5.7",
        MySql80 = "mysql-8.0",
        MySql84 = "mysql-8.4",
        MySql97 = "mysql-9.7",
        MariaDb1011 = "mariadb-10.11",
    }
}

impl Server {
    pub const fn is_mariadb(self) -> bool {
        matches!(self, Server::MariaDb1011)
    }
    /// 8.0.24 and later say 4031 before they close an idle session (MySQL manual, 4031 ER_CLIENT_INTERACTION_TIMEOUT).
    pub const fn announces_timeout(self) -> bool {
        matches!(self, Server::MySql80 | Server::MySql84 | Server::MySql97)
    }
}

impl SqlAlchemy {
    /// The release since which `create_engine()` knows an option.
    pub(crate) fn with_option(option: &str) -> SqlAlchemy {
        match option {
            "pool_pre_ping" => SqlAlchemy::V1_2,
            "pool_use_lifo" => SqlAlchemy::V1_3,
            _ => SqlAlchemy::V1_1,
        }
    }

    /// What an older one says of it, and since when it is known.
    pub(crate) fn refuses(self, option: &str) -> Option<(String, String)> {
        let since = SqlAlchemy::with_option(option);
        (self < since).then(|| {
            (
                format!("TypeError: Invalid argument(s) '{option}' sent to create_engine()"),
                format!("SQLAlchemy has it since {}", since.name()),
            )
        })
    }

    /// `https://sqlalche.me/e/20/3o7r` without the code at its end; errors have none before 1.2.
    pub const fn link(self) -> &'static str {
        match self {
            SqlAlchemy::V1_1 => "",
            SqlAlchemy::V1_2 => "http://sqlalche.me/e",
            SqlAlchemy::V1_3 => "http://sqlalche.me/e/13",
            SqlAlchemy::V1_4 => "https://sqlalche.me/e/14",
            SqlAlchemy::V2_0 => "https://sqlalche.me/e/20",
            SqlAlchemy::V2_1 => "https://sqlalche.me/e/21",
        }
    }
}

impl Driver {
    pub const fn is_async(self) -> bool {
        matches!(self, Driver::AioMySql)
    }
    /// The part after `mysql+` in the URL.
    pub const fn dialect(self) -> &'static str {
        match self {
            Driver::PyMySql => "pymysql",
            Driver::MysqlClient | Driver::MysqlClientMariaDb => "mysqldb",
            Driver::AioMySql => "aiomysql",
            Driver::MysqlConnector | Driver::MysqlConnectorPure => "mysqlconnector",
        }
    }
    /// The module that its exceptions come from.
    pub const fn module(self) -> &'static str {
        match self {
            Driver::PyMySql | Driver::AioMySql => "pymysql.err",
            Driver::MysqlClient | Driver::MysqlClientMariaDb => "MySQLdb",
            Driver::MysqlConnector | Driver::MysqlConnectorPure => "mysql.connector.errors",
        }
    }
    /// `paramstyle`: mysqlclient takes its parameters by position.
    pub const fn by_position(self) -> bool {
        matches!(self, Driver::MysqlClient | Driver::MysqlClientMariaDb)
    }
    pub const fn is_connector(self) -> bool {
        matches!(self, Driver::MysqlConnector | Driver::MysqlConnectorPure)
    }
    /// Whether the driver says COM_QUIT when nothing refers to a connection any more.
    pub const fn says_goodbye(self) -> bool {
        matches!(self, Driver::MysqlClient | Driver::MysqlClientMariaDb | Driver::MysqlConnector)
    }
}

named! {
    /// SQLAlchemy's pool classes.
    PoolClass {
        QueuePool = "QueuePool",
        NullPool = "NullPool",
        StaticPool = "StaticPool",
        SingletonThreadPool = "SingletonThreadPool",
        AssertionPool = "AssertionPool",
    }
}

impl PoolClass {
    /// Whether `create_engine()` takes this sizing option with it; the other `pool_*` options go with every class.
    pub fn takes(self, option: &str) -> bool {
        match option {
            "pool_size" => matches!(self, PoolClass::QueuePool | PoolClass::SingletonThreadPool),
            "max_overflow" | "pool_timeout" | "pool_use_lifo" => self == PoolClass::QueuePool,
            _ => true,
        }
    }
}

named! {
    /// `pool_reset_on_return`.
    ResetOnReturn { Rollback = "rollback", Commit = "commit", None = "none" }
}

named! {
    /// What the name `Session` of the listing is.
    SessionFactory {
        /// `Session = sessionmaker(engine)`
        Sessionmaker = "sessionmaker",
        /// `Session = scoped_session(sessionmaker(engine))`
        ScopedSession = "scoped_session",
    }
}
