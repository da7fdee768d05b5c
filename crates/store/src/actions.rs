//! What can be done to the state. Each action checks first and changes then, under one lock.

mod approvals;
mod hydrate;
mod projects;
mod queue;
mod sessions;
mod settings;
pub(crate) mod transcript;

pub use hydrate::{HydrateError, Hydration, Leftover};
pub use sessions::CreateError;
pub use transcript::TurnEnd;
