//! What the agent has us do: files and commands on the client's side.
//!
//! Reading inside the project needs no question. Writing a file and running a command does, as everywhere: if the agent has not been
//! allowed just that by a request of its own in this turn, we ask in its place, and it waits for its answer.

use std::collections::BTreeMap;

use agent_client_protocol_schema::v1::{
    CLIENT_METHOD_NAMES, CreateTerminalRequest, CreateTerminalResponse, Error, KillTerminalRequest,
    ReadTextFileRequest, ReadTextFileResponse, ReleaseTerminalRequest, ReleaseTerminalResponse, RequestId as RpcId,
    TerminalExitStatus, TerminalOutputRequest, TerminalOutputResponse, WaitForTerminalExitRequest,
    WaitForTerminalExitResponse, WriteTextFileRequest,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use switchboard_domain::{AgentEvent, ApprovalRequest};

use super::permission::Permission;
use super::{Acp, Phase, keep, reply};
use crate::protocol::{Done, Errand, ErrandId, Output, Run, Undone};
use crate::{ExitStatus, FaultKind, LineFault};

/// Errands that may be under way at once. An agent that wants more is told to wait for some.
const ERRANDS_MAX: usize = 256;

/// The name under which we ask for a file to be written.
const WRITE: &str = "write";

/// The name under which we ask for a command to be run.
const EXECUTE: &str = "execute";

/// Errands under way, each with the request it answers.
#[derive(Debug, Default)]
pub(super) struct Errands {
    under_way: BTreeMap<ErrandId, Asked>,
    begun: u64,
}

/// A request whose errand is under way.
#[derive(Debug)]
struct Asked {
    rpc_id: RpcId,
    /// The terminal it is about.
    terminal: Option<String>,
    /// Whether it asked for it to be forgotten: then what is there to say was not asked for.
    releases: bool,
}

impl Acp {
    /// The agent asks for a service; `false` when it is none of ours.
    pub(super) fn asked_for_service(
        &mut self,
        id: RpcId,
        method: &str,
        params: &Value,
        bytes: usize,
        out: &mut Output,
    ) -> bool {
        let errand = match errand(method, params) {
            Some(Ok(errand)) => errand,
            Some(Err(error)) => {
                out.push_fault(LineFault::new(FaultKind::Malformed, &params.to_string()).because(error));
                keep(method, params, bytes, out);
                reply(id, Err::<(), _>(Error::invalid_params()), out);
                return true;
            }
            None => return false,
        };
        if params.get("sessionId").and_then(Value::as_str).is_some_and(|session| session != self.session) {
            reply(id, Err::<(), _>(failed("there is no such session")), out);
        } else if self.needs_a_question(&errand) {
            self.ask_about(id, errand, bytes, out);
        } else {
            self.begin_errand(id, errand, out);
        }
        true
    }

    fn needs_a_question(&mut self, errand: &Errand) -> bool {
        match errand {
            Errand::WriteFile { path, .. } => !self.grants.use_path(path),
            Errand::Run(run) => !self.grants.use_command(&command_line(run)),
            _ => false,
        }
    }

    fn ask_about(&mut self, id: RpcId, errand: Errand, bytes: usize, out: &mut Output) {
        if !matches!(self.phase, Phase::Turn { stopped: false }) || self.permissions.is_full() {
            return reply(id, Err::<(), _>(Error::request_cancelled()), out);
        }
        let (tool_name, input) = shown(&errand);
        let permission = Permission::for_errand(id, self.calls.newest(), errand);
        let request_id = permission.request_id.clone();
        self.permissions.open(permission);
        let request = ApprovalRequest { request_id, tool_name: tool_name.to_owned(), input, suggestions: None };
        out.emit(AgentEvent::ApprovalRequested(request), bytes);
    }

    /// Sends for what the request `rpc_id` wants.
    pub(super) fn begin_errand(&mut self, rpc_id: RpcId, errand: Errand, out: &mut Output) {
        if self.errands.under_way.len() >= ERRANDS_MAX {
            return reply(rpc_id, Err::<(), _>(failed("too much is asked for at once")), out);
        }
        self.errands.begun += 1;
        let id = ErrandId(self.errands.begun);
        let (terminal, releases) = match &errand {
            Errand::Look(name) => (Some(name.clone()), false),
            Errand::Release(name) => (Some(name.clone()), true),
            _ => (None, false),
        };
        self.errands.under_way.insert(id, Asked { rpc_id, terminal, releases });
        out.errands.push_back((id, errand));
    }

    /// An errand is done.
    pub(super) fn errand_done(&mut self, id: ErrandId, outcome: Result<Done, Undone>, out: &mut Output) {
        let Some(asked) = self.errands.under_way.remove(&id) else { return };
        if let (Some(terminal), Ok(Done::Output { text, .. })) = (&asked.terminal, &outcome) {
            self.calls.terminal_said(terminal, text);
        }
        let rpc_id = asked.rpc_id;
        match outcome {
            Ok(Done::Output { .. }) if asked.releases => reply(rpc_id, Ok(ReleaseTerminalResponse::new()), out),
            Ok(Done::Plainly) => reply(rpc_id, Ok(json!({})), out),
            Ok(Done::Text(text)) => reply(rpc_id, Ok(ReadTextFileResponse::new(text)), out),
            Ok(Done::Started(name)) => reply(rpc_id, Ok(CreateTerminalResponse::new(name)), out),
            Ok(Done::Ended(status)) => reply(rpc_id, Ok(WaitForTerminalExitResponse::new(exit_status(status))), out),
            Ok(Done::Output { text, is_cut, exit }) => {
                let shown = TerminalOutputResponse::new(text, is_cut).exit_status(exit.map(exit_status));
                reply(rpc_id, Ok(shown), out);
            }
            Err(Undone::Missing(why)) => {
                // Agents look for these words to tell a file that is not there from one that cannot be read.
                let mut error = Error::resource_not_found(None);
                error.message = format!("Resource not found: {why}");
                reply(rpc_id, Err::<(), _>(error), out);
            }
            Err(Undone::Failed(why)) => reply(rpc_id, Err::<(), _>(failed(&why)), out),
        }
    }
}

/// What the request wants; `None` when it is about something else.
fn errand(method: &str, params: &Value) -> Option<Result<Errand, serde_json::Error>> {
    let names = &CLIENT_METHOD_NAMES;
    Some(match method {
        _ if method == names.fs_read_text_file => read(params).map(|asked: ReadTextFileRequest| Errand::ReadFile {
            path: asked.path.to_string_lossy().into_owned(),
            first: asked.line,
            lines_max: asked.limit,
        }),
        _ if method == names.fs_write_text_file => read(params).map(|asked: WriteTextFileRequest| Errand::WriteFile {
            path: asked.path.to_string_lossy().into_owned(),
            text: asked.content,
        }),
        _ if method == names.terminal_create => read(params).map(|asked: CreateTerminalRequest| {
            let variables = asked.env.into_iter().map(|variable| (variable.name, variable.value)).collect();
            let (folder, output_bytes_max) = (asked.cwd, asked.output_byte_limit);
            Errand::Run(Run { command: asked.command, args: asked.args, variables, folder, output_bytes_max })
        }),
        _ if method == names.terminal_output => {
            read(params).map(|asked: TerminalOutputRequest| Errand::Look(asked.terminal_id.0.to_string()))
        }
        _ if method == names.terminal_wait_for_exit => {
            read(params).map(|asked: WaitForTerminalExitRequest| Errand::Wait(asked.terminal_id.0.to_string()))
        }
        _ if method == names.terminal_kill => {
            read(params).map(|asked: KillTerminalRequest| Errand::Kill(asked.terminal_id.0.to_string()))
        }
        _ if method == names.terminal_release => {
            read(params).map(|asked: ReleaseTerminalRequest| Errand::Release(asked.terminal_id.0.to_string()))
        }
        _ => return None,
    })
}

fn read<T: DeserializeOwned>(params: &Value) -> Result<T, serde_json::Error> {
    T::deserialize(params)
}

/// What a person is asked about `errand`.
fn shown(errand: &Errand) -> (&'static str, Value) {
    match errand {
        Errand::WriteFile { path, text } => (WRITE, json!({"path": path, "content": text})),
        Errand::Run(run) => {
            let mut input = json!({"command": command_line(run)});
            if let Some(folder) = &run.folder {
                input["cwd"] = json!(folder);
            }
            if !run.variables.is_empty() {
                input["env"] = run.variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
            }
            (EXECUTE, input)
        }
        _ => ("", Value::Null),
    }
}

/// The command as it would be typed.
fn command_line(run: &Run) -> String {
    if run.args.is_empty() {
        return run.command.clone();
    }
    let words = [&run.command].into_iter().chain(&run.args);
    words.map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let is_plain =
        !word.is_empty() && word.chars().all(|letter| letter.is_alphanumeric() || "-_=/.:,+@%".contains(letter));
    if is_plain { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

fn exit_status(status: ExitStatus) -> TerminalExitStatus {
    match status {
        ExitStatus::Code(code) => TerminalExitStatus::new().exit_code(u32::try_from(code).ok()),
        ExitStatus::Signal(signal) => TerminalExitStatus::new().signal(signal.to_string()),
        ExitStatus::Unknown => TerminalExitStatus::new(),
    }
}

/// What the agent is told when a person says no.
pub(super) fn denied() -> Error {
    failed("the user does not allow this")
}

fn failed(why: &str) -> Error {
    let mut error = Error::internal_error();
    why.clone_into(&mut error.message);
    error
}
