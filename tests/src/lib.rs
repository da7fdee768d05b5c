//! The harness of the tests that drive the real program.
//!
//! A [`Home`] is a data folder of its own; it runs the real `switchboard` in it, to the end
//! ([`Home::run`]) or as a [`Running`] process that can be watched, interrupted and killed. The
//! [`rogue`](program::rogue) is an agent that misbehaves as it is told. Nothing here sleeps to wait:
//! whatever takes time is polled with a deadline ([`eventually`]).
//!
//! Each harness piece has to be right about the operating system before a test may trust it, so each
//! is tested by itself too.

mod captured;
mod contents;
pub mod crew;
mod deadline;
mod fake_llm;
mod home;
pub mod ledger;
pub mod measure;
pub mod onlooker;
mod owner;
mod processes;
pub mod program;
mod programs;
pub mod prove;
mod running;
mod seed;
pub mod simulation;
mod small_disk;
mod stream;
mod terminal;
pub mod workload;

pub use captured::Captured;
pub use contents::Contents;
pub use deadline::{PATIENCE, eventually, within};
pub use fake_llm::{Asked, FakeLlm};
pub use home::Home;
pub use owner::owner_of;
pub use processes::{Tag, processes_with};
pub use programs::Programs;
pub use running::{Ended, Running};
pub use seed::Seed;
pub use small_disk::SmallDisk;
pub use stream::{Line, Stream};
pub use terminal::Terminal;
