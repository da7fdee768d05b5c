//! The store as its callers see it: one module for each theme.

mod approvals;
mod back_pressure;
mod broken_disk;
mod creating;
mod drafts;
mod durability;
mod fixtures;
mod hydration;
mod lifetime;
mod many_sessions;
mod paging;
mod queue;
mod removal;
mod retelling;
mod state_machine;
mod subscriptions;
mod tool_calls;
mod usage_and_waiting;
