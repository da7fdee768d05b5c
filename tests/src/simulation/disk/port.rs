//! The disk as the store sees it, in all its ways to be broken.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use switchboard_domain::{Approval, Message, Project, QueuedMessage, RequestId, SessionId, StoredSession};
use switchboard_store::{CommitError, Page, Persistence, ReadError, SearchHit, SearchQuery, Upkeep, Write};
use tokio::time::{Instant, sleep};

use super::weather::Step;
use super::{Disk, Platter, Unflushed};
use crate::simulation::breakage::Breakage;
use crate::simulation::dice::Dice;

/// How late an early acknowledgement is made true.
const LATE: Duration = Duration::from_millis(10);
/// A forgetful disk loses one write of so many.
const LOSES_ONE_IN: u64 = 10_000;
/// A lossy writer is busy for so long after each batch.
const BUSY_FOR: Duration = Duration::from_millis(5);

/// What every fault says.
const REASON: &str = "a fault of the simulation";

impl Disk {
    /// Takes the batch in hand, and decides what becomes of it.
    fn begin(&self, batch: &[Write]) -> (Vec<Write>, Step) {
        let mut platter = self.platter();
        let image = match platter.retrying.clone() {
            Some(image) => image,
            None => platter.store.as_ref().map(switchboard_store::Store::snapshot),
        };
        platter.retrying = Some(image.clone());
        let mut dice = platter.dice.split();
        let step = platter.weather.next_step(&mut dice);
        self.trace.fired(step.name());
        let batch = self.broken(batch, &platter, &mut dice);
        platter.stuck_since.get_or_insert_with(Instant::now);
        // What writes nothing cannot come through in the moment of death either.
        if !matches!(step, Step::NotWritten | Step::UnknownAndLost) {
            platter.under_way = Some((batch.clone(), image));
        }
        (batch, step)
    }

    /// The batch was written. Flushed means that everything before it is, too.
    fn written(&self, flushed: bool) {
        let mut platter = self.platter();
        let Some((batch, image)) = platter.under_way.take() else { return };
        if flushed {
            platter.unflushed = None;
        } else {
            let (base, base_image) = (platter.rows.fork(), platter.image.clone());
            let empty = || Unflushed { base, base_image, batches: Vec::new() };
            platter.unflushed.get_or_insert_with(empty).batches.push((batch.clone(), image.clone()));
        }
        platter.write(&batch, image);
    }

    /// The store is told that the batch is through.
    fn acknowledge(&self) {
        let mut platter = self.platter();
        (platter.retrying, platter.stuck_since) = (None, None);
    }

    fn fails(&self, what: &'static str) -> bool {
        let mut platter = self.platter();
        let mut dice = platter.dice.split();
        let fails = platter.weather.refuses(&mut dice);
        if fails {
            self.trace.fired(what);
        }
        fails
    }

    fn read(&self, what: &'static str) -> Result<(), ReadError> {
        let refused = || ReadError { what, reason: REASON.into(), cause: None };
        if self.fails("read failed") { Err(refused()) } else { Ok(()) }
    }

    /// The batch as a broken port passes it on.
    fn broken(&self, batch: &[Write], platter: &Platter, dice: &mut Dice) -> Vec<Write> {
        let mut batch = batch.to_vec();
        match self.breakage {
            Some(Breakage::DropOneInTenThousand) => batch.retain(|_| dice.below(LOSES_ONE_IN) > 0),
            Some(Breakage::ForgetDrafts) => batch.retain(|write| !matches!(write, Write::Draft { .. })),
            Some(Breakage::KeepDeleted) => {
                batch.retain(|write| !matches!(write, Write::DeleteSession(_) | Write::ClearSession(_)));
            }
            Some(Breakage::SwapTwoChanges) => swap_two(&mut batch),
            Some(Breakage::ResendNotIdempotent) => insert_anew(&mut batch, platter),
            _ => {}
        }
        batch
    }

    /// Whether a broken port takes the batch for committed, in its own way.
    fn is_committed_badly(&self, step: Step) -> bool {
        match (self.breakage, step) {
            (Some(Breakage::AcknowledgeBeforeCommit), _) => {
                let under_way = self.platter().under_way.take();
                let disk = self.clone();
                tokio::spawn(async move {
                    sleep(LATE).await;
                    if let Some((batch, image)) = under_way {
                        disk.platter().write(&batch, image);
                    }
                });
                true
            }
            (Some(Breakage::SkipRetry), Step::NotWritten | Step::UnknownAndLost) => true,
            (Some(Breakage::LieAboutFlushing), Step::Pass(_)) => {
                self.written(false);
                true
            }
            (Some(Breakage::LossyWriter), _) => {
                let mut platter = self.platter();
                let busy = platter.busy_until.is_some_and(|until| Instant::now() < until);
                if busy {
                    platter.under_way = None;
                } else {
                    platter.busy_until = Some(Instant::now() + BUSY_FOR);
                }
                busy
            }
            _ => false,
        }
    }
}

/// Two messages of the batch change places.
fn swap_two(batch: &mut [Write]) {
    let at: Vec<usize> = (0..batch.len()).filter(|index| matches!(batch[*index], Write::Message(_))).collect();
    let &[first, second, ..] = at.as_slice() else { return };
    if let (Write::Message(one), Write::Message(other)) = (&batch[first], &batch[second]) {
        let (mut early, mut late) = ((**one).clone(), (**other).clone());
        std::mem::swap(&mut early.body, &mut late.body);
        (batch[first], batch[second]) = (Write::Message(Arc::new(early)), Write::Message(Arc::new(late)));
    }
}

/// A message that is there already comes once more, behind all others.
fn insert_anew(batch: &mut [Write], platter: &Platter) {
    for write in batch {
        let Write::Message(message) = write else { continue };
        let there = platter.rows.transcript(message.session_id);
        if there.iter().any(|it| it.id == message.id)
            && let Some(last) = there.last()
        {
            let mut again = (**message).clone();
            again.id = switchboard_domain::MessageId::new(uuid::Uuid::from_u128(u128::from(last.seq.get()) + 1));
            again.seq = last.seq.next();
            *write = Write::Message(Arc::new(again));
        }
    }
}

fn unknown() -> CommitError {
    CommitError::Unknown { reason: REASON.into(), cause: None }
}

fn not_written() -> CommitError {
    CommitError::NotWritten { reason: REASON.into(), cause: None }
}

#[async_trait]
impl Persistence for Disk {
    async fn commit(&self, batch: &[Write]) -> Result<(), CommitError> {
        let (batch, step) = self.begin(batch);
        self.trace.happened("commit", &batch);
        if self.is_committed_badly(step) {
            self.acknowledge();
            return Ok(());
        }
        match step {
            Step::Pass(wait) => {
                if !wait.is_zero() {
                    sleep(wait).await;
                }
                self.written(true);
                self.acknowledge();
                Ok(())
            }
            Step::NotWritten => Err(not_written()),
            Step::UnknownButWritten => {
                self.written(true);
                Err(unknown())
            }
            Step::UnknownAndUnflushed => {
                self.written(false);
                Err(unknown())
            }
            Step::UnknownAndLost => Err(unknown()),
        }
    }

    async fn set_aside(&self, _: &Write, reason: &str) -> Result<(), CommitError> {
        self.trace.violated(format!("a row was set aside, though the disk refuses none: {reason}"));
        Ok(())
    }

    async fn maintain(&self) -> Result<Upkeep, CommitError> {
        if self.fails("upkeep failed") { Err(not_written()) } else { Ok(Upkeep::Done) }
    }

    async fn projects(&self) -> Result<Vec<Project>, ReadError> {
        self.read("projects")?;
        self.rows().projects().await
    }

    async fn sessions(&self) -> Result<Vec<StoredSession>, ReadError> {
        self.read("sessions")?;
        self.rows().sessions().await
    }

    async fn session(&self, session_id: SessionId) -> Result<Option<StoredSession>, ReadError> {
        self.read("session")?;
        self.rows().session(session_id).await
    }

    async fn pending_approvals(&self) -> Result<Vec<Approval>, ReadError> {
        self.read("approvals")?;
        self.rows().pending_approvals().await
    }

    async fn approval(&self, session_id: SessionId, request_id: &RequestId) -> Result<Option<Approval>, ReadError> {
        self.read("approval")?;
        self.rows().approval(session_id, request_id).await
    }

    async fn queue(&self) -> Result<Vec<QueuedMessage>, ReadError> {
        self.read("queue")?;
        self.rows().queue().await
    }

    async fn settings(&self) -> Result<Vec<(String, Value)>, ReadError> {
        self.read("settings")?;
        self.rows().settings().await
    }

    async fn messages(&self, session_id: SessionId, page: Page, limit: u32) -> Result<Vec<Message>, ReadError> {
        self.read("messages")?;
        self.rows().messages(session_id, page, limit).await
    }

    async fn search(&self, query: &SearchQuery) -> Result<Vec<SearchHit>, ReadError> {
        self.rows().search(query).await
    }

    async fn close(&self) -> Result<(), CommitError> {
        Ok(())
    }
}
