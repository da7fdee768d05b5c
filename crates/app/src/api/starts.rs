//! Sessions that are being started, so that asking for one twice at once starts it once.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use switchboard_domain::SessionId;
use tokio::sync::OwnedMutexGuard;

/// Sessions that are being started.
#[derive(Default)]
pub(super) struct Starts {
    under_way: Mutex<HashMap<SessionId, Arc<tokio::sync::Mutex<()>>>>,
}

impl Starts {
    /// Waits for its turn to start the session, then does.
    pub(super) async fn one_at_a_time<T>(&self, id: SessionId, start: impl Future<Output = T>) -> T {
        let turn = self.turn(id).lock_owned().await;
        let outcome = start.await;
        self.give_up(id, turn);
        outcome
    }

    fn turn(&self, id: SessionId) -> Arc<tokio::sync::Mutex<()>> {
        Arc::clone(self.under_way.lock().entry(id).or_default())
    }

    /// The last one to leave turns off the light.
    fn give_up(&self, id: SessionId, turn: OwnedMutexGuard<()>) {
        let mut under_way = self.under_way.lock();
        drop(turn);
        if under_way.get(&id).is_some_and(|it| Arc::strong_count(it) == 1) {
            under_way.remove(&id);
        }
    }
}
