//! The MySQL server: its sessions, its limits, and what a client hears when its session is gone.

mod gone;
mod path;

pub(crate) use gone::{gone, refused};
pub(crate) use path::Sent;

use crate::numbered::Numbered;
use crate::outcome::Status;
use crate::scenario::{Account, Cut, Scenario, Variables};
use crate::time::{SimSpan, SimTime};
use crate::trace::{EventId, Rule};

#[derive(Debug)]
pub(crate) struct Server {
    variables: Variables,
    account: Account,
    mariadb: bool,
    pub up: bool,
    /// Restarts so far.
    pub boot: u16,
    /// Live sessions by id; ids rise and are not reused until a restart.
    pub threads: Numbered<ServerThread>,
    next_id: u32,
    pub status: Status,
    /// Max_used_connections and Aborted_clients before the last restart.
    pub before: (u32, u32),
    pub refused: u32,
}

#[derive(Debug)]
pub(crate) struct ServerThread {
    /// Our DBAPI connection, if it is one of ours.
    pub connection: Option<u32>,
    account: u32,
    /// The session's own wait_timeout.
    pub idle_timeout: SimSpan,
    pub idle_since: Option<SimTime>,
    pub in_transaction: bool,
    /// When the statement that runs is over.
    pub until: SimTime,
    /// Its client is not there any more, and whether it went without a goodbye. The session has not noticed yet.
    pub left: Option<bool>,
    /// How the way to its client was cut, and when TCP will have noticed.
    pub cut: Option<(Cut, SimTime)>,
    /// The last event of this session, the cause of the next.
    pub last: Option<EventId>,
}

/// Who wants to sign in.
#[derive(Debug)]
pub(crate) struct Client {
    /// Our DBAPI connection, if it is one of ours.
    pub connection: Option<u32>,
    /// A number for each account.
    pub account: u32,
    /// Has CONNECTION_ADMIN (or SUPER).
    pub admin: bool,
    /// Seconds.
    pub idle_timeout: u32,
}

/// The account of the application; others have higher numbers.
pub(crate) const APPLICATION: u32 = 0;

/// The session of a client that did not wait for its greeting: ids are higher.
pub(crate) const NOBODY: u32 = 0;

/// Why a client is not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    TooManyConnections,
    /// The variable max_user_connections.
    UserLimit,
    /// `CREATE USER … WITH MAX_USER_CONNECTIONS`.
    AccountLimit,
}

impl Refusal {
    pub const fn code(self) -> u16 {
        match self {
            Refusal::TooManyConnections => 1040,
            Refusal::UserLimit => 1203,
            Refusal::AccountLimit => 1226,
        }
    }
    pub const fn rule(self) -> Rule {
        match self {
            Refusal::TooManyConnections => Rule::MaxConnections,
            Refusal::UserLimit | Refusal::AccountLimit => Rule::MaxUserConnections,
        }
    }
}

/// Why a session ended without its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Death {
    Timeout,
    Kill,
    Restart,
}

impl Server {
    pub fn new(scenario: &Scenario) -> Server {
        // A server that has just started has used its first ids itself.
        let next_id = 8;
        Server {
            variables: scenario.variables,
            account: scenario.account,
            mariadb: scenario.server.is_mariadb(),
            up: true,
            boot: 0,
            threads: Numbered::new(),
            next_id,
            status: Status::default(),
            before: (0, 0),
            refused: 0,
        }
    }

    pub fn in_use(&self) -> u32 {
        self.threads.len() as u32
    }

    /// Admits a client or says with which error it does not: ordinary accounts up to max_connections, privileged ones to one more.
    pub fn accept(&mut self, client: Client, now: SimTime) -> Result<u32, Refusal> {
        let (in_use, limit) = (self.in_use(), self.variables.max_connections);
        if in_use > limit {
            // Refused before the server has read who it is; MySQL counts that elsewhere only.
            self.refused += 1;
            self.status.aborted_connects += u32::from(self.mariadb);
            self.status.connection_errors_max_connections += 1;
            return Err(Refusal::TooManyConnections);
        }
        self.status.connections += 1;
        let refusal =
            self.limit_of(&client).or((in_use == limit && !client.admin).then_some(Refusal::TooManyConnections));
        // It takes a place until it is known who it is.
        self.status.max_used_connections = self.status.max_used_connections.max(in_use + 1);
        if let Some(refusal) = refusal {
            self.refused += 1;
            self.status.aborted_connects += 1;
            let full = matches!(refusal, Refusal::TooManyConnections);
            self.status.connection_errors_max_connections += u32::from(full && !self.mariadb);
            return Err(refusal);
        }
        let id = self.next_id;
        self.next_id += 1;
        let Client { connection, account, idle_timeout, .. } = client;
        let idle_timeout = SimSpan::from_secs(u64::from(idle_timeout));
        let thread = ServerThread {
            connection,
            account,
            idle_timeout,
            idle_since: Some(now),
            in_transaction: false,
            until: now,
            left: None,
            cut: None,
            last: None,
        };
        self.threads.insert(id, thread);
        Ok(id)
    }

    /// What max_user_connections says to another session of this account: its own limit, or else everybody's.
    fn limit_of(&self, client: &Client) -> Option<Refusal> {
        let own = if client.account == APPLICATION { self.account.max_user_connections } else { 0 };
        let limit = if own > 0 { own } else { self.variables.max_user_connections };
        if limit == 0 {
            return None;
        }
        let has = self.threads.iter().filter(|(_, t)| t.account == client.account).count();
        (limit as usize <= has).then_some(if own > 0 { Refusal::AccountLimit } else { Refusal::UserLimit })
    }

    /// A new process: ids and counters begin anew.
    pub fn start_again(&mut self) {
        self.up = true;
        self.boot += 1;
        self.next_id = 8;
        let Status { max_used_connections, aborted_clients, .. } = std::mem::take(&mut self.status);
        self.before = (self.before.0.max(max_used_connections), self.before.1 + aborted_clients);
    }
}
