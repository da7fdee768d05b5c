//! The store.

mod port;

pub use port::{
    Cause, CommitError, PAGE_MESSAGES_MAX, Page, Persistence, ReadError, SearchHit, SearchOrder, SearchQuery, Upkeep,
    Write,
};
