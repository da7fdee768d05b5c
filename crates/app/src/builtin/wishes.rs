//! What a prompt asks the scripted agent to do, by the words in it.

/// The words, for the help text.
pub(super) const WORDS: &str = "  \
  say TEXT     (at the beginning) the answer is TEXT, and nothing else happens
  think        longer thinking before the answer
  tools N      N tool calls instead of one
  approve N    N tool calls that wait for a yes or no (also: approval)
  long N       an answer of N paragraphs, 20 unless given
  flood N      N pieces of text as fast as they are taken, 10000 unless given
  limit        reports that the account's limit is near
  slow         ten times slower
  fail         the turn fails at its end
  crash        the process ends in the middle, with status 5 and words on stderr
  hang         falls silent in the middle, until it is aborted

Anything else is answered with a plausible short turn: thinking, a tool call, an answer, usage and cost.";

/// More tool calls than this in one turn would be no demonstration of anything.
const CALLS_MAX: u64 = 1_000;

/// More paragraphs than this would not be read by anybody; load comes from `flood`.
const PARAGRAPHS_MAX: u64 = 10_000;

/// How a turn ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Ending {
    #[default]
    Completed,
    Failed,
    Crashed,
    Silence,
}

/// What a prompt asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wishes {
    /// Say just this.
    pub(super) say: Option<String>,
    pub(super) thinks_long: bool,
    pub(super) tools: u64,
    pub(super) approvals: u64,
    pub(super) paragraphs: u64,
    pub(super) flood: u64,
    pub(super) reports_limit: bool,
    pub(super) is_slow: bool,
    pub(super) ending: Ending,
}

impl Wishes {
    /// Reads `prompt`. A word counts whole and in any case; a number after it is how many.
    pub(super) fn read(prompt: &str) -> Self {
        let lower = prompt.to_lowercase();
        let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        let times = |names: &[&str], otherwise: u64| {
            let at = words.iter().position(|word| names.contains(word))?;
            Some(words.get(at + 1).and_then(|number| number.parse().ok()).unwrap_or(otherwise))
        };
        let has = |name: &str| words.contains(&name);
        let approvals = times(&["approve", "approval", "approvals"], 1).unwrap_or(0).min(CALLS_MAX);
        Self {
            say: said(prompt),
            thinks_long: has("think"),
            tools: times(&["tool", "tools"], 1).unwrap_or(u64::from(approvals == 0)).min(CALLS_MAX),
            approvals,
            paragraphs: times(&["long"], 20).unwrap_or(1).clamp(1, PARAGRAPHS_MAX),
            flood: times(&["flood"], 10_000).unwrap_or(0),
            reports_limit: has("limit"),
            is_slow: has("slow"),
            ending: [("crash", Ending::Crashed), ("hang", Ending::Silence), ("fail", Ending::Failed)]
                .into_iter()
                .find_map(|(word, ending)| has(word).then_some(ending))
                .unwrap_or_default(),
        }
    }
}

fn said(prompt: &str) -> Option<String> {
    let (first, rest) = prompt.trim_start().split_once(char::is_whitespace)?;
    first.eq_ignore_ascii_case("say").then(|| rest.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::plain("fix the build", |wishes: &Wishes| wishes.tools == 1 && wishes.ending == Ending::Completed)]
    #[case::whole_words("fix the failing slowness", |wishes: &Wishes| wishes.ending == Ending::Completed && !wishes.is_slow)]
    #[case::any_case("FAIL, please!", |wishes: &Wishes| wishes.ending == Ending::Failed)]
    #[case::a_number("flood 12 and approve 3", |wishes: &Wishes| wishes.flood == 12 && wishes.approvals == 3)]
    #[case::no_number("flood, approve", |wishes: &Wishes| wishes.flood == 10_000 && wishes.approvals == 1)]
    #[case::a_question_replaces_the_plain_call("approve it", |wishes: &Wishes| wishes.tools == 0)]
    #[case::unless_both_are_asked_for("approve it, tools 2", |wishes: &Wishes| wishes.tools == 2 && wishes.approvals == 1)]
    #[case::absurd_numbers("tools 999999999999 long 99999999", |wishes: &Wishes| wishes.tools == 1_000 && wishes.paragraphs == 10_000)]
    #[case::literally(" Say  fail gracefully ", |wishes: &Wishes| wishes.say.as_deref() == Some("fail gracefully"))]
    #[case::not_in_the_middle("do say something", |wishes: &Wishes| wishes.say.is_none())]
    fn words_are_wishes(#[case] prompt: &str, #[case] holds: impl Fn(&Wishes) -> bool) {
        let wishes = Wishes::read(prompt);
        assert!(holds(&wishes), "{wishes:?}");
    }

    #[test]
    fn every_word_is_in_the_help() {
        for word in ["say", "think", "tools", "approve", "long", "flood", "limit", "slow", "fail", "crash", "hang"] {
            assert!(WORDS.lines().any(|line| line.trim_start().starts_with(word)), "{word}");
        }
    }
}
