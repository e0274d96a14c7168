//! Who lets go of what.

use poolscope_sim::trace::PoolFigures;

use super::{Connection, Doing, Engine, Slot, Task, Truths};

impl Truths {
    /// Nothing of the process is left: no request, no pool, no connection.
    pub(super) fn exit(&mut self, process: u16) {
        self.forget(|engines, e| engines.get(usize::from(e)).is_some_and(|e| e.process == process));
        for (number, task) in (0..).zip(&mut self.tasks) {
            if task.process == process {
                (task.request, task.line, task.raised, task.doing) = (None, None, None, Doing::Python);
                task.holds.clear();
                self.touched.tasks.push(number);
            }
        }
    }

    /// Nothing of these engines is left.
    pub(super) fn forget(&mut self, ours: impl Fn(&[Engine], u16) -> bool) {
        for number in 1..=self.connections.len() as u32 {
            if self.connection(number).is_some_and(|c| c.open && ours(&self.engines, c.engine)) {
                self.forget_connection(number);
            }
        }
        for number in 0..self.engines.len() {
            if !ours(&self.engines, number as u16) {
                continue;
            }
            let engine = &mut self.engines[number];
            let overflow = i32::try_from(engine.figures.size).map_or(i32::MIN, |s| -s);
            engine.figures = PoolFigures { checked_in: 0, overflow, checked_out: 0, ..engine.figures };
            engine.waiting = 0;
        }
    }

    /// The client's side is closed, and the pool was not asked.
    pub(super) fn forget_connection(&mut self, number: u32) {
        self.close(number);
        let Some(c) = self.connection_mut(number) else { return };
        c.open = false;
        let (engine, slot) = (c.engine, c.slot);
        let slots = self.engines.get_mut(usize::from(engine)).map(|e| e.slot(slot));
        if let Some(entry) = slots.filter(|entry| entry.connection == Some(number)) {
            *entry = Slot::default();
        }
    }

    pub(super) fn python(&mut self, task: Option<u16>) {
        if let Some(task) = task.and_then(|t| self.tasks.get_mut(usize::from(t))) {
            task.doing = Doing::Python;
        }
    }

    /// Nobody holds the connection any more.
    pub(super) fn close(&mut self, number: u32) {
        self.release(number, None);
        while self.connection(number).is_some_and(|c| c.out) {
            self.release(number, None);
        }
    }

    /// One of those who hold the connection lets go of it: this thread, or else the last that has got it.
    pub(super) fn release(&mut self, number: u32, by: Option<u16>) {
        self.touch(number);
        let holds = |tasks: &[Task], t: &u16| tasks.get(usize::from(*t)).is_some_and(|t| t.holds.contains(&number));
        let Some(Connection { task, shared, .. }) = self.connection(number).copied() else { return };
        let by = by.filter(|by| shared || holds(&self.tasks, by));
        if let Some(task) = by.or(task).and_then(|t| self.tasks.get_mut(usize::from(t)))
            && let Some(at) = task.holds.iter().position(|n| *n == number)
        {
            task.holds.remove(at);
        }
        let left = (0..self.tasks.len() as u16).find(|t| shared && holds(&self.tasks, t));
        if let Some(c) = self.connection_mut(number) {
            (c.out, c.task) = (left.is_some(), left);
            if !c.out {
                (c.session, c.lost, c.forgotten, c.shared) = (None, None, None, false);
            }
        }
    }
}
