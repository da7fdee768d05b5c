//! What can be broken on purpose, to see that it is noticed.
//!
//! Nothing of this is in the product: a breakage is a port, a launcher, a subscriber or a person that
//! does what a careless product would do.

use std::fmt;

/// One promise, broken on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breakage {
    /// A batch is acknowledged, and committed a little later.
    AcknowledgeBeforeCommit,
    /// One write in ten thousand is lost.
    DropOneInTenThousand,
    /// Two messages of one batch change places.
    SwapTwoChanges,
    /// A commit that failed is taken for done.
    SkipRetry,
    /// A batch of unknown outcome is inserted anew instead of upserted.
    ResendNotIdempotent,
    /// The disk says that it has flushed, and has not.
    LieAboutFlushing,
    /// Unfinished text is never saved.
    ForgetDrafts,
    /// The writer is a lossy subscriber: what comes while it is busy is gone.
    LossyWriter,
    /// What was deleted stays on disk.
    KeepDeleted,
    /// The agent hears an answer twice.
    AnswerTwice,
    /// A prompt whose delivery is unknown is sent again.
    ResendUnknownPrompt,
    /// The end of an agent's process goes unnoticed.
    MissAnExit,
    /// A prompt is sent before it is on disk.
    SendBeforeDurable,
    /// A queued message is taken out before it is sent.
    PopBeforeDelivery,
    /// A change is published before it is applied.
    PublishBeforeApply,
    /// A snapshot is taken first, and the subscription begins a little later.
    GapBeforeSubscription,
    /// A subscription is resumed one change too early.
    ResumeOffByOne,
    /// A subscriber that fell behind goes on without a new snapshot.
    IgnoreLag,
    /// A revision of a former life is taken for one of this.
    ReuseRevisionAfterCrash,
}

impl Breakage {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::AcknowledgeBeforeCommit,
        Self::DropOneInTenThousand,
        Self::SwapTwoChanges,
        Self::SkipRetry,
        Self::ResendNotIdempotent,
        Self::LieAboutFlushing,
        Self::ForgetDrafts,
        Self::LossyWriter,
        Self::KeepDeleted,
        Self::AnswerTwice,
        Self::ResendUnknownPrompt,
        Self::MissAnExit,
        Self::SendBeforeDurable,
        Self::PopBeforeDelivery,
        Self::PublishBeforeApply,
        Self::GapBeforeSubscription,
        Self::ResumeOffByOne,
        Self::IgnoreLag,
        Self::ReuseRevisionAfterCrash,
    ];
}

impl fmt::Display for Breakage {
    /// In words: `AcknowledgeBeforeCommit` is "acknowledge before commit".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = format!("{self:?}");
        for (index, letter) in name.char_indices() {
            match letter {
                letter if letter.is_uppercase() && index > 0 => write!(f, " {}", letter.to_ascii_lowercase())?,
                letter => write!(f, "{}", letter.to_ascii_lowercase())?,
            }
        }
        Ok(())
    }
}
