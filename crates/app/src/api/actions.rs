//! One module for each kind of thing that can be asked for.

pub(super) mod about;
pub(super) mod approvals;
pub(super) mod messages;
pub(super) mod projects;
pub(super) mod queue;
pub(super) mod rules;
pub(super) mod sessions;
pub(super) mod settings;
