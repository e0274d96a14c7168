"""A DBAPI module that looks like PyMySQL or mysqlclient to SQLAlchemy and talks to the model server in virtual time."""

from types import ModuleType

import clock as virtual
import connector
from clock import MICROSECONDS, thread
from server import DriverError

ERRORS = {
    "Error": "Exception",
    "InterfaceError": "Error",
    "DatabaseError": "Error",
    "DataError": "DatabaseError",
    "OperationalError": "DatabaseError",
    "IntegrityError": "DatabaseError",
    "InternalError": "DatabaseError",
    "ProgrammingError": "DatabaseError",
    "NotSupportedError": "DatabaseError",
}

# What the dialect asks once per engine. Everything else is the application's.
ANSWERS = {
    "SELECT DATABASE()": "shop",
    "SELECT @@transaction_isolation": "REPEATABLE-READ",
    "SELECT @@tx_isolation": "REPEATABLE-READ",
    "SELECT @@sql_mode": "STRICT_TRANS_TABLES",
    "SELECT @@lower_case_table_names": 0,
    # Before 1.4.
    "SHOW VARIABLES LIKE 'sql_mode'": ("sql_mode", "STRICT_TRANS_TABLES"),
    "SHOW VARIABLES LIKE 'lower_case_table_names'": ("lower_case_table_names", 0),
    "SELECT CAST('test plain returns' AS CHAR(60)) AS anon_1": "test plain returns",
    "SELECT CAST('test unicode returns' AS CHAR(60)) AS anon_1": "test unicode returns",
    "SELECT CAST('test collated returns' AS CHAR CHARACTER SET utf8mb4) COLLATE utf8mb4_bin AS anon_1": "test collated returns",
    "SELECT CAST('test collated returns' AS CHAR CHARACTER SET utf8) COLLATE utf8_bin AS anon_1": "test collated returns",
    "SELECT 'x' AS some_label": "x",
    "show collation where `Charset` = 'utf8mb4' and `Collation` = 'utf8mb4_bin'": "utf8mb4_bin",
    "show collation where `Charset` = 'utf8' and `Collation` = 'utf8_bin'": "utf8_bin",
}
VERSIONS = {
    "mysql-5.7": "5.7.42",
    "mysql-8.0": "8.0.46",
    "mysql-8.4": "8.4.6",
    "mysql-9.7": "9.7.4",
    "mariadb-10.11": "10.11.19-MariaDB",
}


def error_classes(module_name):
    classes = {"Exception": Exception}
    for name, base in ERRORS.items():
        classes[name] = type(name, (classes[base],), {"__module__": module_name})
    return classes


# Classes are made once: SQLAlchemy caches what it derives from them.
CLASSES = {"pymysql": error_classes("pymysql.err"), "mysqlclient": error_classes("MySQLdb")}
CLASSES["mysqlclient-mariadb"] = CLASSES["mysqlclient"]
CLASSES["aiomysql"] = CLASSES["pymysql"]
CLASSES[connector.C] = CLASSES[connector.PURE] = connector.exceptions(error_classes("mysql.connector.errors"))


class Driver:
    """The wire between one engine and the server."""

    def __init__(self, scenario, server, life, engine):
        self.server, self.life, self.row, self.engine = server, life, life.row, engine
        self.rtt, self.connect_time = scenario["rtt_us"], scenario["connect_us"]
        self.statements = scenario["statements"]
        self.interactive, self.read_timeout = False, None
        self.connect_timeout = 10 if scenario["driver"] == "pymysql" else None
        self.shares_records = False  # Who has a StaticPool's or AssertionPool's connection last is not compared.
        self.classes = CLASSES[scenario["driver"]]
        self.pymysql = scenario["driver"] == "pymysql"
        self.name = scenario["driver"]
        self.connector = self.name in (connector.C, connector.PURE)
        self.asking = None  # The thread that asks the dialect's questions.
        self.answers = ANSWERS | {"SELECT VERSION()": VERSIONS[scenario["server"]]}

    def module(self):
        module = ModuleType("driver")
        module.paramstyle = "pyformat" if self.connector or self.classes is CLASSES["pymysql"] else "format"
        module.apilevel, module.threadsafety, module.Binary = "2.0", 1, bytes
        module.__version__, module.version_info = "2.2.4", (2, 2, 4, "final", 0)
        module.connect = lambda **_: self.connect()
        for name in ERRORS:
            setattr(module, name, self.classes[name])
        return module

    def connect(self):
        self.row("connecting", engine=self.engine)
        try:
            self.server.syn(self.rtt, self.connect_timeout)
            # connect_timeout is over when PyMySQL's TCP has connected.
            limit = self.read_timeout if self.pymysql else self.connect_timeout
            session = self.server.connect(self.rtt, self.connect_time, self.interactive, limit)
            session.life = self.life
            if self.read_timeout:
                session.read_timeout = self.read_timeout * MICROSECONDS
            return Connection(self, session)
        except DriverError as e:
            raise self.failed(self.error(e)) from None

    def closed(self):
        """What any use of a closed connection says."""
        if self.server.driver == "aiomysql":
            return DriverError("InterfaceError", "(0, 'Not connected')")
        if self.name == connector.PURE:
            return connector.gone(self.server, "Errno 32: Broken pipe", DriverError)
        if self.name == connector.C:
            return DriverError("OperationalError", 2006, "MySQL server has gone away")
        return DriverError("InterfaceError", 0, "") if self.pymysql else DriverError("OperationalError", 2006, "")

    def failed(self, error):
        self.row("connect_failed", engine=self.engine, error=show(error))
        return error

    def error(self, e, translated=True):
        if self.connector and not translated and self.name == connector.C:
            return self.classes["MySQLInterfaceError"](e.args[2])
        name, *arguments = connector.number(self.name, e) if self.connector else e.args
        return self.classes[name](*arguments)


class Connection:
    def __init__(self, driver, session):
        self.driver, self.session, self.closed = driver, session, False
        self.number = session.connection
        self.pinging = None  # The thread that pings with a statement: 1.2, or a listener.
        self.no_rows = False  # The last statement has got an answer without rows that was another process's.
        self.writes = []  # What the transaction has changed.
        self.quiet = False  # The dialect asks the server, not the application: it takes time, but prints no rows.

    def __repr__(self):
        """As the driver's, with an address made of the number."""
        address = f"0x7f5c{self.number * 16:08x}"
        if self.driver.connector:
            module = "connection.MySQLConnection" if self.driver.name == connector.PURE else "connection_cext.CMySQLConnection"
            return f"<mysql.connector.{module} object at {address}>"
        if self.driver.pymysql:
            return f"<pymysql.connections.Connection object at {address}>"
        state = "closed" if self.closed else "open to 'db'"
        return f"<_mysql.connection {state} at {address}>"

    def command(self, microseconds, report, query="", instead=None, translated=True):
        """Runs a command and prints how it ended, unless it is the dialect's own. `instead` is what the driver says of any failure."""
        if self.driver.life.ended:
            return
        try:
            if self.closed:
                raise self.driver.closed()
            got = self.driver.server.command(self.session, microseconds, query)
            self.no_rows = got is not None and got != query and self.reads_wrong(got, query)
        except DriverError as e:
            # An exception in a local variable of a frame in its own traceback would be a cycle, and keep what the application's
            # frames hold until the next garbage collection.
            raise self.report(report, self.driver.error(instead or e, translated)) from None
        self.report(report, None)

    def inherited(self, driver):
        """The same socket in a forked process."""
        twin = type(self)(driver, self.driver.server.share(self))
        driver.server.opened += 1
        twin.number = driver.server.opened
        return twin

    def reads_wrong(self, got, query):
        """What another process has asked is answered here. True if it has no rows."""
        self.driver.row("wrong_answer", conn=self.number, sql=got or None)
        if got.lower().startswith("select") and not query:
            raise DriverError("OperationalError", 2014, "Command Out of Sync")
        return not got.lower().startswith("select")

    def report(self, report, error):
        if report:
            self.driver.row(report, conn=self.number, error=error and show(error))
        return error

    def ping(self, *_, **__):
        self.driver.row("ping", conn=self.number)
        instead = DriverError("InterfaceError", -1, "Connection to MySQL is not available") if self.driver.connector else None
        return self.command(self.driver.rtt, "pinged", instead=instead)

    def commit(self):
        self.driver.row("commit", conn=self.number)
        done = self.command(self.driver.rtt, "executed", translated=False)
        for write in self.writes:
            write()
        self.writes = []
        return done

    def rollback(self):
        self.writes = []
        quiet, self.quiet = self.quiet, False
        if not quiet:
            self.driver.row("rollback", conn=self.number)
        return self.command(self.driver.rtt, None if quiet else "executed", translated=False)

    def close(self):
        if self.closed:
            if self.driver.connector:
                return
            raise self.driver.classes["Error"]("Already closed")
        self.closed = True
        self.driver.server.quit(self.session)

    def __del__(self):
        """The destructor closes the socket; what the run leaves behind is none of its business."""
        if not (self.driver.shares_records or self.closed or self.driver.life.ended or self.driver.server.clock.frozen):
            self.closed = True
            self.driver.server.drop(self.session)

    charset = "utf8mb4"  # MySQL Connector's.

    def cursor(self, *_, **__):
        if self.driver.connector:
            self.ping_for_cursor()
        return Cursor(self)

    def ping_for_cursor(self):
        """MySQL Connector asks the server whether it is there before it makes a cursor."""
        self.quiet = self.driver.asking is not None and self.driver.asking is virtual.getcurrent()
        row, done = ("ping", "pinged") if self.pinging is thread() else ("cursor", "executed")
        if not self.quiet:
            self.driver.row(row, conn=self.number)
        dot = "." if self.driver.name == connector.C else ""
        try:
            self.command(self.driver.rtt, None, instead=DriverError("OperationalError", -1, "MySQL Connection not available" + dot))
        except self.driver.classes["Error"] as e:
            if not self.quiet:
                self.report(done, e)
            raise

    def character_set_name(self):
        return "utf8mb4"


class Cursor:
    arraysize, lastrowid, description, rows = 1, 0, None, ()
    rowcount = -1

    def __init__(self, connection):
        self.connection = connection

    def execute(self, sql, parameters=()):
        connection, driver = self.connection, self.connection.driver
        if sql.startswith("SET NAMES"):
            return  # Part of connecting, and of its price.
        if connection.pinging is thread():
            if not driver.connector:
                driver.row("ping", conn=connection.number)
            done = connection.command(driver.rtt, "pinged", query=sql)
            self.give(1)
            return done
        if sql in driver.answers:
            connection.quiet = True
            done = connection.command(driver.rtt, None, query=sql)
        else:
            if sql.startswith("SELECT users."):
                sql = sql.replace("= %s", "= %(pk_1)s")
            if not driver.connector:
                driver.row("execute", conn=connection.number, sql=sql)
            done = connection.command(driver.rtt + (0 if "SAVEPOINT" in sql else driver.statements[sql]), "executed", query=sql)
        self.answer(sql, parameters)
        return done

    def answer(self, sql, parameters):
        """What the statement returns; a statement that failed never gets here."""
        if sql in self.connection.driver.answers:
            self.give(self.connection.driver.answers[sql])
        elif "information_schema" in sql:
            self.give(1)
        elif sql.startswith("SELECT users."):
            self.table(("users_id", "users_name"), [(1, "Ada")])
        elif "apscheduler_jobs" in sql:
            self.job_table(sql, parameters)
        elif sql.lower().startswith("select") and not self.connection.no_rows:
            self.give(1)

    def job_table(self, sql, parameters):
        """What the table of a job store answers; it exists, and is empty at first."""
        jobs = self.connection.driver.server.jobs
        values = list(parameters.values() if isinstance(parameters, dict) else parameters or ())
        if sql.startswith("INSERT"):
            self.connection.writes.append(lambda: jobs.append(values))
        elif sql.startswith("UPDATE"):
            # SET next_run_time, job_state WHERE id
            row = next(row for row in jobs if row[0] == values[2])
            self.connection.writes.append(lambda: row.__setitem__(slice(1, 3), values[:2]))
            self.rowcount = 1
        elif "job_state" in sql:
            due = [row for row in sorted(jobs, key=lambda row: row[1]) if row[1] <= values[0]]
            self.table(("id", "job_state"), [(row[0], row[2]) for row in due])
        elif sql.startswith("SELECT"):
            self.table(("next_run_time",), sorted((row[1],) for row in jobs)[:1])
        elif sql.startswith("DESCRIBE"):
            self.table(("Field",), [("id",), ("next_run_time",), ("job_state",)])

    def table(self, columns, rows):
        self.description = tuple((name, 253, None, None, None, None, None) for name in columns)
        self.rows, self.rowcount = rows, len(rows)

    def give(self, value):
        row = value if isinstance(value, tuple) else (value,)
        self.description = tuple((f"x{i}", 3, None, None, None, None, None) for i in range(len(row)))
        self.rows, self.rowcount = [row], 1

    def fetchall(self):
        rows, self.rows = list(self.rows), ()
        return rows

    def fetchone(self):
        row, self.rows = (self.rows[0], self.rows[1:]) if self.rows else (None, ())
        return row

    def fetchmany(self, size=1):
        rows, self.rows = list(self.rows[:size]), self.rows[size:]
        return rows

    def close(self):
        self.connection = None  # As the drivers do.

    def nextset(self):
        return None


def show(error):
    return f"{type(error).__name__}{error.args}"
