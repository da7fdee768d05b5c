//! Cuts a stream of bytes into server-sent events (the format is in the HTML standard, section 9.2).

use std::mem;

use super::StreamError;

/// The longest line of an event. The longest there is carries a whole answer once more at its end.
pub(super) const LINE_BYTES_MAX: usize = 8 << 20;

/// An event as the endpoint sent it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::coder) struct Event {
    /// What carries it; all formats here put JSON into it, which names its own type.
    pub(in crate::coder) data: String,
}

/// Cuts events out of bytes, wherever those were cut by the network.
///
/// Lines end with `\n` or `\r\n`; the lone `\r` that the standard allows too is sent by nobody. What is not
/// UTF-8 is replaced.
#[derive(Debug, Default)]
pub(in crate::coder) struct EventSplitter {
    line: Vec<u8>,
    data: Option<String>,
}

impl EventSplitter {
    /// Adds bytes and returns the events that they finish.
    ///
    /// # Errors
    /// [`StreamError::TooLong`] for an event longer than anybody sends; nothing is to be read after it.
    pub(in crate::coder) fn push(&mut self, mut bytes: &[u8]) -> Result<Vec<Event>, StreamError> {
        let mut events = Vec::new();
        while let Some(end) = bytes.iter().position(|&byte| byte == b'\n') {
            self.extend_line(&bytes[..end])?;
            bytes = &bytes[end + 1..];
            events.extend(self.end_line()?);
        }
        self.extend_line(bytes)?;
        Ok(events)
    }

    fn extend_line(&mut self, bytes: &[u8]) -> Result<(), StreamError> {
        within_bounds(self.line.len() + bytes.len())?;
        self.line.extend_from_slice(bytes);
        Ok(())
    }

    fn end_line(&mut self) -> Result<Option<Event>, StreamError> {
        let bytes = mem::take(&mut self.line);
        let line = String::from_utf8_lossy(bytes.strip_suffix(b"\r").unwrap_or(&bytes));
        if line.is_empty() {
            return Ok(self.data.take().map(|data| Event { data }));
        }
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        if field == "data" {
            let value = value.strip_prefix(' ').unwrap_or(value);
            within_bounds(self.data.as_ref().map_or(0, String::len) + value.len())?;
            match &mut self.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => self.data = Some(value.to_owned()),
            }
        }
        Ok(None)
    }
}

const fn within_bounds(bytes: usize) -> Result<(), StreamError> {
    if bytes > LINE_BYTES_MAX { Err(StreamError::TooLong { bytes_max: LINE_BYTES_MAX }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::plain("data: a\n\n", &["a"])]
    #[case::windows_line_ends("data: a\r\n\r\ndata: b\r\n\r\n", &["a", "b"])]
    #[case::without_blank("data:a\n\n", &["a"])]
    #[case::several_lines("data: a\ndata: b\n\n", &["a\nb"])]
    #[case::comments_and_other_fields(": ping\nevent: x\nid: 1\ndata: a\n\n: end\n\n", &["a"])]
    #[case::unfinished("data: a\n\ndata: b\n", &["a"])]
    #[case::no_utf8_is_lost("data: héß\u{1f980}\n\n", &["héß\u{1f980}"])]
    fn events_are_cut_out(#[case] stream: &str, #[case] expected: &[&str]) {
        for size in 1..=stream.len() {
            let mut splitter = EventSplitter::default();
            let chunks = stream.as_bytes().chunks(size);
            let events: Vec<Event> = chunks.flat_map(|chunk| splitter.push(chunk).expect("short")).collect();
            let data: Vec<&str> = events.iter().map(|event| event.data.as_str()).collect();
            assert_eq!(data, expected, "in pieces of {size}");
        }
    }

    #[test]
    fn an_endless_line_is_an_error_and_not_an_endless_buffer() {
        let mut splitter = EventSplitter::default();
        let chunk = vec![b'x'; 1 << 20];
        let failed = (0..100).find_map(|_| splitter.push(&chunk).err());
        assert_eq!(failed, Some(StreamError::TooLong { bytes_max: LINE_BYTES_MAX }));
        assert!(splitter.line.len() <= LINE_BYTES_MAX);
    }

    #[test]
    fn endlessly_many_lines_of_one_event_are_an_error_too() {
        let mut splitter = EventSplitter::default();
        let line = format!("data: {}\n", "x".repeat(1 << 20));
        assert!((0..100).any(|_| splitter.push(line.as_bytes()).is_err()));
    }
}
