//! Everything that can be looked at, and the small things that can be changed.

use serde_json::json;
use switchboard::api::wire::{
    AnswerApproval, Decision, ExportFormat, HealthState, ListSessions, MessagesQuery, SearchRequest,
};
use switchboard_domain::{RequestId, Seq, SessionStatus};

use crate::server::{Server, Way, within};

#[tokio::test]
async fn transcripts_are_read_by_page_in_both_directions() {
    let mut server = Server::start(Way::InProcess).await;
    let (id, agent) = server.started().await;
    for number in 2..=250 {
        agent.answers(&format!("message {number}")).await;
    }
    server
        .stage
        .until("all", |state| state.session(id).is_some_and(|it| it.transcript().last_seq().get() == 250))
        .await;
    let page = async |query: MessagesQuery| {
        let messages = server.client.messages(id, &query).await.expect("read");
        (messages.first().map(|it| it.seq.get()), messages.last().map(|it| it.seq.get()))
    };
    let before =
        |seq, limit| MessagesQuery { before: Some(Seq::new(seq)), limit: Some(limit), ..MessagesQuery::default() };
    let after =
        |seq, limit| MessagesQuery { after: Some(Seq::new(seq)), limit: Some(limit), ..MessagesQuery::default() };
    assert_eq!(page(MessagesQuery::default()).await, (Some(151), Some(250)));
    assert_eq!(page(before(151, 50)).await, (Some(101), Some(150)));
    assert_eq!(page(before(1, 50)).await, (None, None));
    assert_eq!(page(after(0, 3)).await, (Some(1), Some(3)));
    assert_eq!(page(after(249, 3)).await, (Some(250), Some(250)));
    assert_eq!(page(after(u64::MAX, 3)).await, (None, None));
}

#[tokio::test]
async fn what_was_said_is_found_and_exported() {
    let mut server = Server::start(Way::InProcess).await;
    let (id, agent) = server.started().await;
    agent.answers("the flux capacitor is loose").await;
    server.stage.until("it", |state| state.session(id).is_some_and(|it| it.transcript().last_seq().get() == 2)).await;
    server.stage.store.flush().await.expect("saved");
    let wanted = SearchRequest { q: "flux loose".into(), ..SearchRequest::default() };
    let found = async {
        loop {
            let hits = server.client.search(&wanted).await.expect("searched");
            if !hits.is_empty() {
                return hits;
            }
            tokio::task::yield_now().await;
        }
    };
    assert_eq!(within("it is indexed", found).await[0].session_id, id);
    let page = server.client.export(id, ExportFormat::Md).await.expect("exported");
    assert!(page.contains("the flux capacitor is loose"), "{page}");
    let json: serde_json::Value =
        serde_json::from_str(&server.client.export(id, ExportFormat::Json).await.expect("exported")).expect("JSON");
    assert_eq!(json["messages"].as_array().map(Vec::len), Some(2));
    assert_eq!(json["session"]["status"], "running");
}

#[tokio::test]
async fn sessions_are_listed_by_page_project_and_status() {
    let mut server = Server::start(Way::InProcess).await;
    let (one, agent) = server.started().await;
    agent.completes().await;
    server.stage.until_status(one, SessionStatus::Completed).await;
    let (two, _agent) = server.started().await;
    let list = async |wanted: ListSessions| {
        let sessions = server.client.sessions(&wanted).await.expect("listed");
        sessions.into_iter().map(|it| it.session.id).collect::<Vec<_>>()
    };
    assert_eq!(list(ListSessions::default()).await, [two, one]);
    assert_eq!(list(ListSessions { limit: Some(1), ..ListSessions::default() }).await, [two]);
    assert_eq!(list(ListSessions { before: Some(two), ..ListSessions::default() }).await, [one]);
    let completed = ListSessions { status: Some(SessionStatus::Completed), ..ListSessions::default() };
    assert_eq!(list(completed).await, [one]);
    let another = switchboard_store::testing::sample::project_id(9);
    assert!(list(ListSessions { project: Some(another), ..ListSessions::default() }).await.is_empty());
}

#[tokio::test]
async fn a_yes_can_be_remembered_and_forgotten() {
    let mut server = Server::start(Way::InProcess).await;
    let (id, mut agent) = server.started().await;
    let project = server.client.session(id).await.expect("there").session.project_id;
    agent.asks("apr_1").await;
    server.stage.until("asked", |state| state.session(id).is_some_and(|it| it.pending_approvals().count() == 1)).await;
    let rule = "Bash(rm -rf target)".parse().expect("a rule");
    let mut answer = AnswerApproval::new(RequestId::new("apr_1"), Decision::Deny);
    answer.remember = Some(rule);
    let refused = server.client.answer_with(id, &answer).await.expect_err("a no is not remembered");
    assert_eq!(refused.code(), Some("rule_without_yes"));
    answer.decision = Decision::Allow;
    let mut late = answer.clone();
    late.request_id = RequestId::new("apr_0");
    let refused = server.client.answer_with(id, &late).await.expect_err("nobody asked");
    assert_eq!(refused.code(), Some("approval_not_found"));
    assert!(server.client.rules(project).await.expect("listed").is_empty(), "nothing was remembered");
    let (answered, _) = tokio::join!(server.client.answer_with(id, &answer), agent.command());
    answered.expect("answered");

    // The second time nobody is asked.
    agent.asks("apr_2").await;
    within("an answer by rule", agent.command()).await;
    let rules = server.client.rules(project).await.expect("listed");
    assert_eq!(rules, [answer.remember.clone().expect("set")]);
    assert!(server.client.forget_rule(project, &rules[0]).await.expect("forgotten"));
    assert!(!server.client.forget_rule(project, &rules[0]).await.expect("not there any more"));
}

#[tokio::test]
async fn projects_and_settings_are_kept() {
    let server = Server::start(Way::InProcess).await;
    let client = &server.client;
    let project = client.add_project(server.folder.path()).await.expect("added");
    assert_eq!(client.add_project(server.folder.path()).await.expect("the same"), project);
    client.rename_project(project.id, "mine").await.expect("renamed");
    client.remove_project(project.id).await.expect("removed");
    let projects = client.projects().await.expect("listed");
    let found = projects.iter().find(|it| it.project.id == project.id).expect("still there");
    assert!(found.project.name == "mine" && found.project.deleted_at.is_some(), "{found:?}");
    let refused = client.add_project(std::path::Path::new("/no/such/folder")).await.expect_err("none");
    assert_eq!(refused.code(), Some("no_such_folder"));
    let refused = client.add_project(std::path::Path::new("here")).await.expect_err("relative");
    assert_eq!(refused.code(), Some("no_such_folder"));

    client.set_setting("web/theme ä", Some(json!({"dark": true}))).await.expect("set");
    assert_eq!(client.settings().await.expect("listed")["web/theme ä"], json!({"dark": true}));
    client.set_setting("web/theme ä", None).await.expect("removed");
    assert!(client.settings().await.expect("listed").is_empty());
    let refused = client.set_setting(&format!("rules.{}", project.id), Some(json!([]))).await.expect_err("kept");
    assert_eq!(refused.code(), Some("setting_kept_elsewhere"));
    let refused = client.set_setting("big", Some(json!("x".repeat(100_000)))).await.expect_err("too large");
    assert_eq!(refused.code(), Some("setting_too_large"));
}

#[tokio::test]
async fn the_server_says_what_and_how_it_is() {
    let mut server = Server::start(Way::Socket).await;
    let (id, agent) = server.started().await;
    agent.answers("done").await;
    agent.completes().await;
    server.stage.until_status(id, SessionStatus::Completed).await;
    let client = &server.client;
    let version = client.version().await.expect("told");
    assert_eq!((version.epoch, version.version.as_str()), (server.api.epoch(), env!("CARGO_PKG_VERSION")));
    assert_eq!(client.health().await.expect("told").state, HealthState::Healthy);
    let _mirror = client.watch(&switchboard::client::Watch::default()).await.expect("connected");
    let stats = client.stats().await.expect("told");
    assert_eq!((stats.sessions, stats.completed, stats.messages, stats.streams), (1, 1, 2, 1));
    let agents = client.agents().await.expect("listed");
    assert_eq!(agents.iter().filter(|it| it.is_default).map(|it| it.name.as_str()).collect::<Vec<_>>(), ["one"]);
    let renamed = client.set_title(id, " another title ").await.expect("set");
    assert_eq!(renamed.session.title, "another title");
    let refused = client.set_title(id, " ").await.expect_err("empty");
    assert_eq!(refused.code(), Some("name_empty"));
    client.clear_session(id).await.expect("cleared");
    assert_eq!(client.session(id).await.expect("there").messages, 0);
}
