//! What a store shows and a disk has, reduced to what a simple model can say.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::Value;
use switchboard_domain::{
    ApprovalState, Delivery, Draft, Message, RequestId, Role, Seq, SessionId, SessionStatus, ToolCall,
};
use switchboard_store::testing::MemoryPersistence;
use switchboard_store::{Page, Persistence, Store};

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Picture {
    pub(crate) sessions: BTreeMap<SessionId, Sitting>,
    pub(crate) settings: BTreeMap<String, Value>,
}

/// A session.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sitting {
    pub(crate) status: SessionStatus,
    pub(crate) title: String,
    pub(crate) transcript: Vec<Entry>,
    pub(crate) streamed: String,
    pub(crate) pending: Vec<Call>,
    pub(crate) queue: Vec<(String, Delivery)>,
    pub(crate) approvals: BTreeMap<u32, Standing>,
}

/// A message.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) role: Role,
    pub(crate) text: String,
    pub(crate) calls: Vec<Call>,
}

/// A tool call: its id, and whether it is answered.
pub(crate) type Call = (String, bool);

/// Where an approval stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Pending,
    Answered,
    Ended,
}

impl Picture {
    /// What the disk has. Of approvals that are settled, only those with numbers in `requests`: others
    /// are of a former life. Panics when a transcript has a gap.
    pub(crate) async fn of_disk(disk: &MemoryPersistence, requests: Range<u32>) -> Self {
        let disk = disk.reopen();
        let mut sessions = BTreeMap::new();
        let queue = disk.queue().await.expect("readable");
        for stored in disk.sessions().await.expect("readable") {
            let id = stored.session.id;
            let mut approvals = BTreeMap::new();
            for number in 0..requests.end {
                let approval = disk.approval(id, &request_id(number)).await.expect("readable");
                let of_now = approval.filter(|it| it.is_pending() || number >= requests.start);
                approvals.extend(of_now.map(|it| (number, standing(&it.state))));
            }
            let (streamed, pending) = of_draft(&stored.draft);
            let transcript = disk.transcript(id);
            let places = transcript.iter().map(|message| message.seq);
            assert!(
                places.eq((1..).map(Seq::new).take(transcript.len())),
                "the disk has a gap in the transcript of {id}"
            );
            let queue = queue.iter().filter(|it| it.session_id == id).map(|it| (it.content.clone(), it.delivery));
            let (status, title) = (stored.session.status(), stored.session.title);
            let transcript = transcript.iter().map(|message| entry(message)).collect();
            let sitting = Sitting { status, title, transcript, streamed, pending, queue: queue.collect(), approvals };
            sessions.insert(id, sitting);
        }
        Self { sessions, settings: disk.settings().await.expect("readable").into_iter().collect() }
    }

    /// What the store shows, whether in memory or not; of approvals as [`Self::of_disk`].
    pub(crate) async fn of_store(store: &Store, requests: Range<u32>) -> Self {
        let state = store.snapshot();
        let mut sessions = BTreeMap::new();
        for session in state.sessions() {
            let id = session.session().id;
            let transcript = store.messages(id, Page::After(Seq::ZERO), 1_000).await.expect("readable");
            let (streamed, pending) = of_draft(session.draft());
            let mut approvals = BTreeMap::new();
            for number in 0..requests.end {
                let approval = session.approval(&request_id(number));
                let of_now = approval.filter(|it| it.is_pending() || number >= requests.start);
                approvals.extend(of_now.map(|it| (number, standing(&it.state))));
            }
            let sitting = Sitting {
                status: session.session().status(),
                title: session.session().title.clone(),
                transcript: transcript.iter().map(|message| entry(message)).collect(),
                streamed,
                pending,
                queue: session.queue().map(|it| (it.content.clone(), it.delivery)).collect(),
                approvals,
            };
            sessions.insert(id, sitting);
        }
        Self { sessions, settings: state.settings().clone() }
    }

    /// Whether a disk like this is the state `model` had at one moment, but for the end of streamed text.
    pub(crate) fn is_saved_form_of(&self, model: &Self) -> bool {
        let mut with_same_text = self.clone();
        for (id, sitting) in &mut with_same_text.sessions {
            if let Some(streamed) = model.sessions.get(id).map(|it| &it.streamed)
                && streamed.starts_with(&sitting.streamed)
            {
                sitting.streamed.clone_from(streamed);
            }
        }
        with_same_text == *model
    }
}

pub(crate) fn request_id(number: u32) -> RequestId {
    RequestId::new(format!("apr_{number}"))
}

fn standing(state: &ApprovalState) -> Standing {
    match state {
        ApprovalState::Pending => Standing::Pending,
        ApprovalState::Answered { .. } => Standing::Answered,
        ApprovalState::Cancelled { .. } | ApprovalState::Expired { .. } => Standing::Ended,
    }
}

fn entry(message: &Message) -> Entry {
    Entry { role: message.body.role, text: message.body.content.clone(), calls: of_calls(&message.body.tool_calls) }
}

fn of_draft(draft: &Draft) -> (String, Vec<Call>) {
    (draft.content.clone(), of_calls(draft.tool_calls.as_slice()))
}

fn of_calls(calls: &[ToolCall]) -> Vec<Call> {
    calls.iter().map(|it| (it.id.as_ref().map(ToString::to_string).unwrap_or_default(), it.output.is_some())).collect()
}
