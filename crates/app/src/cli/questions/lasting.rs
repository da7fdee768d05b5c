//! What "always" shall mean: a rule for the project, or the rest of this run.

use switchboard_domain::Rule;

use crate::terminal::{Style, single_line};

/// What was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Lasting {
    /// The rule at this place in what was offered, in this project from now on.
    Rule(usize),
    /// Every call for the rest of this run.
    Run,
    /// Neither: the question is put again.
    Back,
    /// Something else was typed, or nothing.
    Unclear,
}

/// What can be chosen, one a line, each rule in full.
pub(in crate::cli) fn menu(offers: &[Rule]) -> String {
    let line = |key: &str, what: &str| format!("    {}  {what}", Style::STRONG.paint(key));
    let rule = |(place, rule): (usize, &Rule)| line(&(place + 1).to_string(), &single_line(&rule.to_string()));
    let rules = offers.iter().enumerate().map(rule);
    let run = line("r", &Style::DIM.paint("every call, for the rest of this run"));
    let lines: Vec<String> = rules.chain([run]).collect();
    format!("\n  Without a question in this project from now on:\n{}", lines.join("\n"))
}

/// What comes before the cursor, with so many rules to choose from.
pub(in crate::cli) fn prompt(offers: usize) -> String {
    let rules = if offers == 1 { "[1]".to_owned() } else { format!("[1-{offers}]") };
    format!("  Which one? {rules}, [r]un, [b]ack: ")
}

/// What a line means as a choice of so many rules.
pub(in crate::cli) fn choice(line: &str, offers: usize) -> Lasting {
    match line.trim().to_ascii_lowercase().as_str() {
        "r" | "run" => Lasting::Run,
        "b" | "back" => Lasting::Back,
        number => match number.parse::<usize>() {
            Ok(number) if (1..=offers).contains(&number) => Lasting::Rule(number - 1),
            _ => Lasting::Unclear,
        },
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("1", Lasting::Rule(0))]
    #[case(" 2 ", Lasting::Rule(1))]
    #[case("R", Lasting::Run)]
    #[case("back", Lasting::Back)]
    #[case("0", Lasting::Unclear)]
    #[case("3", Lasting::Unclear)]
    #[case("y", Lasting::Unclear)]
    #[case("", Lasting::Unclear)]
    fn only_a_clear_word_is_a_choice(#[case] line: &str, #[case] expected: Lasting) {
        assert_eq!(choice(line, 2), expected);
    }

    #[test]
    fn every_rule_is_shown_whole() {
        let offers = ["Bash(cargo test -p store)", "Bash(cargo test*)"].map(|rule| rule.parse().expect("a rule"));
        let shown = anstream::adapter::strip_str(&menu(&offers)).to_string();
        insta::assert_snapshot!(shown, @r"
          Without a question in this project from now on:
            1  Bash(cargo test -p store)
            2  Bash(cargo test*)
            r  every call, for the rest of this run
        ");
    }
}
