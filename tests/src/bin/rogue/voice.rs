//! Saying things: lines of the native protocol, and bytes that are none.

use std::io::{self, BufWriter, Stdout, Write};

use serde_json::{Value, json};

/// The rogue's standard output, and for whom it speaks.
pub(crate) struct Voice {
    /// Whose events these are, as it was told.
    pub(crate) session_id: String,
    out: BufWriter<Stdout>,
}

impl Default for Voice {
    fn default() -> Self {
        Self { session_id: String::new(), out: BufWriter::new(io::stdout()) }
    }
}

impl Voice {
    /// One event of this session, sent off at once.
    pub(crate) fn say(&mut self, kind: &str, fields: Value) -> io::Result<()> {
        self.mutter(kind, fields)?;
        self.out.flush()
    }

    /// One event of this session, sent off when the buffer is full.
    pub(crate) fn mutter(&mut self, kind: &str, fields: Value) -> io::Result<()> {
        let mut event = json!({ "type": kind, "sessionId": self.session_id });
        if let (Value::Object(event), Value::Object(fields)) = (&mut event, fields) {
            event.extend(fields);
        }
        writeln!(self.out, "{event}")
    }

    /// Bytes as they are, sent off at once.
    pub(crate) fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.out.flush()
    }

    /// A message of the agent.
    pub(crate) fn message(&mut self, content: &str) -> io::Result<()> {
        self.say("message", json!({ "role": "assistant", "content": content }))
    }

    /// A turn begins.
    pub(crate) fn started(&mut self) -> io::Result<()> {
        self.say("session_started", json!({ "sdkSessionId": "rogue-1" }))
    }

    /// A turn ends well.
    pub(crate) fn completed(&mut self) -> io::Result<()> {
        self.say("session_completed", json!({ "sdkSessionId": "rogue-1", "totalCostUsd": 0.01, "durationMs": 5 }))
    }
}

/// Last words. Nobody is left to tell when even that fails.
pub(crate) fn to_stderr(bytes: &[u8]) {
    let _ = io::stderr().write_all(bytes);
}
