//! JSON-RPC 2.0 as ACP uses it: one message a line, with ids that may be numbers or strings.

use agent_client_protocol_schema::v1::{Error, JsonRpcMessage, Notification, Request, RequestId, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A message of the agent. Borrowed, so that what is not understood can still be kept as it came.
pub(super) enum Incoming<'a> {
    /// It asks something and must get an answer.
    Request { id: RequestId, method: &'a str, params: &'a Value },
    /// It says something.
    Notification { method: &'a str, params: &'a Value },
    /// It answers.
    Response { id: RequestId, outcome: Result<&'a Value, Error> },
}

impl<'a> Incoming<'a> {
    /// Reads `message`; `None` when it is no JSON-RPC.
    pub(super) fn read(message: &'a Value) -> Option<Self> {
        let id = message.get("id").map(RequestId::deserialize).transpose().ok()?;
        let params = message.get("params").unwrap_or(&Value::Null);
        match (message.get("method"), id) {
            (Some(method), Some(id)) => Some(Self::Request { id, method: method.as_str()?, params }),
            (Some(method), None) => Some(Self::Notification { method: method.as_str()?, params }),
            (None, Some(id)) => Some(Self::Response { id, outcome: outcome(message)? }),
            (None, None) => None,
        }
    }
}

fn outcome(message: &Value) -> Option<Result<&Value, Error>> {
    match message.get("error").filter(|error| !error.is_null()) {
        // A sloppy error is an error all the same.
        Some(error) => Some(Err(Error::deserialize(error).unwrap_or_else(|_| internal_error(error)))),
        None => message.get("result").map(Ok),
    }
}

fn internal_error(error: &Value) -> Error {
    let mut internal = Error::internal_error();
    internal.message = error.as_str().map_or_else(|| error.to_string(), str::to_owned);
    internal
}

/// The number in `id`; some agents send it back as text.
pub(super) fn number(id: &RequestId) -> Option<i64> {
    match id {
        RequestId::Number(number) => Some(*number),
        RequestId::Str(text) => text.parse().ok(),
        RequestId::Null => None,
    }
}

/// A line that asks the agent something.
pub(super) fn request(id: i64, method: &str, params: impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    line(Request { id: RequestId::Number(id), method: method.into(), params: Some(params) })
}

/// A line that tells the agent something.
pub(super) fn notification(method: &str, params: impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    line(Notification { method: method.into(), params: Some(params) })
}

/// A line that answers the agent's request.
pub(super) fn response(id: RequestId, outcome: Result<impl Serialize, Error>) -> Result<Vec<u8>, serde_json::Error> {
    line(Response::new(id, outcome))
}

fn line(message: impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    let mut line = serde_json::to_vec(&JsonRpcMessage::wrap(message))?;
    line.push(b'\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn read(message: &Value) -> String {
        match Incoming::read(message) {
            Some(Incoming::Request { id, method, .. }) => format!("request {id:?} {method}"),
            Some(Incoming::Notification { method, .. }) => format!("notification {method}"),
            Some(Incoming::Response { id, outcome: Ok(result) }) => format!("response {id:?} {result}"),
            Some(Incoming::Response { id, outcome: Err(error) }) => format!("error {id:?} {}", error.message),
            None => "nothing".into(),
        }
    }

    #[rstest]
    #[case(json!({"id": 7, "method": "m"}), "request Number(7) m")]
    #[case(json!({"id": "a", "method": "m", "params": {}}), "request Str(\"a\") m")]
    #[case(json!({"method": "m"}), "notification m")]
    #[case(json!({"id": 7, "result": null}), "response Number(7) null")]
    #[case(json!({"id": 7, "result": 1, "error": null}), "response Number(7) 1")]
    #[case(json!({"id": 7, "error": {"code": 400, "message": "no"}}), "error Number(7) no")]
    #[case(json!({"id": 7, "error": "just text"}), "error Number(7) just text")]
    #[case(json!({"id": 1.5, "method": "m"}), "nothing")]
    #[case(json!({"id": 7}), "nothing")]
    #[case(json!({"method": 3}), "nothing")]
    #[case(json!(["batch"]), "nothing")]
    fn a_message_is_told_by_its_shape(#[case] message: Value, #[case] kind: &str) {
        assert_eq!(read(&message), kind);
    }
}
