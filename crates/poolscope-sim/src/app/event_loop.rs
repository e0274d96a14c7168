//! asyncio's event loop: the coroutines of one thread, one at a time (`asyncio/base_events.py::BaseEventLoop._run_once`).

use crate::agenda::Target;
use crate::state::State;
use crate::time::{SimSpan, SimTime};
use crate::trace::Observer;
use crate::world::{World, Yield};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

#[derive(Debug, Default)]
pub(crate) struct EventLoop {
    /// The coroutine that runs, or that blocks the whole thread with a call that does not await.
    running: Option<u16>,
    ready: VecDeque<Callback>,
    /// How many of those belong to the present iteration.
    left: usize,
    /// What the selector will report.
    events: VecDeque<Callback>,
    /// By time, then in the order in which they were set.
    timers: BinaryHeap<Reverse<(SimTime, u64, Callback)>>,
    set: u64,
    /// Rises whenever the loop begins to wait; an agenda entry with an older number is void.
    epoch: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Callback {
    /// A request has arrived.
    Request,
    /// What a coroutine awaits is there, unless it went on for another reason.
    Complete { task: u16, epoch: u32 },
    /// A coroutine goes on.
    Resume { task: u16 },
    /// `asyncio.timeout()` is over for a coroutine that waits for the pool, unless that wait has ended.
    Timeout { task: u16, wait: u32 },
}

impl<O: Observer> State<'_, O> {
    fn event_loop(&mut self, process: u16) -> Option<&mut EventLoop> {
        self.processes.get_mut(usize::from(process)).and_then(|p| p.event_loop.as_mut())
    }

    fn loop_of_current(&mut self) -> Option<&mut EventLoop> {
        let process = self.current_task()?.process;
        self.event_loop(process)
    }

    /// The coroutine that a thread runs next, after another one awaits or has ended; `None` if the thread is blocked or has nothing to do.
    pub(crate) fn next_coroutine(&mut self, process: u16) -> Option<u16> {
        loop {
            let now = self.now;
            let (tasks, agenda) = (&self.tasks, &self.agenda);
            let void = |callback: &Callback| match callback {
                Callback::Complete { task, epoch } => agenda.epoch(*task) != *epoch,
                Callback::Timeout { task, wait } => tasks[usize::from(*task)].wait != *wait,
                _ => false,
            };
            let event_loop = self.processes[usize::from(process)].event_loop.as_mut()?;
            if event_loop.running.is_some() {
                return None;
            }
            if event_loop.left == 0 {
                // What the selector reports comes first, then the timers that are due.
                event_loop.ready.append(&mut event_loop.events);
                while let Some(Reverse((at, _, callback))) = event_loop.timers.peek().copied()
                    && (at <= now || void(&callback))
                {
                    event_loop.timers.pop();
                    if !void(&callback) {
                        event_loop.ready.push_back(callback);
                    }
                }
                event_loop.left = event_loop.ready.len();
            }
            let Some(callback) = event_loop.ready.pop_front() else {
                event_loop.epoch += 1;
                let epoch = event_loop.epoch;
                if let Some(Reverse((at, ..))) = event_loop.timers.peek().copied() {
                    self.agenda.add(at, Target::EventLoop { process, epoch });
                }
                return None;
            };
            event_loop.left -= 1;
            match callback {
                Callback::Resume { task } => {
                    event_loop.running = Some(task);
                    return Some(task);
                }
                Callback::Complete { task, .. } if !void(&callback) => {
                    event_loop.ready.push_back(Callback::Resume { task });
                    // A second answer to the same question (the server's, then the end of its session) changes nothing.
                    self.agenda.void_wake_ups(task);
                }
                Callback::Timeout { task, .. } if !void(&callback) => self.getter_times_out(task),
                Callback::Complete { .. } | Callback::Timeout { .. } => {}
                Callback::Request => {
                    if let Some(task) = self.assign_request(process)
                        && let Some(event_loop) = self.event_loop(process)
                    {
                        event_loop.ready.push_back(Callback::Resume { task });
                    }
                }
            }
        }
    }

    /// The process of a task, if it has an event loop.
    pub(crate) fn loop_process(&self, task: u16) -> Option<u16> {
        let process = self.tasks.get(usize::from(task))?.process;
        self.processes[usize::from(process)].event_loop.as_ref().map(|_| process)
    }

    /// The selector's time is up.
    pub(crate) fn loop_wakes(&mut self, process: u16, epoch: u32) {
        if self.event_loop(process).is_some_and(|l| l.running.is_none() && l.epoch == epoch) {
            self.starting = self.next_coroutine(process);
        }
    }

    /// A request for a process with an event loop, which looks at it when it is not blocked.
    pub(crate) fn loop_gets_request(&mut self, process: u16) {
        if let Some(event_loop) = self.event_loop(process) {
            event_loop.events.push_back(Callback::Request);
            self.starting = self.next_coroutine(process);
        }
    }

    /// The server has answered a coroutine, or has ended its session.
    pub(crate) fn loop_gets_answer(&mut self, task: u16, epoch: u32) {
        let Some(process) = self.loop_process(task).filter(|_| self.agenda.epoch(task) == epoch) else { return };
        if let Some(event_loop) = self.event_loop(process) {
            event_loop.events.push_back(Callback::Complete { task, epoch });
            self.starting = self.next_coroutine(process);
        }
    }

    /// A coroutine goes on in the next iteration of its loop.
    pub(crate) fn call_soon(&mut self, task: u16) {
        let Some(process) = self.loop_process(task) else { return };
        // The garbage collector acts while the loop waits; in an application it would have interrupted a coroutine.
        let outside = self.current_task().is_none_or(|t| t.process != process);
        let now = self.now;
        let Some(event_loop) = self.event_loop(process) else { return };
        event_loop.ready.push_back(Callback::Resume { task });
        if outside {
            let epoch = event_loop.epoch;
            self.agenda.add(now, Target::EventLoop { process, epoch });
        }
    }

    fn call_at(&mut self, at: SimTime) {
        let task = self.current();
        let epoch = self.agenda.epoch(task);
        self.set_timer(at, Callback::Complete { task, epoch });
    }

    fn set_timer(&mut self, at: SimTime, callback: Callback) {
        if let Some(event_loop) = self.loop_of_current() {
            event_loop.set += 1;
            event_loop.timers.push(Reverse((at, event_loop.set, callback)));
        }
    }

    /// The current coroutine begins to wait for the pool, at most until then.
    pub(crate) fn begin_timeout(&mut self, deadline: SimTime) {
        let (task, now) = (self.current(), self.now);
        let Some(wait) = self.current_task().map(|t| t.wait) else { return };
        let callback = Callback::Timeout { task, wait };
        if deadline > now {
            self.set_timer(deadline, callback);
        } else if let Some(event_loop) = self.loop_of_current() {
            event_loop.ready.push_back(callback);
        }
    }

    pub(crate) fn answer_after(&mut self, span: SimSpan) {
        let (task, at) = (self.current(), self.now + span);
        let epoch = self.agenda.epoch(task);
        self.agenda.add(at, Target::Answer { task, epoch });
    }

    /// Whoever waits for an answer gets one now: a thread goes on, a coroutine when its loop has seen it.
    pub(crate) fn answer(&mut self, task: u16) {
        if !self.scenario.driver.is_async() {
            return self.wake(task);
        }
        let epoch = self.agenda.epoch(task);
        self.agenda.add(self.now, Target::Answer { task, epoch });
    }

    pub(crate) fn leave_loop(&mut self) {
        if let Some(event_loop) = self.loop_of_current() {
            event_loop.running = None;
        }
    }
}

impl<O: Observer> World<'_, O> {
    /// `await asyncio.sleep()`
    pub(crate) fn sleep_in_loop(&self, span: SimSpan) -> Yield {
        {
            let mut state = self.state();
            if span > SimSpan::ZERO {
                let at = state.now + span;
                state.call_at(at);
            } else {
                let task = state.current();
                state.call_soon(task);
            }
        }
        self.wait_in_loop()
    }

    /// One turn of the event loop: what `create_task()` and its callbacks cost.
    pub(crate) fn hop(&self) -> Yield {
        self.sleep_in_loop(SimSpan::ZERO)
    }

    /// Gives the thread to the event loop until this coroutine is resumed.
    pub(crate) fn wait_in_loop(&self) -> Yield {
        self.state().leave_loop();
        Yield::ONCE
    }
}
