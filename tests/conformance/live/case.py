"""One case: an application of real threads, in real time, and what happens to it at the scenario's times."""

import gc
import heapq
import inspect
import itertools
import json
import logging
import os
import re
import signal
import threading
import time
import traceback
import warnings
import weakref
from collections import deque
from types import SimpleNamespace

import pymysql
from mysqld import START_SECONDS
from network import Device
from sqlalchemy import __version__ as sqlalchemy_version
from sqlalchemy import create_engine, event, exc, pool, text
from sqlalchemy.engine import URL
from sqlalchemy.orm import scoped_session, sessionmaker

EXCEPTIONS = {name: c for name, c in vars(exc).items() if isinstance(c, type) and issubclass(c, Exception)}
DIALECTS = {"pymysql": "pymysql", "mysqlclient": "mysqldb", "mysqlclient-mariadb": "mysqldb"}
DIALECTS |= {"mysql-connector-python": "mysqlconnector", "mysql-connector-python-pure": "mysqlconnector"}
SECRET = "case"
INTERACTIVE = 1024  # CLIENT_INTERACTIVE of the protocol.
STATUS = (
    "Threads_connected", "Max_used_connections", "Aborted_clients", "Aborted_connects", "Connections", "Connection_errors_max_connections",
)
ADMIN_PRIVILEGE = {"mariadb": "CONNECTION ADMIN", "mysql": "CONNECTION_ADMIN"}
# Wall seconds that a case waits for its start, over how many seconds cases are spread, and how far into a second its clock begins: the processlist counts whole seconds.
START = 1.0
SPREAD = 4
PHASE = 0.03


def prepare(server, case, number):
    """Accounts and tables, before the run. Alone on a server the names are the listing's own."""
    alone = case["alone"]
    names = {"user": "app" if alone else f"app_{number}", "db": "shop" if alone else f"shop_{number}", "others": {}}
    with server.monitor() as monitor, monitor.cursor() as sql:
        sql.execute(f"CREATE DATABASE {names['db']}")
        limit = case["scenario"].get("account_max_user_connections")
        create_user(sql, names["user"], f" WITH MAX_USER_CONNECTIONS {limit}" if limit else "")
        sql.execute(f"GRANT ALL ON {names['db']}.* TO '{names['user']}'@'%'")
        sql.execute(f"CREATE TABLE {names['db']}.orders (id INT PRIMARY KEY, paid INT) ENGINE=InnoDB")
        sql.execute(f"INSERT INTO {names['db']}.orders VALUES (1, 0), (2, 0)")
        for other in case["scenario"]["other_sessions"]:
            if other["user"] in names["others"].values():
                continue
            user = other["user"] if alone else f"{other['user']}_{number}"
            names["others"][user] = other["user"]
            create_user(sql, user)
            if other["admin"]:
                sql.execute(f"GRANT {ADMIN_PRIVILEGE[server.installation.kind]} ON *.* TO '{user}'@'%'")
        if server.installation.kind == "mysql":
            # What a full authentication leaves behind; from then on every sign-in takes the same packets.
            for user in [names["user"], *names["others"]]:
                pymysql.connect(unix_socket=server.socket, user=user, password=SECRET).close()
    return names


def create_user(sql, user, options=""):
    sql.execute(f"CREATE USER '{user}'@'%' IDENTIFIED BY '{SECRET}'{options}")


def run(server, case, number, names, output):
    """In a process of its own, which ends here."""
    try:
        logging.getLogger("sqlalchemy").addHandler(logging.NullHandler())
        logging.getLogger("sqlalchemy").propagate = False
        warnings.simplefilter("ignore")
        run = Run(server, case, number, names)
        run.go()
        with os.fdopen(output, "w") as out:
            json.dump({"name": case["name"], "rows": run.normal_rows(), "late_us": run.late_us}, out)
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


class Run:
    def __init__(self, server, case, number, names):
        self.server, self.case, self.number, self.names = server, case, number, names
        self.scenario = case["scenario"]
        self.local = threading.local()
        self.lock = threading.Lock()
        self.rows = []
        self.ids = []  # Sessions of the application on the server, as (boot, id).
        self.boot = 0
        self.late_us = 0
        self.sequence = itertools.count()
        self.agenda = []
        self.changed = threading.Condition()
        self.others = []
        self.monitor = server.monitor()
        self.start = 0.0
        self.requests = 0
        idle_us, how = self.scenario["network"]["idle_us"], self.scenario["network"]["how"]
        cuts = any("cut" in fault for fault in self.scenario["faults"])
        place = ("127.0.0.1", server.port)
        self.device = Device(place, idle_us and idle_us / 1_000_000, how) if idle_us or cuts else None
        # Engines are numbered: first those that every process has, then those that programs make.
        self.engines = itertools.count(len(self.scenario["engines"]) * sum(spec["count"] for spec in self.scenario["processes"]))
        self.copies = [
            [Process(self, copy, spec["threads"]) for copy in range(spec["first"], spec["first"] + spec["count"])]
            for spec in self.scenario["processes"]
        ]
        for other in self.scenario["other_sessions"]:
            self.at(other["at_us"], 0, lambda other=other: self.connect_others(other))
        for fault in self.scenario["faults"]:
            self.at(fault["at_us"], 1, lambda fault=fault: self.happen(fault))
        stopped_us, continued_us = self.scenario["network"]["silent_us"]
        if continued_us:
            self.at(stopped_us, 1, lambda: self.server.signal(signal.SIGSTOP))
            self.at(continued_us, 0, lambda: self.server.signal(signal.SIGCONT))
        for at in self.scenario["gc_us"]:
            self.at(at, 2, self.collect)
        for index, spec in enumerate(self.scenario["traffic"]):
            Traffic(self, index, spec)
        for at in self.case["looks_us"]:
            self.at(at, 1 << 20, lambda at=at: self.look(at))
        self.baseline = dict.fromkeys(STATUS, 0)

    # Time.

    def now(self):
        return int((time.monotonic() - self.start) * 1_000_000)

    def at(self, microseconds, rank, act):
        with self.changed:
            heapq.heappush(self.agenda, (microseconds, rank, next(self.sequence), act))
            self.changed.notify()

    def go(self):
        if self.case["alone"]:
            # Its own session is not one of those that count: see ADMIN.
            self.execute("FLUSH STATUS")
            self.baseline = self.status()
        # The clock starts at a whole second of the server's.
        wall = time.time()
        whole = int(wall + START) + 1 + self.number % SPREAD + PHASE
        self.start = time.monotonic() + whole - wall
        until = self.scenario["until_us"]
        while True:
            with self.changed:
                due = min(self.agenda[0][0] if self.agenda else until, until)
                left = self.start + due / 1_000_000 - time.monotonic()
                if left > 0:
                    self.changed.wait(left)
                    continue
                if not self.agenda or self.agenda[0][0] > until:
                    return
                _, _, _, act = heapq.heappop(self.agenda)
            self.late_us = max(self.late_us, self.now() - due)
            act()

    # Rows.

    def row(self, text, lane=None):
        lane = lane or getattr(self.local, "lane", "-")
        self.rows.append((self.now(), lane, text))

    def normal_rows(self):
        """Connections by number in the order in which the server saw them, names and addresses as in the listing."""
        with self.lock:
            numbers = {f"<{boot}:{number}>": str(n + 1) for n, (boot, number) in enumerate(sorted(self.ids))}
            rows = list(self.rows)
        for real, shown in self.words().items():
            rows = [(at, lane, text.replace(real, shown)) for at, lane, text in rows]
        # Where in Python's own C source TLS found the end depends on the Python.
        rows = [(at, lane, re.sub(r"_ssl\.c:\d+", "_ssl.c:2427", text)) for at, lane, text in rows]
        mark = re.compile(r"<\d+:\d+>")
        return [(at, lane, mark.sub(lambda m: numbers.get(m.group(), "-"), text)) for at, lane, text in rows]

    def words(self):
        words = {self.server.socket: "/run/mysqld/mysqld.sock", f"127.0.0.1:{self.server.port}": "db:3306"}
        if self.device:
            words[f"127.0.0.1:{self.device.port}"] = "db:3306"
        words["127.0.0.1"] = "db"
        return words | {self.names["user"]: "app", self.names["db"]: "shop"} | self.names["others"]

    def collect(self):
        self.row("gc", "-")
        gc.collect()

    # The server.

    def execute(self, sql):
        with self.monitor.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()

    def status(self):
        values = dict(self.execute("SHOW GLOBAL STATUS"))
        return {name: int(values[name]) for name in STATUS}

    def connect_others(self, other):
        threading.Thread(target=self.open_others, args=[other], daemon=True).start()

    def open_others(self, other):
        user = next(real for real, shown in self.names["others"].items() if shown == other["user"])
        for _ in range(other["count"]):
            try:
                connection = pymysql.connect(user=user, password=SECRET, ssl_disabled=True, **self.address())
                # They ask often enough never to be idle for long.
                connection.cursor().execute("SET SESSION wait_timeout = 28800")
                self.others.append(connection)
            except pymysql.Error as e:
                self.row(f"server.refused user={other['user']} error={show(e)}", "-")

    def address(self):
        if self.scenario["transport"] == "unix":
            return {"unix_socket": self.server.socket}
        return {"host": "127.0.0.1", "port": self.device.port if self.device else self.server.port}

    def happen(self, fault):
        if "down_us" in fault:
            threading.Thread(target=self.restart, args=[fault["at_us"] + fault["down_us"]], daemon=True).start()
            return
        if "cut" in fault:
            self.device.cut(fault["cut"])
            return
        command = "KILL QUERY" if fault.get("query") else "KILL"
        user = self.names["user"]
        living = [row[0] for row in self.execute("SHOW PROCESSLIST") if row[1] == user]
        with self.lock:
            ids = [number for _, number in sorted(self.ids)]
        if fault["kill"] is not None:
            ids = ids[fault["kill"] - 1 : fault["kill"]]
        for number in ids:
            if number in living:
                self.execute(f"{command} {number}")

    def restart(self, back_us):
        self.server.stop()
        self.row("server.stopped", "-")
        left = self.start + back_us / 1_000_000 - time.monotonic()
        time.sleep(max(0, left - START_SECONDS[self.server.installation.kind]))
        self.server.launch()
        self.server.wait_until_up()
        self.monitor = self.server.monitor()
        self.boot += 1
        self.execute("FLUSH STATUS")
        self.baseline = self.status()
        self.row("server.up", "-")
        # The server lives as long as the thread that started it.
        threading.Event().wait()

    def look(self, at):
        """SHOW PROCESSLIST and SHOW STATUS at one instant."""
        lane = f"look {at}"
        try:
            rows = self.execute("SHOW PROCESSLIST")
            status = self.status() if self.case["alone"] else None
        except pymysql.Error:
            self.row("server down", lane)
            return
        mine = {self.names["user"], *self.names["others"]}
        for number, user, host, db, command, seconds, state, info, *_ in rows:
            if user in mine:
                host = "localhost" if host == "localhost" else "tcp"
                self.row(
                    f"conn=<{self.boot}:{number}> user={user} host={host} db={db or 'NULL'} Command={command} Time={seconds} "
                    f"State={state or ''} Info={'NULL' if info is None else info}",
                    lane,
                )
        if status is not None:
            status = {name: value - self.baseline[name] for name, value in status.items()}
            self.row(" ".join(f"{name}={value}" for name, value in status.items()), lane)


class Process:
    """One copy of a process: its engines, its threads, its queue of requests."""

    def __init__(self, run, index, threads):
        self.run = run
        self.queue = deque()
        self.free = list(range(threads))
        self.lock = threading.Lock()
        self.wake = [threading.Semaphore(0) for _ in range(threads)]
        self.jobs = [None] * threads
        self.programs = {}
        clock = SimpleNamespace(sleep=time.sleep, time=time.time, monotonic=time.monotonic)
        self.scope = EXCEPTIONS | {"exc": exc, "text": text, "time": clock, "gc": SimpleNamespace(collect=run.collect)}
        self.scope["print"] = lambda *_: None
        self.scope |= {"URL": None, "create_engine": lambda _, **options: new_engine(run, options)}
        count = len(run.scenario["engines"])
        for number, options in enumerate(run.scenario["engines"]):
            engine = make_engine(run, options, index * count + number)
            self.scope[options["name"]] = engine
            factory = sessionmaker(engine)
            self.scope["Session"] = scoped_session(factory) if options["scoped_session"] else factory
        for number in range(threads):
            name = f"{index}/{number}"
            threading.Thread(target=self.serve, args=[number, name], name=name, daemon=True).start()

    def program(self, index):
        if index not in self.programs:
            scope = dict(self.scope)
            exec(compile(self.run.scenario["programs"][index], "app.py", "exec"), scope)
            self.programs[index] = next(f for f in scope.values() if inspect.isfunction(f) and f.__code__.co_filename == "app.py")
        return self.programs[index]

    def arrive(self, request, program, done):
        self.run.row(f"arrive request={request}", "-")
        job = (request, program, done)
        with self.lock:
            if not self.free:
                self.queue.append(job)
                return
            self.free.sort()
            number = self.free.pop(0)
            self.jobs[number] = job
        self.wake[number].release()

    def serve(self, number, name):
        self.run.local.lane = name
        while True:
            self.wake[number].acquire()
            while self.jobs[number]:
                (request, program, done), self.jobs[number] = self.jobs[number], None
                self.run.row(f"start request={request}")
                error = self.handle(program, request)
                self.run.row(f"finish request={request}" + (f" error={json.dumps(error)}" if error else ""))
                if done:
                    done()
                with self.lock:
                    if self.queue:
                        self.jobs[number] = self.queue.popleft()
                    else:
                        self.free.append(number)

    def handle(self, program, request):
        function = self.program(program)
        try:
            function(*[request] * function.__code__.co_argcount)
        except Exception as e:
            return "".join(traceback.format_exception_only(type(e), e)).rstrip("\n")
        return None


class Traffic:
    def __init__(self, run, index, spec):
        self.run, self.program, self.rank = run, spec["run"], 3 + index
        self.copies = run.copies[spec["process"]]
        self.dealt = 0
        self.think = spec.get("think_us")
        for at in spec["at_us"]:
            run.at(at, self.rank, self.arrive)

    def arrive(self):
        self.run.requests += 1
        copy = self.copies[self.dealt % len(self.copies)]
        self.dealt += 1
        copy.arrive(self.run.requests, self.program, self.again if self.think is not None else None)

    def again(self):
        self.run.at(self.run.now() + self.think, self.rank, self.arrive)


def make_engine(run, options, index):
    arguments = {"poolclass": getattr(pool, options["poolclass"]), "pool_reset_on_return": options["pool_reset_on_return"]}
    arguments |= {"pool_recycle": options["pool_recycle_us"] / 1_000_000, "pool_pre_ping": options["pool_pre_ping"]}
    if options["poolclass"] == "QueuePool":
        arguments |= {name: options[name] for name in ("pool_size", "max_overflow", "pool_use_lifo")}
        arguments["pool_timeout"] = options["pool_timeout_us"] / 1_000_000
    timeouts = {option: options[option] for option in ("read_timeout", "connect_timeout") if options[option]}
    engine = connected(run, index, arguments, timeouts, options.get("interactive"))
    if options["ping_listener"]:
        event.listen(engine, "checkout", ping_listener(options["ping_listener"], run), insert=True)
    return engine


def ping_listener(text, run):
    """The function of the listing; what it does with its cursor is noted as a ping."""
    names = {"exc": exc}
    exec(text, names)

    def ping(dbapi_connection, record, proxy):
        mark = number(dbapi_connection)

        def noted(call, *args):
            try:
                return call(*args)
            except BaseException as e:
                run.row(f"pinged conn={mark} error={show(e)}")
                raise

        def cursor():
            run.row(f"ping conn={mark}")
            made = noted(type(dbapi_connection).cursor, dbapi_connection)

            def execute(sql):
                noted(made.execute, sql)
                run.row(f"pinged conn={mark}")

            return SimpleNamespace(execute=execute, close=lambda: noted(made.close))

        names["ping"](SimpleNamespace(cursor=cursor), record, proxy)

    return ping


def new_engine(run, options):
    """The program's own."""
    with run.lock:
        index = next(run.engines)
    return connected(run, index, options)


def connected(run, index, arguments, timeouts=(), interactive=False):
    scenario = run.scenario
    address = {"username": run.names["user"], "password": SECRET, "database": run.names["db"]}
    if scenario["transport"] == "unix":
        address["query"] = run.address()
    else:
        address |= run.address()
    connect = {"client_flag": INTERACTIVE} if interactive else {}
    connect |= dict(timeouts)
    if scenario["driver"] == "pymysql" and run.server.installation.kind == "mariadb":
        # This MariaDB offers no TLS; PyMySQL would make its context for nothing, and be late.
        connect["ssl_disabled"] = True
    connector = DIALECTS[scenario["driver"]] == "mysqlconnector"
    if connector:
        connect["use_pure"] = scenario["driver"].endswith("-pure")
    url = URL.create("mysql+" + DIALECTS[scenario["driver"]], **address)
    engine = create_engine(url, connect_args=connect, **arguments)
    observe(engine.dialect, run, index, connector)
    listen(engine, index, run)
    return engine


def number(connection):
    return getattr(connection, "session_mark", "-") if connection is not None else "-"


def observe(dialect, run, index, connector):
    """Notes what SQLAlchemy asks of the driver. The driver itself stays as it is."""
    quiet = threading.local()  # The dialect's own questions to the server.

    def observe_cursor(connection):
        """MySQL Connector asks the server whether it is there before it gives a cursor."""
        real, mark = type(connection).cursor, connection.session_mark
        itself = weakref.ref(connection)

        def cursor(*args, **kwargs):
            if not getattr(quiet, "on", False):
                run.row(f"cursor conn={mark}")
            try:
                return real(itself(), *args, **kwargs)
            except BaseException as e:
                if not getattr(quiet, "on", False):
                    run.row(f"executed conn={mark} error={show(e)}")
                raise

        connection.cursor = cursor

    def around(name, begin, end, connection_of):
        real = getattr(dialect, name)

        def call(*args, **kwargs):
            mark = number(connection_of(args))
            silent = getattr(quiet, "on", False)
            if name == "do_rollback":
                quiet.on = False
            if not silent and (name != "do_execute" or not connector):
                run.row(begin(mark, args))
            try:
                result = real(*args, **kwargs)
            except BaseException as e:
                if not silent:
                    run.row(f"{end} conn={mark} error={show(e)}")
                raise
            if not silent:
                run.row(f"{end} conn={mark}")
            return result

        setattr(dialect, name, call)

    first = lambda args: args[0]
    of_cursor = lambda args: getattr(args[0], "_connection", None) if connector else args[0].connection
    around("do_execute", lambda mark, args: f"execute conn={mark} sql={json.dumps(args[1])}", "executed", of_cursor)
    around("do_commit", lambda mark, _: f"commit conn={mark}", "executed", first)
    around("do_rollback", lambda mark, _: f"rollback conn={mark}", "executed", first)

    def observe_ping(connection):
        # 1.4 keeps the error of a ping to itself, so it is the driver's own ping that is watched.
        real, mark = type(connection).ping, connection.session_mark
        itself = weakref.ref(connection)

        def ping(*args, **kwargs):
            run.row(f"ping conn={mark}")
            try:
                result = real(itself(), *args, **kwargs)
            except BaseException as e:
                run.row(f"pinged conn={mark} error={show(e)}")
                raise
            run.row(f"pinged conn={mark}")
            return result

        connection.ping = ping

    connect = dialect.connect

    def connecting(*args, **kwargs):
        run.row(f"connecting engine={index}")
        try:
            connection = connect(*args, **kwargs)
        except BaseException as e:
            run.row(f"connect_failed engine={index} error={show(e)}")
            raise
        with run.lock:
            place = (run.boot, connection.connection_id if connector else connection.thread_id())
            run.ids.append(place)
        connection.session_mark = "<{}:{}>".format(*place)
        observe_ping(connection)
        if connector:
            observe_cursor(connection)
        return connection

    dialect.connect = connecting

    initialize = dialect.initialize

    def initializing(connection):
        quiet.on = True
        return initialize(connection)

    dialect.initialize = initializing


def listen(engine, index, run):
    """Notes the pool's ten events, with the figures as a listener sees them."""

    def figures(connection_record):
        p = connection_record._ConnectionRecord__pool if connection_record else engine.pool
        if hasattr(p, "checkedin"):
            return f"{p.size()}/{p.checkedin()}/{p.overflow()}/{p.checkedout()}"
        return json.dumps(re.sub(r" id:\d+", "", p.status()))

    def listener(name):
        def report(dbapi_connection, connection_record=None):
            run.row(f"{name} engine={index} conn={number(dbapi_connection)} pool={figures(connection_record)}")

        return report

    two, three = "dbapi_connection, connection_record", "dbapi_connection, connection_record, {}"
    signatures = {name: two for name in ("connect", "first_connect", "checkin", "close", "detach")}
    signatures |= {"checkout": three.format("connection_proxy"), "close_detached": "dbapi_connection"}
    signatures |= {name: three.format("exception") for name in ("invalidate", "soft_invalidate")}
    signatures["reset"] = two if sqlalchemy_version.startswith("1.4") else three.format("reset_state")
    for name, arguments in signatures.items():
        passed = "dbapi_connection" if name == "close_detached" else two
        event.listen(engine, name, eval(f"lambda {arguments}: report({passed})", {"report": listener(name)}))
    event.listen(engine, "engine_disposed", lambda engine: run.row(f"dispose engine={index}"))
    if sqlalchemy_version.startswith("1.4"):
        # Where anybody listens to an engine, the errors of 1.4 do not show a Session's empty parameters. Applications rarely do.
        engine._has_events = False


def show(error):
    return json.dumps(f"{type(error).__name__}{error.args}", ensure_ascii=False)
