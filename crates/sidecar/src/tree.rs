//! Whatever an agent has started: finding all of it, and ending it.
//!
//! A process belongs to an agent when it is in the agent's process group, when its parent belongs to it,
//! when it carries the agent's mark in its environment (a forked process inherits it, however often it
//! called `setsid`), when it holds one of the agent's pipes, or when it was seen to belong before. So an
//! escapee must leave the group, outlive its parents, drop its environment *and* its pipes, all before anyone
//! looked, to get away.
//!
//! We do not make ourselves a child subreaper: that is a property of the whole program, it would hand us
//! every daemon that an agent leaves behind, and it says nothing about whose daemon it is. Nor do we use
//! cgroups: an ordinary user's program can make them only where a service manager lends it a subtree.
//!
//! Where there is no `/proc` (macOS), the process group is all there is.

mod census;
mod members;
mod quarry;
mod resident;

pub(crate) use census::started;
pub(crate) use quarry::{Killed, Marks, Quarry};
pub use resident::resident_bytes;
