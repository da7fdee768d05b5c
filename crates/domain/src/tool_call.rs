//! Tool calls, and how those still under way find their message.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::{MessageBody, ToolCallId};

/// One use of a tool by an agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolCall {
    /// The agent's name for the call, if it gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<ToolCallId>,
    /// The tool.
    pub name: String,
    /// What it was given.
    pub input: Value,
    /// What came of it; `None` while it runs, or if the agent never said.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub output: Option<Value>,
    /// Whether the tool did not do what it was called for, as the agent says.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_error: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

/// A field that is there has a value, even if that is null: a tool that answered nothing has answered.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// What came of a tool call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolResult {
    /// The call it belongs to, if the agent named it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<ToolCallId>,
    /// The tool.
    pub name: String,
    /// What came of it.
    pub output: Value,
    /// Whether the tool did not do what it was called for, as the agent says.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_error: bool,
}

impl ToolCall {
    /// Whether `result` is the answer to this call: the same id where both have one, else the same
    /// tool still without an answer.
    fn awaits(&self, result: &ToolResult) -> bool {
        match (&self.id, &result.id) {
            (Some(call), Some(answered)) => call == answered,
            _ => self.output.is_none() && self.name == result.name,
        }
    }

    /// Whether `other` reports the same call again.
    fn is_same_call(&self, other: &Self) -> bool {
        match (&self.id, &other.id) {
            (Some(a), Some(b)) => a == b,
            _ => self.name == other.name && self.input == other.input,
        }
    }
}

/// Fills `result` into the first call of `calls` that waits for it; gives it back if none does.
///
/// # Errors
/// The result itself, untouched, when no call waits for it.
#[expect(clippy::result_large_err, reason = "the result comes back whole, to be kept elsewhere")]
pub fn answer_tool_call(calls: &mut [ToolCall], result: ToolResult) -> Result<(), ToolResult> {
    match calls.iter_mut().find(|call| call.awaits(&result)) {
        Some(call) => {
            call.output = Some(result.output);
            call.is_error = result.is_error;
            Ok(())
        }
        None => Err(result),
    }
}

/// Tool calls of a session that no message has taken up yet, in the order they began.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PendingToolCalls(Vec<ToolCall>);

impl PendingToolCalls {
    /// The calls, oldest first.
    pub fn as_slice(&self) -> &[ToolCall] {
        &self.0
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A tool was called. A second report of the same call replaces the first and keeps its answer.
    pub fn begin(&mut self, call: ToolCall) {
        fold_in(&mut self.0, call);
    }

    /// Whether one of the calls waits for `result`.
    pub fn await_answer(&self, result: &ToolResult) -> bool {
        self.0.iter().any(|call| call.awaits(result))
    }

    /// A tool answered. An answer nobody waits for becomes a call of its own, without input, so that
    /// no word of an agent is lost.
    pub fn finish(&mut self, result: ToolResult) {
        if let Err(result) = answer_tool_call(&mut self.0, result) {
            let ToolResult { id, name, output, is_error } = result;
            self.0.push(ToolCall { id, name, input: Value::Null, output: Some(output), is_error });
        }
    }

    /// Takes all calls out and merges them into `calls`: one that is there already gains the pending
    /// answer, the others follow in order.
    pub fn drain_into(&mut self, calls: &mut Vec<ToolCall>) {
        for call in self.0.drain(..) {
            fold_in(calls, call);
        }
    }

    /// [`Self::drain_into`] the tool calls of `body`.
    pub fn merge_into(&mut self, body: &mut MessageBody) {
        self.drain_into(&mut body.tool_calls);
    }
}

fn fold_in(calls: &mut Vec<ToolCall>, call: ToolCall) {
    match calls.iter_mut().find(|known| known.is_same_call(&call)) {
        Some(known) => {
            let is_error = if call.output.is_some() { call.is_error } else { known.is_error };
            let output = call.output.or_else(|| known.output.take());
            let input = if call.input.is_null() { known.input.take() } else { call.input };
            *known = ToolCall { id: call.id.or_else(|| known.id.take()), name: call.name, input, output, is_error };
        }
        None => calls.push(call),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::Role;

    fn call(id: Option<&str>, name: &str) -> ToolCall {
        ToolCall {
            id: id.map(ToolCallId::new),
            name: name.into(),
            input: json!({"of": name}),
            output: None,
            is_error: false,
        }
    }

    fn result(id: Option<&str>, name: &str) -> ToolResult {
        ToolResult { id: id.map(ToolCallId::new), name: name.into(), output: json!("done"), is_error: false }
    }

    #[rstest]
    #[case::by_id(Some("t1"), Some("t1"), 1)]
    #[case::by_name_when_the_result_has_no_id(Some("t1"), None, 1)]
    #[case::by_name_when_neither_has_one(None, None, 1)]
    #[case::another_id_is_another_call(Some("t1"), Some("t2"), 2)]
    fn a_result_finds_its_call(#[case] called: Option<&str>, #[case] answered: Option<&str>, #[case] calls: usize) {
        let mut pending = PendingToolCalls::default();
        pending.begin(call(called, "Bash"));
        pending.finish(result(answered, "Bash"));
        assert_eq!(pending.as_slice().len(), calls);
        assert_eq!(pending.as_slice()[calls - 1].output, Some(json!("done")));
    }

    #[rstest]
    #[case::none_yet(None)]
    #[case::nothing(Some(Value::Null))]
    #[case::something(Some(json!("done")))]
    fn an_answer_of_nothing_is_an_answer(#[case] output: Option<Value>) {
        let answered = ToolCall { output, ..call(None, "Bash") };
        let text = serde_json::to_string(&answered).expect("serializes");
        assert_eq!(serde_json::from_str::<ToolCall>(&text).expect("parses"), answered);
    }

    #[test]
    fn a_message_that_names_the_call_itself_gains_the_answer_and_no_double() {
        let mut pending = PendingToolCalls::default();
        pending.begin(call(Some("t1"), "Bash"));
        pending.finish(result(Some("t1"), "Bash"));
        let mut body = MessageBody::text(Role::Assistant, "");
        body.tool_calls = vec![call(None, "Bash"), call(None, "Read")];
        pending.merge_into(&mut body);
        assert!(pending.is_empty());
        assert_eq!(body.tool_calls.len(), 2);
        assert_eq!(body.tool_calls[0].output, Some(json!("done")));
        assert_eq!(body.tool_calls[0].id, Some(ToolCallId::new("t1")));
    }

    proptest! {
        #[test]
        fn no_answer_is_ever_lost(steps in proptest::collection::vec((0_u8..4, any::<bool>()), 0..40)) {
            let mut pending = PendingToolCalls::default();
            let mut answered = std::collections::BTreeSet::new();
            for (number, is_answer) in steps {
                let id = format!("t{number}");
                if is_answer {
                    pending.finish(result(Some(&id), "Bash"));
                    answered.insert(id);
                } else {
                    pending.begin(call(Some(&id), "Bash"));
                }
            }
            let mut body = MessageBody::text(Role::Assistant, "");
            pending.merge_into(&mut body);
            for id in answered {
                let id = ToolCallId::new(id);
                prop_assert!(body.tool_calls.iter().any(|c| c.id.as_ref() == Some(&id) && c.output.is_some()));
            }
        }
    }
}
