//! The section `[notify]`: who is told what, and how.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use toml::Value as Toml;
use toml::de::DeValue;

use super::document::Section;
use super::endpoint_config::Address;
use super::report::{Entry, push, quoted};
use super::setting::{Kind as ValueKind, Raw};
use super::{ConfigError, Origin, Sourced};
use crate::notify::{CommandHook, Kind, Kinds, SecretFrom};

/// How long a command may run: time for a mail server that is slow to answer.
const COMMAND_TIMEOUT_DEFAULT: Duration = Duration::from_secs(10);

/// Who is told what.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct NotifyConfig {
    /// By the terminal that a front end writes to.
    pub(crate) terminal: Option<Sourced<Kinds>>,
    /// By the desktop.
    pub(crate) desktop: Option<Sourced<Kinds>>,
    /// By a command.
    pub(crate) command: Option<Sourced<CommandConfig>>,
    /// By webhooks, by name.
    pub(crate) webhooks: BTreeMap<String, Sourced<WebhookConfig>>,
}

/// A command and what it is run for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CommandConfig {
    /// The command.
    pub(crate) hook: CommandHook,
    /// What it is run for.
    pub(crate) kinds: Kinds,
}

/// A webhook and what is sent to it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WebhookConfig {
    /// Where to send to; checked to be an address that may be used.
    pub(crate) url: String,
    /// What to sign with.
    pub(crate) secret: SecretFrom,
    /// What is sent.
    pub(crate) kinds: Kinds,
}

impl ValueKind for Kinds {
    const EXPECTED: &'static str = "a list of \"completed\", \"failed\", \"needs_approval\", \"stuck\", \"budget\" and \
                                    \"rate_limited\"";

    fn read(raw: &Raw<'_>) -> Option<Self> {
        let Raw::Toml(DeValue::Array(names)) = raw else { return None };
        let kind = |name: &str| Kind::ALL.into_iter().find(|kind| kind.as_str() == name);
        names.iter().map(|name| name.get_ref().as_str().and_then(kind)).collect()
    }
}

/// The place of a file.
struct FilePath(PathBuf);

impl ValueKind for FilePath {
    const EXPECTED: &'static str = "the path of a file, from the root on";

    fn read(raw: &Raw<'_>) -> Option<Self> {
        String::read(raw).map(PathBuf::from).filter(|path| path.is_absolute()).map(Self)
    }
}

impl NotifyConfig {
    /// What the section says.
    pub(super) fn read(section: &Section<'_>) -> Result<Self, ConfigError> {
        section.allow(&["command", "desktop", "terminal", "webhooks"])?;
        let mut config = Self::default();
        for (name, origin, channel) in section.sections()? {
            match name {
                "terminal" => config.terminal = Some(only_kinds(origin, &channel)?),
                "desktop" => config.desktop = Some(only_kinds(origin, &channel)?),
                "command" => config.command = Some(read_command(origin, &channel)?),
                _ => {
                    for (name, origin, webhook) in channel.sections()? {
                        config.webhooks.insert(name.to_owned(), read_webhook(name, origin, &webhook)?);
                    }
                }
            }
        }
        Ok(config)
    }

    /// Adds each setting as the file would have it; of an address only the machine, since the rest is a secret of
    /// some services.
    pub(super) fn report<'a>(&'a self, entries: &mut Vec<Entry<'a>>) {
        for (name, kinds) in [("notify.terminal", &self.terminal), ("notify.desktop", &self.desktop)] {
            if let Some(Sourced { value, origin }) = kinds {
                push(entries, name, "kinds", names(value), origin);
            }
        }
        if let Some(Sourced { value, origin }) = &self.command {
            push(entries, "notify.command", "command", value.hook.command.clone().into(), origin);
            push(entries, "notify.command", "timeout_seconds", value.hook.timeout.as_secs_f64().into(), origin);
            push(entries, "notify.command", "kinds", names(&value.kinds), origin);
        }
        for (name, Sourced { value, origin }) in &self.webhooks {
            let section = format!("notify.webhooks.{}", quoted(name));
            push(entries, &section, "url", masked(&value.url).into(), origin);
            match &value.secret {
                SecretFrom::Variable(name) => push(entries, &section, "secret_env", name.as_str().into(), origin),
                SecretFrom::File(file) => {
                    push(entries, &section, "secret_file", file.display().to_string().into(), origin);
                }
            }
            push(entries, &section, "kinds", names(&value.kinds), origin);
        }
    }
}

fn only_kinds(origin: Origin, section: &Section<'_>) -> Result<Sourced<Kinds>, ConfigError> {
    section.allow(&["kinds"])?;
    Ok(Sourced { value: kinds(section)?, origin })
}

/// All kinds unless some are named.
fn kinds(section: &Section<'_>) -> Result<Kinds, ConfigError> {
    Ok(section.get("kinds")?.map_or_else(|| Kinds::from(Kind::ALL), |kinds| kinds.value))
}

fn read_command(origin: Origin, section: &Section<'_>) -> Result<Sourced<CommandConfig>, ConfigError> {
    section.allow(&["command", "kinds", "timeout_seconds"])?;
    let command = section.texts("command")?;
    if command.is_empty() {
        return Err(ConfigError::NotifyMissing { origin, channel: "command".to_owned(), key: "command" });
    }
    let timeout = section.get("timeout_seconds")?.map_or(COMMAND_TIMEOUT_DEFAULT, |timeout| timeout.value);
    let value = CommandConfig { hook: CommandHook { command, timeout }, kinds: kinds(section)? };
    Ok(Sourced { value, origin })
}

fn read_webhook(name: &str, origin: Origin, section: &Section<'_>) -> Result<Sourced<WebhookConfig>, ConfigError> {
    section.allow(&["kinds", "secret_env", "secret_file", "url"])?;
    let missing = |key| {
        let channel = format!("webhooks.{}", quoted(name));
        ConfigError::NotifyMissing { origin: origin.clone(), channel, key }
    };
    let Sourced { value: Address(url), .. } = section.get("url")?.ok_or_else(|| missing("url"))?;
    let variable = section.get("secret_env")?.map(|name| SecretFrom::Variable(name.value));
    let file = section.get("secret_file")?.map(|file: Sourced<FilePath>| SecretFrom::File(file.value.0));
    let secret = variable.or(file).ok_or_else(|| missing("secret_env"))?;
    let value = WebhookConfig { url, secret, kinds: kinds(section)? };
    Ok(Sourced { value, origin })
}

fn names(kinds: &Kinds) -> Toml {
    kinds.iter().map(|kind| Toml::from(kind.as_str())).collect::<Vec<_>>().into()
}

fn masked(url: &str) -> String {
    let host_end = url.find("://").and_then(|at| Some(at + 3 + url[at + 3..].find('/')?));
    host_end.map_or_else(|| url.to_owned(), |end| format!("{}/***", &url[..end]))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use rstest::rstest;

    use super::*;
    use crate::config::{Config, ShowOrigin, to_toml};

    fn config(text: &str) -> Result<Config, String> {
        Config::parse(text, Path::new("config.toml"), &|_| None).map_err(|error| error.to_string())
    }

    const ALL: &str = r#"
[notify.terminal]
kinds = ["needs_approval", "stuck"]
[notify.command]
command = ["my-hook", "--loud"]
timeout_seconds = 5
kinds = ["failed"]
[notify.webhooks.phone]
url = "https://hooks.example/services/T0/secret-part"
secret_env = "HOOK_SECRET"
"#;

    #[test]
    fn all_of_it_is_read_and_shown_without_what_is_secret() {
        let config = config(ALL).expect("sound");
        let webhook = &config.notify.webhooks["phone"].value;
        assert_eq!(webhook.secret, SecretFrom::Variable("HOOK_SECRET".into()));
        assert_eq!(webhook.kinds.len(), Kind::ALL.len(), "all unless some are named");
        let shown = to_toml(&config, ShowOrigin::No);
        let (_, shown) = shown.split_once("[notify.terminal]").expect("shown");
        insta::assert_snapshot!(shown.trim(), @r#"
        kinds = ["needs_approval", "stuck"]

        [notify.command]
        command = ["my-hook", "--loud"]
        timeout_seconds = 5.0
        kinds = ["failed"]

        [notify.webhooks.phone]
        url = "https://hooks.example/***"
        secret_env = "HOOK_SECRET"
        kinds = ["completed", "failed", "needs_approval", "stuck", "budget", "rate_limited"]
        "#);
    }

    #[rstest]
    #[case::unencrypted("webhooks.a]\nurl = \"http://hooks.example/\"\nsecret_env = \"S\"", "must be an https address")]
    #[case::looks_local(
        "webhooks.a]\nurl = \"http://localhost.example/\"\nsecret_env = \"S\"",
        "must be an https address"
    )]
    #[case::password(
        "webhooks.a]\nurl = \"https://me:pw@hooks.example/\"\nsecret_env = \"S\"",
        "must be an https address"
    )]
    #[case::no_secret("webhooks.a]\nurl = \"https://hooks.example/\"", "[notify.webhooks.a] has no `secret_env`")]
    #[case::no_url("webhooks.a]\nsecret_env = \"S\"", "[notify.webhooks.a] has no `url`")]
    #[case::near_file(
        "webhooks.a]\nurl = \"https://a.example\"\nsecret_file = \"s\"",
        "the path of a file, from the root"
    )]
    #[case::no_command("command]\nkinds = []", "[notify.command] has no `command`")]
    #[case::unknown_kind("terminal]\nkinds = [\"finished\"]", "must be a list of \"completed\"")]
    #[case::unknown_channel("pager]\nkinds = []", "unknown key `pager` in [notify]")]
    fn mistakes_are_explained(#[case] lines: &str, #[case] reason: &str) {
        let error = config(&format!("[notify.{lines}")).expect_err("a mistake");
        assert!(error.contains(reason), "{error}");
    }

    #[test]
    fn this_machine_may_be_spoken_to_unencrypted() {
        let text = "[notify.webhooks.a]\nurl = \"http://127.0.0.1:8080/hook\"\nsecret_file = \"/run/secret\"";
        assert!(config(text).is_ok());
    }
}
