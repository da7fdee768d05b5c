//! Batches are atomic, ordered and idempotent.

use switchboard_domain::{Answer, ApprovalState, Delivery, SessionStatus};

use super::{
    Subject, approval_row, commit, contents, draft_row, founded, message_row, places, queued_row, refuse, session_row,
    setting_row, text_row, transcript,
};
use crate::Write;
use crate::testing::sample;

/// Every kind of write, each on rows that are there and on rows that are not.
fn one_of_each() -> Vec<Write> {
    vec![
        Write::Project(sample::project(3)),
        session_row(4, 3),
        message_row(4, 1),
        draft_row(4, "so far"),
        approval_row(4, "apr_1"),
        queued_row(4, 1),
        queued_row(4, 2),
        Write::Dequeue(sample::queued(4, 2).id),
        setting_row("theme", "dark"),
        setting_row("gone", 1),
        Write::RemoveSetting { key: "gone".into() },
        Write::ClearSession(sample::session_id(1)),
        Write::DeleteSession(sample::session_id(2)),
    ]
}

/// Doing any write again, in a batch of its own or right behind the first, leaves what once leaves.
pub async fn every_write_twice_is_as_once(subject: &dyn Subject) {
    let database = founded(subject).await;
    for write in one_of_each() {
        commit(&*database, std::slice::from_ref(&write)).await;
        let once = contents(&*database).await;
        commit(&*database, &[write.clone(), write.clone()]).await;
        assert_eq!(contents(&*database).await, once, "a second {write:?} changed something");
    }
}

/// A batch whose outcome is unknown is sent again: that must be safe.
pub async fn a_replayed_batch_changes_nothing(subject: &dyn Subject) {
    let database = founded(subject).await;
    let mut batch: Vec<_> = (1..=5).map(|seq| message_row(1, seq)).collect();
    batch.extend(one_of_each().into_iter().filter(|write| !matches!(write, Write::ClearSession(_))));
    commit(&*database, &batch).await;
    let once = contents(&*database).await;
    commit(&*database, &batch).await;
    assert_eq!(contents(&*database).await, once);
}

/// One impossible write, wherever it stands, takes the whole batch down and leaves no trace.
pub async fn a_batch_is_written_whole_or_not_at_all(subject: &dyn Subject) {
    let database = founded(subject).await;
    commit(&*database, &[message_row(1, 1), message_row(2, 1), draft_row(1, "so far"), queued_row(1, 1)]).await;
    let before = contents(&*database).await;
    let impossible = message_row(9, 1);
    for place in 0..=one_of_each().len() {
        let mut batch = one_of_each();
        batch.insert(place, impossible.clone());
        refuse(&*database, &batch).await;
        assert_eq!(contents(&*database).await, before, "a refused batch left a trace (bad write at {place})");
    }
}

/// Of several writes to one row in a batch, the last one stands.
pub async fn later_writes_of_a_batch_win(subject: &dyn Subject) {
    let database = founded(subject).await;
    let mut session = sample::session(1, 1);
    let mut approval = sample::approval(1, "apr_1", 1);
    let mut queued = sample::queued(1, 1);
    let first = vec![
        Write::Session(Box::new(session.clone())),
        text_row(1, 1, "first"),
        draft_row(1, "first"),
        Write::Approval(Box::new(approval.clone())),
        Write::Queued(queued.clone()),
        setting_row("key", "first"),
    ];
    session.set_status(SessionStatus::Failed, sample::moment(9));
    approval.state = ApprovalState::Answered { answer: Answer::Deny, at: sample::moment(9) };
    queued.delivery = Delivery::Unknown;
    let last = vec![
        Write::Session(Box::new(session.clone())),
        text_row(1, 1, "last"),
        draft_row(1, "last"),
        Write::Approval(Box::new(approval.clone())),
        Write::Queued(queued.clone()),
        setting_row("key", "last"),
    ];
    commit(&*database, &[first.clone(), last.clone(), first, last].concat()).await;

    let stored = database.sessions().await.expect("sessions");
    let stored = stored.iter().find(|stored| stored.session.id == session.id).expect("the session");
    assert_eq!((&stored.session, stored.draft.content.as_str()), (&session, "last"));
    assert_eq!(transcript(&*database, 1).await, [sample::text(1, 1, "last")]);
    let found = database.approval(session.id, &approval.request.request_id).await;
    assert_eq!(found.expect("an approval"), Some(approval));
    assert_eq!(database.queue().await.expect("the queue"), [queued]);
    assert_eq!(database.settings().await.expect("settings"), [("key".to_owned(), "last".into())]);
}

/// A place in a transcript holds one message; another one is refused, not put over it.
pub async fn the_same_place_is_not_taken_twice(subject: &dyn Subject) {
    let database = founded(subject).await;
    commit(&*database, &[message_row(1, 1)]).await;
    let mut intruder = sample::message(1, 2);
    intruder.seq = sample::message(1, 1).seq;
    refuse(&*database, &[Write::Message(intruder.into())]).await;
    assert_eq!(transcript(&*database, 1).await, [sample::message(1, 1)]);
}

/// A message is replaced by its id, so it has one place only.
pub async fn a_message_moves_when_its_place_changes(subject: &dyn Subject) {
    let database = founded(subject).await;
    let mut message = sample::message(1, 1);
    commit(&*database, &[Write::Message(message.clone().into())]).await;
    message.seq = sample::message(1, 7).seq;
    commit(&*database, &[Write::Message(message.into())]).await;
    assert_eq!(places(&*database, 1).await, [7]);
}

/// What belongs to a session or project that does not exist can never be written.
pub async fn rows_without_their_owner_are_refused(subject: &dyn Subject) {
    let database = founded(subject).await;
    let before = contents(&*database).await;
    for orphan in
        [session_row(9, 9), message_row(9, 1), draft_row(9, "so far"), approval_row(9, "apr_1"), queued_row(9, 1)]
    {
        refuse(&*database, &[orphan]).await;
    }
    assert_eq!(contents(&*database).await, before);
}

/// No two projects share a path, and a project may take the path another one has left.
pub async fn a_path_belongs_to_one_project(subject: &dyn Subject) {
    let database = founded(subject).await;
    let mut first = sample::project(1);
    let mut second = sample::project(2);
    second.path.clone_from(&first.path);
    refuse(&*database, &[Write::Project(second.clone())]).await;
    first.path = "/code/elsewhere".into();
    commit(&*database, &[Write::Project(first.clone()), Write::Project(second.clone())]).await;
    assert_eq!(database.projects().await.expect("projects"), [first, second]);
}

/// After a refusal the same batch may be sent again, and now goes through.
pub async fn a_refused_batch_goes_through_once_its_cause_is_gone(subject: &dyn Subject) {
    let database = founded(subject).await;
    let batch = [message_row(4, 1), message_row(4, 2)];
    refuse(&*database, &batch).await;
    commit(&*database, &[session_row(4, 1)]).await;
    commit(&*database, &batch).await;
    assert_eq!(places(&*database, 4).await, [1, 2]);
}

/// Nothing to write is written.
pub async fn an_empty_batch_is_fine(subject: &dyn Subject) {
    commit(&*subject.open().await, &[]).await;
}

/// A batch larger than any statement can be, interleaved over sessions.
pub async fn large_batches_keep_everything(subject: &dyn Subject) {
    /// Enough for several chunks of any adapter, and for a page that is full.
    const MESSAGES: u32 = 1_000;
    let database = founded(subject).await;
    let batch: Vec<_> = (1..=MESSAGES).flat_map(|seq| (1..=3).map(move |session| message_row(session, seq))).collect();
    commit(&*database, &batch).await;
    for session in 1..=3 {
        let wanted: Vec<_> = (1..=MESSAGES).map(|seq| sample::message(session, seq)).collect();
        assert!(transcript(&*database, session).await == wanted, "session {session} is not what was written");
    }
}
