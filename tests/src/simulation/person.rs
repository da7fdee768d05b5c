//! What persons do: everything the engine offers, at any moment, and sometimes they do not wait for the outcome.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use switchboard::engine::{ApprovalPolicy, Engine, EngineError, SendOutcome};
use switchboard_domain::{Answer, NewSession, ProjectId, QueuedMessage, RequestId, SessionId};
use switchboard_store::{PAGE_MESSAGES_MAX, Page, SessionState};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::simulation::World;
use crate::simulation::breakage::Breakage;
use crate::simulation::dice::Dice;

/// Settings there are.
const SETTINGS: u64 = 3;

/// Somebody with the engine at hand, and what they have begun.
pub(crate) struct Person {
    pub(crate) world: Arc<World>,
    pub(crate) engine: Engine,
    pub(crate) project_id: ProjectId,
    pub(crate) under_way: JoinSet<()>,
    pub(crate) sessions_max: usize,
}

impl Person {
    /// Does one thing; most things go on behind it.
    pub(crate) fn act(&mut self, dice: &mut Dice) {
        let sessions = self.world.journal.sessions();
        let Some(&id) = dice.pick(&sessions) else { return self.start(dice) };
        match dice.below(60) {
            0..=6 if sessions.len() < self.sessions_max => self.start(dice),
            20..=27 => self.queue(dice, id),
            28..=30 => self.edit(dice, id),
            31 | 32 => self.cancel(dice, id),
            33..=44 => self.answer(dice, id),
            45 | 46 => self.abort(dice, id),
            47 => self.delete(dice, id),
            48 => self.clear(dice, id),
            49 | 50 => self.set(dice),
            51..=53 => self.look(dice, id),
            54 => self.engine.set_policy(id, policy(dice)),
            // The rest, and a start where there are enough sessions.
            _ => self.send(dice, id),
        }
    }

    /// Goes on behind; now and then nobody waits for the outcome.
    fn go(&mut self, dice: &mut Dice, doing: impl Future<Output = ()> + Send + 'static) {
        if self.world.faults_are_on() && dice.happens(20) {
            let patience = dice.milliseconds(30);
            let trace = Arc::clone(&self.world.trace);
            self.under_way.spawn(async move {
                if timeout(patience, doing).await.is_err() {
                    trace.fired("person did not wait");
                }
            });
        } else {
            self.under_way.spawn(doing);
        }
    }

    fn start(&mut self, dice: &mut Dice) {
        let (world, engine, policy) = (Arc::clone(&self.world), self.engine.clone(), policy(dice));
        let (id, prompt) = (SessionId::new(world.id()), world.words());
        world.journal.will_start(id, &prompt);
        let new = NewSession {
            id,
            project_id: self.project_id,
            agent: "one".into(),
            prompt: prompt.clone(),
            title: None,
            model: None,
        };
        self.go(dice, async move {
            match engine.start_session(new, policy).await {
                Ok(_) => {
                    world.journal.session_promised(id);
                    world.journal.word_promised(id, &prompt, None);
                }
                Err(EngineError::NotCreated(_)) => world.journal.session_refused(id),
                Err(_) => world.journal.session_promised(id),
            }
        });
    }

    fn send(&mut self, dice: &mut Dice, id: SessionId) {
        let (world, engine, text) = (Arc::clone(&self.world), self.engine.clone(), self.world.words());
        world.journal.will_say(id, &text);
        if world.breakage == Some(Breakage::SendBeforeDurable) {
            return self.send_hastily(id, &text);
        }
        self.go(dice, async move {
            match engine.send(id, &text).await {
                Ok(SendOutcome::Delivered) => world.journal.word_promised(id, &text, None),
                Ok(SendOutcome::Queued(queued)) => world.journal.word_promised(id, &text, Some(queued)),
                Err(_) => {}
            }
        });
    }

    /// As an engine would that sends first and saves then.
    fn send_hastily(&mut self, id: SessionId, text: &str) {
        if self.engine.store().begin_turn(id, text).is_ok() {
            if !self.world.disk.has_prompt(id, text) {
                self.world.trace.violated(format!("the agent of {id} heard {text:?}, which is not on disk"));
            }
            self.world.journal.heard(id, text);
        }
    }

    fn queue(&mut self, dice: &mut Dice, id: SessionId) {
        let (world, engine, text) = (Arc::clone(&self.world), self.engine.clone(), self.world.words());
        world.journal.will_say(id, &text);
        self.go(dice, async move {
            let Ok(queued) = engine.queue(id, &text).await else { return };
            world.journal.word_promised(id, &text, Some(queued.id));
            if world.breakage == Some(Breakage::PopBeforeDelivery) {
                // As an engine would that takes it out first and sends it then.
                if engine.cancel_queued(id, queued.id).await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    let _sent = engine.send(id, &text).await;
                }
            }
        });
    }

    fn edit(&mut self, dice: &mut Dice, id: SessionId) {
        let Some(queued) = self.queued(dice, id) else { return };
        let (world, engine, text) = (Arc::clone(&self.world), self.engine.clone(), self.world.words());
        world.journal.will_touch_queued(id, queued.id, &queued.content);
        world.journal.will_edit(id, queued.id, &text);
        self.go(dice, async move {
            if engine.edit_queued(id, queued.id, &text).await.is_ok() {
                world.journal.word_promised(id, &text, Some(queued.id));
            }
        });
    }

    fn cancel(&mut self, dice: &mut Dice, id: SessionId) {
        let Some(queued) = self.queued(dice, id) else { return };
        let (world, engine) = (Arc::clone(&self.world), self.engine.clone());
        world.journal.will_touch_queued(id, queued.id, &queued.content);
        self.go(dice, async move {
            if let Ok(cancelled) = engine.cancel_queued(id, queued.id).await {
                world.journal.cancel_promised(id, &cancelled.content);
            }
        });
    }

    /// Answers any request that waits, sometimes with two hands at once.
    fn answer(&mut self, dice: &mut Dice, id: SessionId) {
        let pending: Vec<RequestId> = self.of_session(id, |session| {
            session.pending_approvals().map(|approval| approval.request.request_id.clone()).collect()
        });
        let Some(request_id) = dice.pick(&pending).cloned() else { return self.queue(dice, id) };
        for _ in 0..=u32::from(dice.happens(200)) {
            let (world, engine, request_id) = (Arc::clone(&self.world), self.engine.clone(), request_id.clone());
            let answer = if dice.happens(500) { Answer::ALLOW } else { Answer::Deny };
            self.go(dice, async move {
                if engine.answer(id, &request_id, answer.clone()).await.is_ok()
                    && let Some(wrong) = world.journal.answer_promised(id, &request_id, answer)
                {
                    world.trace.violated(wrong);
                }
            });
        }
    }

    fn abort(&mut self, dice: &mut Dice, id: SessionId) {
        let engine = self.engine.clone();
        self.go(dice, async move { _ = engine.abort(id).await });
    }

    fn delete(&mut self, dice: &mut Dice, id: SessionId) {
        let (world, engine) = (Arc::clone(&self.world), self.engine.clone());
        world.journal.will_delete(id);
        self.go(dice, async move {
            if engine.delete_session(id).await.is_ok() {
                world.journal.delete_promised(id);
            }
        });
    }

    fn clear(&mut self, dice: &mut Dice, id: SessionId) {
        let (world, engine) = (Arc::clone(&self.world), self.engine.clone());
        world.journal.will_clear(id);
        self.go(dice, async move {
            if engine.clear_session(id).await.is_ok() {
                world.journal.cleared(id);
            }
        });
    }

    fn set(&mut self, dice: &mut Dice) {
        let (world, store) = (Arc::clone(&self.world), self.engine.store().clone());
        let (key, value) = (format!("setting {}", dice.below(SETTINGS)), world.number());
        self.go(dice, async move {
            let Ok(receipt) = store.set_setting(&key, Some(Value::from(value))) else { return };
            if receipt.durable().await.is_ok() {
                world.journal.setting_promised(&key, value);
            }
        });
    }

    /// Reads a page and opens a transcript.
    fn look(&mut self, dice: &mut Dice, id: SessionId) {
        let (world, store) = (Arc::clone(&self.world), self.engine.store().clone());
        let limit = u32::try_from(1 + dice.below(40)).unwrap_or(PAGE_MESSAGES_MAX);
        self.go(dice, async move {
            if let Ok(page) = store.messages(id, Page::Newest, limit).await {
                let places: Vec<u64> = page.iter().map(|message| message.seq.get()).collect();
                if !places.windows(2).all(|pair| pair[1] == pair[0] + 1) {
                    world.trace.violated(format!("a page of session {id} has gaps: {places:?}"));
                }
            }
            let _opened = store.load_transcript(id).await;
        });
    }

    fn queued(&self, dice: &mut Dice, id: SessionId) -> Option<QueuedMessage> {
        let queue: Vec<QueuedMessage> = self.of_session(id, |session| session.queue().cloned().collect());
        dice.pick(&queue).cloned()
    }

    fn of_session<T: Default>(&self, id: SessionId, look: impl FnOnce(&SessionState) -> T) -> T {
        self.engine.store().read(|state| state.session(id).map(|session| look(session))).unwrap_or_default()
    }
}

fn policy(dice: &mut Dice) -> ApprovalPolicy {
    *dice.pick(&[ApprovalPolicy::Ask, ApprovalPolicy::Ask, ApprovalPolicy::AllowAll]).unwrap_or(&ApprovalPolicy::Ask)
}
