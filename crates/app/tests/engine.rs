//! What the engine does, row by row, with agents that follow a script and a database that fails on demand.

#[path = "engine/stage.rs"]
mod stage;

#[path = "engine/answering.rs"]
mod answering;
#[path = "engine/following_up.rs"]
mod following_up;
#[path = "engine/queueing.rs"]
mod queueing;
#[path = "engine/starting.rs"]
mod starting;
#[path = "engine/stopping.rs"]
mod stopping;
#[path = "engine/turns.rs"]
mod turns;
