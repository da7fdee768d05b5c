//! What the agent has us do, and who is asked before.

use rstest::rstest;

use super::*;
use crate::protocol::Errand;

impl Stage {
    fn request(&mut self, id: u32, method: &str, params: Value) {
        let mut params = params;
        params["sessionId"] = json!("s");
        self.say(json!({"id": id, "method": method, "params": params}));
    }

    fn write(&mut self, id: u32, path: &str) {
        self.request(id, "fs/write_text_file", json!({"path": path, "content": "new"}));
    }

    fn run(&mut self, id: u32, command: &str) {
        self.request(id, "terminal/create", json!({"command": command}));
    }

    /// The errands begun since the last look, one word each.
    fn errands(&mut self) -> Vec<String> {
        let word = |(_, errand)| match errand {
            Errand::ReadFile { path, first, lines_max } => format!("read {path} {first:?} {lines_max:?}"),
            Errand::WriteFile { path, .. } => format!("write {path}"),
            Errand::Run(run) => format!("run {} {}", run.command, run.args.join(",")),
            Errand::Look(name) => format!("look {name}"),
            Errand::Wait(name) => format!("wait {name}"),
            Errand::Kill(name) => format!("kill {name}"),
            Errand::Release(name) => format!("release {name}"),
        };
        self.out.errands.drain(..).map(word).collect()
    }

    fn done(&mut self, id: u64, outcome: Result<Done, Undone>) {
        self.acp.done(ErrandId(id), outcome, &mut self.out);
        self.note();
    }

    fn answer_approval(&mut self, request: &str, answer: Answer) {
        self.command(AgentCommand::AnswerApproval { request_id: RequestId::new(request), answer });
    }
}

#[test]
fn looking_needs_no_question() {
    let mut stage = Stage::in_turn();
    stage.request(1, "fs/read_text_file", json!({"path": "/p/a", "line": 2, "limit": 3}));
    stage.request(2, "terminal/output", json!({"terminalId": "x"}));
    assert_eq!(stage.errands(), ["read /p/a Some(2) Some(3)", "look x"]);
    stage.done(1, Ok(Done::Text("b\n".into())));
    stage.done(2, Ok(Done::Output { text: "so far".into(), is_cut: true, exit: None }));
    insta::assert_snapshot!(stage.story, @r#"
    > {"jsonrpc":"2.0","id":1,"result":{"content":"b\n"}}
    > {"jsonrpc":"2.0","id":2,"result":{"output":"so far","truncated":true}}
    "#);
}

#[test]
fn what_the_agent_did_not_ask_for_is_asked_in_its_place() {
    let mut stage = Stage::in_turn();
    stage.write(1, "/p/a");
    stage.request(2, "terminal/create", json!({"command": "git", "args": ["commit", "-m", "a b"], "cwd": "/p"}));
    assert!(stage.errands().is_empty(), "nothing is done before the answer");
    stage.answer_approval("#1", Answer::ALLOW);
    stage.answer_approval("#2", Answer::Deny);
    assert_eq!(stage.errands(), ["write /p/a"]);
    stage.done(1, Ok(Done::Plainly));
    insta::assert_snapshot!(stage.story, @r##"
    {"type":"approval_requested","request_id":"#1","tool_name":"write","input":{"path":"/p/a","content":"new"}}
    {"type":"approval_requested","request_id":"#2","tool_name":"execute","input":{"command":"git commit -m 'a b'","cwd":"/p"}}
    # command 2 delivered
    > {"jsonrpc":"2.0","id":2,"error":{"code":-32603,"message":"the user does not allow this"}}
    # command 3 delivered
    > {"jsonrpc":"2.0","id":1,"result":{}}
    "##);
}

#[rstest]
#[case::just_that(Answer::ALLOW, &["run ls "], 1)]
#[case::for_good(Answer::Allow { updated_permissions: Some(json!([{"optionId": "a"}])) }, &["run ls ", "run ls ", "run make "], 0)]
#[case::denied(Answer::Deny, &[], 3)]
fn nobody_is_asked_twice_for_one_thing(#[case] answer: Answer, #[case] run: &[&str], #[case] asked: usize) {
    let mut stage = Stage::in_turn();
    stage.ask_permission(&json!(0));
    stage.answer_approval("t1#0", answer);
    stage.story.clear();
    stage.run(1, "ls");
    if run.len() != 1 {
        stage.run(2, "ls");
    }
    stage.run(3, "make");
    assert_eq!(stage.errands(), run);
    assert_eq!(stage.story.matches("approval_requested").count(), asked);
}

#[test]
fn a_stopped_turn_writes_and_runs_nothing_more() {
    let mut stage = Stage::in_turn();
    stage.write(1, "/p/a");
    stage.story.clear();
    stage.command(AgentCommand::Abort);
    stage.run(2, "ls");
    stage.answer_approval("#1", Answer::ALLOW);
    assert!(stage.errands().is_empty());
    insta::assert_snapshot!(stage.story, @r##"
    {"type":"approval_withdrawn","request_id":"#1"}
    > {"jsonrpc":"2.0","method":"session/cancel","params":{"sessionId":"s"}}
    # command 2 delivered
    > {"jsonrpc":"2.0","id":1,"error":{"code":-32800,"message":"Request cancelled"}}
    > {"jsonrpc":"2.0","id":2,"error":{"code":-32800,"message":"Request cancelled"}}
    # command 3 refused: the agent no longer waits for this answer
    "##);
}

#[test]
fn a_command_has_a_life_of_its_own() {
    let mut stage = Stage::in_turn();
    stage.ask_permission(&json!(0));
    stage.answer_approval("t1#0", Answer::ALLOW);
    stage.story.clear();
    stage.run(1, "ls");
    stage.done(1, Ok(Done::Started("terminal-1".into())));
    for (id, method) in [(2, "terminal/wait_for_exit"), (3, "terminal/kill"), (4, "terminal/release")] {
        stage.request(id, method, json!({"terminalId": "terminal-1"}));
    }
    assert_eq!(stage.errands(), ["run ls ", "wait terminal-1", "kill terminal-1", "release terminal-1"]);
    stage.done(2, Ok(Done::Ended(ExitStatus::Code(3))));
    stage.done(3, Ok(Done::Plainly));
    let ended = Some(ExitStatus::Code(3));
    stage.done(4, Ok(Done::Output { text: "a.txt".into(), is_cut: false, exit: ended }));
    let terminal = json!([{"type": "terminal", "terminalId": "terminal-1"}]);
    stage.update(
        &json!({"sessionUpdate": "tool_call_update", "toolCallId": "t1", "status": "completed", "content": terminal}),
    );
    insta::assert_snapshot!(stage.story, @r#"
    > {"jsonrpc":"2.0","id":1,"result":{"terminalId":"terminal-1"}}
    > {"jsonrpc":"2.0","id":2,"result":{"exitCode":3}}
    > {"jsonrpc":"2.0","id":3,"result":{}}
    > {"jsonrpc":"2.0","id":4,"result":{}}
    {"type":"tool_result","id":"t1","name":"execute","output":"a.txt"}
    "#);
}

#[test]
fn what_cannot_be_done_is_answered_all_the_same() {
    let mut stage = Stage::in_turn();
    stage.request(1, "fs/read_text_file", json!({"path": "/p/gone"}));
    stage.request(2, "fs/read_text_file", json!({"path": "/etc/passwd"}));
    stage.done(1, Err(Undone::Missing("`/p/gone` is not there".into())));
    stage.done(2, Err(Undone::Failed("outside".into())));
    stage.say(json!({"id": 3, "method": "fs/read_text_file", "params": {"sessionId": "other", "path": "/p/a"}}));
    stage.request(4, "terminal/create", json!({"args": 7}));
    stage.done(99, Ok(Done::Plainly));
    insta::assert_snapshot!(stage.story, @r#"
    > {"jsonrpc":"2.0","id":1,"error":{"code":-32002,"message":"Resource not found: `/p/gone` is not there"}}
    > {"jsonrpc":"2.0","id":2,"error":{"code":-32603,"message":"outside"}}
    > {"jsonrpc":"2.0","id":3,"error":{"code":-32603,"message":"there is no such session"}}
    Malformed {"args":7,"sessionId":"s"}
    {"type":"unknown","kind":"terminal/create","raw":{"args":7,"sessionId":"s"}}
    > {"jsonrpc":"2.0","id":4,"error":{"code":-32602,"message":"Invalid params"}}
    "#);
}

#[test]
fn errands_are_bounded() {
    let mut stage = Stage::in_turn();
    for id in 0..=256 {
        stage.request(id, "fs/read_text_file", json!({"path": "/p/a"}));
    }
    assert_eq!(stage.errands().len(), 256);
    assert!(stage.story.contains("too much is asked for at once"), "{}", stage.story);
}
