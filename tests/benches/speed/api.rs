//! The API: requests a second over a unix socket, and what a stream of events costs when many listen.
//!
//! Baselines: a request that asks for next to nothing; and as many subscribers in memory, to whom nothing is written.

use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use switchboard::api::wire::{ListSessions, MessagesQuery};
use switchboard::api::{Api, ApiConfig, bind_socket, serve_socket};
use switchboard::client::Client;
use switchboard_domain::SessionId;
use switchboard_store::Store;
use switchboard_tests::crew::Crew;
use switchboard_tests::measure::{Figure, Goal, Report};
use switchboard_tests::workload;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// As many as a busy person has.
const SESSIONS: usize = 100;
/// What a front end shows at first.
const PAGE: u32 = 200;
/// Clients that ask at the same time.
const CLIENTS: usize = 8;
/// Requests of each.
const REQUESTS: u64 = 250;
/// Listeners, and the changes they hear.
const FAN_OUT: [(usize, u64); 3] = [(1, 50_000), (100, 10_000), (1_000, 2_000)];
/// Said last, so that a listener knows when it has heard all.
const LAST_WORD: &str = "this was the last word";

pub(crate) fn run(runtime: &Runtime, report: &mut Report) {
    runtime.block_on(requests(report));
    for (listeners, changes) in FAN_OUT {
        let in_memory = runtime.block_on(fan_out(listeners, changes, To::Memory));
        let streams = runtime.block_on(fan_out(listeners, changes, To::EventStreams));
        report.add(&streams, Some(&in_memory), Goal::None);
    }
}

async fn requests(report: &mut Report) {
    let folder = tempfile::tempdir().expect("a folder");
    let crew = Crew::hire(folder.path()).await;
    let id = fill(crew.store()).await;
    let (socket, stop) = (folder.path().join("api.sock"), CancellationToken::new());
    let router = Api::new(crew.engine().clone(), ApiConfig::new("rogue")).router();
    let serving = tokio::spawn(serve_socket(bind_socket(&socket).expect("bound"), router, stop.clone()));
    let client = Client::over_socket(&socket);

    let little = rate("the version", &client, async |client| _ = client.version().await.expect("answered")).await;
    let list = ListSessions::default();
    let listed = rate("API: list of 100 sessions", &client, async |client| {
        assert_eq!(client.sessions(&list).await.expect("answered").len(), SESSIONS);
    });
    let listed = listed.await;
    let page = MessagesQuery { limit: Some(PAGE), ..MessagesQuery::default() };
    let paged = rate("API: page of 200 messages", &client, async |client| {
        assert_eq!(client.messages(id, &page).await.expect("answered").len(), PAGE as usize);
    });
    let paged = paged.await;
    report.add(&listed, Some(&little), Goal::None);
    report.add(&paged, Some(&little), Goal::None);
    stop.cancel();
    serving.await.expect("it serves to the end");
    crew.dismiss().await;
}

/// Sessions to list, and messages in one of them.
async fn fill(store: &Store) -> SessionId {
    let sessions = workload::sessions(store, SESSIONS).await;
    for number in 0..PAGE {
        let _receipt = store.append_message(sessions[0], workload::message(number.into())).expect("it is there");
    }
    store.flush().await.expect("the disk takes it");
    sessions[0]
}

async fn rate(name: &str, client: &Client, ask: impl AsyncFn(&Client)) -> Figure {
    let began = Instant::now();
    let clients = (0..CLIENTS).map(|_| async {
        for _ in 0..REQUESTS {
            ask(client).await;
        }
    });
    futures_util::future::join_all(clients).await;
    Figure::rate(name, REQUESTS * CLIENTS as u64, began.elapsed())
}

/// Where changes are listened to.
#[derive(Clone, Copy, Debug)]
enum To {
    Memory,
    EventStreams,
}

/// Changes a second that reach every listener.
async fn fan_out(listeners: usize, changes: u64, to: To) -> Figure {
    let folder = tempfile::tempdir().expect("a folder");
    let crew = Crew::hire(folder.path()).await;
    let store = crew.store().clone();
    let id = crew.quiet_session().await;
    let api = Api::new(crew.engine().clone(), ApiConfig::new("rogue"));
    let (mut readers, last) = (JoinSet::new(), store.revision().get() + changes);
    let (ready, mut all_ready) = tokio::sync::mpsc::channel(listeners);
    for _ in 0..listeners {
        match to {
            To::Memory => {
                let (_, mut subscription) = store.subscribe();
                let ready = ready.clone();
                readers.spawn(async move {
                    ready.send(()).await.expect("somebody counts");
                    while subscription.seen().get() < last {
                        let _count = subscription.next_run().await.expect("it keeps up").count();
                    }
                });
            }
            To::EventStreams => drop(readers.spawn(hear(api.router(), ready.clone()))),
        }
    }
    for _ in 0..listeners {
        all_ready.recv().await.expect("listeners live");
    }
    let began = Instant::now();
    for _ in 1..changes {
        store.stream_content(id, "a few words, ").expect("the session is there");
    }
    store.stream_content(id, LAST_WORD).expect("the session is there");
    readers.join_all().await;
    let took: Duration = began.elapsed();
    api.end_streams();
    crew.dismiss().await;
    let name = match to {
        To::Memory => format!("{listeners} subscribers in memory"),
        To::EventStreams => format!("API: changes to each of {listeners} event streams"),
    };
    Figure::rate(name, changes, took)
}

/// Reads an event stream until the last word.
async fn hear(router: Router, ready: tokio::sync::mpsc::Sender<()>) {
    let request = Request::get("/api/v1/events").header("host", "switchboard").body(Body::empty());
    let response = router.oneshot(request.expect("a request")).await.expect("the router answers");
    let mut body = response.into_body();
    let _snapshot = body.frame().await.expect("it begins").expect("it is read");
    ready.send(()).await.expect("somebody counts");
    loop {
        let frame = body.frame().await.expect("it goes on").expect("it is read");
        let bytes = frame.into_data().expect("events are data");
        // The last word is at the end of what comes in one go, but for what the disk has to say.
        let tail = &bytes[bytes.len().saturating_sub(1_024)..];
        if tail.windows(LAST_WORD.len()).any(|window| window == LAST_WORD.as_bytes()) {
            return;
        }
    }
}
