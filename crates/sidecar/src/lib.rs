//! sidecar
#![allow(dead_code, unused_imports, reason = "the process half follows")]
mod conversation;
mod inbox;
mod launch;
mod line;
mod protocol;
pub mod wire;

pub use launch::{
    AgentLauncher, AgentSpec, Environment, LaunchError, LaunchSession, Limits, PROMPT_PLACEHOLDER, ProtocolKind,
    STANDARD_NAMES,
};
pub use line::{
    AgentLine, CommandSender, Exit, ExitStatus, FaultKind, LAST_EVENTS_MAX, LineEvent, LineFault, Lost, NotSent,
    PendingCommand, SAMPLE_CHARS_MAX, ScriptedAgent, SendError, StopPolicy, Stopped, StoppedBy,
};
