//! A mirror is like the store, whatever happens to its connection.

use rstest::rstest;
use switchboard::client::{Seen, Watch};
use switchboard_domain::{Change, SessionStatus};
use switchboard_store::State;

use crate::server::{Server, Way, until, within};

fn is_completed(state: &State) -> bool {
    state.sessions().next().is_some_and(|it| it.session().status() == SessionStatus::Completed)
}

#[rstest]
#[case::in_process(Way::InProcess)]
#[case::over_a_socket(Way::Socket)]
#[tokio::test]
async fn a_mirror_sees_everything_that_happens(#[case] way: Way) {
    let mut server = Server::start(way).await;
    let mut mirror = server.client.watch(&Watch::default()).await.expect("connected");
    let (id, agent) = server.started().await;
    agent.answers("done").await;
    agent.completes().await;
    let seen = until(&mut mirror, "the end of the turn", is_completed).await;
    let revision = |it: &Seen| match it {
        Seen::Change(published) => Some(published.revision.get()),
        _ => None,
    };
    let revisions: Vec<_> = seen.iter().filter_map(revision).collect();
    assert!(revisions.windows(2).all(|pair| pair[1] == pair[0] + 1), "{revisions:?}");
    let transcript = mirror.state().session(id).expect("there").transcript();
    assert_eq!(transcript.messages().len(), 2);
    assert_eq!(mirror.epoch(), server.api.epoch());
}

#[tokio::test]
async fn a_mirror_of_a_session_has_its_transcript_and_no_other_session() {
    let mut server = Server::start(Way::InProcess).await;
    let (one, mut agent) = server.started().await;
    agent.answers("done").await;
    agent.completes().await;
    server.stage.until_status(one, SessionStatus::Completed).await;
    let mut mirror = server.client.watch(&Watch::session(one)).await.expect("connected");
    let (two, _second) = server.started().await;
    let (sent, _) = tokio::join!(server.client.send(one, "go on"), agent.command());
    sent.expect("sent");
    until(&mut mirror, "the prompt", |state| {
        state.session(one).is_some_and(|it| it.transcript().messages().len() == 3)
    })
    .await;
    assert!(mirror.state().session(two).is_none());
}

#[tokio::test]
async fn the_disk_is_heard_of() {
    let mut server = Server::start(Way::InProcess).await;
    let mut mirror = server.client.watch(&Watch::default()).await.expect("connected");
    let (_id, _agent) = server.started().await;
    while mirror.durable() < mirror.revision() || mirror.state().sessions().count() == 0 {
        within("everything is saved", mirror.next()).await;
    }
}

#[tokio::test]
async fn a_cut_connection_goes_on_where_it_was() {
    let mut server = Server::start(Way::Socket).await;
    let mut mirror = server.client.watch(&Watch::default()).await.expect("connected");
    let before = mirror.revision();
    server.cut().await;
    let project = server.stage.store.add_project(std::path::Path::new("/another")).expect("added").into_value();
    server.serve();
    let seen = until(&mut mirror, "the project", |state| state.project(project.id).is_some()).await;
    assert!(seen.contains(&Seen::Reconnecting), "{seen:?}");
    assert!(!seen.contains(&Seen::Reloaded), "nothing was missed: {seen:?}");
    let first = seen.iter().find_map(|it| match it {
        Seen::Change(published) => Some(published),
        _ => None,
    });
    let first = first.expect("a change");
    assert_eq!(first.revision, before.next());
    assert!(matches!(first.change, Change::ProjectAdded(_)));
}

#[tokio::test]
async fn a_server_that_begins_a_new_life_is_read_anew() {
    let mut server = Server::start(Way::Socket).await;
    let mut mirror = server.client.watch(&Watch::default()).await.expect("connected");
    let (_id, _agent) = server.started().await;
    until(&mut mirror, "the session", |state| state.sessions().count() == 1).await;
    server.shut_down().await;
    std::fs::remove_file(server.socket()).expect("removed");

    let mut next = Server::start(Way::InProcess).await;
    std::mem::swap(&mut next.folder, &mut server.folder);
    next.serve();
    loop {
        if within("the new server is found", mirror.next()).await == Seen::Reloaded {
            break;
        }
    }
    assert_eq!(mirror.epoch(), next.api.epoch());
    assert_eq!(mirror.state().sessions().count(), 0);
}

#[rstest]
#[case::in_process(Way::InProcess)]
#[case::over_a_socket(Way::Socket)]
#[tokio::test]
async fn streams_end_at_shutdown_and_do_not_hold_it_up(#[case] way: Way) {
    let mut server = Server::start(way).await;
    let watch = Watch { patience: std::time::Duration::from_millis(1), ..Watch::default() };
    let mut mirror = server.client.watch(&watch).await.expect("connected");
    let began = std::time::Instant::now();
    server.shut_down().await;
    assert!(began.elapsed() < std::time::Duration::from_mins(1));
    while within("the end", mirror.next()).await != Seen::Closed {}
}
