//! Tokens used.

use std::ops::Add;

use serde::{Deserialize, Serialize};

/// Tokens that one message, or a whole session, cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// Tokens read by the model, cached ones not counted.
    pub input_tokens: u64,
    /// Tokens written by the model.
    pub output_tokens: u64,
    /// Input tokens served from the provider's cache.
    pub cache_read_tokens: u64,
    /// Input tokens written to the provider's cache.
    pub cache_write_tokens: u64,
}

impl Usage {
    /// All tokens together. Saturates, since the numbers come from outside.
    pub const fn total(self) -> u64 {
        let read = self.input_tokens.saturating_add(self.cache_read_tokens).saturating_add(self.cache_write_tokens);
        read.saturating_add(self.output_tokens)
    }
}

impl Add for Usage {
    type Output = Self;

    /// Saturates, since the numbers come from outside.
    fn add(self, other: Self) -> Self {
        Self {
            input_tokens: self.input_tokens.saturating_add(other.input_tokens),
            output_tokens: self.output_tokens.saturating_add(other.output_tokens),
            cache_read_tokens: self.cache_read_tokens.saturating_add(other.cache_read_tokens),
            cache_write_tokens: self.cache_write_tokens.saturating_add(other.cache_write_tokens),
        }
    }
}
