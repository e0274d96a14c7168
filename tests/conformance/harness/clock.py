"""Virtual time. Threads are greenlets, and time passes only while every one of them sleeps or waits.

Whole microseconds inside, exact fractions of a second towards SQLAlchemy: its comparisons are strict (`age > recycle`), so a rounded
last digit would decide them.
"""

import asyncio
import contextvars
import datetime
import heapq
import threading as real_threading
from concurrent.futures import Future
from fractions import Fraction
from itertools import count
from types import SimpleNamespace

from greenlet import GreenletExit, getcurrent

MICROSECONDS = 1_000_000
# The run does not start at zero: a pool's `_invalidate_time = 0` means "never".
EPOCH = 1_767_225_600

# At one instant the server acts first, then what the scenario says (other clients, faults, the collector, each traffic entry), then
# the threads in the order in which they were scheduled.
SERVER, OTHERS, FAULTS, COLLECTOR, TRAFFIC = range(5)
THREADS = 1 << 40


# `process/coroutine`, in what a coroutine does.
coroutine = contextvars.ContextVar("coroutine", default=None)


def thread():
    """The greenlet that stands for the current thread: SQLAlchemy's asyncio layer runs greenlets of its own inside it."""
    here = getcurrent()
    while not hasattr(here, "name") and here.parent is not None:
        here = here.parent
    return here


def task_name():
    return coroutine.get() or getattr(thread(), "name", "-")


class Clock:
    def __init__(self):
        self.now = 0
        self.sequence = 0
        self.agenda = []
        self.hub = getcurrent()
        self.frozen = False
        self.asides = []

    def at(self, when, action, order=THREADS):
        self.sequence += 1
        heapq.heappush(self.agenda, (when, order, self.sequence, action))

    def run(self, until):
        """Runs everything that is due up to `until`."""
        while self.agenda and self.agenda[0][0] <= until:
            self.now, _, _, action = heapq.heappop(self.agenda)
            action()
        self.now = until

    def stop(self):
        """The run is over: nothing waits any more. A collector that was interrupted ends, so that the next run has one."""
        self.frozen = True
        for aside in self.asides:
            while not aside.ended:
                aside.switch()

    def can_wait(self):
        """False in what the clock itself runs (faults, arrivals), and when the run is over."""
        return not self.frozen and getcurrent() is not self.hub

    def sleep(self, microseconds):
        if microseconds > 0 and self.can_wait():
            self.park(Ticket(), microseconds)

    def park(self, ticket, microseconds=None):
        """Blocks this thread until `unpark(ticket)` (returns True) or for so long (returns False)."""
        if self.frozen:
            raise GreenletExit
        ticket.thread = current.aside or getcurrent()
        if microseconds is not None:
            self.at(self.now + max(microseconds, 0), ticket.leave)
        return ticket.thread.wait() if current.aside else self.leave()

    def leave(self):
        """Lets others go on; an event loop that is left in the middle of a coroutine stays blocked, but not in their way."""
        loop = asyncio._get_running_loop()
        asyncio._set_running_loop(None)
        try:
            return self.hub.switch()
        finally:
            asyncio._set_running_loop(loop)

    def unpark(self, ticket, late=0):
        """The thread goes on at this instant, or so much later, but after everything already due: whoever unparks it keeps running."""
        thread, ticket.thread = ticket.thread, None
        if thread:
            self.at(self.now + late, lambda: thread.switch(True))

    def seconds(self):
        return EPOCH + Fraction(self.now, MICROSECONDS)


class Ticket:
    thread = None

    def leave(self):
        """Its time is up, unless the thread has gone on already."""
        thread, self.thread = self.thread, None
        if thread:
            thread.switch(False)


# The clock of the workload that runs; the replacements below outlive workloads, as SQLAlchemy's modules do.
current = SimpleNamespace(clock=Clock(), aside=None)


class Aside:
    """A function in an operating-system thread of its own, one step at a time like the greenlets.

    The garbage collector needs one: it cannot be left halfway for another greenlet, because its lists live on the C stack.
    """

    def __init__(self, function, name):
        self.function, self.name = function, name
        self.mine, self.others = real_threading.Semaphore(0), real_threading.Semaphore(0)
        self.value, self.ended, self.caller = None, False, None
        current.clock.asides.append(self)
        real_threading.Thread(target=self.main, daemon=True).start()

    def main(self):
        self.mine.acquire()
        getcurrent().name = self.name
        self.function()
        self.ended = True
        self.others.release()

    def switch(self, value=None):
        """Lets the thread go on until it waits or ends."""
        self.value, current.aside = value, self
        self.mine.release()
        self.others.acquire()
        current.aside = None
        if self.ended and self.caller:
            self.caller.switch()

    def join(self):
        """Lets the current greenlet wait for the end."""
        if not self.ended:
            self.caller = getcurrent()
            current.clock.leave()

    def wait(self):
        """Called in the thread: back to whoever let it go on."""
        self.others.release()
        self.mine.acquire()
        return self.value


class Lock:
    """threading.Lock and RLock: who waits longest is served first."""

    reentrant = False

    def __init__(self):
        self.owner, self.depth, self.waiting = None, 0, []

    def acquire(self, blocking=True, timeout=-1):
        me = getcurrent()
        if self.owner is me and self.reentrant:
            self.depth += 1
            return True
        while self.owner is not None:
            if not blocking:
                return False
            ticket = Ticket()
            self.waiting.append(ticket)
            current.clock.park(ticket)
        self.owner, self.depth = me, 1
        return True

    def release(self):
        self.depth -= 1
        if self.depth == 0:
            self.owner = None
            if self.waiting:
                current.clock.unpark(self.waiting.pop(0))

    def __enter__(self):
        return self.acquire()

    def __exit__(self, *_):
        self.release()


class RLock(Lock):
    reentrant = True


class Condition:
    def __init__(self, lock=None):
        self.lock = lock or RLock()
        self.waiting = []

    def acquire(self):
        return self.lock.acquire()

    def release(self):
        self.lock.release()

    def __enter__(self):
        return self.acquire()

    def __exit__(self, *_):
        self.release()

    def wait(self, timeout=None):
        ticket = Ticket()
        self.waiting.append(ticket)
        depth, self.lock.depth = self.lock.depth, 1
        self.lock.release()
        notified = current.clock.park(ticket, None if timeout is None else int(timeout * MICROSECONDS))
        if not notified:
            self.waiting.remove(ticket)
        self.lock.acquire()
        self.lock.depth = depth
        return notified

    def notify(self, n=1):
        # A real thread takes its time until it runs; whoever asks meanwhile is faster.
        for ticket in self.waiting[:n]:
            process = getattr(ticket.thread, "process", None)
            current.clock.unpark(ticket, getattr(process, "barging", 0))
        del self.waiting[:n]


class Event:
    def __init__(self):
        self.flag, self.waiting = False, []

    def is_set(self):
        return self.flag

    def set(self):
        self.flag = True
        for ticket in self.waiting:
            current.clock.unpark(ticket)
        self.waiting = []

    def clear(self):
        self.flag = False

    def wait(self, timeout=None):
        if not self.flag:
            ticket = Ticket()
            self.waiting.append(ticket)
            # Whoever computes with floats means a whole number of microseconds all the same.
            if not current.clock.park(ticket, None if timeout is None else round(timeout * MICROSECONDS)):
                self.waiting.remove(ticket)
        return self.flag


class Thread:
    """A thread that the application starts itself; it belongs to the process of whoever starts it."""

    def __init__(self, target, name=None, daemon=None):
        self.target = target

    def start(self):
        process = getcurrent().process
        thread = process.new_thread(self.main)
        current.clock.at(current.clock.now, thread.switch)

    def main(self):
        try:
            self.target()
        except Exception:
            pass  # The traceback goes to standard error.
        getcurrent().parent.switch()


class Executor:
    """concurrent.futures.ThreadPoolExecutor: a new thread for a task that no thread is free for, up to max_workers."""

    def __init__(self, max_workers=10):
        self.max_workers, self.threads, self.queue, self.free = max_workers, 0, [], []

    def submit(self, function, *arguments):
        future = Future()
        self.queue.append((future, function, arguments))
        if self.free:
            current.clock.unpark(self.free.pop(0))
        elif self.threads < self.max_workers:
            self.threads += 1
            Thread(self.work).start()
        return future

    def work(self):
        while True:
            while not self.queue:
                ticket = Ticket()
                self.free.append(ticket)
                current.clock.park(ticket)
            future, function, arguments = self.queue.pop(0)
            try:
                future.set_result(function(*arguments))
            except Exception as error:
                future.set_exception(error)
            del future, function, arguments


class Datetime(datetime.datetime):
    """datetime.datetime with the clock's `now`; its instances are plain ones."""

    @staticmethod
    def now(tz=None):
        zero = datetime.datetime.fromtimestamp(EPOCH, tz)
        return zero + datetime.timedelta(microseconds=current.clock.now)

    fromtimestamp = staticmethod(datetime.datetime.fromtimestamp)


class Local:
    """threading.local: attributes that each thread has for itself."""

    numbers = count()

    def __init__(self):
        self.__dict__["number"] = next(Local.numbers)  # An id() comes again.

    def __getattr__(self, name):
        try:
            return thread().__dict__[self.number, name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name, value):
        thread().__dict__[self.number, name] = value

    def __delattr__(self, name):
        try:
            del thread().__dict__[self.number, name]
        except KeyError:
            raise AttributeError(name) from None


class OrderedSet(dict):
    """A set from which the oldest member is popped: a SingletonThreadPool takes any, by address. So does a Session that ends several
    Connections."""

    def __init__(self, members=()):
        super().__init__((member, True) for member in members)

    def __getattr__(self, name):
        return getattr(set(self), name)

    def add(self, member):
        self[member] = True

    def pop(self):
        member = next(iter(self))
        del self[member]
        return member


threading = SimpleNamespace(Lock=Lock, RLock=RLock, Condition=Condition, local=Local)
time = SimpleNamespace(
    time=lambda: current.clock.seconds(),
    sleep=lambda seconds: current.clock.sleep(int(Fraction(str(seconds)) * MICROSECONDS)),
)


def install():
    """Puts the virtual clock under SQLAlchemy: its modules' view of `threading` and `time`, no line of its code."""
    import sqlalchemy.event.attr
    import sqlalchemy.orm.session as orm
    import sqlalchemy.pool
    import sqlalchemy.util._collections
    import sqlalchemy.util.queue

    # Before 1.3 the pool is one module.
    impl = getattr(sqlalchemy.pool, "impl", sqlalchemy.pool)
    base = getattr(sqlalchemy.pool, "base", sqlalchemy.pool)
    for module in (sqlalchemy.event.attr, impl, sqlalchemy.util._collections, sqlalchemy.util.queue):
        assert hasattr(module, "threading"), module
        module.threading = threading
    if hasattr(base, "threading"):
        base.threading = threading
    impl.set = OrderedSet
    orm.set = OrderedSet
    assert hasattr(sqlalchemy.util.queue, "_time")
    sqlalchemy.util.queue._time = time.time
    assert hasattr(base, "time")
    base.time = time


def install_scheduler():
    """The same for APScheduler: its view of `threading`, `concurrent.futures` and `datetime`."""
    import apscheduler.executors.base
    import apscheduler.executors.pool
    import apscheduler.schedulers.background
    import apscheduler.schedulers.base
    import apscheduler.schedulers.blocking
    import apscheduler.triggers.interval

    apscheduler.executors.pool.concurrent = SimpleNamespace(futures=SimpleNamespace(ThreadPoolExecutor=Executor))
    apscheduler.schedulers.base.RLock = RLock
    apscheduler.schedulers.background.Event = apscheduler.schedulers.blocking.Event = Event
    apscheduler.schedulers.background.Thread = Thread
    for module in (apscheduler.executors.base, apscheduler.schedulers.base, apscheduler.triggers.interval):
        assert hasattr(module, "datetime"), module
        module.datetime = Datetime
