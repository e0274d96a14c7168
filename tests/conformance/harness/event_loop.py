"""asyncio in virtual time: Python's own event loop with another clock and another selector."""

import asyncio
from collections import deque
from fractions import Fraction

import clock as virtual


class EventLoop(asyncio.BaseEventLoop):
    """Times are exact. Timers that are due at the same instant run in the order in which they were set, which asyncio leaves open."""

    def __init__(self, clock):
        super().__init__()
        self.clock, self.set = clock, 0
        self._clock_resolution = Fraction(1, 10 * virtual.MICROSECONDS)
        self._selector = self
        self.events = deque()
        self.ticket = virtual.Ticket()

    def time(self):
        return Fraction(self.clock.now, virtual.MICROSECONDS)

    def call_at(self, when, callback, *args, context=None):
        self.set += 1
        return super().call_at(when + Fraction(self.set, 10**15), callback, *args, context=context)

    def call_soon(self, callback, *args, context=None):
        handle = super().call_soon(callback, *args, context=context)
        if self.ticket.thread:
            # The collector acts while the loop waits; in an application it would have interrupted a coroutine.
            self.clock.at(self.clock.now, self.ticket.leave)
        return handle

    def select(self, timeout):
        microseconds = None if timeout is None else int(timeout * virtual.MICROSECONDS)
        if not self.events and microseconds != 0:
            self.ticket = virtual.Ticket()
            self.clock.park(self.ticket, microseconds)
        events = list(self.events)
        self.events.clear()
        return events

    def _process_events(self, events):
        for callback in events:
            self._add_callback(asyncio.Handle(callback, (), self))

    def report(self, callback):
        """Something the selector reports, now if it is what the thread waits for."""
        self.events.append(callback)
        thread, self.ticket.thread = self.ticket.thread, None
        if thread:
            thread.switch(True)

    def _write_to_self(self):
        pass


class Answer:
    """Something that the server sends, which the selector reports when it is there."""

    def __init__(self, clock):
        self.clock, self.loop = clock, asyncio.get_running_loop()
        self.future = self.loop.create_future()
        self.here = False

    async def wait(self, microseconds):
        if microseconds > 0:
            self.clock.at(self.clock.now + microseconds, self.leave)
            await self.future

    def leave(self):
        if not self.here:
            self.here = True
            self.loop.report(self.arrive)

    def arrive(self):
        if not self.future.done():
            self.future.set_result(None)


def sleep(seconds):
    """asyncio.sleep, and tornado.gen.sleep, which does the same; with the very number that the program says."""
    return asyncio.sleep(Fraction(str(seconds)))
