//! A database that fails, waits or lies as a test scripts it.

mod lie;

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use switchboard_domain::{Approval, Message, Project, QueuedMessage, RequestId, SessionId, StoredSession};
use tokio::sync::watch;

use crate::{CommitError, Page, Persistence, ReadError, SearchHit, SearchQuery, Upkeep, Write};
use lie::Liar;
pub use lie::Lie;

/// A method of the port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Call {
    /// [`Persistence::commit`]
    Commit,
    /// [`Persistence::set_aside`]
    SetAside,
    /// [`Persistence::maintain`]
    Maintain,
    /// [`Persistence::projects`]
    Projects,
    /// [`Persistence::sessions`]
    Sessions,
    /// [`Persistence::session`]
    Session,
    /// [`Persistence::pending_approvals`]
    PendingApprovals,
    /// [`Persistence::approval`]
    Approval,
    /// [`Persistence::queue`]
    Queue,
    /// [`Persistence::settings`]
    Settings,
    /// [`Persistence::messages`]
    Messages,
    /// [`Persistence::search`]
    Search,
    /// [`Persistence::close`]
    Close,
}

/// What one commit does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CommitStep {
    /// Goes through.
    Pass,
    /// Goes through after this time (tokio's, so that a test can pause it).
    Delay(Duration),
    /// Writes nothing and says so.
    NotWritten,
    /// Writes nothing and says that it never will.
    Refused,
    /// Writes everything, and says that it does not know.
    UnknownButWritten,
    /// Writes nothing, and says that it does not know.
    UnknownAndLost,
}

type Predicate = Arc<dyn Fn(&Write) -> bool + Send + Sync>;

/// Any database, with faults.
///
/// Clones share the script. Faults of commits come in this order: a blocked commit waits first, then
/// a batch with a refused write is refused, then the next step of the script is taken, and when the
/// script is empty, the lasting step ([`CommitStep::Pass`] unless set).
#[derive(Clone)]
pub struct FaultyPersistence<P> {
    database: P,
    script: Arc<Mutex<Script>>,
    blocked: Arc<watch::Sender<bool>>,
}

struct Script {
    steps: VecDeque<CommitStep>,
    lasting: CommitStep,
    refused: Option<Predicate>,
    upkeep_takes: Duration,
    liar: Liar,
    failing: HashMap<Call, u64>,
    calls: HashMap<Call, u64>,
    fired: HashMap<Fired, u64>,
}

/// What is counted when it happens.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Fired {
    Step(CommitStep),
    Predicate,
    Failure(Call),
}

impl<P> FaultyPersistence<P> {
    /// `database` without any fault yet.
    pub fn new(database: P) -> Self {
        let script = Script {
            steps: VecDeque::new(),
            lasting: CommitStep::Pass,
            refused: None,
            upkeep_takes: Duration::ZERO,
            liar: Liar::default(),
            failing: HashMap::new(),
            calls: HashMap::new(),
            fired: HashMap::new(),
        };
        Self { database, script: Arc::new(Mutex::new(script)), blocked: Arc::new(watch::Sender::new(false)) }
    }

    /// The database without faults, to look at what really got there.
    pub fn database(&self) -> &P {
        &self.database
    }

    /// What the next commits do, one step each, after those scripted before.
    pub fn script(&self, steps: impl IntoIterator<Item = CommitStep>) {
        self.locked().steps.extend(steps);
    }

    /// The next `times` commits do `step`.
    pub fn fail_commits(&self, times: usize, step: CommitStep) {
        self.script(std::iter::repeat_n(step, times));
    }

    /// What every commit does once the script is empty, until [`heal`](Self::heal).
    pub fn fail_all_commits(&self, step: CommitStep) {
        self.locked().lasting = step;
    }

    /// Batches with a write for which `predicate` holds are refused, until [`heal`](Self::heal).
    pub fn refuse_where(&self, predicate: impl Fn(&Write) -> bool + Send + Sync + 'static) {
        self.locked().refused = Some(Arc::new(predicate));
    }

    /// The next `times` calls of `call` fail; [`Call::Commit`] as [`CommitStep::NotWritten`].
    pub fn fail(&self, call: Call, times: u64) {
        self.locked().failing.insert(call, times);
    }

    /// Upkeep takes this long (tokio's time), until [`heal`](Self::heal).
    pub fn delay_upkeep(&self, time: Duration) {
        self.locked().upkeep_takes = time;
    }

    /// Breaks a promise from now on, with each commit that goes through. [`heal`](Self::heal) does not end
    /// a lie: nobody knows of it.
    pub fn lie(&self, lie: Lie) {
        self.locked().liar = Liar::new(lie);
    }

    /// Commits wait from now on, before anything is written.
    pub fn block_commits(&self) {
        self.blocked.send_replace(true);
    }

    /// Commits go on.
    pub fn release_commits(&self) {
        self.blocked.send_replace(false);
    }

    /// Ends every fault that is still to come and releases what is blocked.
    pub fn heal(&self) {
        let mut script = self.locked();
        script.steps.clear();
        script.lasting = CommitStep::Pass;
        script.refused = None;
        script.upkeep_takes = Duration::ZERO;
        script.failing.clear();
        drop(script);
        self.release_commits();
    }

    /// How often `call` was made, whatever came of it.
    pub fn calls(&self, call: Call) -> u64 {
        self.locked().calls.get(&call).copied().unwrap_or(0)
    }

    /// How often a commit did `step`.
    pub fn stepped(&self, step: CommitStep) -> u64 {
        self.fired(Fired::Step(step))
    }

    /// How often a batch was refused by the predicate.
    pub fn refusals(&self) -> u64 {
        self.fired(Fired::Predicate)
    }

    /// How often `call` failed because of [`fail`](Self::fail).
    pub fn failures(&self, call: Call) -> u64 {
        self.fired(Fired::Failure(call))
    }

    fn fired(&self, what: Fired) -> u64 {
        self.locked().fired.get(&what).copied().unwrap_or(0)
    }

    fn locked(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts the call and says whether it is to fail.
    fn fails(&self, call: Call) -> bool {
        let mut script = self.locked();
        *script.calls.entry(call).or_default() += 1;
        match script.failing.get_mut(&call) {
            Some(left) if *left > 0 => {
                *left -= 1;
                script.count(Fired::Failure(call));
                true
            }
            _ => false,
        }
    }

    fn read(&self, call: Call, what: &'static str) -> Result<(), ReadError> {
        if self.fails(call) { Err(ReadError { what, reason: REASON.into(), cause: None }) } else { Ok(()) }
    }

    fn write(&self, call: Call) -> Result<(), CommitError> {
        if self.fails(call) { Err(not_written()) } else { Ok(()) }
    }
}

impl<P: Persistence> FaultyPersistence<P> {
    /// Commits `batch`, or what a lie makes of it.
    async fn pass_on(&self, batch: &[Write]) -> Result<(), CommitError> {
        let written = self.locked().liar.written_of(batch);
        self.database.commit(&written).await
    }
}

impl Script {
    fn count(&mut self, what: Fired) {
        *self.fired.entry(what).or_default() += 1;
    }

    fn next_step(&mut self, batch: &[Write]) -> CommitStep {
        if self.refused.as_ref().is_some_and(|refused| batch.iter().any(|write| refused(write))) {
            self.count(Fired::Predicate);
            return CommitStep::Refused;
        }
        let step = self.steps.pop_front().unwrap_or(self.lasting);
        self.count(Fired::Step(step));
        step
    }
}

/// What every scripted fault says.
const REASON: &str = "a fault of the test";

fn not_written() -> CommitError {
    CommitError::NotWritten { reason: REASON.into(), cause: None }
}

fn unknown() -> CommitError {
    CommitError::Unknown { reason: REASON.into(), cause: None }
}

impl<P: fmt::Debug> fmt::Debug for FaultyPersistence<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultyPersistence").field("database", &self.database).finish_non_exhaustive()
    }
}

#[async_trait]
impl<P: Persistence> Persistence for FaultyPersistence<P> {
    async fn commit(&self, batch: &[Write]) -> Result<(), CommitError> {
        let failed = self.write(Call::Commit);
        // The sender lives in `self`, so waiting ends only by release.
        self.blocked.subscribe().wait_for(|blocked| !blocked).await.map_err(|_| not_written())?;
        failed?;
        let step = self.locked().next_step(batch);
        match step {
            CommitStep::Pass => self.pass_on(batch).await,
            CommitStep::Delay(time) => {
                tokio::time::sleep(time).await;
                self.pass_on(batch).await
            }
            CommitStep::NotWritten => Err(not_written()),
            CommitStep::Refused => Err(CommitError::Refused { reason: REASON.into(), cause: None }),
            CommitStep::UnknownButWritten => {
                self.pass_on(batch).await?;
                Err(unknown())
            }
            CommitStep::UnknownAndLost => Err(unknown()),
        }
    }

    async fn set_aside(&self, write: &Write, reason: &str) -> Result<(), CommitError> {
        self.write(Call::SetAside)?;
        self.database.set_aside(write, reason).await
    }

    async fn maintain(&self) -> Result<Upkeep, CommitError> {
        self.write(Call::Maintain)?;
        let time = self.locked().upkeep_takes;
        if !time.is_zero() {
            tokio::time::sleep(time).await;
        }
        self.database.maintain().await
    }

    async fn projects(&self) -> Result<Vec<Project>, ReadError> {
        self.read(Call::Projects, "projects")?;
        self.database.projects().await
    }

    async fn sessions(&self) -> Result<Vec<StoredSession>, ReadError> {
        self.read(Call::Sessions, "sessions")?;
        self.database.sessions().await
    }

    async fn session(&self, id: SessionId) -> Result<Option<StoredSession>, ReadError> {
        self.read(Call::Session, "session")?;
        self.database.session(id).await
    }

    async fn pending_approvals(&self) -> Result<Vec<Approval>, ReadError> {
        self.read(Call::PendingApprovals, "approvals")?;
        self.database.pending_approvals().await
    }

    async fn approval(&self, session_id: SessionId, request_id: &RequestId) -> Result<Option<Approval>, ReadError> {
        self.read(Call::Approval, "approvals")?;
        self.database.approval(session_id, request_id).await
    }

    async fn queue(&self) -> Result<Vec<QueuedMessage>, ReadError> {
        self.read(Call::Queue, "queue")?;
        self.database.queue().await
    }

    async fn settings(&self) -> Result<Vec<(String, Value)>, ReadError> {
        self.read(Call::Settings, "settings")?;
        self.database.settings().await
    }

    async fn messages(&self, session_id: SessionId, page: Page, limit: u32) -> Result<Vec<Message>, ReadError> {
        self.read(Call::Messages, "messages")?;
        self.database.messages(session_id, page, limit).await
    }

    async fn search(&self, query: &SearchQuery) -> Result<Vec<SearchHit>, ReadError> {
        self.read(Call::Search, "search")?;
        self.database.search(query).await
    }

    async fn close(&self) -> Result<(), CommitError> {
        self.write(Call::Close)?;
        self.database.close().await
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::testing::{MemoryPersistence, sample};

    fn faulty() -> FaultyPersistence<MemoryPersistence> {
        FaultyPersistence::new(MemoryPersistence::new())
    }

    fn batch(project: u32) -> [Write; 1] {
        [Write::Project(sample::project(project))]
    }

    async fn written(database: &FaultyPersistence<MemoryPersistence>) -> usize {
        database.database().projects().await.expect("the memory").len()
    }

    #[rstest]
    #[case::pass(CommitStep::Pass, "Ok(())", 1)]
    #[case::not_written(CommitStep::NotWritten, "Err(NotWritten", 0)]
    #[case::refused(CommitStep::Refused, "Err(Refused", 0)]
    #[case::unknown_but_written(CommitStep::UnknownButWritten, "Err(Unknown", 1)]
    #[case::unknown_and_lost(CommitStep::UnknownAndLost, "Err(Unknown", 0)]
    #[tokio::test]
    async fn a_step_says_and_does_what_it_is_called(
        #[case] step: CommitStep,
        #[case] says: &str,
        #[case] writes: usize,
    ) {
        let database = faulty();
        database.fail_commits(1, step);
        let outcome = format!("{:?}", database.commit(&batch(1)).await);
        assert!(outcome.starts_with(says), "{outcome}");
        assert_eq!((written(&database).await, database.stepped(step)), (writes, 1));
        database.commit(&batch(2)).await.expect("the script is over");
        assert_eq!((written(&database).await, database.calls(Call::Commit)), (writes + 1, 2));
    }

    #[tokio::test]
    async fn a_lasting_fault_lasts_until_healed_and_the_script_comes_first() {
        let database = faulty();
        database.fail_all_commits(CommitStep::NotWritten);
        database.script([CommitStep::Pass]);
        database.commit(&batch(1)).await.expect("scripted to pass");
        for _ in 0..3 {
            database.commit(&batch(2)).await.expect_err("lasting");
        }
        database.heal();
        database.commit(&batch(2)).await.expect("healed");
        assert_eq!(database.stepped(CommitStep::NotWritten), 3);
    }

    #[tokio::test]
    async fn only_batches_with_the_refused_write_are_refused() {
        let database = faulty();
        database.refuse_where(|write| matches!(write, Write::Project(project) if project.id == sample::project_id(2)));
        database.commit(&batch(1)).await.expect("not that one");
        let both = [batch(1), batch(2)].concat();
        assert!(matches!(database.commit(&both).await, Err(CommitError::Refused { .. })));
        assert_eq!((written(&database).await, database.refusals()), (1, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn delays_take_tokio_time() {
        let database = faulty();
        database.fail_commits(1, CommitStep::Delay(Duration::from_hours(1)));
        let start = tokio::time::Instant::now();
        database.commit(&batch(1)).await.expect("late, but written");
        assert_eq!(start.elapsed(), Duration::from_hours(1));
    }

    #[tokio::test]
    async fn a_blocked_commit_writes_nothing_until_released() {
        let database = faulty();
        database.block_commits();
        let blocked = database.clone();
        let commit = tokio::spawn(async move { blocked.commit(&batch(1)).await });
        while database.calls(Call::Commit) == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(written(&database).await, 0);
        database.release_commits();
        commit.await.expect("no panic").expect("written");
        assert_eq!(written(&database).await, 1);
    }

    #[tokio::test]
    async fn each_call_fails_as_often_as_told_and_is_counted() {
        let database = faulty();
        for call in [Call::Sessions, Call::Maintain, Call::SetAside] {
            database.fail(call, 2);
        }
        let [write] = batch(1);
        for works in [false, false, true] {
            assert_eq!(database.sessions().await.is_ok(), works);
            assert_eq!(database.maintain().await.is_ok(), works);
            assert_eq!(database.set_aside(&write, "because").await.is_ok(), works);
            assert!(database.projects().await.is_ok(), "another call is not touched");
        }
        for call in [Call::Sessions, Call::Maintain, Call::SetAside] {
            assert_eq!((database.failures(call), database.calls(call)), (2, 3));
        }
        assert_eq!(database.database().dead_letters(), [(write, "because".to_owned())]);
    }
}
