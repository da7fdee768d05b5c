//! The real agent programs that are tried, and where they are installed.
//!
//! Each has a folder of its own, named after its exact version, in a cache that all checkouts share: together they are some gigabytes.

use std::path::PathBuf;

/// Marks a folder whose installation came to its end.
const INSTALLED: &str = ".installed";

/// A package of npm in one version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Package {
    /// Its name.
    pub name: &'static str,
    /// Its exact version.
    pub version: &'static str,
}

impl Package {
    /// The package `name` in `version`.
    pub const fn new(name: &'static str, version: &'static str) -> Self {
        Self { name, version }
    }

    /// As npm is told.
    pub fn spec(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }

    /// Where it is installed, if it is.
    pub fn folder(&self) -> PathBuf {
        let name = self.name.trim_start_matches('@').replace('/', "-");
        cache().join(format!("{name}_{}", self.version))
    }

    /// What is there once its installation has come to its end.
    pub fn mark(&self) -> PathBuf {
        self.folder().join(INSTALLED)
    }

    /// Whether it is there.
    pub fn is_installed(&self) -> bool {
        self.mark().exists()
    }
}

/// The folder of them all.
fn cache() -> PathBuf {
    let of = |variable: &str| std::env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = || of("HOME").unwrap_or_default().join(".cache");
    of("XDG_CACHE_HOME").unwrap_or_else(home).join("switchboard-agents")
}

/// Claude Code, as the Agent SDK brings it.
pub const CLAUDE_SDK: Package = Package::new("@anthropic-ai/claude-agent-sdk", "0.3.330");
/// Claude Code by itself.
pub const CLAUDE_CODE: Package = Package::new("@anthropic-ai/claude-code", "2.1.197");
/// Claude Code behind the Agent Client Protocol.
pub const CLAUDE_AGENT_ACP: Package = Package::new("@agentclientprotocol/claude-agent-acp", "0.49.0");
/// The same by Zed.
pub const ZED_CLAUDE_ACP: Package = Package::new("@zed-industries/claude-code-acp", "0.16.2");
/// Codex.
pub const CODEX: Package = Package::new("@openai/codex", "0.169.0");
/// Codex behind the Agent Client Protocol.
pub const CODEX_ACP: Package = Package::new("@agentclientprotocol/codex-acp", "2.6.0");
/// The same by Zed.
pub const ZED_CODEX_ACP: Package = Package::new("@zed-industries/codex-acp", "0.16.0");
/// Gemini CLI.
pub const GEMINI: Package = Package::new("@google/gemini-cli", "0.61.0");
/// `opencode`.
pub const OPENCODE: Package = Package::new("opencode-ai", "1.18.33");

/// All of them.
pub const PACKAGES: [Package; 9] =
    [CLAUDE_SDK, CLAUDE_CODE, CLAUDE_AGENT_ACP, ZED_CLAUDE_ACP, CODEX, CODEX_ACP, ZED_CODEX_ACP, GEMINI, OPENCODE];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_version_has_a_folder_of_its_own() {
        let folder = Package::new("@a/b", "1.2.3").folder();
        assert!(folder.ends_with("switchboard-agents/a-b_1.2.3"), "{}", folder.display());
    }

    #[test]
    fn versions_are_exact() {
        assert!(PACKAGES.iter().all(|package| package.version.split('.').all(|part| part.parse::<u32>().is_ok())));
    }
}
