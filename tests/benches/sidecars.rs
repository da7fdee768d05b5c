//! Sidecars: how fast two hundred start, and how long a word takes from the agent's mouth to whoever
//! listens and to the disk, with a hundred agents that say ten thousand things a second together.
//!
//! Baseline of the start: the standard library, one after the other, without reading what they say.

use std::collections::VecDeque;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use switchboard_domain::{Change, Revision, SessionChange};
use switchboard_store::{Store, Subscription};
use switchboard_tests::crew::Crew;
use switchboard_tests::measure::{Figure, Goal, percentile, report, timed};
use switchboard_tests::program;

/// More than anybody runs at once.
const STARTED: usize = 200;
/// A busy day.
const PACED: usize = 100;
/// Five seconds of talk from each.
const EVENTS_EACH: usize = 500;
/// How often it is looked how far the disk is; adds this much to what is measured.
const LOOK_EVERY: Duration = Duration::from_micros(200);

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let baseline = started_by_the_standard_library();
    let started = runtime.block_on(started());
    report(&started, Some(&baseline), Goal::Within(Duration::from_millis(500)));
    runtime.block_on(paced());
}

async fn started() -> Figure {
    let folder = tempfile::tempdir().expect("a folder");
    let crew = Crew::hire(folder.path()).await;
    let began = Instant::now();
    crew.start(STARTED, "mute").await;
    let took = began.elapsed();
    crew.dismiss().await;
    Figure::time(format!("{STARTED} sidecars started, with their sessions"), took)
}

fn started_by_the_standard_library() -> Figure {
    let (mut children, took) = timed(|| {
        let spawn = |_| {
            let mut command = Command::new(program::rogue());
            command.arg("mute").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
            command.spawn().expect("it can be started")
        };
        (0..STARTED).map(spawn).collect::<Vec<_>>()
    });
    for child in &mut children {
        drop(child.stdin.take());
        child.wait().expect("it is our child");
    }
    Figure::time(format!("std::process, {STARTED} one by one"), took)
}

async fn paced() {
    let folder = tempfile::tempdir().expect("a folder");
    let crew = Crew::hire(folder.path()).await;
    let (_, subscription) = crew.store().subscribe();
    let listener = tokio::spawn(listen(subscription, crew.store().clone()));
    crew.start(PACED, &format!("pacer {EVENTS_EACH}")).await;
    crew.wait_for_the_end().await;
    let (mut heard, mut durable) = listener.await.expect("it listens to the end");
    crew.dismiss().await;
    let events = PACED * EVENTS_EACH;
    assert_eq!(heard.len(), events, "every event is heard");
    for percent in [50, 99] {
        let name = |what: &str| format!("10,000 events/s: line to {what}, p{percent}");
        let goal = |limit| if percent == 99 { Goal::Within(limit) } else { Goal::None };
        let figure = Figure::time(name("subscriber"), percentile(&mut heard, percent));
        report(&figure, None, goal(Duration::from_micros(500)));
        let figure = Figure::time(name("durable"), percentile(&mut durable, percent));
        report(&figure, None, goal(Duration::from_millis(20)));
    }
}

/// How long each event was under way to a subscriber, and each message to the disk.
async fn listen(mut changes: Subscription, store: Store) -> (Vec<Duration>, Vec<Duration>) {
    let (mut heard, mut durable) = (Vec::new(), Vec::new());
    let mut unsaved: VecDeque<(Revision, Duration)> = VecDeque::new();
    let mut looks = tokio::time::interval(LOOK_EVERY);
    while heard.len() < PACED * EVENTS_EACH || !unsaved.is_empty() {
        tokio::select! {
            change = changes.next() => {
                let published = change.expect("one listener keeps up");
                let Change::Session { change, .. } = &published.change else { continue };
                match change {
                    SessionChange::ContentStreamed { text } => heard.extend(said_at(text).map(since)),
                    SessionChange::MessageAppended { message } => {
                        let Some(at) = said_at(&message.body.content) else { continue };
                        heard.push(since(at));
                        unsaved.push_back((published.revision, at));
                    }
                    _ => {}
                }
            }
            _ = looks.tick() => {
                let saved = store.durable_revision();
                while let Some((_, at)) = unsaved.pop_front_if(|(revision, _)| *revision <= saved) {
                    durable.push(since(at));
                }
            }
        }
    }
    (heard, durable)
}

/// When the agent said it, since 1970; prompts and other words say nothing about that.
fn said_at(text: &str) -> Option<Duration> {
    text.parse().ok().map(Duration::from_nanos)
}

fn since(at: Duration) -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().saturating_sub(at)
}
