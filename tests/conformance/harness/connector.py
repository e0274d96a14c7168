"""What MySQL Connector/Python says where PyMySQL and mysqlclient say something else, and how its exceptions look."""

C, PURE = "mysql-connector-python", "mysql-connector-python-pure"
SQLSTATES = {1040: "08004", 1053: "08S01", 1203: "42000", 1226: "42000", 1317: "70100"}
CLASSES = {1203: "ProgrammingError", 1226: "ProgrammingError", 1317: "DatabaseError", 4031: "DatabaseError"}
SOCKET = "/run/mysqld/mysqld.sock"


def exceptions(classes):
    """The driver's own classes: their text is the message, their number an attribute."""

    def __init__(self, errno, message, sqlstate=None):
        Exception.__init__(self, errno, message, sqlstate)
        self.errno = errno

    classes["Error"].__init__ = __init__
    classes["Error"].__str__ = lambda self: self.args[1]
    # Its C extension has an exception that is none of the driver's.
    raw = type("MySQLInterfaceError", (Exception,), {"__module__": "_mysql_connector"})
    return classes | {"MySQLInterfaceError": raw}


def number(driver, error):
    """An error as this driver raises it: class, number, message, SQLSTATE."""
    name, code, text = error.args
    if code == -1:
        return name, code, text, None
    name = CLASSES.get(code, "InterfaceError" if (driver, code) == (PURE, 2013) else name)
    state = SQLSTATES.get(code, None if driver == PURE and 2000 <= code < 3000 else "HY000")
    return name, code, f"{code} ({state}): {text}" if state else f"{code}: {text}", state


def fail_idle(server, first, timeout, error):
    """On a session that has ended."""
    tcp = server.transport == "tcp"
    goodbye = error(
        "DatabaseError",
        4031,
        "The client was disconnected by the server because of inactivity. See wait_timeout and interactive_timeout for configuring this behavior.",
    )
    announced = first and timeout and server.version in ("mysql-8.0", "mysql-8.4", "mysql-9.7")
    if server.driver == C or tcp and first:
        if announced:
            return goodbye
        if server.driver == PURE and timeout and server.mariadb():
            return gone(server, "Errno 104: Connection reset by peer", error)
        return error("OperationalError", 2013, "Lost connection to MySQL server during query")
    return gone(server, eof(server), error)


def eof(server):
    """It signs in with TLS where there is some, but not on a unix socket."""
    tls = server.transport == "tcp" and not server.mariadb()
    return "Errno 8: EOF occurred in violation of protocol (_ssl.c:2427)" if tls else "Errno 32: Broken pipe"


def gone(server, why, error):
    place = "db:3306" if server.transport == "tcp" else SOCKET
    return error("OperationalError", 2055, f"Lost connection to MySQL server at '{place}', system error: {why}")


def unreachable(server, error):
    pure = server.driver == PURE
    if server.transport == "unix":
        errno = "Errno 2: No such file or directory" if pure else "2"
        return error("InterfaceError", 2002, f"Can't connect to local MySQL server through socket '{SOCKET}' ({errno})")
    errno = "Errno 111: Connection refused" if pure else "111"
    return error("InterfaceError" if pure else "DatabaseError", 2003, f"Can't connect to MySQL server on 'db:3306' ({errno})")
