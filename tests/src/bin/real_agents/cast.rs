//! Who is played: each agent, the program behind it, and what it needs to find the fake model.

use std::path::Path;

use switchboard_sidecar::ProtocolKind;
use xtask::programs::{self, Package};

/// One agent.
pub(crate) struct Role {
    /// Its name in the configuration.
    pub(crate) name: &'static str,
    /// Its name for people.
    pub(crate) title: &'static str,
    pub(crate) package: Option<Package>,
    pub(crate) speaks: Speaks,
    /// How it reaches its model.
    pub(crate) model: Model,
    /// The mode its sessions are put in, for one that would otherwise ask nobody.
    pub(crate) mode: Option<&'static str>,
}

/// How an agent is run.
pub(crate) enum Speaks {
    /// With these words, the first that is a path starting in the package's folder.
    Protocol(ProtocolKind, &'static [&'static str]),
    /// It is this program, with an endpoint.
    Endpoint { api: &'static str },
}

/// How an agent reaches its model.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Model {
    Anthropic,
    Codex,
    Gemini,
    Opencode,
    Endpoint,
}

/// The native program of Codex on this platform, under a package that brings it.
const CODEX_PROGRAM: &str = "node_modules/@openai/codex-linux-x64/vendor/x86_64-unknown-linux-musl/bin/codex";

/// Everybody.
pub(crate) const CAST: [Role; 10] = [
    Role {
        name: "claude",
        title: "Claude Code 2.1.330",
        package: Some(programs::CLAUDE_SDK),
        speaks: Speaks::Protocol(
            ProtocolKind::Claude,
            &["node_modules/@anthropic-ai/claude-agent-sdk-linux-x64/claude"],
        ),
        model: Model::Anthropic,
        mode: None,
    },
    Role {
        name: "claude-older",
        title: "Claude Code 2.1.197",
        package: Some(programs::CLAUDE_CODE),
        speaks: Speaks::Protocol(ProtocolKind::Claude, &["node_modules/@anthropic-ai/claude-code-linux-x64/claude"]),
        model: Model::Anthropic,
        mode: None,
    },
    Role {
        name: "codex",
        title: "Codex 0.169.0",
        package: Some(programs::CODEX),
        speaks: Speaks::Protocol(ProtocolKind::Codex, &[CODEX_PROGRAM]),
        model: Model::Codex,
        mode: None,
    },
    Role {
        name: "claude-acp",
        title: "claude-agent-acp 0.49.0",
        package: Some(programs::CLAUDE_AGENT_ACP),
        speaks: Speaks::Protocol(ProtocolKind::Acp, &["node", "node_modules/.bin/claude-agent-acp"]),
        model: Model::Anthropic,
        mode: None,
    },
    Role {
        name: "claude-zed",
        title: "claude-code-acp (Zed) 0.16.2",
        package: Some(programs::ZED_CLAUDE_ACP),
        speaks: Speaks::Protocol(ProtocolKind::Acp, &["node", "node_modules/.bin/claude-code-acp"]),
        model: Model::Anthropic,
        mode: None,
    },
    Role {
        name: "codex-acp",
        title: "codex-acp 2.6.0",
        package: Some(programs::CODEX_ACP),
        speaks: Speaks::Protocol(ProtocolKind::Acp, &["node", "node_modules/.bin/codex-acp"]),
        model: Model::Codex,
        mode: Some("workspace-write"),
    },
    Role {
        name: "codex-zed",
        title: "codex-acp (Zed) 0.16.0",
        package: Some(programs::ZED_CODEX_ACP),
        speaks: Speaks::Protocol(
            ProtocolKind::Acp,
            &["node_modules/@zed-industries/codex-acp-linux-x64/bin/codex-acp"],
        ),
        model: Model::Codex,
        mode: None,
    },
    Role {
        name: "gemini",
        title: "Gemini CLI 0.61.0",
        package: Some(programs::GEMINI),
        speaks: Speaks::Protocol(ProtocolKind::Acp, &["node", "node_modules/.bin/gemini", "--acp"]),
        model: Model::Gemini,
        mode: None,
    },
    Role {
        name: "opencode",
        title: "opencode 1.18.33",
        package: Some(programs::OPENCODE),
        speaks: Speaks::Protocol(ProtocolKind::Acp, &["node_modules/opencode-linux-x64/bin/opencode", "acp"]),
        model: Model::Opencode,
        mode: None,
    },
    Role {
        name: "coder",
        title: "built-in coding agent",
        package: None,
        speaks: Speaks::Endpoint { api: "anthropic" },
        model: Model::Endpoint,
        mode: None,
    },
];

impl Role {
    /// Why it cannot be played, if it cannot.
    pub(crate) fn missing(&self) -> Option<String> {
        let package = self.package.filter(|package| !package.is_installed())?;
        Some(format!("{} is not installed", package.spec()))
    }

    /// The program and its arguments, for those that have some of their own.
    pub(crate) fn command(&self) -> Vec<String> {
        let Speaks::Protocol(_, words) = self.speaks else { return Vec::new() };
        let folder = self.package.map(|package| package.folder()).unwrap_or_default();
        let word = |word: &&str| {
            let is_path = word.starts_with("node_modules/");
            if is_path { folder.join(word).display().to_string() } else { (*word).to_owned() }
        };
        words.iter().map(word).collect()
    }

    /// The prompt that makes it ask for permission to run a command.
    pub(crate) fn tool_prompt(&self) -> &'static str {
        // What Codex may do in its sandbox it does without asking.
        if self.model == Model::Codex { "TOOL ESC" } else { "TOOL" }
    }

    /// The variables it needs, when the model is at `url` and its own files are in `home`.
    pub(crate) fn variables(&self, url: &str, home: &Path) -> Vec<(&'static str, String)> {
        let plain = |name, value: &str| (name, value.to_owned());
        match self.model {
            Model::Anthropic => vec![
                plain("ANTHROPIC_BASE_URL", url),
                plain("ANTHROPIC_API_KEY", "sk-ant-fake"),
                plain("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
            ],
            Model::Codex => {
                vec![plain("CODEX_HOME", &home.join(".codex").display().to_string()), plain("OPENAI_API_KEY", "fake")]
            }
            Model::Gemini => vec![plain("GEMINI_API_KEY", "fake"), plain("GOOGLE_GEMINI_BASE_URL", url)],
            Model::Opencode | Model::Endpoint => Vec::new(),
        }
    }

    /// The file in its home folder that it needs, and what is in it.
    pub(crate) fn settings(&self, url: &str) -> Option<(&'static str, String)> {
        Some(match self.model {
            Model::Anthropic | Model::Endpoint => return None,
            Model::Codex => (
                ".codex/config.toml",
                format!(
                    "model = \"fake-model\"\nmodel_provider = \"fake\"\n\n[model_providers.fake]\nname = \"fake\"\n\
                     base_url = \"{url}/v1\"\nwire_api = \"responses\"\nenv_key = \"OPENAI_API_KEY\"\n\
                     supports_websockets = false\n"
                ),
            ),
            Model::Gemini => (
                ".gemini/settings.json",
                serde_json::json!({"security": {"auth": {"selectedType": "gemini-api-key"}}}).to_string(),
            ),
            Model::Opencode => (
                ".config/opencode/opencode.json",
                serde_json::json!({
                    "model": "fake/fake-model",
                    "permission": {"bash": "ask", "edit": "ask"},
                    "provider": {"fake": {
                        "npm": "@ai-sdk/openai-compatible",
                        "name": "Fake",
                        "options": {"baseURL": format!("{url}/v1"), "apiKey": "fake"},
                        "models": {"fake-model": {"name": "Fake"}},
                    }},
                })
                .to_string(),
            ),
        })
    }

    /// Its section of the configuration.
    pub(crate) fn section(&self, url: &str, home: &Path) -> String {
        let name = self.name;
        match self.speaks {
            Speaks::Endpoint { api } => format!(
                "[agents.{name}]\nendpoint = \"{url}\"\napi = \"{api}\"\nmodel = \"fake-model\"\n\
                 input_price = 1\noutput_price = 1\n"
            ),
            Speaks::Protocol(protocol, _) => {
                let variables = self.variables(url, home);
                let variables = variables.iter().map(|(name, value)| format!("{name} = {value:?}"));
                let variables = variables.collect::<Vec<_>>().join(", ");
                let (protocol, command) = (protocol.as_str(), self.command());
                let mode = self.mode.map(|mode| format!("mode = \"{mode}\"\n")).unwrap_or_default();
                format!(
                    "[agents.{name}]\nprotocol = \"{protocol}\"\ncommand = {command:?}\n{mode}env = {{ {variables} }}\n"
                )
            }
        }
    }
}
