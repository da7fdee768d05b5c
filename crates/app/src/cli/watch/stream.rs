//! The sessions for who is not at a terminal: a line whenever one of them stands otherwise, or snapshots as JSON.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use switchboard_domain::{SessionId, Timestamp};
use switchboard_store::SessionState;
use tokio::time::Instant;

use super::picture;
use super::rank::{Need, need, ranked};
use super::source::{Scene, Source};
use crate::api::wire::SessionView;
use crate::cli::args::WatchArgs;
use crate::cli::output::Reader;
use crate::cli::{Failure, Output, glance, now};
use crate::terminal::single_line;

/// Snapshots are no closer together than this.
const SNAPSHOT_EVERY: Duration = Duration::from_secs(1);

/// All sessions at one moment. The manual documents it.
#[derive(Debug, Serialize)]
pub(crate) struct Snapshot {
    at: Timestamp,
    sessions: Vec<Watched>,
}

/// One session: as in a list, and what it needs.
#[derive(Debug, Serialize)]
pub(crate) struct Watched {
    #[serde(flatten)]
    session: SessionView,
    needs: Option<Need>,
    last: String,
}

/// Prints the sessions as they are now.
pub(super) fn once(args: WatchArgs, source: &Source, output: &mut Output) -> Result<(), Failure> {
    let (scene, now) = (source.scene(), now());
    match (args.json.json, output.reader()) {
        (true, _) => output.json(&snapshot(scene, now)),
        (false, Reader::Person) => output.text(&picture::whole(scene, output.window(), now)),
        (false, Reader::Program) => ranked(scene.state, now).iter().try_for_each(|it| output.line(&line(it, scene))),
    }
}

/// Prints what changes, until nobody reads any more.
pub(super) async fn run(args: WatchArgs, source: &mut Source, output: &mut Output) -> Result<(), Failure> {
    let mut told: BTreeMap<SessionId, String> = BTreeMap::new();
    loop {
        if args.json.json {
            output.json_line(&snapshot(source.scene(), now()))?;
            pause(source).await;
            continue;
        }
        tell(&mut told, source.scene(), output)?;
        source.next().await;
    }
}

/// Waits for something to happen, and then for the time of the next snapshot.
async fn pause(source: &mut Source) {
    let due = Instant::now() + SNAPSHOT_EVERY;
    source.next().await;
    // Meanwhile more may happen, and is taken in.
    while tokio::time::timeout_at(due, source.next()).await.is_ok() {}
}

fn tell(told: &mut BTreeMap<SessionId, String>, scene: Scene<'_>, output: &mut Output) -> Result<(), Failure> {
    // Oldest first: what is at the end of a file is news.
    for it in scene.state.sessions().rev() {
        let id = it.session().id;
        let word = glance::word(it).0;
        if told.get(&id).is_none_or(|known| known != word) {
            told.insert(id, word.to_owned());
            output.text(&(line(it, scene) + "\n"))?;
        }
    }
    told.retain(|id, _| scene.state.session(*id).is_some());
    Ok(())
}

fn line(it: &SessionState, scene: Scene<'_>) -> String {
    let session = it.session();
    let project = scene.state.project(session.project_id).map_or_else(String::new, |it| single_line(&it.name));
    let fields = [
        session.id.short(),
        glance::word(it).0.to_owned(),
        single_line(&session.agent),
        project,
        single_line(&session.title),
        scene.last_words(it),
    ];
    fields.join("\t")
}

fn snapshot(scene: Scene<'_>, at: Timestamp) -> Snapshot {
    let watched = |it: &&Arc<SessionState>| {
        let session = SessionView::of(scene.state, it.session().id)?;
        Some(Watched { session, needs: need(it, at), last: scene.last_words(it) })
    };
    Snapshot { at, sessions: ranked(scene.state, at).iter().filter_map(watched).collect() }
}
