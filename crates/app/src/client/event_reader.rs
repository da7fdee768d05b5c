//! Reading an event stream: from bytes to lines, from lines to events.

use crate::client::ClientError;

/// The most bytes one event may have. Snapshots are the largest; a server that sends more is none of ours.
const EVENT_BYTES_MAX: usize = 256 << 20;

/// One event, as it was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RawEvent {
    /// What it is.
    pub(super) name: String,
    /// What it says.
    pub(super) data: String,
    /// Its place, or the last one that was sent.
    pub(super) id: Option<String>,
}

/// Makes events of bytes, however they are cut.
#[derive(Debug, Default)]
pub(super) struct EventReader {
    rest: Vec<u8>,
    /// Bytes of `rest` that were looked at and have no end of line in them.
    looked_at: usize,
    event: RawEvent,
    has_data: bool,
}

impl EventReader {
    /// Takes in some bytes.
    ///
    /// # Errors
    /// When an event grows beyond all measure.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), ClientError> {
        if self.rest.len() + self.event.data.len() + bytes.len() > EVENT_BYTES_MAX {
            return Err(ClientError::Unintelligible(format!("an event has more than {EVENT_BYTES_MAX} bytes")));
        }
        self.rest.extend_from_slice(bytes);
        Ok(())
    }

    /// The next event that is whole.
    ///
    /// # Errors
    /// When what came is no text.
    pub(super) fn next(&mut self) -> Result<Option<RawEvent>, ClientError> {
        let mut begin = 0;
        let mut event = None;
        while let Some(end) = memchr(&self.rest, begin.max(self.looked_at)) {
            let line = std::str::from_utf8(&self.rest[begin..end]);
            let line = line.map_err(|error| ClientError::Unintelligible(error.to_string()))?;
            begin = end + 1;
            self.looked_at = begin;
            let line = line.strip_suffix('\r').unwrap_or(line);
            event = take_line(&mut self.event, &mut self.has_data, line);
            if event.is_some() {
                break;
            }
        }
        self.rest.drain(..begin);
        self.looked_at = if event.is_some() { 0 } else { self.rest.len() };
        Ok(event)
    }
}

fn memchr(bytes: &[u8], from: usize) -> Option<usize> {
    bytes.get(from..)?.iter().position(|byte| *byte == b'\n').map(|place| from + place)
}

/// Takes in a line; an empty one ends an event. What has only an id is told as an event without a name.
fn take_line(event: &mut RawEvent, has_data: &mut bool, line: &str) -> Option<RawEvent> {
    if line.is_empty() {
        let whole = std::mem::take(event);
        *has_data = false;
        return (whole != RawEvent::default()).then_some(whole);
    }
    let (field, value) = line.split_once(':').unwrap_or((line, ""));
    let value = value.strip_prefix(' ').unwrap_or(value);
    match field {
        "event" => value.clone_into(&mut event.name),
        "id" => event.id = Some(value.to_owned()),
        "data" => {
            if std::mem::replace(has_data, true) {
                event.data.push('\n');
            }
            event.data.push_str(value);
        }
        // Comments, and fields of later versions.
        _ => {}
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(chunks: &[&[u8]]) -> Vec<RawEvent> {
        let mut reader = EventReader::default();
        let mut events = Vec::new();
        for chunk in chunks {
            reader.push(chunk).expect("small");
            while let Some(event) = reader.next().expect("text") {
                events.push(event);
            }
        }
        events
    }

    fn event(name: &str, data: &str, id: Option<&str>) -> RawEvent {
        RawEvent { name: name.into(), data: data.into(), id: id.map(str::to_owned) }
    }

    const STREAM: &str =
        ": hi\n\nevent: change\nid: a:1\ndata: {\"ä\":1}\n\ndata: one\r\ndata:two\r\n\r\n: beat\nid: a:2\n\nevent: x\n";

    #[test]
    fn lines_make_events() {
        let expected =
            [event("change", "{\"ä\":1}", Some("a:1")), event("", "one\ntwo", None), event("", "", Some("a:2"))];
        assert_eq!(read(&[STREAM.as_bytes()]), expected);
    }

    proptest! {
        #[test]
        fn however_the_bytes_are_cut_the_events_are_the_same(cuts in proptest::collection::vec(0..STREAM.len(), 0..20)) {
            let mut cuts = cuts;
            cuts.sort_unstable();
            let bytes = STREAM.as_bytes();
            let begins = std::iter::once(0).chain(cuts.iter().copied());
            let ends = cuts.iter().copied().chain([bytes.len()]);
            let chunks: Vec<_> = begins.zip(ends).map(|(begin, end)| &bytes[begin..end]).collect();
            prop_assert_eq!(read(&chunks), read(&[bytes]));
        }
    }

    #[test]
    fn what_is_no_text_is_said_so() {
        let mut reader = EventReader::default();
        reader.push(b"data: \xff\n\n").expect("small");
        assert!(reader.next().is_err());
    }
}
