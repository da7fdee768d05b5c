//! What came of checking one agent, for people and for programs.

use serde::Serialize;
use switchboard_sidecar::{Ability, CheckError, Findings, LaunchError, Reach};

use crate::cli::ExitCode;
use crate::cli::views::AgentView;
use crate::terminal::{Style, single_line};

/// So many models and modes are shown to a person.
const SHOWN_MAX: usize = 12;

/// What programs say about arguments that they do not know.
const USAGE_ERRORS: [&str; 6] =
    ["unknown option", "unknown argument", "unknown command", "unrecognized", "unexpected argument", "invalid choice"];

/// What came of checking one agent.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    name: String,
    title: Option<&'static str>,
    verdict: Verdict,
    problem: Option<Problem>,
    message: Option<String>,
    next: Option<String>,
    version: Option<String>,
    account: Option<String>,
    models: Vec<String>,
    modes: Vec<String>,
    abilities: Vec<&'static str>,
    junk: Option<String>,
}

/// Whether an agent works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    /// It answered; or, when its protocol has no greeting, it started and ended as it should.
    Works,
    /// Its program is there; it cannot be tried without a prompt.
    Found,
    /// It does not work.
    Fails,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Problem {
    NotInstalled,
    CannotStart,
    NotLoggedIn,
    Refused,
    Exited,
    Silent,
}

impl Report {
    /// The report on `agent`, of which this came.
    pub(super) fn new(agent: AgentView, outcome: Result<Findings, CheckError>) -> Self {
        let (findings, error) = match outcome {
            Ok(findings) => (findings, None),
            Err(error) => (Findings::default(), Some(error)),
        };
        let problem = error.as_ref().map(problem);
        let verdict = match (problem, findings.reach) {
            (Some(_), _) => Verdict::Fails,
            (None, Reach::Found) => Verdict::Found,
            (None, Reach::Started | Reach::Answered) => Verdict::Works,
        };
        Self {
            verdict,
            problem,
            next: error.as_ref().and_then(|error| next(&agent, error)),
            message: error.map(|error| error.to_string()),
            name: agent.name,
            title: agent.title,
            version: findings.version,
            account: findings.account,
            models: findings.models,
            modes: findings.modes,
            abilities: findings.abilities.into_iter().map(Ability::as_str).collect(),
            junk: findings.junk.map(|junk| junk.to_string()),
        }
    }

    /// What the shell is told about it.
    pub(super) const fn exit_code(&self) -> ExitCode {
        match self.problem {
            None => ExitCode::Ok,
            Some(Problem::NotInstalled) => ExitCode::NotFound,
            Some(_) => ExitCode::AgentFailed,
        }
    }

    /// For a person: a line that says it, and what is known below.
    pub(super) fn text(&self) -> String {
        let name = Style::ACCENT.paint(&self.name);
        let title = self.title.map_or_else(String::new, |title| format!(" ({title})"));
        let (mark, says) = match self.verdict {
            Verdict::Works => (Style::GOOD.paint("✔"), "works".to_owned()),
            Verdict::Found => (Style::GOOD.paint("✔"), "is installed; it cannot be tried without a prompt".to_owned()),
            Verdict::Fails => (Style::BAD.paint("✘"), format!("does not work: {}", self.complaint())),
        };
        let details = [
            ("next", self.next.as_deref().map(single_line)),
            ("version", self.version.as_deref().map(single_line)),
            ("login", self.account.as_deref().map(single_line)),
            ("models", listed(&self.models)),
            ("modes", listed(&self.modes)),
            ("can do", Some(self.abilities.join(", ")).filter(|abilities| !abilities.is_empty())),
            ("beware", self.junk.as_ref().map(|junk| format!("it also writes what is {}", single_line(junk)))),
        ];
        let detail = |(what, text): (&str, Option<String>)| {
            text.map(|text| format!("    {} {text}\n", Style::DIM.paint(&format!("{what:<8}"))))
        };
        format!("{mark} {name}{title} {says}\n{}", details.into_iter().filter_map(detail).collect::<String>())
    }

    /// What is wrong, its further lines below the first.
    fn complaint(&self) -> String {
        let message = self.message.as_deref().unwrap_or_default();
        message.lines().map(single_line).collect::<Vec<_>>().join("\n      ")
    }
}

fn listed(items: &[String]) -> Option<String> {
    let shown: Vec<String> = items.iter().take(SHOWN_MAX).map(|item| single_line(item)).collect();
    let more = items.len().saturating_sub(SHOWN_MAX);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    Some(shown.join(", ") + &more).filter(|list| !list.is_empty())
}

const fn problem(error: &CheckError) -> Problem {
    match error {
        CheckError::Launch(LaunchError::ProgramNotFound { .. }) => Problem::NotInstalled,
        CheckError::Launch(_) => Problem::CannotStart,
        CheckError::NotLoggedIn { .. } => Problem::NotLoggedIn,
        CheckError::Refused { .. } => Problem::Refused,
        CheckError::Exited { .. } => Problem::Exited,
        CheckError::Silent { .. } => Problem::Silent,
    }
}

/// What to do about it, unless the error says it all.
fn next(agent: &AgentView, error: &CheckError) -> Option<String> {
    let command = agent.command.join(" ");
    let stderr = match error {
        CheckError::Exited { exit, .. } => exit.stderr_tail.to_lowercase(),
        _ => String::new(),
    };
    let is_too_old = USAGE_ERRORS.iter().any(|usage| stderr.contains(usage));
    match (error, agent.install, agent.log_in) {
        (CheckError::Launch(LaunchError::ProgramNotFound { .. }), Some(install), Some(log_in)) => {
            Some(format!("{install}, then log in: {log_in}"))
        }
        (CheckError::NotLoggedIn { .. }, _, Some(log_in)) => Some(format!("log in: {log_in}")),
        (CheckError::NotLoggedIn { .. }, ..) => Some("log in with the agent's own program".to_owned()),
        (CheckError::Exited { .. }, Some(install), _) if is_too_old => {
            Some(format!("this version does not know how it was started; update it: {install}"))
        }
        (CheckError::Exited { .. }, ..) => Some(format!("start it in a terminal to see more: {command}")),
        (CheckError::Silent { .. }, ..) => Some(format!("start it in a terminal to see what it waits for: {command}")),
        (CheckError::Launch(_) | CheckError::Refused { .. }, ..) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn a_report_is_as_documented() {
        let config = Config::parse("", std::path::Path::new("config.toml"), &|_| None).expect("sound");
        let agents = crate::cli::agents::survey(&config, std::ffi::OsStr::new(""));
        let codex = agents.into_iter().find(|agent| agent.name == "codex").expect("it is known");
        let findings = Findings {
            reach: Reach::Answered,
            version: Some("0.169.0".into()),
            account: Some("ada@example.com".into()),
            models: vec!["gpt-5".into()],
            abilities: vec![Ability::Resume, Ability::Images],
            ..Findings::default()
        };
        let report = serde_json::to_value(Report::new(codex, Ok(findings))).expect("serializes");
        assert_eq!(report, crate::documents::shape("check"));
    }
}
