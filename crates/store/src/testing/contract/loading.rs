//! What is read at start, and in which order.

use serde_json::json;
use switchboard_domain::{Answer, ApprovalEnd, ApprovalState, PendingToolCalls, RequestId, Seq, Timestamp, ToolCall};

use super::{Subject, approval_row, commit, draft_row, founded, message_row, queued_row, setting_row};
use crate::testing::sample;
use crate::{Page, SearchOrder, SearchQuery, Write};

/// A new database has no rows of its own.
pub async fn an_empty_database_has_nothing(subject: &dyn Subject) {
    let database = subject.open().await;
    assert_eq!(database.projects().await.expect("projects"), []);
    assert_eq!(database.sessions().await.expect("sessions"), []);
    assert_eq!(database.pending_approvals().await.expect("approvals"), []);
    assert_eq!(database.queue().await.expect("the queue"), []);
    assert_eq!(database.settings().await.expect("settings"), []);
    for page in [Page::Newest, Page::Before(Seq::FIRST), Page::After(Seq::ZERO)] {
        assert_eq!(database.messages(sample::session_id(1), page, 10).await.expect("messages"), []);
    }
    let query =
        SearchQuery { words: "word".into(), project_id: None, session_id: None, order: SearchOrder::Newest, limit: 10 };
    assert_eq!(database.search(&query).await.expect("search"), []);
}

/// Removed projects are listed too, and time counts, not the order of writing.
pub async fn projects_come_oldest_first(subject: &dyn Subject) {
    let database = subject.open().await;
    let mut removed = sample::project(2);
    removed.deleted_at = Some(sample::moment(50));
    let late = sample::project(3);
    let mut early = sample::project(7);
    early.created_at = sample::moment(0);
    commit(&*database, &[&late, &removed, &early].map(|project| Write::Project(project.clone()))).await;
    assert_eq!(database.projects().await.expect("projects"), [early, removed, late]);
}

/// Sessions come newest first, each with its last place and what was under way.
pub async fn sessions_come_newest_first_with_last_place_and_draft(subject: &dyn Subject) {
    let database = founded(subject).await;
    let mut oldest = sample::session(5, 1);
    oldest.created_at = sample::moment(0);
    commit(&*database, &[Write::Session(Box::new(oldest)), message_row(2, 1), message_row(2, 2), message_row(1, 1)])
        .await;
    let mut calls = PendingToolCalls::default();
    calls.begin(ToolCall {
        id: None,
        name: "Bash".into(),
        input: json!({"command": "ls"}),
        output: None,
        is_error: false,
    });
    let draft = switchboard_domain::Draft { content: "so".into(), thinking: "far".into(), tool_calls: calls };
    commit(&*database, &[Write::Draft { session_id: sample::session_id(3), draft: draft.clone() }]).await;

    let sessions = database.sessions().await.expect("sessions");
    let seen: Vec<_> = sessions.iter().map(|stored| (stored.session.id, stored.last_seq.get())).collect();
    let wanted = [(3, 0), (2, 2), (1, 1), (5, 0)].map(|(number, last)| (sample::session_id(number), last));
    assert_eq!(seen, wanted);
    assert_eq!(sessions[0].draft, draft);
    assert!(sessions[1..].iter().all(|stored| stored.draft.is_empty()), "only session 3 has a draft");
}

/// Answered, withdrawn and expired approvals do not wait, but are still known; the oldest comes first.
pub async fn only_pending_approvals_wait(subject: &dyn Subject) {
    let database = founded(subject).await;
    let pending = [sample::approval(2, "late", 20), sample::approval(1, "early", 10)];
    let at = sample::moment(30);
    let states = [
        ("yes", ApprovalState::Answered { answer: Answer::ALLOW, at }),
        ("rule", ApprovalState::Answered { answer: Answer::Allow { updated_permissions: Some(json!([1])) }, at }),
        ("no", ApprovalState::Answered { answer: Answer::Deny, at }),
        ("withdrawn", ApprovalState::ended(ApprovalEnd::Cancelled, at)),
        ("gone", ApprovalState::ended(ApprovalEnd::Expired, Timestamp::from_micros(0))),
    ];
    let mut ended = states.map(|(request, state)| {
        let mut approval = sample::approval(1, request, 5);
        approval.state = state;
        approval
    });
    ended[0].request.suggestions = Some(json!({"rules": ["ls:*"]}));
    let rows = pending.iter().chain(&ended).map(|approval| Write::Approval(Box::new(approval.clone())));
    commit(&*database, &rows.collect::<Vec<_>>()).await;

    let [late, early] = pending;
    assert_eq!(database.pending_approvals().await.expect("approvals"), [early, late]);
    for approval in ended {
        let found = database.approval(approval.session_id, &approval.request.request_id).await;
        assert_eq!(found.expect("an approval"), Some(approval));
    }
    let unknown = database.approval(sample::session_id(2), &RequestId::new("yes")).await;
    assert_eq!(unknown.expect("approvals"), None, "that request is of another session");
}

/// Two requests of the same moment come in the order of their keys, whichever was written first.
pub async fn approvals_of_one_moment_come_by_key(subject: &dyn Subject) {
    let database = founded(subject).await;
    let in_order = [(1, "apr_1"), (1, "apr_2"), (2, "apr_1")].map(|(session, id)| sample::approval(session, id, 10));
    let rows = in_order.iter().rev().map(|approval| Write::Approval(Box::new(approval.clone())));
    commit(&*database, &rows.collect::<Vec<_>>()).await;
    assert_eq!(database.pending_approvals().await.expect("approvals"), in_order);
}

/// Agents count their requests from one each: an approval is keyed by session and request.
pub async fn the_same_request_in_two_sessions_is_two_approvals(subject: &dyn Subject) {
    let database = founded(subject).await;
    commit(&*database, &[approval_row(1, "apr_1"), approval_row(2, "apr_1")]).await;
    let mut answered = sample::approval(1, "apr_1", 1);
    answered.state = ApprovalState::Answered { answer: Answer::ALLOW, at: sample::moment(9) };
    commit(&*database, &[Write::Approval(Box::new(answered.clone()))]).await;
    let request = RequestId::new("apr_1");
    let first = database.approval(sample::session_id(1), &request).await.expect("an approval");
    let second = database.approval(sample::session_id(2), &request).await.expect("an approval");
    assert_eq!((first, second), (Some(answered), Some(sample::approval(2, "apr_1", 2))));
}

/// First in, first out, per session, however the writes were mixed.
pub async fn the_queue_keeps_its_order(subject: &dyn Subject) {
    let database = founded(subject).await;
    let mixed = [(1, 3), (2, 2), (1, 1), (2, 5), (1, 4)].map(|(session, number)| queued_row(session, number));
    commit(&*database, &mixed).await;
    commit(&*database, &[Write::Dequeue(sample::queued(1, 3).id)]).await;
    let queue = database.queue().await.expect("the queue");
    let of = |session| queue.iter().filter(move |queued| queued.session_id == sample::session_id(session));
    assert!(of(1).eq(&[sample::queued(1, 1), sample::queued(1, 4)]), "session 1: {queue:#?}");
    assert!(of(2).eq(&[sample::queued(2, 2), sample::queued(2, 5)]), "session 2: {queue:#?}");
}

/// Editing a queued message, or handing it over, does not send it to the back.
pub async fn an_edited_queue_entry_keeps_its_place(subject: &dyn Subject) {
    let database = founded(subject).await;
    commit(&*database, &[queued_row(1, 1), queued_row(1, 2)]).await;
    let mut edited = sample::queued(1, 1);
    edited.content = "something else".into();
    edited.delivery = switchboard_domain::Delivery::Sending;
    commit(&*database, &[Write::Queued(edited.clone())]).await;
    assert_eq!(database.queue().await.expect("the queue"), [edited, sample::queued(1, 2)]);
}

/// A key has one value, of any JSON type.
pub async fn settings_are_kept_by_key(subject: &dyn Subject) {
    let database = founded(subject).await;
    let values = [("a", json!(null)), ("b", json!({"nested": [1, 2.5, "x"]})), ("c", json!(false)), ("", json!(""))];
    let rows = values.clone().map(|(key, value)| setting_row(key, value));
    commit(&*database, &[rows.to_vec(), vec![setting_row("c", true), draft_row(1, "so far")]].concat()).await;
    let mut settings = database.settings().await.expect("settings");
    settings.sort_by(|one, other| one.0.cmp(&other.0));
    let wanted = [("", json!("")), ("a", json!(null)), ("b", values[1].1.clone()), ("c", json!(true))];
    assert_eq!(settings, wanted.map(|(key, value)| (key.to_owned(), value)));
}
