//! Events as they are written: lines of `field: value`, ended by an empty one.

use std::fmt::Write;

use axum::body::Bytes;
use serde::Serialize;
use switchboard_domain::{Change, Revision};

use crate::api::wire::{DurableReached, EventId, Snapshot};

/// What is written when nothing happens.
pub(super) fn heartbeat(id: EventId) -> String {
    format!(": nothing new\nid: {id}\n\n")
}

/// A change, as all streams write it.
pub(super) fn change(id: EventId, change: &Change) -> Bytes {
    format!("event: change\nid: {id}\ndata: {}\n\n", json(change)).into()
}

/// How far the disk is.
pub(super) fn durable(id: EventId, revision: Revision) -> String {
    format!("event: durable\nid: {id}\ndata: {}\n\n", json(&DurableReached { revision }))
}

/// What was told before is void.
pub(super) fn reset(reason: &str) -> String {
    format!("event: reset\ndata: {reason}\n\n")
}

/// There will be no more.
pub(super) fn end(reason: &str) -> String {
    format!("event: end\ndata: {reason}\n\n")
}

/// Where a snapshot's changes stand in its JSON.
const CHANGES: &str = "\"changes\":[";

/// The beginning of a snapshot: its changes come as lines of their own, so that a large one never is
/// in memory as a whole.
pub(super) fn snapshot_begins(id: EventId, durable: Revision) -> String {
    let EventId { epoch, revision } = id;
    let empty = json(&Snapshot { epoch, revision, durable, changes: Vec::new() });
    let (head, _) = empty.split_once(CHANGES).unwrap_or((&empty, ""));
    format!("event: snapshot\nid: {id}\ndata: {head}{CHANGES}\n")
}

/// One more change of a snapshot.
pub(super) fn snapshot_goes_on(text: &mut String, is_first: bool, change: &Change) {
    let comma = if is_first { "" } else { "," };
    // Writing to a string cannot fail.
    let _ = writeln!(text, "data: {comma}{}", json(change));
}

/// The end of a snapshot.
pub(super) const SNAPSHOT_ENDS: &str = "data: ]}\n\n";

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("all types of the wire have text keys and serialize")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::wire::Epoch;

    #[test]
    fn the_lines_of_a_snapshot_make_up_its_json() {
        let id = EventId { epoch: Epoch::fresh(), revision: Revision::new(7) };
        let changes = vec![Change::LoadingSet { loading: true }, Change::ErrorSet { error: Some("two\nlines".into()) }];
        let mut text = snapshot_begins(id, Revision::new(5));
        for (place, change) in changes.iter().enumerate() {
            snapshot_goes_on(&mut text, place == 0, change);
        }
        text.push_str(SNAPSHOT_ENDS);
        let data: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
        let snapshot: Snapshot = serde_json::from_str(&data.join("\n")).expect("JSON");
        assert_eq!(snapshot, Snapshot { epoch: id.epoch, revision: id.revision, durable: Revision::new(5), changes });
    }
}
