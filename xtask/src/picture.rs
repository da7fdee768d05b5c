//! `cargo xtask picture`: the picture of the README, taken of the program at work.
//!
//! The demo runs in a terminal of its own (`script`, from util-linux), a terminal emulator reads what it
//! draws, and one moment of it is written as SVG. Nothing in the picture is made up.

mod svg;

use std::io::Read;
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, io};

use xtask::workspace::root;

use crate::report;
use crate::step::{Outcome, Step};

/// The size of the terminal: wide enough for every column, small enough to be read on a page.
const ROWS: NonZeroU16 = NonZeroU16::new(12).unwrap();
const COLUMNS: NonZeroU16 = NonZeroU16::new(100).unwrap();

/// A moment is kept this often.
const MOMENT: Duration = Duration::from_millis(50);

/// Where the picture goes, from the workspace's root.
const PICTURE: &str = "docs/demo.svg";

/// Takes the picture.
pub(crate) fn run() -> ExitCode {
    if Step::cargo("build", ["build", "--quiet", "--package", "switchboard"]).run() != Outcome::Passed {
        return ExitCode::FAILURE;
    }
    match take() {
        Ok(file) => {
            report::remark(&format!("{} is new", file.display()));
            ExitCode::SUCCESS
        }
        Err(error) => {
            report::remark(&format!("no picture was taken: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn take() -> io::Result<PathBuf> {
    let home = env::temp_dir().join(format!("switchboard-picture-{}", std::process::id()));
    let moments = play(&home);
    fs::remove_dir_all(&home)?;
    let moments = moments?;
    // While some are done and others are not there is most to see; the fullest screen was drawn to its end.
    let is_telling = |screen: &&vt100::Screen| {
        let text = screen.contents();
        text.matches("running").count() >= 3 && text.contains("completed")
    };
    let moment = moments.iter().filter(is_telling).max_by_key(|moment| moment.contents().len());
    let moment = moment.ok_or_else(|| io::Error::other("the demo showed no moment worth a picture"))?;
    let file = root().join(PICTURE);
    fs::write(&file, svg::draw(moment))?;
    Ok(file)
}

/// Runs the demo and gives its screen, moment by moment.
fn play(home: &Path) -> io::Result<Vec<vt100::Screen>> {
    let program = root().join("target/debug/switchboard");
    let command = format!("stty rows {ROWS} cols {COLUMNS}; exec '{}' demo", program.display());
    let mut child = Command::new("script")
        .args(["--quiet", "--flush", "--return", "--command", &command, "/dev/null"])
        .env("SWITCHBOARD_HOME", home)
        .env("TERM", "xterm-256color")
        .env_remove("NO_COLOR")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut output = child.stdout.take().ok_or_else(|| io::Error::other("no output"))?;
    let mut terminal = vt100::Parser::new(ROWS, COLUMNS, 0);
    let (mut moments, mut last, mut buffer) = (Vec::new(), Instant::now(), [0; 4096]);
    loop {
        let count = output.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        terminal.process(&buffer[..count]);
        if last.elapsed() >= MOMENT {
            moments.push(terminal.screen().clone());
            last = Instant::now();
        }
    }
    child.wait()?;
    Ok(moments)
}
