//! Tool calls, which ACP tells in pieces: any field of a call may come, or change, at any time.

use std::collections::BTreeMap;
use std::time::Duration;

use agent_client_protocol_schema::v1::{ToolCallStatus, ToolCallUpdate, ToolKind};
use serde_json::{Map, Value, json};
use switchboard_domain::{AgentEvent, ToolCall, ToolCallId, ToolResult};

use crate::protocol::Output;

/// Calls that are remembered, so that later pieces find them: more than a turn has, few enough that looking
/// one up costs nothing.
const CALLS_MAX: usize = 512;

/// Calls of the turn under way, oldest first.
#[derive(Debug, Default)]
pub(super) struct Calls {
    calls: Vec<Call>,
    /// What commands that we ran for the agent have written, as far as it asked.
    terminals: BTreeMap<String, String>,
}

/// What is known of a call.
#[derive(Debug)]
struct Call {
    id: String,
    name: Option<String>,
    title: String,
    kind: ToolKind,
    status: ToolCallStatus,
    /// What it is given.
    input: Value,
    /// What it is given in words and places, for agents that say it in no other way.
    described: Value,
    /// The name and the input that were reported last.
    reported: Option<(String, Value)>,
    /// What it has shown and was not reported yet.
    content: Vec<Value>,
    raw_output: Value,
}

impl Calls {
    /// Takes in a piece of a call; `raw` is the same piece as it came.
    pub(super) fn learn(&mut self, update: ToolCallUpdate, raw: &Value, bytes: usize, out: &mut Output) {
        let place = self.place(&update.tool_call_id.0, out);
        let (call, terminals) = (&mut self.calls[place], &self.terminals);
        let was = call.status;
        call.merge(update, raw);
        call.report(bytes, out);
        match call.status {
            ToolCallStatus::Completed | ToolCallStatus::Failed if was != call.status || call.has_output() => {
                call.answer(terminals, bytes, out);
            }
            ToolCallStatus::InProgress if was == ToolCallStatus::Pending => {
                out.emit(AgentEvent::ToolProgress { tool_name: call.shown_name(), elapsed: Duration::ZERO }, 0);
            }
            _ => {}
        }
    }

    /// The command called `terminal` has written `text`: that is what calls that show it have to show.
    pub(super) fn terminal_said(&mut self, terminal: &str, text: &str) {
        if self.terminals.contains_key(terminal) || self.terminals.len() < CALLS_MAX {
            self.terminals.insert(terminal.to_owned(), text.to_owned());
        }
    }

    /// The id of the newest call of the turn, if there is one.
    pub(super) fn newest(&self) -> &str {
        self.calls.last().map_or("", |call| call.id.as_str())
    }

    /// The name and the input of the call `id`, as they were reported last.
    pub(super) fn reported(&self, id: &str) -> Option<&(String, Value)> {
        self.calls.iter().rfind(|call| call.id == id)?.reported.as_ref()
    }

    /// Whether `id` was mentioned in this turn.
    pub(super) fn knows(&self, id: &str) -> bool {
        self.calls.iter().any(|call| call.id == id)
    }

    /// The turn is over: what its calls have shown is all there will be.
    pub(super) fn end_turn(&mut self, out: &mut Output) {
        for mut call in self.calls.drain(..) {
            call.give_up(&self.terminals, out);
        }
        self.terminals.clear();
    }

    fn place(&mut self, id: &str, out: &mut Output) -> usize {
        if let Some(place) = self.calls.iter().rposition(|call| call.id == id) {
            return place;
        }
        if self.calls.len() >= CALLS_MAX {
            self.calls.remove(0).give_up(&self.terminals, out);
        }
        self.calls.push(Call::new(id));
        self.calls.len() - 1
    }
}

impl Call {
    fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: None,
            title: String::new(),
            kind: ToolKind::Other,
            status: ToolCallStatus::Pending,
            input: Value::Null,
            described: Value::Null,
            reported: None,
            content: Vec::new(),
            raw_output: Value::Null,
        }
    }

    fn merge(&mut self, update: ToolCallUpdate, raw: &Value) {
        let fields = update.fields;
        let vendor_name = update.meta.as_ref().and_then(vendor_name);
        self.name = fields.name.or(vendor_name).or_else(|| self.name.take());
        self.title = fields.title.unwrap_or_else(|| std::mem::take(&mut self.title));
        self.kind = fields.kind.unwrap_or(self.kind);
        self.status = fields.status.unwrap_or(self.status);
        if let Some(input) = fields.raw_input.filter(|input| !says_nothing_new(input, &self.input)) {
            self.input = input;
        }
        if let Some(output) = fields.raw_output.filter(|output| !is_blank(output)) {
            self.raw_output = output;
        }
        // As it came: the schema's types leave out content of kinds they do not know.
        if let Some(content) = raw.get("content").and_then(Value::as_array) {
            self.content.clone_from(content);
        }
        if is_blank(&self.input) && (self.status == ToolCallStatus::Pending || self.described.is_null()) {
            self.described = self.describe(raw);
        }
    }

    fn describe(&self, raw: &Value) -> Value {
        let mut described = Map::from_iter([("title".to_owned(), json!(self.title))]);
        if self.status == ToolCallStatus::Pending && !self.content.is_empty() {
            described.insert("content".to_owned(), json!(self.content));
        }
        let places = raw.get("locations").or_else(|| self.described.get("locations"));
        if let Some(places) = places.filter(|places| places.as_array().is_some_and(|places| !places.is_empty())) {
            described.insert("locations".to_owned(), places.clone());
        }
        Value::Object(described)
    }

    fn shown_name(&self) -> String {
        let kind = || serde_json::to_value(self.kind).ok()?.as_str().map(str::to_owned);
        let kind = || kind().filter(|_| self.kind != ToolKind::Other);
        self.name.clone().or_else(kind).unwrap_or_else(|| self.title.clone())
    }

    fn report(&mut self, bytes: usize, out: &mut Output) {
        let name = self.shown_name();
        let input = if is_blank(&self.input) { &self.described } else { &self.input };
        if self.reported.as_ref().is_some_and(|(known, given)| *known == name && given == input) {
            return;
        }
        self.reported = Some((name.clone(), input.clone()));
        let call = ToolCall {
            id: Some(ToolCallId::new(self.id.as_str())),
            name,
            input: input.clone(),
            output: None,
            is_error: false,
        };
        out.emit(AgentEvent::ToolUse(call), bytes);
    }

    fn has_output(&self) -> bool {
        !self.content.is_empty() || !self.raw_output.is_null()
    }

    fn answer(&mut self, terminals: &BTreeMap<String, String>, bytes: usize, out: &mut Output) {
        let content = std::mem::take(&mut self.content).into_iter().map(|item| shown(item, terminals)).collect();
        let output = output(self.status, self.raw_output.take(), content);
        let id = Some(ToolCallId::new(self.id.as_str()));
        out.emit(
            AgentEvent::ToolResult(ToolResult {
                id,
                name: self.shown_name(),
                output,
                is_error: self.status == ToolCallStatus::Failed,
            }),
            bytes,
        );
    }

    /// No end will come: what a call that was running has shown so far is its result.
    fn give_up(&mut self, terminals: &BTreeMap<String, String>, out: &mut Output) {
        if self.status == ToolCallStatus::InProgress && self.has_output() {
            self.answer(terminals, 0, out);
        }
    }
}

/// The name an agent gives a tool in its own words; the protocol had none for long.
fn vendor_name(meta: &Map<String, Value>) -> Option<String> {
    let names = meta.values().filter_map(|vendor| vendor.get("toolName"));
    names.filter_map(Value::as_str).map(str::to_owned).next()
}

/// `item`, or what was written to the terminal that it is.
fn shown(item: Value, terminals: &BTreeMap<String, String>) -> Value {
    match item.get("terminalId").and_then(Value::as_str).and_then(|terminal| terminals.get(terminal)) {
        Some(text) => json!({"type": "content", "content": {"type": "text", "text": text}}),
        None => item,
    }
}

/// Plain text where it is all there is to say; else the status, the output and what is no text, as it came.
fn output(status: ToolCallStatus, raw_output: Value, content: Vec<Value>) -> Value {
    let (texts, rest): (Vec<Value>, Vec<Value>) = content.into_iter().partition(|item| text(item).is_some());
    let said = if raw_output.is_null() {
        Value::String(texts.iter().filter_map(text).collect::<Vec<_>>().join("\n"))
    } else {
        raw_output
    };
    if status == ToolCallStatus::Completed && rest.is_empty() {
        return said;
    }
    let mut output = Map::from_iter([("status".to_owned(), json!(status)), ("output".to_owned(), said)]);
    if !rest.is_empty() {
        output.insert("content".to_owned(), Value::Array(rest));
    }
    Value::Object(output)
}

fn text(item: &Value) -> Option<&str> {
    item.get("content")?.get("text")?.as_str()
}

/// Whether all of `input` is part of `known` already: a request for permission often repeats the half of it.
fn says_nothing_new(input: &Value, known: &Value) -> bool {
    match (input.as_object(), known.as_object()) {
        (Some(input), Some(known)) => input.iter().all(|(key, value)| known.get(key) == Some(value)),
        _ => is_blank(input),
    }
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::LineEvent;

    /// What is heard when the pieces of the call `t` come in, as JSON without ids.
    #[track_caller]
    fn check(pieces: &[Value], expected: &[Value]) {
        let mut calls = Calls::default();
        let mut out = Output::default();
        for piece in pieces {
            let mut piece = piece.clone();
            piece["toolCallId"] = json!("t");
            calls.learn(ToolCallUpdate::deserialize(&piece).expect("a piece"), &piece, 0, &mut out);
        }
        calls.end_turn(&mut out);
        let heard = out.events.into_iter().map(|(event, _)| match event {
            LineEvent::Agent(AgentEvent::ToolUse(call)) => json!({"use": call.name, "input": call.input}),
            LineEvent::Agent(AgentEvent::ToolResult(result)) => json!({"result": result.output}),
            LineEvent::Agent(AgentEvent::ToolProgress { .. }) => json!("runs"),
            other => panic!("{other:?}"),
        });
        assert_eq!(heard.collect::<Vec<_>>(), expected);
    }

    fn text(text: &str) -> Value {
        json!({"type": "content", "content": {"type": "text", "text": text}})
    }

    #[test]
    fn a_call_is_reported_again_only_when_it_is_known_better() {
        let piece = json!({"title": "ls", "kind": "execute", "rawInput": {"command": "ls"}});
        check(
            &[json!({"title": "bash", "kind": "execute", "rawInput": {}}), piece.clone(), piece],
            &[
                json!({"use": "execute", "input": {"title": "bash"}}),
                json!({"use": "execute", "input": {"command": "ls"}}),
            ],
        );
    }

    #[test]
    fn half_of_an_input_does_not_replace_all_of_it() {
        let whole = json!({"command": "ls", "cwd": "/p"});
        check(
            &[json!({"title": "ls", "rawInput": whole}), json!({"rawInput": {"command": "ls"}})],
            &[json!({"use": "ls", "input": whole})],
        );
    }

    #[test]
    fn a_tool_is_called_by_its_name_before_its_kind_and_its_title() {
        let name = |piece| check(&[piece], &[json!({"use": "Bash", "input": {"a": 1}})]);
        name(json!({"title": "x", "kind": "execute", "name": "Bash", "rawInput": {"a": 1}}));
        name(json!({"title": "x", "kind": "execute", "_meta": {"vendor": {"toolName": "Bash"}}, "rawInput": {"a": 1}}));
        name(json!({"title": "Bash", "kind": "other", "rawInput": {"a": 1}}));
    }

    #[test]
    fn words_and_places_stand_for_an_input_that_is_not_given() {
        let diff = json!({"type": "diff", "path": "/p/a", "oldText": "1", "newText": "2"});
        let places = json!([{"path": "/p/a", "line": 3}]);
        check(
            &[json!({"title": "Edit a", "kind": "edit", "content": [diff], "locations": places})],
            &[json!({"use": "edit", "input": {"title": "Edit a", "content": [diff], "locations": places}})],
        );
    }

    #[test]
    fn results_are_text_unless_there_is_more() {
        let call = json!({"title": "x", "rawInput": {"a": 1}});
        let reported = json!({"use": "x", "input": {"a": 1}});
        let diff = json!({"type": "diff", "path": "/p/a", "oldText": null, "newText": "2"});
        let hologram = json!({"type": "hologram"});
        let result = |piece: Value, expected: Value| check(&[call.clone(), piece], &[reported.clone(), expected]);
        result(json!({"status": "completed", "content": [text("a"), text("b")]}), json!({"result": "a\nb"}));
        result(
            json!({"status": "completed", "rawOutput": {"exit": 0}, "content": [text("a")]}),
            json!({"result": {"exit": 0}}),
        );
        result(json!({"status": "completed"}), json!({"result": ""}));
        result(
            json!({"status": "failed", "content": [text("no")]}),
            json!({"result": {"status": "failed", "output": "no"}}),
        );
        result(
            json!({"status": "completed", "content": [diff, text("ok"), hologram]}),
            json!({"result": {"status": "completed", "output": "ok", "content": [diff, hologram]}}),
        );
    }

    #[test]
    fn what_a_call_showed_before_it_ended_is_not_lost() {
        let call = json!({"title": "x", "rawInput": {"a": 1}});
        let reported = json!({"use": "x", "input": {"a": 1}});
        let running = json!({"status": "in_progress", "content": [text("so far")]});
        check(
            &[call.clone(), running.clone(), json!({"status": "completed"})],
            &[reported.clone(), json!("runs"), json!({"result": "so far"})],
        );
        let so_far = json!({"result": {"status": "in_progress", "output": "so far"}});
        check(&[call, running], &[reported, json!("runs"), so_far]);
    }

    #[test]
    fn a_call_that_never_ran_has_no_result() {
        let call = json!({"title": "x", "rawInput": {"a": 1}, "content": [text("about to")]});
        check(&[call], &[json!({"use": "x", "input": {"a": 1}})]);
    }

    #[test]
    fn remembering_calls_is_bounded() {
        let (mut calls, mut out) = (Calls::default(), Output::default());
        for number in 0..=CALLS_MAX {
            let piece = json!({"toolCallId": format!("t{number}"), "title": "x"});
            calls.learn(ToolCallUpdate::deserialize(&piece).expect("a piece"), &piece, 0, &mut out);
        }
        assert!(!calls.knows("t0") && calls.knows("t1"));
    }
}
