//! What anybody does first: the demo, a session, going on with it, finding it again.

use switchboard_tests::Home;

#[test]
fn the_demo_needs_nothing_and_ends_with_what_to_try_next() {
    let home = Home::new();
    let ended = home.run(["demo"]).expect_code(0);
    let all = ended.stdout + &ended.stderr;
    assert!(all.contains("switchboard run"), "{all}");
    let listed = home.run(["ls", "--json"]).expect_code(0).stdout;
    let sessions: Vec<serde_json::Value> = serde_json::from_str(&listed).expect("a list");
    let count = |status: &str| sessions.iter().filter(|session| session["status"] == status).count();
    assert_eq!((sessions.len(), count("completed"), count("failed")), (8, 7, 1), "{listed}");
}

#[test]
fn the_last_words_of_a_run_are_found_by_the_next_search() {
    let home = Home::new();
    home.run(["run", "--exec", "echo magic beans", "hello"]).expect_code(0);
    let found = home.run(["search", "beans"]).expect_code(0).stdout;
    assert!(found.contains("beans"), "{found}");
}

#[test]
fn a_session_can_be_gone_on_with_found_and_taken_away() {
    let home = Home::new();
    home.configure_rogues(&[]);
    home.run(["run", "--agent", "rogue", "polite beginning"]).expect_code(0);
    home.run(["send", "last", "polite continuation"]).expect_code(0);
    let shown = home.run(["show", "last"]).expect_code(0).stdout;
    let places =
        ["polite beginning", "you said: polite beginning", "polite continuation", "you said: polite continuation"]
            .map(|text| shown.find(text));
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{shown}");
    let found = home.run(["search", "continuation"]).expect_code(0).stdout;
    assert!(found.contains("continuation"), "{found}");
    let exported = home.run(["export", "last", "--format", "json"]).expect_code(0).stdout;
    assert!(serde_json::from_str::<serde_json::Value>(&exported).is_ok(), "{exported}");
    home.run(["rm", "last", "--yes"]).expect_code(0);
    home.run(["show", "last"]).expect_code(3);
}
