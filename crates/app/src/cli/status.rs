//! `switchboard status`

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;
use switchboard_domain::SessionStatus;
use switchboard_persistence::SqliteReader;
use switchboard_store::Persistence as _;

use super::args::StatusArgs;
use super::catalog::Catalog;
use super::{ExitCode, Failure, Output, Setup, now, owner};
use crate::daemon::{Announcement, Place, VERSION, look};
use crate::terminal::{Style, age};

/// What there is to say about the daemon and its sessions; the JSON of `status`.
#[derive(Debug, Serialize)]
struct StatusView {
    /// Whether a daemon can be reached.
    running: bool,
    /// What it tells about itself.
    daemon: Option<Announcement>,
    /// The version of this program.
    version: &'static str,
    data: PathBuf,
    log: PathBuf,
    /// How many sessions there are, by status.
    sessions: BTreeMap<&'static str, usize>,
    /// How many of them wait for an answer.
    asking: usize,
}

/// Says how the daemon is.
pub(super) async fn run(args: StatusArgs, setup: &Setup, output: &mut Output) -> Result<ExitCode, Failure> {
    let view = view(setup).await?;
    if args.json.json {
        output.json(&view)?;
    } else {
        print(&view, output)?;
    }
    Ok(ExitCode::Ok)
}

async fn view(setup: &Setup) -> Result<StatusView, Failure> {
    let place = Place::of(setup.folders.data());
    let daemon = look(&place).await?.map(|(daemon, _)| daemon);
    let catalog = match SqliteReader::open(place.data()).await? {
        Some(reader) => {
            let catalog = Catalog::read(&reader, owner(place.data())?).await?;
            reader.close().await?;
            catalog
        }
        None => Catalog::default(),
    };
    let mut sessions = BTreeMap::new();
    for stored in catalog.sessions() {
        *sessions.entry(stored.session.status().as_str()).or_default() += 1;
    }
    let asks = |id| catalog.pending_approvals(id).next().is_some();
    let asking = catalog.sessions().iter().filter(|stored| asks(stored.session.id)).count();
    let (data, log) = (place.data().to_owned(), place.logs());
    Ok(StatusView { running: daemon.is_some(), daemon, version: VERSION, data, log, sessions, asking })
}

fn print(view: &StatusView, output: &mut Output) -> Result<(), Failure> {
    let mut say = |what: &str, how: &str| output.line(&format!("{what:<9} {how}"));
    match &view.daemon {
        Some(daemon) => {
            let since = age(daemon.since, now());
            say("daemon", &format!("{} process {}, up {since}", Style::GOOD.paint("up:"), daemon.pid))?;
            say("socket", &daemon.socket.display().to_string())?;
            if let Some(tcp) = daemon.tcp {
                say("tcp", &format!("http://{tcp}"))?;
            }
        }
        None => say("daemon", "down: it starts by itself when it is needed, or by `switchboard up`")?,
    }
    say("data", &view.data.display().to_string())?;
    say("log", &view.log.display().to_string())?;
    say("sessions", &sessions(view))?;
    if let Some(daemon) = view.daemon.as_ref().filter(|daemon| !daemon.is_of_this_version()) {
        let text = format!("is of version {}, this is {VERSION}: `switchboard up` replaces it", daemon.version);
        say("version", &Style::ATTENTION.paint(&text))?;
    }
    let interrupted = view.sessions.get(SessionStatus::Interrupted.as_str()).copied().unwrap_or_default();
    if interrupted > 0 {
        output.remark(&format!("{interrupted} interrupted: `switchboard resume --all` goes on with them"));
    }
    Ok(())
}

fn sessions(view: &StatusView) -> String {
    let counts = view.sessions.iter().map(|(status, count)| format!("{count} {status}"));
    let asking = (view.asking > 0).then(|| format!("{} of them waiting for your answer", view.asking));
    let all: Vec<String> = counts.chain(asking).collect();
    if all.is_empty() { "none yet".to_owned() } else { all.join(", ") }
}
