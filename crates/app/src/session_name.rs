//! How a person names a session: `last`, or any part of its id that fits only one.

use switchboard_domain::{Session, SessionId};
use thiserror::Error;

use crate::terminal::single_line;

/// The word for the newest session.
const LAST: &str = "last";

/// The most candidates an ambiguous name lists; more would not help to choose.
const CANDIDATES_MAX: usize = 8;

/// The name fits no session, or more than one.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum SessionNameError {
    /// There is no session at all.
    #[error("there are no sessions yet")]
    NoSessions,
    /// No id has this part.
    #[error("no session has an id with `{name}` in it")]
    NotFound {
        /// What was typed.
        name: String,
    },
    /// Several ids have this part.
    #[error("`{name}` fits {count} sessions:{}", list(candidates))]
    Ambiguous {
        /// What was typed.
        name: String,
        /// How many it fits.
        count: usize,
        /// The newest of them: short id and title.
        candidates: Vec<(String, String)>,
    },
}

fn list(candidates: &[(String, String)]) -> String {
    let lines = candidates.iter().map(|(id, title)| format!("\n  {id}  {title}"));
    lines.collect::<Vec<_>>().concat()
}

/// The session that `name` means.
///
/// `last` is the newest one. Anything else is a part of an id in either form, in either case; a fit
/// in a short id goes before fits in full ids, whose beginnings are nearly alike for sessions made on
/// the same day, and a whole short id goes before everything.
///
/// # Errors
/// When no session fits, or several do.
pub(crate) fn find_session<'a>(
    name: &str,
    sessions: impl IntoIterator<Item = &'a Session>,
) -> Result<&'a Session, SessionNameError> {
    let mut sessions: Vec<&Session> = sessions.into_iter().collect();
    sessions.sort_unstable_by_key(|session| std::cmp::Reverse((session.created_at, session.id)));
    let newest = *sessions.first().ok_or(SessionNameError::NoSessions)?;
    if name == LAST {
        return Ok(newest);
    }
    let part = name.to_ascii_lowercase();
    let fits: [fn(&str, SessionId) -> bool; 3] = [
        |part, id| id.short() == part,
        |part, id| id.short().contains(part),
        |part, id| id.to_string().contains(part) || id.uuid().simple().to_string().contains(part),
    ];
    for fit in fits {
        let fitting: Vec<&Session> = sessions.iter().copied().filter(|session| fit(&part, session.id)).collect();
        match fitting.as_slice() {
            [] => {}
            [session] => return Ok(session),
            several => return Err(ambiguous(name, several)),
        }
    }
    Err(SessionNameError::NotFound { name: single_line(name) })
}

fn ambiguous(name: &str, sessions: &[&Session]) -> SessionNameError {
    let candidate = |session: &&Session| (session.id.short(), single_line(&session.title));
    let candidates = sessions.iter().take(CANDIDATES_MAX).map(candidate).collect();
    SessionNameError::Ambiguous { name: single_line(name), count: sessions.len(), candidates }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use switchboard_domain::{NewSession, ProjectId, Timestamp};
    use uuid::Uuid;

    use super::*;

    const OLDEST: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
    const MIDDLE: &str = "01890a5d-ac97-774b-bcce-b302099b1111";
    const NEWEST: &str = "01890a5d-ac98-774b-bcce-b30200c0ffee";

    fn sessions() -> Vec<Session> {
        [(OLDEST, 1), (NEWEST, 3), (MIDDLE, 2)]
            .map(|(id, time)| {
                let new = NewSession {
                    id: id.parse().expect("a uuid"),
                    project_id: ProjectId::new(Uuid::nil()),
                    agent: "builtin".into(),
                    prompt: format!("prompt {time}"),
                    title: None,
                    model: None,
                };
                Session::create(new, Timestamp::from_micros(time))
            })
            .to_vec()
    }

    #[rstest]
    #[case::last("last", NEWEST)]
    #[case::short_id("099a8057", OLDEST)]
    #[case::part_of_the_short_id("c0ff", NEWEST)]
    #[case::upper_case("C0FFEE", NEWEST)]
    #[case::full_id(MIDDLE, MIDDLE)]
    #[case::full_id_without_dashes("01890a5dac97774bbcceb302099b1111", MIDDLE)]
    #[case::part_of_the_full_id("ac96-774b", OLDEST)]
    #[case::short_ids_go_first("b1", MIDDLE)]
    fn a_name_finds_its_session(#[case] name: &str, #[case] id: &str) {
        let sessions = sessions();
        assert_eq!(find_session(name, &sessions).map(|session| session.id.to_string()), Ok(id.to_owned()));
    }

    #[test]
    fn an_ambiguous_name_lists_what_it_fits_newest_first() {
        let sessions = sessions();
        let error = find_session("099", &sessions).expect_err("two fit");
        insta::assert_snapshot!(error, @"
        `099` fits 2 sessions:
          099b1111  prompt 2
          099a8057  prompt 1
        ");
    }

    #[test]
    fn a_name_that_fits_nothing_says_so() {
        let error = find_session("zz\u{1b}[2J", &sessions()).expect_err("none fits");
        insta::assert_snapshot!(error, @"no session has an id with `zz` in it");
        assert_eq!(find_session("last", &[]).map(|session| session.id), Err(SessionNameError::NoSessions));
    }
}
