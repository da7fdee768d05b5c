//! Streams as the providers send them, through the readers.

use proptest::prelude::*;
use rstest::rstest;
use serde_json::json;

use super::*;
use crate::coder::conversation::{Call, CallResult};

/// A thought, words, and a call, in each format.
const ANTHROPIC: &str = r#"event: message_start
data: {"type":"message_start","message":{"id":"msg_1","role":"assistant","content":[],"usage":{"input_tokens":90,"cache_read_input_tokens":10,"output_tokens":1}}}

data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}

data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Let me see."}}

data: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2ln"}}

data: {"type":"content_block_stop","index":0}

event: ping
data: {"type":"ping"}

data: {"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}

data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"I look "}}

data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"at it: 🦀"}}

data: {"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"call_1","name":"read","input":{}}}

data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"path\":"}}

data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"\"a.rs\"}"}}

data: {"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":20}}

data: {"type":"message_stop"}

"#;

const RESPONSES: &str = r#"data: {"type":"response.created","response":{"id":"resp_1"}}

data: {"type":"response.output_item.added","output_index":0,"item":{"type":"reasoning","id":"rs_1","summary":[]}}

data: {"type":"response.reasoning_summary_text.delta","output_index":0,"delta":"Let me see."}

data: {"type":"response.output_item.done","output_index":0,"item":{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"c2ln"}}

data: {"type":"response.output_text.delta","output_index":1,"delta":"I look "}

data: {"type":"response.output_text.delta","output_index":1,"delta":"at it: 🦀"}

data: {"type":"response.output_item.done","output_index":1,"item":{"type":"message","content":[{"type":"output_text","text":"I look at it: 🦀"}]}}

data: {"type":"response.output_item.added","output_index":2,"item":{"type":"function_call","call_id":"call_1","name":"read","arguments":""}}

data: {"type":"response.function_call_arguments.delta","output_index":2,"delta":"{\"path\":"}

data: {"type":"response.function_call_arguments.delta","output_index":2,"delta":"\"a.rs\"}"}

data: {"type":"response.output_item.done","output_index":2,"item":{"type":"function_call","call_id":"call_1","name":"read","arguments":"{\"path\":\"a.rs\"}"}}

data: {"type":"response.completed","response":{"usage":{"input_tokens":100,"input_tokens_details":{"cached_tokens":10},"output_tokens":20}}}

"#;

const CHAT: &str = r#"data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}

data: {"choices":[{"index":0,"delta":{"reasoning_content":"Let me see."}}]}

data: {"choices":[{"index":0,"delta":{"content":"I look "}}]}

data: {"choices":[{"index":0,"delta":{"content":"at it: 🦀"}}]}

data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"read","arguments":"{\"path\":"}}]}}]}

data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\"a.rs\"}"}}]}}]}

data: {"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}

data: {"choices":[],"usage":{"prompt_tokens":100,"prompt_tokens_details":{"cached_tokens":10},"completion_tokens":20}}

data: [DONE]

"#;

const RECORDED: [(Api, &str); 3] = [(Api::Anthropic, ANTHROPIC), (Api::Responses, RESPONSES), (Api::Chat, CHAT)];

/// What became of a stream: what was shown, the answer, and how it ended.
#[derive(Debug, PartialEq)]
struct Heard {
    pieces: Vec<Piece>,
    answer: Answer,
    is_finished: bool,
    may_end: bool,
    error: Option<StreamError>,
}

fn hear<'a>(api: Api, chunks: impl IntoIterator<Item = &'a [u8]>) -> Heard {
    let (mut splitter, mut reader, mut pieces, mut error) = (EventSplitter::default(), api.reader(), Vec::new(), None);
    for chunk in chunks {
        let read = splitter.push(chunk).and_then(|events| {
            for event in events {
                pieces.extend(reader.read(&event)?);
            }
            Ok(())
        });
        if let Err(failed) = read {
            error = Some(failed);
            break;
        }
    }
    let (is_finished, may_end) = (reader.is_finished(), reader.may_end());
    Heard { pieces, is_finished, may_end, answer: reader.into_answer(), error }
}

fn whole(api: Api, stream: &str) -> Heard {
    hear(api, [stream.as_bytes()])
}

fn question(conversation: &Conversation) -> Question<'_> {
    Question { model: "m", instructions: "be good", conversation, tools: &[Tool::Read], output_tokens_max: 100 }
}

fn conversation() -> Conversation {
    let mut conversation = Conversation::default();
    conversation.prompt("read a.rs");
    let call = Call { id: "call_1".into(), tool: "read".into(), arguments: r#"{"path":"a.rs"}"#.into() };
    let keepsakes = vec![json!({"type": "thinking", "thinking": "hm", "signature": "s"})];
    conversation.reply(Reply { text: "I look.".into(), keepsakes, calls: vec![call] });
    conversation.result(CallResult { id: "call_1".into(), text: "fn main() {}".into(), is_error: false });
    conversation
}

#[rstest]
#[case::anthropic(Api::Anthropic, ANTHROPIC)]
#[case::responses(Api::Responses, RESPONSES)]
#[case::chat(Api::Chat, CHAT)]
fn the_same_answer_is_the_same_in_every_format(#[case] api: Api, #[case] stream: &str) {
    let heard = whole(api, stream);
    let text = |text: &str| Piece::Text(text.to_owned());
    assert_eq!(heard.pieces, [Piece::Thinking("Let me see.".into()), text("I look "), text("at it: 🦀")]);
    assert_eq!((heard.is_finished, heard.error), (true, None));
    let Answer { reply, thinking, usage, is_cut_short } = heard.answer;
    assert_eq!((reply.text.as_str(), thinking.as_str()), ("I look at it: 🦀", "Let me see."));
    let [call] = reply.calls.as_slice() else { panic!("one call, not {:?}", reply.calls) };
    assert_eq!(
        (call.id.as_str(), call.tool.as_str(), call.arguments.as_str()),
        ("call_1", "read", r#"{"path":"a.rs"}"#)
    );
    assert!(!is_cut_short);
    let usage = usage.expect("told");
    assert_eq!((usage.input_tokens, usage.cache_read_tokens, usage.output_tokens), (90, 10, 20));
    assert_eq!(reply.keepsakes.len(), usize::from(api != Api::Chat));
}

proptest! {
    #[test]
    fn however_the_network_cuts_a_stream_it_says_the_same(
        format in 0..3_usize,
        cuts in prop::collection::vec(0..2_000_usize, 0..40),
    ) {
        let (api, stream) = RECORDED[format];
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut % stream.len()).chain([0, stream.len()]).collect();
        cuts.sort_unstable();
        let chunks = cuts.windows(2).map(|pair| &stream.as_bytes()[pair[0]..pair[1]]);
        prop_assert_eq!(hear(api, chunks), whole(api, stream));
    }

    #[test]
    fn a_stream_that_is_cut_never_counts_as_whole(format in 0..3_usize, cut in 0..2_000_usize) {
        let (api, stream) = RECORDED[format];
        // Chat may do without what comes after the reason to stop.
        let end = if api == Api::Chat { stream.find("finish_reason\":\"tool").expect("there") } else { stream.len() - 2 };
        let heard = hear(api, [&stream.as_bytes()[..cut % end]]);
        prop_assert!(!heard.may_end && heard.error.is_none());
    }

    #[test]
    fn no_mutation_makes_a_reader_panic(
        format in 0..3_usize,
        changes in prop::collection::vec((0..2_000_usize, any::<u8>()), 1..20),
    ) {
        let (api, stream) = RECORDED[format];
        let mut bytes = stream.as_bytes().to_vec();
        for (at, byte) in changes {
            let at = at % bytes.len();
            bytes[at] = byte;
        }
        let heard = hear(api, [bytes.as_slice()]);
        // An error, or an answer; never both whole and broken.
        prop_assert!(heard.error.is_none() || !heard.is_finished || !heard.answer.reply.text.contains('\0'));
    }
}

#[rstest]
#[case::anthropic(
    Api::Anthropic,
    r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
    true
)]
#[case::anthropic_for_good(
    Api::Anthropic,
    r#"{"type":"error","error":{"type":"invalid_request_error","message":"no"}}"#,
    false
)]
#[case::responses(
    Api::Responses,
    r#"{"type":"response.failed","response":{"error":{"code":"server_error","message":"no"}}}"#,
    true
)]
#[case::responses_bare(Api::Responses, r#"{"type":"error","code":"invalid_prompt","message":"no"}"#, false)]
#[case::chat(Api::Chat, r#"{"error":{"type":"server_error","message":"no"}}"#, true)]
#[case::chat_text(Api::Chat, r#"{"error":"out of memory"}"#, false)]
fn an_error_in_the_stream_is_an_error(#[case] api: Api, #[case] data: &str, #[case] passing: bool) {
    let error = whole(api, &format!("data: {data}\n\n")).error;
    assert!(matches!(error, Some(StreamError::Failed { is_passing, .. }) if is_passing == passing), "{error:?}");
}

#[rstest]
#[case::anthropic(Api::Anthropic, "data: <html>\n\n")]
#[case::responses(Api::Responses, "data: {\"type\":\n\n")]
#[case::chat(Api::Chat, "data: \n\n")]
#[case::delta_of_nothing(Api::Anthropic, "data: {\"type\":\"content_block_delta\",\"index\":3,\"delta\":{}}\n\n")]
#[case::arguments_of_nothing(
    Api::Responses,
    "data: {\"type\":\"response.function_call_arguments.delta\",\"delta\":\"\"}\n\n"
)]
fn what_is_not_in_the_format_is_told(#[case] api: Api, #[case] stream: &str) {
    assert!(matches!(whole(api, stream).error, Some(StreamError::Malformed { .. })));
}

#[rstest]
#[case::anthropic(Api::Anthropic, r#"{"type":"message_delta","delta":{"stop_reason":"max_tokens"}}"#)]
#[case::responses(
    Api::Responses,
    r#"{"type":"response.incomplete","response":{"incomplete_details":{"reason":"max_output_tokens"}}}"#
)]
#[case::chat(Api::Chat, r#"{"choices":[{"delta":{},"finish_reason":"length"}]}"#)]
fn an_answer_at_its_limit_is_known_as_one(#[case] api: Api, #[case] data: &str) {
    assert!(whole(api, &format!("data: {data}\n\n")).answer.is_cut_short);
}

#[test]
fn chat_servers_may_leave_out_what_they_like() {
    // Whole arguments as an object, one place for all calls, no ids for some, no goodbye.
    let stream = r#"data: {"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"list","arguments":{"path":"x"}}}]}}]}

data: {"choices":[{"delta":{"tool_calls":[{"index":0,"id":"b","function":{"name":"read","arguments":"{}"}}]}}]}

data: {"choices":[{"delta":{"content":"ok"},"finish_reason":"stop"}]}

"#;
    let heard = whole(Api::Chat, stream);
    assert!(heard.may_end && !heard.is_finished);
    let calls: Vec<(&str, &str)> =
        heard.answer.reply.calls.iter().map(|call| (call.tool.as_str(), call.arguments.as_str())).collect();
    assert_eq!(calls, [("list", r#"{"path":"x"}"#), ("read", "{}")]);
}

#[test]
fn a_goodbye_without_a_reason_to_stop_is_a_cut() {
    let heard = whole(Api::Chat, "data: {\"choices\":[{\"delta\":{\"content\":\"I\"}}]}\n\ndata: [DONE]\n\n");
    assert_eq!(heard.error, Some(StreamError::Cut));
}

#[test]
fn the_conversation_is_asked_in_anthropic_s_words() {
    let conversation = conversation();
    let body = Api::Anthropic.body(&question(&conversation));
    assert_eq!(
        body["messages"],
        json!([
            {"role": "user", "content": [{"type": "text", "text": "read a.rs"}]},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "hm", "signature": "s"},
                {"type": "text", "text": "I look."},
                {"type": "tool_use", "id": "call_1", "name": "read", "input": {"path": "a.rs"}},
            ]},
            {"role": "user", "content": [{
                "type": "tool_result", "tool_use_id": "call_1", "content": "fn main() {}", "is_error": false,
                "cache_control": {"type": "ephemeral"},
            }]},
        ])
    );
    assert_eq!((&body["max_tokens"], &body["tools"][0]["name"]), (&json!(100), &json!("read")));
}

#[test]
fn the_conversation_is_asked_in_the_words_of_responses() {
    let conversation = conversation();
    let body = Api::Responses.body(&question(&conversation));
    assert_eq!(
        body["input"],
        json!([
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "read a.rs"}]},
            {"type": "thinking", "thinking": "hm", "signature": "s"},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "I look."}]},
            {"type": "function_call", "call_id": "call_1", "name": "read", "arguments": r#"{"path":"a.rs"}"#},
            {"type": "function_call_output", "call_id": "call_1", "output": "fn main() {}"},
        ])
    );
    assert_eq!((&body["store"], &body["instructions"]), (&json!(false), &json!("be good")));
}

#[test]
fn the_conversation_is_asked_in_the_words_of_chat() {
    let conversation = conversation();
    let body = Api::Chat.body(&question(&conversation));
    let call =
        json!({"id": "call_1", "type": "function", "function": {"name": "read", "arguments": r#"{"path":"a.rs"}"#}});
    assert_eq!(
        body["messages"],
        json!([
            {"role": "system", "content": "be good"},
            {"role": "user", "content": "read a.rs"},
            {"role": "assistant", "content": "I look.", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "call_1", "content": "fn main() {}"},
        ])
    );
}

#[rstest]
#[case::anthropic(Api::Anthropic)]
#[case::responses(Api::Responses)]
#[case::chat(Api::Chat)]
fn what_a_model_wrote_wrongly_does_not_go_back_to_an_endpoint(#[case] api: Api) {
    let mut conversation = Conversation::default();
    conversation.prompt("go");
    let call = Call { id: "c".into(), tool: "read".into(), arguments: "{\"path".into() };
    conversation.reply(Reply { calls: vec![call], ..Reply::default() });
    conversation.settle();
    assert!(!api.body(&question(&conversation)).to_string().contains("{\\\"path"));
}
