//! Messages typed while the agent is busy: first in, first out, per session.

use std::sync::Arc;

use switchboard_domain::{
    Delivery, Dequeued, Message, MessageBody, QueuedMessage, QueuedMessageId, Role, SessionChange, SessionId,
};

use crate::actions::transcript::{next_message, running};
use crate::receipt::Receipt;
use crate::state::SessionState;
use crate::store::{Refused, Store};

/// Messages that may wait in one session: more than a person types, few enough to scan.
const QUEUE_MESSAGES_MAX: usize = 1_000;

impl Store {
    /// Queues a message behind all others of the session.
    ///
    /// # Errors
    /// [`Refused::SessionNotFound`], [`Refused::QueueFull`].
    pub fn queue_message(&self, id: SessionId, content: &str) -> Result<Receipt<QueuedMessage>, Refused> {
        self.on_session(id, "queue", |session, created_at| {
            if session.queue().len() >= QUEUE_MESSAGES_MAX {
                return Err(Refused::QueueFull);
            }
            // Under the lock, or the order of ids could differ from the order of the queue.
            let queued_id = QueuedMessageId::new(self.shared.config.ids.next_id());
            let content = content.to_owned();
            let delivery = Delivery::Waiting;
            let message = QueuedMessage { id: queued_id, session_id: id, content, created_at, delivery };
            Ok((message.clone(), [SessionChange::MessageQueued { message }]))
        })
    }

    /// Gives a queued message another text.
    ///
    /// # Errors
    /// [`Refused::SessionNotFound`], [`Refused::QueuedMessageNotFound`], [`Refused::QueuedMessageLeaving`].
    pub fn edit_queued(&self, id: SessionId, queued: QueuedMessageId, content: &str) -> Result<Receipt<()>, Refused> {
        self.on_session(id, "queue edit", |session, _| {
            resting(session, queued)?;
            Ok(((), [SessionChange::QueuedMessageEdited { id: queued, content: content.to_owned() }]))
        })
    }

    /// Takes a queued message back.
    ///
    /// # Errors
    /// [`Refused::SessionNotFound`], [`Refused::QueuedMessageNotFound`], [`Refused::QueuedMessageLeaving`].
    pub fn cancel_queued(&self, id: SessionId, queued: QueuedMessageId) -> Result<Receipt<QueuedMessage>, Refused> {
        self.on_session(id, "queue cancel", |session, _| {
            let message = resting(session, queued)?.clone();
            Ok((message, [SessionChange::MessageDequeued { id: queued, why: Dequeued::Cancelled }]))
        })
    }

    /// Takes the first message for sending: it stays in the queue, marked, until
    /// [`Store::queued_delivered`] or [`Store::return_queued`]. `None` when the queue is empty, or its
    /// first message is being sent or may have been: then a person decides.
    ///
    /// The mark must be durable before anything is sent, so that a crash in between is seen as what it is.
    ///
    /// # Errors
    /// [`Refused::SessionNotFound`].
    pub fn pop_queued(&self, id: SessionId) -> Result<Receipt<Option<QueuedMessage>>, Refused> {
        self.on_session(id, "queue pop", |session, _| {
            let first = session.queue().next().filter(|message| message.delivery == Delivery::Waiting).cloned();
            let sending = |message: &QueuedMessage| SessionChange::DeliveryChanged {
                id: message.id,
                delivery: Delivery::Sending,
            };
            let change = first.as_ref().map(sending);
            Ok((first, change))
        })
    }

    /// The agent has the message: it leaves the queue, enters the transcript and begins a turn.
    ///
    /// # Errors
    /// [`Refused::SessionNotFound`], [`Refused::QueuedMessageNotFound`].
    pub fn queued_delivered(&self, id: SessionId, queued: QueuedMessageId) -> Result<Receipt<Arc<Message>>, Refused> {
        self.on_session(id, "queue delivery", |session, at| {
            let content = &session.queued(queued).ok_or(Refused::QueuedMessageNotFound)?.content;
            let message = next_message(session, self.next_message_id(), MessageBody::text(Role::User, content), at);
            let mut changes = vec![
                SessionChange::MessageDequeued { id: queued, why: Dequeued::Delivered },
                SessionChange::MessageAppended { message: Arc::clone(&message) },
            ];
            changes.extend(running(session, at));
            Ok((message, changes))
        })
    }

    /// The message was not sent (it waits again), or nobody knows whether it was.
    ///
    /// # Errors
    /// [`Refused::SessionNotFound`], [`Refused::QueuedMessageNotFound`].
    pub fn return_queued(
        &self,
        id: SessionId,
        queued: QueuedMessageId,
        delivery: Delivery,
    ) -> Result<Receipt<()>, Refused> {
        self.on_session(id, "queue return", |session, _| {
            session.queued(queued).ok_or(Refused::QueuedMessageNotFound)?;
            Ok(((), [SessionChange::DeliveryChanged { id: queued, delivery }]))
        })
    }
}

/// The queued message, if nobody is sending it right now.
fn resting(session: &SessionState, id: QueuedMessageId) -> Result<&QueuedMessage, Refused> {
    let message = session.queued(id).ok_or(Refused::QueuedMessageNotFound)?;
    if message.delivery == Delivery::Sending { Err(Refused::QueuedMessageLeaving) } else { Ok(message) }
}
