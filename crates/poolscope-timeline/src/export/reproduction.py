#!/usr/bin/env python3
# @title@
# @summary@
#
# The simulator says: @outcome@
# This script does the same with the real SQLAlchemy, a real driver and a real server, in real time (@until@).
#
# It changes global variables of the server and puts them back at the end. Give it a server that nobody else uses:
#
#   pip install @requirements@
#   python reproduction.py mysql+@dialect@://root:secret@127.0.0.1/test
#
# The user needs all rights: to SET GLOBAL, to KILL, and to the place beyond max_connections, which this script's own session takes.
import collections
import gc
import inspect
import queue
import sys
import threading
import time
import traceback

from sqlalchemy import create_engine, event, exc, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import NullPool

URL = sys.argv[1] if len(sys.argv) == 2 else sys.exit("usage: python reproduction.py mysql+@dialect@://user:password@host/database")

# The program, as the timeline shows it; each process has its own engine.
APPLICATION = '''
import time
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session, scoped_session, sessionmaker
from sqlalchemy.pool import NullPool

@application@
'''

# What the statements cost on the server: each runs as SLEEP(seconds), so that no table is needed.
STATEMENTS = @statements@
VARIABLES = @variables@
# Users of sessions that are not the application's, and when they come.
OTHERS = @others@
# (threads, [(seconds, function)]) for each process.
PROCESSES = @processes@
# (seconds, DBAPI connection from 1 or None for all)
KILLS = @kills@
COLLECT = @collect@
UNTIL = @seconds@
# Requests that the simulator has still running then.
UNFINISHED = @unfinished@

# The cyclic garbage collector runs when the scenario says so, and at no other time.
gc.disable()
admin = create_engine(URL, poolclass=NullPool).connect().execution_options(isolation_level="AUTOCOMMIT")
admin_lock = threading.Lock()
before = {name: admin.execute(text(f"SELECT @@GLOBAL.{name}")).scalar() for name in VARIABLES}
ids = []  # of the application's server sessions, in the order of their opening
results = collections.Counter()
first_error = []
ready = False


@event.listens_for(Engine, "before_cursor_execute", retval=True)
def cost(connection, cursor, statement, parameters, context, executemany):
    seconds = STATEMENTS.get(statement.strip()) if ready else None
    return (statement if seconds is None else f"SELECT SLEEP({seconds})"), parameters


def opened(dbapi_connection, record):
    ids.append(dbapi_connection.thread_id())


def name_of(error):
    if isinstance(error, DBAPIError) and error.orig is not None and error.orig.args:
        return str(error.orig.args[0])
    return "QueuePool limit" if isinstance(error, PoolTimeout) else type(error).__name__


def serve(namespace, requests):
    while True:
        function = namespace[requests.get()]
        try:
            function(*[None] * len(inspect.signature(function).parameters))
            results["served"] += 1
        except Exception as error:
            results[name_of(error)] += 1
            if not first_error:
                said = "".join(traceback.format_exception_only(error))
                first_error.append(f"{time.monotonic() - begun:.2f} s:\n{said}")
            # The traceback would keep what the handler's frames refer to.
            error.__traceback__ = None


def kill(connection):
    with admin_lock:
        for thread in ids if connection is None else ids[connection - 1 : connection]:
            try:
                admin.execute(text(f"KILL {thread}"))
            except DBAPIError:
                pass  # it is gone already


processes = []
for threads, arrivals in PROCESSES:
    namespace, requests = {"URL": URL}, queue.Queue()
    exec(APPLICATION, namespace)
    for value in list(namespace.values()):
        if isinstance(value, Engine):
            event.listen(value, "connect", opened)
    processes.append((requests, arrivals))
    for _ in range(threads):
        threading.Thread(target=serve, args=(namespace, requests), daemon=True).start()

agenda = [(at, lambda requests=requests, function=function: requests.put(function)) for requests, arrivals in processes for at, function in arrivals]
agenda += [(at, lambda connection=connection: kill(connection)) for at, connection in KILLS]
agenda += [(at, gc.collect) for at in COLLECT]
others = create_engine(URL, poolclass=NullPool)
guests = []
agenda += [(at, lambda: guests.append(others.connect())) for at, _ in OTHERS]

try:
    for name, value in VARIABLES.items():
        admin.execute(text(f"SET GLOBAL {name} = {value}"))
    # Else the server would close this script's session too.
    admin.execute(text("SET SESSION wait_timeout = 31536000"))
    ready, begun = True, time.monotonic()
    for at, do in sorted(agenda, key=lambda entry: entry[0]):
        time.sleep(max(0.0, begun + at - time.monotonic()))
        do()
    time.sleep(max(0.0, begun + UNTIL - time.monotonic()))
    # A computer with much to do may be a little late.
    total = sum(len(arrivals) for _, arrivals in PROCESSES)
    while total - sum(results.values()) > UNFINISHED and time.monotonic() < begun + UNTIL + 10:
        time.sleep(0.1)
finally:
    for name, value in before.items():
        admin.execute(text(f"SET GLOBAL {name} = {value}"))

print("simulated:", @outcome_text@)
served, failed = results.pop("served", 0), sum(results.values())
errors = ", ".join(f"{name} ×{n}" for name, n in sorted(results.items()))
here = f"{total} requests: {served} served"
here += f", {failed} failed ({errors})" if failed else ""
here += f", {total - served - failed} still running" if served + failed < total else ""
print("here:     ", here + ".")
if first_error:
    print("\nThe first error, at", *first_error)
