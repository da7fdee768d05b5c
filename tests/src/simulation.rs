//! Whole lives of the program in simulated time, with everything going wrong that can.
//!
//! The real store, engine and supervision run on a paused clock in one thread, with a clock, ids and
//! chance of their own. Persons do things, agents work or misbehave, the disk waits, fails and does not
//! know, and the machine dies; then the next life begins with what was on the disk. After every step
//! the laws are checked, after every death the promises, and once the faults are over everything must
//! come to rest: answered, ended, saved. The same seed gives the same run, which the hash of the trace
//! shows.

mod agents;
mod breakage;
mod clock;
mod dice;
mod disk;
mod journal;
mod life;
mod mirror;
mod person;
mod picture;
mod trace;

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use switchboard_domain::SessionId;
use uuid::Uuid;

pub use breakage::Breakage;
use dice::Dice;
use disk::{Death, Disk, Weather};
use journal::Journal;
use life::Life;
use mirror::Mirror;
use picture::Drafts;
use trace::Trace;

/// Every fault there is. One that never fires in all seeds of a run proves nothing.
pub const FAULTS: [&str; 23] = [
    "agent deaf for a while",
    "agent died in its turn",
    "agent floods",
    "agent hangs",
    "agent left after its turn",
    "agent not launched",
    "command lost on its way",
    "command refused",
    "commit failed",
    "commit stalled",
    "commit unknown, lost",
    "commit unknown, unflushed",
    "commit unknown, written",
    "died as a commit came through",
    "died before a commit came through",
    "killed",
    "line broke in the turn",
    "person did not wait",
    "power cut",
    "read failed",
    "subscriber lagged",
    "unflushed batch lost at a power cut",
    "upkeep failed",
];

/// One run.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// What makes it this one.
    pub seed: u64,
    /// The most sessions at a time.
    pub sessions: usize,
    /// What persons do in all lives together.
    pub operations: u64,
    /// How often the machine dies in the middle.
    pub crashes: u64,
    /// What is broken on purpose.
    pub breakage: Option<Breakage>,
    /// Whether to keep in words what happened.
    pub verbose: bool,
}

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Of everything that happened.
    pub hash: u64,
    /// How often each fault fired.
    pub fired: BTreeMap<&'static str, u64>,
    /// The first law that was broken.
    pub violation: Option<String>,
    /// What happened, in words, where that was asked for.
    pub story: Vec<String>,
}

/// Tries to start; more in a row fail only on a disk that is always in trouble.
const STARTS_MAX: u64 = 50;

/// Goes through a whole run.
///
/// # Panics
/// When no runtime can be made.
pub fn run(plan: &Plan) -> Verdict {
    let mut dice = Dice::new(plan.seed);
    let world = Arc::new(World::new(plan, &mut dice));
    let mut former = None;
    for life in 0..=plan.crashes {
        if world.trace.is_violated() {
            break;
        }
        former = one_life(&world, plan, &mut dice, former, life == plan.crashes);
    }
    let (hash, fired, violation) = world.trace.verdict();
    Verdict { hash, fired, violation, story: world.trace.story() }
}

/// From the start to the death of the machine.
fn one_life(
    world: &Arc<World>,
    plan: &Plan,
    dice: &mut Dice,
    mut former: Option<Mirror>,
    last: bool,
) -> Option<Mirror> {
    for _ in 0..STARTS_MAX {
        world.begin_life(Weather::any(dice));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        let runtime = runtime.expect("a runtime without any driver but time");
        let lived = runtime.block_on(async {
            let mut life = Life::begin(world, plan, former.take()).await?;
            life.go_on(dice, plan.operations / (plan.crashes + 1)).await;
            if last && !world.trace.is_violated() {
                life.end_well().await;
                return Some(None);
            }
            Some(Some(life.into_mirror()))
        });
        drop(runtime);
        world.die(dice, lived.is_some());
        if let Some(mirror) = lived {
            return mirror;
        }
    }
    world.trace.violated("the program does not start any more");
    None
}

/// What outlives every death: the disk, and what people remember.
pub(crate) struct World {
    trace: Arc<Trace>,
    journal: Journal,
    disk: Disk,
    breakage: Option<Breakage>,
    dice: Mutex<Dice>,
    numbers: AtomicU64,
    lives: AtomicU64,
    faults: AtomicBool,
    /// Agents that live, by session.
    agents: Mutex<BTreeMap<SessionId, u32>>,
}

impl World {
    fn new(plan: &Plan, dice: &mut Dice) -> Self {
        let trace = Arc::new(if plan.verbose { Trace::verbose() } else { Trace::default() });
        let disk = Disk::new(dice.split(), Arc::clone(&trace), plan.breakage);
        Self {
            trace,
            journal: Journal::default(),
            disk,
            breakage: plan.breakage,
            dice: Mutex::new(dice.split()),
            numbers: AtomicU64::new(1),
            lives: AtomicU64::new(0),
            faults: AtomicBool::new(true),
            agents: Mutex::default(),
        }
    }

    /// Dice of one's own.
    fn dice(&self) -> Dice {
        self.dice.lock().unwrap_or_else(PoisonError::into_inner).split()
    }

    /// A number greater than all before it.
    fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// An id greater than all before it.
    fn id(&self) -> Uuid {
        Uuid::from_u128((1 << 100) | u128::from(self.number()))
    }

    /// Words that nobody has said before.
    fn words(&self) -> String {
        format!("words {}", self.number())
    }

    fn era(&self) -> u64 {
        self.lives.load(Ordering::Relaxed)
    }

    fn faults_are_on(&self) -> bool {
        self.faults.load(Ordering::Relaxed)
    }

    fn calm_down(&self) {
        self.faults.store(false, Ordering::Relaxed);
        self.disk.set_weather(Weather::Calm);
    }

    fn agents(&self) -> std::sync::MutexGuard<'_, BTreeMap<SessionId, u32>> {
        self.agents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn agent_began(&self, id: SessionId) {
        *self.agents().entry(id).or_default() += 1;
    }

    fn agent_ended(&self, id: SessionId) {
        let mut agents = self.agents();
        let left = agents.entry(id).or_default();
        *left = left.saturating_sub(1);
    }

    fn agent_lives(&self, id: SessionId) -> bool {
        self.agents().get(&id).is_some_and(|count| *count > 0)
    }

    fn begin_life(&self, weather: Weather) {
        self.lives.fetch_add(1, Ordering::Relaxed);
        self.agents().clear();
        self.disk.set_weather(weather);
    }

    /// The machine dies, and what is on the disk must be what was promised.
    fn die(&self, dice: &mut Dice, started: bool) {
        let death = if dice.happens(500) { Death::PowerCut } else { Death::Kill };
        self.trace.fired(if death == Death::PowerCut { "power cut" } else { "killed" });
        self.disk.die(death, dice);
        self.journal.machine_died();
        if self.trace.is_violated() {
            return;
        }
        let rows = self.disk.rows();
        if let Some(law) = self.journal.broken_by(&rows) {
            self.trace.violated(format!("after the machine died: {law}"));
        }
        // A start that was given up has not read everything, so its state says nothing.
        if let Some(image) = self.disk.image().filter(|_| started) {
            let may_be_there = |id| self.journal.may_come_to_be(id);
            let part = picture::difference_of_disk(&rows, &image, Drafts::Prefix, may_be_there);
            if let Some(part) = part {
                self.trace.violated(format!("the disk is the store at no moment: {part}"));
            }
        }
    }
}

/// What a future gives that never waits: the database in memory answers at once.
pub(crate) fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("the database in memory never waits"),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn plan(seed: u64, breakage: Option<Breakage>) -> Plan {
        Plan { seed, sessions: 5, operations: 200, crashes: 3, breakage, verbose: false }
    }

    #[rstest]
    fn the_same_seed_is_the_same_run(#[values(1, 2, 3)] seed: u64) {
        let (once, again) = (run(&plan(seed, None)), run(&plan(seed, None)));
        assert_eq!((once.hash, once.fired), (again.hash, again.fired));
        assert_ne!(once.hash, run(&plan(seed + 100, None)).hash);
    }
}
