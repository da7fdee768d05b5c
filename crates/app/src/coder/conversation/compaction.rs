//! Makes a conversation fit into what a model can take in.
//!
//! Without asking the model, which may be slow, cost money or be the one that is full: old results of tools go
//! first, since a file can be read again; then the oldest of what was said. What the user asked first and last
//! always stays.

use super::{Conversation, Entry};

/// In place of an old result.
const LEFT_OUT: &str = "(left out to save room; run the tool again if you need this)";

/// Put into the first prompt when what followed it is gone.
const FORGOTTEN: &str = "\n\n(What was said and done after this is left out here to save room.)\n\n";

/// The newest entries are never touched: what the model is working on.
const RECENT_ENTRIES: usize = 4;

/// After this, compaction has room again for some turns instead of being due at each.
const TARGET_PERCENT: u64 = 70;

impl Conversation {
    /// Shortens the conversation if it has more than `tokens_max` tokens. Whether it did.
    ///
    /// It may stay above the limit when the newest entries alone are: then the endpoint has the last word.
    pub(in crate::coder) fn compact(&mut self, tokens_max: u64) -> bool {
        if self.tokens() <= tokens_max {
            return false;
        }
        let target = tokens_max / 100 * TARGET_PERCENT;
        self.leave_out_results(target);
        if self.tokens() > target {
            self.forget_oldest(target);
        }
        true
    }

    fn leave_out_results(&mut self, target: u64) {
        let mut excess = self.tokens().saturating_sub(target);
        let old = self.entries.len().saturating_sub(RECENT_ENTRIES);
        for entry in &mut self.entries[..old] {
            if excess == 0 {
                return;
            }
            let before = entry.tokens();
            if let Entry::Results(results) = entry {
                for result in results.iter_mut().filter(|result| result.text.len() > LEFT_OUT.len()) {
                    LEFT_OUT.clone_into(&mut result.text);
                }
            }
            excess = excess.saturating_sub(before - entry.tokens());
        }
    }

    /// Earlier turns first, then the beginning of the one under way.
    fn forget_oldest(&mut self, target: u64) {
        let last_prompt = self.last_prompt();
        self.forget(0, last_prompt, target);
        let last_prompt = self.last_prompt();
        self.forget(last_prompt, self.entries.len().saturating_sub(RECENT_ENTRIES), target);
    }

    fn last_prompt(&self) -> usize {
        self.entries.iter().rposition(|entry| matches!(entry, Entry::Prompt(_))).unwrap_or(0)
    }

    /// Takes out what follows `prompt`, oldest first and not beyond `end`, until the target is met.
    fn forget(&mut self, prompt: usize, end: usize, target: u64) {
        let mut excess = self.tokens().saturating_sub(target);
        let mut cut = prompt + 1;
        while cut < end && excess > 0 {
            excess = excess.saturating_sub(self.entries[cut].tokens());
            cut += 1;
        }
        // A result must not be left without its call.
        while cut < self.entries.len() && matches!(self.entries[cut], Entry::Results(_)) {
            cut += 1;
        }
        if cut <= prompt + 1 || !matches!(self.entries.get(prompt), Some(Entry::Prompt(_))) {
            return;
        }
        self.entries.drain(prompt + 1..cut);
        let next_prompt = match self.entries.get(prompt + 1) {
            Some(Entry::Prompt(text)) => Some(text.clone()),
            _ => None,
        };
        if next_prompt.is_some() {
            self.entries.remove(prompt + 1);
        }
        if let Entry::Prompt(text) = &mut self.entries[prompt] {
            if !text.ends_with(FORGOTTEN) {
                text.push_str(FORGOTTEN);
            }
            text.push_str(&next_prompt.unwrap_or_default());
        }
    }
}
