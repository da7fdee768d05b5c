//! One life of the machine: from the start of the program to its death.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use switchboard::engine::{AgentBook, Engine, EngineConfig, ShutdownEnd, Silent};
use switchboard_domain::{Delivery, Health, SessionId, SessionStatus};
use switchboard_sidecar::{AgentSpec, ProtocolKind};
use switchboard_store::{SessionState, State, Store, StoreConfig};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use crate::simulation::agents::SimulatedLauncher;
use crate::simulation::breakage::Breakage;
use crate::simulation::clock::{SimulatedClock, SimulatedIds};
use crate::simulation::disk::Weather;
use crate::simulation::mirror::Mirror;
use crate::simulation::person::Person;
use crate::simulation::picture::{self, Drafts};
use crate::simulation::{Plan, World, dice::Dice};

/// Trouble must be told within a second; the rest is the writer's own look around.
const TOLD_WITHIN: Duration = Duration::from_millis(1_050);
/// More than anything may take once the faults are over.
const RECOVERY: Duration = Duration::from_mins(3);

/// One life of the machine.
pub(crate) struct Life {
    world: Arc<World>,
    store: Store,
    person: Person,
    mirror: Mirror,
}

impl Life {
    /// Starts the program; `None` when it does not get that far.
    pub(crate) async fn begin(world: &Arc<World>, plan: &Plan, former: Option<Mirror>) -> Option<Self> {
        world.disk.begin_life();
        let store = Store::start(world.disk.clone(), config(world));
        world.disk.serve(&store);
        let mirror = Mirror::of(&store, former, &world.trace, world.breakage);
        if !store.hydrate().await.is_ok_and(|hydration| hydration.problems.is_empty()) {
            // What could not be read is there at the next start.
            world.trace.fired("start given up");
            return None;
        }
        let project_id = store.add_project(Path::new("/project")).ok()?.into_value().id;
        let book = AgentBook::new([AgentSpec::new("one", ProtocolKind::Native, "one")]);
        let launcher = Arc::new(SimulatedLauncher { world: Arc::clone(world) });
        let engine = Engine::new(store.clone(), launcher, book, Arc::new(Silent), EngineConfig::default());
        let (under_way, sessions_max) = (JoinSet::new(), plan.sessions);
        let person = Person { world: Arc::clone(world), engine, project_id, under_way, sessions_max };
        Some(Self { world: Arc::clone(world), store, person, mirror })
    }

    /// Persons do so many things, one after the other, while agents work and the disk is as it is.
    pub(crate) async fn go_on(&mut self, dice: &mut Dice, operations: u64) {
        for _ in 0..operations {
            if dice.happens(40) {
                self.world.disk.set_weather(Weather::any(dice));
            }
            match dice.below(100) {
                0 => self.mirror.reload(&self.store).await,
                1 | 2 => self.mirror.reconnect(&self.store),
                _ => {}
            }
            self.person.act(dice);
            self.let_time_pass(dice).await;
            while self.person.under_way.try_join_next().is_some() {}
            self.look();
            if self.world.trace.is_violated() {
                return;
            }
        }
    }

    async fn let_time_pass(&self, dice: &mut Dice) {
        match dice.below(100) {
            0..=39 => {
                for _ in 0..dice.below(6) {
                    tokio::task::yield_now().await;
                }
            }
            40..=79 => tokio::time::sleep(dice.milliseconds(20)).await,
            80..=97 => tokio::time::sleep(dice.milliseconds(400)).await,
            _ => tokio::time::sleep(dice.milliseconds(4_000)).await,
        }
    }

    /// The laws that hold at any moment.
    fn look(&mut self) {
        self.mirror.catch_up(&self.store);
        let stuck = self.world.disk.stuck_for();
        if stuck > TOLD_WITHIN && self.store.read(|state| *state.health() == Health::Healthy) {
            self.world.trace.violated(format!("nothing was saved for {stuck:?}, and health is said to be good"));
        }
        for id in self.world.journal.gone() {
            if self.store.read(|state| state.session(id).is_some()) {
                self.world.trace.violated(format!("session {id} was deleted or refused, and is there"));
            }
        }
    }

    /// The machine dies here; what is left is the mirror of somebody who was connected.
    pub(crate) fn into_mirror(self) -> Mirror {
        self.mirror
    }

    /// The faults are over: everything must come to rest, well and saved.
    pub(crate) async fn end_well(mut self) {
        self.world.calm_down();
        if let Err(law) = self.come_to_rest().await {
            self.world.trace.violated(law);
        }
        self.look();
    }

    /// A session that runs has an agent, or will soon, or runs no more.
    async fn has_an_agent(&self, id: SessionId) -> Result<(), String> {
        let runs = || {
            let is_running = |session: &Arc<SessionState>| session.session().status() == SessionStatus::Running;
            self.store.read(|state| state.session(id).is_some_and(is_running))
        };
        let began = Instant::now();
        while runs() && !self.world.agent_lives(id) {
            if began.elapsed() > STARTED_WITHIN {
                return Err(format!("session {id} runs, and its agent is gone"));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    }

    async fn come_to_rest(&mut self) -> Result<(), String> {
        let in_time = |what: &'static str| move |_| format!("{what} did not come to an end");
        let all = async { while self.person.under_way.join_next().await.is_some() {} };
        timeout(RECOVERY, all).await.map_err(in_time("what a person asked for"))?;
        self.look();
        let running: Vec<_> = self.store.read(|state| {
            let running = state.sessions().filter(|it| it.session().status() == SessionStatus::Running);
            running.map(|it| it.session().id).collect()
        });
        for id in running {
            self.has_an_agent(id).await?;
            let aborted = timeout(RECOVERY, self.person.engine.abort(id)).await;
            let _status = aborted.map_err(in_time("an abort"))?;
            let is_over = |status: SessionStatus| status.is_final();
            if !self.store.read(|state| state.session(id).is_none_or(|it| is_over(it.session().status()))) {
                return Err(format!("session {id} was aborted, and runs"));
            }
        }
        if let Some(id) = self.store.read(forgotten_queue) {
            return Err(format!("a message waits in the queue of session {id}, which is free"));
        }
        let stopped = timeout(RECOVERY, self.person.engine.shutdown(ShutdownEnd::Interrupted)).await;
        let _in_turn = stopped.map_err(in_time("shutting down"))?;
        let flushed = timeout(RECOVERY, self.store.flush()).await.map_err(in_time("saving"))?;
        flushed.map_err(|error| format!("nothing is saved any more: {error}"))?;
        if self.store.read(|state| *state.health() != Health::Healthy) {
            return Err("everything is saved, and health is said to be bad".to_owned());
        }
        let state = self.store.snapshot();
        match picture::difference_of_disk(&self.world.disk.rows(), &state, Drafts::Whole, |_| false) {
            Some(part) => Err(format!("in the end the disk differs from memory in {part}")),
            None => Ok(()),
        }
    }
}

/// How long a session may run before it has an agent: it may be about to be started.
const STARTED_WITHIN: Duration = Duration::from_secs(30);

/// A session that could take what waits, and nobody sends it.
fn forgotten_queue(state: &State) -> Option<SessionId> {
    let forgotten = state.sessions().find(|session| {
        let first = session.queue().next();
        session.session().status() == SessionStatus::Completed
            && session.session().error.is_none()
            && first.is_some_and(|message| message.delivery == Delivery::Waiting)
    });
    forgotten.map(|session| session.session().id)
}

fn config(world: &Arc<World>) -> StoreConfig {
    let patient = world.breakage == Some(Breakage::IgnoreLag);
    StoreConfig {
        clock: Arc::new(SimulatedClock::new(world.era())),
        ids: Arc::new(SimulatedIds(Arc::clone(world))),
        unsaved_bytes_max: 32 << 10,
        backlog_bytes_max: if patient { 2 << 10 } else { 6 << 10 },
        transcript_messages_max: 20,
        transcript_bytes_max: 8 << 10,
        ..StoreConfig::default()
    }
}
