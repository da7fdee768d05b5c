//! What keeps the workspace in shape, as a library so that a test can call it.
//!
//! The `xtask` binary (`cargo xtask help`) is a thin set of commands over this and over cargo. The
//! part worth sharing is [`tidy`]: the rules of the code base that no compiler holds, each a pure
//! function over what was read, with a test that breaks it.
//!
//! ```
//! let findings = xtask::tidy::check(xtask::workspace::root())?;
//! for finding in &findings {
//!     eprintln!("{finding}");
//! }
//! # Ok::<(), xtask::workspace::ReadError>(())
//! ```

pub mod programs;
pub mod tidy;
pub mod workspace;
