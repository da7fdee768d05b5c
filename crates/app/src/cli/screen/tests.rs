//! What a terminal makes of it.

use std::num::NonZeroU16;

use proptest::prelude::*;
use rstest::rstest;

use super::*;

const ROWS: NonZeroU16 = NonZeroU16::new(8).expect("it is 8");
const COLUMNS: NonZeroU16 = NonZeroU16::new(20).expect("it is 20");

fn window() -> Window {
    Window { columns: COLUMNS.get().into(), rows: ROWS.get().into() }
}

fn pane(rows: &[&str], cursor: Option<(usize, usize)>) -> Pane {
    Pane { rows: rows.iter().map(|row| (*row).to_owned()).collect(), cursor }
}

/// What stands on a terminal after these texts have run through, one after the other.
fn terminal(texts: &[&str], pane: &Pane) -> vt100::Screen {
    let mut screen = Screen::new(Vec::new(), window());
    for text in texts {
        screen.show(text, pane).expect("shown");
    }
    let mut terminal = vt100::Parser::new(ROWS, COLUMNS, 1_000);
    terminal.process(&screen.out);
    terminal.screen().clone()
}

#[test]
fn text_runs_through_above_the_pane() {
    let pane = pane(&["--", "> hello"], Some((1, 4)));
    let screen = terminal(&["one\ntw", "o\n\nthr", "ee"], &pane);
    assert_eq!(screen.contents(), "one\ntwo\n\nthree\n--\n> hello");
    assert_eq!(screen.cursor_position(), (5, 4));
    assert!(!screen.hide_cursor());
}

#[test]
fn a_pane_without_a_cursor_hides_it() {
    assert!(terminal(&["text\n"], &pane(&["a", "b"], None)).hide_cursor());
}

#[test]
fn what_runs_out_of_the_window_can_be_scrolled_back_to() {
    let texts: Vec<String> = (1..=30).map(|number| format!("line {number}\n")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let mut screen = terminal(&texts, &pane(&["--", "> "], Some((1, 2))));
    assert_eq!(screen.contents(), "line 25\nline 26\nline 27\nline 28\nline 29\nline 30\n--\n> ");
    screen.set_scrollback(24);
    assert!(screen.contents().starts_with("line 1\nline 2\n"), "{}", screen.contents());
}

#[test]
fn leaving_keeps_the_text_and_takes_the_pane_away() {
    let mut screen = Screen::new(Vec::new(), window());
    screen.show("one\ntwo", &pane(&["--", "> x"], Some((1, 3)))).expect("shown");
    screen.leave().expect("left");
    let mut terminal = vt100::Parser::new(ROWS, COLUMNS, 0);
    terminal.process(&screen.out);
    assert_eq!(terminal.screen().contents(), "one\ntwo");
    assert_eq!(terminal.screen().cursor_position(), (2, 0));
}

#[rstest]
#[case::one_row("short", None)]
#[case::two_lines("a\nb", Some(("a", "b")))]
#[case::too_wide("0123456789abc", Some(("012345678", "9abc")))]
#[case::wide_letters("日本語日本語", Some(("日本語日", "本語")))]
#[case::a_colour_goes_on("\u{1b}[2m0123456789ab", Some(("\u{1b}[2m012345678\u{1b}[0m", "\u{1b}[2m9ab")))]
#[case::one_that_ended("\u{1b}[2mx\u{1b}[0m123456789", Some(("\u{1b}[2mx\u{1b}[0m12345678", "9")))]
fn rows_are_taken_off_the_front(#[case] text: &str, #[case] expected: Option<(&str, &str)>) {
    let expected = expected.map(|(row, rest)| (row.to_owned(), rest.to_owned()));
    assert_eq!(first_row(text, 10), expected);
}

proptest! {
    #[test]
    fn no_letter_is_lost_however_the_text_is_cut(text in "[a-zé日]{1,40}(\n?[a-z日]{0,30}){0,6}", cuts in proptest::collection::vec(0_usize..200, 0..6)) {
        let mut pieces = Vec::new();
        let mut rest = text.as_str();
        for cut in cuts {
            let at = rest.char_indices().map(|(at, _)| at).nth(cut % 12).unwrap_or(rest.len());
            pieces.push(&rest[..at]);
            rest = &rest[at..];
        }
        pieces.push(rest);
        let mut screen = Screen::new(Vec::new(), window());
        for piece in &pieces {
            screen.show(piece, &pane(&["--", "> typed"], Some((1, 3)))).expect("shown");
        }
        screen.leave().expect("left");
        let mut terminal = vt100::Parser::new(NonZeroU16::new(200).expect("it is 200"), COLUMNS, 0);
        terminal.process(&screen.out);
        let letters = |text: &str| text.chars().filter(|letter| !letter.is_whitespace()).collect::<String>();
        prop_assert_eq!(letters(&terminal.screen().contents()), letters(&text));
    }
}
