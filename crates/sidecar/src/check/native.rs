//! The native protocol has no greeting: a worker waits for its first session, and ends when its input does.

use serde_json::Value;

use super::interview::{Handshake, Step};

pub(super) struct Native;

impl Handshake for Native {
    fn begin(&mut self, _folder: &str) -> Option<Vec<Value>> {
        None
    }

    fn hear(&mut self, _message: &Value) -> Step {
        Step::Listen
    }
}
