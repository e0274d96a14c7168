"""The application: processes with their engines, threads that serve requests, and the program text run as it is written."""

import inspect
import traceback
from collections import deque
from fractions import Fraction

from greenlet import greenlet
from sqlalchemy import __version__ as sqlalchemy_version
from sqlalchemy import create_engine, event, exc, pool, text
from sqlalchemy.orm import scoped_session, sessionmaker

import clock as virtual
from driver import Driver

POOLS = {"QueuePool": pool.QueuePool, "NullPool": pool.NullPool}
URLS = {"pymysql": "mysql+pymysql://app@db/shop", "mysqlclient": "mysql+mysqldb://app@db/shop"}
URLS["mysqlclient-mariadb"] = URLS["mysqlclient"]

# What a program may name beside its engines and `Session`.
EXCEPTIONS = {name: c for name, c in vars(exc).items() if isinstance(c, type) and issubclass(c, Exception)}


class Application:
    def __init__(self, scenario, clock, server, row, collector):
        self.scenario, self.clock, self.server, self.row = scenario, clock, server, row
        self.collector = collector
        self.engines = 0
        self.requests = 0
        self.copies = [
            [self.process(copy, spec["threads"]) for copy in range(spec["first"], spec["first"] + spec["count"])]
            for spec in scenario["processes"]
        ]
        for index, traffic in enumerate(scenario["traffic"]):
            Traffic(self, index, traffic)

    def stop(self):
        for copy in sum(self.copies, []):
            copy.stop()

    def process(self, index, threads):
        names = EXCEPTIONS | {"exc": exc, "text": text, "time": virtual.time, "gc": self.collector}
        names["print"] = lambda *_: None  # Standard output belongs to the rows.
        for options in self.scenario["engines"]:
            engine = self.engine(options)
            names[options["name"]] = engine
            Session = sessionmaker(engine)
            names["Session"] = scoped_session(Session) if options["scoped_session"] else Session
        return Process(self, index, threads, names)

    def engine(self, options):
        driver = Driver(self.scenario, self.server, self.row, self.engines)
        arguments = {"poolclass": POOLS[options["poolclass"]], "pool_reset_on_return": options["pool_reset_on_return"]}
        arguments |= {"pool_recycle": seconds(options["pool_recycle_us"]), "pool_pre_ping": options["pool_pre_ping"]}
        if options["poolclass"] == "QueuePool":
            arguments |= {name: options[name] for name in ("pool_size", "max_overflow", "pool_use_lifo")}
            arguments["pool_timeout"] = seconds(options["pool_timeout_us"])
        engine = create_engine(URLS[self.scenario["driver"]], module=driver.module(), **arguments)
        listen(engine, self.engines, self.row)
        self.engines += 1
        return engine


def seconds(microseconds):
    """As an application writes it: a whole number, or else exact."""
    exact = Fraction(microseconds, virtual.MICROSECONDS)
    return int(exact) if exact.denominator == 1 else exact


def listen(engine, index, row):
    """Prints the pool's ten events, with the figures as a listener sees them."""

    def figures(connection_record):
        # A connection may come back to a pool that dispose() has replaced.
        p = connection_record._ConnectionRecord__pool if connection_record else engine.pool
        return f"{p.size()}/{p.checkedin()}/{p.overflow()}/{p.checkedout()}" if hasattr(p, "checkedin") else "-"

    def listener(name):
        def report(dbapi_connection, connection_record=None):
            row(name, engine=index, conn=getattr(dbapi_connection, "number", None), pool=figures(connection_record))

        return report

    two, three = "dbapi_connection, connection_record", "dbapi_connection, connection_record, {}"
    signatures = {name: two for name in ("connect", "first_connect", "checkin", "close", "detach")}
    signatures |= {"checkout": three.format("connection_proxy"), "close_detached": "dbapi_connection"}
    signatures |= {name: three.format("exception") for name in ("invalidate", "soft_invalidate")}
    signatures["reset"] = two if sqlalchemy_version.startswith("1.4") else three.format("reset_state")
    for name, arguments in signatures.items():
        # SQLAlchemy looks at a listener's argument names to tell old signatures from new ones.
        passed = "dbapi_connection" if name == "close_detached" else two
        event.listen(engine, name, eval(f"lambda {arguments}: report({passed})", {"report": listener(name)}))
    event.listen(engine, "engine_disposed", lambda engine: row("dispose", engine=index))


class Process:
    """One copy of a process: its engines, its threads, its queue of requests."""

    def __init__(self, application, index, threads, names):
        self.application, self.names = application, names
        self.queue = deque()
        self.free = []
        self.programs = {}
        self.threads = [greenlet(lambda number=number: self.serve(number)) for number in range(threads)]
        for number, thread in enumerate(self.threads):
            thread.name = f"{index}/{number}"
            thread.switch()

    def stop(self):
        """After the run: leaves no greenlet halfway, since the collector must not meet one."""
        for thread in self.threads:
            thread.throw()

    def program(self, index):
        if index not in self.programs:
            names = dict(self.names)
            exec(compile(self.application.scenario["programs"][index], "app.py", "exec"), names)
            self.programs[index] = next(f for f in names.values() if inspect.isfunction(f) and f.__code__.co_filename == "app.py")
        return self.programs[index]

    def arrive(self, request, program, done):
        self.application.row("arrive", request=request)
        self.queue.append((request, program, done))
        if self.free:
            # The lowest free index first.
            self.free.sort(key=lambda waiting: waiting[0])
            self.free.pop(0)[1].switch()

    def serve(self, number):
        """A thread: takes the request that waits longest, for ever."""
        application, thread = self.application, virtual.getcurrent()
        while True:
            while not self.queue:
                self.free.append((number, thread))
                thread.parent.switch()
            request, program, done = self.queue.popleft()
            application.row("start", request=request)
            error = self.handle(program, request)
            application.row("finish", request=request, error=error)
            if done:
                done()

    def handle(self, program, request):
        function = self.program(program)
        arguments = [request] * function.__code__.co_argcount
        try:
            function(*arguments)
        except Exception as e:
            return "".join(traceback.format_exception_only(type(e), e)).rstrip("\n")
        return None


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
        self.dealt += 1
        copy.arrive(application.requests, self.program, self.again if self.think is not None else None)

    def again(self):
        """A user reads the answer, then sends the next request."""
        self.application.clock.at(self.application.clock.now + self.think, self.arrive)
