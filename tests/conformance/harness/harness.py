"""Runs scenarios against the real SQLAlchemy: one JSON object per line in, the rows of its run out, then an empty line.

The scenario is the simulator's own, complete and in microseconds. Programs run exactly as written; only threads, clock, driver and
server are models.
"""

import gc
import json
import logging
import platform
import sys
import warnings

from greenlet import getcurrent

import clock as virtual

virtual.install()

import sqlalchemy  # noqa: E402

import application  # noqa: E402
from server import Server  # noqa: E402

VERSION = 1


def run(scenario):
    clock = virtual.current.clock = virtual.Clock()
    rows = []

    def row(event, **details):
        words = [str(clock.now), getattr(getcurrent(), "name", "-"), event]
        words += [f"{key}={show(value)}" for key, value in details.items() if value is not None or key == "conn"]
        rows.append(" ".join(words))

    server_row = lambda event, **details: rows.append(None) or row_as_server(event, **details)  # noqa: E731

    def row_as_server(event, **details):
        row(event, **details)
        time, _, rest = rows.pop().split(" ", 2)
        rows[-1] = f"{time} - server.{rest}"

    server = Server(scenario, clock, server_row)
    for other in scenario["other_sessions"]:
        for _ in range(other["count"]):
            clock.at(other["at_us"], lambda admin=other["admin"]: server.connect_other(admin))
    for fault in scenario["faults"]:
        if "down_us" in fault:
            clock.at(fault["at_us"], server.stop)
            clock.at(fault["at_us"] + fault["down_us"], server.start)
        else:
            clock.at(fault["at_us"], lambda fault=fault: server.kill(fault["kill"]))
    for when in scenario["gc_us"]:
        clock.at(when, lambda: (row("gc"), gc.collect()))
    app = application.Application(scenario, clock, server, row)
    clock.run(scenario["until_us"])
    result = list(rows)
    del app
    return result


def show(value):
    """Text is quoted, so that a row stays a line; None is a dash, as for a checkin without a connection."""
    if value is None:
        return "-"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) and not value.isascii() or " " in str(value) else str(value)


def main():
    logging.getLogger("sqlalchemy").addHandler(logging.NullHandler())
    logging.getLogger("sqlalchemy").propagate = False
    warnings.simplefilter("ignore")
    # Garbage is collected when the scenario says so; what exists now never is.
    gc.disable()
    gc.freeze()
    for line in sys.stdin:
        if line.strip():
            for text in run(json.loads(line)):
                print(text)
            print(flush=True)


if __name__ == "__main__":
    print(f"harness={VERSION} sqlalchemy={sqlalchemy.__version__} python={platform.python_version()}", file=sys.stderr)
    main()
