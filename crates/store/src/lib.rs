//! The store.

mod port;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use port::{
    Cause, CommitError, PAGE_MESSAGES_MAX, Page, Persistence, ReadError, SearchHit, SearchOrder, SearchQuery, Upkeep,
    Write,
};
