//! What every database adapter must do, rule by rule.
//!
//! An adapter's whole test file is a [`Subject`] and one line,
//! `switchboard_store::persistence_contract!(MySubject::new())`, which makes one `#[tokio::test]` per
//! rule, named after it; a rule added here is run by every adapter from then on.

#![expect(clippy::missing_panics_doc, reason = "a rule panics when it does not hold; that is what rules are for")]

use async_trait::async_trait;
use switchboard_domain::Message;

use super::sample;
use crate::{CommitError, Page, Persistence, Write};

pub mod batches;
pub mod lifetime;
pub mod loading;
pub mod paging;
pub mod removal;
pub mod search;
pub mod values;

/// A database under test.
#[async_trait]
pub trait Subject: Send + Sync {
    /// Opens it: empty at first, and later with all that was committed before.
    async fn open(&self) -> Box<dyn Persistence>;
}

/// One `#[tokio::test]` per rule of the [contract](crate::testing::contract), each on a new
/// [`Subject`] made by the expression. The crate that uses it needs tokio with `macros` and `rt`.
#[macro_export]
macro_rules! persistence_contract {
    ($subject:expr) => {
        $crate::persistence_contract!(@rules $subject,
            batches: [
                every_write_twice_is_as_once,
                a_replayed_batch_changes_nothing,
                a_batch_is_written_whole_or_not_at_all,
                later_writes_of_a_batch_win,
                the_same_place_is_not_taken_twice,
                a_message_moves_when_its_place_changes,
                rows_without_their_owner_are_refused,
                a_path_belongs_to_one_project,
                a_refused_batch_goes_through_once_its_cause_is_gone,
                an_empty_batch_is_fine,
                large_batches_keep_everything,
            ],
            removal: [
                clearing_leaves_the_session_and_the_others,
                deleting_takes_everything_along,
                what_is_cleared_can_come_again_in_the_same_batch,
                what_is_added_before_a_clear_is_gone,
                a_session_can_be_deleted_and_made_again_in_one_batch,
                removing_the_unknown_does_nothing,
                queue_entries_and_settings_come_and_go_in_one_batch,
                an_empty_draft_removes_the_row,
            ],
            loading: [
                an_empty_database_has_nothing,
                projects_come_oldest_first,
                sessions_come_newest_first_with_last_place_and_draft,
                only_pending_approvals_wait,
                approvals_of_one_moment_come_by_key,
                the_same_request_in_two_sessions_is_two_approvals,
                the_queue_keeps_its_order,
                an_edited_queue_entry_keeps_its_place,
                settings_are_kept_by_key,
            ],
            paging: [
                pages_are_cut_at_the_right_place,
                a_page_never_exceeds_its_bound,
                paging_back_and_forth_shows_everything_once,
                pages_show_one_session_only,
            ],
            values: [
                every_field_comes_back_as_it_was,
                odd_text_comes_back_as_it_was,
                big_values_come_back_as_they_were,
                moments_are_exact_to_the_microsecond,
                deep_and_precise_json_comes_back_as_it_was,
                a_message_of_every_shape_comes_back,
                impossible_places_are_refused,
            ],
            search: [
                all_words_must_occur,
                words_are_taken_literally,
                the_newest_hit_comes_first,
                the_best_hit_comes_first_when_asked_for,
                search_keeps_to_its_project_and_session,
                what_is_deleted_is_not_found,
                a_message_written_again_is_found_by_its_new_words,
                known_tool_calls_do_not_disturb_the_index,
                a_snippet_shows_the_words,
                limits_of_search_hold,
            ],
            lifetime: [
                what_was_committed_is_there_after_reopening,
                after_closing_every_call_fails,
                setting_aside_works_beside_commits,
                upkeep_ends,
            ],
        );
    };
    (@rules $subject:expr, $($part:ident: [$($rule:ident),* $(,)?]),* $(,)?) => {
        $(mod $part {
            #[allow(unused_imports, reason = "the subject may name anything its file can see")]
            use super::*;

            $(#[tokio::test]
            async fn $rule() {
                $crate::testing::contract::$part::$rule(&$subject).await;
            })*
        })*
    };
}

/// Two projects, and three sessions: 1 and 2 in project 1, 3 in project 2.
fn foundation() -> Vec<Write> {
    let mut writes = vec![Write::Project(sample::project(1)), Write::Project(sample::project(2))];
    writes.extend([(1, 1), (2, 1), (3, 2)].map(|(session, project)| session_row(session, project)));
    writes
}

/// A database with the [`foundation`].
async fn founded(subject: &dyn Subject) -> Box<dyn Persistence> {
    let database = subject.open().await;
    commit(database.as_ref(), &foundation()).await;
    database
}

async fn commit(database: &dyn Persistence, batch: &[Write]) {
    if let Err(error) = database.commit(batch).await {
        panic!("the batch should be written, but: {error}\n{}", preview(batch));
    }
}

async fn refuse(database: &dyn Persistence, batch: &[Write]) {
    match database.commit(batch).await {
        Err(CommitError::Refused { .. }) => {}
        other => panic!("the batch should be refused, but: {other:?}\n{}", preview(batch)),
    }
}

/// Upkeep until there is no more, so that the search index has caught up.
async fn settle(database: &dyn Persistence) {
    /// Far more slices than any rule's rows need.
    const SLICES_MAX: u32 = 10_000;
    for _ in 0..SLICES_MAX {
        match database.maintain().await {
            Ok(crate::Upkeep::Done) => return,
            Ok(crate::Upkeep::More) => {}
            Err(error) => panic!("upkeep failed: {error}"),
        }
    }
    panic!("upkeep did not end after {SLICES_MAX} slices");
}

async fn transcript(database: &dyn Persistence, session: u32) -> Vec<Message> {
    let page = database.messages(sample::session_id(session), Page::Newest, u32::MAX).await;
    page.unwrap_or_else(|error| panic!("{error}"))
}

async fn places(database: &dyn Persistence, session: u32) -> Vec<u64> {
    transcript(database, session).await.iter().map(|message| message.seq.get()).collect()
}

/// Everything a database has in the first nine sessions of the [`sample`], to compare two states of it.
pub async fn contents(database: &dyn Persistence) -> String {
    let read = async {
        let mut transcripts = Vec::new();
        for session in 1..=9 {
            transcripts.push(database.messages(sample::session_id(session), Page::Newest, u32::MAX).await?);
        }
        Ok::<_, crate::ReadError>(format!(
            "{:#?}\n{:#?}\n{:#?}\n{:#?}\n{:#?}\n{transcripts:#?}",
            database.projects().await?,
            database.sessions().await?,
            database.pending_approvals().await?,
            database.queue().await?,
            database.settings().await?,
        ))
    };
    read.await.unwrap_or_else(|error| panic!("{error}"))
}

fn session_row(session: u32, project: u32) -> Write {
    Write::Session(Box::new(sample::session(session, project)))
}

fn message_row(session: u32, seq: u32) -> Write {
    Write::Message(sample::message(session, seq).into())
}

fn text_row(session: u32, seq: u32, content: &str) -> Write {
    Write::Message(sample::text(session, seq, content).into())
}

fn approval_row(session: u32, request: &str) -> Write {
    Write::Approval(Box::new(sample::approval(session, request, u64::from(session))))
}

fn queued_row(session: u32, number: u32) -> Write {
    Write::Queued(sample::queued(session, number))
}

fn draft_row(session: u32, content: &str) -> Write {
    let draft = switchboard_domain::Draft { content: content.into(), ..Default::default() };
    Write::Draft { session_id: sample::session_id(session), draft }
}

fn setting_row(key: &str, value: impl Into<serde_json::Value>) -> Write {
    Write::Setting { key: key.into(), value: value.into() }
}

/// A batch short enough to read in a failure.
fn preview(batch: &[Write]) -> String {
    let text = format!("{batch:#?}");
    let end = text.floor_char_boundary(2_000);
    text[..end].to_owned()
}
