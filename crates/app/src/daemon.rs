//! The daemon: this program in the background, with the data folder in its hands.
//!
//! Agents belong to it and not to a terminal, so they go on when that is closed; every front end is its client.
//! There is one for each data folder, by the folder's lock. It tells where it is in a file that front ends
//! [`find`] it by; [`ensure`] starts one when there is none, once, however many ask at the same time;
//! [`serve()`] is its life; [`stop()`] ends it. Nothing here knows a command line.

mod announcement;
mod folder_watch;
mod log;
mod meeting;
mod place;
mod readiness;
mod reload;
mod serve;
mod service;
mod signals;
mod spawn;
mod stop;

pub(crate) use announcement::{Announcement, VERSION};
pub(crate) use log::Log;
pub(crate) use meeting::{MeetError, START_PATIENCE, Start, bring_up, ensure, find, find_or_lock, look};
pub(crate) use place::Place;
pub(crate) use readiness::{Readiness, Refusal};
pub(crate) use serve::{Ending, ServeError, ServeOptions, serve};
pub(crate) use service::{Invocation, Service};
pub(crate) use spawn::{leave_terminal, serve_arguments};
pub(crate) use stop::{StopError, Stopped, stop};
