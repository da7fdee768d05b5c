//! The store from one start to its end, with the model beside it.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;
use std::pin::Pin;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::Value;
use switchboard_domain::{Answer, ApprovalEnd, ApprovalRequest, NewSession, ProjectId, SessionId, SessionStatus};
use switchboard_store::testing::{FaultyPersistence, Lie, MemoryPersistence};
use switchboard_store::{NotSaved, Receipt, Refused, Store, StoreConfig, TurnEnd};
use tokio::runtime::Runtime;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::fixtures::{Database, agent, call, result, retold};
use crate::state_machine::Action;
use crate::state_machine::picture::{Picture, Sitting, Standing, request_id};

/// More sessions than this say nothing new.
const SESSIONS_MAX: usize = 4;

/// How long somebody waits for the disk.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long everything may take once the faults are over.
const RECOVERY: Duration = Duration::from_mins(1);

type Durable = Pin<Box<dyn Future<Output = Result<(), NotSaved>>>>;

/// The store from one start to its end. Its runtime is its machine: dropping it is pulling the plug.
pub(crate) struct Life {
    runtime: Runtime,
    store: Store,
    database: Database,
    lie: Lie,
    project: ProjectId,
    model: Picture,
    /// The model after each step of this life, oldest first.
    history: Vec<Picture>,
    /// The disk may not be before this place of the history.
    acknowledged: usize,
    receipts: Vec<(usize, Durable)>,
    /// Sessions that were refused: a crash may bring them back, as long as they are blank.
    refused: BTreeSet<SessionId>,
    /// Numbers of approvals asked for in this life.
    requests: Range<u32>,
    /// Makes every text another one.
    texts: u32,
}

impl Life {
    pub(crate) fn first(lie: Lie) -> Self {
        let database = FaultyPersistence::new(MemoryPersistence::new());
        let (runtime, store) = start(&database, lie);
        let project = runtime.block_on(async {
            let project = store.add_project(Path::new("/code/project")).expect("added");
            project.durable().await.expect("saved").id
        });
        Self {
            runtime,
            store,
            database,
            lie,
            project,
            model: Picture::default(),
            history: vec![Picture::default()],
            acknowledged: 0,
            receipts: Vec::new(),
            refused: BTreeSet::new(),
            requests: 0..0,
            texts: 0,
        }
    }

    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    /// Something happened: the model moves on.
    fn moved(&mut self) {
        self.history.push(self.model.clone());
    }

    fn acted<T: 'static>(&mut self, receipt: Receipt<T>) {
        self.moved();
        let durable = async move { receipt.durable().await.map(|_| ()) };
        self.receipts.push((self.history.len() - 1, Box::pin(durable)));
    }

    fn text(&mut self) -> String {
        self.texts += 1;
        format!("text {};", self.texts)
    }

    pub(crate) fn create(&mut self) -> Result<(), TestCaseError> {
        if self.model.sessions.len() >= SESSIONS_MAX {
            return Ok(());
        }
        let (id, title) = (SessionId::new(Uuid::now_v7()), self.text());
        let new = NewSession {
            id,
            project_id: self.project,
            agent: "builtin".into(),
            prompt: "do it".into(),
            title: Some(title.clone()),
            model: None,
        };
        match self.runtime.block_on(self.store.create_session(new)) {
            Ok(_) => {
                self.model.sessions.insert(id, Sitting::new(&title));
                self.moved();
                self.acknowledge(self.history.len() - 1)?;
            }
            Err(_) => _ = self.refused.insert(id),
        }
        Ok(())
    }

    pub(crate) fn act(&mut self, session: usize, action: Action) -> Result<(), TestCaseError> {
        let ids = self.model.ids();
        let Some(id) = ids.get(session % ids.len().max(1)).copied() else { return Ok(()) };
        match action {
            Action::Delete => {
                self.model.sessions.remove(&id);
                let receipt = self.store.delete_session(id).expect("there");
                self.acted(receipt);
            }
            _ => self.act_on(id, action)?,
        }
        Ok(())
    }

    fn act_on(&mut self, id: SessionId, action: Action) -> Result<(), TestCaseError> {
        let text = self.text();
        let store = self.store.clone();
        let sitting = self.model.sessions.get_mut(&id).expect("picked from the model");
        match action {
            Action::Say => {
                sitting.say(&text);
                self.acted(store.append_message(id, agent(&text)).expect("there"));
            }
            Action::BeginTurn => {
                sitting.begin_turn(&text);
                self.acted(store.begin_turn(id, &text).expect("there"));
            }
            Action::EndTurn => {
                let end = TurnEnd { status: SessionStatus::Completed, error: None, approvals: ApprovalEnd::Expired };
                let ended = sitting.end_turn();
                match store.end_turn(id, end) {
                    Ok(receipt) => self.acted(receipt),
                    Err(refused) => prop_assert_eq!((ended, refused), (false, Refused::StatusNotAllowed)),
                }
            }
            Action::Stream => {
                sitting.streamed.push_str(&text);
                store.stream_content(id, &text).expect("there");
                self.moved();
            }
            Action::CallTool => {
                sitting.pending.push((text.clone(), false));
                self.acted(store.begin_tool_call(id, call(&text)).expect("there"));
            }
            Action::FinishTool => {
                let Some(waits) = sitting.pending.iter_mut().find(|(_, answered)| !answered) else { return Ok(()) };
                waits.1 = true;
                let name = waits.0.clone();
                self.acted(store.finish_tool_call(id, result(&name)).expect("there"));
            }
            Action::SetTitle => {
                sitting.title.clone_from(&text);
                self.acted(store.set_title(id, &text).expect("there"));
            }
            Action::Clear => {
                sitting.clear();
                self.acted(store.clear_session(id).expect("there"));
            }
            Action::Queue | Action::Pop | Action::Deliver => self.act_on_queue(id, action, &text)?,
            Action::Ask | Action::Answer => self.act_on_approvals(id, action),
            Action::Delete => {}
        }
        Ok(())
    }

    fn act_on_queue(&mut self, id: SessionId, action: Action, text: &str) -> Result<(), TestCaseError> {
        let store = self.store.clone();
        let sitting = self.model.sessions.get_mut(&id).expect("picked from the model");
        match action {
            Action::Queue => {
                sitting.queue.push((text.to_owned(), switchboard_domain::Delivery::Waiting));
                self.acted(store.queue_message(id, text).expect("there"));
            }
            Action::Pop => {
                let popped = sitting.pop();
                let receipt = store.pop_queued(id).expect("there");
                prop_assert_eq!(receipt.value().is_some(), popped);
                self.acted(receipt);
            }
            _ => {
                let first = store.read(|state| state.session(id)?.queue().next().map(|it| it.id));
                let Some(first) = first else { return Ok(()) };
                sitting.deliver();
                self.acted(store.queued_delivered(id, first).expect("there"));
            }
        }
        Ok(())
    }

    fn act_on_approvals(&mut self, id: SessionId, action: Action) {
        let sitting = self.model.sessions.get_mut(&id).expect("picked from the model");
        if let Action::Ask = action {
            let number = self.requests.end;
            self.requests.end += 1;
            sitting.approvals.insert(number, Standing::Pending);
            let request = ApprovalRequest {
                request_id: request_id(number),
                tool_name: "Bash".into(),
                input: Value::Null,
                suggestions: None,
            };
            let receipt = self.store.request_approval(id, request).expect("there");
            self.acted(receipt);
        } else if let Some((number, standing)) =
            sitting.approvals.iter_mut().find(|(_, standing)| **standing == Standing::Pending)
        {
            *standing = Standing::Answered;
            let receipt = self.store.answer_approval(id, &request_id(*number), Answer::ALLOW).expect("pending");
            self.acted(receipt);
        }
    }

    pub(crate) fn set_setting(&mut self, key: u8, value: Option<u8>) {
        let (key, value) = (format!("key {key}"), value.map(Value::from));
        let receipt = self.store.set_setting(&key, value.clone()).expect("a name");
        match value {
            Some(value) => _ = self.model.settings.insert(key, value),
            None => _ = self.model.settings.remove(&key),
        }
        self.acted(receipt);
    }

    pub(crate) fn wait(&self, time: Duration) {
        self.runtime.block_on(async { sleep(time).await });
    }

    pub(crate) fn await_newest(&mut self) -> Result<(), TestCaseError> {
        let Some((place, durable)) = self.receipts.last_mut() else { return Ok(()) };
        let (place, durable) = (*place, durable.as_mut());
        if let Ok(outcome) = self.runtime.block_on(async { timeout(PATIENCE, durable).await }) {
            prop_assert_eq!(outcome, Ok(()), "the disk takes everything");
            self.receipts.pop();
            self.acknowledge(place)?;
        }
        Ok(())
    }

    pub(crate) fn flush(&mut self) -> Result<(), TestCaseError> {
        if let Ok(outcome) = self.runtime.block_on(async { timeout(PATIENCE, self.store.flush()).await }) {
            prop_assert_eq!(outcome, Ok(()), "the disk takes everything");
            self.acknowledge(self.history.len() - 1)?;
            let disk = self.disk();
            prop_assert_eq!(&disk, &self.model, "after a flush the disk has everything");
        }
        Ok(())
    }

    /// Somebody was told that everything up to this place is on disk.
    fn acknowledge(&mut self, place: usize) -> Result<(), TestCaseError> {
        self.acknowledged = self.acknowledged.max(place);
        self.check_disk()
    }

    /// The disk, without blank sessions that were refused: they may be on their way out.
    fn disk(&self) -> Picture {
        let disk = self.runtime.block_on(Picture::of_disk(self.database.database(), self.requests.clone()));
        self.without_refused(disk)
    }

    fn without_refused(&self, mut disk: Picture) -> Picture {
        disk.sessions.retain(|id, sitting| !self.refused.contains(id) || *sitting != Sitting::new(&sitting.title));
        disk
    }

    /// The disk is the model as it was at one moment, and no earlier than what was acknowledged.
    fn check_disk(&self) -> Result<(), TestCaseError> {
        let disk = self.disk();
        let candidates = &self.history[self.acknowledged..];
        prop_assert!(
            candidates.iter().any(|model| disk.is_saved_form_of(model)),
            "the disk is at no moment since the last acknowledgement:\n{disk:#?}\nit was told of\n{:#?}\nand now is\n{:#?}",
            candidates.first(),
            self.model
        );
        Ok(())
    }

    /// Memory is what the model says.
    pub(crate) fn check_memory(&self) -> Result<(), TestCaseError> {
        let shown = self.runtime.block_on(Picture::of_store(&self.store, self.requests.clone()));
        prop_assert_eq!(&shown, &self.model);
        let state = self.store.snapshot();
        prop_assert_eq!(format!("{:?}", retold(&state)), format!("{state:?}"), "a copy is like the original");
        Ok(())
    }

    /// The machine dies, and the app starts again with what is on disk.
    pub(crate) fn crash(mut self) -> Result<Self, TestCaseError> {
        for (place, durable) in std::mem::take(&mut self.receipts) {
            if let Ok(outcome) = self.runtime.block_on(async { timeout(Duration::ZERO, durable).await }) {
                prop_assert_eq!(outcome, Ok(()), "the disk takes everything");
                self.acknowledge(place)?;
            }
        }
        self.check_disk()?;
        let Self { runtime, store, database, lie, project, requests, texts, .. } = self;
        drop(runtime);
        drop(store);

        let disk = database.database().reopen();
        let database = FaultyPersistence::new(disk.clone());
        let (runtime, store) = start(&database, lie);
        let requests = requests.end..requests.end;
        let found = runtime.block_on(Picture::of_disk(&disk, requests.clone()));
        let hydrated = runtime.block_on(store.hydrate());
        prop_assert!(hydrated.is_ok_and(|it| it.problems.is_empty()));
        let model = found.clone().hydrated();
        let history = vec![found, model.clone()];
        let (acknowledged, receipts, refused) = (0, Vec::new(), BTreeSet::new());
        let next = Self {
            runtime,
            store,
            database,
            lie,
            project,
            model,
            history,
            acknowledged,
            receipts,
            refused,
            requests,
            texts,
        };
        next.check_memory()?;
        Ok(next)
    }

    /// The faults are over: everything is saved, what was refused is gone, and the next life finds it so.
    pub(crate) fn end_well(mut self) -> Result<(), TestCaseError> {
        self.database.heal();
        let flushed = self.runtime.block_on(async { timeout(RECOVERY, self.store.flush()).await });
        prop_assert_eq!(flushed.ok(), Some(Ok(())), "saving goes on once the faults are over");
        for (_, durable) in std::mem::take(&mut self.receipts) {
            prop_assert_eq!(self.runtime.block_on(durable), Ok(()), "the disk takes everything");
        }
        let disk = self.runtime.block_on(Picture::of_disk(self.database.database(), self.requests.clone()));
        prop_assert_eq!(&disk, &self.model, "in the end the disk has everything");
        prop_assert!(self.database.database().dead_letters().is_empty());
        self.crash().map(|_| ())
    }
}

/// A machine with a running store on this disk.
fn start(database: &Database, lie: Lie) -> (Runtime, Store) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime");
    database.lie(lie);
    let store = runtime.block_on(async { Store::start(database.clone(), StoreConfig::default()) });
    (runtime, store)
}
