//! The runners of sessions in use, and how they are reached.

use std::collections::BTreeMap;
use std::sync::Arc;

use switchboard_domain::SessionId;
use tokio::sync::{mpsc, oneshot, watch};

use crate::engine::runner::{Order, Runner, Stop};
use crate::engine::{ApprovalPolicy, EngineError, Inner};

/// Orders a session may have waiting. A person gives one at a time; whoever gives more waits.
const ORDERS_MAX: usize = 32;

/// All runners, and the policies of their sessions.
#[derive(Default)]
pub(super) struct Runners {
    pub(super) handles: BTreeMap<SessionId, Handle>,
    pub(super) policies: BTreeMap<SessionId, ApprovalPolicy>,
    pub(super) closed: bool,
}

/// How a runner is reached.
#[derive(Clone)]
pub(super) struct Handle {
    orders: mpsc::Sender<Order>,
    /// Stops that are on their way: what the runner waits for meanwhile is given up at once.
    stops: Arc<watch::Sender<usize>>,
}

impl Handle {
    pub(super) async fn give<T>(
        &self,
        order: impl FnOnce(oneshot::Sender<Result<T, EngineError>>) -> Order,
    ) -> Result<T, EngineError> {
        let (reply, outcome) = oneshot::channel();
        self.orders.send(order(reply)).await.map_err(|_| EngineError::ShuttingDown)?;
        // The runner lets go of an order unanswered only when its agent is stopped.
        outcome.await.unwrap_or(Err(EngineError::Stopped))
    }

    pub(super) async fn stop(&self, why: Stop) -> Result<bool, EngineError> {
        self.stops.send_modify(|stops| *stops += 1);
        let stopped = self.give(|reply| Order::Stop { why, reply }).await;
        self.stops.send_modify(|stops| *stops -= 1);
        stopped
    }
}

/// Whether a runner may go.
pub(super) enum Retirement {
    Granted,
    /// An order is there or on its way.
    Wanted,
}

impl Inner {
    /// The session's runner, a new one if there is none; `None` when the engine is shutting down.
    pub(super) fn runner(self: &Arc<Self>, id: SessionId) -> Option<Handle> {
        let mut runners = self.runners.lock();
        if let Some(handle) = runners.handles.get(&id).filter(|handle| !handle.orders.is_closed()) {
            return Some(handle.clone());
        }
        if runners.closed {
            return None;
        }
        let (orders, taken) = mpsc::channel(ORDERS_MAX);
        let handle = Handle { orders, stops: Arc::default() };
        runners.handles.insert(id, handle.clone());
        self.tasks.spawn(Runner::new(id, Arc::clone(self), taken, handle.stops.subscribe()).run());
        Some(handle)
    }

    /// Lets every turn that is under way see that the day's budget is used up.
    pub(super) fn end_the_day(&self) {
        for handle in self.runners.lock().handles.values() {
            // One with so many orders looks after each of them.
            let _looks_anyway = handle.orders.try_send(Order::Look);
        }
    }

    /// Tells the session's agent to end if it waits for its next turn; nobody waits for it to be done.
    pub(super) fn end_idle(&self, id: SessionId) {
        if let Some(handle) = self.runners.lock().handles.get(&id) {
            // One with so many orders is not idle.
            let _not_idle = handle.orders.try_send(Order::EndIdle);
        }
    }

    /// Lets a runner with nothing to do go, unless somebody is about to give it an order.
    pub(super) fn retire(&self, id: SessionId) -> Retirement {
        let mut runners = self.runners.lock();
        // Handles are only given out under this lock, so one that is alone stays alone.
        let wanted = |handle: &Handle| handle.orders.strong_count() > 1 || handle.orders.capacity() < ORDERS_MAX;
        if runners.handles.get(&id).is_some_and(wanted) {
            return Retirement::Wanted;
        }
        runners.handles.remove(&id);
        Retirement::Granted
    }

    pub(super) fn policy(&self, id: SessionId) -> ApprovalPolicy {
        self.runners.lock().policies.get(&id).copied().unwrap_or_default()
    }
}
