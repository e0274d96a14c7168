//! A deterministic simulator of SQLAlchemy's connection pool, Session and scoped_session against a MySQL server.
//!
//! `Document` (text) → `Scenario` (typed) → `simulate` → `Trace` (events with causes) and `Outcome` (figures). A pure function of the
//! scenario and its seed: no clock, no files, no floats, no hash maps, the same bytes natively and in wasm.
//!
//! ```
//! use poolscope_sim::{Document, Scenario, simulate};
//!
//! let text = r#"
//! seed = 1
//! until = "30 s"
//! [variables]
//! wait_timeout = 10
//! [programs.handler]
//! text = '''
//! def handler(request):
//!     with Session() as session:
//!         session.execute(text("SELECT 1"))
//! '''
//! [[traffic]]
//! run = "handler"
//! at = ["1 s", "15 s"]
//! "#;
//! let document = Document::from_toml(text).map_err(|d| d[0].to_string())?;
//! let scenario = Scenario::read(&document, "gone-away").map_err(|d| d[0].to_string())?;
//! let outcome = simulate(&scenario).outcome;
//! assert_eq!((outcome.served, outcome.failed), (1, 1));
//! # Ok::<(), String>(())
//! ```
//!
//! Reading order: `scenario` (what is run), `app` (Python programs, threads, Sessions), `engine` (Connection, dialect,
//! errors), `pool` (SQLAlchemy's pool), `server` (MySQL), `world` (the loop), `trace` (what happened).

mod agenda;
pub mod app;
pub mod closed_loop;
pub mod engine;
mod numbered;
pub mod order;
pub mod outcome;
mod pool;
pub mod random;
pub mod scenario;
mod server;
mod state;
pub mod text;
pub mod time;
pub mod trace;
pub mod world;

pub use outcome::Outcome;
pub use scenario::{Diagnostic, Document, Scenario};
pub use time::{SimSpan, SimTime};
pub use trace::Trace;
pub use world::{measure, simulate};
