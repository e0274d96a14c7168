"""aiomysql as SQLAlchemy's asyncio dialect sees it: the same model server, whose answers an event loop awaits."""

import sys
from types import ModuleType, SimpleNamespace

from driver import CLASSES, ERRORS, Connection, Cursor, Driver, show
from server import DriverError


def stub(name, **contents):
    module = ModuleType(name)
    vars(module).update(contents)
    return module


# What the dialect imports by name.
PYMYSQL = stub("pymysql", __version__="1.1.1", constants=None, Binary=bytes)
for name in ("NUMBER", "STRING", "DATETIME", "BINARY", "TIMESTAMP"):
    setattr(PYMYSQL, name, name)
PYMYSQL.constants = stub("pymysql.constants", CLIENT=SimpleNamespace(FOUND_ROWS=2))
sys.modules |= {"pymysql": PYMYSQL, "pymysql.constants": PYMYSQL.constants}


class AsyncDriver(Driver):
    def module(self):
        from sqlalchemy.dialects.mysql.aiomysql import AsyncAdapt_aiomysql_dbapi

        aiomysql = stub("aiomysql", __version__="0.3.2", connect=lambda **_: self.connect())
        aiomysql.Cursor = aiomysql.SSCursor = AsyncCursor
        aiomysql.Warning = type("Warning", (Exception,), {"__module__": "pymysql.err"})
        for name in ERRORS:
            setattr(aiomysql, name, self.classes[name])
        module = AsyncAdapt_aiomysql_dbapi(aiomysql, PYMYSQL)
        module._send_false_to_ping = True
        return module

    async def connect(self):
        self.row("connecting", engine=self.engine)
        try:
            return AsyncConnection(self, await self.server.connect_in_loop(self.rtt, self.connect_time, self.interactive))
        except DriverError as e:
            raise self.failed(self.error(e)) from None


class AsyncConnection(Connection):
    def __repr__(self):
        return f"<aiomysql.connection.Connection object at 0x7f5c{self.number * 16:08x}>"

    async def command(self, microseconds, report, query="", **_of_mysql_connector):
        try:
            if self.closed:
                raise self.driver.closed()
            got = await self.driver.server.command_in_loop(self.session, microseconds, query)
            self.no_rows = got is not None and got != query and self.reads_wrong(got, query)
        except DriverError as e:
            raise self.report(report, self.driver.error(e)) from None
        except RuntimeError as e:
            raise self.report(report, e)
        self.report(report, None)

    # What the base class returns are the coroutines of `command`, for SQLAlchemy to await.

    async def ensure_closed(self):
        self.close()

    def close(self):
        if not self.closed:
            super().close()

    def cursor(self, cursor_class):
        return cursor_class(self)

    async def autocommit(self, _):
        pass


class AsyncCursor(Cursor):
    async def __aenter__(self):
        return self

    async def execute(self, sql, parameters=()):
        answer = super().execute(sql, parameters)
        if answer:
            await answer
            # What comes is known only now.
            self.description, self.rows = None, ()
            self.answer(sql, parameters)

    async def fetchall(self):
        return super().fetchall()

    async def close(self):
        pass
