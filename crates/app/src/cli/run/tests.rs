//! What is said of a run: on the board, at the end, and to the shell.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rstest::rstest;
use serde_json::json;
use switchboard_domain::{
    ApprovalEnd, ApprovalRequest, Cost, NewSession, ProjectId, RequestId, SessionId, SessionStatus, Timestamp,
};
use switchboard_store::testing::{MemoryPersistence, sample};
use switchboard_store::{Clock, State, Store, StoreConfig, TurnEnd};

use super::board::Board;
use super::job::{Job, Phase, Task, is_at_rest};
use super::json_lines::JsonLines;
use super::stage::{Stage, View};
use super::*;
use crate::client::ClientError;

/// Ten seconds after every session began.
struct TenPast;

impl Clock for TenPast {
    fn now(&self) -> Timestamp {
        sample::moment(0)
    }
}

fn now() -> Timestamp {
    sample::moment(0).after(Duration::from_secs(10))
}

/// Four sessions: one runs, one is completed, one has failed, one asks.
async fn scene() -> (Store, Vec<Job>) {
    let store =
        Store::start(MemoryPersistence::new(), StoreConfig { clock: Arc::new(TenPast), ..StoreConfig::default() });
    let project = store.add_project(Path::new("/code/site")).expect("added").into_value().id;
    let mut jobs = Vec::new();
    for (number, prompt) in ["think", "finish", "fail", "ask"].into_iter().enumerate() {
        let job = job(u32::try_from(number).expect("few"), prompt, project);
        let Task::Start(new) = &job.task else { unreachable!("a new session") };
        store.create_session(new.clone()).await.expect("created");
        store.set_turn_started(job.session()).expect("there").into_value();
        jobs.push(job);
    }
    let [thinks, finishes, fails, asks] = [0, 1, 2, 3].map(|number| jobs[number].session());
    store.stream_content(thinks, "first line\nthe \u{1b}[2Jlast line").expect("there");
    end(&store, finishes, SessionStatus::Completed, None);
    store.set_cost(finishes, Cost::from_micro_usd(12_000)).expect("there").into_value();
    end(&store, fails, SessionStatus::Failed, Some("no more credit"));
    let input = json!({"command": "git push"});
    let request =
        ApprovalRequest { request_id: RequestId::new("r"), tool_name: "Bash".into(), input, suggestions: None };
    store.request_approval(asks, request).expect("there").into_value();
    (store, jobs)
}

fn job(number: u32, prompt: &str, project_id: ProjectId) -> Job {
    let id = SessionId::new(Uuid::from_u128(0x7000_8000_0000 << 64 | u128::from(number)));
    let new = NewSession { id, project_id, agent: "builtin".into(), prompt: prompt.into(), title: None, model: None };
    let mut job = Job::new(Task::Start(new));
    job.phase = Phase::Working;
    job
}

fn end(store: &Store, id: SessionId, status: SessionStatus, error: Option<&str>) {
    let end = TurnEnd { status, error: error.map(str::to_owned), approvals: ApprovalEnd::Expired };
    store.end_turn(id, end).expect("running").into_value();
}

fn view<'a>(state: &'a State, jobs: &'a [Job]) -> View<'a> {
    View { state, jobs, durable: Revision::ZERO, now: now() }
}

#[tokio::test]
async fn the_board_shows_how_each_stands() {
    let (store, mut jobs) = scene().await;
    jobs.push(Job::new(job(9, "wait for a slot", jobs_project(&jobs)).task));
    let (mut output, said) = Output::kept(Reader::Person);
    let state = store.snapshot();
    Board::new().end(ExitCode::Ok, view(&state, &jobs), &mut output).expect("painted");
    insta::assert_snapshot!(said(), @"
    ID        STATUS      TIME   COST  TITLE            LAST
    00000000  running    10.0s      -  think            the last line
    00000001  completed    0ms  $0.01  finish
    00000002  failed       0ms      -  fail             no more credit
    00000003  asks       10.0s      -  ask              Bash git push
    00000009  waiting                  wait for a slot

    2 running · 1 completed · 1 failed · 1 not started · $0.01
    ");
}

fn jobs_project(jobs: &[Job]) -> ProjectId {
    match &jobs[0].task {
        Task::Start(new) => new.project_id,
        Task::Say { .. } => unreachable!("all are new"),
    }
}

fn not_started() -> ClientError {
    let (code, message) = ("agent_not_started".to_owned(), "Failed to start agent: no such program".to_owned());
    ClientError::Refused { status: 502, code, message, hint: None }
}

#[tokio::test]
async fn each_ending_is_one_line() {
    let (store, mut jobs) = scene().await;
    jobs[3].phase = Phase::Unanswered;
    jobs[0].phase = Phase::NotStarted(not_started());
    let state = store.snapshot();
    let lines: Vec<String> = jobs.iter().map(|job| ending::outcome(job, &state)).collect();
    insta::assert_snapshot!(anstream::adapter::strip_str(&lines.join("\n")).to_string(), @"
    ✘ not started · Failed to start agent: no such program
    ✔ completed · $0.01
    ✘ failed · no more credit
    ? stopped: nobody was there to answer
    ");
}

#[rstest]
#[case::all_well(&[1], ExitCode::Ok)]
#[case::one_failed(&[1, 2], ExitCode::AgentFailed)]
#[case::an_unanswered_question_goes_before_a_failure(&[2, 3], ExitCode::NeedsAnswer)]
#[tokio::test]
async fn of_several_endings_the_worst_counts(#[case] which: &[usize], #[case] code: ExitCode) {
    let (store, mut jobs) = scene().await;
    jobs[3].phase = Phase::Unanswered;
    let jobs: Vec<Job> = which.iter().map(|number| jobs[*number].clone()).collect();
    assert_eq!(ending::exit_code(&jobs, &store.snapshot()), code);
}

#[tokio::test]
async fn a_session_with_a_waiting_message_is_not_at_rest_unless_it_could_not_be_sent() {
    let (store, jobs) = scene().await;
    let (running, completed) = (jobs[0].session(), jobs[1].session());
    let at_rest = |id| store.read(|state| is_at_rest(state, id));
    assert!(!at_rest(running));
    assert!(at_rest(completed));
    store.queue_message(completed, "and then").expect("queued").into_value();
    assert!(!at_rest(completed));
    store.set_session_error(completed, Some("it was not sent".into())).expect("there").into_value();
    assert!(at_rest(completed));
}

#[tokio::test]
async fn json_lines_end_with_the_outcome_once_all_is_on_disk() {
    let (store, jobs) = scene().await;
    let (mut output, said) = Output::kept(Reader::Program);
    let mut stage = JsonLines::new();
    let seen = store.snapshot();
    stage.end(ExitCode::AgentFailed, view(&seen, &jobs[2..3]), &mut output).expect("kept for later");
    assert_eq!(said(), "");
    stage.close(Revision::new(7), &mut output).expect("printed");
    let id = jobs[2].session();
    let expected = format!(
        "{{\"type\":\"durable\",\"revision\":7}}\n{{\"type\":\"end\",\"exit_code\":5,\"sessions\":[{{\"session_id\":\"{id}\",\
         \"status\":\"failed\",\"error\":\"no more credit\"}}]}}\n"
    );
    assert_eq!(said(), expected);
}

#[test]
fn what_was_saved_is_counted() {
    assert_eq!(ending::saved(&[], &State::default()), "saved: 0 messages in 0 sessions");
}
