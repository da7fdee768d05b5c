//! The coding agents that can be used by name as soon as they are installed.
//!
//! Of each we know how it is started so that it speaks a protocol, how it is installed and how one logs in.
//! Commands come from the programs' own documentation and from the registry of the Agent Client Protocol;
//! `docs/agents.md` says which of them were run for real.

use std::path::Path;

use crate::config::{AgentConfig, Protocol};

/// An agent that is known without any configuration.
#[derive(Debug)]
pub(crate) struct KnownAgent {
    /// What it is called here.
    pub(crate) name: &'static str,
    /// What its makers call it.
    pub(crate) title: &'static str,
    /// What it speaks.
    pub(crate) protocol: Protocol,
    /// The program and the arguments that make it speak that, beside those the protocol adds.
    pub(crate) command: &'static [&'static str],
    /// Its own variables, which it gets when they are set; one that ends in `*` stands for all that begin so.
    pub(crate) variables: &'static [&'static str],
    /// The command that installs it.
    pub(crate) install: &'static str,
    /// How to log in.
    pub(crate) log_in: &'static str,
    /// Whether a program of this name can only be this one. Others, such as `goose`, are also the names of very
    /// different programs, so none of them is ever run without being named.
    pub(crate) is_unmistakable: bool,
}

/// The known agents, in the order in which the default is looked for.
pub(crate) const KNOWN_AGENTS: [KnownAgent; 16] = [
    KnownAgent {
        name: "claude",
        title: "Claude Code",
        protocol: Protocol::Claude,
        command: &["claude"],
        variables: CLAUDE_VARIABLES,
        install: "npm install -g @anthropic-ai/claude-code",
        log_in: "claude auth login",
        is_unmistakable: true,
    },
    KnownAgent {
        name: "codex",
        title: "Codex",
        protocol: Protocol::Codex,
        command: &["codex"],
        variables: CODEX_VARIABLES,
        install: "npm install -g @openai/codex",
        log_in: "codex login",
        is_unmistakable: true,
    },
    KnownAgent {
        name: "gemini",
        title: "Gemini CLI",
        protocol: Protocol::Acp,
        command: &["gemini", "--acp"],
        variables: &["GEMINI_*", "GOOGLE_*"],
        install: "npm install -g @google/gemini-cli",
        log_in: "run `gemini` once, and choose a way to sign in",
        is_unmistakable: true,
    },
    KnownAgent {
        name: "opencode",
        title: "opencode",
        protocol: Protocol::Acp,
        command: &["opencode", "acp"],
        variables: &["OPENCODE_*"],
        install: "npm install -g opencode-ai",
        log_in: "opencode auth login",
        is_unmistakable: true,
    },
    KnownAgent {
        name: "cursor",
        title: "Cursor CLI",
        protocol: Protocol::Acp,
        command: &["cursor-agent", "acp"],
        variables: &["CURSOR_*"],
        install: "curl https://cursor.com/install -fsS | bash",
        log_in: "cursor-agent login",
        is_unmistakable: true,
    },
    KnownAgent {
        name: "qwen",
        title: "Qwen Code",
        protocol: Protocol::Acp,
        command: &["qwen", "--acp"],
        variables: &["QWEN_*", "DASHSCOPE_*"],
        install: "npm install -g @qwen-code/qwen-code",
        log_in: "run `qwen` once, and choose a way to sign in",
        is_unmistakable: true,
    },
    KnownAgent {
        name: "kimi",
        title: "Kimi Code CLI",
        protocol: Protocol::Acp,
        command: &["kimi", "acp"],
        variables: &["KIMI_*"],
        install: "npm install -g @moonshot-ai/kimi-code",
        log_in: "run `kimi`, and type /login",
        is_unmistakable: true,
    },
    KnownAgent {
        name: "vibe",
        title: "Mistral Vibe",
        protocol: Protocol::Acp,
        command: &["vibe-acp"],
        variables: &["MISTRAL_*", "VIBE_*"],
        install: "uv tool install mistral-vibe",
        log_in: "run `vibe` once, and follow its setup",
        is_unmistakable: true,
    },
    KnownAgent {
        name: "auggie",
        title: "Auggie CLI",
        protocol: Protocol::Acp,
        command: &["auggie", "--acp"],
        variables: &["AUGMENT_*"],
        install: "npm install -g @augmentcode/auggie",
        log_in: "auggie login",
        is_unmistakable: true,
    },
    KnownAgent {
        name: "qoder",
        title: "Qoder CLI",
        protocol: Protocol::Acp,
        command: &["qodercli", "--acp"],
        variables: &["QODER_*"],
        install: "npm install -g @qoder-ai/qodercli",
        log_in: "run `qodercli`, and type /login",
        is_unmistakable: true,
    },
    KnownAgent {
        name: "claude-acp",
        title: "Claude Code over ACP",
        protocol: Protocol::Acp,
        command: &["claude-agent-acp"],
        variables: CLAUDE_VARIABLES,
        install: "npm install -g @agentclientprotocol/claude-agent-acp",
        log_in: "log in with Claude Code itself: claude auth login",
        is_unmistakable: true,
    },
    KnownAgent {
        name: "codex-acp",
        title: "Codex over ACP",
        protocol: Protocol::Acp,
        command: &["codex-acp"],
        variables: CODEX_VARIABLES,
        install: "npm install -g @zed-industries/codex-acp",
        log_in: "log in with Codex itself: codex login",
        is_unmistakable: true,
    },
    KnownAgent {
        name: "copilot",
        title: "GitHub Copilot CLI",
        protocol: Protocol::Acp,
        command: &["copilot", "--acp"],
        variables: &["COPILOT_*"],
        install: "npm install -g @github/copilot",
        log_in: "copilot login",
        is_unmistakable: false,
    },
    KnownAgent {
        name: "goose",
        title: "goose",
        protocol: Protocol::Acp,
        command: &["goose", "acp"],
        variables: &["GOOSE_*"],
        install: "brew install block-goose-cli",
        log_in: "goose configure",
        is_unmistakable: false,
    },
    KnownAgent {
        name: "droid",
        title: "Factory Droid",
        protocol: Protocol::Acp,
        command: &["droid", "exec", "--output-format", "acp"],
        variables: &["FACTORY_*"],
        install: "curl -fsSL https://app.factory.ai/cli | sh",
        log_in: "run `droid` once, and follow its setup",
        is_unmistakable: false,
    },
    KnownAgent {
        name: "amp",
        title: "Amp",
        protocol: Protocol::Exec,
        command: &["amp", "-x"],
        variables: &["AMP_*"],
        install: "npm install -g @sourcegraph/amp",
        log_in: "amp login",
        is_unmistakable: false,
    },
];

const CLAUDE_VARIABLES: &[&str] = &[
    "ANTHROPIC_*",
    "CLAUDE_CONFIG_DIR",
    "CLAUDE_CODE_OAUTH_TOKEN",
    "CLAUDE_CODE_USE_*",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC",
];

const CODEX_VARIABLES: &[&str] = &["CODEX_*", "OPENAI_API_KEY", "OPENAI_BASE_URL"];

impl KnownAgent {
    /// The known agent of this name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        KNOWN_AGENTS.iter().find(|known| known.name == name)
    }

    /// The known agent that a configured one is, by its program and its protocol, whatever it is called.
    pub(crate) fn of(agent: &AgentConfig) -> Option<&'static Self> {
        let program = Path::new(agent.command.first()?).file_name()?;
        KNOWN_AGENTS.iter().find(|known| known.program() == program && known.protocol == agent.protocol)
    }

    /// The name of its program.
    pub(crate) const fn program(&self) -> &'static str {
        match self.command {
            [program, ..] => program,
            [] => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_nothing_is_left_out() {
        let names: BTreeSet<_> = KNOWN_AGENTS.iter().map(|known| known.name).collect();
        assert_eq!(names.len(), KNOWN_AGENTS.len());
        for known in &KNOWN_AGENTS {
            assert!(!known.program().is_empty() && !known.install.is_empty() && !known.log_in.is_empty(), "{known:?}");
            assert!(!known.program().contains('/'), "{known:?} is looked for in PATH");
        }
    }

    #[test]
    fn no_agent_gets_a_variable_of_another_maker() {
        let makers = ["ANTHROPIC", "OPENAI", "GEMINI", "MISTRAL"];
        for known in &KNOWN_AGENTS {
            let count =
                makers.iter().filter(|maker| known.variables.iter().any(|name| name.starts_with(*maker))).count();
            assert!(count <= 1, "{known:?}");
        }
    }

    #[test]
    fn every_known_agent_is_in_the_manual() {
        let page = crate::documents::read("agents.md");
        for known in &KNOWN_AGENTS {
            let row = format!("| `{}` | {} | `{}` |", known.name, known.title, known.command.join(" "));
            assert!(page.contains(&row), "{row}");
        }
    }
}
