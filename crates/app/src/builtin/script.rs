//! A turn as data: what the scripted agent will do, and when.

use std::time::Duration;

use serde_json::{Value, json};
use switchboard_domain::title_from_prompt;

use super::dice::Dice;
use super::phrases::{CALLS, CLOSINGS, FIXES, PLANS, RISKY_CALLS, THOUGHTS};
use super::wishes::{Ending, Wishes};

/// How much slower `slow` is.
const SLOWNESS: u32 = 10;

/// One thing the agent does. Times are for an agent of ordinary speed.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    Pause(Duration),
    Think(String),
    Text(String),
    /// The message that the thinking and the text so far make.
    Message,
    Call(Call),
    /// A call that needs a yes.
    Ask(Call),
    Limit,
    /// This many pieces of text at once.
    Flood(u64),
    /// Says on stderr why, and ends the process.
    Crash,
    Hang,
    Complete,
    Fail(String),
}

/// A tool call and what will come of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Call {
    pub(super) tool: String,
    pub(super) input: Value,
    pub(super) output: Value,
    pub(super) takes: Duration,
}

/// Where a turn stands in its conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place<'a> {
    /// The first turn of a new conversation.
    First,
    /// The first turn of a process that resumes this one.
    Resumed(&'a str),
    Later,
}

/// What the agent does about `prompt`: the same for the same arguments, always.
pub(super) fn script(prompt: &str, place: Place<'_>, mut dice: Dice) -> Vec<Step> {
    let wishes = Wishes::read(prompt);
    let mut steps = Steps { steps: Vec::new(), slowness: if wishes.is_slow { SLOWNESS } else { 1 } };
    if let Place::Resumed(conversation) = place {
        steps.text(&format!("I remember our conversation {conversation}. "), &mut dice);
    }
    if let Some(text) = &wishes.say {
        steps.text(text, &mut dice);
        steps.steps.extend([Step::Message, Step::Complete]);
        return steps.steps;
    }
    steps.think(prompt, &wishes, &mut dice);
    steps.work(&wishes, &mut dice);
    steps.end(&wishes, &mut dice);
    steps.steps
}

struct Steps {
    steps: Vec<Step>,
    slowness: u32,
}

impl Steps {
    fn think(&mut self, prompt: &str, wishes: &Wishes, dice: &mut Dice) {
        let thoughts = if wishes.thinks_long { 12 } else { 2 };
        let mut thinking = format!("The task: {}. ", title_from_prompt(prompt));
        for _ in 0..thoughts {
            thinking.push_str(dice.pick(&THOUGHTS));
        }
        for piece in pieces(thinking.trim_end(), dice) {
            self.pause(dice.between(15, 40));
            self.steps.push(Step::Think(piece));
        }
        self.text(dice.pick(&PLANS), dice);
        self.steps.push(Step::Message);
    }

    fn work(&mut self, wishes: &Wishes, dice: &mut Dice) {
        if wishes.reports_limit {
            self.steps.push(Step::Limit);
        }
        for _ in 0..wishes.tools {
            let call = call(dice.pick(&CALLS), self.slowness, dice);
            self.steps.push(Step::Call(call));
        }
        for _ in 0..wishes.approvals {
            let call = call(dice.pick(&RISKY_CALLS), self.slowness, dice);
            self.steps.push(Step::Ask(call));
        }
    }

    fn end(&mut self, wishes: &Wishes, dice: &mut Dice) {
        match wishes.ending {
            Ending::Crashed => {
                self.text("Now comes the difficult part, and", dice);
                self.steps.push(Step::Crash);
            }
            Ending::Silence => {
                self.text("Let me think about that for a moment …", dice);
                self.steps.push(Step::Hang);
            }
            Ending::Failed => {
                self.answer(wishes, dice);
                self.steps.push(Step::Fail("the model is overloaded (529), as you wished".to_owned()));
            }
            Ending::Completed => {
                self.answer(wishes, dice);
                self.steps.push(Step::Complete);
            }
        }
    }

    fn answer(&mut self, wishes: &Wishes, dice: &mut Dice) {
        if wishes.flood > 0 {
            self.steps.push(Step::Flood(wishes.flood));
        }
        for paragraph in 0..wishes.paragraphs {
            let gap = if paragraph == 0 { "" } else { "\n\n" };
            let (finding, change) = dice.pick(&FIXES);
            let text = format!("{gap}{finding}\n\n{change}\n\n{}", dice.pick(&CLOSINGS));
            self.text(&text, dice);
        }
        self.steps.push(Step::Message);
    }

    fn text(&mut self, text: &str, dice: &mut Dice) {
        for piece in pieces(text, dice) {
            self.pause(dice.between(10, 60));
            self.steps.push(Step::Text(piece));
        }
    }

    fn pause(&mut self, millis: u64) {
        self.steps.push(Step::Pause(Duration::from_millis(millis) * self.slowness));
    }
}

/// `text` in pieces of one to four words, as models stream.
fn pieces(text: &str, dice: &mut Dice) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut words = text.split_inclusive(' ').peekable();
    while words.peek().is_some() {
        let count = usize::try_from(dice.between(1, 4)).unwrap_or(1);
        pieces.push(words.by_ref().take(count).collect());
    }
    pieces
}

fn call((tool, key, input, output): (&str, &str, &str, &str), slowness: u32, dice: &mut Dice) -> Call {
    Call {
        tool: tool.to_owned(),
        input: json!({ key: input }),
        output: json!(output),
        takes: Duration::from_millis(dice.between(150, 900)) * slowness,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(prompt: &str, seed: u64) -> Vec<Step> {
        script(prompt, Place::First, Dice::new(seed, prompt, 0))
    }

    /// The steps in one line each, without times, pieces put together.
    fn outline(steps: &[Step]) -> String {
        let mut outline = String::new();
        let mut last = "";
        for step in steps {
            let (kind, text) = match step {
                Step::Pause(_) => continue,
                Step::Think(text) => ("think", text.clone()),
                Step::Text(text) => ("text", text.clone()),
                Step::Call(call) => ("call", format!("{} {}", call.tool, call.input)),
                Step::Ask(call) => ("ask", format!("{} {}", call.tool, call.input)),
                other => ("", format!("{other:?}")),
            };
            if kind != last || kind.is_empty() {
                outline.extend(["\n", kind, ": "]);
            }
            outline.push_str(&text);
            last = kind;
        }
        outline
    }

    #[test]
    fn an_ordinary_turn_thinks_calls_answers_and_completes() {
        insta::assert_snapshot!(outline(&of("Fix the paging", 1)), @r#"
        think: The task: Fix the paging. The tests will tell me whether my reading is right. The name says one thing and the code does another; that is the bug.
        text: First, a look at the place where it goes wrong.
        : Message
        call: Grep {"pattern":"fetch_all\\("}
        text: The cache key left out the locale, so the first visitor decided everybody's language.

        ```diff
        - let key = path;
        + let key = (path, locale);
        ```

        All tests pass. The change is small and touches one file.
        : Message
        : Complete
        "#);
    }

    fn ends(step: &Step) -> bool {
        matches!(step, Step::Crash | Step::Hang | Step::Complete | Step::Fail(_))
    }

    proptest! {
        #[test]
        fn a_script_has_one_end_and_it_is_the_last_step(
            seed in any::<u64>(),
            words in prop::collection::vec("say|think|tools|7|approve|long|flood|limit|slow|fail|crash|hang|[a-z€]{0,8}", 0..8),
        ) {
            let steps = of(&words.join(" "), seed);
            prop_assert_eq!(steps.iter().filter(|step| ends(step)).count(), 1);
            prop_assert!(steps.last().is_some_and(ends));
        }

        #[test]
        fn the_same_seed_tells_the_same_story(seed in any::<u64>(), prompt in "[a-z ]{0,40}") {
            prop_assert_eq!(of(&prompt, seed), of(&prompt, seed));
        }
    }

    #[test]
    fn another_seed_tells_another_story() {
        let stories: std::collections::BTreeSet<String> = (0..20).map(|seed| outline(&of("Fix it", seed))).collect();
        assert!(stories.len() > 15, "only {} of 20 differ", stories.len());
    }

    #[test]
    fn what_is_to_be_said_is_said_to_the_letter() {
        let said: String = of("say  two  spaces, fail", 1)
            .into_iter()
            .filter_map(|step| if let Step::Text(text) = step { Some(text) } else { None })
            .collect();
        assert_eq!(said, "two  spaces, fail");
    }
}
