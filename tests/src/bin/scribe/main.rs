//! Works through the real store on the real database, writes down whatever it is told is saved, and waits to be killed.
//!
//! With `--honesty early` or `--honesty forgetful` the database lies to it: those are the controls
//! of the test that kills it. A check that finds nothing then would find nothing ever.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, ValueEnum};
use switchboard_domain::{MessageBody, ProjectId, Role, SessionId};
use switchboard_persistence::{DataFolder, SqlitePersistence};
use switchboard_store::testing::{FaultyPersistence, Lie};
use switchboard_store::{Store, StoreConfig};
use switchboard_tests::ledger::{Ledger, Promise};
use switchboard_tests::workload;
use tokio::task::JoinSet;

/// Sessions written to at the same time.
const SESSIONS: usize = 4;
/// Messages of one session in one life, so that reading them back does not take longer than writing them.
const MESSAGES: u64 = 400;
/// Messages that are under way at the same time in one session; the others wait for the disk.
const UNDER_WAY: usize = 8;
/// A forgetful database loses one change of so many.
const FORGETS_ONE_IN: u64 = 1_000;

/// Writes down what it is told is saved.
#[derive(Parser)]
struct Arguments {
    /// The data folder
    #[arg(long)]
    folder: PathBuf,
    /// Where promises are written down
    #[arg(long)]
    ledger: PathBuf,
    /// What the database is like
    #[arg(long, value_enum, default_value_t = Honesty::Honest)]
    honesty: Honesty,
}

/// What the database is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Honesty {
    /// As it should be
    Honest,
    /// Acknowledges a batch before it has committed it
    Early,
    /// Loses one change in a thousand
    Forgetful,
}

impl Honesty {
    fn lie(self) -> Lie {
        match self {
            Self::Honest => Lie::Nothing,
            Self::Early => Lie::AcknowledgeEarly,
            // Where it is in its thousand differs from life to life, or a short life would never see a loss.
            Self::Forgetful => {
                Lie::Drop { after: u64::from(std::process::id()) % FORGETS_ONE_IN, one_in: FORGETS_ONE_IN }
            }
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match live(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Its output goes to the test, which shows it.
            let _ = io::Write::write_all(&mut io::stderr(), format!("scribe: {error}\n").as_bytes());
            ExitCode::FAILURE
        }
    }
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

async fn live(arguments: Arguments) -> Result<(), Failure> {
    let database = SqlitePersistence::open(DataFolder::lock(&arguments.folder)?).await?;
    let database = FaultyPersistence::new(database);
    database.lie(arguments.honesty.lie());
    let store = Store::start(database, StoreConfig::default());
    store.hydrate().await?;
    let ledger = Arc::new(Ledger::append_to(&arguments.ledger)?);
    let project_id = store.add_project(Path::new("/project"))?.durable().await?.id;
    let mut work = JoinSet::new();
    for _ in 0..SESSIONS {
        work.spawn(converse(store.clone(), Arc::clone(&ledger), project_id));
    }
    work.spawn(come_and_go(store.clone(), Arc::clone(&ledger), project_id));
    while let Some(ended) = work.join_next().await {
        ended??;
    }
    // All was said: what is left to do is to be killed.
    std::future::pending().await
}

/// One session that only grows.
async fn converse(store: Store, ledger: Arc<Ledger>, project_id: ProjectId) -> Result<(), Failure> {
    let id = new_session(&store, project_id).await?;
    ledger.write(&Promise::Session { id })?;
    let mut under_way: JoinSet<Result<(), Failure>> = JoinSet::new();
    for number in 1..=MESSAGES {
        if under_way.len() == UNDER_WAY
            && let Some(ended) = under_way.join_next().await
        {
            ended??;
        }
        let receipt = store.append_message(id, MessageBody::text(Role::Assistant, format!("number {number}")))?;
        let ledger_of_message = Arc::clone(&ledger);
        under_way.spawn(async move {
            let message = receipt.durable().await?;
            let (seq, content) = (message.seq, message.body.content.clone());
            ledger_of_message.write(&Promise::Message { session_id: id, seq, content })?;
            Ok(())
        });
        if number.is_multiple_of(10) {
            let queued = store.queue_message(id, &format!("after number {number}"))?.durable().await?;
            ledger.write(&Promise::Queued { id: queued.id })?;
        }
    }
    while let Some(ended) = under_way.join_next().await {
        ended??;
    }
    Ok(())
}

/// Sessions that are deleted again.
async fn come_and_go(store: Store, ledger: Arc<Ledger>, project_id: ProjectId) -> Result<(), Failure> {
    for _ in 0..MESSAGES / 10 {
        let id = new_session(&store, project_id).await?;
        store.append_message(id, MessageBody::text(Role::Assistant, "not for long"))?.durable().await?;
        store.delete_session(id)?.durable().await?;
        ledger.write(&Promise::Deleted { id })?;
    }
    Ok(())
}

async fn new_session(store: &Store, project_id: ProjectId) -> Result<SessionId, Failure> {
    Ok(store.create_session(workload::new_session(project_id)).await?.session().id)
}
