//! What the scripted agent has to say.

pub(super) const THOUGHTS: [&str; 8] = [
    "I should look at what is there before I change anything. ",
    "The tests will tell me whether my reading is right. ",
    "There are two ways to do this; the smaller one leaves the interface as it is. ",
    "The error comes from further up than the message says. ",
    "If I move the check to the boundary, the rest becomes simpler. ",
    "Nothing else calls this function, so its signature may change. ",
    "The name says one thing and the code does another; that is the bug. ",
    "I will keep the change small, so that it can be reviewed in one sitting. ",
];

pub(super) const PLANS: [&str; 4] = [
    "I'll look at the code first.",
    "Let me see what we have.",
    "I'll start with the tests.",
    "First, a look at the place where it goes wrong.",
];

/// What was wrong, and what was changed.
pub(super) const FIXES: [(&str, &str); 5] = [
    (
        "The cause is an **off-by-one** in the loop that pages through results: the last page was skipped.",
        "```diff\n- for page in 0..last {\n+ for page in 0..=last {\n```",
    ),
    (
        "The configuration was read **before** the defaults were merged, so every new key was empty.",
        "```rust\nlet config = defaults.merge(file)?;\n```",
    ),
    (
        "Two tasks shared one buffer; under load the second overwrote what the first had not sent yet.",
        "```rust\nlet mut buffer = Vec::with_capacity(frame.len());\n```",
    ),
    (
        "The timeout was given in seconds where *milliseconds* were expected.",
        "```diff\n- sleep(timeout)\n+ sleep(Duration::from_millis(timeout))\n```",
    ),
    (
        "The cache key left out the locale, so the first visitor decided everybody's language.",
        "```diff\n- let key = path;\n+ let key = (path, locale);\n```",
    ),
];

pub(super) const CLOSINGS: [&str; 4] = [
    "All tests pass. The change is small and touches one file.",
    "I added a test that fails without the change.",
    "Nothing else depends on the old behaviour, as far as I can see.",
    "You may want to look at the callers in `src/api.rs` too; I left them alone.",
];

/// Tool, input key, input, output.
pub(super) const CALLS: [(&str, &str, &str, &str); 5] = [
    ("Read", "file_path", "src/pages.rs", "pub fn fetch_all(last: usize) -> Result<Vec<Page>> {\n    ...\n}"),
    ("Grep", "pattern", "fetch_all\\(", "src/api.rs:41\nsrc/pages.rs:12\ntests/pages.rs:8"),
    ("Bash", "command", "cargo test", "running 12 tests\ntest result: ok. 12 passed; 0 failed"),
    ("Bash", "command", "git diff --stat", " src/pages.rs | 4 ++--\n 1 file changed, 2 insertions(+), 2 deletions(-)"),
    ("Glob", "pattern", "src/**/*.rs", "src/api.rs\nsrc/main.rs\nsrc/pages.rs"),
];

/// The same for calls that nobody should make without asking.
pub(super) const RISKY_CALLS: [(&str, &str, &str, &str); 4] = [
    ("Bash", "command", "rm -r target/old", ""),
    ("Edit", "file_path", "src/pages.rs", "edited"),
    ("Bash", "command", "git push origin fix-paging", "To origin\n   1f3c2a9..8d0e417  fix-paging"),
    ("Write", "file_path", "tests/last_page.rs", "written"),
];
