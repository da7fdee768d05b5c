//! `switchboard search`

use switchboard_domain::Timestamp;
use switchboard_store::{SearchHit, SearchOrder, SearchQuery};

use super::archive::Archive;
use super::args::SearchArgs;
use super::catalog::Catalog;
use super::output::Reader;
use super::views::HitView;
use super::{ExitCode, Failure, Output, project_command};
use crate::terminal::{Style, Wrapper, age, single_line};

/// Before each line of what was found.
const SNIPPET_INDENT: &str = "  ";

pub(super) async fn run(
    args: &SearchArgs,
    catalog: &Catalog,
    archive: &Archive,
    now: Timestamp,
    output: &mut Output,
) -> Result<(), Failure> {
    let hits = match archive {
        Archive::Empty => Vec::new(),
        _ => archive.search(&query(args, catalog)?).await?,
    };
    print(&hits, args, catalog, now, output)
}

/// Prints what was found.
fn print(
    hits: &[SearchHit],
    args: &SearchArgs,
    catalog: &Catalog,
    now: Timestamp,
    output: &mut Output,
) -> Result<(), Failure> {
    if args.json.json {
        return output.json(&hits.iter().map(|hit| HitView::new(hit, catalog)).collect::<Vec<_>>());
    }
    if hits.is_empty() {
        output.remark("nothing found");
    }
    for hit in hits {
        let line = match output.reader() {
            Reader::Person => for_person(hit, catalog, now, output.window().columns),
            Reader::Program => for_program(hit),
        };
        output.line(&line)?;
    }
    Ok(())
}

fn query(args: &SearchArgs, catalog: &Catalog) -> Result<SearchQuery, Failure> {
    let session = args.session.as_deref().map(|name| catalog.find(name)).transpose()?;
    let project_id = match args.project.as_deref() {
        None => None,
        Some(dir) => {
            let folder = project_command::folder(dir)?;
            let project = catalog.project_at(&folder);
            let unknown = || {
                Failure::new(ExitCode::NotFound, format!("no session ever worked in {}", folder.display()))
                    .hint("`switchboard project ls --all` lists the folders there are")
            };
            Some(project.ok_or_else(unknown)?.id)
        }
    };
    Ok(SearchQuery {
        words: args.words.join(" "),
        project_id,
        session_id: session.map(|stored| stored.session.id),
        order: if args.best { SearchOrder::Rank } else { SearchOrder::Newest },
        limit: args.limit.map_or(u32::MAX, std::num::NonZero::get),
    })
}

fn for_person(hit: &SearchHit, catalog: &Catalog, now: Timestamp, columns: usize) -> String {
    let title = catalog.sessions().iter().find(|stored| stored.session.id == hit.session_id);
    let title = title.map_or_else(String::new, |stored| single_line(&stored.session.title));
    let place = Style::DIM.paint(&format!("#{} {} · {}", hit.seq, hit.role, age(hit.created_at, now)));
    let id = Style::ACCENT.paint(&hit.session_id.short());
    let mut wrapper = Wrapper::new(columns.saturating_sub(SNIPPET_INDENT.len()));
    let snippet = wrapper.push(&single_line(&hit.snippet)) + &wrapper.flush();
    let snippet = emphasised(&snippet).replace('\n', &format!("\n{SNIPPET_INDENT}"));
    format!("{id}  {}  {place}\n{SNIPPET_INDENT}{snippet}", Style::STRONG.paint(&title))
}

fn for_program(hit: &SearchHit) -> String {
    let snippet = single_line(&hit.snippet);
    [hit.session_id.short(), hit.seq.to_string(), hit.role.to_string(), snippet].join("\t")
}

/// The snippet with what was found standing out instead of in brackets.
fn emphasised(snippet: &str) -> String {
    let mut shown = String::new();
    let mut rest = snippet;
    while let Some((before, (found, after))) =
        rest.split_once('[').and_then(|(before, behind)| Some((before, behind.split_once(']')?)))
    {
        shown.push_str(before);
        shown.push_str(&Style::ATTENTION.paint(found));
        rest = after;
    }
    shown + rest
}

#[cfg(test)]
mod tests {
    use switchboard_domain::{Role, Seq};
    use switchboard_store::testing::sample;

    use super::*;

    #[test]
    fn what_was_found_is_shown_where_it_is() {
        let hit = SearchHit {
            session_id: sample::session_id(1),
            message_id: sample::message(1, 2).id,
            seq: Seq::new(2),
            role: Role::Assistant,
            snippet: "fix\n[the] flaky \u{1b}[2J[test] soon".into(),
            created_at: sample::moment(0),
        };
        let printed = |reader| {
            let (mut output, said) = Output::kept(reader);
            let (args, catalog) = (SearchArgs::default(), Catalog::default());
            print(std::slice::from_ref(&hit), &args, &catalog, sample::moment(3_600), &mut output).expect("printed");
            said()
        };
        let id = hit.session_id.short();
        assert_eq!(printed(Reader::Person), format!("{id}    #2 assistant · 1h ago\n  fix the flaky test soon\n"));
        assert_eq!(printed(Reader::Program), format!("{id}\t2\tassistant\tfix [the] flaky [test] soon\n"));
    }

    #[test]
    fn a_bracket_without_its_end_is_a_bracket() {
        assert_eq!(emphasised("a [b"), "a [b");
    }
}
