//! Clearing, deleting and taking out.

use switchboard_domain::{RequestId, Seq, StoredSession};

use super::{
    Subject, approval_row, commit, contents, draft_row, founded, message_row, places, queued_row, session_row,
    setting_row, text_row, transcript,
};
use crate::testing::sample;
use crate::{Persistence, Write};

/// A session with some of everything.
fn furnish(session: u32) -> Vec<Write> {
    vec![
        message_row(session, 1),
        message_row(session, 2),
        draft_row(session, "so far"),
        approval_row(session, "apr_1"),
        queued_row(session, 1),
    ]
}

async fn stored(database: &dyn Persistence, session: u32) -> Option<StoredSession> {
    let sessions = database.sessions().await.expect("sessions");
    sessions.into_iter().find(|stored| stored.session.id == sample::session_id(session))
}

/// How many messages, pending approvals and queued messages a session has.
async fn belongings(database: &dyn Persistence, session: u32) -> (usize, usize, usize) {
    let id = sample::session_id(session);
    let approvals = database.pending_approvals().await.expect("approvals");
    let queue = database.queue().await.expect("the queue");
    (
        transcript(database, session).await.len(),
        approvals.iter().filter(|approval| approval.session_id == id).count(),
        queue.iter().filter(|queued| queued.session_id == id).count(),
    )
}

/// A cleared session is there and empty; nothing of another session is touched.
pub async fn clearing_leaves_the_session_and_the_others(subject: &dyn Subject) {
    let database = founded(subject).await;
    commit(&*database, &[furnish(1), furnish(2)].concat()).await;
    commit(&*database, &[Write::ClearSession(sample::session_id(1))]).await;
    let cleared = stored(&*database, 1).await.expect("the session stays");
    assert_eq!((cleared.session, cleared.last_seq), (sample::session(1, 1), Seq::ZERO));
    assert!(cleared.draft.is_empty(), "the draft is gone");
    assert_eq!(belongings(&*database, 1).await, (0, 0, 0));
    assert_eq!(belongings(&*database, 2).await, (2, 1, 1));
}

/// A deleted session is gone with everything of it, answered approvals included.
pub async fn deleting_takes_everything_along(subject: &dyn Subject) {
    let database = founded(subject).await;
    commit(&*database, &[furnish(1), furnish(2)].concat()).await;
    commit(&*database, &[Write::DeleteSession(sample::session_id(1))]).await;
    assert_eq!(stored(&*database, 1).await, None);
    assert_eq!(belongings(&*database, 1).await, (0, 0, 0));
    let approval = database.approval(sample::session_id(1), &RequestId::new("apr_1")).await;
    assert_eq!(approval.expect("approvals"), None);
    assert_eq!(belongings(&*database, 2).await, (2, 1, 1));
    assert_eq!(stored(&*database, 2).await.expect("the other session").draft.content, "so far");
}

/// Within a batch order matters: what comes after the clear stays.
pub async fn what_is_cleared_can_come_again_in_the_same_batch(subject: &dyn Subject) {
    let database = founded(subject).await;
    commit(&*database, &furnish(1)).await;
    let clear = Write::ClearSession(sample::session_id(1));
    commit(&*database, &[message_row(1, 3), clear, text_row(1, 1, "anew"), draft_row(1, "anew")]).await;
    assert_eq!(transcript(&*database, 1).await, [sample::text(1, 1, "anew")]);
    assert_eq!(stored(&*database, 1).await.expect("the session").draft.content, "anew");
    assert_eq!(belongings(&*database, 1).await, (1, 0, 0));
}

/// Within a batch order matters: what comes before the clear is gone, that of others is not.
pub async fn what_is_added_before_a_clear_is_gone(subject: &dyn Subject) {
    let database = founded(subject).await;
    let clear = Write::ClearSession(sample::session_id(1));
    commit(&*database, &[furnish(1), furnish(2), vec![clear]].concat()).await;
    assert_eq!(belongings(&*database, 1).await, (0, 0, 0));
    assert_eq!(belongings(&*database, 2).await, (2, 1, 1));
}

/// The same id may be used again, in one batch, several times over.
pub async fn a_session_can_be_deleted_and_made_again_in_one_batch(subject: &dyn Subject) {
    let database = founded(subject).await;
    let delete = Write::DeleteSession(sample::session_id(1));
    let mut batch = furnish(1);
    for _ in 0..3 {
        batch.extend([delete.clone(), session_row(1, 2), message_row(1, 1)]);
    }
    commit(&*database, &batch).await;
    assert_eq!(stored(&*database, 1).await.expect("the session").session, sample::session(1, 2));
    assert_eq!(belongings(&*database, 1).await, (1, 0, 0));
    commit(&*database, &[session_row(1, 1), delete]).await;
    assert_eq!(stored(&*database, 1).await, None);
}

/// Removing what is not there is no error, so that it can be repeated.
pub async fn removing_the_unknown_does_nothing(subject: &dyn Subject) {
    let database = founded(subject).await;
    commit(&*database, &furnish(1)).await;
    let before = contents(&*database).await;
    let unknown = [
        Write::ClearSession(sample::session_id(9)),
        Write::DeleteSession(sample::session_id(9)),
        Write::Dequeue(sample::queued(9, 9).id),
        Write::RemoveSetting { key: "no such".into() },
        draft_row(9, ""),
    ];
    commit(&*database, &unknown).await;
    assert_eq!(contents(&*database).await, before);
}

/// Added, removed and added again in one batch: the last one stands.
pub async fn queue_entries_and_settings_come_and_go_in_one_batch(subject: &dyn Subject) {
    let database = founded(subject).await;
    let dequeue = |number| Write::Dequeue(sample::queued(1, number).id);
    let remove = |key: &str| Write::RemoveSetting { key: key.into() };
    let queue = [queued_row(1, 1), queued_row(1, 2), dequeue(1), dequeue(2), queued_row(1, 2), queued_row(1, 3)];
    let settings = [setting_row("a", 1), setting_row("b", 1), remove("a"), remove("b"), setting_row("b", 2)];
    commit(&*database, &[queue.to_vec(), settings.to_vec()].concat()).await;
    assert_eq!(database.queue().await.expect("the queue"), [sample::queued(1, 2), sample::queued(1, 3)]);
    assert_eq!(database.settings().await.expect("settings"), [("b".to_owned(), 2.into())]);
}

/// A turn ends with an empty draft, which leaves nothing behind.
pub async fn an_empty_draft_removes_the_row(subject: &dyn Subject) {
    let database = founded(subject).await;
    commit(&*database, &[draft_row(1, "so far"), draft_row(2, "so far")]).await;
    commit(&*database, &[draft_row(1, "further"), message_row(1, 1), draft_row(1, "")]).await;
    assert!(stored(&*database, 1).await.expect("the session").draft.is_empty());
    assert_eq!(stored(&*database, 2).await.expect("the session").draft.content, "so far");
    assert_eq!(places(&*database, 1).await, [1]);
}
