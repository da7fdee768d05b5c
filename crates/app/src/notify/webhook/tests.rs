//! What a receiver sees, however it behaves.

use std::collections::BTreeMap;
use std::sync::Arc;

use rstest::rstest;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::*;
use crate::notify::channel::Channel;
use crate::notify::kind::{Kind, Kinds};
use crate::notify::sample;

const SECRET: &str = "0123456789abcdef";

fn messenger(server: &MockServer) -> WebhookMessenger {
    messenger_to(&server.uri())
}

fn messenger_to(server: &str) -> WebhookMessenger {
    let secret = SecretFrom::Variable("HOOK".into());
    let config = WebhookConfig { url: format!("{server}/hook?token=t"), secret, kinds: Kinds::new() };
    let mut messenger = WebhookMessenger::new("test", &config, &|_| Some(SECRET.to_owned())).expect("sound");
    messenger.attempts.first_wait = Duration::from_millis(5);
    messenger.attempts.wanted_wait_max = Duration::from_millis(50);
    messenger
}

/// A receiver that answers with `statuses`, one after the other, and then with 204.
async fn receiver(statuses: &[u16]) -> MockServer {
    let server = MockServer::start().await;
    for status in statuses {
        let answer = ResponseTemplate::new(*status).insert_header("location", "/elsewhere");
        Mock::given(path("/hook")).respond_with(answer).up_to_n_times(1).mount(&server).await;
    }
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(204)).mount(&server).await;
    server
}

async fn requests(server: &MockServer) -> Vec<Request> {
    server.received_requests().await.expect("they are kept")
}

fn header<'a>(request: &'a Request, name: &str) -> &'a str {
    request.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

#[tokio::test]
async fn a_receiver_can_check_who_sent_it_and_when() {
    let server = receiver(&[]).await;
    messenger(&server).deliver(&sample()).await.expect("delivered");
    let [request] = &requests(&server).await[..] else { panic!("one request") };
    assert_eq!(header(request, "content-type"), "application/json");
    let (id, timestamp) = (header(request, ID), header(request, TIMESTAMP));
    assert_eq!(id, sample().id.to_string());
    let age = chrono::Utc::now().timestamp() - timestamp.parse::<i64>().expect("a time");
    assert!((0..3_600).contains(&age), "{age}");
    let secret = Secret::read(&SecretFrom::Variable(String::new()), &|_| Some(SECRET.to_owned())).expect("sound");
    assert_eq!(header(request, SIGNATURE), secret.sign(id, timestamp, &request.body));
    assert_ne!(header(request, SIGNATURE), secret.sign(id, timestamp, b"another body"));
    let body: serde_json::Value = serde_json::from_slice(&request.body).expect("JSON");
    assert_eq!(body["kind"], "needs_approval");
}

#[rstest]
#[case::server_errors(&[500, 503, 502], 4)]
#[case::too_many(&[429, 408], 3)]
#[tokio::test]
async fn what_fails_for_a_time_is_tried_again_under_the_same_id(#[case] statuses: &[u16], #[case] attempts: usize) {
    let server = receiver(statuses).await;
    messenger(&server).deliver(&sample()).await.expect("delivered");
    let requests = requests(&server).await;
    assert_eq!(requests.len(), attempts);
    assert!(requests.iter().all(|request| header(request, ID) == sample().id.to_string()));
}

#[rstest]
#[case::gone(410)]
#[case::unauthorized(401)]
#[case::moved(301)]
#[case::see_there(307)]
#[tokio::test]
async fn what_would_fail_again_is_given_up_and_no_redirect_is_followed(#[case] status: u16) {
    let server = receiver(&[status]).await;
    let error = messenger(&server).deliver(&sample()).await.expect_err("refused");
    assert!(error.contains("attempt 1") && error.contains(&status.to_string()), "{error}");
    let requests = requests(&server).await;
    assert_eq!((requests.len(), requests[0].url.path()), (1, "/hook"));
}

#[tokio::test]
async fn a_receiver_says_when_to_come_back() {
    let server = MockServer::start().await;
    let busy = ResponseTemplate::new(429).insert_header("retry-after", "3600");
    Mock::given(method("POST")).respond_with(busy).up_to_n_times(1).mount(&server).await;
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    let began = std::time::Instant::now();
    messenger(&server).deliver(&sample()).await.expect("delivered");
    assert!(began.elapsed() >= Duration::from_millis(50), "longer than our own wait, no longer than the bound");
}

#[tokio::test]
async fn a_receiver_that_is_not_there_is_given_up_without_telling_its_address() {
    // A port that was free a moment ago.
    let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a port");
    let error = messenger_to(&format!("http://{free}")).deliver(&sample()).await.expect_err("nobody is there");
    assert!(error.starts_with("given up after attempt 6") && !error.contains("token"), "{error}");
}

#[tokio::test]
async fn deliveries_keep_their_order_and_those_given_up_are_counted() {
    let server = receiver(&[500, 500, 500, 500, 500, 500, 503]).await;
    let (channel, task) = Channel::open(Kinds::from([Kind::NeedsApproval]), messenger(&server));
    let tally = channel.tally();
    for number in 1..=3 {
        channel.offer(&Arc::new(Notification { id: Uuid::from_u128(number), ..sample() }));
    }
    channel.offer(&Arc::new(Notification { kind: Kind::Completed, ..sample() }));
    drop(channel);
    task.await;
    assert_eq!((tally.failed(), tally.delivered(), tally.dropped()), (1, 2, 0), "the first was given up");
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let ids: Vec<String> = requests(&server).await.iter().map(|request| header(request, ID).to_owned()).collect();
    for id in &ids {
        *seen.entry(id.clone()).or_default() += 1;
    }
    assert!(ids.is_sorted(), "{ids:?}");
    assert_eq!(seen.into_values().collect::<Vec<_>>(), [6, 2, 1]);
}

#[tokio::test]
async fn a_queue_has_an_end_and_what_does_not_fit_is_counted() {
    let server = receiver(&[]).await;
    // Nobody empties it.
    let (channel, _task) = Channel::open(Kinds::from([Kind::NeedsApproval]), messenger(&server));
    (0..1_000).for_each(|_| channel.offer(&Arc::new(sample())));
    assert_eq!(channel.tally().dropped(), 1_000 - 256);
}
