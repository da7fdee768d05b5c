//! A value that others wait for.
//!
//! Like `tokio::sync::watch`, with one difference that matters here: whoever has waited longest is told
//! first. `watch` wakes in a random order, and a run could not be repeated from its seed.

use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::Notify;

/// The one who changes the value; clones and watchers see the same one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watched<T> {
    inner: Arc<Inner<T>>,
}

#[derive(Debug, Default)]
struct Inner<T> {
    value: Mutex<T>,
    changed: Notify,
}

impl<T> Watched<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { inner: Arc::new(Inner { value: Mutex::new(value), changed: Notify::new() }) }
    }

    /// Changes the value, then tells everybody who waits.
    pub(crate) fn modify(&self, change: impl FnOnce(&mut T)) {
        change(&mut self.inner.value.lock());
        self.inner.changed.notify_waiters();
    }

    /// The value as it is; nobody can change it meanwhile, so look and let go.
    pub(crate) fn borrow(&self) -> MutexGuard<'_, T> {
        self.inner.value.lock()
    }

    /// Waits until `look` finds something in the value, and gives that. Cancellation-safe.
    pub(crate) async fn wait_for<R>(&self, mut look: impl FnMut(&T) -> Option<R>) -> R {
        loop {
            // Before the look, or a change in between would be slept through.
            let changed = self.inner.changed.notified();
            if let Some(found) = look(&self.borrow()) {
                return found;
            }
            changed.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_waits_longest_is_told_first() {
        let watched = Watched::new(0);
        let told = Arc::new(Mutex::new(Vec::new()));
        let mut waiters = Vec::new();
        for number in 0..100 {
            let (watched, told) = (watched.clone(), Arc::clone(&told));
            waiters.push(tokio::spawn(async move {
                watched.wait_for(|value| (*value > 0).then_some(())).await;
                told.lock().push(number);
            }));
            tokio::task::yield_now().await;
        }
        watched.modify(|value| *value = 1);
        for waiter in waiters {
            waiter.await.expect("no panic");
        }
        assert_eq!(*told.lock(), (0..100).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn what_is_there_already_is_not_waited_for() {
        let watched = Watched::new(7);
        assert_eq!(watched.wait_for(|value| Some(*value)).await, 7);
    }
}
