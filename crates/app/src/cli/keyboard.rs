//! The keyboard, key by key, while a command lets a person steer it.

use std::io;

use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste, Event, KeyEvent, KeyEventKind, read};
use crossterm::execute;
use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use tokio::sync::mpsc;

/// Keys that wait to be looked at; a person types no faster, and whoever pastes more waits.
const KEYS_MAX: usize = 256;

/// Something that the person at the terminal did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// A key was pressed.
    Key(KeyEvent),
    /// Text was pasted; it is no keys.
    Pasted(String),
    /// The window has another size.
    Resized,
    /// There is no keyboard any more.
    Gone,
}

/// The keyboard; the terminal is as it was before once this is dropped.
pub(super) struct Keyboard {
    keys: mpsc::Receiver<Input>,
}

impl Keyboard {
    /// Takes the keyboard: from now on no key is echoed, and none of them sends a signal.
    ///
    /// # Errors
    /// When this process has no terminal.
    pub(super) fn take() -> io::Result<Self> {
        enable_raw_mode()?;
        let (sender, keys) = mpsc::channel(KEYS_MAX);
        let keyboard = Self { keys };
        execute!(io::stdout(), EnableBracketedPaste)?;
        // Nothing can interrupt such a read; the thread ends with the process, which the runtime must not wait for.
        std::thread::spawn(move || read_keys(&sender));
        Ok(keyboard)
    }

    /// What the person does next. Cancellation-safe.
    pub(super) async fn next(&mut self) -> Input {
        self.keys.recv().await.unwrap_or(Input::Gone)
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        // Where the terminal cannot be told any more, it is gone.
        let _gone = execute!(io::stdout(), DisableBracketedPaste);
        let _gone = disable_raw_mode();
    }
}

fn read_keys(keys: &mpsc::Sender<Input>) {
    loop {
        let input = match read() {
            Ok(Event::Key(key)) if key.kind != KeyEventKind::Release => Input::Key(key),
            Ok(Event::Paste(text)) => Input::Pasted(text),
            Ok(Event::Resize(..)) => Input::Resized,
            Ok(_) => continue,
            Err(_) => return,
        };
        if keys.blocking_send(input).is_err() {
            return;
        }
    }
}
