//! What a person writes in an attached session: a text, a cursor, and the keys that edit it.
//!
//! Pure: keys in, text out. What was pasted is text like any other, whatever stands in it.

use std::time::Instant;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use unicode_width::UnicodeWidthStr;

use crate::terminal::visible;

/// A text longer than this is no message but an accident.
const TEXT_BYTES_MAX: usize = 1 << 20;

/// Lines that can be called back.
const HISTORY_MAX: usize = 100;

/// Before the first row, and before each later one.
const PROMPT: &str = "> ";
const INDENT: &str = "  ";

/// The text under way.
#[derive(Debug, Default)]
pub(super) struct Composer {
    text: String,
    /// Where the next character goes, in bytes.
    cursor: usize,
    /// When the first character of the text came.
    began: Option<Instant>,
    history: Vec<String>,
    /// Which line of the history is shown; none while the text is new.
    recalled: Option<usize>,
}

/// What a key came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The text is another one, or was refused; either way the person looks at it.
    Edited,
    /// The text is to be carried out; it was begun at this moment.
    Line(String, Instant),
    /// The person wants to leave.
    Leave,
    /// Ctrl-C, with nothing written.
    Interrupt,
    /// The key means nothing here.
    Nothing,
}

/// The text as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rows {
    /// Each of them clean and no wider than was asked for.
    pub(super) rows: Vec<String>,
    /// The row that the cursor is in, and the column.
    pub(super) cursor: (usize, usize),
}

impl Composer {
    /// What a key does to the text.
    pub(super) fn key(&mut self, key: KeyEvent, now: Instant) -> Outcome {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        match key.code {
            KeyCode::Enter if !alt => return self.enter(),
            KeyCode::Enter => self.insert("\n", now),
            KeyCode::Char(letter) if control => return self.control(letter, now),
            KeyCode::Char('b') if alt => self.cursor = self.word_start(),
            KeyCode::Char('f') if alt => self.cursor = self.word_end(),
            KeyCode::Char(_) if alt => return Outcome::Nothing,
            KeyCode::Char(letter) => self.insert(letter.encode_utf8(&mut [0; 4]), now),
            KeyCode::Backspace => self.erase(self.before(), self.cursor),
            KeyCode::Delete => self.erase(self.cursor, self.after()),
            KeyCode::Left if control => self.cursor = self.word_start(),
            KeyCode::Right if control => self.cursor = self.word_end(),
            KeyCode::Left => self.cursor = self.before(),
            KeyCode::Right => self.cursor = self.after(),
            KeyCode::Home => self.cursor = self.line_start(),
            KeyCode::End => self.cursor = self.line_end(),
            KeyCode::Up => self.recall(self.recalled.unwrap_or(self.history.len()).checked_sub(1), now),
            KeyCode::Down => self.recall(self.recalled.map(|at| at + 1), now),
            _ => return Outcome::Nothing,
        }
        Outcome::Edited
    }

    fn control(&mut self, letter: char, now: Instant) -> Outcome {
        match letter {
            'a' => self.cursor = self.line_start(),
            'e' => self.cursor = self.line_end(),
            'b' => self.cursor = self.before(),
            'f' => self.cursor = self.after(),
            'h' => self.erase(self.before(), self.cursor),
            'u' => self.erase(self.line_start(), self.cursor),
            'k' => self.erase(self.cursor, self.line_end()),
            'w' => self.erase(self.word_start(), self.cursor),
            'j' => self.insert("\n", now),
            'l' => {}
            'd' if self.text.is_empty() => return Outcome::Leave,
            'd' => self.erase(self.cursor, self.after()),
            'c' if self.text.is_empty() => return Outcome::Interrupt,
            'c' => self.clear(),
            _ => return Outcome::Nothing,
        }
        Outcome::Edited
    }

    /// Puts in what was pasted, all of it or nothing; says whether it was taken.
    pub(super) fn paste(&mut self, text: &str, now: Instant) -> bool {
        let fits = self.text.len() + text.len() <= TEXT_BYTES_MAX;
        if fits {
            self.insert(&text.replace("\r\n", "\n").replace('\r', "\n"), now);
        }
        fits
    }

    /// Gives back a line that could not be carried out, unless something else was begun meanwhile.
    pub(super) fn give_back(&mut self, line: &str, now: Instant) {
        if self.text.is_empty() {
            self.insert(line, now);
        }
    }

    fn enter(&mut self) -> Outcome {
        let Some(began) = self.began.filter(|_| !self.text.trim().is_empty()) else { return Outcome::Nothing };
        let line = std::mem::take(&mut self.text);
        self.clear();
        if self.history.last() != Some(&line) {
            self.history.push(line.clone());
        }
        if self.history.len() > HISTORY_MAX {
            self.history.remove(0);
        }
        Outcome::Line(line, began)
    }

    fn insert(&mut self, text: &str, now: Instant) {
        if self.text.len() + text.len() > TEXT_BYTES_MAX {
            return;
        }
        if self.text.is_empty() {
            self.began = Some(now);
        }
        self.text.insert_str(self.cursor, text);
        self.cursor += text.len();
    }

    fn erase(&mut self, from: usize, to: usize) {
        self.text.replace_range(from..to, "");
        self.cursor = from;
    }

    fn clear(&mut self) {
        self.text.clear();
        (self.cursor, self.recalled, self.began) = (0, None, None);
    }

    fn recall(&mut self, at: Option<usize>, now: Instant) {
        let Some(at) = at else { return };
        let line = self.history.get(at).cloned();
        self.clear();
        if let Some(line) = line {
            self.insert(&line, now);
            self.recalled = Some(at);
        }
    }

    fn before(&self) -> usize {
        self.text[..self.cursor].char_indices().next_back().map_or(0, |(at, _)| at)
    }

    fn after(&self) -> usize {
        self.text[self.cursor..].chars().next().map_or(self.cursor, |next| self.cursor + next.len_utf8())
    }

    fn line_start(&self) -> usize {
        self.text[..self.cursor].rfind('\n').map_or(0, |at| at + 1)
    }

    fn line_end(&self) -> usize {
        self.text[self.cursor..].find('\n').map_or(self.text.len(), |at| self.cursor + at)
    }

    fn word_start(&self) -> usize {
        let word = self.text[..self.cursor].trim_end();
        word.rfind(char::is_whitespace).map_or(0, |at| at + word[at..].chars().next().map_or(1, char::len_utf8))
    }

    fn word_end(&self) -> usize {
        let rest = &self.text[self.cursor..];
        let word = rest.len() - rest.trim_start().len();
        rest[word..].find(char::is_whitespace).map_or(self.text.len(), |at| self.cursor + word + at)
    }

    /// The text in rows of at most `columns`, no more of them than `rows_max`: those around the cursor.
    pub(super) fn rows(&self, columns: usize, rows_max: usize) -> Rows {
        let (mut rows, mut cursor) = (vec![PROMPT.to_owned()], (0, PROMPT.len()));
        for (at, letter) in self.text.char_indices() {
            let shown = shown(letter);
            let row = rows.last().map_or(0, |row| row.width());
            if letter != '\n' && row + shown.width() >= columns {
                rows.push(INDENT.to_owned());
            }
            if at == self.cursor {
                cursor = (rows.len() - 1, rows.last().map_or(0, |row| row.width()));
            }
            match letter {
                '\n' => rows.push(INDENT.to_owned()),
                _ => rows.last_mut().into_iter().for_each(|row| row.push_str(&shown)),
            }
        }
        if self.cursor == self.text.len() {
            cursor = (rows.len() - 1, rows.last().map_or(0, |row| row.width()));
        }
        let first = (cursor.0 + 1).saturating_sub(rows_max.max(1));
        let rows = rows.into_iter().skip(first).take(rows_max.max(1)).collect();
        Rows { rows, cursor: (cursor.0 - first, cursor.1) }
    }
}

/// A character as it is shown: what would do something to the terminal is spelled out.
fn shown(letter: char) -> String {
    if letter == '\t' { "    ".to_owned() } else { visible(letter.encode_utf8(&mut [0; 4])) }
}

#[cfg(test)]
mod tests;
