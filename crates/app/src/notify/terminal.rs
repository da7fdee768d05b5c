//! The terminal: a bell, and a notification of the terminal's own (OSC 9). Only a front end may write
//! it, and only to a real terminal.

use switchboard_domain::{Approval, SessionChange, SessionStatus, WaitingReason};
use switchboard_store::SessionState;

use super::Kind;
use super::kind::Kinds;
use crate::engine::is_stuck_report;
use crate::terminal::single_line;

/// The longest text: terminals show it on one line of a small window.
const TEXT_CHARS_MAX: usize = 120;

/// What to write to the terminal when `change` came to `session`, which has it already; `None` when it is
/// none of the wanted `kinds`.
pub(crate) fn alert(change: &SessionChange, session: &SessionState, kinds: &Kinds) -> Option<String> {
    let kind = kind_of(change, session).filter(|kind| kinds.contains(kind))?;
    let told = match kind {
        Kind::Completed => "completed",
        Kind::Failed => "failed",
        Kind::NeedsApproval => "asks for approval",
        Kind::Stuck => "says nothing",
        Kind::Budget => "has used up a budget",
        Kind::RateLimited => "waits: its account is exhausted",
    };
    let text = single_line(&format!("{}: {told}", session.session().title));
    // The text must not end the sequence, nor begin another.
    let text: String = text.chars().filter(|char| !char.is_control()).take(TEXT_CHARS_MAX).collect();
    Some(format!("\x1b]9;{text}\x07\x07"))
}

fn kind_of(change: &SessionChange, session: &SessionState) -> Option<Kind> {
    match change {
        SessionChange::StatusChanged { status: SessionStatus::Completed, .. } => Some(Kind::Completed),
        SessionChange::StatusChanged { status: SessionStatus::Failed, .. } => Some(Kind::Failed),
        // An interruption with a reason is one by a budget.
        SessionChange::StatusChanged { status: SessionStatus::Interrupted, .. } => {
            session.session().error.as_ref().map(|_| Kind::Budget)
        }
        // One that a rule has answered already needs nobody.
        SessionChange::ApprovalRequested { approval } => {
            let known = session.approval(&approval.request.request_id);
            known.is_some_and(Approval::is_pending).then_some(Kind::NeedsApproval)
        }
        SessionChange::SessionErrorSet { error: Some(error) } if is_stuck_report(error) => Some(Kind::Stuck),
        SessionChange::WaitingSet { waiting: Some(waiting) } => {
            matches!(waiting.reason, WaitingReason::RateLimit { .. }).then_some(Kind::RateLimited)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use switchboard_domain::{
        Answer, ApprovalRequest, ApprovalState, Change, NewSession, ProjectId, RequestId, Session, SessionId,
        Timestamp, Waiting,
    };
    use switchboard_store::State;
    use uuid::Uuid;

    use super::*;

    const AT: Timestamp = Timestamp::from_micros(0);

    /// What is written when these changes come to a session of this title.
    fn written(title: &str, changes: &[SessionChange], kinds: &Kinds) -> Vec<String> {
        let session_id = SessionId::new(Uuid::from_u128(1));
        let new = NewSession {
            id: session_id,
            project_id: ProjectId::new(Uuid::nil()),
            agent: "mine".into(),
            prompt: String::new(),
            title: Some(title.into()),
            model: None,
        };
        let mut state = State::default();
        state.apply(&Change::SessionCreated(Box::new(Session::create(new, AT))));
        for change in changes {
            state.apply(&Change::Session { session_id, change: change.clone() });
        }
        let session = state.session(session_id).expect("there");
        changes.iter().filter_map(|change| alert(change, session, kinds)).collect()
    }

    fn status(status: SessionStatus) -> SessionChange {
        SessionChange::StatusChanged { status, at: AT }
    }

    fn error(text: &str) -> SessionChange {
        SessionChange::SessionErrorSet { error: Some(text.into()) }
    }

    fn asked() -> SessionChange {
        let request_id = RequestId::new("apr_1");
        let request = ApprovalRequest { request_id, tool_name: "Bash".into(), input: 1.into(), suggestions: None };
        let session_id = SessionId::new(Uuid::from_u128(1));
        let (requested_at, state) = (AT, ApprovalState::Pending);
        SessionChange::ApprovalRequested { approval: Box::new(Approval { session_id, request, requested_at, state }) }
    }

    fn answered() -> SessionChange {
        SessionChange::ApprovalAnswered { request_id: RequestId::new("apr_1"), answer: Answer::ALLOW, at: AT }
    }

    fn waiting(reason: WaitingReason) -> SessionChange {
        SessionChange::WaitingSet { waiting: Some(Waiting { reason, since: AT }) }
    }

    #[rstest]
    #[case::completed(vec![status(SessionStatus::Completed)], Some("t: completed"))]
    #[case::failed(vec![error("no"), status(SessionStatus::Failed)], Some("t: failed"))]
    #[case::budget(vec![error("stopped"), status(SessionStatus::Interrupted)], Some("t: has used up a budget"))]
    #[case::interrupted(vec![status(SessionStatus::Interrupted)], None)]
    #[case::stuck(vec![error("no output for 10 min: …")], Some("t: says nothing"))]
    #[case::asked(vec![asked()], Some("t: asks for approval"))]
    #[case::answered_by_a_rule(vec![asked(), answered()], None)]
    #[case::exhausted(
        vec![waiting(WaitingReason::RateLimit { account: "a".into(), until: AT })],
        Some("t: waits: its account is exhausted")
    )]
    #[case::in_line(vec![waiting(WaitingReason::Slot)], None)]
    fn a_bell_for_what_wants_a_look(#[case] changes: Vec<SessionChange>, #[case] text: Option<&str>) {
        let sequence = text.map(|text| format!("\x1b]9;{text}\x07\x07"));
        assert_eq!(written("t", &changes, &Kinds::from(Kind::ALL)), Vec::from_iter(sequence));
        assert!(written("t", &changes, &Kinds::new()).is_empty(), "nothing unless it is wanted");
    }

    #[test]
    fn no_title_can_end_the_sequence_or_begin_another() {
        let title = "a\x07b\x1b]52;c;x\x1b\\c\u{9c}d\u{9d}e";
        let written = written(title, &[status(SessionStatus::Completed)], &Kinds::from(Kind::ALL)).concat();
        let text = written.strip_prefix("\x1b]9;").and_then(|rest| rest.strip_suffix("\x07\x07")).expect("framed");
        assert!(!text.chars().any(char::is_control), "{text:?}");
    }
}
