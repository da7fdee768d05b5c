//! `switchboard worker --endpoint …` as the process that it is.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use wiremock::matchers::{any, header};
use wiremock::{Mock, MockServer, ResponseTemplate};

const KEY: &str = "sk-secret";

/// Ended with the test, however that ends.
struct Worker(Child);

impl Drop for Worker {
    fn drop(&mut self) {
        // It is gone already when all went well.
        let _is_gone = self.0.kill();
        let _status = self.0.wait();
    }
}

fn stream(events: &[Value]) -> ResponseTemplate {
    let lines: Vec<String> = events.iter().map(|event| format!("data: {event}\n\n")).collect();
    ResponseTemplate::new(200).set_body_raw(lines.concat(), "text/event-stream")
}

/// First a command that shows its whole environment, then some words. Only who has the key is answered.
async fn endpoint() -> MockServer {
    let server = MockServer::start().await;
    let function = json!({"name": "shell", "arguments": r#"{"command":"env"}"#});
    let calls = json!({"choices": [{"delta": {"tool_calls": [{"index": 0, "id": "a", "function": function}]}}]});
    let stop = json!({"choices": [{"delta": {}, "finish_reason": "stop"}]});
    let words = json!({"choices": [{"delta": {"content": "Done."}}]});
    let with_key = || Mock::given(any()).and(header("authorization", format!("Bearer {KEY}").as_str()));
    with_key().respond_with(stream(&[calls, stop.clone()])).up_to_n_times(1).mount(&server).await;
    with_key().respond_with(stream(&[words, stop])).mount(&server).await;
    server
}

#[tokio::test]
async fn the_key_goes_to_the_endpoint_and_to_nobody_else() {
    let (server, folder) = (endpoint().await, tempfile::tempdir().expect("a folder"));
    let child = Command::new(env!("CARGO_BIN_EXE_switchboard"))
        .args(["worker", "--endpoint", &server.uri(), "--model", "m", "--key-env", "MY_MODEL_KEY"])
        .env("MY_MODEL_KEY", KEY)
        .env("MY_OTHER_VARIABLE", "seen")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut worker = Worker(child.expect("it starts"));
    let mut input = worker.0.stdin.take().expect("a pipe");
    let output = BufReader::new(worker.0.stdout.take().expect("a pipe"));
    let session = "01890a5d-ac96-774b-bcce-b302099a8057";
    let start = json!({"type": "start_session", "sessionId": session, "projectPath": folder.path(), "prompt": "show"});
    writeln!(input, "{start}").expect("it listens");

    let mut said = String::new();
    for line in output.lines() {
        let line = line.expect("text");
        said.push_str(&line);
        let message: Value = serde_json::from_str(&line).expect("JSON");
        if message["type"] == "tool_approval_request" {
            let yes = json!({"type": "tool_approval_response", "requestId": message["requestId"], "allowed": true});
            writeln!(input, "{yes}").expect("it listens");
        }
        if message["type"] == "session_completed" || message["type"] == "session_failed" {
            break;
        }
    }
    assert!(said.contains("Done.") && said.contains("MY_OTHER_VARIABLE=seen"), "{said}");
    assert!(!said.contains(KEY), "{said}");
}

#[test]
fn a_key_that_is_not_there_is_told_before_anything_is_asked() {
    let output = Command::new(env!("CARGO_BIN_EXE_switchboard"))
        .args(["worker", "--endpoint", "https://models.example", "--key-env", "THERE_IS_NO_SUCH_VARIABLE"])
        .stdin(Stdio::null())
        .output()
        .expect("it starts");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("THERE_IS_NO_SUCH_VARIABLE"));
}
