//! What tests of the store and of database adapters are made of.
//!
//! - [`MemoryPersistence`] is a database in memory with the real semantics of every write: the twin
//!   that store tests run on, and that outlives its handles, so that a crash can be played.
//! - [`FaultyPersistence`] wraps any database and makes it fail, wait or lie as a test scripts it.
//! - [`contract`] is what every adapter must do, rule by rule; the twin and SQLite run the same.
//! - [`sample`] makes rows that are the same in each run.

pub mod contract;
mod faulty;
mod memory;
pub mod sample;

pub use faulty::{Call, CommitStep, FaultyPersistence, Lie};
pub use memory::MemoryPersistence;
