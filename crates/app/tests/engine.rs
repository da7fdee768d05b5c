//! What the engine does, row by row, with agents that follow a script and a database that fails on demand.

#[path = "engine/stage.rs"]
mod stage;

#[path = "engine/answering.rs"]
mod answering;
#[path = "engine/budgets.rs"]
mod budgets;
#[path = "engine/following_up.rs"]
mod following_up;
#[path = "engine/patience.rs"]
mod patience;
#[path = "engine/queueing.rs"]
mod queueing;
#[path = "engine/rate_limits.rs"]
mod rate_limits;
#[path = "engine/resuming.rs"]
mod resuming;
#[path = "engine/slots.rs"]
mod slots;
#[path = "engine/starting.rs"]
mod starting;
#[path = "engine/stopping.rs"]
mod stopping;
#[path = "engine/turns.rs"]
mod turns;
