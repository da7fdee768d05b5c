//! What is written comes back exactly.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use switchboard_domain::{
    AgentSessionId, Cost, Message, Role, Seq, Session, SessionStatus, Timestamp, ToolCall, ToolCallId, Usage,
    WorkerProcess,
};

use super::{Subject, commit, draft_row, founded, refuse, setting_row, transcript};
use crate::testing::sample;
use crate::{Persistence, Write};

async fn session_back(database: &dyn Persistence, session: &Session) -> Session {
    commit(database, &[Write::Session(Box::new(session.clone()))]).await;
    let sessions = database.sessions().await.unwrap_or_else(|error| panic!("{error}"));
    let listed = sessions.into_iter().find(|stored| stored.session.id == session.id);
    let alone = database.session(session.id).await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(alone, listed, "looked at alone it is as in the list");
    alone.expect("the session").session
}

async fn message_back(database: &dyn Persistence, message: &Message) -> Message {
    commit(database, &[Write::Message(Arc::new(message.clone()))]).await;
    let mut messages = transcript(database, 1).await;
    messages.retain(|other| other.id == message.id);
    messages.pop().expect("the message")
}

/// Sessions and projects with every field set, with none, and with the largest values.
pub async fn every_field_comes_back_as_it_was(subject: &dyn Subject) {
    let database = founded(subject).await;
    let mut project = sample::project(1);
    project.name = "another name".into();
    project.deleted_at = Some(sample::moment(3));
    commit(&*database, &[Write::Project(project.clone())]).await;
    assert_eq!(database.projects().await.expect("projects")[0], project);

    let mut session = sample::session(1, 1);
    for status in SessionStatus::ALL {
        session.set_status(status, sample::moment(4));
        assert_eq!(session_back(&*database, &session).await, session);
    }
    session.model = Some("large".into());
    session.agent_session_id = Some(AgentSessionId::new("abc-1"));
    session.turn_started_at = Some(sample::moment(5));
    session.elapsed = Duration::from_micros(1_234_567);
    session.error = Some("it broke".into());
    session.usage = Usage { input_tokens: 1, output_tokens: 2, cache_read_tokens: 3, cache_write_tokens: u64::MAX };
    for (cost, pid, started) in [(0, 0, 0), (1, 77, 1 << 40), (u64::MAX, u32::MAX, u64::MAX)] {
        session.cost = Cost::from_micro_usd(cost);
        session.worker = Some(WorkerProcess { pid, started });
        assert_eq!(session_back(&*database, &session).await, session);
    }
    let bare = sample::session(1, 1);
    assert_eq!(session_back(&*database, &bare).await, bare);
}

/// Text is bytes to the database: no character is special, none is lost.
pub async fn odd_text_comes_back_as_it_was(subject: &dyn Subject) {
    let database = founded(subject).await;
    let texts = [
        "",
        " ",
        "nul \0 in the middle, and at the end \0",
        "\0",
        "line\nfeed\r\nreturn\ttab",
        "escape \u{1b}[31mred\u{1b}[0m bell \u{7}",
        "'quotes' \"double\" `back` -- ; DROP TABLE messages",
        "% _ \\ * ? : @ $1 ?1 {} {{",
        "Ünïcödé ÅÄÖ ß İ ı",
        "e\u{301} combining, zero\u{200d}width, right\u{202e}to left",
        "👩‍👩‍👧‍👦 🏳️‍🌈 漢字 العربية עברית हिन्दी",
        "\u{feff}byte order mark, \u{fffd} replacement, \u{10ffff} last",
    ];
    for (seq, text) in (1..).zip(texts) {
        let mut message = sample::text(1, seq, text);
        message.body.thinking = Some(text.to_owned());
        message.body.tool_calls = vec![ToolCall {
            id: Some(ToolCallId::new(text)),
            name: text.into(),
            input: json!({ text: text }),
            output: None,
            is_error: false,
        }];
        assert_eq!(message_back(&*database, &message).await, message, "{text:?}");

        let mut session = sample::session(1, 1);
        session.title = text.into();
        session.prompt = text.into();
        session.error = Some(text.into());
        assert_eq!(session_back(&*database, &session).await, session, "{text:?}");

        let mut approval = sample::approval(1, text, 1);
        approval.request.tool_name = text.into();
        let setting = setting_row(text, text);
        commit(&*database, &[Write::Approval(Box::new(approval.clone())), setting, draft_row(1, text)]).await;
        let found = database.approval(approval.session_id, &approval.request.request_id).await.expect("approvals");
        assert_eq!(found, Some(approval), "{text:?}");
        let settings = database.settings().await.expect("settings");
        assert!(settings.contains(&(text.to_owned(), text.into())), "{text:?} is not in {settings:?}");
    }
}

/// Megabytes in one row: a tool printed a file.
pub async fn big_values_come_back_as_they_were(subject: &dyn Subject) {
    /// More than a page, a cache line of pages, or a mebibyte.
    const BYTES: usize = 3 * 1024 * 1024 + 1;
    let database = founded(subject).await;
    let big: String = "0123456789 äöü\n".chars().cycle().take(BYTES).collect();
    let mut message = sample::text(1, 1, &big);
    message.body.thinking = Some(big.clone());
    message.body.tool_calls = vec![ToolCall {
        id: None,
        name: "Read".into(),
        input: Value::Null,
        output: Some(big.clone().into()),
        is_error: false,
    }];
    assert!(message_back(&*database, &message).await == message, "a big message is not what was written");
    let mut session = sample::session(1, 1);
    session.prompt = big;
    assert!(session_back(&*database, &session).await == session, "a big prompt is not what was written");
}

/// A moment in memory and on disk is the same one, whatever it is.
pub async fn moments_are_exact_to_the_microsecond(subject: &dyn Subject) {
    let database = founded(subject).await;
    let micros = [0, 1, -1, 999_999, 1_000_000, 1_800_000_000_123_456, 1_800_000_000_123_457, i64::MIN, i64::MAX];
    for (seq, micros) in (1..).zip(micros) {
        let mut message = sample::message(1, seq);
        message.created_at = Timestamp::from_micros(micros);
        assert_eq!(message_back(&*database, &message).await, message);
        let mut session = sample::session(1, 1);
        session.created_at = message.created_at;
        session.turn_started_at = Some(message.created_at);
        session.set_status(SessionStatus::Aborted, message.created_at);
        assert_eq!(session_back(&*database, &session).await, session);
    }
}

/// JSON as an agent may send it: as deep as a parser takes it, and with numbers that do not round.
pub async fn deep_and_precise_json_comes_back_as_it_was(subject: &dyn Subject) {
    /// As deep as `serde_json` parses a line of an agent.
    const DEPTH: usize = 127;
    let database = founded(subject).await;
    let deep = (0..DEPTH).fold(json!("core"), |inner, _| json!([inner]));
    let numbers = json!([u64::MAX, i64::MIN, 0.1, 1e300, 5e-324, 1.797_693_134_862_315_7e308, 0.1 + 0.2, 1e21, 100.0]);
    for (seq, value) in (1..).zip([deep, numbers, json!({"": null, "a": {"\0": []}})]) {
        let mut message = sample::message(1, seq);
        let call = ToolCall {
            id: None,
            name: "Bash".into(),
            input: value.clone(),
            output: Some(value.clone()),
            is_error: false,
        };
        message.body.tool_calls = vec![call];
        assert!(message_back(&*database, &message).await == message, "not what was written: {value}");
        let mut approval = sample::approval(1, "apr_1", 1);
        approval.request.input = value.clone();
        approval.request.suggestions = Some(value.clone());
        commit(&*database, &[Write::Approval(Box::new(approval.clone())), setting_row("key", value)]).await;
        assert!(database.pending_approvals().await.expect("approvals") == [approval], "an approval changed");
    }
}

/// Every role, with and without each part.
pub async fn a_message_of_every_shape_comes_back(subject: &dyn Subject) {
    let database = founded(subject).await;
    let call =
        ToolCall { id: None, name: "Bash".into(), input: json!({"command": "ls"}), output: None, is_error: false };
    let answered = ToolCall { id: Some(ToolCallId::new("t1")), output: Some(json!("a\nb")), ..call.clone() };
    let silent = ToolCall { output: Some(Value::Null), ..call.clone() };
    let usage = Usage { input_tokens: 1, output_tokens: 2, cache_read_tokens: 3, cache_write_tokens: u64::MAX };
    let mut seq = 0;
    for role in [Role::User, Role::Assistant, Role::System] {
        for thinking in [None, Some(String::new()), Some("hm".to_owned())] {
            for tool_calls in [vec![], vec![call.clone()], vec![answered.clone(), call.clone(), silent.clone()]] {
                for usage in [None, Some(Usage::default()), Some(usage)] {
                    seq += 1;
                    let mut message = sample::message(1, seq);
                    message.body.role = role;
                    message.body.thinking.clone_from(&thinking);
                    message.body.tool_calls.clone_from(&tool_calls);
                    message.body.usage = usage;
                    assert_eq!(message_back(&*database, &message).await, message);
                }
            }
        }
    }
}

/// Places start at one, and end where a signed number ends.
pub async fn impossible_places_are_refused(subject: &dyn Subject) {
    let database = founded(subject).await;
    for seq in [0, 1 << 63, u64::MAX] {
        let mut message = sample::message(1, 1);
        message.seq = Seq::new(seq);
        refuse(&*database, &[Write::Message(message.into())]).await;
    }
    let mut last = sample::message(1, 1);
    last.seq = Seq::new((1 << 63) - 1);
    assert_eq!(message_back(&*database, &last).await, last);
}
