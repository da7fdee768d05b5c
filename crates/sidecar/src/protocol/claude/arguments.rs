//! How Claude Code is told to speak stream-json.

use std::ffi::OsString;

use crate::{AgentSpec, LaunchSession};

/// Lines both ways, pieces of messages as they come, and permissions asked for on the same channel.
const STREAM_JSON: [&str; 9] = [
    "-p",
    "--input-format",
    "stream-json",
    "--output-format",
    "stream-json",
    "--verbose",
    "--include-partial-messages",
    "--permission-prompt-tool",
    "stdio",
];

/// The configured arguments of `agent`, those for stream-json, and what `session` asks for.
///
/// Values that come from outside are joined to their option with `=`, so that none can be an option itself.
pub(crate) fn arguments(agent: &AgentSpec, session: &LaunchSession) -> Vec<OsString> {
    let model = session.model.as_ref().map(|model| format!("--model={model}"));
    let resume = session.resume.as_ref().map(|id| format!("--resume={id}"));
    let budget = session.max_budget.map(|budget| format!("--max-budget-usd={}", budget.as_usd()));
    let fixed = STREAM_JSON.into_iter().map(OsString::from);
    let chosen = [model, resume, budget].into_iter().flatten().map(OsString::from);
    agent.args.iter().cloned().chain(fixed).chain(chosen).collect()
}

#[cfg(test)]
mod tests {
    use switchboard_domain::{AgentSessionId, Cost, SessionId};

    use super::*;
    use crate::ProtocolKind;

    fn given(session: &LaunchSession) -> String {
        let agent = AgentSpec::new("claude", ProtocolKind::Claude, "claude").with_args(["--add-dir", "/more"]);
        arguments(&agent, session).join(&OsString::from(" ")).into_string().expect("UTF-8")
    }

    #[test]
    fn the_configured_arguments_come_first_and_the_sessions_last() {
        let plain = LaunchSession::new(SessionId::new(uuid::Uuid::nil()), "/");
        let fixed = STREAM_JSON.join(" ");
        assert_eq!(given(&plain), format!("--add-dir /more {fixed}"));
        let chosen = LaunchSession {
            model: Some("opus".into()),
            resume: Some(AgentSessionId::new("--dangerous")),
            max_budget: Cost::from_usd(0.5),
            ..plain
        };
        let options = "--model=opus --resume=--dangerous --max-budget-usd=0.5";
        assert_eq!(given(&chosen), format!("--add-dir /more {fixed} {options}"));
    }
}
