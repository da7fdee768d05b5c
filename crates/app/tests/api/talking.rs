//! Starting sessions, talking to them and answering their agents.

use rstest::rstest;
use switchboard::api::wire::{Decision, Policy, SentTo};
use switchboard_domain::{AgentCommand, Answer, RequestId, SessionId, SessionStatus};

use crate::server::{Server, Way, within};

#[rstest]
#[case::in_process(Way::InProcess)]
#[case::over_a_socket(Way::Socket)]
#[tokio::test]
async fn a_session_is_started_talked_to_and_stopped(#[case] way: Way) {
    let mut server = Server::start(way).await;
    let (id, mut agent) = server.started().await;
    agent.answers("on it").await;

    let sent = server.client.send(id, "and the tests").await.expect("taken");
    assert_eq!(sent.sent_to, SentTo::Queue);
    let queued = server.client.queued(id).await.expect("there");
    assert_eq!(queued.iter().map(|it| it.content.as_str()).collect::<Vec<_>>(), ["and the tests"]);

    agent.completes().await;
    let next = within("the next prompt", agent.command()).await;
    assert!(matches!(next, AgentCommand::SendMessage { .. }), "{next:?}");
    assert!(server.client.abort(id).await.expect("there"));
    assert!(!server.client.abort(id).await.expect("there"), "it is stopped already");

    let view = server.client.session(id).await.expect("there");
    assert_eq!((view.session.status(), view.messages), (SessionStatus::Aborted, 3));
    server.client.delete_session(id).await.expect("deleted");
    let gone = server.client.session(id).await.expect_err("gone");
    assert_eq!(gone.code(), Some("session_not_found"));
}

#[tokio::test]
async fn asking_for_a_session_again_gives_the_same_one_even_at_the_same_moment() {
    let mut server = Server::start(Way::InProcess).await;
    let wanted = server.wanted("fix the build");
    let asking: Vec<_> = (0..10)
        .map(|_| {
            let (client, wanted) = (server.client.clone(), wanted.clone());
            tokio::spawn(async move { client.start_session(&wanted).await })
        })
        .collect();
    let mut agent = server.stage.next_agent().await;
    assert!(matches!(agent.command().await, AgentCommand::Start(_)));
    for asked in asking {
        let view = within("an answer", asked).await.expect("no panic").expect("started");
        assert_eq!(Some(view.session.id), wanted.id);
    }
    assert!(server.stage.nothing_was_launched());
    let id = wanted.id.expect("chosen");
    assert_eq!(server.stage.transcript(id), ["user: fix the build"]);

    let mut other = wanted;
    other.prompt = "something else".into();
    let refused = server.client.start_session(&other).await.expect_err("another session");
    assert_eq!(refused.code(), Some("session_exists"));
}

#[tokio::test]
async fn an_id_that_has_no_place_in_the_order_of_sessions_is_refused() {
    let server = Server::start(Way::InProcess).await;
    let mut wanted = server.wanted("fix the build");
    wanted.id = Some(SessionId::new(uuid::Uuid::from_u128(7)));
    let refused = server.client.start_session(&wanted).await.expect_err("no version 7");
    assert_eq!(refused.code(), Some("invalid_session_id"));
}

#[tokio::test]
async fn what_agents_ask_is_listed_over_all_sessions_and_answered() {
    let mut server = Server::start(Way::InProcess).await;
    let (one, mut first) = server.started().await;
    let (two, second) = server.started().await;
    // Two agents count from the same number: the session tells them apart.
    first.asks("apr_1").await;
    second.asks("apr_1").await;
    server.stage.until("both asked", |state| state.sessions().all(|it| it.pending_approvals().count() == 1)).await;
    let pending = server.client.approvals().await.expect("listed");
    assert_eq!(pending.iter().map(|it| it.session_id).collect::<Vec<_>>(), [one, two]);

    let request = RequestId::new("apr_1");
    let answering = server.client.answer(one, &request, Decision::Allow);
    let (answered, told) = within("the answer", async { tokio::join!(answering, first.command()) }).await;
    answered.expect("answered");
    assert!(matches!(told, AgentCommand::AnswerApproval { answer: Answer::Allow { .. }, .. }), "{told:?}");
    let again = server.client.answer(one, &request, Decision::Deny).await.expect_err("settled");
    assert_eq!(again.code(), Some("already_answered"));
    let pending = server.client.approvals().await.expect("listed");
    assert_eq!(pending.iter().map(|it| it.session_id).collect::<Vec<_>>(), [two]);
}

#[tokio::test]
async fn a_policy_answers_from_then_on() {
    let mut server = Server::start(Way::InProcess).await;
    let (id, mut agent) = server.started().await;
    server.client.set_policy(id, Policy::None).await.expect("set");
    agent.asks("apr_1").await;
    let told = within("the answer", agent.command()).await;
    assert!(matches!(told, AgentCommand::AnswerApproval { answer: Answer::Deny, .. }), "{told:?}");
}

#[tokio::test]
async fn a_prompt_is_carried_out_although_whoever_sent_it_went_away() {
    let mut server = Server::start(Way::InProcess).await;
    let (client, wanted) = (server.client.clone(), server.wanted("fix the build"));
    let asking = tokio::spawn(async move { client.start_session(&wanted).await });
    let mut agent = server.stage.next_agent().await;
    asking.abort();
    assert!(matches!(agent.command().await, AgentCommand::Start(_)));
    server.stage.until("the prompt", |state| state.sessions().any(|it| it.transcript().messages().len() == 1)).await;
}
