//! `switchboard resume`

use switchboard_domain::{Session, SessionId, SessionStatus};

use super::args::ResumeArgs;
use super::{ExitCode, Failure, Output, Setup};
use crate::api::wire::{Policy, Resume, Resumption};
use crate::client::ClientError;
use crate::daemon::ensure;
use crate::session_name::find_session;
use crate::terminal::{Style, single_line};

/// Goes on with sessions that did not come to their end, in the daemon.
pub(super) async fn run(args: &ResumeArgs, setup: &Setup, output: &mut Output) -> Result<ExitCode, Failure> {
    if setup.no_daemon {
        return Err(Failure::new(ExitCode::Usage, "sessions are resumed in the daemon")
            .hint("`switchboard send SESSION TEXT` goes on with one in this process"));
    }
    let client = ensure(setup).await?;
    let state = client.state().await?;
    let sessions: Vec<&Session> = state.sessions().map(|it| it.session()).collect();
    let wanted: Vec<SessionId> = if args.all {
        let interrupted = sessions.iter().filter(|session| session.status() == SessionStatus::Interrupted);
        interrupted.map(|session| session.id).collect()
    } else {
        let named = args.sessions.iter().map(|name| Ok(find_session(name, sessions.iter().copied())?.id));
        named.collect::<Result<_, Failure>>()?
    };
    if wanted.is_empty() {
        output.remark("nothing is interrupted");
        return Ok(ExitCode::Ok);
    }
    let policy = Policy::from(args.approve.unwrap_or(setup.config.defaults.approve.value));
    let mut code = ExitCode::Ok;
    for id in wanted {
        let resume = Resume { message: args.message.clone(), policy: Some(policy) };
        match client.resume(id, &resume).await {
            Ok(resumed) => output.line(&said(id, &resumed))?,
            Err(ClientError::Refused { message, .. }) => {
                output.remark(&format!("{}  {}", Style::ACCENT.paint(&id.short()), single_line(&message)));
                code = ExitCode::Failure;
            }
            Err(lost) => return Err(lost.into()),
        }
    }
    output.remark("they go on in the daemon: `switchboard ls` shows how, `switchboard attach ID` reads along");
    Ok(code)
}

fn said(id: SessionId, resumed: &Resumption) -> String {
    let how = if resumed.again { "is told again" } else { "is told" };
    format!("{}  {how}: {}", Style::ACCENT.paint(&id.short()), single_line(&resumed.message))
}
