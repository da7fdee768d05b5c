//! `switchboard attach`: being there while an agent works, and leaving without it noticing.

mod composer;
mod footer;
mod live;
mod order;

use std::io::{self, IsTerminal};

use switchboard_domain::Seq;

use super::args::AttachArgs;
use super::feed::Feed;
use super::link::Link;
use super::narrator::{Audience, Narrator, Pace};
use super::output::Reader;
use super::{ExitCode, Failure, Output, Setup, follow, named, transcript, wait};
use crate::api::wire::SessionView;
use crate::terminal::Style;
use live::{Left, Live};

/// Messages that are shown of what was said before; `show` has the others.
const MESSAGES_SHOWN: u64 = 200;

/// Shows a session as it goes on. At a terminal the person can answer, and leave; otherwise it ends with the turn.
pub(super) async fn run(args: &AttachArgs, setup: &Setup, output: &mut Output) -> Result<ExitCode, Failure> {
    let link = Link::open(setup).await?;
    let outcome = attach(args, &link, output).await;
    let closed = link.close(output).await;
    let code = outcome?;
    closed?;
    Ok(code)
}

async fn attach(args: &AttachArgs, link: &Link, output: &mut Output) -> Result<ExitCode, Failure> {
    let client = link.client();
    let id = named::session(&args.session, client).await?.id;
    let view = client.session(id).await?;
    let told = Seq::new(view.messages.saturating_sub(MESSAGES_SHOWN));
    let mut feed = Feed::open(client, [(id, told)]).await?;
    greet(&view, told, output)?;
    if !(output.can_redraw() && io::stdin().is_terminal()) {
        let audience = match output.reader() {
            Reader::Person => Audience::Terminal { columns: output.window().columns },
            Reader::Program => Audience::Page,
        };
        let status = follow::to_the_end(&mut feed, id, Narrator::new(audience, Pace::AsItComes), output).await?;
        return Ok(wait::code(status));
    }
    let left = Live::new(link, id, feed, output.window())?.run().await?;
    let short = id.short();
    match left {
        Left::Running if link.workplace().is_some() => {
            output.remark(&Style::ATTENTION.paint("without a daemon the agent stops with this command"));
        }
        Left::Running => output.remark(&format!("{short} goes on; `switchboard attach {short}` comes back to it")),
        Left::AtRest => output.remark(&format!("left {short}; `switchboard attach {short}` comes back to it")),
        Left::Deleted => output.remark(&format!("{short} was deleted")),
        Left::Lost => {
            return Err(Failure::new(ExitCode::Failure, "the daemon is gone, and did not come back")
                .hint(format!("`switchboard show {short}` says how far it got")));
        }
    }
    Ok(ExitCode::Ok)
}

fn greet(view: &SessionView, told: Seq, output: &mut Output) -> Result<(), Failure> {
    output.text(&transcript::heading(&view.session, view.project_path.as_deref()))?;
    output.text("\n")?;
    if told > Seq::ZERO {
        let older = format!("… {told} older messages: `switchboard show {}` has them", view.session.id.short());
        output.text(&format!("{}\n\n", Style::DIM.paint(&older)))?;
    }
    Ok(())
}
