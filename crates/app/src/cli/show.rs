//! `switchboard show`

use std::time::Duration;

use switchboard_domain::{Seq, SessionStatus, StoredSession};
use switchboard_store::{PAGE_MESSAGES_MAX, Page};

use super::archive::{Archive, Disk};
use super::args::ShowArgs;
use super::catalog::Catalog;
use super::feed::Feed;
use super::narrator::{Audience, Narrator, Pace};
use super::output::Reader;
use super::views::TranscriptView;
use super::{Failure, Output, follow, transcript};
use crate::terminal::{single_line, status_style};

/// How often a followed session is looked at on disk, where its words are within 50 ms (unfinished
/// text within 250 ms).
const LOOK_EVERY: Duration = Duration::from_millis(100);

pub(super) async fn run(
    args: &ShowArgs,
    catalog: &Catalog,
    archive: &Archive,
    output: &mut Output,
) -> Result<(), Failure> {
    let stored = catalog.find(&args.session)?;
    let project = catalog.project(stored.session.project_id);
    let messages = archive.messages(stored.session.id, args.limit.map(std::num::NonZero::get)).await?;
    if args.json.json {
        return output.json(&TranscriptView::new(stored, &messages, catalog));
    }
    output.text(&transcript::heading(&stored.session, project.map(|project| project.path.as_path())))?;
    output.text("\n")?;
    let audience = match output.reader() {
        Reader::Person => Audience::Terminal { columns: output.window().columns },
        Reader::Program => Audience::Page,
    };
    let mut narrator = Narrator::new(audience, Pace::AsItComes);
    for message in &messages {
        output.tell(narrator.recount(message))?;
    }
    if args.follow && stored.session.status() == SessionStatus::Running {
        let last = messages.last().map_or(Seq::ZERO, |message| message.seq);
        return match archive {
            Archive::Daemon(link) => {
                let mut feed = Feed::open(link.client(), [(stored.session.id, last)]).await?;
                follow::to_the_end(&mut feed, stored.session.id, narrator, output).await.map(|_| ())
            }
            Archive::Disk(disk) => follow_on_disk(stored, last, narrator, disk, output).await,
            Archive::Empty => Ok(()),
        };
    }
    for change in transcript::unfinished(stored) {
        output.tell(narrator.tell(&change))?;
    }
    output.tell(narrator.pause())?;
    for waiting in catalog.queue(stored.session.id) {
        output.remark(&format!("queued {}: {}", waiting.id.short(), single_line(&waiting.content)));
    }
    Ok(())
}

/// Shows what another process writes, until the session's turn ends or nobody runs it any more.
async fn follow_on_disk(
    stored: &StoredSession,
    mut last: Seq,
    mut narrator: Narrator,
    disk: &Disk,
    output: &mut Output,
) -> Result<(), Failure> {
    let id = stored.session.id;
    loop {
        // The status first: what is read after it includes everything up to its end.
        let owner = (disk.owner)();
        let now = disk.persistence.session(id).await?.map(|now| owner.seen_by(now));
        for message in disk.persistence.messages(id, Page::After(last), PAGE_MESSAGES_MAX).await? {
            last = message.seq;
            output.tell(narrator.recount(&message))?;
        }
        let Some(now) = now else { return Ok(()) };
        let is_complete = now.last_seq <= last;
        if is_complete {
            output.tell(narrator.catch_up(&now.draft))?;
        }
        if now.session.status().is_final() && is_complete {
            output.tell(narrator.pause())?;
            let status = now.session.status();
            output.remark(&format!("\n{}", status_style(status).paint(status.as_str())));
            return Ok(());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use switchboard_domain::Draft;
    use switchboard_store::testing::{MemoryPersistence, sample};
    use switchboard_store::{Persistence as _, Write};

    use super::*;
    use crate::cli::catalog::Owner;

    async fn database() -> MemoryPersistence {
        let database = MemoryPersistence::new();
        let messages = (1..=3).map(|seq| Write::Message(Arc::new(sample::message(1, seq))));
        let mut batch = vec![Write::Project(sample::project(1)), Write::Session(Box::new(sample::session(1, 1)))];
        batch.extend(messages);
        let draft = Draft { content: "half a th".into(), ..Draft::default() };
        batch.push(Write::Draft { session_id: sample::session_id(1), draft });
        batch.push(Write::Queued(sample::queued(1, 1)));
        database.commit(&batch).await.expect("committed");
        database
    }

    async fn shown(args: &ShowArgs, reader: Reader) -> String {
        let database = database().await;
        let catalog = Catalog::read(&database, Owner::Gone).await.expect("read");
        let (mut output, said) = Output::kept(reader);
        let disk = Disk { persistence: Box::new(database), owner: Box::new(|| Owner::Gone) };
        run(args, &catalog, &Archive::Disk(disk), &mut output).await.expect("shown");
        said()
    }

    fn last() -> ShowArgs {
        ShowArgs { session: "last".into(), ..ShowArgs::default() }
    }

    #[tokio::test]
    async fn a_transcript_ends_with_what_was_under_way_and_what_waits() {
        insta::assert_snapshot!(shown(&last(), Reader::Person).await, @"
        00000000  do task 1
        interrupted · builtin · /code/project-1

        message 1 of session 1

        message 2 of session 1

        message 3 of session 1

        half a th
        queued 00000001: and then 1
        ");
    }

    #[tokio::test]
    async fn a_pipe_gets_the_same_words() {
        assert_eq!(shown(&last(), Reader::Program).await, shown(&last(), Reader::Person).await);
    }

    #[tokio::test]
    async fn a_limit_shows_the_newest() {
        let args = ShowArgs { limit: std::num::NonZeroU32::new(1), ..last() };
        let shown = shown(&args, Reader::Person).await;
        assert!(shown.contains("message 3 of") && !shown.contains("message 2 of"), "{shown}");
    }

    #[tokio::test]
    async fn json_has_all_of_it() {
        let args = ShowArgs { json: crate::cli::args::JsonFlag { json: true }, ..last() };
        let json: serde_json::Value = serde_json::from_str(&shown(&args, Reader::Program).await).expect("JSON");
        assert_eq!(json["messages"].as_array().map(Vec::len), Some(3));
        assert_eq!(json["draft"]["content"], "half a th");
        assert_eq!(json["session"]["status"], "interrupted", "its owner is gone");
    }
}
