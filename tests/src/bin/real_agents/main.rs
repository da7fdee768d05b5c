//! Plays the same scenes with every real agent that is installed, and says how it went.
//!
//! The agents are the programs that people use; only the model behind them is made up. `cargo xtask agents` installs them
//! and runs this.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "telling the developer is what this program is for")]

mod by_command;
mod by_line;
mod cast;
mod scenes;
mod stage;
mod table;
mod together;

use std::panic;
use std::process::ExitCode;

use cast::{CAST, Role};
use clap::Parser;
use scenes::{Outcome, SCENES, Scene, Verdict};

/// Plays scenes with the real agents
#[derive(Parser)]
struct Arguments {
    /// Only these agents; all when none is named
    agents: Vec<String>,

    /// Only this scene; may be given more than once
    #[arg(long, value_name = "NAME")]
    scene: Vec<String>,

    /// Print the outcomes as JSON
    #[arg(long)]
    json: bool,

    /// Say which agents and scenes there are
    #[arg(long)]
    list: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let agents: Vec<&Role> = CAST.iter().filter(|role| is_chosen(role.name, &arguments.agents)).collect();
    let scenes: Vec<&Scene> = SCENES.iter().filter(|scene| is_chosen(scene.name, &arguments.scene)).collect();
    if arguments.list {
        for role in &agents {
            println!("agent {}: {}", role.name, role.title);
        }
        for scene in &scenes {
            println!("scene {}", scene.name);
        }
        return ExitCode::SUCCESS;
    }
    // A failed scene is told with the others, not at once.
    panic::set_hook(Box::new(|_| {}));
    let mut outcomes = Vec::new();
    for role in &agents {
        for scene in &scenes {
            let outcome = scene.play(role);
            eprintln!("{}", table::line(&outcome));
            outcomes.push(outcome);
        }
    }
    if is_chosen(together::NAME, &arguments.scene) && agents.len() > 1 {
        let outcome = together::play(&agents);
        eprintln!("{}", table::line(&outcome));
        outcomes.push(outcome);
    }
    if arguments.json {
        println!("{}", table::json(&outcomes));
    } else {
        println!("{}", table::markdown(&agents, &scenes, &outcomes));
    }
    let failed = |outcome: &Outcome| matches!(outcome.verdict, Verdict::Failed(_));
    if outcomes.iter().any(failed) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn is_chosen(name: &str, chosen: &[String]) -> bool {
    chosen.is_empty() || chosen.iter().any(|chosen| chosen == name)
}
