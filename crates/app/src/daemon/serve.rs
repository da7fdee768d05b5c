//! The life of a daemon: takes the data folder, serves it until it is told to end, and gives it back.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::{Interval, MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use super::announcement::{Announcement, VERSION};
use super::folder_watch::FolderWatch;
use super::log::Log;
use super::place::{Place, PlaceError};
use super::reload::Reloader;
use super::signals::{Signal, Signals};
use crate::api::{Access, Api, ApiConfig, bind_loopback, bind_socket, serve_socket, serve_tcp};
use crate::engine::ShutdownEnd;
use crate::private_file;
use crate::setup::Setup;
use crate::workplace::{Workplace, WorkplaceError};

/// How long a shutdown takes at most: stopping the agents (two seconds after asking, two after `SIGTERM`, five for
/// the kernel), two for the connections and ten for the disk, and a little for everything between.
pub(crate) const SHUTDOWN_MAX: Duration = Duration::from_secs(25);

/// How long streams are kept for the disk at the end. What it does not take by then is saved all the same, unseen.
const FLUSH_PATIENCE: Duration = Duration::from_secs(1);

/// How often it is looked whether the data folder is still there.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How a daemon is to run.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ServeOptions {
    /// Where to listen for TCP too.
    pub(crate) listen: Option<SocketAddr>,
}

impl ServeOptions {
    /// Whether it may run so.
    ///
    /// # Errors
    /// When others could reach it.
    pub(crate) fn check(&self) -> Result<(), ServeError> {
        let open = self.listen.filter(|address| !address.ip().is_loopback());
        open.map_or(Ok(()), |address| Err(ServeError::NotLoopback(address)))
    }
}

/// How a daemon ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Ending {
    /// It was told to, and everything is saved.
    Told,
    /// It was told twice and left at once. What was acknowledged is saved; agents may be left, and the next start
    /// ends them.
    AtOnce,
    /// Its data folder is gone.
    FolderGone,
}

/// Why a daemon cannot run, or did not end well.
#[derive(Debug, Error)]
pub(crate) enum ServeError {
    /// The data folder cannot be worked in.
    #[error(transparent)]
    Workplace(#[from] WorkplaceError),
    /// There is no place for the socket.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// Others could reach it.
    #[error("{0} is no address of this machine alone: use 127.0.0.1 or [::1]")]
    NotLoopback(SocketAddr),
    /// The system does not let it be reached.
    #[error("cannot {what}: {cause}")]
    System {
        /// What was attempted.
        what: &'static str,
        /// Why not.
        #[source]
        cause: io::Error,
    },
    /// The shutdown took too long. What was acknowledged is saved.
    #[error("not everything ended within {SHUTDOWN_MAX:?}")]
    Slow,
}

impl ServeError {
    fn system(what: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |cause| Self::System { what, cause }
    }
}

/// Runs a daemon from its start to its end. Calls `ready` once it can be reached.
///
/// # Errors
/// When another process owns the data folder, it cannot be worked in, or the end takes too long.
pub(crate) async fn serve(
    setup: Setup,
    options: ServeOptions,
    log: Log,
    ready: impl FnOnce(&Announcement),
) -> Result<Ending, ServeError> {
    let mut signals = Signals::listen().map_err(ServeError::system("listen to signals"))?;
    let daemon = tokio::select! {
        opened = Daemon::open(setup, options, log) => opened?,
        () = signals.end() => return Ok(Ending::Told),
    };
    ready(&daemon.announcement);
    let ending = daemon.live(&mut signals).await;
    tracing::info!(?ending, "shutting down");
    tokio::select! {
        closed = timeout(SHUTDOWN_MAX, daemon.close()) => closed.map_err(|_| ServeError::Slow)?.map(|()| ending),
        () = signals.end() => Ok(Ending::AtOnce),
    }
}

/// A daemon that can be reached.
struct Daemon {
    place: Place,
    workplace: Workplace,
    api: Api,
    announcement: Announcement,
    watch: FolderWatch,
    reloader: Arc<Reloader>,
    log: Log,
    serving: JoinHandle<()>,
    ending: CancellationToken,
}

/// What a daemon can wake up for.
enum Event {
    Signal(Signal),
    Look,
}

impl Daemon {
    async fn open(setup: Setup, options: ServeOptions, log: Log) -> Result<Self, ServeError> {
        let place = Place::of(setup.folders.data());
        let workplace = Workplace::open(&setup).await?;
        // From here on the folder is ours, and so is whatever a predecessor left in it.
        let socket = free_socket(&place)?;
        let listener = bind_socket(&socket).map_err(ServeError::system("listen on its socket"))?;
        let config = ApiConfig {
            intent_timeout: setup.config.limits.save_timeout.value,
            ..ApiConfig::new(&setup.config.defaults.agent.value)
        };
        let api = Api::new(workplace.engine().clone(), config);
        let reloader = Arc::new(Reloader::new(setup, workplace.engine().clone()));
        let refreshing = middleware::from_fn_with_state(Arc::clone(&reloader), refresh_before);
        let ending = CancellationToken::new();
        let router = api.router().layer(refreshing);
        let tcp = match options.listen {
            Some(address) => Some(open_to_tcp(address, &place).await?),
            None => None,
        };
        let address = tcp.as_ref().and_then(|(listener, _)| listener.local_addr().ok());
        let over_socket = serve_socket(listener, router.clone(), ending.clone());
        let over_tcp = tcp.map(|(listener, access)| serve_tcp(listener, access.guard(router), ending.clone()));
        let serving = tokio::spawn(async move {
            let over_tcp = async {
                if let Some(over_tcp) = over_tcp {
                    over_tcp.await;
                }
            };
            tokio::join!(over_socket, over_tcp);
        });
        let announcement = Announcement {
            pid: std::process::id(),
            version: VERSION.to_owned(),
            epoch: api.epoch(),
            socket,
            tcp: address,
            since: chrono::Utc::now().into(),
        };
        announcement.publish(&place.announcement()).map_err(ServeError::system("announce itself"))?;
        let watch = FolderWatch::new(place.data());
        tracing::info!(version = VERSION, data = %place.data().display(), "ready");
        Ok(Self { place, workplace, api, announcement, watch, reloader, log, serving, ending })
    }

    /// Lives until it is told to end, or has nothing to live for.
    async fn live(&self, signals: &mut Signals) -> Ending {
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            match next_event(signals, &mut looks).await {
                Event::Signal(Signal::End) => return Ending::Told,
                Event::Signal(Signal::HangUp) => self.refresh(),
                Event::Look if self.watch.is_gone() => return Ending::FolderGone,
                Event::Look => {}
            }
        }
    }

    fn refresh(&self) {
        self.reloader.refresh();
        if let Err(error) = self.log.roll() {
            tracing::error!(%error, "the log cannot be rolled");
        }
    }

    /// Refuses new orders, ends the agents, saves everything, tells the front ends, and lets go of the folder.
    async fn close(self) -> Result<(), ServeError> {
        let interrupted = self.workplace.engine().shutdown(ShutdownEnd::Interrupted).await;
        tracing::info!(interrupted = interrupted.len(), "every agent has ended");
        // So that whoever listens hears of it, and that it is saved.
        let _goes_on_without = timeout(FLUSH_PATIENCE, self.workplace.store().flush()).await;
        self.api.end_streams();
        self.ending.cancel();
        let _its_panic_is_logged = self.serving.await;
        // While the folder is still ours: later these may be a successor's.
        for file in [&self.announcement.socket, &self.place.announcement(), &self.place.token()] {
            if let Err(error) = private_file::remove(file) {
                tracing::warn!(%error, file = %file.display(), "a file is left behind");
            }
        }
        self.workplace.close(|| tracing::warn!("the disk takes its time")).await?;
        tracing::info!("everything is saved");
        Ok(())
    }
}

async fn next_event(signals: &mut Signals, looks: &mut Interval) -> Event {
    tokio::select! {
        biased;
        signal = signals.next() => Event::Signal(signal),
        _ = looks.tick() => Event::Look,
    }
}

/// A listener on this machine's own address, and who may ask there. Its token is new: that of a predecessor opens
/// nothing.
async fn open_to_tcp(address: SocketAddr, place: &Place) -> Result<(TcpListener, Access), ServeError> {
    let failed = ServeError::system("listen for TCP");
    let opened = async {
        let listener = bind_loopback(address).await?;
        let access = Access::fresh(listener.local_addr()?)?;
        access.write_token(&place.token())?;
        Ok((listener, access))
    };
    opened.await.map_err(failed)
}

/// Where the socket goes, rid of what a predecessor left. Only for the owner of the data folder.
fn free_socket(place: &Place) -> Result<PathBuf, ServeError> {
    let socket = place.socket()?;
    let left = [&place.announcement(), &place.token(), &socket];
    let freed = left.into_iter().try_for_each(|file| private_file::remove(file));
    freed.map_err(ServeError::system("remove what a predecessor left"))?;
    Ok(socket)
}

/// The configuration is as it is in the file whenever something is ordered.
async fn refresh_before(State(reloader): State<Arc<Reloader>>, request: Request, next: Next) -> Response {
    if !request.method().is_safe() {
        reloader.refresh();
    }
    next.run(request).await
}
