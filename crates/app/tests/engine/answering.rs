//! A yes or no on its way to the agent.

use std::time::Duration;

use rstest::rstest;
use switchboard::engine::{ApprovalPolicy, EngineError, Notice};
use switchboard_domain::{AgentCommand, AgentEvent, Answer, ApprovalState, RequestId, Rule, SessionId};
use switchboard_sidecar::{Exit, ExitStatus};
use switchboard_store::testing::CommitStep;
use switchboard_store::{Persistence, Refused};

use crate::stage::Stage;

fn request() -> RequestId {
    RequestId::new("apr_1")
}

async fn asked(stage: &Stage, id: SessionId) {
    stage
        .until("a request", |state| {
            state.session(id).is_some_and(|session| session.pending_approvals().next().is_some())
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_on_disk_before_the_agent_hears_it() {
    let mut stage = Stage::set().await;
    let (id, mut agent) = stage.started().await;
    agent.asks("apr_1").await;
    asked(&stage, id).await;
    assert_eq!(stage.notices.all(), [Notice::NeedsApproval(id, request())]);

    let engine = stage.engine.clone();
    let answering = tokio::spawn(async move { engine.answer(id, &request(), Answer::ALLOW).await });
    let heard = agent.command().await;
    assert_eq!(heard, AgentCommand::AnswerApproval { request_id: request(), answer: Answer::ALLOW });
    let saved = stage.database.approval(id, &request()).await.expect("read").expect("there");
    assert!(matches!(saved.state, ApprovalState::Answered { .. }), "{saved:?}");
    assert_eq!(answering.await.expect("no panic"), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn the_same_request_id_in_two_sessions_is_two_requests() {
    let mut stage = Stage::set().await;
    let (first, mut first_agent) = stage.started().await;
    let (second, mut second_agent) = stage.started().await;
    first_agent.asks("apr_1").await;
    second_agent.asks("apr_1").await;
    asked(&stage, first).await;
    asked(&stage, second).await;
    for (id, agent, answer) in [(second, &mut second_agent, Answer::Deny), (first, &mut first_agent, Answer::ALLOW)] {
        let request_id = request();
        let (answered, heard) = tokio::join!(stage.engine.answer(id, &request_id, answer.clone()), agent.command());
        assert_eq!((answered, heard), (Ok(()), AgentCommand::AnswerApproval { request_id, answer }));
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_is_answered_once() {
    let mut stage = Stage::set().await;
    let (id, mut agent) = stage.started().await;
    agent.asks("apr_1").await;
    asked(&stage, id).await;
    let engine = stage.engine.clone();
    let first = tokio::spawn(async move { engine.answer(id, &request(), Answer::ALLOW).await });
    agent.command().await;
    first.await.expect("no panic").expect("answered");
    let second = stage.engine.answer(id, &request(), Answer::Deny).await;
    assert_eq!(second, Err(EngineError::Refused(Refused::AlreadyAnswered)));
}

#[tokio::test(start_paused = true)]
async fn an_answer_waits_for_a_broken_disk_and_goes_out_when_it_is_mended() {
    let mut stage = Stage::set().await;
    let (id, mut agent) = stage.started().await;
    agent.asks("apr_1").await;
    asked(&stage, id).await;
    stage.database.fail_all_commits(CommitStep::NotWritten);
    let outcome = stage.engine.answer(id, &request(), Answer::ALLOW).await;
    assert!(matches!(outcome, Err(EngineError::AnswerWaits { .. })), "{outcome:?}");
    let early = tokio::time::timeout(Duration::from_secs(5), agent.script.next_command()).await;
    assert!(early.is_err(), "the agent must not hear what is not saved: {early:?}");

    agent.answers("meanwhile").await;
    stage
        .until("the runner goes on meanwhile", |state| {
            state.session(id).is_some_and(|session| session.transcript().messages().len() == 2)
        })
        .await;
    stage.database.heal();
    assert!(matches!(agent.command().await, AgentCommand::AnswerApproval { .. }));
}

#[tokio::test(start_paused = true)]
async fn a_request_expires_with_its_agent() {
    let mut stage = Stage::set().await;
    let (id, agent) = stage.started().await;
    agent.asks("apr_1").await;
    asked(&stage, id).await;
    agent.script.exit(Exit { status: ExitStatus::Signal(9), stderr_tail: String::new() }).await;
    stage
        .until("no request", |state| {
            state.session(id).is_some_and(|session| session.pending_approvals().next().is_none())
        })
        .await;
    let session = stage.session(id);
    let approval = session.approval(&request()).expect("kept");
    assert!(matches!(approval.state, ApprovalState::Expired { .. }), "{approval:?}");
    let late = stage.engine.answer(id, &request(), Answer::ALLOW).await;
    assert_eq!(late, Err(EngineError::Refused(Refused::AlreadyAnswered)));
}

#[tokio::test(start_paused = true)]
async fn an_agent_can_take_its_request_back() {
    let mut stage = Stage::set().await;
    let (id, agent) = stage.started().await;
    agent.asks("apr_1").await;
    asked(&stage, id).await;
    agent.says(AgentEvent::ApprovalWithdrawn { request_id: request() }).await;
    stage
        .until("withdrawn", |state| {
            let session = state.session(id).expect("there");
            session.approval(&request()).is_some_and(|it| matches!(it.state, ApprovalState::Cancelled { .. }))
        })
        .await;
}

#[rstest]
#[case::all(ApprovalPolicy::AllowAll, Answer::ALLOW)]
#[case::none(ApprovalPolicy::DenyAll, Answer::Deny)]
#[tokio::test(start_paused = true)]
async fn a_rule_answers_instead_of_a_person(#[case] policy: ApprovalPolicy, #[case] expected: Answer) {
    let mut stage = Stage::set().await;
    let (_, mut agent) = stage.started_with(policy).await;
    agent.asks("apr_1").await;
    let heard = agent.command().await;
    assert_eq!(heard, AgentCommand::AnswerApproval { request_id: request(), answer: expected });
    assert_eq!(stage.notices.all(), [], "nobody was asked");
}

#[tokio::test(start_paused = true)]
async fn a_remembered_rule_answers_for_its_project_until_it_is_forgotten() {
    let mut stage = Stage::set().await;
    let (id, mut agent) = stage.started().await;
    let project = stage.session(id).session().project_id;
    let rule: Rule = "Bash(rm -rf target*)".parse().expect("a rule");
    stage.engine.remember_rule(project, rule.clone()).await.expect("saved");
    assert_eq!(stage.engine.rules(project), std::slice::from_ref(&rule));

    agent.asks("apr_1").await;
    let heard = agent.command().await;
    assert_eq!(heard, AgentCommand::AnswerApproval { request_id: request(), answer: Answer::ALLOW });

    assert_eq!(stage.engine.forget_rule(project, &rule).await, Ok(true));
    assert_eq!(stage.engine.forget_rule(project, &rule).await, Ok(false));
    agent.asks("apr_2").await;
    asked(&stage, id).await;
}

#[tokio::test(start_paused = true)]
async fn a_policy_of_no_is_stronger_than_a_rule() {
    let mut stage = Stage::set().await;
    let (id, mut agent) = stage.started_with(ApprovalPolicy::DenyAll).await;
    let project = stage.session(id).session().project_id;
    stage.engine.remember_rule(project, "Bash".parse().expect("a rule")).await.expect("saved");
    agent.asks("apr_1").await;
    let heard = agent.command().await;
    assert_eq!(heard, AgentCommand::AnswerApproval { request_id: request(), answer: Answer::Deny });
}
