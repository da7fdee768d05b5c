//! What a command is, whatever it is wrapped into: some agents run `/bin/bash -lc 'cargo test'` for `cargo test`.
//!
//! Only what is surely a shell with one script is unwrapped, and only where every word is plain; all else stays as it
//! is, and is at worst a question too many.

/// Shells whose `-c` takes a script.
const SHELLS: [&str; 5] = ["bash", "dash", "ksh", "sh", "zsh"];

/// Where a shell is the system's own. One in a project could be anything.
const SHELL_FOLDERS: [&str; 5] = ["", "/bin/", "/usr/bin/", "/usr/local/bin/", "/opt/homebrew/bin/"];

/// Ways to hand over a script: plainly, and to a shell that reads the user's profile first.
const SCRIPT_FLAGS: [&str; 3] = ["-c", "-lc", "-cl"];

/// The script that `words` give to a shell, when that is all they do.
pub(super) fn script(words: &[String]) -> Option<&str> {
    let [shell, flag, script] = words else { return None };
    let name = SHELL_FOLDERS.iter().rev().find_map(|folder| shell.strip_prefix(folder))?;
    (SHELLS.contains(&name) && SCRIPT_FLAGS.contains(&flag.as_str())).then_some(script)
}

/// The words of a line of shell, quotes taken off; `None` when the shell would do more than split it.
pub(super) fn words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars();
    while let Some(char) = chars.next() {
        match char {
            ' ' | '\t' => words.extend(word.take()),
            '\'' => single_quoted(&mut chars, word.get_or_insert_default())?,
            '"' => double_quoted(&mut chars, word.get_or_insert_default())?,
            '\\' => word.get_or_insert_default().push(chars.next().filter(|char| !char.is_control())?),
            char if is_plain(char) => word.get_or_insert_default().push(char),
            _ => return None,
        }
    }
    words.extend(word);
    Some(words)
}

fn single_quoted(chars: &mut std::str::Chars<'_>, word: &mut String) -> Option<()> {
    loop {
        match chars.next()? {
            '\'' => return Some(()),
            char => word.push(char),
        }
    }
}

fn double_quoted(chars: &mut std::str::Chars<'_>, word: &mut String) -> Option<()> {
    loop {
        match chars.next()? {
            '"' => return Some(()),
            '$' | '`' => return None,
            '\\' => match chars.next()? {
                '\n' => return None,
                char if "$`\"\\".contains(char) => word.push(char),
                char => word.extend(['\\', char]),
            },
            char => word.push(char),
        }
    }
}

/// Whether a character outside of quotes stands for itself.
fn is_plain(char: char) -> bool {
    char.is_alphanumeric() || "-_./,:=+@%^".contains(char)
}

/// A list of words as one line of shell, in which each is one word still.
pub(super) fn join(words: &[&str]) -> String {
    let quoted = |word: &&str| {
        if !word.is_empty() && word.chars().all(is_plain) {
            return (*word).to_owned();
        }
        format!("'{}'", word.replace('\'', r"'\''"))
    };
    words.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::as_codex_does("/bin/bash -lc 'cargo test'", Some("cargo test"))]
    #[case::another_shell("zsh -c 'ls'", Some("ls"))]
    #[case::double_quotes("bash -lc \"echo \\\"a\\\"\"", Some("echo \"a\""))]
    #[case::a_quote_inside(r"bash -lc 'echo '\''a'\'''", Some("echo 'a'"))]
    #[case::one_word("sh -c ls", Some("ls"))]
    #[case::a_shell_of_the_project("./bash -lc 'ls'", None)]
    #[case::a_shell_elsewhere("/tmp/bin/bash -lc 'ls'", None)]
    #[case::more_arguments("bash -lc 'ls \"$0\"' /etc", None)]
    #[case::more_flags("bash --rcfile x -c ls", None)]
    #[case::another_flag("bash -x ls", None)]
    #[case::something_behind("bash -lc 'ls'; rm -rf ~", None)]
    #[case::something_before("A=1 bash -lc 'ls'", None)]
    #[case::a_substitution_outside("bash -lc \"$(cat x)\"", None)]
    #[case::not_closed("bash -lc 'ls", None)]
    #[case::no_shell("cargo -c test", None)]
    fn a_script_is_taken_out_of_its_shell(#[case] line: &str, #[case] expected: Option<&str>) {
        let words = words(line).unwrap_or_default();
        assert_eq!(script(&words), expected);
    }

    proptest! {
        #[test]
        fn what_is_joined_is_split_again(list in prop::collection::vec("[ -~é\n]{0,12}", 0..5)) {
            let list_of: Vec<&str> = list.iter().map(String::as_str).collect();
            prop_assert_eq!(words(&join(&list_of)), Some(list));
        }

        #[test]
        fn no_unquoted_shell_syntax_is_ever_plain(before in "[a-z ]{0,5}", syntax in "[;&|<>$`(){}*?~#!\n\r]", after in "[a-z ]{0,5}") {
            prop_assert_eq!(words(&format!("{before}{syntax}{after}")), None);
        }
    }
}
