//! The program under test at a terminal: a window that can be read, and a keyboard.

use std::num::NonZeroU16;
use std::process::Command;

use crate::{Home, Running, eventually, program};

/// Lines that have run out of the window and can still be read.
const SCROLLBACK_LINES: usize = 10_000;

/// `switchboard` at a terminal of its own, lent by `script` of util-linux.
pub struct Terminal {
    running: Running,
    columns: NonZeroU16,
    rows: NonZeroU16,
}

impl Terminal {
    /// Starts `switchboard LINE` in a window of the usual size.
    #[track_caller]
    pub fn start(home: &Home, line: &str) -> Self {
        Self::with_size(home, line, 80, 24)
    }

    /// [`Self::start`] in a window of this size.
    ///
    /// # Panics
    /// When the window has no size, or the program cannot be started.
    #[track_caller]
    pub fn with_size(home: &Home, line: &str, columns: u16, rows: u16) -> Self {
        let program = program::switchboard().display();
        let mut script = Command::new("script");
        let command = format!("stty rows {rows} cols {columns}; exec {program} {line}");
        script.args(["--quiet", "--flush", "--return", "--command", &command, "/dev/null"]);
        script.current_dir(home.project()).env_clear().env("TERM", "xterm-256color").env("SHELL", "/bin/sh");
        for (name, value) in home.command(["ls"]).get_envs() {
            script.env(name, value.unwrap_or_default());
        }
        let (columns, rows) = (NonZeroU16::new(columns).expect("a width"), NonZeroU16::new(rows).expect("a height"));
        Self { running: Running::start(&mut script), columns, rows }
    }

    /// Every byte that came, as text.
    pub fn bytes(&self) -> String {
        self.running.stdout.text()
    }

    /// What stands in the window now.
    pub fn screen(&self) -> String {
        self.parsed(0).screen().contents()
    }

    /// Everything that ran through the window, and what stands in it now.
    pub fn all(&self) -> String {
        let mut parser = self.parsed(SCROLLBACK_LINES);
        let screen = parser.screen_mut();
        screen.set_scrollback(usize::MAX);
        let mut text = String::new();
        for offset in (0..=screen.scrollback()).rev() {
            screen.set_scrollback(offset);
            let contents = screen.contents();
            match offset {
                0 => text.push_str(&contents),
                _ => text.extend([contents.lines().next().unwrap_or_default(), "\n"]),
            }
        }
        text
    }

    fn parsed(&self, scrollback: usize) -> vt100::Parser {
        let mut parser = vt100::Parser::new(self.rows, self.columns, scrollback);
        parser.process(&self.running.stdout.bytes());
        parser
    }

    /// Waits until the window shows a text.
    ///
    /// # Panics
    /// When it never does.
    #[track_caller]
    pub fn wait_for(&self, text: &str) {
        let shown = || self.screen().contains(text).then_some(());
        let found = crate::within(crate::PATIENCE, shown).is_some();
        assert!(found, "waited in vain for `{text}`; the window shows:\n{}", self.screen());
    }

    /// Types: `\r` is Enter, `\u{4}` Ctrl-D, `\u{3}` Ctrl-C.
    pub fn keys(&mut self, keys: &str) {
        self.running.write(keys);
    }

    /// Types a line, and Enter once the window shows it: as fast as a person, and no faster.
    #[track_caller]
    pub fn line(&mut self, line: &str) {
        self.keys(line);
        self.wait_for(&format!("> {line}"));
        // No person types faster, and what comes faster is taken for pasted.
        std::thread::sleep(std::time::Duration::from_millis(100));
        self.keys("\r");
    }

    /// Closes the window in the middle of everything, as a person who has had enough.
    pub fn close(self) {
        self.running.kill_nine();
    }

    /// Waits for the end of the program; gives its exit code and everything that was shown.
    ///
    /// # Panics
    /// When it does not end.
    #[track_caller]
    pub fn wait(mut self) -> (i32, String) {
        eventually("the end of the program", || self.running.has_ended().then_some(()));
        let all = self.all();
        (self.running.wait().code(), all)
    }
}
