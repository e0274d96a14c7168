"""A MySQL server as its clients see it: admission, idle timers, KILL, restart, and what a dead connection says to which driver."""

import ssl

import clock as virtual
import connector
from event_loop import Answer

# How sessions end. (A restart is printed as the KILL of each.)
QUIT, TIMEOUT, KILL, RESTART = "quit", "timeout", "kill", "restart"
DROP, RESET, CLOSE = "drop", "reset", "close"
NEVER = 1 << 62
PROBES = 9 * 75  # Seconds that keepalive tries.


TCP_TIMED_OUT, TCP_RESET = TimeoutError(110, "Connection timed out"), ConnectionResetError(104, "Connection reset by peer")
TIMED_OUT, SSL_TIMED_OUT = TimeoutError("timed out"), TimeoutError("The read operation timed out")
SSL_EOF = ssl.SSLEOFError(8, "EOF occurred in violation of protocol (_ssl.c:2427)")


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
        self.late = []  # When answers arrive that nobody has waited for, and to what.
        self.cut = None  # What a device on the way does with its packets.
        self.given_up = False  # The driver has closed the client's side without a goodbye.
        self.gives_up = None  # When the server's side of a cut connection will have noticed.
        self.passed = self.until = 0  # The last packet; the end of the statement that runs.
        self.read_timeout = NEVER


class End:
    """One process's end of a session whose socket several processes have: what only that process knows, and the rest is shared."""

    OWN = {"session", "told", "given_up", "query", "waits"}

    def __init__(self, session):
        self.session, self.told, self.given_up, self.query, self.waits = session, False, False, "", False

    def __getattr__(self, name):
        return getattr(self.session, name)

    def __setattr__(self, name, value):
        vars(self if name in End.OWN else self.session)[name] = value


class Outstanding:
    """A command on a shared socket, and the process that waits for an answer; what it has got is in a list."""

    def __init__(self, until, answer):
        self.until, self.answer, self.got, self.ticket = until, answer, [], virtual.Ticket()


class Server:
    def __init__(self, scenario, clock, row):
        self.clock, self.row = clock, row
        self.driver, self.transport, self.version = scenario["driver"], scenario["transport"], scenario["server"]
        self.max_connections = scenario["max_connections"]
        self.wait_timeout = scenario["wait_timeout"] * virtual.MICROSECONDS
        self.interactive_timeout = scenario["variables"]["interactive_timeout"] * virtual.MICROSECONDS
        self.user_limit = scenario["variables"]["max_user_connections"]
        self.account_limit = scenario["account_max_user_connections"]
        network = scenario["network"]
        self.syn_dropped, self.silent = network["syn_dropped_us"], network["silent_us"]
        self.idle_us, self.how, self.gives_up_us = network["idle_us"], network["how"], network["gives_up_us"]
        self.keepalive_us, self.rtt = network["keepalive_us"], scenario["rtt_us"]
        self.sessions = []
        self.up = True
        self.opened = 0
        self.jobs = []  # The rows of apscheduler_jobs: id, next_run_time, job_state.
        self.others = scenario["other_sessions"]
        for other in self.others:
            clock.at(other["at_us"], lambda other=other: self.connect_others(other), virtual.OTHERS)

    # What clients ask for.

    def syn(self, round_trip, timeout):
        """TCP sends its SYN again, as Linux does, until somebody answers; the driver may not wait for so long."""
        begin, end = self.syn_dropped
        start = sent = self.clock.now
        for gap in [1, 1, 1, 1, 1, 2, 4, 8, 16, 32, 64, None]:
            if gap is None or not begin <= sent < end:
                break
            sent += gap * 1_020_000
        connector_c = self.driver == "mysqlclient-mariadb"
        if sent > start and timeout and sent + round_trip > start + timeout * virtual.MICROSECONDS:
            self.clock.sleep(timeout * virtual.MICROSECONDS)
            if connector_c:
                raise operational(2002, "Can't connect to server on 'db' (110)")
            raise operational(2003, "Can't connect to MySQL server on 'db' (timed out)")
        self.clock.sleep(sent - start)
        if gap is None:
            if connector_c:
                raise operational(2002, "Can't connect to server on 'db' (115)")
            raise operational(2003, "Can't connect to MySQL server on 'db' ([Errno 110] Connection timed out)")

    def silence(self):
        """How long the server, which has been stopped, says nothing yet."""
        begin, end = self.silent
        return end - self.clock.now if begin <= self.clock.now < end else 0

    def frozen(self, start, takes, sleeps=False):
        """How long something takes if the server is stopped and continued meanwhile. What sleeps does not need it for that."""
        begin, end = self.silent
        if begin <= start < end:
            return end - start + takes
        if not start < begin < min(end, start + takes):
            return takes
        return max(takes, end - start) if sleeps else takes + end - begin

    def connect(self, round_trip, handshake, interactive, limit):
        """A handshake; when nobody listens, that is clear after the first packet. Without a greeting the driver may give up."""
        reachable = self.up
        takes = self.frozen(self.clock.now, handshake) if reachable else round_trip
        if limit and takes > handshake:
            begin = max(round_trip, self.silent[0] - self.clock.now)
            if begin + limit * virtual.MICROSECONDS < takes:
                self.clock.sleep(begin + limit * virtual.MICROSECONDS)
                if self.driver == "mysqlclient-mariadb":
                    where = "handshake: reading initial communication packet"
                    raise operational(2013, f"Lost connection to server at '{where}', system error: 110")
                raise self.lost(TIMED_OUT)
        self.clock.sleep(takes)
        return self.welcome(reachable, interactive)

    async def connect_in_loop(self, round_trip, handshake, interactive):
        reachable = self.up
        await Answer(self.clock).wait(self.frozen(self.clock.now, handshake) if reachable else round_trip)
        return self.welcome(reachable, interactive)

    def welcome(self, reachable, interactive):
        if not (reachable and self.up):
            raise self.unreachable()
        self.admit_application()
        self.opened += 1
        session = Session(self.opened, self.interactive_timeout if interactive else self.wait_timeout)
        self.sessions.append(session)
        self.row("open", conn=session.connection, in_use=len(self.sessions))
        session.idle_since = session.passed = self.clock.now
        self.check_idle(session)
        if self.idle_us:
            self.clock.at(self.clock.now + self.idle_us, lambda: self.check_path(session), virtual.SERVER)
        return session

    def connect_others(self, other):
        """Clients that are not the application's; they ask often enough never to be idle for long."""
        if self.up and self.silence():
            return self.clock.at(self.silent[1], lambda: self.connect_others(other), virtual.OTHERS)
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

    def share(self, connection):
        """Another end of the session, for a process that has inherited the socket."""
        if not isinstance(connection.session, End):
            connection.session.ends = 1
            connection.session.outstanding = []
            connection.session = End(connection.session)
        connection.session.ends += 1
        return End(connection.session.session)

    def command_on_shared(self, end, takes, query):
        """The server answers in the order of the commands; of the processes that wait, the one that came last reads first."""
        session, now = end.session, self.clock.now
        if session.death is not None:
            self.fail_idle(end)
        if end.waits:
            raise self.out_of_sync()
        session.idle_since, end.query, end.waits = None, query, True
        before = [other.until for other in session.outstanding]
        mine = Outstanding(max([now + takes] + [until + takes - self.rtt for until in before]), query)
        session.outstanding.append(mine)
        while not mine.got:
            if mine.until > self.clock.now:
                mine.ticket = virtual.Ticket()
                self.clock.park(mine.ticket, mine.until - self.clock.now)
            if session.death is not None:
                session.outstanding.remove(mine)
                end.waits = False
                self.fail_running(end)
            if not mine.got:
                last = [other for other in session.outstanding if not other.got][-1]
                last.got.append(mine.answer)
                if last is not mine:
                    mine.until, mine.answer = last.until, last.answer
                    self.clock.at(self.clock.now, last.ticket.leave)
        session.outstanding.remove(mine)
        end.waits = False
        if not session.outstanding:
            session.idle_since = self.clock.now
        return mine.got[0]

    def drop(self, session):
        """The socket is closed without a goodbye."""
        if isinstance(session, End):
            session.ends -= 1
            if session.ends > 0:
                return
        self.quit(session)

    def command(self, session, microseconds, query=""):
        """One command of a client, from the request to the end of the answer."""
        if isinstance(session, End):
            return self.command_on_shared(session, microseconds, query)
        for wait in self.exchange(session, microseconds, query):
            if wait > 0 and self.clock.can_wait():
                session.running, session.query = virtual.Ticket(), query
                self.clock.park(session.running, wait)

    async def command_in_loop(self, session, microseconds, query=""):
        if session.death is None and session.cut is None and (session.running or session.late):
            return await self.command_out_of_turn(session, microseconds, query)
        for wait in self.exchange(session, microseconds, query):
            if wait > 0:
                session.running, session.query = Answer(self.clock), query
                await session.running.wait(wait)

    async def command_out_of_turn(self, session, takes, query):
        """A coroutine reads the first answer that comes, whoever has asked. While another one waits, it has sent in vain."""
        now, takes = self.clock.now, self.frozen(self.clock.now, takes, "SLEEP(" in query)
        before = max([session.until, *(until for until, _ in session.late)])
        session.late.append((max(before + takes - self.rtt, now + takes), query))
        if session.running:
            # asyncio/streams.py
            raise RuntimeError("readexactly() called while another coroutine is already waiting for incoming data")
        session.idle_since = None
        until, got = session.late.pop(0)
        if until > now:
            session.running, session.query = Answer(self.clock), query
            await session.running.wait(until - now)
            session.running = None
        if session.death is not None:
            self.fail_running(session)
        session.idle_since, session.interrupted = self.clock.now, False
        return got

    def exchange(self, session, takes, query):
        """Yields how long the client waits, most often once."""
        self.begin(session)
        takes = self.frozen(self.clock.now, takes, "SLEEP(" in query)
        sent, before, limit = self.clock.now, session.cut, session.read_timeout
        session.passed = sent
        if before is None:
            session.until = sent + takes
        yield min({None: takes, DROP: self.gives_up_us, RESET: self.rtt}[before], limit)
        session.running = None
        if session.death is not None and session.cut is None:
            self.fail_running(session)
        waited = self.clock.now - sent
        timed_out = waited >= limit and (before is not None or takes > limit)
        if session.cut is None and not timed_out:
            session.passed = self.clock.now
            return self.end(session, query)
        if before is None and not timed_out:
            # Cut while the statement ran: its answer is lost.
            if session.cut == DROP:
                session.idle_since = self.clock.now
                self.server_gives_up(session, self.clock.now + self.gives_up_us)
            else:
                self.client_leaves(session)
            yield min(limit, self.keepalive_finds(session)) - waited
            session.running = None
            timed_out = self.clock.now - sent >= limit
        elif before is None:
            self.client_leaves(session)
        raise self.give_up(session, TIMED_OUT if timed_out else self.end_of(session))

    def begin(self, session):
        if session.given_up or session.death is not None and session.cut is None:
            self.fail_idle(session)
        if session.running:
            raise self.out_of_sync()
        if session.cut is None:
            session.idle_since = None
        elif self.clock.now - session.passed >= self.keepalive_finds(session):
            cause = self.end_of(session)
            self.give_up(session, cause)
            raise self.noticed(cause)

    def end(self, session, query):
        if session.death is not None:
            return
        session.idle_since = self.clock.now
        interrupted, session.interrupted = session.interrupted, False
        # In MySQL, SLEEP() takes an interruption for the end of its sleep.
        if interrupted and (self.mariadb() or "SLEEP(" not in session.query):
            raise operational(1317, "Query execution was interrupted")

    def quit(self, session):
        session = getattr(session, "session", session)
        if session.death is None and session.cut is None and not session.given_up:
            if not self.silence():
                return self.leave(session, QUIT)
            session.death = QUIT  # The server reads of it later.
            if session.running:
                self.clock.at(self.clock.now, session.running.leave)
            self.client_leaves(session)
        elif session.death and session.running:
            # Another thread has not read its answer yet, and now gets none.
            session.death = QUIT

    # What happens to sessions.

    def check_idle(self, session):
        """Ends a session that has been idle for wait_timeout, or looks again when it could be."""
        if session not in self.sessions:
            return
        since = self.clock.now if session.idle_since is None else session.idle_since
        # Of the two only MariaDB's clock goes on while the process is stopped.
        due = since + self.frozen(since, session.idle_timeout, self.mariadb())
        if self.silence():
            due = max(due, self.silent[1])
        elif session.gives_up is not None and session.gives_up <= self.clock.now:
            return self.leave(session, QUIT)
        if due > self.clock.now:
            self.clock.at(due, lambda: self.check_idle(session), virtual.SERVER)
        else:
            self.leave(session, TIMEOUT)

    def interrupt(self, connection):
        """KILL QUERY: who runs nothing does not notice."""
        for session in list(self.sessions):
            if session.connection is not None and connection in (None, session.connection) and session.running and not session.cut:
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
        session.death = session.death or death
        self.sessions.remove(session)
        self.row(KILL if death == RESTART else death, conn=session.connection, in_use=len(self.sessions))
        if session.running and session.cut is None:
            self.clock.at(self.clock.now, session.running.leave)
        for other in getattr(session, "outstanding", []):
            self.clock.at(self.clock.now, other.ticket.leave)

    # What happens on the way.

    def check_path(self, session):
        due = session.passed + self.idle_us
        if due > self.clock.now:
            self.clock.at(due, lambda: self.check_path(session), virtual.SERVER)
        else:
            self.cut(session, self.how)

    def cut_some(self, connection):
        for session in list(self.sessions):
            if session.connection is not None and connection in (None, session.connection):
                self.cut(session, DROP)

    def cut(self, session, how):
        if session.death is not None or session.cut is not None or session.given_up:
            return
        self.row("cut", conn=session.connection, how=how)
        if how == CLOSE:
            session.death = KILL
            if session.running:
                self.clock.at(self.clock.now, session.running.leave)
            return self.client_leaves(session)
        session.cut = how
        self.server_gives_up(session, session.passed + self.keepalive_finds(session))

    def keepalive_finds(self, session):
        return self.keepalive_us + (PROBES * virtual.MICROSECONDS if session.cut == DROP else 0)

    def server_gives_up(self, session, at):
        session.gives_up = at
        self.clock.at(at, lambda: self.check_idle(session), virtual.SERVER)

    def client_leaves(self, session):
        """A server that runs a statement looks when that is over, and one that has been stopped when it goes on."""
        if session not in self.sessions:
            return
        if self.silence() and session.idle_since is not None:
            session.idle_since, session.until = None, self.silent[1]
        if session.idle_since is None and session.until > self.clock.now:
            self.clock.at(session.until, lambda: self.unheard(session), virtual.SERVER)
        else:
            self.leave(session, QUIT)

    def unheard(self, session):
        session.idle_since = self.clock.now
        if session.cut == DROP:
            self.server_gives_up(session, self.clock.now + self.gives_up_us)
        elif session in self.sessions:
            self.leave(session, QUIT)

    def give_up(self, session, cause):
        session.given_up = session.told = True
        if self.driver == connector.PURE:
            return self.pure_gone(cause)
        quiet = self.driver.startswith("mysqlclient") or self.driver == connector.C
        if self.tls():
            cause = SSL_TIMED_OUT if cause is TIMED_OUT else None
        return self.lost(None if quiet else cause)

    def noticed(self, cause):
        """TCP has found out before the driver sends anything."""
        if self.driver in (connector.C, connector.PURE):
            return self.lost() if self.driver == connector.C else self.pure_gone(cause)
        if self.tls():
            return self.gone(SSL_EOF)
        if self.driver == "pymysql":
            return self.gone(cause)
        return self.gone() if self.driver == "mysqlclient-mariadb" else self.lost(cause if self.driver == "aiomysql" else None)

    def pure_gone(self, cause):
        return connector.gone(self, connector.eof(self) if self.tls() else f"Errno {cause.errno}: {cause.strerror}", DriverError)

    def end_of(self, session):
        return TCP_TIMED_OUT if session.cut == DROP else TCP_RESET

    def tls(self):
        return self.driver in ("pymysql", connector.PURE) and not self.mariadb()

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
        if self.driver in (connector.C, connector.PURE):
            raise connector.fail_idle(self, first, session.death == TIMEOUT, DriverError)
        if self.driver == "aiomysql":
            if not first:
                raise DriverError("InterfaceError", "(0, 'Not connected')")
            raise self.lost(ConnectionResetError(104, "Connection reset by peer") if tcp and session.death == TIMEOUT and self.mariadb() else None)
        if self.driver == "pymysql":
            if not first:
                raise DriverError("InterfaceError", 0, "")
            if not tcp and self.version == "mysql-9.7":
                raise self.gone(SSL_EOF)
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
        if self.driver in (connector.C, connector.PURE):
            return connector.unreachable(self, DriverError)
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
