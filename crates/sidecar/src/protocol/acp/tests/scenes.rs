//! Single scenes, played by hand.

use rstest::rstest;

use super::*;

#[test]
fn the_first_prompt_waits_until_the_agent_is_ready() {
    let mut stage = Stage::new(&agent());
    stage.command(AgentCommand::Start(begin()));
    stage.answer(&json!({"protocolVersion": 1}));
    stage.answer(&json!({"sessionId": "s"}));
    stage.chunk("hi");
    stage.answer(&json!({"stopReason": "end_turn"}));
    stage.command(AgentCommand::SendMessage { text: "more".into() });
    stage.command(AgentCommand::End);
    insta::assert_snapshot!(stage.story, @r#"
    > {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":1,"clientCapabilities":{"fs":{"readTextFile":true,"writeTextFile":true},"terminal":true,"auth":{"terminal":false}},"clientInfo":{"name":"switchboard","version":"VERSION"}}}
    > {"jsonrpc":"2.0","id":2,"method":"session/new","params":{"cwd":"/p","mcpServers":[]}}
    {"type":"session_started","agent_session_id":"s"}
    > {"jsonrpc":"2.0","id":3,"method":"session/prompt","params":{"sessionId":"s","prompt":[{"type":"text","text":"hello"}]}}
    # command 1 delivered
    {"type":"content_delta","text":"hi"}
    {"type":"message","role":"assistant","content":"hi"}
    {"type":"completed","agent_session_id":"s","total_cost":null}
    > {"jsonrpc":"2.0","id":4,"method":"session/prompt","params":{"sessionId":"s","prompt":[{"type":"text","text":"more"}]}}
    # command 2 delivered
    # command 3 delivered
    # input closed
    "#);
}

#[test]
fn a_mode_and_a_model_are_chosen_before_the_first_prompt() {
    let mut agent = agent();
    agent.mode = Some("ro".into());
    let mut stage = Stage::new(&agent);
    stage.command(AgentCommand::Start(StartSession { model: Some("pro".into()), ..begin() }));
    stage.answer(&json!({"protocolVersion": 1}));
    stage.answer(&json!({
        "sessionId": "s",
        "modes": {"currentModeId": "rw", "availableModes": [{"id": "ro", "name": "Read only"}]},
        "models": {"currentModelId": "auto", "availableModels": [{"modelId": "pro", "name": "Pro"}]},
    }));
    stage.answer(&json!({}));
    stage.answer(&Value::Null);
    let methods: Vec<_> = stage.requests.iter().map(|(_, method)| method.as_str()).collect();
    assert_eq!(methods, ["initialize", "session/new", "session/set_mode", "session/set_model", "session/prompt"]);
}

/// Why the start is refused when the agent's answers are `answers`.
fn refusal(agent: &AgentSpec, start: StartSession, answers: &[Result<Value, Value>]) -> String {
    let mut stage = Stage::new(agent);
    stage.command(AgentCommand::Start(start));
    for answer in answers {
        match answer {
            Ok(result) => stage.answer(result),
            Err(error) => stage.fail(error),
        }
    }
    let refused = stage.story.lines().find_map(|line| line.strip_prefix("# command 1 refused: "));
    refused.expect("refused").to_owned()
}

fn failure(message: &str) -> Result<Value, Value> {
    Err(json!({"code": -32603, "message": message}))
}

fn resumed() -> StartSession {
    StartSession { resume: Some(AgentSessionId::new("old")), ..begin() }
}

#[rstest]
#[case::greeting(begin(), &[failure("not today")], "the agent refused to begin: not today")]
#[case::version(begin(), &[Ok(json!({"protocolVersion": 2}))],
    "the agent speaks version 2 of the protocol, and only version 1 is understood")]
#[case::nonsense(begin(), &[Ok(json!("hi"))], "the agent's greeting makes no sense: \"hi\"")]
#[case::no_session(begin(), &[Ok(json!({"protocolVersion": 1})), failure("no room")], "the agent opened no session: no room")]
#[case::nameless(begin(), &[Ok(json!({"protocolVersion": 1})), Ok(json!({}))], "the agent's session has no id: {}")]
#[case::no_memory(resumed(), &[Ok(json!({"protocolVersion": 1}))],
    "the agent cannot go on with an earlier conversation; start a new session")]
#[case::unknown_conversation(resumed(),
    &[Ok(json!({"protocolVersion": 1, "agentCapabilities": {"loadSession": true}})), failure("no such session")],
    "the agent cannot go on with the conversation old: no such session")]
#[case::model(StartSession { model: Some("x".into()), ..begin() },
    &[Ok(json!({"protocolVersion": 1})), Ok(json!({"sessionId": "s"}))],
    "the agent lets nobody choose its model over this protocol, and \"x\" was asked for")]
#[case::not_logged_in(begin(),
    &[Ok(json!({"protocolVersion": 1, "authMethods": [{"id": "l", "name": "Log in", "description": "Run `agent login`"}]})),
        Err(json!({"code": -32000, "message": "Authentication required"}))],
    "the agent is not logged in (Authentication required); log in with its own program first. It offers:")]
fn a_start_that_fails_says_why(
    #[case] start: StartSession,
    #[case] answers: &[Result<Value, Value>],
    #[case] reason: &str,
) {
    assert_eq!(refusal(&agent(), start, answers), reason);
}

#[test]
fn a_mode_that_is_refused_fails_the_start() {
    let mut agent = agent();
    agent.mode = Some("ro".into());
    let modes = json!({"currentModeId": "rw", "availableModes": [{"id": "ro", "name": "Read only"}]});
    let answers = [Ok(json!({"protocolVersion": 1})), Ok(json!({"sessionId": "s", "modes": modes})), failure("no")];
    assert_eq!(refusal(&agent, begin(), &answers), "the agent refused to choose the mode \"ro\": no");
}

#[test]
fn a_loaded_conversation_is_not_told_again() {
    let mut stage = Stage::new(&agent());
    stage.command(AgentCommand::Start(StartSession { resume: Some(AgentSessionId::new("s")), ..begin() }));
    stage.answer(&json!({"protocolVersion": 1, "agentCapabilities": {"loadSession": true}}));
    stage.story.clear();
    stage.update(&json!({"sessionUpdate": "user_message_chunk", "content": {"type": "text", "text": "old"}}));
    stage.chunk("old");
    stage.update(&json!({"sessionUpdate": "tool_call", "toolCallId": "t0", "title": "old", "status": "completed"}));
    stage.update(&json!({"sessionUpdate": "current_mode_update", "currentModeId": "plan"}));
    stage.answer(&Value::Null);
    stage.chunk("new");
    stage.answer(&json!({"stopReason": "end_turn"}));
    insta::assert_snapshot!(stage.story, @r#"
    {"type":"unknown","kind":"current_mode_update","raw":{"sessionUpdate":"current_mode_update","currentModeId":"plan"}}
    {"type":"session_started","agent_session_id":"s"}
    > {"jsonrpc":"2.0","id":3,"method":"session/prompt","params":{"sessionId":"s","prompt":[{"type":"text","text":"hello"}]}}
    # command 1 delivered
    {"type":"content_delta","text":"new"}
    {"type":"message","role":"assistant","content":"new"}
    {"type":"completed","agent_session_id":"s","total_cost":null}
    "#);
}

#[rstest]
#[case::yes(Answer::ALLOW, "y")]
#[case::always(Answer::Allow { updated_permissions: Some(json!([{"optionId": "a"}])) }, "a")]
#[case::no(Answer::Deny, "n")]
fn an_approval_is_answered_once(#[case] answer: Answer, #[case] option: &str) {
    let mut stage = Stage::in_turn();
    stage.ask_permission(&json!("q"));
    stage.story.clear();
    let answer = AgentCommand::AnswerApproval { request_id: RequestId::new("t1/q"), answer };
    stage.command(answer.clone());
    stage.command(answer);
    let outcome = format!(r#"{{"outcome":{{"outcome":"selected","optionId":"{option}"}}}}"#);
    let expected = format!(
        "> {{\"jsonrpc\":\"2.0\",\"id\":\"q\",\"result\":{outcome}}}\n# command 2 delivered\n\
         # command 3 refused: the agent no longer waits for this answer\n"
    );
    assert_eq!(stage.story, expected);
}

#[test]
fn a_request_shows_all_that_is_known_of_the_call() {
    let mut stage = Stage::in_turn();
    stage.chunk("I will look.");
    stage.ask_permission(&json!(0));
    insta::assert_snapshot!(stage.story, @r#"
    {"type":"content_delta","text":"I will look."}
    {"type":"message","role":"assistant","content":"I will look."}
    {"type":"tool_use","id":"t1","name":"execute","input":{"command":"ls"}}
    {"type":"approval_requested","request_id":"t1#0","tool_name":"execute","input":{"command":"ls"},"suggestions":[{"optionId":"a","name":"Always","kind":"allow_always"}]}
    "#);
}

#[test]
fn stopping_in_mid_stream_keeps_what_was_said() {
    let mut stage = Stage::in_turn();
    stage.chunk("half a ");
    stage.command(AgentCommand::Abort);
    stage.chunk("word");
    stage.answer(&json!({"stopReason": "cancelled"}));
    insta::assert_snapshot!(stage.story, @r#"
    {"type":"content_delta","text":"half a "}
    > {"jsonrpc":"2.0","method":"session/cancel","params":{"sessionId":"s"}}
    # command 2 delivered
    {"type":"content_delta","text":"word"}
    {"type":"message","role":"assistant","content":"half a word"}
    {"type":"completed","agent_session_id":"s","total_cost":null}
    "#);
}

#[test]
fn stopping_answers_what_waits_for_permission() {
    let mut stage = Stage::in_turn();
    stage.ask_permission(&json!(0));
    stage.story.clear();
    stage.command(AgentCommand::Abort);
    stage.ask_permission(&json!(1));
    stage.fail(&json!({"code": -32800, "message": "cancelled"}));
    insta::assert_snapshot!(stage.story, @r#"
    {"type":"approval_withdrawn","request_id":"t1#0"}
    > {"jsonrpc":"2.0","method":"session/cancel","params":{"sessionId":"s"}}
    # command 2 delivered
    > {"jsonrpc":"2.0","id":0,"result":{"outcome":{"outcome":"cancelled"}}}
    > {"jsonrpc":"2.0","id":1,"result":{"outcome":{"outcome":"cancelled"}}}
    {"type":"completed","agent_session_id":"s","total_cost":null}
    "#);
}

#[test]
fn stopping_before_the_agent_is_ready_sends_no_prompt() {
    let mut stage = Stage::new(&agent());
    stage.command(AgentCommand::Start(begin()));
    stage.story.clear();
    stage.command(AgentCommand::Abort);
    stage.answer(&json!({"protocolVersion": 1}));
    stage.command(AgentCommand::SendMessage { text: "x".into() });
    insta::assert_snapshot!(stage.story, @r#"
    # command 2 delivered
    # command 1 refused: it was stopped before the agent was ready
    {"type":"unknown","kind":"response","raw":{"id":1,"result":{"protocolVersion":1},"jsonrpc":"2.0"}}
    # command 3 refused: it was stopped before the agent was ready
    "#);
}

#[test]
fn ending_the_agent_stops_its_turn_and_its_questions() {
    let mut stage = Stage::in_turn();
    stage.ask_permission(&json!(0));
    stage.story.clear();
    stage.acp.stop(&mut stage.out);
    stage.note();
    insta::assert_snapshot!(stage.story, @r#"
    {"type":"approval_withdrawn","request_id":"t1#0"}
    > {"jsonrpc":"2.0","method":"session/cancel","params":{"sessionId":"s"}}
    > {"jsonrpc":"2.0","id":0,"result":{"outcome":{"outcome":"cancelled"}}}
    # input closed
    "#);
}

#[test]
fn an_agent_that_dies_leaves_its_last_words() {
    let mut stage = Stage::in_turn();
    stage.update(&json!({"sessionUpdate": "tool_call", "toolCallId": "t", "title": "make", "status": "in_progress",
        "rawInput": {"a": 1}, "content": [{"type": "content", "content": {"type": "text", "text": "compiling"}}]}));
    stage.chunk("I was about to");
    stage.story.clear();
    stage.exit();
    insta::assert_snapshot!(stage.story, @r#"
    {"type":"tool_result","id":"t","name":"make","output":{"status":"in_progress","output":"compiling"}}
    {"type":"message","role":"assistant","content":"I was about to"}
    "#);
}

#[rstest]
#[case::done(json!({"stopReason": "end_turn"}), "completed")]
#[case::denied(json!({"stopReason": "cancelled"}), "completed")]
#[case::tokens(json!({"stopReason": "max_tokens"}), "failed the model reached its limit of tokens before it was done")]
#[case::requests(json!({"stopReason": "max_turn_requests"}), "failed the agent reached its limit of requests before it was done")]
#[case::refusal(json!({"stopReason": "refusal"}), "failed the agent refused to go on")]
#[case::unheard_of(json!({"stopReason": "enlightenment"}), "unknown stopReason, completed")]
#[case::silent(json!({}), "unknown stopReason, completed")]
fn every_reason_to_stop_ends_the_turn(#[case] result: Value, #[case] expected: &str) {
    let mut stage = Stage::in_turn();
    stage.answer(&result);
    let said = stage.story.lines().map(|line| serde_json::from_str::<Value>(line).expect("an event"));
    let said = said.map(|event| match event["type"].as_str() {
        Some("failed") => format!("failed {}", event["error"].as_str().unwrap_or_default()),
        Some("unknown") => format!("unknown {}", event["kind"].as_str().unwrap_or_default()),
        other => other.unwrap_or_default().to_owned(),
    });
    assert_eq!(said.collect::<Vec<_>>().join(", "), expected);
}

#[test]
fn another_conversation_than_the_one_asked_for_is_shown() {
    let mut stage = Stage::new(&agent());
    stage.command(AgentCommand::Start(resumed()));
    stage.answer(&json!({"protocolVersion": 1, "agentCapabilities": {"sessionCapabilities": {"resume": {}}}}));
    stage.story.clear();
    stage.answer(&json!({"sessionId": "another"}));
    assert!(stage.story.contains("another conversation than the one it was asked for"), "{}", stage.story);
}

#[test]
fn what_a_failed_turn_has_cost_is_told() {
    let mut stage = Stage::in_turn();
    stage.update(
        &json!({"sessionUpdate": "usage_update", "used": 1, "size": 9, "cost": {"amount": 0.5, "currency": "USD"}}),
    );
    stage.story.clear();
    stage.fail(&json!({"code": -32603, "message": "no"}));
    insta::assert_snapshot!(stage.story, @r#"
    {"type":"spent","total_cost":0.5}
    {"type":"failed","error":"no"}
    "#);
}

#[test]
fn a_turn_that_fails_leaves_the_agent_usable() {
    let mut stage = Stage::in_turn();
    stage.fail(&json!({"code": 400, "message": "no luck"}));
    stage.command(AgentCommand::SendMessage { text: "again".into() });
    insta::assert_snapshot!(stage.story, @r#"
    {"type":"failed","error":"no luck"}
    > {"jsonrpc":"2.0","id":4,"method":"session/prompt","params":{"sessionId":"s","prompt":[{"type":"text","text":"again"}]}}
    # command 2 delivered
    "#);
}

#[test]
fn a_prompt_in_a_turn_is_refused_and_not_lost_on_the_way() {
    let mut stage = Stage::in_turn();
    stage.command(AgentCommand::SendMessage { text: "too early".into() });
    assert_eq!(stage.story, "# command 2 refused: the agent is in the middle of a turn\n");
}

#[test]
fn whatever_is_asked_gets_an_answer() {
    let mut stage = Stage::in_turn();
    stage.say(json!({"id": "r", "method": "elicitation/create", "params": {"sessionId": "s"}}));
    stage.say(json!({"id": 5, "method": "session/request_permission", "params": {"toolCall": 7}}));
    insta::assert_snapshot!(stage.story, @r#"
    {"type":"unknown","kind":"elicitation/create","raw":{"id":"r","method":"elicitation/create","params":{"sessionId":"s"},"jsonrpc":"2.0"}}
    > {"jsonrpc":"2.0","id":"r","error":{"code":-32601,"message":"Method not found"}}
    Malformed {"toolCall":7}
    {"type":"unknown","kind":"session/request_permission","raw":{"toolCall":7}}
    > {"jsonrpc":"2.0","id":5,"error":{"code":-32602,"message":"Invalid params"}}
    "#);
}

#[test]
fn an_agent_may_take_its_question_back() {
    let mut stage = Stage::in_turn();
    stage.ask_permission(&json!(0));
    stage.story.clear();
    stage.say(json!({"method": "$/cancel_request", "params": {"requestId": 0}}));
    insta::assert_snapshot!(stage.story, @r#"
    {"type":"approval_withdrawn","request_id":"t1#0"}
    > {"jsonrpc":"2.0","id":0,"error":{"code":-32800,"message":"Request cancelled"}}
    "#);
}

#[test]
fn what_has_no_place_is_kept_as_it_came() {
    let mut stage = Stage::in_turn();
    stage.update(
        &json!({"sessionUpdate": "plan", "entries": [{"content": "a", "priority": "high", "status": "pending"}]}),
    );
    stage.update(&json!({"sessionUpdate": "hologram", "zeta": 1, "alpha": 2}));
    stage.update(&json!({"sessionUpdate": "tool_call", "title": "no id"}));
    stage.update(&json!({"sessionUpdate": "agent_message_chunk", "content": {"type": "image", "data": "aGk=", "mimeType": "image/png"}}));
    stage.say(json!({"method": "_vendor/thing", "params": 1}));
    stage.say(json!({"id": 99, "result": "to nothing"}));
    stage.say(json!({"method": "session/update", "params": {"sessionId": "other", "update": {"sessionUpdate": "plan", "entries": []}}}));
    stage.read("Welcome!");
    stage.read(r#"[mcp] {"jsonrpc":"2.0","method":"_vendor/late"}"#);
    insta::assert_snapshot!(stage.story, @r#"
    {"type":"unknown","kind":"plan","raw":{"sessionUpdate":"plan","entries":[{"content":"a","priority":"high","status":"pending"}]}}
    {"type":"unknown","kind":"hologram","raw":{"sessionUpdate":"hologram","zeta":1,"alpha":2}}
    Malformed {"sessionUpdate":"tool_call","title":"no id"}
    {"type":"unknown","kind":"tool_call","raw":{"sessionUpdate":"tool_call","title":"no id"}}
    {"type":"unknown","kind":"agent_message_chunk","raw":{"sessionUpdate":"agent_message_chunk","content":{"type":"image","data":"aGk=","mimeType":"image/png"}}}
    {"type":"unknown","kind":"_vendor/thing","raw":{"method":"_vendor/thing","params":1,"jsonrpc":"2.0"}}
    {"type":"unknown","kind":"response","raw":{"id":99,"result":"to nothing","jsonrpc":"2.0"}}
    WrongSession {"sessionId":"other","update":{"sessionUpdate":"plan","entries":[]}}
    Junk Welcome!
    Junk [mcp] 
    {"type":"unknown","kind":"_vendor/late","raw":{"jsonrpc":"2.0","method":"_vendor/late"}}
    "#);
}

#[test]
fn links_and_embedded_texts_are_part_of_what_is_said() {
    let mut stage = Stage::in_turn();
    let link = json!({"type": "resource_link", "name": "a.rs", "uri": "file:///p/a.rs"});
    stage.update(&json!({"sessionUpdate": "agent_message_chunk", "content": link}));
    let text = json!({"type": "resource", "resource": {"uri": "file:///p/b", "text": " and b"}});
    stage.update(&json!({"sessionUpdate": "agent_message_chunk", "content": text}));
    stage.answer(&json!({"stopReason": "end_turn"}));
    assert!(stage.story.contains(r#""content":"[a.rs](file:///p/a.rs) and b""#), "{}", stage.story);
}

#[test]
fn tools_called_before_a_text_stand_before_it() {
    let mut stage = Stage::in_turn();
    stage.chunk("first");
    stage.update(&json!({"sessionUpdate": "tool_call", "toolCallId": "t", "title": "ls", "rawInput": {"a": 1}}));
    stage.update(&json!({"sessionUpdate": "tool_call_update", "toolCallId": "t", "status": "completed"}));
    stage.chunk("last");
    let usage = json!({"inputTokens": 3, "outputTokens": 2, "totalTokens": 5});
    stage.answer(&json!({"stopReason": "end_turn", "usage": usage}));
    insta::assert_snapshot!(stage.story, @r#"
    {"type":"content_delta","text":"first"}
    {"type":"message","role":"assistant","content":"first"}
    {"type":"tool_use","id":"t","name":"ls","input":{"a":1}}
    {"type":"tool_result","id":"t","name":"ls","output":""}
    {"type":"message","role":"assistant","content":""}
    {"type":"content_delta","text":"last"}
    {"type":"message","role":"assistant","content":"last","usage":{"input_tokens":3,"output_tokens":2,"cache_read_tokens":0,"cache_write_tokens":0}}
    {"type":"completed","agent_session_id":"s","total_cost":null}
    "#);
}
