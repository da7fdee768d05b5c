//! What keys do to the text under way.

use proptest::prelude::*;
use rstest::rstest;

use super::*;

const NONE: KeyModifiers = KeyModifiers::NONE;
const CONTROL: KeyModifiers = KeyModifiers::CONTROL;
const ALT: KeyModifiers = KeyModifiers::ALT;

fn key(code: KeyCode, modifiers: KeyModifiers) -> KeyEvent {
    KeyEvent::new(code, modifiers)
}

fn written(text: &str) -> Composer {
    let mut composer = Composer::default();
    for letter in text.chars() {
        composer.key(key(KeyCode::Char(letter), NONE), Instant::now());
    }
    composer
}

#[rstest]
#[case::at_the_end(&[], "one two!")]
#[case::to_the_left(&[(KeyCode::Left, NONE)], "one tw!o")]
#[case::to_the_start(&[(KeyCode::Home, NONE)], "!one two")]
#[case::and_back(&[(KeyCode::Char('a'), CONTROL), (KeyCode::End, NONE)], "one two!")]
#[case::a_word_back(&[(KeyCode::Left, CONTROL)], "one !two")]
#[case::a_word_on(&[(KeyCode::Home, NONE), (KeyCode::Char('f'), ALT)], "one! two")]
#[case::erased(&[(KeyCode::Backspace, NONE)], "one tw!")]
#[case::a_word_erased(&[(KeyCode::Char('w'), CONTROL)], "one !")]
#[case::all_erased(&[(KeyCode::Char('u'), CONTROL)], "!")]
#[case::the_rest_erased(&[(KeyCode::Left, CONTROL), (KeyCode::Char('k'), CONTROL)], "one !")]
#[case::erased_forward(&[(KeyCode::Home, NONE), (KeyCode::Char('d'), CONTROL)], "!ne two")]
#[case::another_line(&[(KeyCode::Enter, ALT)], "one two\n!")]
#[case::dropped(&[(KeyCode::Char('c'), CONTROL)], "!")]
fn keys_edit_the_text(#[case] keys: &[(KeyCode, KeyModifiers)], #[case] expected: &str) {
    let mut composer = written("one two");
    for (code, modifiers) in keys {
        composer.key(key(*code, *modifiers), Instant::now());
    }
    composer.key(key(KeyCode::Char('!'), NONE), Instant::now());
    assert_eq!(composer.text, expected);
}

#[test]
fn leaving_takes_an_empty_line() {
    assert_eq!(written("").key(key(KeyCode::Char('d'), CONTROL), Instant::now()), Outcome::Leave);
    assert_eq!(written("").key(key(KeyCode::Char('c'), CONTROL), Instant::now()), Outcome::Interrupt);
    assert_eq!(written("x").key(key(KeyCode::Char('d'), CONTROL), Instant::now()), Outcome::Edited);
}

#[test]
fn a_line_is_carried_out_once_and_can_be_called_back() {
    let mut composer = written("go on");
    let enter = key(KeyCode::Enter, NONE);
    assert!(matches!(composer.key(enter, Instant::now()), Outcome::Line(line, _) if line == "go on"));
    assert_eq!(composer.key(enter, Instant::now()), Outcome::Nothing);
    composer.key(key(KeyCode::Up, NONE), Instant::now());
    assert_eq!(composer.text, "go on");
    composer.key(key(KeyCode::Down, NONE), Instant::now());
    assert_eq!(composer.text, "");
}

#[test]
fn what_is_pasted_carries_out_nothing() {
    let mut composer = Composer::default();
    assert!(composer.paste("/approve\r\n/approve\r", Instant::now()));
    assert_eq!(composer.text, "/approve\n/approve\n");
    assert!(!composer.paste(&"x".repeat(TEXT_BYTES_MAX), Instant::now()), "too much is refused whole");
    assert_eq!(composer.text, "/approve\n/approve\n");
}

#[test]
fn what_is_written_is_harmless_when_shown() {
    let mut composer = Composer::default();
    composer.paste("a\u{1b}[2Jb\tc", Instant::now());
    assert_eq!(composer.rows(40, 5).rows, ["> a␛[2Jb    c"]);
}

#[test]
fn long_text_shows_the_rows_around_the_cursor() {
    let mut composer = written("aaaa bbbb cccc");
    assert_eq!(
        composer.rows(8, 9),
        Rows { rows: vec!["> aaaa ".into(), "  bbbb ".into(), "  cccc".into()], cursor: (2, 6) }
    );
    assert_eq!(composer.rows(8, 1), Rows { rows: vec!["  cccc".into()], cursor: (0, 6) });
    composer.key(key(KeyCode::Home, NONE), Instant::now());
    assert_eq!(composer.rows(8, 1), Rows { rows: vec!["> aaaa ".into()], cursor: (0, 2) });
}

proptest! {
    #[test]
    fn no_row_is_too_wide_and_the_cursor_is_inside(
        text in "[a-zé日\n\t ]{0,60}", back in 0_usize..60, columns in 10_usize..40, rows_max in 1_usize..6,
    ) {
        let mut composer = Composer::default();
        composer.paste(&text, Instant::now());
        for _ in 0..back {
            composer.key(key(KeyCode::Left, NONE), Instant::now());
        }
        let Rows { rows, cursor: (row, column) } = composer.rows(columns, rows_max);
        prop_assert!(rows.len() <= rows_max && row < rows.len());
        prop_assert!(rows.iter().all(|row| row.width() < columns) && column < columns);
    }
}
