//! SQLAlchemy's pool: the queue and its overflow counter, the records (slots), the fairies (checkouts).

mod async_queue;
pub(crate) mod checkin;
pub(crate) mod checkout;
pub(crate) mod classes;
pub(crate) mod get;
pub(crate) mod queue_pool;
pub(crate) mod record;

pub(crate) use async_queue::Getter;
pub(crate) use queue_pool::Pool;
pub(crate) use record::Record;

/// One checkout of a connection (`pool/base.py::_ConnectionFairy`): owned by whoever holds the connection.
#[derive(Clone, Debug)]
pub(crate) struct Fairy {
    pub pool: usize,
    pub slot: u32,
    /// `None` after invalidation.
    pub connection: Option<u32>,
    /// Rises with every checkout; the garbage collector goes by it.
    pub serial: u64,
    /// After `detach()`: no record, nobody's pool.
    pub detached: bool,
}
