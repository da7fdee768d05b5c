//! The manual holds what the program does: tests that read its pages.

use clap::CommandFactory;

use crate::cli::{Cli, ExitCode};
use crate::config::Config;

/// A page of the manual.
#[track_caller]
pub(crate) fn read(page: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(page);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The example of a JSON shape in the manual.
#[track_caller]
pub(crate) fn shape(name: &str) -> serde_json::Value {
    let page = read("cli.md");
    let (_, rest) = page.split_once(&format!("<!-- shape: {name} -->\n```json\n")).expect("the shape is documented");
    let (example, _) = rest.split_once("```").expect("its end");
    serde_json::from_str(example).expect("valid JSON")
}

/// The one TOML block of the page on configuration.
fn example() -> String {
    let page = read("config.md");
    let (_, rest) = page.split_once("```toml\n").expect("an example");
    rest.split_once("```").expect("its end").0.to_owned()
}

#[test]
fn every_command_is_in_the_manual() {
    let page = read("cli.md");
    for command in Cli::command().get_subcommands().filter(|command| !command.is_hide_set()) {
        assert!(page.contains(&format!("`switchboard {}", command.get_name())), "{}", command.get_name());
    }
}

#[test]
fn every_exit_code_is_in_the_manual() {
    let page = read("cli.md");
    for code in ExitCode::ALL {
        let row = format!("| {} | {}", code.number(), code.meaning());
        assert!(page.contains(&row), "{row}");
    }
}

#[test]
fn the_documented_configuration_can_be_used() {
    let config = Config::parse(&example(), std::path::Path::new("config.toml"), &|_| None).expect("it is sound");
    assert_eq!(config.defaults.agent.value, "mine");
    assert_eq!(config.agents["reviewer"].value.env["REVIEWER_MODE"], "strict");
}

#[test]
fn every_setting_is_in_the_manual() {
    let page = read("config.md");
    let text = format!("{}\n", example());
    let config = Config::parse(&text, std::path::Path::new("config.toml"), &|name| match name {
        "SWITCHBOARD_MODEL" => Some("m".to_owned()),
        _ => None,
    });
    let shown = crate::config::to_json(&config.expect("sound"));
    let keys = shown.as_array().expect("a list").iter().filter_map(|entry| entry["key"].as_str());
    for key in keys.filter(|key| !key.starts_with("agents.") && !key.starts_with("notify.")) {
        let row =
            page.lines().find(|line| line.starts_with(&format!("| `{key}` |"))).unwrap_or_else(|| panic!("{key}"));
        let name = key.rsplit('.').next().unwrap_or_default().to_uppercase();
        assert!(row.contains(&format!("`SWITCHBOARD_{name}`")), "{row}");
    }
}

#[test]
fn notifications_are_as_the_manual_says() {
    let page = read("notifications.md");
    for kind in crate::notify::Kind::ALL {
        assert!(page.contains(&format!("| `{}` |", kind.as_str())), "{}", kind.as_str());
    }
    let blocks = |language: &str| {
        let fence = format!("```{language}\n");
        let blocks = page.split(&fence).skip(1).filter_map(|rest| rest.split_once("```"));
        blocks.map(|(block, _)| block.to_owned()).collect::<Vec<_>>()
    };
    let config = Config::parse(&blocks("toml").concat(), std::path::Path::new("config.toml"), &|_| None);
    let notify = config.expect("it is sound").notify;
    assert!(notify.terminal.is_some() && notify.desktop.is_some() && notify.command.is_some());
    assert_eq!(notify.webhooks.len(), 1);
    let sample = serde_json::to_value(crate::notify::sample()).expect("serializes");
    assert_eq!(serde_json::from_str::<serde_json::Value>(&blocks("json").concat()).expect("JSON"), sample);
}
