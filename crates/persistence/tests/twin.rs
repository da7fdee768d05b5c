//! Whatever is done to both, SQLite and its twin in memory hold the same.

use proptest::prelude::*;
use switchboard_domain::{Answer, ApprovalEnd, ApprovalState, Draft};
use switchboard_persistence::{DataFolder, SqlitePersistence};
use switchboard_store::testing::{MemoryPersistence, contract, sample};
use switchboard_store::{CommitError, Persistence, Write};

fn any_write() -> impl Strategy<Value = Write> {
    let session = 1_u32..4;
    prop_oneof![
        2 => (1_u32..4, 1_u32..4).prop_map(|(number, path)| {
            let mut project = sample::project(number);
            project.path = sample::project(path).path;
            Write::Project(project)
        }),
        4 => (session.clone(), 1_u32..4, "[ab]{0,2}").prop_map(|(number, project, title)| {
            let mut session = sample::session(number, project);
            session.title = title;
            Write::Session(Box::new(session))
        }),
        8 => (session.clone(), 0_u32..6, "[ab]{0,2}")
            .prop_map(|(session, seq, content)| Write::Message(sample::text(session, seq, &content).into())),
        3 => (session.clone(), "[ab]{0,2}").prop_map(|(session, content)| {
            let draft = Draft { content, ..Draft::default() };
            Write::Draft { session_id: sample::session_id(session), draft }
        }),
        3 => (session.clone(), "apr_[12]", 0_usize..4).prop_map(|(session, request, state)| {
            let mut approval = sample::approval(session, &request, u64::from(session));
            let at = sample::moment(9);
            approval.state = match state {
                0 => ApprovalState::Pending,
                1 => ApprovalState::Answered { answer: Answer::ALLOW, at },
                2 => ApprovalState::Answered { answer: Answer::Deny, at },
                _ => ApprovalState::ended(ApprovalEnd::Expired, at),
            };
            Write::Approval(Box::new(approval))
        }),
        3 => (session.clone(), 1_u32..5).prop_map(|(session, number)| Write::Queued(sample::queued(session, number))),
        2 => (session.clone(), 1_u32..5)
            .prop_map(|(session, number)| Write::Dequeue(sample::queued(session, number).id)),
        2 => ("[kl]", 0_u32..9).prop_map(|(key, value): (String, u32)| Write::Setting { key, value: value.into() }),
        1 => "[kl]".prop_map(|key| Write::RemoveSetting { key }),
        1 => session.clone().prop_map(|session| Write::ClearSession(sample::session_id(session))),
        1 => session.prop_map(|session| Write::DeleteSession(sample::session_id(session))),
    ]
}

/// What most writes need to be taken.
fn owners() -> Vec<Write> {
    let projects = (1..4).map(|number| Write::Project(sample::project(number)));
    projects.chain((1..4).map(|number| Write::Session(Box::new(sample::session(number, number))))).collect()
}

/// Commits each batch to both. SQLite may take a batch that the twin refuses, one in which a row
/// comes before its owner; so those go to the twin alone, unless they are a single write.
async fn check(batches: &[Vec<Write>]) -> Result<(), TestCaseError> {
    let folder = tempfile::tempdir().expect("a folder");
    let sqlite = SqlitePersistence::open(DataFolder::lock(folder.path()).expect("free")).await.expect("opens");
    let twin = MemoryPersistence::new();
    for batch in std::iter::once(&owners()).chain(batches) {
        let taken = twin.commit(batch).await;
        if taken.is_ok() || batch.len() == 1 {
            let outcome = sqlite.commit(batch).await;
            let alike = match (&taken, &outcome) {
                (Ok(()), Ok(())) => true,
                (Err(one), Err(other)) => {
                    matches!((one, other), (CommitError::Refused { .. }, CommitError::Refused { .. }))
                }
                _ => false,
            };
            prop_assert!(alike, "the twin says {taken:?}, sqlite {outcome:?} to {batch:#?}");
        }
        let [one, other] = [contract::contents(&twin).await, contract::contents(&sqlite).await];
        prop_assert_eq!(one, other);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn what_the_twin_takes_sqlite_takes_and_holds_alike(
        batches in proptest::collection::vec(proptest::collection::vec(any_write(), 1..14), 1..24),
        lone in proptest::collection::vec(any_write(), 0..24),
    ) {
        let mut batches = batches;
        batches.extend(lone.into_iter().map(|write| vec![write]));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(check(&batches))?;
    }
}
