//! Everybody at once, in one run.

use std::time::Instant;

use serde_json::Value;

use crate::cast::Role;
use crate::scenes::{Outcome, judge};
use crate::stage::Stage;

/// The name of this scene.
pub(crate) const NAME: &str = "together";

/// Plays it with all of `agents` that are there.
pub(crate) fn play(agents: &[&Role]) -> Outcome {
    let began = Instant::now();
    let verdict = judge(|| {
        let present: Vec<&Role> = agents.iter().copied().filter(|role| role.missing().is_none()).collect();
        together(&present)
    });
    Outcome { agent: "all", scene: NAME, verdict, took: began.elapsed() }
}

/// Each agent uses a tool, in a session of its own, all at the same time.
fn together(agents: &[&Role]) -> String {
    let first = agents.first().expect("an agent that is installed");
    let stage = Stage::new(first);
    let sections: Vec<String> = agents.iter().map(|role| stage.prepared(role)).collect();
    stage.home.configure(&sections.join("\n"));
    let lines: Vec<String> = agents.iter().map(|role| format!("--agent {} {}", role.name, prompt(role))).collect();
    let file = stage.home.prompts(&lines.iter().map(String::as_str).collect::<Vec<_>>());
    let (file, jobs) = (file.display().to_string(), agents.len().to_string());
    stage.home.run(["run", "--parallel-file", &file, "--jobs", &jobs, "--approve", "all"]).expect_code(0);

    let listed = stage.home.run(["ls", "--json"]).expect_code(0);
    let sessions: Vec<Value> = serde_json::from_str(&listed.stdout).expect("JSON");
    assert_eq!(sessions.len(), agents.len());
    for role in agents {
        let session = sessions.iter().find(|session| session["agent"] == role.name).expect("a session of each");
        assert_eq!(session["status"], "completed", "{session}");
        let shown = stage.home.run(["show", session["id"].as_str().expect("an id"), "--json"]).expect_code(0);
        assert!(shown.stdout.contains("all done"), "{} did not see its tool through: {}", role.name, shown.stdout);
        let others = agents.iter().filter(|other| other.name != role.name).map(|other| prompt(other));
        assert!(others.into_iter().all(|other| !shown.stdout.contains(&other)), "{} heard another's prompt", role.name);
    }
    format!("{} agents", agents.len())
}

/// No agent's prompt is part of another's.
fn prompt(role: &Role) -> String {
    format!("{} for <{}>", role.tool_prompt(), role.name)
}
