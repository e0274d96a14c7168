//! One slot of the pool (`pool/base.py::_ConnectionRecord`).

use crate::time::{SimSpan, SimTime};
use crate::trace::Rule;

#[derive(Debug)]
pub(crate) struct Record {
    /// `None` after invalidation or a failed connect: the slot counts, the connection does not exist.
    pub connection: Option<u32>,
    /// Set before the driver connects, so that the time to connect counts into the age.
    pub starttime: SimTime,
    /// Not handed out since it was opened: pre-ping trusts it.
    pub fresh: bool,
    pub soft_invalidated_at: Option<SimTime>,
    /// The last checkout (`fairy_ref`), until it is checked in.
    pub fairy: Option<u64>,
    /// An error passed through a checkout of it: the traceback refers to it until the next garbage collection.
    pub in_cycle: bool,
    /// Before 1.4, in a set of the module (`pool/base.py::_refs`) from a checkout until the end of one: not if `_checkin_failed` or the
    /// next checkout comes first.
    pub in_refs: bool,
    /// So many have got it from the pool and have not made a checkout of it yet.
    pub in_hand: u32,
}

impl Record {
    pub fn new(starttime: SimTime) -> Record {
        Record {
            connection: None,
            starttime,
            fresh: false,
            soft_invalidated_at: None,
            fairy: None,
            in_cycle: false,
            in_refs: false,
            in_hand: 1,
        }
    }

    /// From now on somebody has it.
    pub fn hand_out(&mut self, serial: u64) {
        (self.fairy, self.in_refs) = (Some(serial), true);
        self.leave_hand();
    }

    /// One fewer is about to make a checkout of it.
    pub fn leave_hand(&mut self) {
        self.in_hand = self.in_hand.saturating_sub(1);
    }

    /// From now on nobody has it. Its connection.
    pub fn take_back(&mut self) -> Option<u32> {
        self.fairy = None;
        self.connection
    }

    /// `get_connection`: why the connection of this record must be replaced now, if it must. All comparisons are strict.
    pub fn stale(&self, now: SimTime, recycle: Option<SimSpan>, pool_invalidated_at: Option<SimTime>) -> Option<Rule> {
        if recycle.is_some_and(|recycle| now.since(self.starttime) > recycle) {
            Some(Rule::Recycle)
        } else if pool_invalidated_at.is_some_and(|at| at > self.starttime) {
            Some(Rule::PoolInvalidated)
        } else if self.soft_invalidated_at.is_some_and(|at| at > self.starttime) {
            Some(Rule::SoftInvalidated)
        } else {
            None
        }
    }
}
