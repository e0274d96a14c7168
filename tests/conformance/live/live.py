"""Runs scenarios in real time against a real server, with the real SQLAlchemy and driver.

One JSON request on standard input: `{"server": {"kind", "folder", "root"}, "cases": […]}`. On standard output one JSON line with the
versions, then one for each case: its rows and what the server showed. Progress and complaints go to standard error.
"""

import gc
import json
import os
import platform
import selectors
import sys

if sys.argv[1:] == ["--c-extension"]:
    # MySQL Connector's brings a newer OpenSSL than many a system has, and wants to be there before Python's ssl module.
    import _mysql_connector  # noqa: F401

import sqlalchemy

import case
import mysqld
from mysqld import Installation

VERSION = 1
ALONE_AT_A_TIME = 6
# What can only be set when a server starts: anything but 0 makes max_user_connections changeable, and nobody reaches this.
AT_START = {"max_user_connections": 10_000}


def provenance(installation, drivers):
    versions = {"server": f"{installation.kind}-{installation.version}", "sqlalchemy": sqlalchemy.__version__}
    if "pymysql" in drivers:
        import pymysql

        versions["pymysql"] = pymysql.VERSION_STRING
    if any(driver.startswith("mysqlclient") for driver in drivers):
        import MySQLdb

        versions["mysqlclient"] = ".".join(map(str, MySQLdb.version_info[:3]))
        versions["client-library"] = MySQLdb.get_client_info()
    if any(driver.startswith("mysql-connector") for driver in drivers):
        import mysql.connector

        versions["mysql-connector-python"] = mysql.connector.__version__
        if "mysql-connector-python" in drivers and not mysql.connector.HAVE_CEXT:
            raise SystemExit("the C extension of MySQL Connector/Python cannot be imported here")
    return versions | {"python": platform.python_version(), "harness": str(VERSION)}


class Servers:
    """A server for each set of variables that is shared, and a few for cases that want one alone, one after the other."""

    def __init__(self, installation, cases):
        self.installation = installation
        self.shared, self.free, self.alone = {}, [], sum(one["alone"] for one in cases)
        for one in cases:
            variables = one["scenario"]["variables"]
            if not one["alone"] and key(variables) not in self.shared:
                self.shared[key(variables)] = installation.server(variables)
        self.free = [installation.server(AT_START) for _ in range(min(ALONE_AT_A_TIME, self.alone))]
        self.all = [*self.shared.values(), *self.free]
        for server in self.all:
            server.launch()
        for server in self.all:
            server.wait_until_up()

    def take(self, one):
        """The server for a case, or nothing while all that it could have are in use."""
        if not one["alone"]:
            return self.shared[key(one["scenario"]["variables"])]
        if not self.free:
            return None
        server = self.free.pop(0)
        server.clear(one["scenario"]["variables"])
        return server

    def give_back(self, one, server):
        if one["alone"]:
            if any("down_us" in fault for fault in one["scenario"]["faults"]):
                server.replace()
            self.free.append(server)

    def stop(self):
        for server in self.all:
            server.kill()


def key(variables):
    return json.dumps(variables, sort_keys=True)


def run_cases(servers, cases, at_a_time):
    """Every case in a process of its own, as many at a time as the machine can carry without being late."""
    waiting, readers, number = list(cases), selectors.DefaultSelector(), 0
    while waiting or readers.get_map():
        for one in list(waiting):
            if len(readers.get_map()) >= at_a_time:
                break
            server = servers.take(one)
            if server is None:
                continue
            waiting.remove(one)
            number += 1
            prepared = case.prepare(server, one, number)
            reader, writer = os.pipe()
            child = os.fork()
            if child == 0:
                os.close(reader)
                case.run(server, one, number, prepared, writer)
            os.close(writer)
            readers.register(reader, selectors.EVENT_READ, (one, server, bytearray(), child))
        for entry, _ in readers.select():
            one, server, answer, child = entry.data
            chunk = os.read(entry.fd, 1 << 16)
            if chunk:
                answer += chunk
                continue
            readers.unregister(entry.fd)
            os.close(entry.fd)
            os.waitpid(child, 0)
            if not answer:
                raise SystemExit(f"{one['name']}: the case broke down")
            print(answer.decode(), flush=True)
            servers.give_back(one, server)


def be_first():
    """Ahead of whatever else this machine does, if we may: a case that wakes up late is no use. It is little work, mostly waiting."""
    if not mysqld.hurry(0):
        print("live.py may not ask for real-time scheduling: on a busy machine cases may have to be repeated", file=sys.stderr)


def main():
    request = json.load(sys.stdin)
    server = request["server"]
    installation = Installation(server["kind"], server["folder"], server["root"])
    drivers = {one["scenario"]["driver"] for one in request["cases"]}
    print(json.dumps(provenance(installation, drivers)), flush=True)
    # Garbage is collected when the scenario says so; what exists now never is.
    gc.disable()
    gc.freeze()
    # The longest first.
    cases = sorted(request["cases"], key=lambda one: (not one["alone"], -one["scenario"]["until_us"]))
    servers = Servers(installation, cases)
    try:
        be_first()
        run_cases(servers, cases, request["at_a_time"])
    finally:
        servers.stop()


if __name__ == "__main__":
    main()
