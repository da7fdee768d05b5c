//! Which sessions a listener wants to hear of.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::StatusCode;
use switchboard_domain::{Change, Hydrated, ProjectId, SessionId};
use switchboard_store::{SessionState, State, Telling};

use crate::api::error::ApiError;

/// The most ids a filter may name; who wants more wants everything.
const FILTER_IDS_MAX: usize = 256;

/// Messages of a session that is named in the filter which come with its snapshot; older ones are
/// asked for by page.
const SNAPSHOT_MESSAGES_MAX: usize = 1_000;

/// Which sessions a listener wants to hear of: those named and those of the projects named, or all
/// when nothing is named. What belongs to no session is for everybody.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    pub(super) sessions: BTreeSet<SessionId>,
    projects: BTreeSet<ProjectId>,
    /// The project of each session that was ever seen and is not deleted.
    known: BTreeMap<SessionId, ProjectId>,
}

impl Filter {
    /// The filter that a query asks for, such as `session=ID&session=ID&project=ID`.
    pub(super) fn from_params(params: Vec<(String, String)>) -> Result<Self, ApiError> {
        let invalid = |message: String| ApiError::new(StatusCode::BAD_REQUEST, "invalid_query", message);
        let mut filter = Self::default();
        for (name, value) in params {
            let is_id = match name.as_str() {
                "session" => value.parse().map(|id| filter.sessions.insert(id)).is_ok(),
                "project" => value.parse().map(|id| filter.projects.insert(id)).is_ok(),
                _ => return Err(invalid("events are filtered by `session` and `project`".to_owned())),
            };
            if !is_id {
                return Err(invalid(format!("`{name}` is an id")));
            }
        }
        if filter.sessions.len() + filter.projects.len() > FILTER_IDS_MAX {
            return Err(invalid(format!("at most {FILTER_IDS_MAX} ids can be named")));
        }
        Ok(filter)
    }

    fn is_everything(&self) -> bool {
        self.sessions.is_empty() && self.projects.is_empty()
    }

    /// Learns which sessions there are.
    pub(super) fn learn(&mut self, state: &State) {
        if !self.projects.is_empty() {
            self.known = state.sessions().map(|it| (it.session().id, it.session().project_id)).collect();
        }
    }

    /// How much of a session is told.
    pub(super) fn telling(&self, session: &SessionState) -> Telling {
        let session = session.session();
        if self.sessions.contains(&session.id) {
            Telling::Transcript(SNAPSHOT_MESSAGES_MAX)
        } else if self.is_everything() || self.projects.contains(&session.project_id) {
            Telling::Heading
        } else {
            Telling::Nothing
        }
    }

    /// What is told of a change.
    pub(super) fn admit(&mut self, change: &Change) -> Admission {
        if self.is_everything() {
            return Admission::Whole;
        }
        let is_wanted = match change {
            Change::SessionCreated(session) => self.meet(session.id, session.project_id),
            Change::Session { session_id, .. } => self.wants(*session_id),
            Change::SessionDeleted { session_id } => {
                let is_wanted = self.wants(*session_id);
                self.known.remove(session_id);
                is_wanted
            }
            Change::OrphanReceived(orphan) => self.sessions.contains(&orphan.session_id),
            Change::Hydrated(hydrated) => return Admission::Part(Box::new(self.part(hydrated))),
            _ => true,
        };
        if is_wanted { Admission::Whole } else { Admission::Refused }
    }

    /// A session that is not known (any more) may have been wanted, and hearing of it does no harm.
    fn wants(&self, id: SessionId) -> bool {
        let is_of_project = || self.known.get(&id).is_none_or(|project| self.projects.contains(project));
        self.sessions.contains(&id) || (!self.projects.is_empty() && is_of_project())
    }

    fn meet(&mut self, id: SessionId, project: ProjectId) -> bool {
        if !self.projects.is_empty() {
            self.known.insert(id, project);
        }
        self.sessions.contains(&id) || self.projects.contains(&project)
    }

    fn part(&mut self, hydrated: &Hydrated) -> Change {
        let mut part = hydrated.clone();
        part.sessions.retain(|it| self.meet(it.session.id, it.session.project_id));
        part.approvals.retain(|it| self.wants(it.session_id));
        part.queue.retain(|it| self.wants(it.session_id));
        Change::Hydrated(Box::new(part))
    }
}

/// What is told of a change.
pub(super) enum Admission {
    /// All of it.
    Whole,
    /// This instead.
    Part(Box<Change>),
    /// Nothing.
    Refused,
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use switchboard_store::testing::sample;

    use super::*;

    fn params(filter: &[(&str, String)]) -> Vec<(String, String)> {
        filter.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }

    fn state() -> State {
        let mut state = State::default();
        for (session, project) in [(1, 1), (2, 2), (3, 2)] {
            state.apply(&Change::SessionCreated(Box::new(sample::session(session, project))));
        }
        state
    }

    fn heard(filter: &[(&str, String)], session: u32) -> bool {
        let mut filter = Filter::from_params(params(filter)).expect("a filter");
        filter.learn(&state());
        let change = Change::SessionDeleted { session_id: sample::session_id(session) };
        matches!(filter.admit(&change), Admission::Whole)
    }

    #[rstest]
    #[case::everything(&[], [true, true, true])]
    #[case::a_session(&[("session", sample::session_id(2).to_string())], [false, true, false])]
    #[case::a_project(&[("project", sample::project_id(2).to_string())], [false, true, true])]
    #[case::both(
        &[("session", sample::session_id(1).to_string()), ("project", sample::project_id(2).to_string())],
        [true, true, true]
    )]
    fn a_filter_lets_through_what_it_names(#[case] filter: &[(&str, String)], #[case] wanted: [bool; 3]) {
        assert_eq!([1, 2, 3].map(|session| heard(filter, session)), wanted);
    }

    #[test]
    fn a_session_that_is_new_in_a_project_is_heard_of_to_its_end() {
        let filter = [("project", sample::project_id(1).to_string())];
        let mut filter = Filter::from_params(params(&filter)).expect("a filter");
        filter.learn(&state());
        for (session, project, is_wanted) in [(4, 1, true), (5, 2, false)] {
            let created = Change::SessionCreated(Box::new(sample::session(session, project)));
            let deleted = Change::SessionDeleted { session_id: sample::session_id(session) };
            for change in [created, deleted] {
                assert_eq!(matches!(filter.admit(&change), Admission::Whole), is_wanted, "{change:?}");
            }
        }
    }

    #[rstest]
    #[case::another_name("agent", "x".to_owned())]
    #[case::no_id("session", "x".to_owned())]
    fn what_is_no_filter_is_refused(#[case] name: &str, #[case] value: String) {
        assert!(Filter::from_params(params(&[(name, value)])).is_err());
    }

    #[test]
    fn a_filter_is_bounded() {
        let ids = (0..300).map(|number| ("session".to_owned(), sample::session_id(number).to_string()));
        assert!(Filter::from_params(ids.collect()).is_err());
    }
}
