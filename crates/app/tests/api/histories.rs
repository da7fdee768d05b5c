//! Random histories of clients that are cut off and come back: nothing is missing, nothing comes twice,
//! and in the end every mirror is like the store.
//!
//! The seed of a failure is printed; `HISTORIES_SEED` repeats it. `HISTORIES=10000` runs ten thousand,
//! which takes minutes.

use std::collections::HashMap;

use axum::body::Body;
use axum::http::Request;
use fastrand::Rng;
use http_body_util::BodyExt;
use switchboard::api::wire::{EventId, Snapshot};
use switchboard_domain::{Change, MessageBody, Revision, Role, SessionId};
use switchboard_store::{State, Store, Telling};
use tower::ServiceExt;

use crate::server::{Server, Way, within};

/// Histories unless said otherwise: half a minute's worth.
const HISTORIES: u64 = 1_000;

/// A client that does by hand what the event stream's documentation says.
#[derive(Default)]
struct Listener {
    state: State,
    seen: Option<EventId>,
    /// What came in, for the law that every revision comes once: since the last snapshot.
    heard: Vec<u64>,
    snapshots: usize,
    resumes: usize,
    /// Comes back as if it had seen this many more changes than it has.
    off_by: u64,
}

/// What a history is checked for.
type Verdict = Result<(), String>;

impl Listener {
    /// Connects, and listens until it has seen `until` or as many events as it has patience for.
    async fn listen(&mut self, server: &Server, patience: usize, until: Revision) -> Verdict {
        let mut request = Request::builder().uri("/api/v1/events");
        if let Some(seen) = self.seen {
            let claimed = EventId { revision: Revision::new(seen.revision.get() + self.off_by), ..seen };
            request = request.header("last-event-id", claimed.to_string());
            self.resumes += 1;
        }
        let request = request.body(Body::empty()).expect("a request");
        let response = server.api.router().oneshot(request).await.expect("infallible");
        let mut body = response.into_body();
        let (mut text, mut events) = (String::new(), 0);
        while events < patience && self.seen.is_none_or(|seen| seen.revision < until) {
            let frame = within("more of the stream", body.frame()).await.expect("it goes on").expect("whole");
            text += std::str::from_utf8(&frame.into_data().expect("data")).expect("text");
            while let Some((event, rest)) = text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                text = rest;
                self.take(&event)?;
                events += 1;
                // Cut off in the middle: what else was sent is lost.
                if events == patience {
                    break;
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, event: &str) -> Verdict {
        let field = |name: &str| -> Vec<&str> { event.lines().filter_map(|line| line.strip_prefix(name)).collect() };
        let data = field("data: ").join("\n");
        let id: Option<EventId> = field("id: ").first().map(|id| id.parse().expect("an id"));
        match field("event: ").first().copied() {
            Some("snapshot") => {
                let snapshot: Snapshot = serde_json::from_str(&data).expect("a snapshot");
                self.state = State::default();
                snapshot.changes.iter().for_each(|change| self.state.apply(change));
                self.heard.clear();
                self.snapshots += 1;
            }
            Some("change") => {
                let revision = id.expect("a place").revision;
                let expected = self.seen.map(|seen| seen.revision.next());
                if expected != Some(revision) {
                    return Err(format!("{revision} came, and not {expected:?}"));
                }
                self.state.apply(&serde_json::from_str::<Change>(&data).expect("a change"));
                self.heard.push(revision.get());
            }
            _ => {}
        }
        self.seen = id.or(self.seen);
        Ok(())
    }
}

/// What a state shows, as it looks on the wire.
fn picture(state: &State) -> String {
    let changes = std::sync::Arc::new(state.clone()).retell(|_| Telling::Heading);
    changes.map(|change| serde_json::to_string(&change).expect("JSON")).collect::<Vec<_>>().join("\n")
}

/// Something happens.
fn happen(store: &Store, sessions: &[SessionId], rng: &mut Rng, flood: &str) {
    let id = sessions[rng.usize(..sessions.len())];
    match rng.u8(..8) {
        0 => _ = store.append_message(id, MessageBody::text(Role::Assistant, "said")).expect("there"),
        1 => store.stream_content(id, "word ").expect("there"),
        2 => _ = store.queue_message(id, "next").map(|queued| store.cancel_queued(id, queued.value().id)),
        3 => _ = store.set_title(id, &format!("title {}", rng.u8(..))).expect("there"),
        4 => _ = store.set_setting("x", rng.bool().then(|| rng.u8(..).into())).expect("named"),
        5 if rng.u8(..40) == 0 => {
            for _ in 0..20 {
                store.stream_thinking(id, flood).expect("there");
            }
            let _ = store.clear_session(id).expect("there");
        }
        _ => store.set_error(rng.bool().then(|| "oh".to_owned())),
    }
}

struct World {
    server: Server,
    sessions: Vec<SessionId>,
    flood: String,
}

impl World {
    async fn new() -> Self {
        let server = Server::start(Way::InProcess).await;
        let mut sessions = Vec::new();
        for _ in 0..4 {
            let created = server.stage.store.create_session(server.stage.new_session()).await.expect("created");
            sessions.push(created.session().id);
        }
        // Twenty of these are more than the store keeps for those who are behind.
        Self { server, sessions, flood: "x".repeat(900_000) }
    }

    /// One client, cut off and back again a few times, while things happen.
    async fn history(&self, rng: &mut Rng, off_by: u64) -> (Listener, Verdict) {
        let mut listener = Listener { off_by, ..Listener::default() };
        let mut verdict = Ok(());
        for _ in 0..rng.usize(1..5) {
            for _ in 0..rng.usize(..6) {
                happen(&self.server.stage.store, &self.sessions, rng, &self.flood);
            }
            let until = self.server.stage.store.revision();
            verdict = verdict.and(listener.listen(&self.server, rng.usize(1..8), until).await);
        }
        let until = self.server.stage.store.revision();
        verdict = verdict.and(listener.listen(&self.server, usize::MAX, until).await);
        let same = picture(&listener.state) == picture(&self.server.stage.store.snapshot());
        (listener, verdict.and_then(|()| same.then_some(()).ok_or_else(|| "the mirror is another".to_owned())))
    }
}

fn from_env(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn histories_of_coming_back_have_no_gap_and_no_duplicate() {
    let seed = from_env("HISTORIES_SEED").unwrap_or_else(|| fastrand::u64(..));
    let count = from_env("HISTORIES").unwrap_or(HISTORIES);
    let mut world = World::new().await;
    let mut told: HashMap<&str, usize> = HashMap::new();
    for number in 0..count {
        if number % 500 == 499 {
            // Transcripts grow; a new world is small again.
            world = World::new().await;
        }
        let (listener, verdict) = world.history(&mut Rng::with_seed(seed ^ number), 0).await;
        assert_eq!(verdict, Ok(()), "history {number} of HISTORIES_SEED={seed}");
        *told.entry("resumes").or_default() += listener.resumes;
        *told.entry("snapshots").or_default() += listener.snapshots;
    }
    // It must have been about something: most came back where they were, and some were told to start over.
    assert!(told["resumes"] as u64 > count && told["snapshots"] as u64 > count, "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_comes_back_one_too_far_is_caught() {
    let world = World::new().await;
    let mut caught = 0;
    for number in 0..200 {
        caught += usize::from(world.history(&mut Rng::with_seed(number), 1).await.1.is_err());
    }
    assert!(caught > 20, "only {caught} of 200 were caught");
}
