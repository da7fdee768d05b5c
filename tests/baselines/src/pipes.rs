//! Reading what processes write, and nothing else: what the pipes and the scheduler can do.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::thread;

/// Starts every command, tells each `word` on its standard input, reads all they write as `cat` would, and counts
/// the lines.
///
/// # Panics
/// When one cannot be started.
pub fn count_lines(commands: Vec<Command>, word: &[u8]) -> u64 {
    let readers: Vec<_> = commands.into_iter().map(|command| started(command, word)).map(count_lines_of).collect();
    readers.into_iter().map(|reader| reader.join().expect("it only counts")).sum()
}

fn count_lines_of(mut child: Child) -> thread::JoinHandle<u64> {
    thread::spawn(move || {
        let mut stdout = child.stdout.take().expect("a pipe was asked for");
        let (mut lines, mut buffer) = (0, vec![0; 64 << 10]);
        while let Ok(bytes @ 1..) = stdout.read(&mut buffer) {
            lines += buffer[..bytes].iter().map(|byte| u64::from(*byte == b'\n')).sum::<u64>();
        }
        child.wait().expect("it is our child");
        lines
    })
}

/// Starts every command one after the other, tells each `word`, and waits for a line of each.
///
/// # Panics
/// When one cannot be started, or says nothing.
pub fn first_line_of_each(commands: Vec<Command>, word: &[u8]) {
    let mut children: Vec<Child> = commands.into_iter().map(|command| started(command, word)).collect();
    for child in &mut children {
        let mut line = String::new();
        let stdout = child.stdout.take().expect("a pipe was asked for");
        BufReader::new(stdout).read_line(&mut line).expect("it is a pipe");
        assert!(!line.is_empty(), "it says something");
    }
    for child in &mut children {
        drop(child.stdin.take());
        child.wait().expect("it is our child");
    }
}

fn started(mut command: Command, word: &[u8]) -> Child {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().expect("it can be started");
    child.stdin.as_mut().expect("a pipe was asked for").write_all(word).expect("it reads");
    child
}
