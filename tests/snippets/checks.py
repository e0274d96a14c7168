"""What surrounds each snippet, and what must be true after it has run.

A snippet of the book is executed in a namespace that has what the page speaks of: an engine on a real server, a Session, an application.
Then its check runs. A snippet without a check is an error.
"""

import asyncio
import configparser
import contextlib
import io
import logging
import os
import re
import time
import traceback
from contextvars import ContextVar
from types import SimpleNamespace

import pymysql
import sqlalchemy
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext import asyncio as sqlalchemy_asyncio
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import declarative_base, scoped_session, sessionmaker

Base = declarative_base()


class Order(Base):
    __tablename__ = "orders"
    id = sqlalchemy.Column(sqlalchemy.Integer, primary_key=True)
    item = sqlalchemy.Column(sqlalchemy.String(20))


class Place:
    """One server, and what a page takes for granted."""

    def __init__(self, port):
        self.port = port
        self.url = f"mysql+pymysql://user:password@127.0.0.1:{port}/shop"
        self.engines = []

    def here(self, url):
        """The addresses in the book are made up: the same driver, on our server."""
        return re.sub(r"@[^/]+/shop$", f"@127.0.0.1:{self.port}/shop", str(url)) if "@" in str(url) else self.url

    def create_engine(self, url, **options):
        engine = sqlalchemy.create_engine(self.here(url), **options)
        self.engines.append(engine)
        return engine

    def create_async_engine(self, url, **options):
        return create_async_engine(self.here(url), **options)

    def execute(self, sql):
        with contextlib.closing(pymysql.connect(host="127.0.0.1", port=self.port, user="user", password="password", database="shop")) as root:
            with root.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetchall()

    def kill_all(self):
        for (thread,) in self.execute("SELECT id FROM information_schema.processlist WHERE user = 'user' AND id != CONNECTION_ID()"):
            with contextlib.suppress(pymysql.err.MySQLError):
                self.execute(f"KILL {thread}")

    def namespace(self):
        engine = self.create_engine(self.url)
        return dict(
            engine=engine, url=self.url, text=text, create_engine=self.create_engine, create_async_engine=self.create_async_engine,
            async_sessionmaker=getattr(sqlalchemy_asyncio, "async_sessionmaker", None), sessionmaker=sessionmaker, scoped_session=scoped_session, ContextVar=ContextVar,
            Session=sessionmaker(engine), order=Order(item="tea"), asyncio=asyncio,
        )

    def end(self):
        for engine in self.engines:
            engine.dispose()


def is_for(fence, release):
    """All are for all releases, unless their page says otherwise where it shows them."""
    releases = RELEASES.get((fence.page, fence.number))
    if releases is None:
        return True
    assert releases in fence.before, f"{fence} does not say above it that it is for SQLAlchemy {releases}"
    return release.rpartition(".")[0] in re.findall(r"\d+\.\d+", releases)


def python(fence, port):
    check = PYTHON.get((fence.page, fence.number))
    if check is None:
        raise LookupError("nothing checks this snippet; add it to PYTHON in tests/snippets/checks.py")
    place = Place(port)
    ns = place.namespace()
    code = compile(fence.text, str(fence), "exec")

    def run():
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(code, ns)
        return printed.getvalue()

    try:
        check(SimpleNamespace(run=run, ns=ns, place=place, fence=fence))
    finally:
        place.end()


def sql(fence, port):
    place = Place(port)
    # So that there is something to find.
    with contextlib.closing(pymysql.connect(host="127.0.0.1", port=port, user="user", password="password", database="shop")) as holder:
        with holder.cursor() as cursor:
            cursor.execute("SELECT * FROM cart")
        for statement in filter(None, (part.strip() for part in re.split(r";\n|;$", fence.text))):
            place.execute(statement)


def ini(fence, port):
    parser = configparser.ConfigParser()
    parser.read_string("[x]\n" + fence.text)
    options = {"sqlalchemy.url": Place(port).url, **parser["x"]}
    assert sqlalchemy.engine_from_config(options).pool._recycle == 280


def gone(key):
    raise LookupError(f"there is no such snippet any more: {key}")


def prove(truth):
    assert truth


def returned(engine):
    assert engine.pool.checkedout() == 0, engine.pool.status()


def options(**expected):
    def check(t):
        t.run()
        for name, value in expected.items():
            assert getattr(t.ns["engine"].pool, name) == value, name
        with t.ns["engine"].connect() as connection:
            connection.execute(text("SELECT 1"))

    return check


def prints(pattern):
    def check(t):
        t.ns["Session"] = scoped_session(t.ns["Session"])
        printed = t.run()
        assert re.search(pattern, printed), printed
        t.ns["Session"].remove()

    return check


# Sessions never closed


def with_blocks(t):
    before = t.place.execute("SELECT COUNT(*) FROM orders")[0][0]
    t.run()
    assert [tuple(row) for row in t.ns["cart"]] == [(1, "tea")]
    assert t.place.execute("SELECT COUNT(*) FROM orders")[0][0] == before + 1
    returned(t.ns["engine"])


def flask_teardown(t):
    import flask

    app = t.ns["app"] = flask.Flask("shop")
    app.logger.disabled = True
    t.ns["Session"] = scoped_session(t.ns["Session"])
    t.run()
    Session = t.ns["Session"]

    @app.get("/cart")
    def cart():
        return str(Session.execute(text("SELECT item FROM cart")).scalar())

    @app.get("/broken")
    def broken():
        Session.execute(text("SELECT 1"))
        raise ValueError

    client = app.test_client()
    assert client.get("/cart").text == "tea"
    assert not Session.registry.has()
    app.config["PROPAGATE_EXCEPTIONS"] = False
    assert client.get("/broken").status_code == 500
    assert not Session.registry.has()
    returned(t.ns["engine"])


def fastapi_dependency(t):
    import fastapi
    import fastapi.testclient

    t.run()
    app = fastapi.FastAPI()

    @app.get("/cart")
    def cart(session=fastapi.Depends(t.ns["get_session"])):
        return session.execute(text("SELECT item FROM cart")).scalar()

    assert fastapi.testclient.TestClient(app).get("/cart").json() == "tea"
    returned(t.ns["engine"])


def holders(t):
    t.run()
    lost = t.ns["Session"]()
    lost.execute(text("SELECT 1"))
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        t.ns["print_holders"](older_than_s=0)
    assert "held for 0 s by" in printed.getvalue() and "checks.py" in printed.getvalue(), printed.getvalue()
    lost.close()
    assert not t.ns["holders"]


# scoped_session


def worker(t):
    Session = t.ns["Session"] = scoped_session(t.ns["Session"])
    t.ns["handle"] = lambda task: Session.execute(text(task))
    t.run()
    t.ns["work"]("SELECT 1")
    assert not Session.registry.has()
    with contextlib.suppress(sqlalchemy.exc.ProgrammingError):
        t.ns["work"]("SELECT * FROM nowhere")
        raise AssertionError("the task did not fail")
    assert not Session.registry.has()
    returned(t.ns["engine"])


def flask_sqlalchemy(t, **config):
    import flask
    import flask_sqlalchemy

    app = flask.Flask("shop")
    app.config.update(SQLALCHEMY_DATABASE_URI=t.place.url, **config)
    db = flask_sqlalchemy.SQLAlchemy(app)
    return app, db


def job_in_context(t):
    app, db = t.ns["app"], t.ns["db"] = flask_sqlalchemy(t)
    t.run()
    t.ns["job"]()
    with app.app_context():
        returned(db.engine)


# pool_recycle


def flask_sqlalchemy_options(t):
    app, db = flask_sqlalchemy(t)
    with app.app_context():
        assert db.engine.pool._recycle == 7200  # as the page says
    t.run()
    app, db = flask_sqlalchemy(t, SQLALCHEMY_ENGINE_OPTIONS=t.ns["SQLALCHEMY_ENGINE_OPTIONS"])
    with app.app_context():
        assert (db.engine.pool._recycle, db.engine.pool._pre_ping) == (280, True)


def make_it_happen(t):
    try:
        t.run()
    except OperationalError as error:
        assert error.orig.args[0] in (2006, 2013), error
    else:
        raise AssertionError("nothing failed without the ping")
    for option in ({"pool_pre_ping": True}, {"pool_recycle": 1}):
        t.ns["engine"] = t.place.create_engine(t.place.url, **option)
        t.run()


# pool_pre_ping


def ping_by_event(t):
    t.run()
    engine = t.ns["engine"]
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    t.place.kill_all()
    with engine.connect() as connection:
        assert connection.execute(text("SELECT 1")).scalar() == 1


# Tornado


def tornado_answer(application, path):
    import tornado.httpclient
    import tornado.httpserver
    import tornado.testing

    async def ask():
        sock, port = tornado.testing.bind_unused_port()
        server = tornado.httpserver.HTTPServer(application)
        server.add_socket(sock)
        try:
            client = tornado.httpclient.AsyncHTTPClient()
            return [(await client.fetch(f"http://127.0.0.1:{port}{path}")).body.decode() for _ in range(2)]
        finally:
            server.stop()

    return asyncio.run(ask())


def tornado_handler(t):
    import tornado.web

    t.ns["tornado"] = tornado
    t.run()
    application = tornado.web.Application([("/cart", t.ns["CartHandler"])])
    assert '"tea"' in tornado_answer(application, "/cart")[0]
    returned(t.ns["engine"])


def tornado_scope(t):
    import tornado.web

    t.ns["tornado"] = tornado
    t.run()
    Session = t.ns["Session"]
    seen = []

    class Cart(t.ns["BaseHandler"]):
        async def get(self):
            first = Session()
            first.execute(text("SELECT 1"))
            await asyncio.sleep(0.01)
            seen.append((first, first is Session()))
            self.write("ok")

    application = tornado.web.Application([("/cart", Cart)])
    assert tornado_answer(application, "/cart") == ["ok", "ok"]
    assert [same for _, same in seen] == [True, True]
    assert seen[0][0] is not seen[1][0], "both requests had one Session"
    returned(t.ns["engine"])


def async_sessions(t):
    t.run()

    async def several():
        carts = await asyncio.gather(*(t.ns["show_cart"]() for _ in range(3)))
        assert [[tuple(row) for row in cart] for cart in carts] == [[(1, "tea")]] * 3
        assert t.ns["engine"].pool.checkedout() == 0
        await t.ns["engine"].dispose()

    asyncio.run(several())


# Recognise it


def echo_pool(t):
    lines = []

    class Keep(logging.Handler):
        def emit(self, record):
            lines.append(f"{record.levelname} {record.name} {record.getMessage()}")

    logger = logging.getLogger("sqlalchemy.pool")
    keep = Keep()
    logger.addHandler(keep)
    try:
        t.run()
        with t.ns["engine"].connect():
            pass
    finally:
        logger.removeHandler(keep)
    # The page shows the simulator's own log; here only that the option has been heard.
    said = [re.sub(r" <.*?>", "", line) for line in lines]
    name = "DEBUG sqlalchemy.pool.impl.QueuePool"
    assert [line for line in said if "rollback" not in line] == [
        f"{name} Created new connection",
        f"{name} Connection checked out from pool",
        f"{name} Connection being returned to pool",
    ], lines


def held_too_long(t):
    records = []

    class Keep(logging.Handler):
        def emit(self, record):
            records.append(record.getMessage())

    t.run()
    t.ns["log"].addHandler(Keep())
    with t.ns["engine"].connect():
        pass
    assert not records
    clock = time.monotonic
    t.ns["time"] = SimpleNamespace(monotonic=clock)
    with t.ns["engine"].connect():
        t.ns["time"].monotonic = lambda: clock() + 9
    assert len(records) == 1 and records[0].startswith("held for 9.0 s") and "checks.py" in records[0], records


# The arithmetic


def after_fork(t):
    t.run()
    engine = t.ns["engine"]
    with engine.connect() as connection:
        mine = connection.execute(text("SELECT CONNECTION_ID()")).scalar()
    inherited = engine.pool
    t.ns["after_fork"]()
    with engine.connect() as connection:
        assert connection.execute(text("SELECT CONNECTION_ID()")).scalar() != mine
    # Nobody has closed the parent's.
    assert (mine,) in t.place.execute("SELECT id FROM information_schema.processlist")
    inherited.dispose()
    real_forks(t, engine)


def real_forks(t, engine):
    """The table beside it, as far as it does not depend on chance."""

    def number():
        with engine.connect() as connection:
            return connection.execute(text("SELECT CONNECTION_ID()")).scalar()

    def forked(child):
        pid = os.fork()
        if pid == 0:
            try:
                child()
                os._exit(0)
            except BaseException:
                traceback.print_exc()
                os._exit(1)
        assert os.waitpid(pid, 0)[1] == 0

    mine = number()
    forked(lambda: prove(number() == mine))
    assert number() == mine

    def with_its_own():
        t.ns["after_fork"]()
        prove(number() != mine)

    forked(with_its_own)
    assert number() == mine
    forked(engine.dispose)
    try:
        number()
    except OperationalError as error:
        assert error.orig.args[0] == 2013
    else:
        raise AssertionError("the child's dispose() did not close the parent's connection")


# APScheduler


def scheduler_with_store(t):
    from apscheduler.schedulers.background import BackgroundScheduler

    t.ns["BackgroundScheduler"] = BackgroundScheduler
    t.run()
    scheduler = t.ns["scheduler"]
    scheduler.start()
    try:
        store = scheduler._lookup_jobstore("default")
        scheduler.add_job(print, "interval", hours=1, id="x")
        assert [job.id for job in scheduler.get_jobs()] == ["x"]
        return store.engine, scheduler._job_defaults
    finally:
        scheduler.remove_all_jobs()
        scheduler.shutdown()


def own_engine(t):
    engine, defaults = scheduler_with_store(t)
    assert engine is t.ns["engine"] and defaults["misfire_grace_time"] == 60 and defaults["coalesce"] is True


def engine_in_the_tip(t):
    """What is in the store keeps its grace time until it is added again, as the page says below."""
    from apscheduler.schedulers.background import BackgroundScheduler

    def grace(scheduler, **options):
        if options:
            scheduler.add_job(print, "interval", hours=1, id="x", **options)
        return scheduler.get_job("x").misfire_grace_time

    before = BackgroundScheduler()
    before.add_jobstore("sqlalchemy", engine=t.ns["engine"])
    before.start(paused=True)
    assert grace(before, replace_existing=False) == 1
    before.shutdown()
    t.ns["BackgroundScheduler"] = BackgroundScheduler
    t.run()
    after = t.ns["scheduler"]
    after.start(paused=True)
    try:
        assert after._lookup_jobstore("default").engine is t.ns["engine"]
        assert grace(after) == 1 and grace(after, replace_existing=True) == 60
    finally:
        after.remove_all_jobs()
        after.shutdown()


def engine_options(t):
    engine, _ = scheduler_with_store(t)
    assert engine is not t.ns["engine"]
    assert (engine.pool._recycle, engine.pool._pre_ping) == (280, True)


def session_in_a_job(t):
    t.run()
    t.ns["send_mails"]()
    returned(t.ns["engine"])


def started_scheduler(t):
    from apscheduler.schedulers.background import BackgroundScheduler

    scheduler = t.ns["scheduler"] = BackgroundScheduler()
    scheduler.add_jobstore("sqlalchemy", url=t.place.url)
    return scheduler


def ask_the_store(t):
    scheduler = started_scheduler(t)
    scheduler.start()
    try:
        assert t.run() == "False -1 False\n"
    finally:
        scheduler.shutdown()


def missed_jobs(t):
    from datetime import datetime, timedelta

    scheduler = started_scheduler(t)
    told = []
    t.ns["log"] = SimpleNamespace(error=lambda *what: told.append(what))
    t.run()
    scheduler.start()
    try:
        scheduler.add_job(print, "date", run_date=datetime.now() - timedelta(seconds=30), id="late")
        for _ in range(100):
            if told:
                break
            time.sleep(0.1)
        assert told[0][1] == "late", told
    finally:
        scheduler.shutdown()


# Debug mode


def once(t):
    import os

    started = []
    t.ns["app"] = SimpleNamespace(debug=True)
    t.ns["scheduler"] = SimpleNamespace(start=lambda: started.append(True))
    os.environ.pop("WERKZEUG_RUN_MAIN", None)
    t.run()
    assert not started
    os.environ["WERKZEUG_RUN_MAIN"] = "true"
    try:
        t.run()
    finally:
        del os.environ["WERKZEUG_RUN_MAIN"]
    assert len(started) == 1
    t.ns["app"].debug = False
    t.run()
    assert len(started) == 2


def new_engine(t):
    t.run()
    old = t.ns["engine"]
    with old.connect():
        pass
    assert old.pool.checkedin() == 1
    new = t.ns["new_engine"](old)
    assert old.pool.checkedin() == 0 and new is not old


def how_many_engines(t):
    before = int(t.run())
    more = t.place.create_engine(t.place.url)
    assert int(t.run()) == before + 1, more


# Middleboxes


def timeouts(t):
    t.run()
    with t.ns["engine"].connect() as connection:
        driver = connection.connection.dbapi_connection
        assert (driver._read_timeout, driver._write_timeout) == (30, 30)
        assert connection.execute(text("SELECT 1")).scalar() == 1


def read_only(t):
    t.run()
    with t.ns["engine"].connect() as connection:
        try:
            connection.execute(text("SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1290, MESSAGE_TEXT = 'read-only'"))
        except sqlalchemy.exc.DBAPIError as error:
            assert error.orig.args[0] == 1290 and error.connection_invalidated, error
        else:
            raise AssertionError("no error")


def survives(t):
    t.run()
    t.ns["survives"](0)
    t.ns["time"] = SimpleNamespace(sleep=lambda s: t.place.kill_all())
    try:
        t.ns["survives"](1)
    except OperationalError:
        return
    raise AssertionError("it survived a cut")


# What not every release takes, as the page says it just above.
RELEASES = {
    ("tornado", 2): "2.0 and 2.1",
    ("tornado", 3): "1.4",
}

PYTHON = {
    ("debug-mode", 0): once,
    ("debug-mode", 1): new_engine,
    ("debug-mode", 2): how_many_engines,
    ("middleboxes", 0): timeouts,
    ("middleboxes", 1): timeouts,
    ("middleboxes", 2): read_only,
    ("middleboxes", 3): survives,
    ("arithmetic", 0): lambda t: (t.run(), prove(t.ns["engine"].pool.size() == 4 and t.ns["engine"].pool._max_overflow == 0)),
    ("arithmetic", 1): after_fork,
    ("arithmetic", 2): prints("^15$"),
    ("apscheduler", 0): engine_in_the_tip,
    ("apscheduler", 1): own_engine,
    ("apscheduler", 2): engine_options,
    ("apscheduler", 3): session_in_a_job,
    ("apscheduler", 4): ask_the_store,
    ("apscheduler", 5): missed_jobs,
    ("sessions-never-closed", 0): with_blocks,
    ("sessions-never-closed", 1): flask_teardown,
    ("sessions-never-closed", 2): fastapi_dependency,
    ("sessions-never-closed", 3): prints(r"^Pool size: 5  Connections in pool: \d+ Current Overflow: -?\d+ Current Checked out connections: 0$"),
    ("sessions-never-closed", 4): holders,
    ("scoped-session", 0): flask_teardown,
    ("scoped-session", 1): worker,
    ("scoped-session", 2): job_in_context,
    ("scoped-session", 3): prints("^False$"),
    ("recycle-above-wait-timeout", 0): options(_pre_ping=True),
    ("recycle-above-wait-timeout", 1): options(_pre_ping=True, _recycle=280),
    ("recycle-above-wait-timeout", 2): flask_sqlalchemy_options,
    ("recycle-above-wait-timeout", 3): prints("^-1 False$"),
    ("recycle-above-wait-timeout", 4): make_it_happen,
    ("pre-ping", 0): options(_pre_ping=True),
    ("pre-ping", 1): options(_pre_ping=True, _recycle=280),
    ("pre-ping", 2): ping_by_event,
    ("pre-ping", 3): prints("^False$"),
    ("tornado", 0): tornado_handler,
    ("tornado", 1): tornado_scope,
    ("tornado", 2): async_sessions,
    ("tornado", 3): async_sessions,
    ("tornado", 4): prints(r"^\d+ True$"),
    ("recognise", 0): prints("^Pool size: 5"),
    ("recognise", 1): echo_pool,
    ("recognise", 2): held_too_long,
    ("settings", 0): prints("QueuePool .*Pool size: 5 .* -1 False$"),
}
