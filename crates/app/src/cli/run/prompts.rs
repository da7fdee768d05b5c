//! What agents are to do, from the command line, a file or standard input.

use std::io::{self, Read};
use std::path::Path;

use crate::cli::args::RunArgs;
use crate::cli::{ExitCode, Failure};

/// More than this on standard input is no prompt but an accident.
const TEXT_BYTES_MAX: u64 = 16 << 20;

/// Stands for standard input.
const STANDARD_INPUT: &str = "-";

/// The prompts of a run, each with the title it is given, if any.
///
/// # Errors
/// When there is nothing to do, or a file cannot be read.
pub(super) fn read(args: &RunArgs) -> Result<Vec<(String, Option<String>)>, Failure> {
    if let Some(file) = &args.parallel_file {
        let prompts = lines(&file_text(file)?);
        if prompts.is_empty() {
            return Err(Failure::new(ExitCode::Usage, format!("there is no prompt in {}", file.display()))
                .hint("write one on each line; blank lines and lines that begin with # do not count"));
        }
        return Ok(prompts.into_iter().map(|prompt| (prompt, None)).collect());
    }
    let prompt = match (&args.exec, args.prompt.as_slice()) {
        // A command that needs no prompt gets its own words, so that the transcript says what was asked.
        (Some(command), []) => command.clone(),
        (_, words) => text(words)?,
    };
    Ok(vec![(prompt, args.title.clone())])
}

/// What was typed as words, or standard input for `-`.
///
/// # Errors
/// When it is blank, or standard input cannot be read.
pub(in crate::cli) fn text(words: &[String]) -> Result<String, Failure> {
    let text = match words {
        [only] if only == STANDARD_INPUT => standard_input()?,
        words => words.join(" "),
    };
    if text.trim().is_empty() {
        return Err(Failure::new(ExitCode::Usage, "there is nothing to say")
            .hint("give some words, or `-` to read them from standard input"));
    }
    Ok(text)
}

fn lines(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(str::to_owned).collect()
}

fn file_text(file: &Path) -> Result<String, Failure> {
    if file == Path::new(STANDARD_INPUT) {
        return standard_input();
    }
    std::fs::read_to_string(file).map_err(|error| {
        let code = if error.kind() == io::ErrorKind::NotFound { ExitCode::Usage } else { ExitCode::Failure };
        Failure::new(code, format!("cannot read {}: {error}", file.display()))
    })
}

fn standard_input() -> Result<String, Failure> {
    let mut text = String::new();
    let cannot = |why: &str| Failure::new(ExitCode::Failure, format!("cannot read standard input: {why}"));
    let read = io::stdin().lock().take(TEXT_BYTES_MAX + 1).read_to_string(&mut text);
    read.map_err(|error| cannot(&error.to_string()))?;
    if u64::try_from(text.len()).is_ok_and(|length| length > TEXT_BYTES_MAX) {
        return Err(cannot("it is longer than 16 MiB"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_one_prompt_and_blank_ones_are_none() {
        assert_eq!(text(&["fix".to_owned(), "it".to_owned()]).expect("words"), "fix it");
        assert_eq!(text(&[" ".to_owned()]).expect_err("blank").code(), ExitCode::Usage);
    }

    #[test]
    fn a_parallel_file_has_a_prompt_on_each_line() {
        assert_eq!(lines("# tasks\n\n fix a \nfix b\n"), ["fix a", "fix b"]);
    }

    #[test]
    fn a_command_without_a_prompt_is_its_own() {
        let args = RunArgs { exec: Some("make test".to_owned()), ..RunArgs::default() };
        assert_eq!(read(&args).expect("fine"), [("make test".to_owned(), None)]);
    }

    #[test]
    fn an_empty_parallel_file_is_a_mistake() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("prompts");
        std::fs::write(&file, "# nothing\n").expect("written");
        let args = RunArgs { parallel_file: Some(file), ..RunArgs::default() };
        assert_eq!(read(&args).expect_err("empty").code(), ExitCode::Usage);
    }
}
