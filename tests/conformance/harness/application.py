"""The application: processes with their engines, threads or coroutines that serve requests, and the program text run as it is written."""

import asyncio
import contextlib
import contextvars
import inspect
import re
import sys
import traceback
from collections import deque
from fractions import Fraction
from types import ModuleType, SimpleNamespace

import apscheduler.jobstores.sqlalchemy
from apscheduler.schedulers.background import BackgroundScheduler
from greenlet import greenlet
from sqlalchemy import __version__ as sqlalchemy_version
from sqlalchemy import Column, Integer, String, create_engine, event, exc, pool, text
from sqlalchemy.orm import scoped_session, sessionmaker

import clock as virtual
from aiomysql_driver import AsyncDriver
from driver import Driver
from event_loop import EventLoop, sleep

try:
    from sqlalchemy.ext import asyncio as sqlalchemy_asyncio
except ImportError:
    sqlalchemy_asyncio = User = None  # New in 1.4, like Session.get().
else:
    from sqlalchemy.orm import declarative_base

    class User(declarative_base()):
        """The one mapped class of the programs."""

        __tablename__ = "users"
        id = Column(Integer, primary_key=True)
        name = Column(String(50))

# 1.4 has the asyncio layer too, but another way to make Sessions with it.
ASYNC = {name: getattr(sqlalchemy_asyncio, name, None) for name in ("AsyncSession", "async_sessionmaker")}
URLS = {"pymysql": "mysql+pymysql://app@db/shop", "mysqlclient": "mysql+mysqldb://app@db/shop"}
URLS["mysqlclient-mariadb"] = URLS["mysqlclient"]
URLS["aiomysql"] = "mysql+aiomysql://app@db/shop"
URLS["mysql-connector-python"] = URLS["mysql-connector-python-pure"] = "mysql+mysqlconnector://app@db/shop"

# What a program may name beside its engines and `Session`.
EXCEPTIONS = {name: c for name, c in vars(exc).items() if isinstance(c, type) and issubclass(c, Exception)}


def notes_questions(dialect, driver):
    """Which thread asks the server for the dialect, and not for the application."""
    initialize = dialect.initialize

    def initializing(connection):
        driver.asking = virtual.getcurrent()
        try:
            return initialize(connection)
        finally:
            driver.asking = None

    dialect.initialize = initializing


class Application:
    def __init__(self, scenario, clock, server, row, collector):
        self.scenario, self.clock, self.server, self.row = scenario, clock, server, row
        self.collector = collector
        self.engines = 0
        # A job store makes its engine itself.
        apscheduler.jobstores.sqlalchemy.create_engine = self.create_engine
        self.requests = 0
        self.life = None  # Of the process that is being made.
        self.masters = []
        self.copies = [self.make(spec) for spec in scenario["processes"]]
        for index, traffic in enumerate(scenario["traffic"]):
            Traffic(self, index, traffic)

    def stop(self):
        for copy in sum(self.copies, self.masters):
            copy.stop()

    def make(self, spec):
        """The copies of a process."""
        if spec["preload"] is not None:
            master = Master(self, spec)
            self.masters.append(master.parent)
            return master.workers
        copies = range(spec["first"], spec["first"] + spec["count"])
        return [Reloader(self, spec)] if spec["debug"] else [self.process(copy, spec) for copy in copies]

    def process(self, index, spec):
        self.life = Life(self.row)
        names = EXCEPTIONS | {"exc": exc, "text": text, "time": virtual.time, "gc": self.collector}
        names |= {"scoped_session": scoped_session, "sessionmaker": sessionmaker, "ContextVar": contextvars.ContextVar}
        names |= {"asyncio": SimpleNamespace(sleep=sleep, current_task=asyncio.current_task), "gen": SimpleNamespace(sleep=sleep)}
        names |= ASYNC
        names["User"] = User
        names["print"] = lambda *_: None  # Standard output belongs to the rows.
        names |= {"__name__": "app", "URL": self.url, "BackgroundScheduler": BackgroundScheduler}
        names |= {"create_engine": self.create_engine, "NullPool": pool.NullPool}
        for options in self.scenario["engines"]:
            engine = self.engine(options)
            names[options["name"]] = engine
            if self.is_async():
                names.setdefault("Session", names["async_sessionmaker"](engine))
            else:
                Session = sessionmaker(engine)
                names.setdefault("Session", scoped_session(Session) if options["scoped_session"] else Session)
        return (Coroutines if spec["event_loop"] else Threads)(self, index, spec, names)

    @property
    def url(self):
        return URLS[self.scenario["driver"]]

    def create_engine(self, url, ping_listener=None, **arguments):
        process = getattr(virtual.getcurrent(), "process", None)
        life = process.life if process else self.life
        create, driver = create_engine, Driver
        if self.is_async():
            create, driver = sqlalchemy_asyncio.create_async_engine, AsyncDriver
        driver = driver(self.scenario, self.server, life, self.engines)
        driver.shares_records = arguments.get("poolclass") in (pool.StaticPool, pool.AssertionPool)
        connect = arguments.get("connect_args", {})
        driver.interactive, driver.read_timeout = "client_flag" in connect, connect.get("read_timeout")
        driver.connect_timeout = connect.get("connect_timeout", driver.connect_timeout)
        engine = create(url, module=driver.module(), **arguments)
        # Its refusals come before the rows: a checkout is one that nobody has refused.
        if ping_listener:
            event.listen(getattr(engine, "sync_engine", engine), "checkout", listener(ping_listener))
        listen(getattr(engine, "sync_engine", engine), self.engines, life.row)
        engine.dialect.wire = driver
        if driver.connector:
            notes_questions(engine.dialect, driver)
        if sqlalchemy_version.startswith("1.2"):
            show_pings(engine.dialect)
        self.engines += 1
        return engine

    def is_async(self):
        return self.scenario["driver"] == "aiomysql"

    def engine(self, options):
        arguments = {"poolclass": getattr(pool, options["poolclass"]), "pool_reset_on_return": options["pool_reset_on_return"]}
        arguments["pool_recycle"] = seconds(options["pool_recycle_us"])
        # 1.1 does not know the name.
        arguments |= {"pool_pre_ping": True} if options["pool_pre_ping"] else {}
        arguments["ping_listener"] = options["ping_listener"]
        if options["poolclass"] in ("QueuePool", "SingletonThreadPool"):
            arguments["pool_size"] = options["pool_size"]
        if options["poolclass"] == "QueuePool":
            arguments["max_overflow"] = options["max_overflow"]
            # 1.2 does not know the name.
            arguments |= {"pool_use_lifo": True} if options["pool_use_lifo"] else {}
            arguments["pool_timeout"] = seconds(options["pool_timeout_us"])
        if self.is_async() and options["poolclass"] == "QueuePool":
            arguments["poolclass"] = pool.AsyncAdaptedQueuePool
        connect = {"client_flag": 1024} if options["interactive"] else {}  # CLIENT.INTERACTIVE
        connect |= {"read_timeout": options["read_timeout"]} if options["read_timeout"] else {}
        connect |= {"connect_timeout": options["connect_timeout"]} if options["connect_timeout"] else {}
        if connect:
            arguments["connect_args"] = connect
        return self.create_engine(self.url, **arguments)


def listener(text):
    """The function of the listing; the driver prints its statement as a ping."""
    names = {"exc": exc}
    exec(text, names)

    def ping(dbapi_connection, record, proxy):
        driver_connection = getattr(dbapi_connection, "_connection", dbapi_connection)
        driver_connection.pinging = virtual.thread()
        try:
            names["ping"](dbapi_connection, record, proxy)
        finally:
            driver_connection.pinging = None

    return ping


def show_pings(dialect):
    """1.2 pings with a statement; the driver prints it as a ping."""
    do_ping = dialect.do_ping

    def ping(dbapi_connection):
        dbapi_connection.pinging = virtual.thread()
        try:
            return do_ping(dbapi_connection)
        finally:
            dbapi_connection.pinging = None

    dialect.do_ping = ping


def seconds(microseconds):
    """As an application writes it: a whole number, or else exact."""
    exact = Fraction(microseconds, virtual.MICROSECONDS)
    return int(exact) if exact.denominator == 1 else exact


def listen(engine, index, row):
    """Prints the pool's ten events, with the figures as a listener sees them."""

    def figures(connection_record):
        # A connection may come back to a pool that dispose() has replaced.
        p = connection_record._ConnectionRecord__pool if connection_record else engine.pool
        if hasattr(p, "checkedin"):
            return f"{p.size()}/{p.checkedin()}/{p.overflow()}/{p.checkedout()}"
        # Of a SingletonThreadPool without the address that is in it.
        return re.sub(r" id:\d+", "", p.status())

    def listener(name):
        def report(dbapi_connection, connection_record=None):
            driver_connection = getattr(dbapi_connection, "_connection", dbapi_connection)
            row(name, engine=index, conn=getattr(driver_connection, "number", None), pool=figures(connection_record))

        return report

    two, three = "dbapi_connection, connection_record", "dbapi_connection, connection_record, {}"
    signatures = {name: two for name in ("connect", "first_connect", "checkin", "close", "detach")}
    signatures |= {"checkout": three.format("connection_proxy"), "close_detached": "dbapi_connection"}
    signatures |= {name: three.format("exception") for name in ("invalidate", "soft_invalidate")}
    signatures["reset"] = two if sqlalchemy_version.startswith("1.") else three.format("reset_state")
    for name, arguments in signatures.items():
        # SQLAlchemy looks at a listener's argument names to tell old signatures from new ones.
        passed = "dbapi_connection" if name == "close_detached" else two
        event.listen(engine, name, eval(f"lambda {arguments}: report({passed})", {"report": listener(name)}))
    event.listen(engine, "engine_disposed", lambda engine: row("dispose", engine=index))
    if sqlalchemy_version.startswith("1.4"):
        # Where anybody listens to an engine, the errors of 1.4 do not show a Session's empty parameters. Applications rarely do.
        engine._has_events = False


class Program:
    """A module: its handlers, to which requests go in turn, and what runs when a request is over."""

    def __init__(self, text, names):
        self.teardowns = []
        names["app"] = self
        exec(compile(text, "app.py", "exec"), names)
        functions = [f for f in names.values() if inspect.isfunction(f) and f.__code__.co_filename == "app.py"]
        self.handlers = [f for f in functions if f not in self.teardowns]

    def route(self, *_):
        return lambda function: function

    get = post = route

    def teardown_appcontext(self, function):
        self.teardowns.append(function)
        return function

    teardown_request = teardown_appcontext


class App(ModuleType):
    """The module `app`, where a job store finds the functions of its jobs: each process has its own."""

    def __getattr__(self, name):
        process = getattr(virtual.getcurrent(), "process", None)
        if process is None:
            raise AttributeError(name)
        return process.job(name)


sys.modules["app"] = App("app")


class Life:
    """Whether an OS process still exists; what is left of it in memory afterwards does nothing and says nothing."""

    def __init__(self, row):
        self.ended, self.print = False, row

    def row(self, *event, **details):
        if not self.ended:
            self.print(*event, **details)


class Process:
    """One copy of a process: its engines, its queue of requests, and the tasks that serve them."""

    def __init__(self, application, index, tasks, names):
        self.application, self.index, self.names = application, index, names
        self.queue = deque()
        self.free = []
        self.programs, self.jobs = {}, {}
        self.life = application.life
        for name in application.scenario["jobs"]:
            names[name] = self.job(name)

    def job(self, name):
        """A function that a scheduler runs: the program's, with rows around it."""
        if name not in self.jobs:
            application = self.application

            def job():
                application.requests += 1
                request = application.requests
                application.row("start", request=request)
                try:
                    self.program(application.scenario["jobs"][name]).handlers[0]()
                except Exception as e:
                    application.row("finish", request=request, error=only(e))
                    raise
                application.row("finish", request=request, error=None)

            job.__name__ = job.__qualname__ = name
            job.__module__ = "app"
            self.jobs[name] = job
        return self.jobs[name]

    def program(self, index):
        if index not in self.programs:
            self.programs[index] = Program(self.application.scenario["programs"][index], dict(self.names))
        return self.programs[index]

    def arrive(self, *arrival):
        self.application.row("arrive", request=arrival[0])
        self.queue.append(arrival)

    def lowest_free(self):
        self.free.sort(key=lambda waiting: waiting[0])
        return self.free.pop(0)

    async def serve(self, request, program, number, done):
        self.application.row("start", request=request)
        program = self.program(program)
        error = await self.handle(program, program.handlers[number % len(program.handlers)], request)
        self.application.row("finish", request=request, error=error)
        if done:
            done(error)

    async def handle(self, program, function, request):
        error = None
        try:
            result = function(*[request] * function.__code__.co_argcount)
            if inspect.isawaitable(result):
                await result
        except Exception as e:
            error = e
        try:
            for teardown in reversed(program.teardowns):
                teardown(error)
        except Exception as e:
            error = e
        text = error and only(error)
        if error and self.debug:
            self.frames.append(error)
        error = None  # It refers to this frame.
        return text


def only(error):
    text = "".join(traceback.format_exception_only(type(error), error)).rstrip("\n")
    # As PyMySQL gets it; and an address.
    text = text.replace("users.id = %s]\n[parameters: (1,)]", "users.id = %(pk_1)s]\n[parameters: {'pk_1': 1}]")
    text = text.replace("users.id = %s]\n[parameters: [{", "users.id = %(pk_1)s]\n[parameters: [{")
    text = re.sub(r"(SessionTransaction object at) 0x[0-9a-f]+", r"\1 0x7f5c00000010", text)
    text = text.replace("users.id = %s]\n[parameters: [{", "users.id = %(pk_1)s]\n[parameters: [{")
    text = re.sub(r"<User at 0x[0-9a-f]+>", "<User at 0x7f5c00000010>", text)
    # An AssertionPool shows the stack of the first checkout.
    return re.sub(r"(already checked out at:)\n(?s:.*?)(\n\[SQL: [^\n]*\]|)$", r"\1\2", text)


class ProcessThread(greenlet):
    """A thread of a process: it never goes on after its process has ended."""

    def switch(self, *arguments):
        return None if self.process.life.ended else super().switch(*arguments)


class Reloader:
    """`app.run(debug=True)`: a parent that only watches, and one child after the other that serves."""

    PYTHON_START = 500_000

    def __init__(self, application, spec):
        self.application, self.clock = application, application.clock
        make = application.process
        self.parent = make(spec["first"], spec | {"threads": 1})
        self.children = [make(spec["first"] + 1 + copy, spec) for copy in range(len(spec["edited_us"]) + 1)]
        self.serving = 0
        for process in [self.parent, *self.children]:
            process.ready = False
        self.parent.served = self.start_child
        self.clock.at(0, self.parent.start, virtual.FAULTS)
        for when in spec["edited_us"]:
            self.clock.at(when, self.edited, virtual.FAULTS)

    def start_child(self):
        self.clock.at(self.clock.now + self.PYTHON_START, self.children[self.serving].start, virtual.FAULTS)

    def edited(self):
        child = self.children[self.serving]
        if child.ready:
            self.serving += 1
            child.exit()
            self.start_child()

    def arrive(self, *arrival):
        self.children[self.serving].arrive(*arrival)

    def stop(self):
        for process in [self.parent, *self.children]:
            process.stop()


class Master:
    """`gunicorn --preload`: a process that runs a program, then forks the workers, which have what it has."""

    def __init__(self, application, spec):
        self.application, spec = application, spec | {"forked": True}
        self.parent = application.process(spec["first"], spec | {"threads": 1, "startup": spec["preload"], "forked": False})
        self.workers = [application.process(spec["first"] + 1 + copy, spec) for copy in range(spec["count"])]
        for worker in self.workers:
            worker.ready = False
        self.parent.served = self.fork

    def fork(self):
        clock = self.application.clock
        for worker in self.workers:
            for options in self.application.scenario["engines"]:
                self.inherit(self.parent.names[options["name"]], worker.names[options["name"]])
            clock.at(clock.now, worker.start, virtual.FAULTS)

    def inherit(self, parent, child):
        """The child's engine as if its memory were a copy of the parent's: what the pool has and knows, on the same sockets."""
        driver = child.dialect.wire
        for name, value in vars(parent.dialect).items():
            if isinstance(value, (bool, int, str, tuple, type(None))):
                setattr(child.dialect, name, value)
        old, new = parent.pool, child.pool
        new.dispatch.first_connect.for_modify(new.dispatch)._exec_once = True
        connect = new.dispatch.connect.for_modify(new.dispatch)
        connect._exec_w_sync_once = True
        for listener in connect:
            for cell in getattr(listener, "__closure__", None) or ():
                # What util.only_once() has left to call.
                if isinstance(cell.cell_contents, list):
                    cell.cell_contents.clear()
        new._overflow, new._invalidate_time = old._overflow, old._invalidate_time
        for record in list(old._pool.queue):
            copy = type(record)(new, connect=False)
            copy.starttime, copy._soft_invalidate_time = record.starttime, record._soft_invalidate_time
            if record.dbapi_connection is not None:
                copy.dbapi_connection = record.dbapi_connection.inherited(driver)
                numbers = {"conn": copy.dbapi_connection.number, "parent": record.dbapi_connection.number}
                self.application.row("inherit", engine=driver.engine, **numbers)
            new._pool.put(copy)


class Threads(Process):
    def __init__(self, application, index, spec, names):
        super().__init__(application, index, spec["threads"], names)
        self.barging = spec["barging_us"]
        self.startup = spec["startup"]
        self.ready = self.startup is None
        self.threads = []
        for number in range(spec["threads"]):
            self.new_thread(lambda number=number: self.run(number)).switch()
        self.debug = spec["debug"]
        self.frames = []  # What the debugger keeps, for as long as the process lives.
        if not self.ready and not self.debug and not spec.get("forked"):
            application.clock.at(0, self.start, virtual.FAULTS)

    def new_thread(self, main):
        thread = ProcessThread(main, self.application.clock.hub)
        thread.name, thread.process = f"{self.index}/{len(self.threads)}", self
        self.threads.append(thread)
        return thread

    def start(self):
        """Runs the startup program; only then are requests served."""
        if self.debug:
            self.application.row("process_start", process=self.index)
        if self.startup is None:
            self.served()
            return
        self.application.requests += 1
        self.queue.appendleft((self.application.requests, self.startup, 0, self.started))
        self.lowest_free()[1].switch()

    def started(self, error):
        if error is None:
            self.served()

    def served(self):
        self.ready = True
        clock = self.application.clock
        for _, thread in sorted(self.free, key=lambda waiting: waiting[0]):
            clock.at(clock.now, thread.switch)
        self.free = []

    def exit(self):
        """The OS process ends, and its sockets close."""
        self.application.row("process_exit", process=self.index)
        self.life.ended = True
        server = self.application.server
        for session in [session for session in server.sessions if session.life is self.life]:
            server.quit(session)

    def stop(self):
        """After the run: leaves no greenlet halfway, since the collector must not meet one."""
        for thread in self.threads:
            thread.throw()

    def arrive(self, *arrival):
        super().arrive(*arrival)
        if self.free and self.ready:
            self.lowest_free()[1].switch()

    def run(self, number):
        """A thread: takes the request that waits longest, for ever."""
        thread = virtual.getcurrent()
        while True:
            while not self.queue or not (self.ready or self.queue[0][3] == self.started):
                self.free.append((number, thread))
                thread.parent.switch()
            # Nothing in a thread awaits: it ends without a pause.
            for _ in self.serve(*self.queue.popleft()).__await__():
                raise RuntimeError("a thread cannot wait for an event loop")


class Coroutines(Process):
    """One thread with an event loop; every request is a task of its own."""

    debug = False

    def __init__(self, application, index, spec, names):
        tasks = spec["threads"]
        super().__init__(application, index, tasks, names)
        self.free = [(number, None) for number in range(tasks)]
        self.loop = EventLoop(application.clock)
        # After the run nobody waits for what a request came to.
        self.loop.set_exception_handler(lambda *_: None)
        self.thread = greenlet(self.main)
        self.thread.name = f"{index}/loop"
        self.thread.switch()

    def main(self):
        try:
            self.loop.run_forever()
        finally:
            # SQLAlchemy's own greenlets, if one is halfway, end in this one.
            for task in asyncio.all_tasks(self.loop):
                task._log_destroy_pending = False
                # What awaits in a `finally` has to be told again.
                while task.get_coro().cr_frame:
                    with contextlib.suppress(RuntimeError, GeneratorExit):
                        task.get_coro().close()

    def stop(self):
        # A coroutine that is left halfway may say so here instead of there.
        while not self.thread.dead:
            with contextlib.suppress(GeneratorExit):
                self.thread.throw()

    def arrive(self, *arrival):
        super().arrive(*arrival)
        self.loop.report(self.accept)

    def accept(self):
        if self.free and self.queue:
            self.begin(self.lowest_free()[0])

    def begin(self, number):
        coroutine = self.run(number, *self.queue.popleft())
        contextvars.Context().run(self.loop.create_task, coroutine)

    async def run(self, number, *arrival):
        virtual.coroutine.set(f"{self.index}/{number}")
        await self.serve(*arrival)
        if self.queue:
            self.begin(number)
        else:
            self.free.append((number, None))


class Traffic:
    """A stream of requests, dealt to the copies of its process in turn."""

    def __init__(self, application, index, spec):
        self.application, self.program = application, spec["run"]
        self.copies = application.copies[spec["process"]]
        self.dealt = 0
        self.think = spec.get("think_us")
        for when in spec["at_us"]:
            application.clock.at(when, self.arrive, virtual.TRAFFIC + index)

    def arrive(self):
        application = self.application
        application.requests += 1
        copy = self.copies[self.dealt % len(self.copies)]
        number, self.dealt = self.dealt, self.dealt + 1
        copy.arrive(application.requests, self.program, number, self.again if self.think is not None else None)

    def again(self, _):
        """A user reads the answer, then sends the next request."""
        self.application.clock.at(self.application.clock.now + self.think, self.arrive)
