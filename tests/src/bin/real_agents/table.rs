//! How the outcomes are shown.

use serde_json::{Value, json};

use crate::cast::Role;
use crate::scenes::{Outcome, Scene, Verdict};

/// A failure is shown by the table up to this many characters; the whole is in its line and in the JSON.
const WHY_CHARS_MAX: usize = 60;

/// One outcome, as it comes.
pub(crate) fn line(outcome: &Outcome) -> String {
    let Outcome { agent, scene, verdict, took } = outcome;
    let verdict = match verdict {
        Verdict::Passed(remark) if remark.is_empty() => "ok".to_owned(),
        Verdict::Passed(remark) => format!("ok ({remark})"),
        Verdict::Failed(why) => format!("FAILED: {why}"),
        Verdict::Skipped(why) => format!("skipped: {why}"),
    };
    format!("{agent:<14} {scene:<24} {:>6.1} s  {verdict}", took.as_secs_f64())
}

/// All outcomes for a program.
pub(crate) fn json(outcomes: &[Outcome]) -> Value {
    let outcomes = outcomes.iter().map(|Outcome { agent, scene, verdict, took }| {
        let (verdict, text) = match verdict {
            Verdict::Passed(remark) => ("passed", remark),
            Verdict::Failed(why) => ("failed", why),
            Verdict::Skipped(why) => ("skipped", why),
        };
        json!({"agent": agent, "scene": scene, "verdict": verdict, "text": text, "seconds": took.as_secs_f64()})
    });
    outcomes.collect()
}

/// All outcomes for a person and for the documentation: a row for each scene.
pub(crate) fn markdown(agents: &[&Role], scenes: &[&Scene], outcomes: &[Outcome]) -> String {
    let cell = |scene: &Scene, role: &Role| {
        let found = outcomes.iter().find(|outcome| outcome.scene == scene.name && outcome.agent == role.name);
        match found.map(|outcome| &outcome.verdict) {
            Some(Verdict::Passed(remark)) if remark.is_empty() => "yes".to_owned(),
            Some(Verdict::Passed(remark)) => format!("yes: {}", short(remark)),
            Some(Verdict::Failed(why)) => format!("**no**: {}", short(why)),
            Some(Verdict::Skipped(_)) => "skipped".to_owned(),
            None => "not tried".to_owned(),
        }
    };
    let mut rows = vec![
        row("", agents.iter().map(|role| role.title.to_owned())),
        row("---", agents.iter().map(|_| "---".to_owned())),
    ];
    rows.extend(scenes.iter().map(|scene| row(scene.name, agents.iter().map(|role| cell(scene, role)))));
    let rest = outcomes.iter().filter(|outcome| !agents.iter().any(|role| role.name == outcome.agent));
    let parts: Vec<String> = [rows.join("\n")].into_iter().chain(rest.map(line)).collect();
    parts.join("\n\n")
}

fn row(head: &str, cells: impl Iterator<Item = String>) -> String {
    let cells: Vec<String> = [head.to_owned()].into_iter().chain(cells).collect();
    format!("| {} |", cells.join(" | "))
}

fn short(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default().replace('|', "/");
    if line.chars().count() <= WHY_CHARS_MAX {
        return line;
    }
    let start: String = line.chars().take(WHY_CHARS_MAX).collect();
    format!("{start}…")
}
