//! Scenes that a person could play: every one through the command line.

use std::fs;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use switchboard_domain::{SessionChange, SessionStatus};
use switchboard_tests::{Running, eventually};

use crate::stage::{ExpectStream, Stage, changes};

/// A word that the model can only know from an earlier turn.
const SECRET: &str = "zebra";

/// A prompt whose answer takes half a minute.
const SLOW: &str = "SLOW please";

/// The longest that an interrupted agent may live on.
const END_MAX: Duration = Duration::from_secs(10);

pub(crate) fn prompt(stage: &Stage<'_>) -> String {
    let stream = stage.run(&[], "say hello", 0);
    assert!(stage.last_words().contains("You said: say hello"), "{}", stage.transcript());
    let pieces = changes(&stream).filter(|change| matches!(change, SessionChange::ContentStreamed { .. })).count();
    assert!(pieces > 1, "the text came in {pieces} pieces");
    let transcript = stage.transcript();
    let usage = transcript["messages"].as_array().into_iter().flatten().any(|message| !message["usage"].is_null());
    let cost = !transcript["session"]["cost"].is_null() && transcript["session"]["cost"] != 0.0;
    match (usage, cost) {
        (true, true) => "tokens and cost".to_owned(),
        (true, false) => "tokens, no cost".to_owned(),
        (false, true) => "cost, no tokens".to_owned(),
        (false, false) => "neither tokens nor cost".to_owned(),
    }
}

pub(crate) fn thinking(stage: &Stage<'_>) -> String {
    let stream = stage.run(&[], "THINK a little", 0);
    let thought = changes(&stream).any(|change| matches!(change, SessionChange::ThinkingStreamed { .. }));
    assert!(thought, "no thinking was streamed");
    let transcript = stage.transcript();
    let kept = transcript["messages"].as_array().into_iter().flatten();
    let kept = kept.filter_map(|message| message["thinking"].as_str()).any(|text| text.contains("think about this"));
    assert!(kept, "no thinking was kept: {transcript}");
    String::new()
}

pub(crate) fn allow(stage: &Stage<'_>) -> String {
    let stream = stage.run(&["--approve", "all"], stage.role.tool_prompt(), 0);
    assert!(asked(&stream) > 0, "nobody was asked: {}", stage.transcript());
    let made = fs::read_to_string(stage.made_file());
    assert_eq!(made.ok().as_deref(), Some("hi\n"), "the command did not run: {}", stage.transcript());
    assert!(stage.last_words().contains("all done"), "{}", stage.transcript());
    let calls = calls(stage);
    assert!(!calls.is_empty(), "the call is not in the transcript");
    if calls.iter().all(|call| call["output"].is_null()) { "no result shown".to_owned() } else { String::new() }
}

pub(crate) fn deny(stage: &Stage<'_>) -> String {
    let stream = stage.run(&["--approve", "none"], stage.role.tool_prompt(), 0);
    assert!(asked(&stream) > 0, "nobody was asked: {}", stage.transcript());
    assert!(!stage.made_file().exists(), "the command ran all the same");
    if stage.last_words().contains("all done") { String::new() } else { "the no ended the turn".to_owned() }
}

pub(crate) fn error(stage: &Stage<'_>) -> String {
    let ended = stage.start(&[], "please FAIL").wait();
    if ended.code() == 0 && stage.last_words().contains("fake failure") {
        return "only in the agent's words".to_owned();
    }
    ended.expect_code(5);
    let transcript = stage.transcript();
    let session = &transcript["session"];
    assert_eq!(session["status"], "failed");
    assert!(session["error"].as_str().is_some_and(|error| error.contains("fake failure")), "{session}");
    String::new()
}

pub(crate) fn interrupt(stage: &Stage<'_>) -> String {
    let running = streaming(stage.start(&[], SLOW));
    let began = Instant::now();
    running.interrupt();
    let ended = running.wait();
    let took = began.elapsed();
    ended.expect_code(130);
    assert_gone(stage);
    assert_eq!(stage.transcript()["session"]["status"], "aborted");
    assert!(said_something(stage), "what was said is lost");
    assert!(took < END_MAX, "it took {took:?}");
    format!("{:.1} s", took.as_secs_f64())
}

pub(crate) fn kill_agent(stage: &Stage<'_>) -> String {
    stage.run(&[], &format!("remember {SECRET}"), 0);
    let running = streaming(stage.start_sending(SLOW));
    kill_worker(stage, running);
    goes_on(stage, SECRET)
}

pub(crate) fn kill_agent_in_first_turn(stage: &Stage<'_>) -> String {
    let running = streaming(stage.start(&[], SLOW));
    kill_worker(stage, running);
    goes_on(stage, "SLOW")
}

pub(crate) fn kill_switchboard(stage: &Stage<'_>) -> String {
    stage.run(&[], &format!("remember {SECRET}"), 0);
    let running = streaming(stage.start_sending(SLOW));
    running.kill_nine();
    drop(running);
    goes_on(stage, SECRET)
}

/// Kills the agent under `running`, which must say so and keep what was said.
fn kill_worker(stage: &Stage<'_>, running: Running) {
    kill_nine(worker(stage).expect("a process"));
    running.wait().expect_stream(5);
    let session = stage.transcript()["session"].clone();
    assert_eq!(session["status"], "failed", "{session}");
    assert!(said_something(stage), "what was said is lost");
}

pub(crate) fn resume(stage: &Stage<'_>) -> String {
    stage.run(&[], &format!("remember {SECRET}"), 0);
    assert_gone(stage);
    goes_on(stage, SECRET)
}

/// Sends another prompt to the newest session, in a new process, and checks that it is the same conversation.
fn goes_on(stage: &Stage<'_>, word: &str) -> String {
    let before = stage.conversation();
    let stream = stage.send("and now?");
    assert_eq!(changes(&stream).filter(|change| is_completed(change)).count(), 1, "one turn, that ended well");
    assert!(stage.last_words().contains("You said: and now?"), "{}", stage.transcript());
    assert_eq!(stage.conversation(), before, "another conversation");
    assert!(stage.model_was_told("and now?", word), "the model was not told what was said before");
    assert_gone(stage);
    String::new()
}

/// The same run, once its first words have come.
fn streaming(running: Running) -> Running {
    running.stdout.wait_for_text("w2 ");
    running
}

fn said_something(stage: &Stage<'_>) -> bool {
    let transcript = stage.transcript();
    let texts = transcript["messages"].as_array().into_iter().flatten();
    let texts = texts.filter_map(|message| message["content"].as_str());
    texts.chain(transcript["draft"]["content"].as_str()).any(|text| text.contains("w1 "))
}

fn asked(stream: &switchboard_tests::Stream) -> usize {
    changes(stream).filter(|change| matches!(change, SessionChange::ApprovalRequested { .. })).count()
}

const fn is_completed(change: &SessionChange) -> bool {
    matches!(change, SessionChange::StatusChanged { status: SessionStatus::Completed, .. })
}

/// The tool calls of the newest session.
fn calls(stage: &Stage<'_>) -> Vec<Value> {
    let transcript = stage.transcript();
    let messages = transcript["messages"].as_array().into_iter().flatten();
    messages.filter_map(|message| message["tool_calls"].as_array()).flatten().cloned().collect()
}

/// The process of the newest session's agent.
fn worker(stage: &Stage<'_>) -> Option<i32> {
    let pid = stage.transcript()["session"]["worker"]["pid"].as_i64()?;
    i32::try_from(pid).ok()
}

fn kill_nine(pid: i32) {
    let pid = Pid::from_raw(pid).expect("a process id");
    kill_process(pid, Signal::KILL).expect("it runs");
}

/// Waits until no process works for a session of this stage any more.
fn assert_gone(stage: &Stage<'_>) {
    let session = stage.transcript()["session"]["id"].as_str().expect("an id").to_owned();
    let mark = format!("SWITCHBOARD_SESSION={session}");
    eventually("the end of the agent's processes", || (!is_marked(&mark)).then_some(()));
}

fn is_marked(mark: &str) -> bool {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes.into_iter().any(|process| {
        let environment = fs::read(process.path().join("environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
    })
}
