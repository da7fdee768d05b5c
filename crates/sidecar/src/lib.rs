//! sidecar
mod conversation;
mod inbox;
mod launch;
mod line;
pub mod orphans;
mod process;
mod protocol;
mod tree;
pub mod wire;

pub use launch::{
    AgentLauncher, AgentSpec, Environment, LaunchError, LaunchSession, Limits, PROMPT_PLACEHOLDER, ProtocolKind,
    STANDARD_NAMES,
};
pub use line::{
    AgentLine, CommandSender, Exit, ExitStatus, FaultKind, LAST_EVENTS_MAX, LineEvent, LineFault, Lost, NotSent,
    PendingCommand, SAMPLE_CHARS_MAX, ScriptedAgent, SendError, StopPolicy, Stopped, StoppedBy,
};
pub use process::ProcessLauncher;
