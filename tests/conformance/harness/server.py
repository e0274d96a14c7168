"""A MySQL server as its clients see it: admission, idle timers, KILL, restart, and what a dead connection says to which driver."""

import ssl

import clock as virtual
from event_loop import Answer

# How sessions end. (A restart is printed as the KILL of each.)
QUIT, TIMEOUT, KILL, RESTART = "quit", "timeout", "kill", "restart"


class DriverError(Exception):
    """What the driver will raise: class name, then its arguments, most often error number and text."""


class Session:
    """A row of SHOW PROCESSLIST; `connection` is None for sessions that are not the application's."""

    def __init__(self, connection, idle_timeout):
        self.connection = connection
        self.life = None  # Of the process that has the client's side.
        self.idle_timeout = idle_timeout
        self.interrupted = False  # By KILL QUERY.
        self.death = None
        self.told = False  # The client has seen an error about it.
        self.idle_since = None  # Not while a command runs.
        self.running = None  # The ticket of the client that waits for an answer.
        self.query = ""  # What runs is a statement, not a ping or the like.


class Server:
    def __init__(self, scenario, clock, row):
        self.clock, self.row = clock, row
        self.driver, self.transport, self.version = scenario["driver"], scenario["transport"], scenario["server"]
        self.max_connections = scenario["max_connections"]
        self.wait_timeout = scenario["wait_timeout"] * virtual.MICROSECONDS
        self.interactive_timeout = scenario["variables"]["interactive_timeout"] * virtual.MICROSECONDS
        self.user_limit = scenario["variables"]["max_user_connections"]
        self.account_limit = scenario["account_max_user_connections"]
        self.sessions = []
        self.up = True
        self.opened = 0
        self.jobs = []  # The rows of apscheduler_jobs: id, next_run_time, job_state.
        self.others = scenario["other_sessions"]
        for other in self.others:
            clock.at(other["at_us"], lambda other=other: self.connect_others(other), virtual.OTHERS)

    # What clients ask for.

    def connect(self, round_trip, handshake, interactive):
        """A handshake; when nobody listens, that is clear after the first packet."""
        reachable = self.up
        self.clock.sleep(handshake if reachable else round_trip)
        return self.welcome(reachable, interactive)

    async def connect_in_loop(self, round_trip, handshake, interactive):
        reachable = self.up
        await Answer(self.clock).wait(handshake if reachable else round_trip)
        return self.welcome(reachable, interactive)

    def welcome(self, reachable, interactive):
        if not (reachable and self.up):
            raise self.unreachable()
        self.admit_application()
        self.opened += 1
        session = Session(self.opened, self.interactive_timeout if interactive else self.wait_timeout)
        self.sessions.append(session)
        self.row("open", conn=session.connection, in_use=len(self.sessions))
        session.idle_since = self.clock.now
        self.check_idle(session)
        return session

    def connect_others(self, other):
        """Clients that are not the application's; they ask often enough never to be idle for long."""
        for _ in range(other["count"] if self.up else 0):
            if self.admit(other["admin"]):
                self.sessions.append(Session(None, self.wait_timeout))
                self.row("open", conn=None, in_use=len(self.sessions))

    def admit(self, admin):
        if len(self.sessions) < self.max_connections + admin:
            return True
        self.row("refuse", code=1040, in_use=len(self.sessions))
        return False

    def admit_application(self):
        """Its account may have a limit of its own, or share everybody's."""
        mine = sum(session.connection is not None for session in self.sessions)
        if self.account_limit and mine >= self.account_limit:
            code, text = 1226, f"User 'app' has exceeded the 'max_user_connections' resource (current value: {self.account_limit})"
        elif self.user_limit and not self.account_limit and mine >= self.user_limit:
            code, text = 1203, "User app already has more than 'max_user_connections' active connections"
        elif not self.admit(False):
            raise operational(1040, "Too many connections")
        else:
            return
        self.row("refuse", code=code, in_use=len(self.sessions))
        raise operational(code, text)

    def command(self, session, microseconds, query=""):
        """One command of a client, from the request to the end of the answer."""
        self.begin(session)
        if microseconds > 0 and self.clock.can_wait():
            session.running, session.query = virtual.Ticket(), query
            self.clock.park(session.running, microseconds)
        self.end(session)

    async def command_in_loop(self, session, microseconds, query=False):
        self.begin(session)
        if microseconds > 0:
            session.running, session.query = Answer(self.clock), query
            await session.running.wait(microseconds)
        self.end(session)

    def begin(self, session):
        if session.death is not None:
            self.fail_idle(session)
        if session.running:
            raise self.out_of_sync()
        session.idle_since = None

    def end(self, session):
        session.running = None
        if session.death is not None:
            self.fail_running(session)
        session.idle_since = self.clock.now
        interrupted, session.interrupted = session.interrupted, False
        # In MySQL, SLEEP() takes an interruption for the end of its sleep.
        if interrupted and (self.mariadb() or "SLEEP(" not in query):
            raise operational(1317, "Query execution was interrupted")

    def quit(self, session):
        if session.death is None:
            self.leave(session, QUIT)

    # What happens to sessions.

    def check_idle(self, session):
        """Ends a session that has been idle for wait_timeout, or looks again when it could be."""
        if session.death is not None:
            return
        since = self.clock.now if session.idle_since is None else session.idle_since
        due = since + session.idle_timeout
        if due > self.clock.now:
            self.clock.at(due, lambda: self.check_idle(session), virtual.SERVER)
        else:
            self.leave(session, TIMEOUT)

    def interrupt(self, connection):
        """KILL QUERY: who runs nothing does not notice."""
        for session in list(self.sessions):
            if session.connection is not None and connection in (None, session.connection) and session.running:
                session.interrupted = True
                self.clock.at(self.clock.now, session.running.leave)

    def kill(self, connection):
        """KILL for the session of one connection, or for all of the application's."""
        for session in list(self.sessions):
            if session.connection is not None and connection in (None, session.connection):
                self.leave(session, KILL)

    def stop(self):
        self.up = False
        sessions = list(self.sessions)
        self.row("down", lost=len(sessions))
        for session in sessions:
            self.leave(session, RESTART)

    def start(self):
        self.up = True
        self.row("up")
        for other in self.others:
            if other["at_us"] <= self.clock.now:
                self.clock.at(self.clock.now, lambda other=other: self.connect_others(other))

    def leave(self, session, death):
        session.death = death
        self.sessions.remove(session)
        self.row(KILL if death == RESTART else death, conn=session.connection, in_use=len(self.sessions))
        if session.running:
            self.clock.at(self.clock.now, session.running.leave)

    # What the client is told (measured per driver, transport and server; see the project's notes on the error numbers).

    def fail_running(self, session):
        if session.death == RESTART and session.query and not self.mariadb():
            if "SLEEP(" in session.query:
                return
            raise operational(1053, "Server shutdown in progress")
        session.told = True
        raise self.lost()

    def out_of_sync(self):
        """A command while another thread waits for its answer on the same connection."""
        if self.driver == "pymysql":
            return operational(2014, "Command Out of Sync")
        return DriverError("ProgrammingError", 2014, "Commands out of sync; you can't run this command now")

    def fail_idle(self, session):
        first, session.told = not session.told, True
        tcp = self.transport == "tcp"
        if self.driver == "aiomysql":
            if not first:
                raise DriverError("InterfaceError", "(0, 'Not connected')")
            raise self.lost(ConnectionResetError(104, "Connection reset by peer") if tcp and session.death == TIMEOUT and self.mariadb() else None)
        if self.driver == "pymysql":
            if not first:
                raise DriverError("InterfaceError", 0, "")
            if not tcp and self.version == "mysql-9.7":
                raise self.gone(ssl.SSLEOFError(8, "EOF occurred in violation of protocol (_ssl.c:2427)"))
            if not tcp:
                raise self.gone(BrokenPipeError(32, "Broken pipe"))
            if session.death == TIMEOUT and self.mariadb():
                raise self.gone(ConnectionResetError(104, "Connection reset by peer"))
            raise self.lost()
        connector_c = self.driver == "mysqlclient-mariadb"
        if connector_c and not (first and tcp):
            raise self.gone()
        if first and session.death == TIMEOUT and self.version in ("mysql-8.0", "mysql-8.4", "mysql-9.7"):
            raise operational(
                4031,
                "The client was disconnected by the server because of inactivity. See wait_timeout and "
                "interactive_timeout for configuring this behavior.",
            )
        if connector_c and session.death == TIMEOUT and self.mariadb():
            raise self.gone()
        raise self.lost()

    def unreachable(self):
        if self.driver == "aiomysql":
            host = "db" if self.transport == "tcp" else "localhost"
            return operational(2003, f"Can't connect to MySQL server on '{host}'")
        if self.driver == "pymysql":
            if self.transport == "unix":
                return operational(2003, "Can't connect to MySQL server on 'localhost' ([Errno 2] No such file or directory)")
            return operational(2003, "Can't connect to MySQL server on 'db' ([Errno 111] Connection refused)")
        connector_c = self.driver == "mysqlclient-mariadb"
        if self.transport == "unix":
            local = "local" if connector_c else "local MySQL"
            return operational(2002, f"Can't connect to {local} server through socket '/run/mysqld/mysqld.sock' (2)")
        if connector_c:
            return operational(2002, "Can't connect to server on 'db' (115)")
        return operational(2003, "Can't connect to MySQL server on 'db:3306' (111)")

    def lost(self, cause=None):
        mysql = "" if self.driver == "mysqlclient-mariadb" else "MySQL "
        return operational(2013, f"Lost connection to {mysql}server during query" + (f" ({cause})" if cause else ""))

    def gone(self, cause=None):
        words = "Server" if self.driver == "mysqlclient-mariadb" else "MySQL server"
        return operational(2006, f"{words} has gone away" + (f" ({cause!r})" if cause else ""))

    def mariadb(self):
        return self.version.startswith("mariadb")


def operational(code, text):
    return DriverError("OperationalError", code, text)
