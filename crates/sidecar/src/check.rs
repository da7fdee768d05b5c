//! Whether an agent works, found out without giving it anything to do.
//!
//! The agent is started for real and led through the greeting of its protocol, in which it says who is logged in and
//! what it can do. No prompt is sent, so no model is asked.

mod acp;
mod claude;
mod codex;
mod interview;
mod native;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use switchboard_domain::{AgentCommand, AgentEvent, SessionId, StartSession};
use thiserror::Error;
use tokio::time::timeout;
use uuid::Uuid;

use crate::conversation::Conversation;
use crate::launch::resolve;
use crate::{
    AgentLine, AgentSpec, Exit, LaunchError, LaunchSession, LineEvent, LineFault, ProcessLauncher, ProtocolKind,
    StopPolicy,
};
use interview::{Handshake, Interview, Verdict};

/// How long an agent has to go when it was asked all there is: it has nothing to save.
const PARTING: StopPolicy = StopPolicy { asking: Duration::from_millis(500), terminating: Duration::from_millis(500) };

/// What an agent said about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// How far it was tried.
    pub reach: Reach,
    /// Its version, when its greeting says so.
    pub version: Option<String>,
    /// Who is logged in, or how.
    pub account: Option<String>,
    /// The models that can be chosen, in its own words.
    pub models: Vec<String>,
    /// The modes that its sessions can be in.
    pub modes: Vec<String>,
    /// What else it can do.
    pub abilities: Vec<Ability>,
    /// What it wrote that is no part of its protocol, last of all.
    pub junk: Option<LineFault>,
}

/// How far an agent was tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// Its program is there. Starting it without a prompt would mean nothing.
    #[default]
    Found,
    /// It starts, and ends when its input does.
    Started,
    /// It has answered.
    Answered,
}

/// Something that not every agent can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ability {
    /// Goes on with an earlier conversation.
    Resume,
    /// Goes on with an earlier conversation after telling it again.
    Load,
    /// Takes pictures.
    Images,
    /// Takes sound.
    Audio,
}

impl Ability {
    /// What it is called.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Resume => "resume",
            Self::Load => "load",
            Self::Images => "images",
            Self::Audio => "audio",
        }
    }
}

/// Why an agent does not work.
#[derive(Debug, Error)]
pub enum CheckError {
    /// It cannot be started.
    #[error(transparent)]
    Launch(#[from] LaunchError),
    /// Nobody is logged in.
    #[error("{said}")]
    NotLoggedIn {
        /// What it says about that, and the ways to log in that it offers.
        said: String,
    },
    /// It does not want to begin, or speaks another version of its protocol.
    #[error("{said}")]
    Refused {
        /// What it says.
        said: String,
    },
    /// It ended before it had answered.
    #[error("it ended before it had answered ({exit}){}", wrote(junk.as_ref()))]
    Exited {
        /// How, and its last words on standard error.
        exit: Exit,
        /// What it wrote that is no part of its protocol.
        junk: Option<LineFault>,
    },
    /// It did not answer in time.
    #[error("it did not answer within {} s{}{}", waited.as_secs_f64(), complained(stderr), wrote(junk.as_ref()))]
    Silent {
        /// How long it had.
        waited: Duration,
        /// The end of what it wrote to standard error, not cleaned.
        stderr: String,
        /// What it wrote that is no part of its protocol.
        junk: Option<LineFault>,
    },
}

fn wrote(junk: Option<&LineFault>) -> String {
    junk.map_or_else(String::new, |junk| format!("; what it wrote is {junk}"))
}

fn complained(stderr: &str) -> String {
    let last = stderr.lines().rev().find(|line| !line.trim().is_empty());
    last.map_or_else(String::new, |line| format!("; its last words on stderr: {}", crate::line::sample(line)))
}

/// Starts `agent` in `folder`, which should be empty, greets it and ends it again; its answers may take as long as
/// `patience` says.
///
/// A plain command ([`ProtocolKind::Exec`]) is only looked for: without a prompt it has nothing to say.
///
/// # Errors
/// See [`CheckError`]. Whatever happens, nothing of the agent runs afterwards.
pub async fn check(agent: &AgentSpec, folder: &Path, patience: Duration) -> Result<Findings, CheckError> {
    let session = LaunchSession::new(SessionId::new(Uuid::now_v7()), folder);
    let handshake: Box<dyn Handshake> = match agent.protocol {
        ProtocolKind::Exec => {
            resolve(agent, &session, &agent.environment.resolve(std::env::vars_os()))?;
            return Ok(Findings::default());
        }
        ProtocolKind::Native => Box::new(native::Native),
        ProtocolKind::Claude => Box::new(claude::Claude),
        ProtocolKind::Codex => Box::<codex::Codex>::default(),
        ProtocolKind::Acp => Box::<acp::Acp>::default(),
    };
    let verdict = Arc::new(Verdict::new());
    let interview = Interview::new(handshake, Arc::clone(&verdict));
    let conversation = Conversation::with(Box::new(interview), agent);
    let line = ProcessLauncher::new().start(agent, &session, conversation)?;
    let ended_well = agent.protocol == ProtocolKind::Native;
    conclude(line, session, patience, &verdict, ended_well).await
}

/// Waits for the end of the interview and ends the agent.
async fn conclude(
    mut line: AgentLine,
    session: LaunchSession,
    patience: Duration,
    verdict: &Verdict,
    ended_well: bool,
) -> Result<Findings, CheckError> {
    let (mut junk, mut exit) = (None, None);
    let in_time = timeout(patience, listen(&mut line, session, &mut junk, &mut exit)).await.is_ok();
    let stopped = line.stop(PARTING).await;
    match (verdict.get(), exit) {
        (Some(Ok(findings)), _) => Ok(Findings { junk, ..findings.clone() }),
        (Some(Err(complaint)), _) => Err(complaint.clone().into()),
        (None, Some(exit)) if ended_well && exit.status.is_success() => {
            Ok(Findings { reach: Reach::Started, junk, ..Findings::default() })
        }
        (None, Some(exit)) => Err(CheckError::Exited { exit, junk }),
        (None, None) => {
            let stderr = stopped.exit.map_or_else(String::new, |exit| exit.stderr_tail);
            let waited = if in_time { Duration::ZERO } else { patience };
            Err(CheckError::Silent { waited, stderr, junk })
        }
    }
}

/// Begins the interview and follows it until it is over, one way or another.
async fn listen(line: &mut AgentLine, session: LaunchSession, junk: &mut Option<LineFault>, exit: &mut Option<Exit>) {
    let start = StartSession {
        session_id: session.session_id,
        project_path: session.working_dir,
        prompt: String::new(),
        model: None,
        max_budget: None,
        resume: None,
    };
    // One that is gone already says so by its exit.
    let _gone = line.send(AgentCommand::Start(start)).await;
    let mut events = Vec::new();
    while line.recv_many(&mut events, 16).await > 0 {
        for event in events.drain(..) {
            match event {
                LineEvent::Fault(fault) => *junk = Some(fault),
                LineEvent::Exited(how) => *exit = Some(how),
                LineEvent::Agent(AgentEvent::Completed { .. }) => return,
                LineEvent::Agent(_) => {}
            }
        }
    }
}
