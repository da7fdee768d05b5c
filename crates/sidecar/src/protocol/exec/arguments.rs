//! The prompt as an argument.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use crate::{AgentSpec, PROMPT_PLACEHOLDER};

/// The arguments of `agent`, every placeholder in them filled with `prompt`.
pub(crate) fn arguments(agent: &AgentSpec, prompt: &str) -> Vec<OsString> {
    agent.args.iter().map(|arg| with_prompt(arg, prompt)).collect()
}

fn with_prompt(arg: &OsStr, prompt: &str) -> OsString {
    let mut rest = arg.as_bytes();
    let mut filled = Vec::with_capacity(rest.len());
    while let Some(at) = memchr::memmem::find(rest, PROMPT_PLACEHOLDER.as_bytes()) {
        filled.extend_from_slice(&rest[..at]);
        filled.extend_from_slice(prompt.as_bytes());
        rest = &rest[at + PROMPT_PLACEHOLDER.len()..];
    }
    filled.extend_from_slice(rest);
    OsString::from_vec(filled)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::whole("{prompt}", "fix it")]
    #[case::inside("--prompt={prompt}!", "--prompt=fix it!")]
    #[case::twice("{prompt}{prompt}", "fix itfix it")]
    #[case::none("-v", "-v")]
    fn the_placeholder_becomes_the_prompt(#[case] arg: &str, #[case] filled: &str) {
        assert_eq!(with_prompt(OsStr::new(arg), "fix it"), filled);
    }

    #[test]
    fn a_prompt_that_holds_the_placeholder_is_not_filled_again() {
        assert_eq!(with_prompt(OsStr::new("{prompt}"), "a{prompt}b"), "a{prompt}b");
    }
}
