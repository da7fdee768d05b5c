//! What a reader sees of a session.

use std::sync::Arc;

use serde_json::json;
use switchboard_domain::{
    Answer, Approval, ApprovalRequest, Draft, MessageBody, MessageId, RequestId, Seq, SessionId, Timestamp, ToolResult,
};
use uuid::Uuid;

use super::*;

fn message(body: MessageBody) -> SessionChange {
    let (id, session_id) = (MessageId::new(Uuid::nil()), SessionId::new(Uuid::nil()));
    let message = Message { id, session_id, seq: Seq::FIRST, body, created_at: Timestamp::from_micros(0) };
    SessionChange::MessageAppended { message: Arc::new(message) }
}

fn says(role: Role, text: &str) -> SessionChange {
    message(MessageBody::text(role, text))
}

fn streams(text: &str) -> SessionChange {
    SessionChange::ContentStreamed { text: text.to_owned() }
}

fn thinks(text: &str) -> SessionChange {
    SessionChange::ThinkingStreamed { text: text.to_owned() }
}

fn call(id: &str, command: &str) -> ToolCall {
    ToolCall {
        id: Some(ToolCallId::new(id)),
        name: "Bash".into(),
        input: json!({"command": command}),
        output: None,
        is_error: false,
    }
}

fn calls(id: &str, command: &str) -> SessionChange {
    SessionChange::ToolCalled { call: Box::new(call(id, command)) }
}

fn answers(id: &str, output: &str) -> SessionChange {
    let result =
        ToolResult { id: Some(ToolCallId::new(id)), name: "Bash".into(), output: json!(output), is_error: false };
    SessionChange::ToolAnswered { result }
}

fn asks(command: &str) -> SessionChange {
    let request = ApprovalRequest {
        request_id: RequestId::new("apr_1"),
        tool_name: "Bash".into(),
        input: json!({"command": command}),
        suggestions: None,
    };
    let approval = Approval::new(SessionId::new(Uuid::nil()), request, Timestamp::from_micros(0));
    SessionChange::ApprovalRequested { approval: Box::new(approval) }
}

fn heard(narrator: &mut Narrator, changes: &[SessionChange]) -> Vec<Utterance> {
    changes.iter().flat_map(|change| narrator.tell(change)).collect()
}

/// What a person sees, without the colours.
fn seen(pace: Pace, changes: &[SessionChange]) -> String {
    let mut narrator = Narrator::new(Audience::Terminal { columns: 100 }, pace);
    let text: String = heard(&mut narrator, changes).into_iter().map(|utterance| utterance.text).collect();
    anstream::adapter::strip_str(&text).to_string()
}

fn a_turn() -> Vec<SessionChange> {
    let mut last = MessageBody::text(Role::Assistant, "All green now.");
    last.tool_calls = vec![ToolCall { output: Some(json!("ok\n3 passed")), ..call("t1", "cargo test") }];
    vec![
        says(Role::User, "fix the build\nplease"),
        thinks("Let me "),
        thinks("look."),
        streams("I'll run "),
        streams("the tests."),
        says(Role::Assistant, "I'll run the tests."),
        calls("t1", "cargo test"),
        answers("t1", "ok\n3 passed"),
        calls("t2", "git commit"),
        asks("git commit"),
        SessionChange::ApprovalAnswered {
            request_id: RequestId::new("apr_1"),
            answer: Answer::Deny,
            at: Timestamp::from_micros(0),
        },
        streams("All green now."),
        message(last),
        says(Role::System, "budget nearly spent"),
    ]
}

#[test]
fn a_person_sees_all_of_it_once_as_it_comes() {
    insta::assert_snapshot!(seen(Pace::AsItComes, &a_turn()), @"
    > fix the build
    > please

    Let me look.

    I'll run the tests.

      Bash cargo test
      └ ok (+1 line)
      Bash git commit

    ? Bash git commit
      refused

    All green now.

    budget nearly spent
    ");
}

#[test]
fn message_by_message_is_the_same_without_unfinished_text() {
    let whole = seen(Pace::Whole, &a_turn());
    // Thinking that was only streamed is not in the messages of this turn.
    let streamed = seen(Pace::AsItComes, &a_turn()).replace("Let me look.\n\n", "");
    assert_eq!(whole, streamed);
}

#[test]
fn a_program_gets_the_words_and_nothing_around_them() {
    let mut narrator = Narrator::new(Audience::Program, Pace::AsItComes);
    let heard = heard(&mut narrator, &a_turn());
    let speech = heard.iter().filter(|utterance| utterance.voice == Voice::Speech).map(|utterance| &*utterance.text);
    assert_eq!(speech.collect::<String>(), "I'll run the tests.\n\nAll green now.\n");
    let asides: String = heard.iter().filter(|it| it.voice == Voice::Aside).map(|it| &*it.text).collect();
    assert!(!asides.contains("Let me"), "thinking is for people: {asides}");
}

#[rstest::rstest]
#[case::a_person(Audience::Terminal { columns: 80 })]
#[case::a_program(Audience::Program)]
fn the_last_word_before_a_call_is_told_before_it(#[case] audience: Audience) {
    let mut narrator = Narrator::new(audience, Pace::AsItComes);
    let told = heard(&mut narrator, &[calls("t1", "ls"), streams("I will run a tool."), calls("t2", "pwd")]);
    let text: String = told.iter().map(|utterance| utterance.text.as_str()).collect();
    let (word, call) = (text.find("tool."), text.find("pwd"));
    assert!(word.is_some() && word < call, "{text:?}");
}

#[test]
fn a_final_text_that_differs_is_told_whole() {
    let changes = [streams("Hello wrold"), says(Role::Assistant, "Hello world")];
    assert_eq!(seen(Pace::AsItComes, &changes), "Hello wrold\n\nHello world\n");
}

#[test]
fn line_ends_at_the_end_make_no_other_text() {
    let changes = [streams("a\nb\n"), says(Role::Assistant, "a\nb"), says(Role::Assistant, "c")];
    assert_eq!(seen(Pace::AsItComes, &changes), "a\nb\n\nc\n");
}

#[test]
fn a_final_text_that_goes_on_is_completed() {
    let changes = [streams("Hello "), says(Role::Assistant, "Hello world")];
    assert_eq!(seen(Pace::AsItComes, &changes), "Hello world\n");
}

#[test]
fn a_prompt_just_typed_is_not_repeated() {
    let narrator = Narrator::new(Audience::Terminal { columns: 100 }, Pace::AsItComes);
    let mut narrator = narrator.leave_out_prompt("typed");
    assert!(!narrator.tell(&says(Role::User, "queued")).is_empty());
    assert_eq!(narrator.tell(&says(Role::User, "typed")), []);
    assert!(!narrator.tell(&says(Role::User, "typed")).is_empty(), "said again, later");
}

#[test]
fn escape_sequences_cut_anywhere_never_get_through() {
    let changes = [
        streams("a\u{1b}"),
        streams("]0;owned"),
        streams("\u{7}b"),
        thinks("\u{1b}[2"),
        thinks("Jc"),
        calls("t1", "\u{1b}[31mrm\u{9b}2J"),
        answers("t1", "\u{1b}]52;c;ZXZpbA==\u{7}done"),
        says(Role::Assistant, "a\u{1b}]0;owned\u{7}b"),
        says(Role::User, "\u{1b}c\rx"),
        says(Role::System, "\u{1b}[2J"),
        asks("\u{1b}[2Jrm"),
    ];
    let shown = seen(Pace::AsItComes, &changes);
    assert!(shown.chars().all(|char| char == '\n' || !char.is_control()), "{shown:?}");
    assert!(!shown.contains("owned") && shown.contains("ab"), "{shown:?}");
}

#[test]
fn a_line_under_way_is_ended_before_somebody_else_writes() {
    let mut narrator = Narrator::new(Audience::Terminal { columns: 100 }, Pace::AsItComes);
    let mut said = narrator.tell(&streams("half a li"));
    said.extend(narrator.pause());
    assert_eq!(said.into_iter().map(|utterance| utterance.text).collect::<String>(), "half a li\n");
    assert_eq!(narrator.pause(), []);
}

#[test]
fn a_message_under_way_is_read_along_in_order_and_only_once() {
    let mut narrator = Narrator::new(Audience::Page, Pace::AsItComes);
    let mut read = |thinking: &str, content: &str| {
        let draft = Draft { thinking: thinking.into(), content: content.into(), ..Draft::default() };
        let text: String = narrator.catch_up(&draft).into_iter().map(|utterance| utterance.text).collect();
        anstream::adapter::strip_str(&text).to_string()
    };
    // The last word is held back until it is known to be whole.
    assert_eq!(read("I see. ", ""), "I see.");
    assert_eq!(read("I see. ", "First, "), " \n\nFirst,");
    assert_eq!(read("I see. ", "First, a "), " a");
    assert_eq!(read("I see. ", "First, a "), "");
    assert_eq!(read("", "Second, b "), " \n\nSecond, b");
}
