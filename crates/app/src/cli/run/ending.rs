//! What is said when a job, or all of them, are over.

use switchboard_domain::{Cost, SessionId, SessionStatus};
use switchboard_store::State;

use super::job::{Job, Phase};
use super::stage::View;
use crate::cli::{ExitCode, Failure};
use crate::terminal::{Style, cost, duration, single_line, status_style};

/// What to try after the demo.
pub(super) const AFTER_DEMO: &str = "
That was eight agents at once. All of it is saved. Try next:

  switchboard ls                          what there is
  switchboard show last                   what the last one said
  switchboard search tests                find a word in all of them
  switchboard send last now the tests     go on with one
  switchboard run --exec 'wc -w' some words to count
  switchboard agents                      connect your own";

/// How to come back to the only job, which does not end with this terminal.
pub(super) fn greeting(job: &Job) -> String {
    let id = job.session().short();
    Style::DIM.paint(&format!("session {id} goes on without this terminal: `switchboard attach {id}`\n"))
}

/// What is on disk of these sessions, for somebody who has just interrupted them.
pub(super) fn saved(sessions: &[SessionId], state: &State) -> String {
    let saved: Vec<u64> =
        sessions.iter().filter_map(|id| state.session(*id)).map(|it| it.transcript().last_seq().get()).collect();
    let plural = |count: u64, what: &str| if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") };
    let count = u64::try_from(saved.len()).unwrap_or(u64::MAX);
    format!("saved: {} in {}", plural(saved.iter().sum(), "message"), plural(count, "session"))
}

/// The daemon is gone, and what became of these jobs is not known here.
pub(super) fn lost(jobs: &[Job]) -> Failure {
    let message = "the daemon is gone, and how it ended is not known here";
    let id = jobs.first().map_or_else(|| "last".to_owned(), |job| job.session().short());
    Failure::new(ExitCode::Failure, message).hint(format!("`switchboard show {id}` says how far it got"))
}

/// What the shell is told about these jobs: the worst of what happened.
pub(super) fn exit_code(jobs: &[Job], state: &State) -> ExitCode {
    let code = |job: &Job| match &job.phase {
        Phase::Unanswered => ExitCode::NeedsAnswer,
        Phase::NotStarted(error) => Failure::from(error.clone()).code(),
        _ => match state.session(job.session()).map(|it| it.session().status()) {
            Some(SessionStatus::Completed | SessionStatus::Running) => ExitCode::Ok,
            Some(SessionStatus::Failed) => ExitCode::AgentFailed,
            Some(SessionStatus::Aborted | SessionStatus::Interrupted) => ExitCode::Interrupted,
            None => ExitCode::NotFound,
        },
    };
    let severity = |code: &ExitCode| match code {
        ExitCode::Ok => 0,
        ExitCode::AgentFailed => 1,
        ExitCode::NeedsAnswer => 2,
        ExitCode::Interrupted => 4,
        _ => 3,
    };
    jobs.iter().map(code).max_by_key(severity).unwrap_or(ExitCode::Ok)
}

/// How a job ended, on one line.
pub(super) fn outcome(job: &Job, state: &State) -> String {
    let session = state.session(job.session()).map(|it| it.session());
    let (mark, style, word) = match (&job.phase, session.map(switchboard_domain::Session::status)) {
        (Phase::Unanswered, _) => ("?", Style::ATTENTION, "stopped: nobody was there to answer"),
        (Phase::NotStarted(_), _) => ("✘", Style::BAD, "not started"),
        (_, Some(SessionStatus::Completed)) => ("✔", Style::GOOD, "completed"),
        (_, Some(SessionStatus::Failed)) => ("✘", Style::BAD, "failed"),
        (_, Some(status)) => ("■", status_style(status), status.as_str()),
        (_, None) => ("✘", Style::BAD, "gone"),
    };
    let mut parts = vec![style.paint(&format!("{mark} {word}"))];
    if let Some(session) = session {
        if !session.elapsed.is_zero() {
            parts.push(duration(session.elapsed));
        }
        if session.cost > Cost::ZERO {
            parts.push(cost(session.cost));
        }
    }
    let error = match &job.phase {
        Phase::NotStarted(error) => Some(error.to_string()),
        _ => session.and_then(|session| session.error.clone()),
    };
    parts.extend(error.map(|error| single_line(&error)));
    parts.join(" · ")
}

/// How the only job ended, and how to go on.
pub(super) fn line(job: &Job, view: View<'_>) -> String {
    let outcome = outcome(job, view.state);
    if view.state.session(job.session()).is_none() {
        return outcome;
    }
    let id = job.session().short();
    format!("{outcome} · {}", Style::DIM.paint(&format!("switchboard send {id} …")))
}

/// How many jobs ended in which way.
pub(super) fn summary(view: View<'_>) -> String {
    let statuses = view.jobs.iter().filter_map(|job| view.state.session(job.session())).map(|it| it.session().status());
    let statuses: Vec<SessionStatus> = statuses.collect();
    let mut parts: Vec<String> = SessionStatus::ALL
        .into_iter()
        .map(|status| (status, statuses.iter().filter(|it| **it == status).count()))
        .filter(|(_, count)| *count > 0)
        .map(|(status, count)| status_style(status).paint(&format!("{count} {status}")))
        .collect();
    let lost = view.jobs.len() - statuses.len();
    if lost > 0 {
        parts.push(Style::BAD.paint(&format!("{lost} not started")));
    }
    let spent = view.jobs.iter().filter_map(|job| view.state.session(job.session()));
    let spent = spent.map(|it| it.session().cost).fold(Cost::ZERO, |sum, cost| sum + cost);
    if spent > Cost::ZERO {
        parts.push(cost(spent));
    }
    parts.join(" · ")
}
