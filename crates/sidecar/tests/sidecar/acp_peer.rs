//! A small agent that speaks the Agent Client Protocol; the other side of the tests.
//!
//! Written by hand, so that it shares no mistake with the code under test. The word a prompt begins with says
//! what it does; with `stay` as its argument it ignores the end of its input, as some real agents do.

use std::io::{self, BufRead, Lines, StdinLock, Write, stdin, stdout};
use std::process::exit;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

/// Longer than any test.
const FOR_EVER: Duration = Duration::from_mins(10);

/// The one conversation it remembers from earlier processes.
const KEPT: &str = "kept";

fn main() -> io::Result<()> {
    let stays = std::env::args().any(|arg| arg == "stay");
    let mut peer = Peer { lines: stdin().lock().lines(), asked: 0 };
    while let Some(message) = peer.next()? {
        peer.serve(&message)?;
    }
    if stays {
        thread::sleep(FOR_EVER);
    }
    Ok(())
}

struct Peer {
    lines: Lines<StdinLock<'static>>,
    /// Requests of its own so far.
    asked: u32,
}

impl Peer {
    fn next(&mut self) -> io::Result<Option<Value>> {
        let Some(line) = self.lines.next().transpose()? else { return Ok(None) };
        Ok(Some(serde_json::from_str(&line)?))
    }

    fn serve(&mut self, message: &Value) -> io::Result<()> {
        let params = &message["params"];
        let outcome = match message["method"].as_str().unwrap_or_default() {
            "initialize" => Ok(json!({"protocolVersion": 1, "agentCapabilities": {"loadSession": true}})),
            "session/new" => Ok(json!({"sessionId": "new"})),
            "session/load" if params["sessionId"] == KEPT => {
                update(&json!({"sessionUpdate": "agent_message_chunk", "content": text("said long ago")}))?;
                Ok(Value::Null)
            }
            "session/load" => Err(json!({"code": -32002, "message": "no such session"})),
            "session/prompt" => self.turn(params["prompt"][0]["text"].as_str().unwrap_or_default())?,
            _ => return Ok(()),
        };
        match outcome {
            Ok(result) => say(&json!({"jsonrpc": "2.0", "id": message["id"], "result": result})),
            Err(error) => say(&json!({"jsonrpc": "2.0", "id": message["id"], "error": error})),
        }
    }

    fn turn(&mut self, prompt: &str) -> io::Result<Result<Value, Value>> {
        update(&json!({"sessionUpdate": "agent_message_chunk", "content": text("well, ")}))?;
        let (word, rest) = prompt.split_once(' ').unwrap_or((prompt, ""));
        match word {
            "read" | "write" | "run" | "run-args" | "kill" | "leave" => self.service(word, rest),
            "tool" => self.tool().map(Ok),
            "slow" => self.wait_for_cancel().map(Ok),
            "fail" => Ok(Err(json!({"code": -32603, "message": "out of luck"}))),
            "crash" => exit(3),
            _ => {
                update(&json!({"sessionUpdate": "agent_message_chunk", "content": text(prompt)}))?;
                Ok(Ok(json!({"stopReason": "end_turn"})))
            }
        }
    }

    fn tool(&mut self) -> io::Result<Value> {
        let call = json!({"toolCallId": "call", "title": "ls", "kind": "execute", "rawInput": {"command": "ls"}});
        say(&json!({"jsonrpc": "2.0", "id": "ask", "method": "session/request_permission", "params": {
            "sessionId": "new",
            "toolCall": call,
            "options": [
                {"optionId": "1", "name": "Yes", "kind": "allow_once"},
                {"optionId": "2", "name": "No", "kind": "reject_once"},
            ],
        }}))?;
        let answer = loop {
            let Some(message) = self.next()? else { exit(0) };
            if message["id"] == "ask" {
                break message["result"]["outcome"].clone();
            }
        };
        if answer["outcome"] == "cancelled" {
            return Ok(json!({"stopReason": "cancelled"}));
        }
        let status = if answer["optionId"] == "1" { "completed" } else { "failed" };
        update(&json!({"sessionUpdate": "tool_call_update", "toolCallId": "call", "status": status}))?;
        Ok(json!({"stopReason": "end_turn"}))
    }

    /// Has the client do something, and says what came of it.
    fn service(&mut self, word: &str, what: &str) -> io::Result<Result<Value, Value>> {
        let words: Vec<&str> = what.split(' ').collect();
        let said = match word {
            "read" => {
                let number = |place: usize| words.get(place).and_then(|word| word.parse::<u32>().ok());
                let params = json!({"path": words[0], "line": number(1), "limit": number(2)});
                self.ask("fs/read_text_file", params)?
                    .map(|result| result["content"].as_str().unwrap_or("?").to_owned())
            }
            "write" => {
                let params = json!({"path": what, "content": "new"});
                self.ask("fs/write_text_file", params)?.map(|result| result.to_string())
            }
            _ => self.terminal(word, what, &words)?,
        };
        let said = said.unwrap_or_else(|error| format!("error {}", error["code"]));
        update(&json!({"sessionUpdate": "agent_message_chunk", "content": text(&said)}))?;
        Ok(Ok(json!({"stopReason": "end_turn"})))
    }

    fn terminal(&mut self, word: &str, what: &str, words: &[&str]) -> io::Result<Result<String, Value>> {
        let command = if word == "run-args" { words[0] } else { what };
        let args = if word == "run-args" { &words[1..] } else { &[] };
        let terminal = match self.ask("terminal/create", json!({"command": command, "args": args}))? {
            Ok(created) => created["terminalId"].clone(),
            Err(error) => return Ok(Err(error)),
        };
        let about = json!({"terminalId": terminal});
        if word == "leave" {
            return Ok(Ok(terminal.as_str().unwrap_or("?").to_owned()));
        }
        if word == "kill" {
            let _killed = self.ask("terminal/kill", about.clone())?;
        }
        let ended = self.ask("terminal/wait_for_exit", about.clone())?.unwrap_or_default();
        let shown = self.ask("terminal/output", about.clone())?.unwrap_or_default();
        let _released = self.ask("terminal/release", about)?;
        Ok(Ok(format!("{}|{}|{ended}", shown["output"].as_str().unwrap_or("?"), shown["truncated"])))
    }

    /// Asks the client, and waits for its answer.
    fn ask(&mut self, method: &str, mut params: Value) -> io::Result<Result<Value, Value>> {
        self.asked += 1;
        let id = format!("service-{}", self.asked);
        params["sessionId"] = json!("new");
        say(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}))?;
        loop {
            let Some(message) = self.next()? else { exit(0) };
            if message["id"] == id.as_str() {
                let error = message["error"].clone();
                return Ok(if error.is_null() { Ok(message["result"].clone()) } else { Err(error) });
            }
        }
    }

    fn wait_for_cancel(&mut self) -> io::Result<Value> {
        while let Some(message) = self.next()? {
            if message["method"] == "session/cancel" {
                return Ok(json!({"stopReason": "cancelled"}));
            }
        }
        thread::sleep(FOR_EVER);
        Ok(Value::Null)
    }
}

fn text(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

fn update(update: &Value) -> io::Result<()> {
    // Whichever session it is, there is only one.
    say(&json!({"jsonrpc": "2.0", "method": "session/update", "params": {"update": update}}))
}

fn say(message: &Value) -> io::Result<()> {
    let mut out = stdout().lock();
    writeln!(out, "{message}")?;
    out.flush()
}
