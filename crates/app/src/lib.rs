//! The program `switchboard`: runs many AI coding agents side by side and never loses a word.
//!
//! This crate is the only one that knows all the others. It reads the configuration, opens the
//! database, starts agents through the engine and shows people and programs what the store publishes.
//!
//! - **Configuration**: built-in defaults, then `config.toml`, then the environment, then flags. Each
//!   value knows where it came from, and each mistake names its line.
//! - **Engine**: what happens when a session is started, followed up or aborted, and when its agent
//!   speaks. It knows no terminal.
//! - **Command line**: one module for each command. Front ends hold no state of their own.
//! - **Terminal**: whatever an agent says is hostile until cleaned; no control character of it ever
//!   reaches a screen.
//!
//! There is nothing here to build on; a program that wants to drive agents uses the libraries below
//! (`switchboard-store`, `switchboard-sidecar`) or the command line with `--json`.
//!
//! ```no_run
//! fn main() -> std::process::ExitCode {
//!     switchboard::main()
//! }
//! ```

mod agent_specs;
pub mod api;
mod builtin;
mod cli;
pub mod client;
mod coder;
mod config;
mod daemon;
#[cfg(test)]
mod documents;
pub mod engine;
mod known_agents;
mod logging;
mod markdown;
mod notify;
mod private_file;
mod programs;
mod session_name;
mod setup;
mod terminal;
mod tool_summary;
mod workplace;

pub use cli::main;
