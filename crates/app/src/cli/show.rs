//! `switchboard show`

use std::sync::Arc;
use std::time::Duration;

use switchboard_domain::{Message, Seq, SessionChange, SessionId, SessionStatus, StoredSession};
use switchboard_store::{PAGE_MESSAGES_MAX, Page, Persistence};

use super::args::ShowArgs;
use super::catalog::{Catalog, Owner};
use super::narrator::{Audience, Narrator, Pace};
use super::output::{Reader, window};
use super::views::TranscriptView;
use super::{Failure, Output, transcript};
use crate::terminal::{single_line, status_style};

/// How often a followed session is looked at on disk, where its words are within 50 ms (unfinished
/// text within 250 ms).
const LOOK_EVERY: Duration = Duration::from_millis(100);

pub(super) async fn run(
    args: &ShowArgs,
    catalog: &Catalog,
    persistence: &dyn Persistence,
    output: &mut Output,
) -> Result<(), Failure> {
    let stored = catalog.find(&args.session)?;
    let project = catalog.project(stored.session.project_id);
    let messages = messages(persistence, stored.session.id, args.limit.map(std::num::NonZero::get)).await?;
    if args.json.json {
        return output.json(&TranscriptView::new(stored, &messages, catalog));
    }
    output.text(&transcript::heading(stored, project))?;
    output.text("\n")?;
    let audience = match output.reader() {
        Reader::Person => Audience::Terminal { columns: window().0 },
        Reader::Program => Audience::Page,
    };
    let mut narrator = Narrator::new(audience, Pace::AsItComes, 0);
    for message in &messages {
        output.tell(narrator.recount(message))?;
    }
    if args.follow && stored.session.status() == SessionStatus::Running {
        let last = messages.last().map_or(Seq::ZERO, |message| message.seq);
        return follow(stored, last, narrator, persistence, output).await;
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

/// All messages of a session, or the newest ones, oldest first.
///
/// # Errors
/// When the database cannot be read.
pub(super) async fn messages(
    persistence: &dyn Persistence,
    id: SessionId,
    limit: Option<u32>,
) -> Result<Vec<Arc<Message>>, Failure> {
    let mut page = match limit {
        Some(limit) if limit <= PAGE_MESSAGES_MAX => {
            let newest = persistence.messages(id, Page::Newest, limit).await?;
            return Ok(newest.into_iter().map(Arc::new).collect());
        }
        _ => Page::After(Seq::ZERO),
    };
    let mut all = Vec::new();
    loop {
        let next = persistence.messages(id, page, PAGE_MESSAGES_MAX).await?;
        let Some(last) = next.last() else { break };
        page = Page::After(last.seq);
        all.extend(next.into_iter().map(Arc::new));
    }
    let surplus = limit.map_or(0, |limit| all.len().saturating_sub(usize::try_from(limit).unwrap_or(usize::MAX)));
    Ok(all.split_off(surplus))
}

/// Shows what another process writes, until the session's turn ends.
async fn follow(
    stored: &StoredSession,
    mut last: Seq,
    mut narrator: Narrator,
    persistence: &dyn Persistence,
    output: &mut Output,
) -> Result<(), Failure> {
    let id = stored.session.id;
    let mut told = String::new();
    loop {
        // The status first: what is read after it includes everything up to its end.
        let catalog = Catalog::read(persistence, Owner::Alive).await?;
        let now = catalog.sessions().iter().find(|it| it.session.id == id);
        for message in persistence.messages(id, Page::After(last), PAGE_MESSAGES_MAX).await? {
            last = message.seq;
            told.clear();
            output.tell(narrator.recount(&message))?;
        }
        let Some(now) = now else { return Ok(()) };
        if now.last_seq <= last
            && let Some(more) = now.draft.content.strip_prefix(told.as_str()).filter(|more| !more.is_empty())
        {
            output.tell(narrator.tell(&SessionChange::ContentStreamed { text: more.to_owned() }))?;
            told.push_str(more);
        }
        if now.session.status().is_final() && now.last_seq <= last {
            output.tell(narrator.pause())?;
            let status = now.session.status();
            output.remark(&format!("\n{}", status_style(status).paint(status.as_str())));
            return Ok(());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
