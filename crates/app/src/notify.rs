//! Telling a person that a session wants a look: by a command, a webhook, the desktop, or the terminal.
//!
//! The engine gives a [`Notice`](crate::engine::Notice) and goes on; nothing here ever holds it up. One task
//! says what the notice is about and gives it to the *channels* that want its kind. Each channel is a task with
//! a bounded queue, so that a slow one holds up no other, and what does not fit is counted and not waited
//! for. The terminal is no channel: only a front end may write to it (see [`terminal`]).

mod channel;
mod command;
#[cfg(feature = "desktop")]
mod desktop;
mod dispatch;
mod kind;
mod notification;
pub(crate) mod terminal;
mod webhook;

pub(crate) use command::CommandHook;
pub(crate) use dispatch::{Dispatch, NotifyError};
pub(crate) use kind::{Kind, Kinds};
pub(crate) use notification::Notification;
#[cfg(test)]
pub(crate) use notification::tests::sample;
pub(crate) use webhook::SecretFrom;
