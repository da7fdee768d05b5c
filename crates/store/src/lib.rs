//! The store.

mod actions;
mod backlog;
mod config;

mod locked;
mod outbox;
mod port;
mod reading;
mod receipt;
mod shared;
mod state;
mod store;
mod subscription;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod writer;

pub use actions::{CreateError, HydrateError, Hydration, Leftover, TurnEnd};
pub use backlog::Published;
pub use config::{Clock, IdSource, StoreConfig, SystemClock, SystemIds};
pub use port::{
    Cause, CommitError, PAGE_MESSAGES_MAX, Page, Persistence, ReadError, SearchHit, SearchOrder, SearchQuery, Upkeep,
    Write,
};
pub use reading::MessagesError;
pub use receipt::{NotSaved, Receipt};
pub use state::{Orphans, SessionState, State, Transcript};
pub use store::{CloseError, Refused, Store};
pub use subscription::{Subscription, SubscriptionError};
