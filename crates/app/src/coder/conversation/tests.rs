//! What a conversation promises to providers, whatever happens to it.

use proptest::prelude::*;

use super::*;

fn call(id: &str) -> Call {
    Call { id: id.to_owned(), tool: "read".into(), arguments: r#"{"path":"a"}"#.into() }
}

fn reply(text: &str, calls: &[&str]) -> Reply {
    Reply { text: text.to_owned(), calls: calls.iter().map(|id| call(id)).collect(), ..Reply::default() }
}

fn result(id: &str, text: &str) -> CallResult {
    CallResult { id: id.to_owned(), text: text.to_owned(), is_error: false }
}

/// What every provider insists on.
#[track_caller]
fn check_order(conversation: &Conversation) {
    let entries = conversation.entries();
    assert!(matches!(entries.first(), None | Some(Entry::Prompt(_))), "it begins with a prompt");
    for (entry, next) in entries.iter().zip(entries.iter().skip(1).map(Some).chain([None])) {
        match (entry, next) {
            (Entry::Prompt(_), Some(Entry::Prompt(_))) => panic!("two prompts in a row"),
            (Entry::Prompt(_) | Entry::Reply(_), Some(Entry::Results(results))) => {
                let Entry::Reply(reply) = entry else { panic!("results of a prompt") };
                let calls: Vec<&str> = reply.calls.iter().map(|call| call.id.as_str()).collect();
                assert_eq!(calls, results.iter().map(|result| result.id.as_str()).collect::<Vec<_>>());
            }
            (Entry::Reply(reply), _) => assert!(reply.calls.is_empty() || next.is_none(), "a call without result"),
            _ => {}
        }
    }
}

#[test]
fn calls_that_an_interrupted_turn_left_open_are_answered() {
    let mut conversation = Conversation::default();
    conversation.prompt("go");
    conversation.reply(reply("", &["a", "b"]));
    conversation.result(result("a", "done"));
    conversation.prompt("go on");
    check_order(&conversation);
    let [_, _, Entry::Results(results), Entry::Prompt(_)] = conversation.entries() else { panic!("four entries") };
    assert_eq!((results[1].id.as_str(), results[1].is_error), ("b", true));
}

#[test]
fn a_prompt_after_an_unanswered_one_goes_on_with_it() {
    let mut conversation = Conversation::default();
    conversation.prompt("do this");
    conversation.prompt("and that");
    assert_eq!(conversation.entries(), [Entry::Prompt("do this\n\nand that".into())]);
}

#[test]
fn a_conversation_that_fits_is_left_alone() {
    let mut conversation = Conversation::default();
    conversation.prompt("hello");
    let before = conversation.clone();
    assert!(!conversation.compact(100));
    assert_eq!(conversation, before);
}

#[test]
fn old_results_go_before_words_do() {
    let mut conversation = Conversation::default();
    conversation.prompt("read");
    for id in ["a", "b", "c"] {
        conversation.reply(reply("next", &[id]));
        conversation.result(result(id, &"x".repeat(3_000)));
    }
    assert!(conversation.compact(3_000));
    check_order(&conversation);
    let texts: Vec<usize> = conversation
        .entries()
        .iter()
        .filter_map(|entry| match entry {
            Entry::Results(results) => Some(results[0].text.len()),
            _ => None,
        })
        .collect();
    assert!(texts[0] < 100 && texts[1] == 3_000 && texts[2] == 3_000, "{texts:?}");
}

#[test]
fn the_first_and_the_last_prompt_stay_and_a_gap_is_named() {
    let mut conversation = Conversation::default();
    for turn in 0..20 {
        conversation.prompt(&format!("prompt {turn}"));
        conversation.reply(reply(&"words ".repeat(100), &[]));
    }
    conversation.prompt("the last one");
    assert!(conversation.compact(1_000));
    check_order(&conversation);
    let shown = serde_json::to_string(&conversation).expect("serializes");
    assert!(shown.contains("prompt 0") && shown.contains("left out here") && shown.contains("the last one"), "{shown}");
    assert!(conversation.tokens() <= 1_000);
}

#[test]
fn it_is_the_same_after_being_saved() {
    let mut conversation = Conversation::default();
    conversation.prompt("read");
    conversation.reply(Reply { keepsakes: vec![serde_json::json!({"signature": "s"})], ..reply("yes", &["a"]) });
    conversation.result(result("a", "text"));
    let saved = serde_json::to_string(&conversation).expect("serializes");
    assert_eq!(serde_json::from_str::<Conversation>(&saved).expect("parses"), conversation);
}

proptest! {
    #[test]
    fn whatever_was_said_the_order_holds(steps in prop::collection::vec((0..3_u8, 0..400_usize), 0..60), max in 50..2_000_u64) {
        let mut conversation = Conversation::default();
        conversation.prompt("first");
        for (index, (kind, length)) in steps.into_iter().enumerate() {
            let (id, text) = (index.to_string(), "x".repeat(length + 1));
            match kind {
                0 => conversation.prompt(&text),
                1 => {
                    conversation.settle();
                    conversation.reply(reply(&text, &[]));
                }
                _ => {
                    conversation.settle();
                    conversation.reply(reply(&text, &[&id]));
                    conversation.result(result(&id, &text));
                }
            }
            conversation.compact(max);
            check_order(&conversation);
        }
    }
}
