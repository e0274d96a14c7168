"""The real QueuePool, unmodified: its threads are greenlets, and the two modules that its queue waits with go by a virtual clock."""

import heapq
from types import SimpleNamespace

import sqlalchemy.util.queue as queue
from greenlet import getcurrent, greenlet
from sqlalchemy import exc
from sqlalchemy.pool import QueuePool

from workload import TIMEOUT, Client, Counters, main


class Clock:
    def __init__(self):
        self.now = 0
        self.agenda = []
        self.sequence = 0
        self.hub = getcurrent()

    def wake(self, at, who, what):
        self.sequence += 1
        heapq.heappush(self.agenda, (at, self.sequence, who, what))

    def sleep(self, until):
        self.wake(until, getcurrent(), None)
        self.hub.switch()

    def run(self, until):
        while self.agenda and self.agenda[0][0] < until:
            self.now, _, who, what = heapq.heappop(self.agenda)
            if what is None or what.pending:
                if what is not None:
                    what.pending = False
                who.switch()


class Lock:
    """Nobody is interrupted between two waits: there is nothing to lock."""

    def __enter__(self):
        return True

    def __exit__(self, *_):
        return None

    acquire = release = lambda self, *_: True


class Condition(Lock):
    def __init__(self, lock=None):
        self.waiters = []

    def wait(self, timeout):
        wait = SimpleNamespace(pending=True, task=getcurrent())
        self.waiters.append(wait)
        clock.wake(clock.now + timeout, wait.task, wait)
        clock.hub.switch()
        if wait in self.waiters:
            self.waiters.remove(wait)

    def notify(self, n=1):
        if self.waiters:
            wait = self.waiters.pop(0)
            clock.wake(clock.now, wait.task, wait)


class Connection:
    def rollback(self):
        pass

    close = commit = rollback


clock = Clock()
queue.threading = SimpleNamespace(Condition=Condition, Lock=Lock, RLock=Lock)
# In whole nanoseconds, as the time-out: the pool only adds and compares.
queue._time = lambda: clock.now


def client(pool, me, counters):
    while True:
        clock.sleep(me.think(clock.now))
        counters.requests += 1
        try:
            connection = pool.connect()
        except exc.TimeoutError:
            counters.timeouts += 1
            counters.note(clock.now, me.number, 2)
            continue
        counters.note(clock.now, me.number, 0)
        clock.sleep(me.hold(clock.now))
        counters.done += 1
        counters.note(clock.now, me.number, 1)
        connection.close()


def run(clients, connections, until, counters: Counters):
    clock.__init__()
    pool = QueuePool(Connection, pool_size=connections, max_overflow=0, timeout=TIMEOUT)
    for number in range(clients):
        task = greenlet(client)
        task.switch(pool, Client(number), counters)
    clock.run(until)


main(run)
