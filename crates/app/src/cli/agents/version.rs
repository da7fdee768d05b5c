//! Asking programs for their version. Only known ones are asked: who knows what another does when started?

use std::path::Path;
use std::time::Duration;

use switchboard_domain::{AgentCommand, AgentEvent, SessionId, StartSession};
use switchboard_sidecar::{
    AgentLauncher, AgentLine, AgentSpec, LaunchSession, LineEvent, ProcessLauncher, ProtocolKind, StopPolicy,
};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use crate::agent_specs::agent_specs;
use crate::cli::views::AgentView;
use crate::config::Config;
use crate::known_agents::KnownAgent;
use crate::terminal::single_line;

/// How long all of them have. Those written in JavaScript take a second each, and more when all start at once.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is read of an answer: versions stand in the first line, behind a warning or two at most.
const ANSWER_BYTES_MAX: usize = 4096;

/// Longer than any version, short enough for a column.
const VERSION_CHARS_MAX: usize = 24;

/// Asks those that are installed, all at once. Whoever does not say in time has no version.
pub(super) async fn ask_all(config: &Config, views: &mut [AgentView]) {
    let deadline = Instant::now() + PATIENCE;
    // Without a path of our own, nothing is this program; and an endpoint's memory plays no part here.
    let specs = agent_specs(config, Path::new("")).unwrap_or_default();
    let mut answers = JoinSet::new();
    for (place, view) in views.iter_mut().enumerate() {
        let (Some(program), Some(agent)) = (&view.program, config.agents.get(&view.name)) else { continue };
        if agent.value.command.is_empty() {
            view.version = Some(env!("CARGO_PKG_VERSION").to_owned());
        } else if KnownAgent::of(&agent.value).is_some()
            && let Some(spec) = specs.iter().find(|spec| spec.name == view.name)
        {
            let question = AgentSpec { environment: spec.environment.clone(), ..question(program) };
            answers.spawn(async move { (place, ask(&question, deadline).await) });
        }
    }
    while let Some(answer) = answers.join_next().await {
        if let Ok((place, version)) = answer {
            views[place].version = version;
        }
    }
}

/// The program as an agent whose only words are its version.
fn question(program: &Path) -> AgentSpec {
    let mut question = AgentSpec::new("version", ProtocolKind::Exec, program).with_args(["--version"]);
    question.limits.stderr_bytes_max = ANSWER_BYTES_MAX;
    question
}

async fn ask(question: &AgentSpec, deadline: Instant) -> Option<String> {
    // Not in the project: a program may read what it finds where it starts.
    let session = LaunchSession::new(SessionId::new(Uuid::now_v7()), std::env::temp_dir());
    let start = StartSession {
        session_id: session.session_id,
        project_path: session.working_dir.clone(),
        prompt: String::new(),
        model: None,
        max_budget: None,
        resume: None,
    };
    let mut line = ProcessLauncher::new().launch(question, session).await.ok()?;
    let answer = timeout_at(deadline, async {
        // Begins its only turn. One that has answered and gone meanwhile does not mind.
        let _gone = line.send(AgentCommand::Start(start)).await;
        first_version(&mut line).await
    });
    let version = answer.await.ok().flatten();
    let _whatever_it_took = line.stop(StopPolicy::NOW).await;
    version
}

/// The first version in what the program says, on standard error if need be.
async fn first_version(line: &mut AgentLine) -> Option<String> {
    let (mut said, mut events) = (String::new(), Vec::new());
    while said.len() < ANSWER_BYTES_MAX && line.recv_many(&mut events, 16).await > 0 {
        for event in events.drain(..) {
            match event {
                LineEvent::Agent(AgentEvent::ContentDelta { text }) => said.push_str(&text),
                LineEvent::Exited(exit) => return version_in(&said).or_else(|| version_in(&exit.stderr_tail)),
                _ => {}
            }
        }
    }
    version_in(&said)
}

/// The first word that is made like a version: numbers with dots, perhaps a `v` before and a suffix behind.
/// Whatever else is in a hostile text, the result holds only letters, digits and `.+-`.
fn version_in(text: &str) -> Option<String> {
    let text = single_line(text);
    let words = text.split(|char: char| !char.is_ascii_alphanumeric() && !".+-".contains(char));
    let mut versions = words.map(|word| word.trim_start_matches('v').trim_end_matches(['.', '-'])).filter(|word| {
        let (major, rest) = word.split_once('.').unwrap_or_default();
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number(major) && rest.starts_with(|char: char| char.is_ascii_digit())
    });
    versions.next().map(|version| version.chars().take(VERSION_CHARS_MAX).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::claude("2.1.197 (Claude Code)\n", Some("2.1.197"))]
    #[case::codex("codex-cli 0.169.0\n", Some("0.169.0"))]
    #[case::gemini("0.61.0\n", Some("0.61.0"))]
    #[case::padded(" 1.23.2\n", Some("1.23.2"))]
    #[case::after_a_name("kimi, version 1.9.0", Some("1.9.0"))]
    #[case::with_a_v("tool v3.4", Some("3.4"))]
    #[case::a_date_and_a_commit("2026.01.28-fd13201", Some("2026.01.28-fd13201"))]
    #[case::a_release_candidate("x 1.0.0-rc.1+b5", Some("1.0.0-rc.1+b5"))]
    #[case::at_the_end_of_a_sentence("This is version 1.2.", Some("1.2"))]
    #[case::coloured("\u{1b}[1m1.2.3\u{1b}[0m", Some("1.2.3"))]
    #[case::endless(&format!("1.{}", "2".repeat(1000)), Some("1.2222222222222222222222"))]
    #[case::no_version("unknown option --version", None)]
    #[case::a_plain_number("7 errors", None)]
    #[case::nothing("", None)]
    fn a_version_is_found_in_what_programs_say(#[case] said: &str, #[case] version: Option<&str>) {
        assert_eq!(version_in(said).as_deref(), version);
    }

    proptest! {
        #[test]
        fn no_control_character_gets_through(said in "\\PC{0,40}[\\x00-\\x1f]{0,3}[0-9]{0,3}\\.[0-9]{0,3}\\PC{0,40}") {
            let version = version_in(&said).unwrap_or_default();
            prop_assert!(version.chars().all(|char| char.is_ascii_alphanumeric() || ".+-".contains(char)));
            prop_assert!(version.len() <= VERSION_CHARS_MAX);
        }
    }
}
