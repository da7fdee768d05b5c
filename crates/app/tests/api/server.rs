//! A server in a folder of its own, and its client.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use switchboard::api::wire::StartSession;
use switchboard::api::{Access, Api, ApiConfig, bind_loopback, bind_socket, serve_socket, serve_tcp};
use switchboard::client::{Client, Mirror, Seen};
use switchboard_domain::SessionId;
use switchboard_store::State;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::stage::{Agent, Stage};

/// How a client reaches the server.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    InProcess,
    Socket,
}

/// A server, its client, and the doors through which a test plays the agents and the disk.
pub(crate) struct Server {
    pub(crate) stage: Stage,
    pub(crate) api: Api,
    pub(crate) client: Client,
    pub(crate) folder: TempDir,
    stop: CancellationToken,
    serving: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) async fn start(way: Way) -> Self {
        let stage = Stage::set().await;
        let api = Api::new(stage.engine.clone(), ApiConfig::new("one"));
        let folder = tempfile::tempdir().expect("a folder");
        let client = match way {
            Way::InProcess => Client::in_process(api.router()),
            Way::Socket => Client::over_socket(folder.path().join("api.sock")),
        };
        let mut server = Self { stage, api, client, folder, stop: CancellationToken::new(), serving: None };
        if matches!(way, Way::Socket) {
            server.serve();
        }
        server
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("api.sock")
    }

    /// Opens the doors.
    pub(crate) fn serve(&mut self) {
        let listener = bind_socket(&self.socket()).expect("bound");
        self.stop = CancellationToken::new();
        self.serving = Some(tokio::spawn(serve_socket(listener, self.api.router(), self.stop.clone())));
    }

    /// Opens a door for everybody on this machine, behind an access.
    pub(crate) async fn serve_tcp(&mut self) -> (SocketAddr, Access) {
        let listener = bind_loopback("127.0.0.1:0".parse().expect("an address")).await.expect("bound");
        let address = listener.local_addr().expect("bound");
        let access = Access::fresh(address).expect("random");
        let router = access.guard(self.api.router());
        self.serving = Some(tokio::spawn(serve_tcp(listener, router, self.stop.clone())));
        (address, access)
    }

    /// Closes them, without a word to whoever is connected.
    pub(crate) async fn cut(&mut self) {
        if let Some(serving) = self.serving.take() {
            serving.abort();
            let _ = serving.await;
        }
        std::fs::remove_file(self.socket()).expect("removed");
    }

    /// Ends as a daemon does.
    pub(crate) async fn shut_down(&mut self) {
        self.api.end_streams();
        self.stop.cancel();
        if let Some(serving) = self.serving.take() {
            within("the server ends", serving).await.expect("no panic");
        }
    }

    /// What starts a session.
    pub(crate) fn wanted(&self, prompt: &str) -> StartSession {
        let new = self.stage.new_session();
        StartSession {
            id: Some(new.id),
            project_id: new.project_id,
            agent: None,
            prompt: prompt.to_owned(),
            title: None,
            model: None,
            policy: switchboard::api::wire::Policy::Ask,
        }
    }

    /// Starts a session and plays its agent up to the moment it has the prompt.
    pub(crate) async fn started(&mut self) -> (SessionId, Agent) {
        let (client, wanted) = (self.client.clone(), self.wanted("fix the build"));
        let starting = tokio::spawn(async move { client.start_session(&wanted).await });
        let mut agent = self.stage.next_agent().await;
        let _ = agent.command().await;
        let view = within("the session is started", starting).await.expect("no panic").expect("started");
        (view.session.id, agent)
    }
}

/// Waits for something that must come.
#[track_caller]
pub(crate) fn within<T>(what: &str, wanted: impl Future<Output = T>) -> impl Future<Output = T> {
    let what = what.to_owned();
    async move {
        let in_time = tokio::time::timeout(Duration::from_mins(1), wanted).await;
        in_time.unwrap_or_else(|_| panic!("never came: {what}"))
    }
}

/// Looks until the mirror's state is as wanted; gives what was seen meanwhile.
pub(crate) async fn until(mirror: &mut Mirror, what: &str, wanted: impl Fn(&State) -> bool) -> Vec<Seen> {
    let mut all = Vec::new();
    while !wanted(mirror.state()) {
        let seen = within(what, mirror.next()).await;
        assert_ne!(seen, Seen::Closed, "the stream ended before: {what}");
        all.push(seen);
    }
    all
}
