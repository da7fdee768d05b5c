//! What is painted of some sessions.

use std::time::Duration;

use serde_json::json;
use switchboard_domain::{ApprovalEnd, ApprovalRequest, NewSession, RequestId, SessionId, SessionStatus};
use switchboard_store::testing::{MemoryPersistence, sample};
use switchboard_store::{Clock, Store, StoreConfig, TurnEnd};

use super::*;

struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        sample::moment(0)
    }
}

async fn scene() -> Store {
    let config = StoreConfig { clock: std::sync::Arc::new(Fixed), ..StoreConfig::default() };
    let store = Store::start(MemoryPersistence::new(), config);
    let project = store.add_project(std::path::Path::new("/code/site")).expect("added").into_value().id;
    for (number, prompt) in ["rest", "fail", "think", "ask"].into_iter().enumerate() {
        let id = SessionId::new(uuid::Uuid::from_u128(0x7000_8000_0000 << 64 | number as u128));
        let new = NewSession {
            id,
            project_id: project,
            agent: "builtin".into(),
            prompt: prompt.into(),
            title: None,
            model: None,
        };
        store.create_session(new).await.expect("created");
        store.set_turn_started(id).expect("there").into_value();
        let end = |status, error: Option<&str>| TurnEnd {
            status,
            error: error.map(str::to_owned),
            approvals: ApprovalEnd::Expired,
        };
        match prompt {
            "rest" => drop(store.end_turn(id, end(SessionStatus::Completed, None)).expect("running")),
            "fail" => drop(store.end_turn(id, end(SessionStatus::Failed, Some("no more credit"))).expect("running")),
            "ask" => {
                let input = json!({"command": "git push\u{1b}[2J"});
                let request = ApprovalRequest {
                    request_id: RequestId::new("r"),
                    tool_name: "Bash".into(),
                    input,
                    suggestions: None,
                };
                store.request_approval(id, request).expect("there").into_value();
            }
            _ => store.stream_content(id, "so far\nso good").map(drop).expect("there"),
        }
    }
    store
}

fn painted(store: &Store, columns: usize, rows: usize) -> String {
    let now = sample::moment(0).after(Duration::from_secs(10));
    let state = store.snapshot();
    let pane = pane(Scene::of(&state), true, Window { columns, rows }, now);
    anstream::adapter::strip_str(&pane.rows.join("\n")).to_string()
}

#[tokio::test]
async fn what_needs_the_person_is_on_top() {
    insta::assert_snapshot!(painted(&scene().await, 80, 24), @"
    2 need you · 1 running · 1 at rest

    ID        STATUS      TIME  COST  TITLE  LAST
    00000003  asks       10.0s     -  ask    Bash git push
    00000001  failed         -     -  fail   no more credit
    00000002  running    10.0s     -  think  so good
    00000000  completed      -     -  rest

    `switchboard approve` answers · q leaves · `switchboard attach ID` goes to one
    ");
}

#[tokio::test]
async fn a_wide_window_has_room_for_more() {
    insta::assert_snapshot!(painted(&scene().await, 120, 24), @"
    2 need you · 1 running · 1 at rest

    ID        STATUS     AGENT    PROJECT   TIME  COST  TITLE  LAST
    00000003  asks       builtin  site     10.0s     -  ask    Bash git push
    00000001  failed     builtin  site         -     -  fail   no more credit
    00000002  running    builtin  site     10.0s     -  think  so good
    00000000  completed  builtin  site         -     -  rest

    `switchboard approve` answers · q leaves · `switchboard attach ID` goes to one
    ");
}

#[tokio::test]
async fn a_low_window_shows_what_matters_most() {
    insta::assert_snapshot!(painted(&scene().await, 60, 8), @"
    2 need you · 1 running · 1 at rest

    ID        STATUS   TIME  COST  TITLE  LAST
    00000003  asks    10.0s     -  ask    Bash git push
    00000001  failed      -     -  fail   no more credit
    … and 2 more: `switchboard ls`

    `switchboard approve` answers · q leaves · `switchboard at…
    ");
}
