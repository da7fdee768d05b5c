//! The API as its clients see it, in one process and over a socket, with agents that follow a script.

#[path = "api/server.rs"]
mod server;
#[path = "engine/stage.rs"]
#[allow(dead_code, reason = "the engine's own tests use all of it")]
mod stage;

#[path = "api/describing.rs"]
mod describing;
#[path = "api/looking.rs"]
mod looking;
#[path = "api/mirroring.rs"]
mod mirroring;
#[path = "api/talking.rs"]
mod talking;
