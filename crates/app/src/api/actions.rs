//! One module for each kind of thing that can be asked for.

pub(super) mod approvals;
pub(super) mod projects;
pub(super) mod queue;
pub(super) mod sessions;
