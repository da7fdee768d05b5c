//! Every scene, in the order of the table.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use crate::cast::Role;
use crate::stage::Stage;
use crate::{by_command, by_line};

/// One scene.
pub(crate) struct Scene {
    pub(crate) name: &'static str,
    play: fn(&Stage<'_>) -> String,
}

/// All of them.
pub(crate) const SCENES: [Scene; 15] = [
    Scene { name: "prompt", play: by_command::prompt },
    Scene { name: "thinking", play: by_command::thinking },
    Scene { name: "allow", play: by_command::allow },
    Scene { name: "deny", play: by_command::deny },
    Scene { name: "follow-up", play: by_line::follow_up },
    Scene { name: "deny-then-allow", play: by_line::allow_and_go_on },
    Scene { name: "interrupt", play: by_command::interrupt },
    Scene { name: "interrupt-and-go-on", play: by_line::interrupt_and_go_on },
    Scene { name: "interrupt-while-asking", play: by_line::interrupt_while_asking },
    Scene { name: "error", play: by_command::error },
    Scene { name: "kill-agent", play: by_command::kill_agent },
    Scene { name: "kill-agent-in-first-turn", play: by_command::kill_agent_in_first_turn },
    Scene { name: "kill-switchboard", play: by_command::kill_switchboard },
    Scene { name: "resume", play: by_command::resume },
    Scene { name: "resume-unknown", play: by_line::unknown_conversation },
];

/// How a scene went.
pub(crate) struct Outcome {
    pub(crate) agent: &'static str,
    pub(crate) scene: &'static str,
    pub(crate) verdict: Verdict,
    pub(crate) took: Duration,
}

/// Well, badly or not at all.
pub(crate) enum Verdict {
    /// With a remark, which may be empty.
    Passed(String),
    Failed(String),
    Skipped(String),
}

impl Scene {
    /// Plays it with `role`.
    pub(crate) fn play(&self, role: &Role) -> Outcome {
        let began = Instant::now();
        let verdict = match role.missing() {
            Some(why) => Verdict::Skipped(why),
            None => judge(|| (self.play)(&Stage::new(role))),
        };
        Outcome { agent: role.name, scene: self.name, verdict, took: began.elapsed() }
    }
}

/// What `scene` says, or why it panicked: the harness says so when something is not as it should be.
pub(crate) fn judge(scene: impl FnOnce() -> String) -> Verdict {
    match catch_unwind(AssertUnwindSafe(scene)) {
        Ok(remark) => Verdict::Passed(remark),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            Verdict::Failed(
                text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default(),
            )
        }
    }
}
