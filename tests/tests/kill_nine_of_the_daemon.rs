//! `kill -9` of the daemon at random points, two hundred times, with clients attached that stay.
//!
//! They come back by themselves, show what the store has, and were told every change once. What anybody was told
//! is saved is there, and no process of an agent outlives the next start.

use std::collections::BTreeMap;
use std::time::Duration;

use rstest::rstest;
use switchboard::api::wire::{Policy, StartSession};
use switchboard::client::{Client, ClientError};
use switchboard_domain::{ProjectId, Session, SessionId};
use switchboard_tests::ledger::{Promise, broken};
use switchboard_tests::onlooker::{Onlooker, out_of_order, sessions_of};
use switchboard_tests::{Contents, Home, PATIENCE, Running, Seed, Stream, processes_with};
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

/// Kills in one case; there are four.
const LIVES: usize = 50;
/// Clients that look on through all lives.
const ONLOOKERS: usize = 4;
/// What the sessions of a life are told.
const PROMPTS: [&str; 3] = ["ticker 2", "polite and short", "chatter 50"];
/// Long enough to be killed before, while and after sessions begin.
const LIFE_MAX: Duration = Duration::from_millis(120);
/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(2);

#[rstest]
#[case::once(1)]
#[case::again(2)]
#[case::and_again(3)]
#[case::and_once_more(4)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_come_back_and_nothing_is_missing(#[case] nth: usize) {
    let mut seed = Seed::new();
    let home = Home::with_daemon();
    home.configure_rogues(&[]);
    let client = Client::over_socket(home.path().join("daemon.sock"));
    let mut daemon = serve(&home);
    let project = client.add_project(&home.project()).await.expect("a daemon listens").id;
    let mut onlookers = Vec::new();
    for _ in 0..ONLOOKERS {
        onlookers.push(Onlooker::begin(home.path().join("daemon.sock")).await);
    }
    let mut promises = Vec::new();
    let mut last = None;
    for life in 1..=LIVES {
        let orders = tokio::spawn(give_orders(client.clone(), project, last));
        sleep(seed.shorter_than(LIFE_MAX)).await;
        daemon.kill_nine();
        daemon.wait();
        let (kept, newest) = orders.await.expect("orders are given without panic");
        promises.extend(kept);
        last = newest.or(last);
        daemon = serve(&home);
        assert_eq!(
            processes_with(&home.tag),
            [0; 0],
            "in life {life} of the {nth}. case: agents outlived the next start"
        );
        let shown = views_agree(&client, &onlookers).await;
        no_session_runs(&shown);
    }
    drop(daemon);
    for onlooker in &onlookers {
        let view = onlooker.view();
        assert_eq!(out_of_order(&view.told), Vec::<String>::new());
        promises.extend(view.streams.iter().flat_map(Stream::promises));
    }
    let contents = tokio::task::spawn_blocking({
        let path = home.path();
        move || Contents::of_folder(&path)
    });
    let found = broken(&promises, &contents.await.expect("the database can be read"));
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert!(promises.len() > LIVES, "hardly anything was promised: {}", promises.len());
}

/// A daemon that is ready.
fn serve(home: &Home) -> Running {
    let daemon = home.start(["serve", "--background"]);
    daemon.stdout.wait_for_text("ready");
    daemon
}

/// Starts sessions and goes on with one, until the daemon is gone. Gives what was promised, and the newest session.
async fn give_orders(
    client: Client,
    project_id: ProjectId,
    last: Option<SessionId>,
) -> (Vec<Promise>, Option<SessionId>) {
    let mut promises = Vec::new();
    let mut newest = None;
    if let Some(session_id) = last {
        let content = format!("polite {}", Uuid::now_v7());
        if client.send(session_id, &content).await.is_ok_and(|sent| sent.queued_id.is_none()) {
            promises.push(Promise::Heard { session_id, content });
        }
    }
    for prompt in PROMPTS {
        let id = SessionId::new(Uuid::now_v7());
        let wanted = StartSession {
            id: Some(id),
            project_id,
            agent: Some("rogue".to_owned()),
            prompt: prompt.to_owned(),
            title: None,
            model: None,
            policy: Policy::default(),
        };
        match client.start_session(&wanted).await {
            Ok(_) => {
                promises.push(Promise::Session { id });
                promises.push(Promise::Heard { session_id: id, content: prompt.to_owned() });
                newest = Some(id);
            }
            Err(ClientError::Refused { code, message, .. }) => panic!("{code}: {message}"),
            Err(_) => break,
        }
    }
    (promises, newest)
}

/// Waits until every onlooker shows what the store has, which does not change any more: nothing runs.
async fn views_agree(client: &Client, onlookers: &[Onlooker]) -> BTreeMap<SessionId, Session> {
    let began = Instant::now();
    loop {
        let state = timeout(PATIENCE, client.state()).await.expect("it answers").expect("the daemon is there");
        let shown = sessions_of(&state);
        if onlookers.iter().all(|onlooker| onlooker.look(|view| view.sessions == shown)) {
            return shown;
        }
        assert!(
            began.elapsed() < PATIENCE,
            "{:#?}\nis not what the store has: {shown:#?}",
            onlookers[0].view().sessions
        );
        sleep(LOOK_EVERY).await;
    }
}

fn no_session_runs(sessions: &BTreeMap<SessionId, Session>) {
    let running: Vec<_> = sessions.values().filter(|session| !session.status().is_final()).collect();
    assert!(running.is_empty(), "after a start everything that ran is interrupted: {running:#?}");
}
