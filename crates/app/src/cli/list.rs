//! `switchboard ls`

use std::path::Path;

use switchboard_domain::{Session, StoredSession, Timestamp};

use super::args::ListArgs;
use super::catalog::Catalog;
use super::output::Reader;
use super::views::SessionView;
use super::{Failure, Output, project_command};
use crate::terminal::{Align, Cell, Column, Style, Table, age, cost, single_line, status_style, worked};

/// Sessions shown to a person who does not say how many: about a screenful.
const SESSIONS_SHOWN: usize = 20;

pub(super) fn run(args: &ListArgs, catalog: &Catalog, now: Timestamp, output: &mut Output) -> Result<(), Failure> {
    let project = args.project.as_deref().map(project_command::folder).transpose()?;
    let fits = |stored: &&StoredSession| is_wanted(args, project.as_deref(), &stored.session, catalog);
    let wanted: Vec<&StoredSession> = catalog.sessions().iter().filter(fits).collect();
    let asked_for = args.limit.map(|limit| usize::try_from(limit.get()).unwrap_or(usize::MAX));
    let is_list_for_person = output.reader() == Reader::Person && !args.json.json;
    let limit = asked_for.unwrap_or(if is_list_for_person { SESSIONS_SHOWN } else { usize::MAX });
    let shown = &wanted[..limit.min(wanted.len())];

    if args.json.json {
        return output.json(&shown.iter().map(|stored| SessionView::new(stored, catalog)).collect::<Vec<_>>());
    }
    if shown.is_empty() {
        output.remark(nothing(args, catalog));
        return Ok(());
    }
    output.table(&table(shown, catalog, now))?;
    if asked_for.is_none() && shown.len() < wanted.len() {
        output.remark(&format!("{} older ones: `switchboard ls -n {}`", wanted.len() - shown.len(), wanted.len()));
    }
    Ok(())
}

fn nothing(args: &ListArgs, catalog: &Catalog) -> &'static str {
    let is_filtered = args.project.is_some() || args.status.is_some() || args.agent.is_some();
    match (is_filtered, catalog.sessions().is_empty()) {
        (true, false) => "no session fits",
        _ => "no sessions yet: `switchboard run PROMPT` starts one, `switchboard demo` shows how it looks",
    }
}

fn is_wanted(args: &ListArgs, project: Option<&Path>, session: &Session, catalog: &Catalog) -> bool {
    let is_here = |path| catalog.project(session.project_id).is_some_and(|project| project.path == path);
    args.status.is_none_or(|status| session.status() == status)
        && args.agent.as_deref().is_none_or(|agent| session.agent == agent)
        && project.is_none_or(is_here)
}

fn table(sessions: &[&StoredSession], catalog: &Catalog, now: Timestamp) -> Table {
    let mut table = Table::new([
        Column::new("ID"),
        Column::new("STATUS"),
        Column::new("AGENT").flexible().optional(),
        Column::new("PROJECT").flexible().optional(),
        Column::new("AGE").optional(),
        Column::new("WORKED").aligned(Align::Right).optional(),
        Column::new("COST").aligned(Align::Right).optional(),
        Column::new("TITLE").flexible(),
    ]);
    for stored in sessions {
        let session = &stored.session;
        let project = catalog.project(session.project_id).map_or_else(String::new, |it| single_line(&it.name));
        let is_asked = catalog.pending_approvals(session.id).next().is_some();
        let status = session.status();
        let status = if is_asked {
            Cell::styled("asks", Style::ATTENTION)
        } else {
            Cell::styled(status.as_str(), status_style(status))
        };
        table.row([
            Cell::styled(session.id.short(), Style::ACCENT),
            status,
            single_line(&session.agent).into(),
            project.into(),
            Cell::styled(age(session.created_at, now), Style::DIM),
            worked(session.elapsed).into(),
            cost(session.cost).into(),
            single_line(&session.title).into(),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use switchboard_domain::SessionStatus;
    use switchboard_store::testing::sample;

    use super::*;

    /// Sessions 3, 2 and 1, newest first; the second one has failed.
    fn catalog() -> Catalog {
        let stored = |number| {
            let mut session = sample::session(number, 1);
            if number == 2 {
                session.set_status(SessionStatus::Failed, sample::moment(9));
            }
            StoredSession {
                session,
                last_seq: sample::message(number, 2).seq,
                draft: switchboard_domain::Draft::default(),
            }
        };
        Catalog::of([sample::project(1)], [3, 2, 1].map(stored), [])
    }

    fn listed(args: &ListArgs, reader: Reader) -> String {
        let (mut output, said) = Output::kept(reader);
        run(args, &catalog(), sample::moment(63), &mut output).expect("listed");
        said()
    }

    #[test]
    fn a_person_sees_a_table() {
        insta::assert_snapshot!(listed(&ListArgs::default(), Reader::Person), @"
        ID        STATUS   AGENT    PROJECT    AGE     WORKED  COST  TITLE
        00000000  running  builtin  project 1  1m ago       -     -  do task 3
        00000000  failed   builtin  project 1  1m ago       -     -  do task 2
        00000000  running  builtin  project 1  1m ago       -     -  do task 1
        ");
    }

    #[test]
    fn a_program_gets_fields_between_tabs() {
        let listed = listed(&ListArgs::default(), Reader::Program);
        let fields: Vec<&str> = listed.lines().next().expect("a line").split('\t').collect();
        assert_eq!(fields[1..], ["running", "builtin", "project 1", "1m ago", "-", "-", "do task 3"]);
    }

    #[test]
    fn filters_and_limits_hold_everywhere() {
        let failed = ListArgs { status: Some(SessionStatus::Failed), ..ListArgs::default() };
        assert_eq!(listed(&failed, Reader::Program).lines().count(), 1);
        let two = ListArgs { limit: std::num::NonZeroU32::new(2), ..ListArgs::default() };
        assert_eq!(listed(&two, Reader::Program).lines().count(), 2);
        let nobody = ListArgs { agent: Some("nobody".into()), ..ListArgs::default() };
        assert_eq!(listed(&nobody, Reader::Person), "no session fits\n");
        let json = ListArgs { json: crate::cli::args::JsonFlag { json: true }, ..two };
        let json: serde_json::Value = serde_json::from_str(&listed(&json, Reader::Person)).expect("JSON");
        assert_eq!((json[0]["title"].as_str(), json[1]["status"].as_str()), (Some("do task 3"), Some("failed")));
    }
}
