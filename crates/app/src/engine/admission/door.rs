//! The acting half of admission: calls in those who may begin, tells the store why others wait, and looks
//! again when time alone changes something.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use switchboard_domain::{RateLimit, SessionId, Timestamp};
use switchboard_sidecar::resident_bytes;
use switchboard_store::Store;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use super::{Admission, Process, Slots, Ticket};
use crate::engine::Inner;

/// The wall clock is looked at this often at least: it goes on while a laptop sleeps, a timer does not.
const LOOK_AT_LEAST_EVERY: Duration = Duration::from_mins(1);

/// Between two measurements of agents' memory, when there is a limit to it.
const MEASURE_EVERY: Duration = Duration::from_secs(2);

/// The setting that holds exhausted accounts: a restart must not send everybody there again.
const SETTING: &str = "exhausted_accounts";

/// Where every turn comes through.
pub(in crate::engine) struct Door {
    store: Store,
    core: Mutex<Core>,
    /// What there is to decide may have another date now.
    changed: Notify,
}

struct Core {
    admission: Admission,
    calls: HashMap<SessionId, oneshot::Sender<()>>,
    is_closed: bool,
}

/// What became of the wish to begin a turn.
pub(in crate::engine) enum Entry {
    /// It may begin.
    Inside(Slot),
    /// It is in line.
    Waits(Place),
}

/// The right to have a turn under way, until it is dropped.
pub(in crate::engine) struct Slot(Presence);

/// A place in line, until it is dropped.
pub(in crate::engine) struct Place {
    presence: Presence,
    called: oneshot::Receiver<()>,
}

struct Presence {
    door: Arc<Door>,
    session: SessionId,
}

impl Place {
    /// Waits until the turn may begin.
    ///
    /// # Cancellation
    /// Safe: a call is not lost with a dropped wait. Not to be awaited again after it returned.
    pub(in crate::engine) async fn called(&mut self) {
        if (&mut self.called).await.is_err() {
            // Nobody will be called any more; whoever waits will be told to stop.
            std::future::pending::<()>().await;
        }
    }

    /// Goes in, after the call.
    pub(in crate::engine) fn go_in(self) -> Slot {
        Slot(self.presence)
    }
}

impl Slot {
    /// The model answered.
    pub(in crate::engine) fn answered(&self) {
        let Presence { door, session } = &self.0;
        door.decide_on_accounts(|admission, _| admission.answered(*session));
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.door.decide(|admission, now| admission.leave(self.session, now));
        self.door.core.lock().calls.remove(&self.session);
        // A session that is gone waits for nothing.
        let _gone = self.door.store.set_waiting(self.session, None);
    }
}

impl Door {
    pub(in crate::engine) fn new(store: Store, slots: Slots) -> Arc<Self> {
        let mut admission = Admission::new(slots);
        let saved = store.read(|state| state.settings().get(SETTING).cloned());
        admission.restore(saved.and_then(|saved| serde_json::from_value(saved).ok()).unwrap_or_default());
        let core = Core { admission, calls: HashMap::new(), is_closed: false };
        Arc::new(Self { store, core: Mutex::new(core), changed: Notify::new() })
    }

    /// Lets in, or shows the place in line.
    pub(in crate::engine) fn enter(self: &Arc<Self>, ticket: Ticket) -> Entry {
        let session = ticket.session;
        let (call, mut called) = oneshot::channel();
        self.core.lock().calls.insert(session, call);
        self.decide(|admission, now| admission.join(ticket, now));
        let presence = Presence { door: Arc::clone(self), session };
        if called.try_recv().is_ok() { Entry::Inside(Slot(presence)) } else { Entry::Waits(Place { presence, called }) }
    }

    /// A turn began by itself.
    pub(in crate::engine) fn enter_unasked(self: &Arc<Self>, session: SessionId, account: &str) -> Slot {
        self.decide(|admission, _| admission.begin_unasked(session, account));
        Slot(Presence { door: Arc::clone(self), session })
    }

    /// An agent told what its account may still do. When that shut the account's gate: until when.
    pub(in crate::engine) fn hear(&self, session: SessionId, account: &str, limit: &RateLimit) -> Option<Timestamp> {
        self.decide_on_accounts(|admission, now| admission.hear(session, account, limit, now))
    }

    /// Decides, and writes down which accounts are exhausted when that is news.
    fn decide_on_accounts<T>(&self, change: impl FnOnce(&mut Admission, Timestamp) -> T) -> T {
        let (changed, news) = self.decide(|admission, now| {
            let before = admission.exhausted();
            let changed = change(admission, now);
            let after = admission.exhausted();
            (changed, (after != before).then_some(after))
        });
        if let Some(exhausted) = news {
            let value = (!exhausted.is_empty()).then(|| serde_json::to_value(exhausted).ok()).flatten();
            if let Err(refused) = self.store.set_setting(SETTING, value) {
                tracing::error!(%refused, "which accounts are exhausted could not be written down");
            }
        }
        changed
    }

    /// The session has this process now, or none any more.
    pub(in crate::engine) fn set_process(&self, session: SessionId, process: Option<Process>) {
        self.decide(|admission, now| admission.set_process(session, process, now));
    }

    /// Lets nobody in any more, and ends [`Self::run`].
    pub(in crate::engine) fn close(&self) {
        self.core.lock().is_closed = true;
        self.changed.notify_one();
    }

    /// Changes something, decides what follows from it, and sees to it that the next look is in time.
    fn decide<T>(&self, change: impl FnOnce(&mut Admission, Timestamp) -> T) -> T {
        let changed = self.act(change);
        self.changed.notify_one();
        changed
    }

    /// Changes something, then calls in who may go now and tells why the others wait.
    fn act<T>(&self, change: impl FnOnce(&mut Admission, Timestamp) -> T) -> T {
        let mut core = self.core.lock();
        // Under the lock, so that time goes forward in it.
        let now = self.store.now();
        let changed = change(&mut core.admission, now);
        if !core.is_closed {
            for session in core.admission.admit(now) {
                let call = core.calls.remove(&session);
                let _told = self.store.set_waiting(session, None);
                // One that does not wait any more is about to give its slot back.
                let _heard = call.map(|call| call.send(()));
            }
            for (session, waiting) in core.admission.news(now) {
                let _told = self.store.set_waiting(session, Some(waiting));
            }
        }
        changed
    }

    /// Decides anew whenever time alone changes something, until the door is closed or the engine gone.
    pub(in crate::engine) async fn run(self: Arc<Self>, engine: Weak<Inner>) {
        let mut measured = Instant::now();
        while self.sleep(measured + MEASURE_EVERY).await {
            if measured.elapsed() >= MEASURE_EVERY {
                self.measure().await;
                measured = Instant::now();
            }
            let Some(engine) = engine.upgrade() else { return };
            for session in self.act(Admission::choose_to_end) {
                engine.end_idle(session);
            }
        }
    }

    async fn measure(&self) {
        let groups = self.core.lock().admission.to_measure();
        if groups.is_empty() {
            return;
        }
        // Fails only when the program ends.
        if let Ok(resident) = tokio::task::spawn_blocking(move || resident_bytes(&groups)).await {
            self.act(|admission, now| admission.measured(&resident, now));
        }
    }

    /// Waits until there may be something to decide; `false` when the door is closed.
    async fn sleep(&self, measure_at: Instant) -> bool {
        let (look_in, is_measured) = {
            let core = self.core.lock();
            let look_in = core.admission.next_look().map(|at| at.since(self.store.now()).min(LOOK_AT_LEAST_EVERY));
            (look_in, !core.admission.to_measure().is_empty())
        };
        tokio::select! {
            () = tokio::time::sleep(look_in.unwrap_or_default()), if look_in.is_some() => {}
            () = tokio::time::sleep_until(measure_at), if is_measured => {}
            () = self.changed.notified() => {}
        }
        !self.core.lock().is_closed
    }
}
