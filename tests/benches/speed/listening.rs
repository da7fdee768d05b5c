//! A subscriber that measures how long what it hears was under way.
//!
//! Pacers say nothing but the time at which they say it.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use switchboard_domain::{Change, Revision, SessionChange};
use switchboard_store::{Store, Subscription};
use switchboard_tests::measure::Samples;

/// How often it is looked how far the disk is; adds this much to what is measured.
const LOOK_EVERY: Duration = Duration::from_micros(200);

/// How long things were under way.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// From the agent's line to a subscriber.
    pub(crate) subscriber: Samples,
    /// From the agent's line to the disk; messages only.
    pub(crate) durable: Samples,
}

/// Listens until so many events of pacers have come, and the messages among them are saved.
pub(crate) async fn listen(mut changes: Subscription, store: Store, events: usize) -> Heard {
    let mut heard = Heard::default();
    let mut unsaved: VecDeque<(Revision, Duration)> = VecDeque::new();
    let mut looks = tokio::time::interval(LOOK_EVERY);
    while heard.subscriber.count() < events || !unsaved.is_empty() {
        tokio::select! {
            change = changes.next() => {
                let published = change.expect("one listener keeps up");
                let Change::Session { change, .. } = &published.change else { continue };
                match change {
                    SessionChange::ContentStreamed { text } => heard.subscriber.extend(said_at(text).map(since)),
                    SessionChange::MessageAppended { message } => {
                        let Some(at) = said_at(&message.body.content) else { continue };
                        heard.subscriber.push(since(at));
                        unsaved.push_back((published.revision, at));
                    }
                    _ => {}
                }
            }
            _ = looks.tick() => {
                let saved = store.durable_revision();
                while let Some((_, at)) = unsaved.pop_front_if(|(revision, _)| *revision <= saved) {
                    heard.durable.push(since(at));
                }
            }
        }
    }
    heard
}

/// When the agent said it, since 1970; prompts and other words say nothing about that.
pub(crate) fn said_at(text: &str) -> Option<Duration> {
    text.parse().ok().map(Duration::from_nanos)
}

/// How long ago that is.
pub(crate) fn since(at: Duration) -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().saturating_sub(at)
}
