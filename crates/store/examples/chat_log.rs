//! Two people write into one log, a third watches; then the program "starts again" and all is there.
//!
//! `cargo run -p switchboard-store --example chat_log`

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use switchboard_domain::{Change, MessageBody, NewSession, Role, SessionChange, SessionId};
use switchboard_store::testing::MemoryPersistence;
use switchboard_store::{Store, StoreConfig, Subscription};
use uuid::Uuid;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let database = MemoryPersistence::new();

    let store = Store::start(database.clone(), StoreConfig::default());
    let id = open_log(&store).await?;
    let (_, changes) = store.subscribe();
    let watcher = tokio::spawn(watch(changes));
    let first = store.append_message(id, MessageBody::text(Role::User, "Is the build green?"))?;
    let second = store.append_message(id, MessageBody::text(Role::Assistant, "It is now."))?;
    // Both are on the screen; whoever needs to know that they are on disk asks.
    first.durable().await?;
    second.durable().await?;
    store.close(Duration::from_secs(5)).await?;
    watcher.await?;

    let store = Store::start(database.reopen(), StoreConfig::default());
    store.hydrate().await?;
    let state = store.snapshot();
    let session = state.session(id).ok_or("the log is there")?;
    println!("after a restart: `{}`, {}", session.session().title, session.session().status());
    for message in session.transcript().messages() {
        println!("  {} {}: {}", message.seq, message.body.role, message.body.content);
    }
    Ok(())
}

async fn open_log(store: &Store) -> Result<SessionId, Box<dyn Error>> {
    let project = store.add_project(Path::new("/code/tool"))?.durable().await?;
    let new = NewSession {
        id: SessionId::new(Uuid::now_v7()),
        project_id: project.id,
        agent: "nobody".into(),
        prompt: "A log of what was said".into(),
        title: None,
        model: None,
    };
    Ok(store.create_session(new).await?.session().id)
}

/// Prints messages as they come, until the store is closed.
async fn watch(mut changes: Subscription) {
    while let Ok(published) = changes.next().await {
        if let Change::Session { change: SessionChange::MessageAppended { message }, .. } = &published.change {
            println!("{} {}: {}", published.revision, message.body.role, message.body.content);
        }
    }
}
