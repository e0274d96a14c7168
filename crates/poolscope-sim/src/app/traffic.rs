//! Requests as they come, and whatever else the scenario starts by itself.

use crate::agenda::Target;
use crate::random::Random;
use crate::scenario::{Arrivals, Cut, FaultKind};
use crate::server::{Client, Death};
use crate::state::State;
use crate::time::SimTime;
use crate::trace::{EventKind, Observer, Rule};

#[derive(Debug)]
pub(crate) struct TrafficState {
    random: Random,
    /// Requests sent so far.
    sent: u32,
    /// First run-wide index and number of the process copies that get them in turn.
    processes: (u16, u16),
}

/// Requests of one instant arrive in the order of the file, after faults and the garbage collector.
fn rank(traffic: u32) -> u32 {
    traffic.saturating_add(3).min(1 << 21)
}

impl<O: Observer> State<'_, O> {
    /// Writes everything that the scenario starts into the agenda.
    pub(crate) fn begin(&mut self) {
        let scenario = self.scenario;
        for (index, sessions) in scenario.other_sessions.iter().enumerate() {
            self.agenda.add_from_scenario(sessions.at, 0, Target::OtherSessions { index: index as u32 });
        }
        for (index, fault) in scenario.faults.iter().enumerate() {
            self.agenda.add_from_scenario(fault.at, 1, Target::Fault { index: index as u32 });
        }
        let network = &scenario.network;
        if network.silent_from < network.silent_until {
            self.agenda.add(network.silent_from, Target::Silence);
            self.agenda.add(network.silent_until, Target::Silence);
        }
        for (kind, options) in scenario.processes.iter().enumerate() {
            let first = self.first_process(kind);
            let copies = if options.debug || options.preload.is_some() { 1 } else { options.count as u16 };
            for process in first..first + copies {
                self.agenda.add_from_scenario(SimTime::ZERO, 1, Target::ProcessStart { process });
            }
            for at in options.edited_at.iter().filter(|_| options.debug) {
                self.agenda.add_from_scenario(*at, 1, Target::Edited { process: first });
            }
        }
        for at in &scenario.garbage.at {
            self.agenda.add_from_scenario(*at, 2, Target::Collect);
        }
        for (index, traffic) in scenario.traffic.iter().enumerate() {
            let process = &scenario.processes[traffic.process];
            // A master serves nobody.
            let before = self.first_process(traffic.process) + u16::from(process.preload.is_some());
            let copies = process.count as u16;
            let random = Random::new(scenario.seed, index as u64);
            self.traffic.push(TrafficState { random, sent: 0, processes: (before, copies) });
            let index = index as u32;
            match &traffic.arrivals {
                Arrivals::At(times) => {
                    for at in times {
                        self.agenda.add_from_scenario(*at, rank(index), Target::User { traffic: index });
                    }
                }
                Arrivals::Every { start, .. } => {
                    self.agenda.add_from_scenario(*start, rank(index), Target::Arrival { traffic: index });
                }
                Arrivals::Poisson { start, mean, .. } => {
                    let gap = self.traffic[index as usize].random.exponential(*mean);
                    self.agenda.add_from_scenario(*start + gap, rank(index), Target::Arrival { traffic: index });
                }
                Arrivals::Users { start, users, .. } => {
                    for _ in 0..*users {
                        self.agenda.add_from_scenario(*start, rank(index), Target::User { traffic: index });
                    }
                }
            }
        }
    }

    /// Something happens that is not a task going on.
    pub(crate) fn happen(&mut self, target: Target) {
        match target {
            // Ids begin anew with a restart: an old check says nothing about a new session.
            Target::IdleCheck { thread, boot } if boot == self.server.boot => self.check_idle(thread),
            Target::IdleCheck { .. } => {}
            Target::PathCheck { connection } => self.check_path(connection),
            Target::Unheard { thread, boot } if boot == self.server.boot => self.unheard(thread),
            Target::Unheard { .. } => {}
            Target::ServerUp => self.server_up(),
            Target::Silence => {
                let silent = self.now < self.scenario.network.silent_until;
                let kind = if silent { EventKind::ServerSilent } else { EventKind::ServerAnswers };
                self.emit_outside(None, Rule::Scenario, kind);
            }
            Target::Fault { index } => self.fault(index),
            Target::Arrival { traffic } => self.arrival(traffic),
            Target::User { traffic } => self.send(traffic),
            Target::Edited { process } => self.edited(process),
            Target::ProcessStart { process } => self.process_starts(process),
            Target::Collect => self.wake(self.tasks.len() as u16),
            Target::OtherSessions { index } => self.other_sessions(index),
            Target::EventLoop { process, epoch } => self.loop_wakes(process, epoch),
            Target::Answer { task, epoch } => self.loop_gets_answer(task, epoch),
            Target::Task { .. } => {}
        }
    }

    fn send(&mut self, traffic: u32) {
        let state = &mut self.traffic[traffic as usize];
        let (first, copies) = state.processes;
        let process = first + (state.sent % u32::from(copies)) as u16;
        let sent = state.sent as usize;
        state.sent += 1;
        let program = self.scenario.traffic[traffic as usize].run;
        let handler = sent % self.scenario.programs[program].handlers.len().max(1);
        self.arrive(process, program, handler, traffic);
    }

    fn arrival(&mut self, traffic: u32) {
        self.send(traffic);
        let state = &mut self.traffic[traffic as usize];
        let (gap, count) = match &self.scenario.traffic[traffic as usize].arrivals {
            Arrivals::Every { every, count, .. } => (*every, *count),
            Arrivals::Poisson { mean, count, .. } => (state.random.exponential(*mean), *count),
            _ => return,
        };
        if count.is_none_or(|count| state.sent < count) {
            self.agenda.add_from_scenario(self.now + gap, rank(traffic), Target::Arrival { traffic });
        }
    }

    fn other_sessions(&mut self, index: u32) {
        // Whoever finds the server down comes back when it is up.
        if !self.server.up || self.put_off(0, Target::OtherSessions { index }) {
            return;
        }
        let options = &self.scenario.other_sessions[index as usize];
        for _ in 0..options.count {
            let now = self.now;
            let others = &self.scenario.other_sessions;
            let account = others.iter().position(|o| o.user == options.user).unwrap_or_default() as u32 + 1;
            let idle_timeout = self.scenario.variables.wait_timeout;
            let client = Client { connection: None, account, admin: options.admin, idle_timeout };
            match self.server.accept(client, now) {
                Ok(thread) => {
                    let in_use = self.server.in_use();
                    if let Some(t) = self.server.threads.get_mut(thread) {
                        // They poll often enough never to be idle for long.
                        t.idle_since = None;
                    }
                    self.emit_outside(
                        None,
                        Rule::ServerAccepts,
                        EventKind::ServerOpen { thread, connection: None, in_use },
                    );
                }
                Err(refusal) => {
                    let (code, in_use) = (refusal.code(), self.server.in_use());
                    self.emit_outside(None, refusal.rule(), EventKind::ServerRefuse { code, in_use });
                }
            }
        }
    }

    /// Nothing happens to a silent server before it goes on.
    fn put_off(&mut self, rank: u32, target: Target) -> bool {
        let silent = self.is_silent();
        if silent {
            self.agenda.add_from_scenario(self.scenario.network.silent_until, rank, target);
        }
        silent
    }

    /// Ends a session that has been idle for wait_timeout, or looks again when it could be.
    pub(crate) fn check_idle(&mut self, thread: u32) {
        let Some(t) = self.server.threads.get(thread) else {
            return;
        };
        let (network, since) = (self.scenario.network, t.idle_since.unwrap_or(self.now));
        // MariaDB waits with poll(2), which also counts while the process is stopped, MySQL with ppoll(2).
        let mut due = since + network.with_silence(since, t.idle_timeout, self.scenario.server.is_mariadb());
        if self.is_silent() {
            due = due.max(network.silent_until);
        } else if t.cut.is_some_and(|(_, at)| at <= self.now) {
            return self.server_finds_cut(thread);
        }
        if due > self.now {
            let boot = self.server.boot;
            self.agenda.add(due, Target::IdleCheck { thread, boot });
        } else {
            self.server_ends(thread, Death::Timeout, |in_use| EventKind::ServerTimeout { thread, in_use }, None);
        }
    }

    fn fault(&mut self, index: u32) {
        let kind = self.scenario.faults[index as usize].kind;
        if !matches!(kind, FaultKind::Cut { .. }) && self.put_off(1, Target::Fault { index }) {
            return;
        }
        match kind {
            FaultKind::Kill { connection } => {
                for thread in self.of_application(connection) {
                    self.server_ends(thread, Death::Kill, |in_use| EventKind::ServerKill { thread, in_use }, None);
                }
            }
            FaultKind::KillQuery { connection } => {
                for thread in self.of_application(connection) {
                    self.interrupt(thread);
                }
            }
            FaultKind::Cut { connection } => {
                for thread in self.of_application(connection) {
                    let connection = self.server.threads.get(thread).and_then(|t| t.connection).unwrap_or_default();
                    self.cut(connection, Cut::Drop, Rule::Scenario);
                }
            }
            FaultKind::Restart { .. } if !self.server.up => {}
            FaultKind::Restart { down } => {
                let lost: Vec<u32> = self.server.threads.iter().map(|(id, _)| id).collect();
                self.server.up = false;
                let kind = EventKind::ServerDown { lost: lost.len() as u32 };
                let cause = self.emit_outside(None, Rule::Restart, kind);
                for thread in lost {
                    self.server_ends(
                        thread,
                        Death::Restart,
                        |in_use| EventKind::ServerKill { thread, in_use },
                        Some(cause),
                    );
                }
                self.agenda.add(self.now + down, Target::ServerUp);
            }
        }
    }

    /// The sessions of the application, or the one of this connection.
    fn of_application(&self, wanted: Option<u32>) -> Vec<u32> {
        let threads = self.server.threads.iter();
        let ours = threads.filter(|(_, t)| t.connection.is_some_and(|c| wanted.is_none_or(|wanted| wanted == c)));
        ours.map(|(id, _)| id).collect()
    }

    fn server_up(&mut self) {
        self.server.start_again();
        self.emit_outside(None, Rule::Restart, EventKind::ServerUp);
        for index in 0..self.scenario.other_sessions.len() {
            if self.scenario.other_sessions[index].at <= self.now {
                self.agenda.add(SimTime(self.now.0), Target::OtherSessions { index: index as u32 });
            }
        }
    }
}
