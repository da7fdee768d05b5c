//! The agent itself: asks the model, runs what it wants to use, and shows it what came of that, until it has
//! nothing more to do.

mod stop;

use std::pin::pin;
use std::time::Duration;

use serde_json::Value;
use switchboard_domain::{RateLimitStatus, Timestamp, ToolCallId};
use switchboard_sidecar::folder::ProjectFolder;
use switchboard_sidecar::wire::{Outgoing, WireToolCall, WireUsage};
use switchboard_sidecar::worker::{Interrupted, Turn};
use tokio::time::{Instant, timeout};

use super::budget::Ledger;
use super::client::{ClientError, ModelClient};
use super::conversation::{Call, CallResult, Conversation, Reply, tokens};
use super::instructions::instructions;
use super::memory::Memory;
use super::retry;
use super::settings::Settings;
use super::tools::Tool;
use super::trouble::Trouble;
use super::wire::{Answer, Piece, Question};
use stop::Stop;

/// Questions to the model in one turn. No honest piece of work needs more; a model that runs in a circle does.
const ROUNDS_MAX: u32 = 200;

/// A tool that runs longer than this reports its progress as often.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(1);

/// The agent, over all its turns.
pub(super) struct Coder {
    settings: Settings,
    client: ModelClient,
    memory: Option<Memory>,
    conversation: Conversation,
    ledger: Ledger,
    /// The conversation's name, once there is one.
    name: Option<String>,
    /// Calls for which a name had to be made up.
    nameless_calls: u64,
    /// Whether the last that was said about the account is that it must wait.
    is_limited: bool,
}

/// A question that got no whole answer.
struct Broken {
    trouble: Trouble,
    /// What came before it broke off, if the user has seen any of it.
    seen: Option<Answer>,
}

/// Where a turn takes place.
struct Workplace {
    project: ProjectFolder,
    instructions: String,
    model: String,
}

impl Coder {
    /// An agent that has said nothing yet.
    pub(super) fn new(settings: Settings) -> Result<Self, ClientError> {
        Ok(Self {
            client: ModelClient::new(&settings)?,
            memory: settings.memory.as_deref().map(Memory::new),
            conversation: Conversation::default(),
            ledger: Ledger::new(settings.prices, settings.token_limit),
            name: None,
            nameless_calls: 0,
            is_limited: false,
            settings,
        })
    }

    /// Answers the prompt of `turn`.
    ///
    /// # Errors
    /// When the turn was interrupted; it has no end yet then. What was said in it is remembered.
    pub(super) async fn answer(&mut self, turn: &mut Turn<'_>) -> Result<(), Interrupted> {
        let outcome = self.work(turn).await;
        let unsaved = self.save().err();
        if let (Some(error), false) = (unsaved, matches!(outcome, Err(Stop::Interrupted(_)))) {
            turn.say(&Outgoing::Error { message: format!("cannot keep the conversation for later: {error}") })?;
        }
        match outcome {
            Ok(()) => turn.completed(self.name.as_deref(), self.ledger.spent()),
            Err(Stop::Interrupted(interrupted)) => Err(interrupted),
            Err(stop) => turn.failed(stop.to_string()),
        }
    }

    async fn work(&mut self, turn: &mut Turn<'_>) -> Result<(), Stop> {
        self.begin(turn)?;
        let workplace = self.workplace(turn)?;
        self.conversation.prompt(turn.prompt());
        for _ in 0..ROUNDS_MAX {
            self.ledger.check(turn.beginning().max_budget)?;
            self.conversation.compact(self.settings.context_tokens);
            let answer = self.ask(&workplace, turn).await?;
            let calls = self.tell(&answer, turn)?;
            if calls.is_empty() {
                return Stop::of(&answer, self.settings.output_tokens);
            }
            for call in &calls {
                let result = self.call(call, &workplace.project, turn).await?;
                turn.tool_result(&call.id, &call.tool, Value::from(result.text.as_str()))?;
                self.conversation.result(result);
            }
        }
        Err(Stop::TooManyRounds(ROUNDS_MAX))
    }

    /// Says that the turn begins; in the first one of the process, takes an earlier conversation up again.
    fn begin(&mut self, turn: &mut Turn<'_>) -> Result<(), Stop> {
        if let (Some(memory), None) = (&self.memory, &self.name) {
            let name = match &turn.beginning().resume {
                Some(earlier) => {
                    let name = earlier.to_string();
                    let gone = |cause| Stop::NoSuchConversation { name: name.clone(), cause };
                    self.conversation = memory.load(&name).map_err(gone)?;
                    name
                }
                None => turn.session_id().to_string(),
            };
            self.name = Some(name);
        }
        Ok(turn.started(self.name.as_deref())?)
    }

    fn workplace(&self, turn: &Turn<'_>) -> Result<Workplace, Stop> {
        let beginning = turn.beginning();
        let project = ProjectFolder::open(&beginning.project_path)?;
        let model = beginning.model.clone().or_else(|| self.settings.model.clone()).ok_or(Stop::NoModel)?;
        Ok(Workplace { instructions: instructions(&project), project, model })
    }

    fn save(&mut self) -> std::io::Result<()> {
        self.conversation.settle();
        match (&self.memory, &self.name) {
            (Some(memory), Some(name)) => memory.save(name, &self.conversation),
            _ => Ok(()),
        }
    }

    /// Asks the model until it answers, or until there is no hope left.
    async fn ask(&mut self, workplace: &Workplace, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
        for retry in 0.. {
            match self.ask_once(workplace, turn).await? {
                Ok(answer) => {
                    if std::mem::take(&mut self.is_limited) {
                        turn.rate_limit(RateLimitStatus::Allowed, None)?;
                    }
                    return Ok(answer);
                }
                Err(Broken { trouble, seen: Some(answer) }) => {
                    // Asked again it would say it all once more. The user may tell it to go on.
                    self.tell(&Answer { reply: without_calls(answer.reply), ..answer }, turn)?;
                    return Err(trouble.into());
                }
                Err(Broken { trouble, seen: None }) => self.wait(trouble, retry, turn).await?,
            }
        }
        unreachable!("waiting ends with an error at some time")
    }

    async fn ask_once(
        &mut self,
        workplace: &Workplace,
        turn: &mut Turn<'_>,
    ) -> Result<Result<Answer, Broken>, Interrupted> {
        let question = Question {
            model: &workplace.model,
            instructions: &workplace.instructions,
            conversation: &self.conversation,
            tools: &Tool::ALL,
            output_tokens_max: self.settings.output_tokens,
        };
        let asked = turn.during(self.client.ask(&question)).await?;
        let mut incoming = match asked {
            Ok(incoming) => incoming,
            Err(trouble) => return Ok(Err(Broken { trouble, seen: None })),
        };
        let mut is_seen = false;
        let trouble = loop {
            match turn.during(incoming.next()).await? {
                Ok(Some(pieces)) => {
                    is_seen |= !pieces.is_empty();
                    show(pieces, turn)?;
                }
                Ok(None) => break None,
                Err(trouble) => break Some(trouble),
            }
        };
        let answer = incoming.into_answer();
        if trouble.is_none() || is_seen {
            self.ledger.add(&answer.usage.unwrap_or_else(|| estimate(&question, &answer)));
        }
        Ok(match trouble {
            None => Ok(answer),
            Some(trouble) => Err(Broken { trouble, seen: is_seen.then_some(answer) }),
        })
    }

    /// Waits before the next try, or gives up.
    async fn wait(&mut self, trouble: Trouble, retry: u32, turn: &mut Turn<'_>) -> Result<(), Stop> {
        if matches!(trouble, Trouble::RateLimited { .. }) {
            let now = Timestamp::from(chrono::Utc::now());
            self.is_limited = true;
            turn.rate_limit(RateLimitStatus::Rejected, trouble.retry_after().map(|wait| now.after(wait)))?;
        }
        let wait = retry::wait(retry, trouble.retry_after(), fastrand::f64()).filter(|_| trouble.is_passing());
        match wait {
            Some(wait) => {
                tracing::debug!(%trouble, ?wait, "the endpoint is asked again");
                Ok(turn.pause(wait).await?)
            }
            None => Err(trouble.into()),
        }
    }

    /// Says a finished message, remembers it, and returns the calls in it, each with a name.
    fn tell(&mut self, answer: &Answer, turn: &mut Turn<'_>) -> Result<Vec<Call>, Interrupted> {
        let mut reply = answer.reply.clone();
        for call in reply.calls.iter_mut().filter(|call| call.id.is_empty()) {
            self.nameless_calls += 1;
            call.id = format!("call_{}", self.nameless_calls);
        }
        let calls = reply.calls.clone();
        let shown = calls.iter().map(shown).collect();
        let thinking = (!answer.thinking.is_empty()).then(|| answer.thinking.clone());
        let text = reply.text.clone();
        self.conversation.reply(reply);
        if !text.is_empty() || thinking.is_some() || !calls.is_empty() {
            turn.full_message(text, thinking, shown, answer.usage)?;
        }
        Ok(calls)
    }

    /// Runs a tool for the model, if it may.
    async fn call(&self, call: &Call, project: &ProjectFolder, turn: &mut Turn<'_>) -> Result<CallResult, Interrupted> {
        let result = |text: String, is_error| CallResult { id: call.id.clone(), text, is_error };
        let Some(tool) = Tool::named(&call.tool) else {
            return Ok(result(format!("there is no tool `{}`", call.tool), true));
        };
        let Some(input) = call.input() else {
            return Ok(result("the input is not a JSON object".to_owned(), true));
        };
        if let Err(error) = tool.check(&input, project) {
            return Ok(result(error.to_string(), true));
        }
        if tool.needs_approval() && !turn.ask(tool.name(), Value::Object(input.clone())).await?.is_allow() {
            return Ok(result("the user said no to this".to_owned(), true));
        }
        let key_variable = self.settings.key.as_ref().map(|key| key.variable.as_str());
        let mut running = pin!(tool.run(input, project, key_variable));
        let begun = Instant::now();
        loop {
            match turn.during(timeout(PROGRESS_INTERVAL, &mut running)).await? {
                Ok(Ok(text)) => return Ok(result(text, false)),
                Ok(Err(error)) => return Ok(result(error.to_string(), true)),
                Err(_) => turn.tool_progress(tool.name(), begun.elapsed())?,
            }
        }
    }
}

fn show(pieces: Vec<Piece>, turn: &mut Turn<'_>) -> Result<(), Interrupted> {
    let session_id = turn.session_id();
    turn.say_all(pieces.into_iter().map(|piece| match piece {
        Piece::Text(delta) => Outgoing::ContentDelta { session_id, delta },
        Piece::Thinking(delta) => Outgoing::ThinkingDelta { session_id, delta },
    }))
}

/// A call as the user sees it, with whatever the model has written.
fn shown(call: &Call) -> WireToolCall {
    let input = call.input().map_or_else(|| Value::from(call.arguments.as_str()), Value::Object);
    WireToolCall { id: Some(ToolCallId::new(call.id.as_str())), name: call.tool.clone(), input, output: None }
}

/// Half a call is none, and without its calls the thoughts of a reply are not taken back.
fn without_calls(reply: Reply) -> Reply {
    Reply { text: reply.text, ..Reply::default() }
}

/// What an answer has cost, when the endpoint does not tell: a budget must hold there too.
fn estimate(question: &Question<'_>, answer: &Answer) -> WireUsage {
    let calls = answer.reply.calls.iter().map(|call| call.arguments.len()).sum::<usize>();
    WireUsage {
        input_tokens: question.conversation.tokens() + tokens(question.instructions.len()),
        output_tokens: tokens(answer.reply.text.len() + answer.thinking.len() + calls),
        ..WireUsage::default()
    }
}
