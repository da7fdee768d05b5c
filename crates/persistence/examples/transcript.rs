//! Writes a transcript to a new database, finds a word in it, and shows what is on disk.
//!
//! Run it with `cargo run -p switchboard-persistence --example transcript`.

#![expect(clippy::print_stdout, reason = "showing it is what an example is for")]

use std::error::Error;
use std::sync::Arc;

use switchboard_domain::{
    Message, MessageBody, MessageId, NewSession, Project, ProjectId, Role, Seq, Session, SessionId, Timestamp,
};
use switchboard_persistence::{DataFolder, SqlitePersistence};
use switchboard_store::{Page, Persistence, SearchOrder, SearchQuery, Upkeep, Write};
use uuid::Uuid;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let temporary = tempfile::tempdir()?;
    let database = SqlitePersistence::open(DataFolder::lock(temporary.path().join("home"))?).await?;

    let now = Timestamp::from_micros(1_800_000_000_000_000);
    let project = Project {
        id: ProjectId::new(Uuid::now_v7()),
        path: "/code/app".into(),
        name: "app".into(),
        created_at: now,
        deleted_at: None,
    };
    let new = NewSession {
        id: SessionId::new(Uuid::now_v7()),
        project_id: project.id,
        agent: "builtin".into(),
        prompt: "Why does the build fail?".into(),
        title: None,
        model: None,
    };
    let session = Session::create(new, now);
    let session_id = session.id;
    let mut batch = vec![Write::Project(project), Write::Session(Box::new(session))];
    let lines = [(Role::User, "Why does the build fail?"), (Role::Assistant, "A semicolon is missing in `main.rs`.")];
    for (seq, (role, text)) in (1..).zip(lines) {
        batch.push(Write::Message(Arc::new(Message {
            id: MessageId::new(Uuid::now_v7()),
            session_id,
            seq: Seq::new(seq),
            body: MessageBody::text(role, text),
            created_at: now,
        })));
    }
    database.commit(&batch).await?;
    while database.maintain().await? == Upkeep::More {}

    for message in database.messages(session_id, Page::Newest, 10).await? {
        println!("{:>9}: {}", message.body.role, message.body.content);
    }
    let query = SearchQuery {
        words: "main.rs".into(),
        project_id: None,
        session_id: None,
        order: SearchOrder::Newest,
        limit: 10,
    };
    for hit in database.search(&query).await? {
        println!("    found: {}", hit.snippet);
    }
    println!("{:#?}", database.stats().await?);
    database.close().await?;
    Ok(())
}
