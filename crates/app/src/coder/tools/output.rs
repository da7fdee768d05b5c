//! Keeps what the model is told within bounds.

/// The most that one call may tell: some fifteen thousand tokens.
pub(super) const OUTPUT_BYTES_MAX: usize = 48 << 10;

/// The longest line that is shown whole; longer ones are data, not text.
pub(super) const LINE_CHARS_MAX: usize = 1_000;

/// `line`, cut if it is too long.
pub(super) fn bounded_line(line: &str) -> String {
    match line.char_indices().nth(LINE_CHARS_MAX) {
        Some((end, _)) => format!("{}… (line cut)", &line[..end]),
        None => line.to_owned(),
    }
}

/// Lines up to the bound. Says with `rest` what is left out, if anything is.
pub(super) fn bounded_lines(lines: impl IntoIterator<Item = String>, rest: impl FnOnce(usize) -> String) -> String {
    let mut text = String::new();
    for (shown, line) in lines.into_iter().enumerate() {
        if text.len() + line.len() >= OUTPUT_BYTES_MAX {
            text.push_str(&rest(shown));
            break;
        }
        text.push_str(&line);
        text.push('\n');
    }
    text
}
