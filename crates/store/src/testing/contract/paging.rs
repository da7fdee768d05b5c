//! Pages of a transcript.

use switchboard_domain::{Message, Seq};

use super::{Subject, commit, founded, message_row};
use crate::testing::sample;
use crate::{PAGE_MESSAGES_MAX, Page, Persistence};

/// Session 1 with this many messages, written in two batches.
async fn with_messages(subject: &dyn Subject, count: u32) -> Box<dyn Persistence> {
    let database = founded(subject).await;
    let rows: Vec<_> = (1..=count).map(|seq| message_row(1, seq)).collect();
    let (first, second) = rows.split_at(rows.len() / 3);
    commit(&*database, first).await;
    commit(&*database, second).await;
    database
}

async fn page(database: &dyn Persistence, page: Page, limit: u32) -> Vec<Message> {
    database.messages(sample::session_id(1), page, limit).await.unwrap_or_else(|error| panic!("{error}"))
}

/// Each kind of page, at its edges; always oldest first.
pub async fn pages_are_cut_at_the_right_place(subject: &dyn Subject) {
    let database = with_messages(subject, 10).await;
    let (before, after) = (|seq| Page::Before(Seq::new(seq)), |seq| Page::After(Seq::new(seq)));
    let table = [
        (Page::Newest, 3, 8..=10),
        (Page::Newest, 10, 1..=10),
        (Page::Newest, 100, 1..=10),
        (before(8), 3, 5..=7),
        (before(3), 3, 1..=2),
        (before(11), 1, 10..=10),
        (before(u64::MAX), 2, 9..=10),
        (after(0), 3, 1..=3),
        (after(8), 3, 9..=10),
        (after(9), 1, 10..=10),
    ];
    for (which, limit, wanted) in table {
        let wanted: Vec<_> = wanted.map(|seq| sample::message(1, seq)).collect();
        assert_eq!(page(&*database, which, limit).await, wanted, "{which:?}, at most {limit}");
    }
    let nothing = [(Page::Newest, 0), (before(1), 5), (before(0), 5), (after(10), 5), (after(u64::MAX), 5)];
    for (which, limit) in nothing {
        assert_eq!(page(&*database, which, limit).await, [], "{which:?}, at most {limit}");
    }
}

/// However large the limit, a page has at most [`PAGE_MESSAGES_MAX`] messages.
pub async fn a_page_never_exceeds_its_bound(subject: &dyn Subject) {
    let database = with_messages(subject, PAGE_MESSAGES_MAX + 50).await;
    let bound = u64::from(PAGE_MESSAGES_MAX);
    let table = [
        (Page::Newest, 51..=bound + 50),
        (Page::After(Seq::ZERO), 1..=bound),
        (Page::Before(Seq::new(bound + 10)), 10..=bound + 9),
    ];
    for (which, wanted) in table {
        let seen = page(&*database, which, u32::MAX).await;
        assert!(seen.iter().map(|message| message.seq.get()).eq(wanted), "{which:?} has {} messages", seen.len());
    }
}

/// Going back from the newest, or on from the first, shows each message once.
pub async fn paging_back_and_forth_shows_everything_once(subject: &dyn Subject) {
    let database = with_messages(subject, 20).await;
    let mut forth = Vec::new();
    while let more = page(&*database, Page::After(Seq::new(forth.len() as u64)), 7).await
        && !more.is_empty()
    {
        forth.extend(more);
    }
    let mut back = page(&*database, Page::Newest, 7).await;
    while let more = page(&*database, Page::Before(back[0].seq), 7).await
        && !more.is_empty()
    {
        back.splice(0..0, more);
    }
    let wanted: Vec<_> = (1..=20).map(|seq| sample::message(1, seq)).collect();
    assert_eq!(forth, wanted);
    assert_eq!(back, wanted);
}

/// A page never shows a message of another session.
pub async fn pages_show_one_session_only(subject: &dyn Subject) {
    let database = with_messages(subject, 5).await;
    commit(&*database, &[message_row(2, 1), message_row(3, 1), message_row(2, 2)]).await;
    for which in [Page::Newest, Page::After(Seq::ZERO), Page::Before(Seq::new(100))] {
        let seen = database.messages(sample::session_id(2), which, 100).await.expect("messages");
        assert_eq!(seen, [sample::message(2, 1), sample::message(2, 2)], "{which:?}");
    }
}
