//! `switchboard queue`

use switchboard_domain::{Delivery, QueuedMessage, QueuedMessageId, SessionId};

use super::args::{QueueAction, QueueArgs};
use super::catalog::Catalog;
use super::link::Link;
use super::run::prompt_text;
use super::views::QueuedView;
use super::{ExitCode, Failure, Output, named};
use crate::terminal::{Cell, Column, Style, Table, age, single_line};

/// `switchboard queue SESSION`, `… ls`: what waits.
pub(super) fn ls(
    args: &QueueArgs,
    catalog: &Catalog,
    now: switchboard_domain::Timestamp,
    output: &mut Output,
) -> Result<(), Failure> {
    let session = catalog.find(&args.session)?.session.id;
    let messages: Vec<&QueuedMessage> = catalog.queue(session).collect();
    if args.json.json {
        return output.json(&messages.iter().map(|message| QueuedView::new(message)).collect::<Vec<_>>());
    }
    if messages.is_empty() {
        output.remark(&format!("nothing waits for {}", session.short()));
        return Ok(());
    }
    let mut table = Table::new([
        Column::new("ID"),
        Column::new("STATE"),
        Column::new("AGE").optional(),
        Column::new("MESSAGE").flexible(),
    ]);
    for message in messages {
        let state = match message.delivery {
            Delivery::Waiting => Cell::from("waiting"),
            Delivery::Sending => Cell::styled("sending", Style::ACCENT),
            Delivery::Unknown => Cell::styled("perhaps sent", Style::ATTENTION),
        };
        table.row([
            Cell::styled(message.id.short(), Style::ACCENT),
            state,
            Cell::styled(age(message.created_at, now), Style::DIM),
            single_line(&message.content).into(),
        ]);
    }
    output.table(&table)
}

/// The actions that change the queue. Each is on disk before it is reported.
pub(super) async fn change(
    args: &QueueArgs,
    action: &QueueAction,
    link: &Link,
    output: &mut Output,
) -> Result<(), Failure> {
    let client = link.client();
    let session = named::session(&args.session, client).await?.id;
    match action {
        QueueAction::Ls => Ok(()),
        QueueAction::Add { text } => add(session, &prompt_text(text)?, args, link, output).await,
        QueueAction::Edit { id, text } => {
            let (message, text) = (find(id, &client.queued(session).await?)?, prompt_text(text)?);
            client.edit_queued(session, message, &text).await?;
            output.remark(&format!("{} says something else now", message.short()));
            Ok(())
        }
        QueueAction::Cancel { id } => {
            let message = find(id, &client.queued(session).await?)?;
            let cancelled = client.cancel_queued(session, message).await?;
            output.remark(&format!("taken back: {}", single_line(&cancelled.content)));
            Ok(())
        }
    }
}

async fn add(
    session: SessionId,
    text: &str,
    args: &QueueArgs,
    link: &Link,
    output: &mut Output,
) -> Result<(), Failure> {
    let message = match link.workplace() {
        // Not through the engine, which would start an agent that this command does not stay to watch.
        Some(workplace) => workplace.store().queue_message(session, text)?.durable().await?,
        None => link.client().queue(session, text).await?,
    };
    if args.json.json {
        return output.json(&QueuedView::new(&message));
    }
    output.line(&message.id.short())?;
    let short = session.short();
    output.remark(&match link.workplace() {
        Some(_) => format!("waits for the end of the next turn: `switchboard send {short} …` begins one"),
        None => format!("the agent gets it when it is free: `switchboard attach {short}` shows it"),
    });
    Ok(())
}

/// The queued message that `name`, part of an id, means.
fn find(name: &str, queue: &[QueuedMessage]) -> Result<QueuedMessageId, Failure> {
    let part = name.to_ascii_lowercase();
    let fits = |id: QueuedMessageId| id.short().contains(&part) || id.to_string().contains(&part);
    let exact = queue.iter().filter(|message| message.id.short() == part);
    let fitting: Vec<QueuedMessageId> = match exact.count() {
        1 => queue.iter().filter(|message| message.id.short() == part).map(|message| message.id).collect(),
        _ => queue.iter().map(|message| message.id).filter(|id| fits(*id)).collect(),
    };
    match fitting.as_slice() {
        [id] => Ok(*id),
        [] => Err(Failure::new(
            ExitCode::NotFound,
            format!("no waiting message has an id with `{}` in it", single_line(name)),
        )
        .hint("`switchboard queue SESSION` lists them")),
        several => Err(Failure::new(
            ExitCode::Usage,
            format!("`{}` fits {} waiting messages", single_line(name), several.len()),
        )
        .hint("use more of the id")),
    }
}

#[cfg(test)]
mod tests {
    use switchboard_store::testing::sample;

    use super::*;

    #[test]
    fn a_queued_message_is_found_by_any_part_of_its_id_that_fits_only_one() {
        let queue = [sample::queued(1, 1), sample::queued(2, 2)];
        let short = queue[1].id.short();
        assert_eq!(find(&short, &queue).expect("found"), queue[1].id);
        assert_eq!(find("zz", &queue).expect_err("none").code(), ExitCode::NotFound);
        assert_eq!(find("0", &queue).expect_err("both").code(), ExitCode::Usage);
    }
}
