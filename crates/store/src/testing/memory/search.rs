//! Search by looking at everything: what a person means, without an index.

use std::ops::Range;

use switchboard_domain::Message;

use super::tables::Tables;
use crate::{SearchHit, SearchOrder, SearchQuery};

/// How much text a snippet shows before and after the first found word, in bytes.
const SNIPPET_SIDE_BYTES: usize = 60;

pub(super) fn search(tables: &Tables, query: &SearchQuery) -> Vec<SearchHit> {
    let phrases = phrases(&query.words);
    if phrases.is_empty() {
        return Vec::new();
    }
    let mut hits: Vec<_> = tables
        .newest_first()
        .filter(|message| is_wanted(tables, query, message))
        .filter_map(|message| found(&message.body.content, &phrases).map(|places| (message, places)))
        .collect();
    if query.order == SearchOrder::Rank {
        hits.sort_by_key(|(_, places)| std::cmp::Reverse(places.len()));
    }
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
    hits.into_iter().take(limit).map(|(message, places)| hit(message, &places)).collect()
}

fn is_wanted(tables: &Tables, query: &SearchQuery, message: &Message) -> bool {
    let project = tables.session(message.session_id).map(|session| session.project_id);
    query.session_id.is_none_or(|id| id == message.session_id) && query.project_id.is_none_or(|id| project == Some(id))
}

fn hit(message: &Message, places: &[Range<usize>]) -> SearchHit {
    SearchHit {
        session_id: message.session_id,
        message_id: message.id,
        seq: message.seq,
        role: message.body.role,
        snippet: snippet(&message.body.content, places),
        created_at: message.created_at,
    }
}

/// What is typed between spaces stays together: `src/main.rs` is three words in a row.
fn phrases(words: &str) -> Vec<Vec<String>> {
    let phrases = words.split_whitespace().map(|chunk| tokens(chunk).into_iter().map(|(_, token)| token).collect());
    phrases.filter(|phrase: &Vec<String>| !phrase.is_empty()).collect()
}

/// The places of all found words, in order; `None` unless every phrase occurs.
fn found(content: &str, phrases: &[Vec<String>]) -> Option<Vec<Range<usize>>> {
    let tokens = tokens(content);
    let mut places = Vec::new();
    for phrase in phrases {
        let here = tokens.windows(phrase.len()).filter(|window| window.iter().map(|(_, token)| token).eq(phrase));
        let before = places.len();
        places.extend(here.flatten().map(|(range, _)| range.clone()));
        if places.len() == before {
            return None;
        }
    }
    places.sort_by_key(|range| range.start);
    places.dedup();
    Some(places)
}

fn tokens(text: &str) -> Vec<(Range<usize>, String)> {
    let mut tokens = Vec::new();
    let mut start = None;
    for (at, character) in text.char_indices().chain([(text.len(), ' ')]) {
        match (character.is_alphanumeric(), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                tokens.push((from..at, text[from..at].to_lowercase()));
                start = None;
            }
            _ => {}
        }
    }
    tokens
}

fn snippet(content: &str, places: &[Range<usize>]) -> String {
    let first = places.first().cloned().unwrap_or(0..0);
    let from = content.floor_char_boundary(first.start.saturating_sub(SNIPPET_SIDE_BYTES));
    let to = content.ceil_char_boundary((first.end + SNIPPET_SIDE_BYTES).min(content.len()));
    let mut snippet = String::new();
    let mut at = from;
    for place in places.iter().filter(|place| place.start >= from && place.end <= to) {
        snippet.extend([&content[at..place.start], "[", &content[place.clone()], "]"]);
        at = place.end;
    }
    snippet + &content[at..to]
}
