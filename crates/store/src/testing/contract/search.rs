//! Finding messages by words.

use serde_json::json;
use switchboard_domain::{MessageId, ToolCall};

use super::{Subject, commit, founded, settle, text_row};
use crate::testing::sample;
use crate::{Persistence, SearchHit, SearchOrder, SearchQuery, Write};

fn query(words: &str) -> SearchQuery {
    SearchQuery { words: words.into(), project_id: None, session_id: None, order: SearchOrder::Newest, limit: 100 }
}

async fn hits(database: &dyn Persistence, query: &SearchQuery) -> Vec<SearchHit> {
    database.search(query).await.unwrap_or_else(|error| panic!("searching for {:?}: {error}", query.words))
}

async fn ids(database: &dyn Persistence, query: &SearchQuery) -> Vec<MessageId> {
    hits(database, query).await.iter().map(|hit| hit.message_id).collect()
}

/// The messages of session 1 at these places.
fn at<const N: usize>(places: [u32; N]) -> [MessageId; N] {
    places.map(|seq| sample::message(1, seq).id)
}

async fn with_texts(subject: &dyn Subject, texts: &[&str]) -> Box<dyn Persistence> {
    let database = founded(subject).await;
    let rows: Vec<_> = (1..).zip(texts).map(|(seq, text)| text_row(1, seq, text)).collect();
    commit(&*database, &rows).await;
    settle(&*database).await;
    database
}

/// Whole words, in any order and case; all of them.
pub async fn all_words_must_occur(subject: &dyn Subject) {
    let texts = ["The quick brown fox", "the lazy dog", "a QUICK dog", "quickly now", "ÄRGER im Büro"];
    let database = with_texts(subject, &texts).await;
    let table: [(&str, &[u32]); 9] = [
        ("quick", &[3, 1]),
        ("the", &[2, 1]),
        ("THE Quick", &[1]),
        ("quick the", &[1]),
        ("dog fox", &[]),
        ("  dog\t\n", &[3, 2]),
        ("absent", &[]),
        ("büro", &[5]),
        ("Ärger BÜRO", &[5]),
    ];
    for (words, places) in table {
        let wanted: Vec<_> = places.iter().map(|seq| sample::message(1, *seq).id).collect();
        assert_eq!(ids(&*database, &query(words)).await, wanted, "{words:?}");
    }
}

/// No query syntax: operators are words, punctuation is harmless, and no input is an error.
pub async fn words_are_taken_literally(subject: &dyn Subject) {
    let texts = [
        "cats and dogs",
        "NEAR the river, OR not",
        "run src/main.rs with --force",
        "col content:value {a b} (c) ^d",
        "it's \"quoted\"",
    ];
    let database = with_texts(subject, &texts).await;
    let table: [(&str, &[u32]); 14] = [
        ("cats OR river", &[]),
        ("cats AND dogs", &[1]),
        ("NOT river", &[2]),
        ("NEAR", &[2]),
        ("NEAR(river not)", &[]),
        ("riv*", &[]),
        ("src/main.rs", &[3]),
        ("main.src", &[]),
        ("--force", &[3]),
        ("content:value", &[4]),
        ("{a b}", &[4]),
        ("^d", &[4]),
        ("\"quoted\"", &[5]),
        ("it's", &[5]),
    ];
    for (words, places) in table {
        let wanted: Vec<_> = places.iter().map(|seq| sample::message(1, *seq).id).collect();
        assert_eq!(ids(&*database, &query(words)).await, wanted, "{words:?}");
    }
    let nothing =
        ["", " ", "*", "\"", "\"\"", "\"\"\"", "'", "--", "()", "(", ")", "^", ":", "\0", "🙂", "- + ~ !", "\\"];
    for words in nothing {
        assert_eq!(ids(&*database, &query(words)).await, [], "{words:?} has no word in it");
    }
    assert_eq!(ids(&*database, &query("cats \" * ( \0 dogs")).await, at([1]), "what is no word does not count");
}

/// Newest means written last.
pub async fn the_newest_hit_comes_first(subject: &dyn Subject) {
    let database = with_texts(subject, &["word word word", "word", "no", "a word"]).await;
    assert_eq!(ids(&*database, &query("word")).await, at([4, 2, 1]));
    let two = SearchQuery { limit: 2, ..query("word") };
    assert_eq!(ids(&*database, &two).await, at([4, 2]));
}

/// By rank, a short text full of the word comes before a long one that has it once.
pub async fn the_best_hit_comes_first_when_asked_for(subject: &dyn Subject) {
    let long = format!("word {}", "other things ".repeat(50));
    let database = with_texts(subject, &["word word word", &long, "nothing", "nothing either"]).await;
    let best = SearchQuery { order: SearchOrder::Rank, ..query("word") };
    assert_eq!(ids(&*database, &best).await, at([1, 2]));
}

/// Hits come only from the project and the session asked for.
pub async fn search_keeps_to_its_project_and_session(subject: &dyn Subject) {
    let database = founded(subject).await;
    let rows = [1, 2, 3].map(|session| text_row(session, 1, &format!("word in {session}")));
    commit(&*database, &rows).await;
    settle(&*database).await;
    let table: [(Option<u32>, Option<u32>, &[u32]); 6] = [
        (None, None, &[3, 2, 1]),
        (Some(1), None, &[2, 1]),
        (Some(2), None, &[3]),
        (None, Some(2), &[2]),
        (Some(1), Some(3), &[]),
        (Some(9), None, &[]),
    ];
    for order in [SearchOrder::Newest, SearchOrder::Rank] {
        for (project, session, wanted) in table {
            let (project_id, session_id) = (project.map(sample::project_id), session.map(sample::session_id));
            let query = SearchQuery { project_id, session_id, order, ..query("word") };
            let mut seen = ids(&*database, &query).await;
            let mut wanted: Vec<_> = wanted.iter().map(|session| sample::message(*session, 1).id).collect();
            if order == SearchOrder::Rank {
                seen.sort();
                wanted.sort();
            }
            assert_eq!(seen, wanted, "project {project:?}, session {session:?}, {order:?}");
        }
    }
}

/// Cleared and deleted messages are not found, at once and after upkeep, and new ones in their place are.
pub async fn what_is_deleted_is_not_found(subject: &dyn Subject) {
    let database = founded(subject).await;
    commit(&*database, &[1, 2, 3].map(|session| text_row(session, 1, "word"))).await;
    settle(&*database).await;
    let gone = [Write::ClearSession(sample::session_id(1)), Write::DeleteSession(sample::session_id(3))];
    commit(&*database, &gone).await;
    let left = [sample::message(2, 1).id];
    assert_eq!(ids(&*database, &query("word")).await, left, "at once");
    settle(&*database).await;
    assert_eq!(ids(&*database, &query("word")).await, left, "after upkeep");

    commit(&*database, &[text_row(1, 1, "another text")]).await;
    settle(&*database).await;
    assert_eq!(ids(&*database, &query("word")).await, left, "old words do not stick to new messages");
    assert_eq!(ids(&*database, &query("another")).await, at([1]));
}

/// A message that is written again is found by what it says now.
pub async fn a_message_written_again_is_found_by_its_new_words(subject: &dyn Subject) {
    let database = with_texts(subject, &["before", "between"]).await;
    for content in ["after", "afterwards", "after"] {
        commit(&*database, &[text_row(1, 1, content)]).await;
        assert_eq!(ids(&*database, &query("before")).await, [], "at once");
    }
    commit(&*database, &[text_row(1, 3, "first"), text_row(1, 3, "second")]).await;
    settle(&*database).await;
    let table: [(&str, &[u32]); 6] =
        [("before", &[]), ("afterwards", &[]), ("after", &[1]), ("between", &[2]), ("first", &[]), ("second", &[3])];
    for (words, places) in table {
        let wanted: Vec<_> = places.iter().map(|seq| sample::message(1, *seq).id).collect();
        assert_eq!(ids(&*database, &query(words)).await, wanted, "{words:?}");
    }
}

/// Answers of tools arrive after the message is indexed; it is still found, once.
pub async fn known_tool_calls_do_not_disturb_the_index(subject: &dyn Subject) {
    let database = with_texts(subject, &["word one", "word two"]).await;
    let mut message = sample::text(1, 1, "word one");
    for answer in 0..3 {
        let output = Some(json!(answer));
        message.body.tool_calls =
            vec![ToolCall { id: None, name: "Bash".into(), input: json!({}), output, is_error: false }];
        commit(&*database, &[Write::Message(message.clone().into())]).await;
        assert_eq!(ids(&*database, &query("word")).await, at([2, 1]), "at once");
        settle(&*database).await;
        assert_eq!(ids(&*database, &query("word")).await, at([2, 1]), "after upkeep");
    }
}

/// A hit says which message it is and shows the words where they are.
pub async fn a_snippet_shows_the_words(subject: &dyn Subject) {
    let long = format!("{}the Needle, in a haystack{}", "hay ".repeat(500), " hay".repeat(500));
    let database = with_texts(subject, &[&long, "short needle"]).await;
    let found = hits(&*database, &query("needle")).await;
    let [short, long] = found.as_slice() else { panic!("two hits, not {found:#?}") };
    let message = sample::text(1, 2, "short needle");
    assert_eq!((short.session_id, short.message_id, short.seq), (message.session_id, message.id, message.seq));
    assert_eq!((short.role, short.created_at), (message.body.role, message.created_at));
    assert_eq!(short.snippet, "short [needle]");
    assert!(long.snippet.contains("the [Needle], in a haystack"), "{}", long.snippet);
    assert!(long.snippet.len() < 500, "a snippet, not the message: {} bytes", long.snippet.len());
}

/// No limit is too small or too large, and no question is too long.
pub async fn limits_of_search_hold(subject: &dyn Subject) {
    let database = with_texts(subject, &["word", "word"]).await;
    for (limit, wanted) in [(0, 0), (1, 1), (u32::MAX, 2)] {
        let query = SearchQuery { limit, ..query("word") };
        assert_eq!(ids(&*database, &query).await.len(), wanted, "at most {limit}");
    }
    assert_eq!(ids(&*database, &query(&"word ".repeat(2_000))).await.len(), 2, "a word said often is one word");
    let many: Vec<_> = (0..5_000).map(|number| format!("w{number}")).collect();
    assert_eq!(ids(&*database, &query(&many.join(" "))).await, [], "many words");
    assert_eq!(ids(&*database, &query(&"x".repeat(100_000))).await, [], "a long word");
}
