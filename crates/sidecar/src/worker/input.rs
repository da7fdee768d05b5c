//! Reads what Switchboard says, in a thread of its own.
//!
//! A thread and not the runtime: the runtime reads standard input in a thread of its own anyway, and then
//! cannot shut down before the next line comes.

use std::io::{ErrorKind, Read};
use std::thread;

use tokio::sync::mpsc;

use crate::inbox::{Framing, Inbox};
use crate::wire::Incoming;

/// The longest message that is read: as long as those a worker may write.
const LINE_BYTES_MAX: usize = 16 << 20;

/// One read; prompts are short.
const READ_BYTES: usize = 8 << 10;

/// The messages on `input`, until it ends or nobody wants them any more. What is no message is skipped.
pub(super) fn read_in_background(input: impl Read + Send + 'static, messages_max: usize) -> mpsc::Receiver<Incoming> {
    let (sender, receiver) = mpsc::channel(messages_max);
    thread::spawn(move || read(input, &sender));
    receiver
}

fn read(mut input: impl Read, messages: &mpsc::Sender<Incoming>) {
    let mut inbox = Inbox::new(Framing::Lines, LINE_BYTES_MAX);
    let mut bytes = vec![0; READ_BYTES];
    loop {
        let count = match input.read(&mut bytes) {
            Ok(count) if count > 0 => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            // An input that cannot be read has ended, whatever the reason.
            _ => return,
        };
        inbox.space().extend_from_slice(&bytes[..count]);
        while let Some(unit) = inbox.next_unit() {
            let message = unit.text.and_then(|line| serde_json::from_str(&line).ok());
            if let Some(message) = message
                && messages.blocking_send(message).is_err()
            {
                return;
            }
        }
    }
}
