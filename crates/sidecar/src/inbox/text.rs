//! Decodes text as it comes, never cutting a character.

use std::borrow::Cow;

use super::Unit;
use super::splitter::READ_BYTES;
use crate::{FaultKind, LineFault};

#[derive(Debug)]
pub(crate) struct TextStream {
    buffer: Vec<u8>,
    /// How much of the buffer has been handed over.
    taken: usize,
}

impl TextStream {
    pub(super) const fn new() -> Self {
        Self { buffer: Vec::new(), taken: 0 }
    }

    pub(super) fn space(&mut self) -> &mut Vec<u8> {
        self.buffer.drain(..self.taken);
        self.taken = 0;
        self.buffer.reserve_exact(READ_BYTES.saturating_sub(self.buffer.capacity() - self.buffer.len()));
        &mut self.buffer
    }

    pub(super) fn next_unit(&mut self) -> Option<Unit<'_>> {
        let end = self.buffer.len() - unfinished(&self.buffer[self.taken..]);
        self.take(end)
    }

    pub(super) fn last_unit(&mut self) -> Option<Unit<'_>> {
        self.take(self.buffer.len())
    }

    fn take(&mut self, end: usize) -> Option<Unit<'_>> {
        let bytes = &self.buffer[self.taken..end];
        self.taken = end;
        if bytes.is_empty() {
            return None;
        }
        let text = String::from_utf8_lossy(bytes);
        let fault = matches!(text, Cow::Owned(_)).then(|| LineFault::new(FaultKind::InvalidUtf8, &text));
        Some(Unit { text: Some(text), fault, bytes: bytes.len() })
    }
}

/// How many bytes at the end are the beginning of a character that is not complete yet.
fn unfinished(bytes: &[u8]) -> usize {
    let tail = &bytes[bytes.len().saturating_sub(3)..];
    let Some(lead) = tail.iter().rposition(|&byte| byte >= 0xC0) else { return 0 };
    match std::str::from_utf8(&tail[lead..]) {
        Err(error) if error.error_len().is_none() => tail.len() - lead,
        _ => 0,
    }
}
