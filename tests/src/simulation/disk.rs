//! A disk that waits, fails, does not know, and forgets at a power cut what it had not flushed.
//!
//! Beside the rows it keeps the state of the store at the moment when each batch was taken. So after
//! every crash it can be told whether the disk is what the store was at one moment.

mod port;
mod weather;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use switchboard_domain::{Delivery, Message, RequestId, Role, SessionId};
use switchboard_store::testing::MemoryPersistence;
use switchboard_store::{Persistence, State, Store, Write};
use tokio::time::Instant;

use crate::simulation::breakage::Breakage;
use crate::simulation::dice::Dice;
use crate::simulation::ready;
use crate::simulation::trace::Trace;
pub(crate) use weather::Weather;

/// The state of the store when a batch was taken; `None` for what an earlier life left.
pub(crate) type Image = Option<Arc<State>>;

/// The disk of one simulated machine. Clones are the same disk.
#[derive(Clone)]
pub(crate) struct Disk {
    platter: Arc<Mutex<Platter>>,
    trace: Arc<Trace>,
    breakage: Option<Breakage>,
}

struct Platter {
    /// What readers see.
    rows: MemoryPersistence,
    /// What `rows` shows is this.
    image: Image,
    /// What a power cut would leave, where that is not `rows`: batches that were written and never flushed.
    unflushed: Option<Unflushed>,
    /// The batch that is being committed, and the state it was taken from.
    under_way: Option<(Vec<Write>, Image)>,
    /// Whether the next commit is another try of the last one.
    retrying: Option<Image>,
    /// Since when the batch at hand is not through.
    stuck_since: Option<Instant>,
    /// Until when a lossy writer looks away.
    busy_until: Option<Instant>,
    weather: Weather,
    dice: Dice,
    /// The store that writes to it.
    store: Option<Store>,
}

struct Unflushed {
    base: MemoryPersistence,
    base_image: Image,
    batches: Vec<(Vec<Write>, Image)>,
}

/// How a machine dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Death {
    /// The process is gone; what it wrote stays.
    Kill,
    /// What was not flushed is gone too.
    PowerCut,
}

impl Disk {
    pub(crate) fn new(dice: Dice, trace: Arc<Trace>, breakage: Option<Breakage>) -> Self {
        let platter = Platter {
            rows: MemoryPersistence::new(),
            image: None,
            unflushed: None,
            under_way: None,
            retrying: None,
            stuck_since: None,
            busy_until: None,
            weather: Weather::default(),
            dice,
            store: None,
        };
        Self { platter: Arc::new(Mutex::new(platter)), trace, breakage }
    }

    /// From now on batches come from this store.
    pub(crate) fn serve(&self, store: &Store) {
        self.platter().store = Some(store.clone());
    }

    pub(crate) fn set_weather(&self, weather: Weather) {
        self.platter().weather = weather;
    }

    /// What readers see.
    pub(crate) fn rows(&self) -> MemoryPersistence {
        self.platter().rows.reopen()
    }

    /// What the rows must be.
    pub(crate) fn image(&self) -> Image {
        self.platter().image.clone()
    }

    /// For how long the batch at hand has not got through.
    pub(crate) fn stuck_for(&self) -> Duration {
        self.platter().stuck_since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// Whether this text is where it survives anything: said by the person, or on its way out of the queue.
    pub(crate) fn has_prompt(&self, session_id: SessionId, text: &str) -> bool {
        let flushed = self.flushed();
        let is_it = |message: &Arc<Message>| message.body.role == Role::User && message.body.content == text;
        flushed.transcript(session_id).iter().any(is_it)
            || ready(flushed.queue()).is_ok_and(|queue| {
                queue
                    .iter()
                    .any(|it| it.session_id == session_id && it.content == text && it.delivery == Delivery::Sending)
            })
    }

    /// Whether the answer to this request is where it survives anything.
    pub(crate) fn has_answer(&self, session_id: SessionId, request_id: &RequestId) -> bool {
        let approval = ready(self.flushed().approval(session_id, request_id));
        approval.ok().flatten().is_some_and(|it| !it.is_pending())
    }

    fn flushed(&self) -> MemoryPersistence {
        let platter = self.platter();
        platter.unflushed.as_ref().map_or(&platter.rows, |unflushed| &unflushed.base).reopen()
    }

    /// The machine dies: what is on the disk then is all there is.
    pub(crate) fn die(&self, death: Death, dice: &mut Dice) {
        let mut platter = self.platter();
        // The store holds the disk, and must not be held by it for ever.
        let store = platter.store.take();
        let unflushed = platter.unflushed.take();
        if let (Death::PowerCut, Some(unflushed)) = (death, unflushed) {
            let kept = usize::try_from(dice.below(unflushed.batches.len() as u64 + 1)).unwrap_or(0);
            if kept < unflushed.batches.len() {
                self.trace.fired("unflushed batch lost at a power cut");
            }
            (platter.rows, platter.image) = (unflushed.base, unflushed.base_image);
            for (batch, image) in unflushed.batches.into_iter().take(kept) {
                platter.write(&batch, image);
            }
        }
        if let Some((batch, image)) = platter.under_way.take() {
            let kept = dice.happens(500);
            self.trace.fired(if kept { "died as a commit came through" } else { "died before a commit came through" });
            if kept {
                platter.write(&batch, image);
            }
        }
        (platter.retrying, platter.stuck_since, platter.busy_until) = (None, None, None);
        drop(platter);
        drop(store);
    }

    /// A new life begins: what is there was left by another.
    pub(crate) fn begin_life(&self) {
        self.platter().image = None;
    }

    fn platter(&self) -> MutexGuard<'_, Platter> {
        self.platter.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Platter {
    fn write(&mut self, batch: &[Write], image: Image) {
        // Every batch was made by a store, so the rows take it.
        if ready(self.rows.reopen().commit(batch)).is_ok() {
            self.image = image;
        }
    }
}
