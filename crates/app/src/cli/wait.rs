//! `switchboard wait`: until sessions are at rest, and how that came.

use std::time::Duration;

use switchboard_domain::{Seq, SessionId, SessionStatus};
use switchboard_store::State;

use super::archive::{Archive, Disk};
use super::args::WaitArgs;
use super::feed::{Feed, Heard};
use super::link::Link;
use super::output::Reader;
use super::run::is_at_rest;
use super::views::SessionView;
use super::{ExitCode, Failure, Output, Setup};
use crate::terminal::{single_line, status_style};

/// How often a database is looked at while a process without a daemon writes to it.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// `switchboard wait`
pub(super) async fn run(args: &WaitArgs, setup: &Setup, output: &mut Output) -> Result<ExitCode, Failure> {
    let archive = Archive::open(setup).await?;
    let catalog = archive.catalog().await?;
    let mut waiting: Vec<(SessionId, Seq)> = Vec::new();
    for name in &args.sessions {
        let stored = catalog.find(name)?;
        if waiting.iter().all(|(id, _)| *id != stored.session.id) {
            waiting.push((stored.session.id, stored.last_seq));
        }
    }
    let mut waiter = Waiter { args, waiting, ended: Vec::new(), asking: Vec::new() };
    let wait = async {
        match &archive {
            Archive::Daemon(link) => waiter.on_daemon(link, output).await,
            Archive::Disk(disk) => waiter.on_disk(disk, output).await,
            Archive::Empty => Ok(()),
        }
    };
    match args.timeout {
        None => wait.await?,
        Some(seconds) => match tokio::time::timeout(Duration::from_secs_f64(seconds), wait).await {
            Ok(outcome) => outcome?,
            Err(_) => return Err(waiter.late()),
        },
    }
    let code = waiter.code();
    if args.json.json {
        let catalog = archive.catalog().await?;
        let views = waiter.ended.iter().filter_map(|(id, _)| catalog.session(*id));
        output.json(&views.map(|stored| SessionView::new(stored, &catalog)).collect::<Vec<_>>())?;
    }
    archive.close(output).await?;
    Ok(code)
}

/// What the shell is told about a session that is at rest; none when it was deleted.
pub(super) const fn code(status: Option<SessionStatus>) -> ExitCode {
    match status {
        Some(SessionStatus::Completed | SessionStatus::Running) => ExitCode::Ok,
        Some(SessionStatus::Failed) => ExitCode::AgentFailed,
        Some(SessionStatus::Aborted | SessionStatus::Interrupted) => ExitCode::Interrupted,
        None => ExitCode::NotFound,
    }
}

/// Waits for sessions.
struct Waiter<'a> {
    args: &'a WaitArgs,
    waiting: Vec<(SessionId, Seq)>,
    ended: Vec<(SessionId, Option<SessionStatus>)>,
    /// Sessions of which it was said that they ask.
    asking: Vec<SessionId>,
}

impl Waiter<'_> {
    async fn on_daemon(&mut self, link: &Link, output: &mut Output) -> Result<(), Failure> {
        let mut feed = Feed::open(link.client(), self.waiting.clone()).await?;
        let revival = link.revival();
        loop {
            for (id, _) in self.waiting.clone() {
                self.look(id, feed.state(), output)?;
            }
            if self.is_over() {
                return Ok(());
            }
            match feed.next().await {
                Heard::Closed => {
                    return Err(Failure::new(ExitCode::Failure, "the daemon is gone, and did not come back"));
                }
                Heard::Reconnecting => {
                    if let Some(revival) = &revival {
                        revival.attempt().await;
                    }
                }
                _ => {}
            }
        }
    }

    fn look(&mut self, id: SessionId, state: &State, output: &mut Output) -> Result<(), Failure> {
        let session = state.session(id);
        if is_at_rest(state, id) {
            let title = session.map_or_else(String::new, |it| it.session().title.clone());
            return self.end(id, session.map(|it| it.session().status()), &title, output);
        }
        let asks = session.is_some_and(|it| it.pending_approvals().next().is_some());
        if !asks {
            self.asking.retain(|it| *it != id);
        } else if !self.asking.contains(&id) {
            self.asking.push(id);
            output.remark(&format!("{} waits for an answer: `switchboard approve {0}`", id.short()));
        }
        Ok(())
    }

    async fn on_disk(&mut self, disk: &Disk, output: &mut Output) -> Result<(), Failure> {
        loop {
            let owner = (disk.owner)();
            for (id, _) in self.waiting.clone() {
                let stored = disk.persistence.session(id).await?.map(|stored| owner.seen_by(stored));
                let status = stored.as_ref().map(|stored| stored.session.status());
                if status.is_none_or(SessionStatus::is_final) {
                    let title = stored.map(|stored| stored.session.title).unwrap_or_default();
                    self.end(id, status, &title, output)?;
                }
            }
            if self.is_over() {
                return Ok(());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    fn end(
        &mut self,
        id: SessionId,
        status: Option<SessionStatus>,
        title: &str,
        output: &mut Output,
    ) -> Result<(), Failure> {
        self.waiting.retain(|(waiting, _)| *waiting != id);
        self.ended.push((id, status));
        if self.args.json.json {
            return Ok(());
        }
        let word = status.map_or("deleted", SessionStatus::as_str);
        output.line(&match output.reader() {
            Reader::Program => format!("{}\t{word}", id.short()),
            Reader::Person => {
                let style = status.map_or(crate::terminal::Style::BAD, status_style);
                format!("{}  {}  {}", id.short(), style.paint(word), single_line(title))
            }
        })
    }

    fn is_over(&self) -> bool {
        self.waiting.is_empty() || (self.args.any && !self.ended.is_empty())
    }

    /// The worst of what ended.
    fn code(&self) -> ExitCode {
        let codes = self.ended.iter().map(|(_, status)| code(*status));
        codes.max_by_key(|code| code.number()).unwrap_or(ExitCode::Ok)
    }

    fn late(&self) -> Failure {
        let left: Vec<String> = self.waiting.iter().map(|(id, _)| id.short()).collect();
        Failure::new(ExitCode::TimedOut, format!("time is up: not at rest yet: {}", left.join(", ")))
    }
}
