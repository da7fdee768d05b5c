//! Agents that think, ask, fail, hang and die as the dice fall.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use switchboard_domain::{
    AgentCommand, AgentEvent, AgentSessionId, ApprovalRequest, Cost, MessageBody, RateLimit, RateLimitStatus,
    RequestId, Role, SessionId, ToolCall, ToolCallId, ToolResult,
};
use switchboard_sidecar::{
    AgentLauncher, AgentLine, AgentSpec, Exit, ExitStatus, LaunchError, LaunchSession, LineEvent, Lost, NotSent,
    PendingCommand, ScriptedAgent,
};
use tokio::time::{sleep, timeout};

use crate::simulation::World;
use crate::simulation::breakage::Breakage;
use crate::simulation::dice::Dice;

/// How long an agent waits for an answer before it goes on without.
const ANSWER_PATIENCE: Duration = Duration::from_secs(20);
/// More than a line holds, so that a flood presses against it.
const FLOOD: u64 = 150;

/// Launches agents that are played in the same runtime.
pub(crate) struct SimulatedLauncher {
    pub(crate) world: Arc<World>,
}

#[async_trait]
impl AgentLauncher for SimulatedLauncher {
    async fn launch(&self, agent: &AgentSpec, session: LaunchSession) -> Result<AgentLine, LaunchError> {
        let mut dice = self.world.dice();
        sleep(dice.milliseconds(3)).await;
        if self.world.faults_are_on() && dice.happens(40) {
            self.world.trace.fired("agent not launched");
            return Err(LaunchError::ProgramNotFound { program: agent.program.clone(), searched: "PATH".into() });
        }
        let (line, script) = AgentLine::scripted();
        let player = Player { world: Arc::clone(&self.world), id: session.session_id, script, dice, calls: 0 };
        player.world.agent_began(player.id);
        tokio::spawn(player.live());
        Ok(line)
    }
}

struct Player {
    world: Arc<World>,
    id: SessionId,
    script: ScriptedAgent,
    dice: Dice,
    calls: u64,
}

/// What an agent does with itself.
enum Fate {
    /// It waits for what comes next.
    Idle,
    /// It has been asked something.
    Asked,
    /// It is gone, or nobody listens.
    Over,
}

impl Player {
    async fn live(mut self) {
        let mut fate = Fate::Idle;
        loop {
            fate = match fate {
                Fate::Idle => match self.script.next_pending().await {
                    Some(pending) => self.take(pending).await,
                    None => Fate::Over,
                },
                Fate::Asked => self.work().await,
                Fate::Over => break,
            };
        }
        self.world.agent_ended(self.id);
        if self.world.breakage == Some(Breakage::MissAnExit) {
            // The line stays, and nobody is at its other end.
            std::future::pending::<()>().await;
        }
    }

    /// Takes one command, as well or badly as it does.
    async fn take(&mut self, mut pending: PendingCommand) -> Fate {
        if self.world.faults_are_on() {
            match self.dice.below(100) {
                0 => {
                    self.world.trace.fired("command refused");
                    pending.not_sent(NotSent::Refused("not now".into()));
                    return Fate::Idle;
                }
                1 => {
                    self.world.trace.fired("agent deaf for a while");
                    sleep(Duration::from_secs(6)).await;
                }
                2 => return self.lose(pending),
                _ => {}
            }
        }
        let Some(command) = pending.take_command() else { return Fate::Idle };
        if !pending.begin() {
            return Fate::Idle;
        }
        let fate = self.hear(&command);
        pending.delivered();
        fate
    }

    /// The line breaks in the middle of a command; whether the agent heard it nobody knows.
    fn lose(&mut self, mut pending: PendingCommand) -> Fate {
        let Some(command) = pending.take_command() else { return Fate::Over };
        if !pending.begin() {
            return Fate::Idle;
        }
        self.world.trace.fired("command lost on its way");
        if self.dice.happens(500) {
            let _asked = self.hear(&command);
            if self.world.breakage == Some(Breakage::ResendUnknownPrompt) {
                let _asked = self.hear(&command);
            }
        }
        pending.lost(Lost::LineBroke);
        Fate::Over
    }

    fn hear(&self, command: &AgentCommand) -> Fate {
        self.world.trace.happened("heard", command);
        match command {
            AgentCommand::Start(start) => self.hear_prompt(&start.prompt),
            AgentCommand::SendMessage { text } => self.hear_prompt(text),
            AgentCommand::AnswerApproval { request_id, .. } => {
                let again = self.world.breakage == Some(Breakage::AnswerTwice);
                for _ in 0..=u32::from(again) {
                    self.wrong(self.world.journal.answer_heard(self.id, request_id));
                }
                if !self.world.disk.has_answer(self.id, request_id) {
                    self.wrong(Some(format!("the agent of {} heard an answer that is not on disk", self.id)));
                }
                Fate::Idle
            }
            AgentCommand::End => Fate::Over,
            AgentCommand::Abort => Fate::Idle,
        }
    }

    fn hear_prompt(&self, text: &str) -> Fate {
        self.wrong(self.world.journal.heard(self.id, text));
        if !self.world.disk.has_prompt(self.id, text) {
            self.wrong(Some(format!("the agent of {} heard {text:?}, which is not on disk", self.id)));
        }
        Fate::Asked
    }

    fn wrong(&self, wrong: Option<String>) {
        if let Some(wrong) = wrong {
            self.world.trace.violated(wrong);
        }
    }

    /// One turn.
    async fn work(&mut self) -> Fate {
        if self.dice.happens(700) {
            let agent_session_id = Some(AgentSessionId::new(format!("conversation {}", self.dice.below(5))));
            if !self.script.say(AgentEvent::SessionStarted { agent_session_id }).await {
                return Fate::Over;
            }
        }
        for _ in 0..self.dice.below(7) {
            // An answer that comes while nobody waits for it is heard all the same.
            let pause = self.dice.milliseconds(40);
            if let Ok(command) = timeout(pause, self.script.next_pending()).await {
                let Some(command) = command else { return Fate::Over };
                if let Fate::Over = self.take(command).await {
                    return Fate::Over;
                }
            }
            if !self.speak().await {
                return Fate::Over;
            }
        }
        self.end_turn().await
    }

    /// Says something; `false` when nobody listens any more.
    async fn speak(&mut self) -> bool {
        let text = format!("{} ", self.dice.below(1_000_000));
        let event = match self.dice.below(20) {
            0..=5 => AgentEvent::ContentDelta { text },
            6 | 7 => AgentEvent::ThinkingDelta { text },
            8..=11 => AgentEvent::Message(MessageBody::text(Role::Assistant, text)),
            12 | 13 => self.call(),
            14 => self.result(),
            15 => AgentEvent::ToolProgress { tool_name: "Bash".into(), elapsed: self.dice.milliseconds(9_000) },
            16 => {
                let limit = RateLimit { status: RateLimitStatus::Allowed, resets_at: None, kind: Some(text) };
                AgentEvent::RateLimit(limit)
            }
            17 if self.world.faults_are_on() && self.dice.happens(100) => return self.flood().await,
            17 => AgentEvent::Warning { message: text },
            _ => return self.ask().await,
        };
        self.script.say(event).await
    }

    fn call(&mut self) -> AgentEvent {
        self.calls += 1;
        let id = Some(ToolCallId::new(format!("call {}", self.calls)));
        AgentEvent::ToolUse(ToolCall {
            id,
            name: "Bash".into(),
            input: json!({"n": self.calls}),
            output: None,
            is_error: false,
        })
    }

    /// Usually of the last call, which may be in a message by now; sometimes of none.
    fn result(&mut self) -> AgentEvent {
        let number = self.calls + self.dice.below(2);
        let id = Some(ToolCallId::new(format!("call {number}")));
        AgentEvent::ToolResult(ToolResult { id, name: "Bash".into(), output: json!("done"), is_error: false })
    }

    async fn flood(&mut self) -> bool {
        self.world.trace.fired("agent floods");
        for number in 0..FLOOD {
            let event = AgentEvent::Message(MessageBody::text(Role::Assistant, format!("flood {number}")));
            if !self.script.say(event).await {
                return false;
            }
        }
        true
    }

    /// Asks for approval, and most often waits for the answer.
    async fn ask(&mut self) -> bool {
        let request_id = RequestId::new(format!("apr_{}", self.world.number()));
        self.world.journal.will_ask(self.id, &request_id);
        let request = ApprovalRequest { request_id, tool_name: "Bash".into(), input: json!({}), suggestions: None };
        if !self.script.say(AgentEvent::ApprovalRequested(request.clone())).await {
            return false;
        }
        if self.dice.happens(300) {
            return true;
        }
        let Ok(pending) = timeout(ANSWER_PATIENCE, self.script.next_pending()).await else {
            let withdrawn = AgentEvent::ApprovalWithdrawn { request_id: request.request_id };
            return self.script.say(withdrawn).await;
        };
        match pending {
            Some(pending) => !matches!(self.take(pending).await, Fate::Over),
            None => false,
        }
    }

    /// However the turn ends.
    async fn end_turn(&mut self) -> Fate {
        let ending = if self.world.faults_are_on() { self.dice.below(100) } else { 99 };
        match ending {
            0..=4 => return self.hang().await,
            5..=11 => {
                self.world.trace.fired("agent died in its turn");
                let exit = Exit { status: ExitStatus::Code(3), stderr_tail: "out of luck".into() };
                if self.world.breakage != Some(Breakage::MissAnExit) {
                    let _heard = self.script.emit(LineEvent::Exited(exit)).await;
                }
                return Fate::Over;
            }
            12 | 13 => {
                self.world.trace.fired("line broke in the turn");
                return Fate::Over;
            }
            14..=19 => {
                let failed = AgentEvent::Failed { error: "no idea".into() };
                return if self.script.say(failed).await { Fate::Idle } else { Fate::Over };
            }
            _ => {}
        }
        let total_cost = Some(Cost::from_micro_usd(self.dice.below(1_000)));
        let completed = AgentEvent::Completed { agent_session_id: None, total_cost };
        for _ in 0..=u32::from(ending < 24) {
            if !self.script.say(completed.clone()).await {
                return Fate::Over;
            }
        }
        if ending < 30 {
            self.world.trace.fired("agent left after its turn");
            return Fate::Over;
        }
        Fate::Idle
    }

    /// Says nothing more, and does not even listen, until it is stopped.
    async fn hang(&mut self) -> Fate {
        self.world.trace.fired("agent hangs");
        while let Some(pending) = self.script.next_pending().await {
            let _unheard = pending;
        }
        Fate::Over
    }
}
