//! Opening, upkeep and closing.

use switchboard_domain::RequestId;

use super::{
    Subject, approval_row, commit, contents, draft_row, founded, message_row, queued_row, setting_row, settle,
};
use crate::testing::sample;
use crate::{Page, SearchOrder, SearchQuery};

/// Closing and opening again changes nothing.
pub async fn what_was_committed_is_there_after_reopening(subject: &dyn Subject) {
    let database = founded(subject).await;
    let rows = [message_row(1, 1), draft_row(1, "so far"), approval_row(1, "apr_1"), queued_row(1, 1)];
    commit(&*database, &rows).await;
    commit(&*database, &[setting_row("theme", "dark")]).await;
    let before = contents(&*database).await;
    database.close().await.expect("closing");
    drop(database);
    let database = subject.open().await;
    assert_eq!(contents(&*database).await, before);
    commit(&*database, &[message_row(1, 2)]).await;
}

/// A closed database says so, to every caller, and does not hang.
pub async fn after_closing_every_call_fails(subject: &dyn Subject) {
    let database = founded(subject).await;
    database.close().await.expect("closing");
    let id = sample::session_id(1);
    let query =
        SearchQuery { words: "word".into(), project_id: None, session_id: None, order: SearchOrder::Newest, limit: 1 };
    let failed = [
        ("commit", database.commit(&[message_row(1, 1)]).await.is_err()),
        ("commit of nothing", database.commit(&[]).await.is_err()),
        ("set_aside", database.set_aside(&message_row(1, 1), "because").await.is_err()),
        ("maintain", database.maintain().await.is_err()),
        ("projects", database.projects().await.is_err()),
        ("sessions", database.sessions().await.is_err()),
        ("pending_approvals", database.pending_approvals().await.is_err()),
        ("approval", database.approval(id, &RequestId::new("apr_1")).await.is_err()),
        ("queue", database.queue().await.is_err()),
        ("settings", database.settings().await.is_err()),
        ("messages", database.messages(id, Page::Newest, 1).await.is_err()),
        ("search", database.search(&query).await.is_err()),
        ("close", database.close().await.is_err()),
    ];
    for (call, failed) in failed {
        assert!(failed, "{call} went through on a closed database");
    }
}

/// What the database refuses is kept elsewhere, without a trace in the database.
pub async fn setting_aside_works_beside_commits(subject: &dyn Subject) {
    let database = founded(subject).await;
    let before = contents(&*database).await;
    for write in [message_row(9, 1), queued_row(9, 1)] {
        database.set_aside(&write, "no such session").await.expect("setting aside");
    }
    assert_eq!(contents(&*database).await, before);
    commit(&*database, &[message_row(1, 1)]).await;
}

/// Upkeep comes to an end, changes nothing, and can be done at any time.
pub async fn upkeep_ends(subject: &dyn Subject) {
    let database = subject.open().await;
    settle(&*database).await;
    drop(database);
    let database = founded(subject).await;
    commit(&*database, &(1..=50).map(|seq| message_row(1, seq)).collect::<Vec<_>>()).await;
    let before = contents(&*database).await;
    settle(&*database).await;
    settle(&*database).await;
    assert_eq!(contents(&*database).await, before);
}
