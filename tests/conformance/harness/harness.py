"""Runs scenarios against the real SQLAlchemy: one JSON object per line in, the rows of its run out, then an empty line.

The scenario is the simulator's own, complete and in microseconds. Programs run exactly as written; only threads, clock, driver and
server are models.
"""

import gc
import json
import logging
import os
import platform
import sys
import warnings
from types import SimpleNamespace

import clock as virtual
import compatibility

os.environ["TZ"] = "UTC"
compatibility.install()
virtual.install()
virtual.install_scheduler()

import sqlalchemy  # noqa: E402

import application  # noqa: E402
from server import Server  # noqa: E402

VERSION = 2


class Rows:
    """What happened, one line each: microseconds, process/thread, event, details."""

    def __init__(self, clock, limit):
        self.clock, self.limit, self.lines = clock, limit, []

    def add(self, event, **details):
        self.write(virtual.task_name(), event, details)

    def add_server(self, event, **details):
        self.write("-", f"server.{event}", details)

    def write(self, task, event, details):
        if len(self.lines) >= self.limit:
            raise RuntimeError(f"more than {self.limit} rows")
        words = [f"{key}={show(value)}" for key, value in details.items() if value is not None or key == "conn"]
        self.lines.append(" ".join([str(self.clock.now), task, event, *words]))


class Logs(logging.Handler):
    """Warnings and errors that the application logs."""

    def __init__(self, row):
        super().__init__(logging.WARNING)
        self.row = row

    def emit(self, record):
        self.row("log", level=record.levelname, logger=record.name, text=record.getMessage())


class PoolLog(logging.Handler):
    """What the pool logs, as rows."""

    rows = server = None
    foreign = False

    def emit(self, record):
        # A collection may also find what an earlier run left behind.
        arguments = [getattr(argument, "_connection", argument) for argument in record.args or ()]
        connections = [argument for argument in arguments if hasattr(argument, "driver")]
        if connections:
            self.foreign = connections[0].driver.server is not self.server
        if self.rows and not (self.foreign and (connections or record.levelno == logging.ERROR)):
            self.rows.add("log", level=record.levelname, text=record.getMessage())


POOL_LOG = PoolLog()


def show(value):
    """A checkin may have no connection; error and SQL texts are quoted, so that a row stays a line."""
    if value is None:
        return "-"
    plain = not isinstance(value, str) or set(value) <= set("0123456789-/")
    return str(value) if plain else json.dumps(value, ensure_ascii=False)


def run(scenario):
    clock = virtual.current.clock = virtual.Clock()
    rows = Rows(clock, scenario["rows_max"])
    server = Server(scenario, clock, rows.add_server)

    def collect(name):
        # CPython does not start a collection inside another one.
        if any(not aside.ended for aside in clock.asides):
            return None
        rows.write("-", "gc", {})
        collector = virtual.Aside(gc.collect, name)
        collector.switch()
        return collector

    def collect_and_wait():
        collector = collect(virtual.task_name())
        if collector:
            collector.join()

    for fault in scenario["faults"]:
        clock.at(fault["at_us"], lambda fault=fault: happen(fault, clock, server), virtual.FAULTS)
    for when in scenario["gc_us"]:
        clock.at(when, lambda: clock.at(clock.now, lambda: collect("-")), virtual.COLLECTOR)
    POOL_LOG.rows, POOL_LOG.server, POOL_LOG.foreign = rows, server, False
    app = application.Application(scenario, clock, server, rows.add, SimpleNamespace(collect=collect_and_wait))
    logs = Logs(rows.add)
    logging.getLogger("apscheduler").addHandler(logs)
    clock.run(scenario["until_us"])
    logging.getLogger("apscheduler").removeHandler(logs)
    POOL_LOG.rows = None
    lines, rows.lines = rows.lines, []
    clock.stop()
    app.stop()
    return lines


def happen(fault, clock, server):
    if "cut" not in fault and server.silence():
        # Nothing happens to a server that has been stopped before it goes on.
        clock.at(server.silent[1], lambda: happen(fault, clock, server), virtual.FAULTS)
    elif "down_us" in fault:
        # A server that is down already cannot be stopped.
        if server.up:
            server.stop()
            clock.at(clock.now + fault["down_us"], server.start, virtual.SERVER)
    elif "cut" in fault:
        server.cut_some(fault["cut"])
    else:
        (server.interrupt if fault.get("query") else server.kill)(fault["kill"])


def main():
    versions = f"python={platform.python_version()} sqlalchemy={sqlalchemy.__version__} harness={VERSION}"
    print(versions, flush=True)
    for package in ("sqlalchemy", "apscheduler"):
        logging.getLogger(package).addHandler(logging.NullHandler())
        logging.getLogger(package).propagate = False
    # As with echo_pool="debug".
    logging.getLogger("sqlalchemy.pool").addHandler(POOL_LOG)
    logging.getLogger("sqlalchemy.pool").setLevel(logging.DEBUG)
    warnings.simplefilter("ignore")
    # What a finalizer raises is only printed, and an AssertionPool's finalizers do.
    sys.unraisablehook = lambda _: None
    # Garbage is collected when the scenario says so; what exists now never is.
    gc.disable()
    gc.freeze()
    for line in sys.stdin:
        for row in run(json.loads(line)):
            print(row)
        print(flush=True)
        gc.collect()
        # What SQLAlchemy's caches keep is not looked at again in later runs.
        gc.freeze()


if __name__ == "__main__":
    main()
