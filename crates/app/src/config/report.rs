//! The configuration in force, as TOML that could be the file, or as JSON.

use serde_json::{Value, json};
use toml::Value as Toml;

use super::{AgentConfig, Config, Origin, Sourced};

/// Shown in place of the values of an agent's variables, which may be secrets.
const MASK: &str = "***";

/// Whether each value says where it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ShowOrigin {
    /// In a comment behind it.
    Yes,
    /// No.
    No,
}

pub(super) struct Entry<'a> {
    section: String,
    key: &'static str,
    value: Toml,
    origin: &'a Origin,
}

/// The configuration as TOML, values of an agent's variables masked.
pub(crate) fn to_toml(config: &Config, show_origin: ShowOrigin) -> String {
    let mut lines = Vec::new();
    let mut section = String::new();
    for entry in entries(config) {
        if entry.section != section {
            let gap = if section.is_empty() { "" } else { "\n" };
            lines.push(format!("{gap}[{}]", entry.section));
            section.clone_from(&entry.section);
        }
        lines.push(match show_origin {
            ShowOrigin::Yes => format!("{} = {}  # {}", entry.key, entry.value, entry.origin),
            ShowOrigin::No => format!("{} = {}", entry.key, entry.value),
        });
    }
    lines.join("\n") + "\n"
}

/// The configuration as a list of `{key, value, origin}`, values of an agent's variables masked.
pub(crate) fn to_json(config: &Config) -> Value {
    let entry = |entry: Entry<'_>| {
        let key = format!("{}.{}", entry.section, entry.key);
        json!({ "key": key, "value": entry.value, "origin": entry.origin })
    };
    entries(config).into_iter().map(entry).collect()
}

fn entries(config: &Config) -> Vec<Entry<'_>> {
    let mut entries = Vec::new();
    let defaults = &config.defaults;
    let text = |sourced: &Sourced<String>| Toml::from(sourced.value.as_str());
    push(&mut entries, "defaults", "agent", text(&defaults.agent), &defaults.agent.origin);
    if let Some(model) = &defaults.model {
        push(&mut entries, "defaults", "model", text(model), &model.origin);
    }
    push(&mut entries, "defaults", "approve", defaults.approve.value.as_str().into(), &defaults.approve.origin);
    push(&mut entries, "defaults", "jobs", integer(defaults.jobs.value.get()), &defaults.jobs.origin);

    config.limits.report(&mut entries);

    push(&mut entries, "daemon", "auto_start", config.auto_start.value.into(), &config.auto_start.origin);
    config.notify.report(&mut entries);

    for (name, agent) in config.agents.iter().filter(|(_, agent)| agent.origin != Origin::Default) {
        push_agent(&mut entries, &format!("agents.{}", quoted(name)), &agent.value, &agent.origin);
    }
    entries
}

fn push_agent<'a>(entries: &mut Vec<Entry<'a>>, section: &str, agent: &AgentConfig, origin: &'a Origin) {
    if let Some(endpoint) = &agent.endpoint {
        for (key, value) in endpoint.settings() {
            push(entries, section, key, value, origin);
        }
    } else {
        push(entries, section, "protocol", agent.protocol.as_str().into(), origin);
        push(entries, section, "command", agent.command.clone().into(), origin);
    }
    if let Some(account) = &agent.account {
        push(entries, section, "account", account.as_str().into(), origin);
    }
    if let Some(model) = &agent.model {
        push(entries, section, "model", model.as_str().into(), origin);
    }
    if let Some(mode) = &agent.mode {
        push(entries, section, "mode", mode.as_str().into(), origin);
    }
    if !agent.env.is_empty() {
        let masked = agent.env.keys().map(|name| (name.clone(), MASK.into()));
        push(entries, section, "env", Toml::Table(masked.collect()), origin);
    }
    if !agent.pass_env.is_empty() {
        push(entries, section, "pass_env", agent.pass_env.clone().into(), origin);
    }
}

pub(super) fn push<'a>(
    entries: &mut Vec<Entry<'a>>,
    section: &str,
    key: &'static str,
    value: Toml,
    origin: &'a Origin,
) {
    entries.push(Entry { section: section.to_owned(), key, value, origin });
}

pub(super) fn integer(number: impl TryInto<i64>) -> Toml {
    Toml::Integer(number.try_into().unwrap_or(i64::MAX))
}

/// A name as a TOML key: quoted where a dot in it would otherwise cut it.
pub(super) fn quoted(name: &str) -> String {
    if name.contains('.') { format!("\"{name}\"") } else { name.to_owned() }
}
