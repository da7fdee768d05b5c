//! What commands that only look read from: a running daemon, else the database.
//!
//! A daemon knows more than its disk has, and it is asked first. Without one the database is read
//! directly; such commands start no daemon, own nothing and change nothing.

use std::path::Path;
use std::sync::Arc;

use switchboard_domain::{Message, Seq, SessionId};
use switchboard_persistence::{DataFolder, SqliteReader};
use switchboard_store::{PAGE_MESSAGES_MAX, Page, Persistence, SearchHit, SearchOrder, SearchQuery};

use super::catalog::{Catalog, Owner};
use super::link::Link;
use super::{Failure, Output, Setup};
use crate::api::wire::{MessagesQuery, Order, SearchRequest};

/// What is there to look at.
pub(super) enum Archive {
    /// What the daemon knows.
    Daemon(Link),
    /// What is on disk.
    Disk(Disk),
    /// Nothing was ever done here.
    Empty,
}

/// A database that another process may write to.
pub(super) struct Disk {
    /// What is read.
    pub(super) persistence: Box<dyn Persistence>,
    /// Whether somebody runs agents there right now.
    pub(super) owner: Box<dyn Fn() -> Owner + Send + Sync>,
}

impl Archive {
    /// Opens what there is.
    ///
    /// # Errors
    /// When the daemon does not answer, or the database must not be opened.
    pub(super) async fn open(setup: &Setup) -> Result<Self, Failure> {
        if !setup.no_daemon
            && let Some(link) = Link::find(setup).await?
        {
            return Ok(Self::Daemon(link));
        }
        let data = setup.folders.data();
        let first = owner(data)?;
        let Some(reader) = SqliteReader::open(data).await? else { return Ok(Self::Empty) };
        let data = data.to_owned();
        // What cannot be told just now has not changed.
        let owner = Box::new(move || owner(&data).unwrap_or(first));
        Ok(Self::Disk(Disk { persistence: Box::new(reader), owner }))
    }

    /// Everything but transcripts.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) async fn catalog(&self) -> Result<Catalog, Failure> {
        Ok(match self {
            Self::Daemon(link) => Catalog::of_state(&link.client().state().await?),
            Self::Disk(disk) => Catalog::read(&*disk.persistence, (disk.owner)()).await?,
            Self::Empty => Catalog::default(),
        })
    }

    /// All messages of a session, or the newest ones, oldest first.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(super) async fn messages(&self, id: SessionId, limit: Option<u32>) -> Result<Vec<Arc<Message>>, Failure> {
        let mut page = match limit {
            Some(limit) if limit <= PAGE_MESSAGES_MAX => return self.page(id, Page::Newest, limit).await,
            _ => Page::After(Seq::ZERO),
        };
        let mut all = Vec::new();
        loop {
            let next = self.page(id, page, PAGE_MESSAGES_MAX).await?;
            let Some(last) = next.last() else { break };
            page = Page::After(last.seq);
            all.extend(next);
        }
        let surplus = limit.map_or(0, |limit| all.len().saturating_sub(usize::try_from(limit).unwrap_or(usize::MAX)));
        Ok(all.split_off(surplus))
    }

    async fn page(&self, id: SessionId, page: Page, limit: u32) -> Result<Vec<Arc<Message>>, Failure> {
        Ok(match self {
            Self::Daemon(link) => link.client().messages(id, &wanted(page, limit)).await?,
            Self::Disk(disk) => {
                let messages = disk.persistence.messages(id, page, limit).await?;
                messages.into_iter().map(Arc::new).collect()
            }
            Self::Empty => Vec::new(),
        })
    }

    /// Messages with all of the words.
    ///
    /// # Errors
    /// When they cannot be looked for.
    pub(super) async fn search(&self, query: &SearchQuery) -> Result<Vec<SearchHit>, Failure> {
        Ok(match self {
            Self::Daemon(link) => link.client().search(&request(query)).await?,
            Self::Disk(disk) => disk.persistence.search(query).await?,
            Self::Empty => Vec::new(),
        })
    }

    /// Lets go of it.
    ///
    /// # Errors
    /// When the database cannot be closed.
    pub(super) async fn close(self, output: &mut Output) -> Result<(), Failure> {
        match self {
            Self::Daemon(link) => link.close(output).await.map(|_| ()),
            Self::Disk(disk) => Ok(disk.persistence.close().await?),
            Self::Empty => Ok(()),
        }
    }
}

fn wanted(page: Page, limit: u32) -> MessagesQuery {
    let limit = Some(limit);
    match page {
        Page::Newest => MessagesQuery { limit, ..MessagesQuery::default() },
        Page::Before(seq) => MessagesQuery { before: Some(seq), limit, after: None },
        Page::After(seq) => MessagesQuery { after: Some(seq), limit, before: None },
    }
}

fn request(query: &SearchQuery) -> SearchRequest {
    SearchRequest {
        q: query.words.clone(),
        project: query.project_id,
        session: query.session_id,
        order: match query.order {
            SearchOrder::Newest => Order::Newest,
            SearchOrder::Rank => Order::Best,
        },
        limit: Some(query.limit),
    }
}

/// Whether somebody runs agents on a data folder right now.
///
/// # Errors
/// When its lock cannot be looked at.
pub(super) fn owner(data: &Path) -> Result<Owner, Failure> {
    Ok(match DataFolder::owner(data)? {
        switchboard_persistence::Owner::Nobody => Owner::Gone,
        switchboard_persistence::Owner::Process(_) => Owner::Alive,
    })
}
