//! A notice with what a person needs to understand it.

use std::path::PathBuf;

use serde::Serialize;
use switchboard_domain::{Cost, SessionId, SessionStatus, Timestamp};
use switchboard_store::State;
use uuid::Uuid;

use super::Kind;
use crate::engine::Notice;
use crate::terminal::single_line;

/// The longest text: what fits a phone's screen.
const TEXT_CHARS_MAX: usize = 500;

/// The longest title and project name.
const NAME_CHARS_MAX: usize = 120;

/// A notice with what a person needs to understand it. Its JSON is what commands and webhooks get; fields
/// may be added to it, none is removed. What an agent said is cleaned of control characters and cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Notification {
    /// Its identity: the same for each attempt to deliver it.
    pub(crate) id: Uuid,
    /// What it is about.
    pub(crate) kind: Kind,
    /// When it came up.
    pub(crate) at: Timestamp,
    /// What happened, in one line.
    pub(crate) text: String,
    /// The session it is about.
    pub(crate) session: About,
}

/// The session that a notification is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct About {
    /// Its identity.
    pub(crate) id: SessionId,
    /// The short form of it, for the command line.
    pub(crate) short_id: String,
    /// What people call it.
    pub(crate) title: String,
    /// Its agent.
    pub(crate) agent: String,
    /// Where it stands.
    pub(crate) status: SessionStatus,
    /// The project's name.
    pub(crate) project: String,
    /// The project's folder.
    pub(crate) project_path: PathBuf,
    /// Money spent so far.
    pub(crate) cost_usd: Cost,
}

impl Notification {
    /// What `notice` is about, in `state`; `None` when the session is gone.
    pub(super) fn new(id: Uuid, notice: &Notice, state: &State, at: Timestamp) -> Option<Self> {
        let found = state.session(notice.session())?;
        let session = found.session();
        let project = state.project(session.project_id);
        let error = || session.error.clone().unwrap_or_default();
        let text = match notice {
            Notice::Completed(_) => "completed".to_owned(),
            Notice::Failed(_) => format!("failed: {}", error()),
            Notice::NeedsApproval(_, request) => {
                let tool = found.approval(request).map_or("a tool", |approval| approval.request.tool_name.as_str());
                format!("asks to use {tool}")
            }
            Notice::Stuck(_) | Notice::OverBudget(_) => error(),
            Notice::RateLimited { account, until, .. } => format!("the account `{account}` is exhausted until {until}"),
        };
        let about = About {
            id: session.id,
            short_id: session.id.short(),
            title: cut(&session.title, NAME_CHARS_MAX),
            agent: cut(&session.agent, NAME_CHARS_MAX),
            status: session.status(),
            project: project.map_or_else(String::new, |project| cut(&project.name, NAME_CHARS_MAX)),
            project_path: project.map(|project| project.path.clone()).unwrap_or_default(),
            cost_usd: session.cost,
        };
        Some(Self { id, kind: Kind::of(notice), at, text: cut(&text, TEXT_CHARS_MAX), session: about })
    }
}

fn cut(text: &str, chars_max: usize) -> String {
    let line = single_line(text);
    if line.chars().count() <= chars_max {
        return line;
    }
    line.chars().take(chars_max - 1).chain(['…']).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use switchboard_domain::{Change, NewSession, Project, ProjectId, Session, SessionChange};

    use super::*;

    /// One that asks for approval.
    pub(crate) fn sample() -> Notification {
        let uuid = |last: u128| Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0000 + last);
        let id = SessionId::new(uuid(7));
        Notification {
            id: uuid(1),
            kind: Kind::NeedsApproval,
            at: Timestamp::from_micros(1_795_600_000_000_000),
            text: "asks to use Bash".to_owned(),
            session: About {
                id,
                short_id: id.short(),
                title: "fix the build".to_owned(),
                agent: "mine".to_owned(),
                status: SessionStatus::Running,
                project: "site".to_owned(),
                project_path: "/site".into(),
                cost_usd: Cost::from_micro_usd(500_000),
            },
        }
    }

    #[test]
    fn an_agents_words_are_cleaned_and_cut() {
        let at = Timestamp::from_micros(0);
        let (session_id, project_id) = (SessionId::new(Uuid::from_u128(1)), ProjectId::new(Uuid::from_u128(2)));
        let mut state = State::default();
        let (path, name) = ("/site".into(), "site".to_owned());
        state.apply(&Change::ProjectAdded(Project { id: project_id, path, name, created_at: at, deleted_at: None }));
        let new = NewSession {
            id: session_id,
            project_id,
            agent: "mine".into(),
            prompt: String::new(),
            title: Some("add a\u{1b}[2J dark mode".into()),
            model: None,
        };
        state.apply(&Change::SessionCreated(Box::new(Session::create(new, at))));
        let error = Some(format!("it broke\n\u{7}{}", "x".repeat(5_000)));
        state.apply(&Change::Session { session_id, change: SessionChange::SessionErrorSet { error } });
        let told = Notification::new(Uuid::nil(), &Notice::Failed(session_id), &state, at).expect("it is there");
        assert!(told.text.starts_with("failed: it broke"), "{}", told.text);
        assert_eq!(told.text.chars().count(), TEXT_CHARS_MAX);
        assert!(!told.text.chars().chain(told.session.title.chars()).any(char::is_control), "{told:?}");
        let json = serde_json::to_value(&told).expect("serializes");
        assert_eq!((json["kind"].as_str(), json["session"]["project"].as_str()), (Some("failed"), Some("site")));

        state.apply(&Change::SessionDeleted { session_id });
        assert_eq!(Notification::new(Uuid::nil(), &Notice::Failed(session_id), &state, at), None);
    }
}
