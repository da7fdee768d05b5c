//! What agents are to do, from the command line, a file or standard input.

use std::io::{self, Read};
use std::path::Path;

use super::assignment::Assignment;
use crate::cli::args::RunArgs;
use crate::cli::{ExitCode, Failure};

/// More than this on standard input is no prompt but an accident.
const TEXT_BYTES_MAX: u64 = 16 << 20;

/// How a line of a parallel file is written.
const FORMAT: &str = "a line is a prompt, perhaps after `--agent NAME` or `--model MODEL`, or JSON such as \
                      {\"prompt\": \"fix it\", \"agent\": \"codex\"}; write `-- ` before a prompt that looks like one of these";

/// Stands for standard input.
const STANDARD_INPUT: &str = "-";

/// What a run is to do.
///
/// # Errors
/// When there is nothing to do, a line makes no sense, or a file cannot be read.
pub(super) fn read(args: &RunArgs) -> Result<Vec<Assignment>, Failure> {
    if let Some(file) = &args.parallel_file {
        let assignments = lines(&file_text(file)?, file)?;
        if assignments.is_empty() {
            return Err(Failure::new(ExitCode::Usage, format!("there is no prompt in {}", file.display()))
                .hint("write one on each line; blank lines and lines that begin with # do not count"));
        }
        return Ok(assignments);
    }
    let prompt = match (&args.exec, args.prompt.as_slice()) {
        // A command that needs no prompt gets its own words, so that the transcript says what was asked.
        (Some(command), []) => command.clone(),
        (_, words) => text(words)?,
    };
    Ok(vec![Assignment { prompt, title: args.title.clone(), ..Assignment::default() }])
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

fn lines(text: &str, file: &Path) -> Result<Vec<Assignment>, Failure> {
    let numbered = text.lines().map(str::trim).enumerate();
    let name = if file == Path::new(STANDARD_INPUT) { "standard input".to_owned() } else { file.display().to_string() };
    let counting = numbered.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let read = |(index, line): (usize, &str)| {
        let place = format!("{name}:{}", index + 1);
        match Assignment::parse(line) {
            Ok(assignment) => Ok(Assignment { place: Some(place), ..assignment }),
            Err(why) => Err(Failure::new(ExitCode::Usage, why).at(&place).hint(FORMAT)),
        }
    };
    counting.map(read).collect()
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
        let read = lines("# tasks\n\n fix a \n--agent codex fix b\n", Path::new("prompts")).expect("sound");
        let shown = |it: &Assignment| format!("{:?} {} {:?}", it.place, it.prompt, it.agent);
        let expected =
            ["Some(\"prompts:3\") fix a None", "Some(\"prompts:4\") fix b Some(\"codex\")"].map(str::to_owned);
        assert_eq!(read.iter().map(shown).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_line_that_makes_no_sense_is_named() {
        let failure = lines("fix a\n\n--agent codex\n", Path::new("prompts")).expect_err("nothing to do");
        assert_eq!((failure.code(), failure.message()), (ExitCode::Usage, "prompts:3: there is no prompt"));
    }

    #[test]
    fn a_command_without_a_prompt_is_its_own() {
        let args = RunArgs { exec: Some("make test".to_owned()), ..RunArgs::default() };
        let expected = Assignment { prompt: "make test".to_owned(), ..Assignment::default() };
        assert_eq!(read(&args).expect("fine"), [expected]);
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
