//! How many streams are open.

use std::sync::Arc;

/// Counts the streams that are open.
#[derive(Debug, Default)]
pub(in crate::api) struct OpenStreams(Arc<()>);

/// One of them, for as long as it is held.
pub(super) struct OpenStream {
    _counted: Arc<()>,
}

impl OpenStreams {
    pub(super) fn open(&self) -> OpenStream {
        OpenStream { _counted: Arc::clone(&self.0) }
    }

    pub(in crate::api) fn count(&self) -> usize {
        Arc::strong_count(&self.0) - 1
    }
}
