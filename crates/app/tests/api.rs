//! The API as its clients see it, in one process and over a socket, with agents that follow a script.

#[path = "api/raw.rs"]
mod raw;
#[path = "api/server.rs"]
mod server;
#[path = "engine/stage.rs"]
#[allow(dead_code, reason = "the engine's own tests use all of it")]
mod stage;

#[path = "api/attacks.rs"]
mod attacks;
#[path = "api/describing.rs"]
mod describing;
#[path = "api/histories.rs"]
mod histories;
#[path = "api/looking.rs"]
mod looking;
#[path = "api/mirroring.rs"]
mod mirroring;
#[path = "api/pressure.rs"]
mod pressure;
#[path = "api/talking.rs"]
mod talking;
