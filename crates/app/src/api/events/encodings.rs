//! Changes as they are written, so that each is encoded once and not once for each listener.

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};

use axum::body::Bytes;
use parking_lot::Mutex;
use switchboard_store::Published;

use crate::api::events::frame;
use crate::api::wire::{Epoch, EventId};

/// Encoded changes kept. Listeners that keep up are within a few of each other; one that is further
/// behind encodes for itself.
const FRAMES_KEPT: usize = 4_096;

/// Bytes of encoded changes kept, for the same reason.
const BYTES_KEPT: usize = 8 << 20;

/// The newest changes as they are written. Nothing depends on what is kept: what is missing is made anew.
#[derive(Default)]
pub(in crate::api) struct Encodings {
    ring: Mutex<Ring>,
}

type Slot = Arc<OnceLock<Bytes>>;

#[derive(Default)]
struct Ring {
    /// The revision of the first slot; the others follow without gaps.
    first: u64,
    slots: VecDeque<Slot>,
    bytes: usize,
}

impl Encodings {
    /// The change as it is written.
    pub(super) fn frame(&self, epoch: Epoch, published: &Published) -> Bytes {
        let id = EventId { epoch, revision: published.revision };
        let encode = || frame::change(id, &published.change);
        let Some(slot) = self.ring.lock().slot(published.revision.get()) else { return encode() };
        let mut is_new = false;
        // Outside the lock: who wants the same one waits for it, all others do not.
        let bytes = slot.get_or_init(|| {
            is_new = true;
            encode()
        });
        if is_new {
            self.ring.lock().grew(bytes.len());
        }
        bytes.clone()
    }
}

impl Ring {
    /// Where the encoding of this change is or will be; `None` if it is too old to be kept.
    fn slot(&mut self, revision: u64) -> Option<Slot> {
        let next = self.first + self.slots.len() as u64;
        if self.slots.is_empty() || revision >= next + FRAMES_KEPT as u64 {
            self.slots.clear();
            (self.first, self.bytes) = (revision, 0);
        }
        let place = usize::try_from(revision.checked_sub(self.first)?).ok()?;
        while self.slots.len() <= place {
            self.slots.push_back(Slot::default());
        }
        let slot = Arc::clone(&self.slots[place]);
        while self.slots.len() > FRAMES_KEPT {
            self.forget_oldest();
        }
        Some(slot)
    }

    fn grew(&mut self, bytes: usize) {
        self.bytes += bytes;
        while self.bytes > BYTES_KEPT && !self.slots.is_empty() {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some(oldest) = self.slots.pop_front() {
            self.first += 1;
            self.bytes = self.bytes.saturating_sub(oldest.get().map_or(0, Bytes::len));
        }
    }
}

#[cfg(test)]
mod tests {
    use switchboard_domain::{Change, Revision};

    use super::*;

    fn published(revision: u64, bytes: usize) -> Published {
        let change = Change::ErrorSet { error: Some("x".repeat(bytes)) };
        Published { revision: Revision::new(revision), change }
    }

    #[test]
    fn a_change_is_encoded_once_for_all() {
        let (encodings, epoch) = (Encodings::default(), Epoch::fresh());
        let one = encodings.frame(epoch, &published(5, 10));
        let other = encodings.frame(epoch, &published(5, 10));
        assert_eq!(one.as_ptr(), other.as_ptr());
        assert_ne!(encodings.frame(epoch, &published(6, 10)), one);
    }

    #[test]
    fn what_is_too_old_to_be_kept_is_the_same_all_the_same() {
        let (encodings, epoch) = (Encodings::default(), Epoch::fresh());
        let early = encodings.frame(epoch, &published(5, 10));
        let _ = encodings.frame(epoch, &published(5 + FRAMES_KEPT as u64, 10));
        assert_eq!(encodings.frame(epoch, &published(5, 10)), early);
    }

    #[test]
    fn neither_many_changes_nor_large_ones_make_it_grow() {
        let (encodings, epoch) = (Encodings::default(), Epoch::fresh());
        for revision in 1..=3 * FRAMES_KEPT as u64 {
            let _ = encodings.frame(epoch, &published(revision, 10));
        }
        assert!(encodings.ring.lock().slots.len() <= FRAMES_KEPT);
        for revision in 20_000..20_050 {
            let _ = encodings.frame(epoch, &published(revision, 1 << 20));
        }
        let ring = encodings.ring.lock();
        let kept: usize = ring.slots.iter().filter_map(|slot| slot.get()).map(Bytes::len).sum();
        assert!(ring.bytes == kept && kept <= BYTES_KEPT, "{} {kept}", ring.bytes);
    }
}
