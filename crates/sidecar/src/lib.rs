//! Runs AI coding agents as supervised child processes and translates what they say into events.
//!
//! Each session has one agent, each agent one process, each process one *line*: an [`AgentLine`] hands
//! out [`LineEvent`]s and takes [`AgentCommand`](switchboard_domain::AgentCommand)s, whatever the agent speaks. Lines come from an
//! [`AgentLauncher`]; [`ProcessLauncher`] makes real processes, [`AgentLine::scripted`] makes lines for tests.
//!
//! What a line promises, however its agent behaves:
//!
//! - **Nothing an agent can write is fatal.** Lines are bounded; banners, binary, half lines and lines of a
//!   gigabyte cost a counted [`LineFault`], never a good line after them.
//! - **Nothing is dropped.** A line that is not read holds its agent back, through a bounded queue and the pipe.
//! - **A command's fate is known.** [`AgentLine::send`] tells apart delivered, surely not sent, and unknown.
//! - **Stopped means gone.** [`AgentLine::stop`] asks, terminates and kills, and returns when the process, its
//!   group and whatever it hid elsewhere are no more. [`orphans::end`] does the same for what an earlier run
//!   of the program left behind.
//! - **An agent sees what it needs.** Its [`Environment`] is an allow-list; values are in no debug output.
//!
//! The crate knows nothing of stores and databases. The other side of the native protocol, for writing a
//! sidecar in Rust, is [`worker`]; the messages of both sides are in [`wire`].
//!
//! ```
//! use switchboard_domain::{AgentCommand, AgentEvent, SessionId, StartSession};
//! use switchboard_sidecar::{AgentLauncher, AgentSpec, LaunchSession, LineEvent, ProcessLauncher};
//! use uuid::Uuid;
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let session_id = SessionId::new(Uuid::from_u128(1));
//! let session = LaunchSession::new(session_id, "/");
//! let start = AgentCommand::Start(StartSession {
//!     session_id,
//!     project_path: session.working_dir.clone(),
//!     prompt: "hello".into(),
//!     model: None,
//!     max_budget: None,
//!     resume: None,
//! });
//!
//! // Any command is an agent. This one answers in capitals.
//! let agent = AgentSpec::shell("shouter", "tr a-z A-Z");
//! let mut line = ProcessLauncher::new().launch(&agent, session).await?;
//! line.send(start).await?;
//!
//! let mut events = Vec::new();
//! while line.recv_many(&mut events, 64).await > 0 {}
//! let answer = events.iter().find_map(|event| match event {
//!     LineEvent::Agent(AgentEvent::Message(message)) => Some(message.content.as_str()),
//!     _ => None,
//! });
//! assert_eq!(answer, Some("HELLO"));
//! # Ok(()) }
//! ```

mod check;
mod conversation;
pub mod folder;
mod inbox;
mod launch;
mod line;
pub mod orphans;
mod process;
mod protocol;
mod tree;
pub mod wire;
pub mod worker;

pub use check::{Ability, CheckError, Findings, Reach, check};
pub use launch::{
    AgentLauncher, AgentSpec, Environment, LaunchError, LaunchSession, Limits, PROMPT_PLACEHOLDER, ProtocolKind,
    STANDARD_NAMES,
};
pub use line::{
    AgentLine, CommandSender, Exit, ExitStatus, FaultKind, LAST_EVENTS_MAX, LineEvent, LineFault, Lost, NotSent,
    PendingCommand, SAMPLE_CHARS_MAX, ScriptedAgent, SendError, StopPolicy, Stopped, StoppedBy,
};
pub use process::ProcessLauncher;
pub use tree::resident_bytes;

/// Keeps the example in the README compiling.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
