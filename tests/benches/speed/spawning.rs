//! Starting agents: one until its first word, and two hundred at once.
//!
//! Baselines: the standard library, which starts the same programs one after the other.

use std::time::{Duration, Instant};

use switchboard_baselines::first_line_of_each;
use switchboard_domain::{Change, SessionChange};
use switchboard_tests::crew::Crew;
use switchboard_tests::measure::{Figure, Goal, Report, Samples, timed};
use tokio::runtime::Runtime;

use crate::ingest::{rogue, start_line};

/// More than anybody runs at once.
const MANY: usize = 200;
/// Starts of a single one, to know the usual from the worst.
const ROUNDS: usize = 50;

pub(crate) fn run(runtime: &Runtime, report: &mut Report) {
    let prompt = start_line("polite");
    let bare = Samples::of(ROUNDS, || first_line_of_each(vec![rogue()], prompt.as_bytes()));
    let first_words = runtime.block_on(first_words());
    first_words.report("session created to first word", Some(("std::process", &bare)), Goal::None, report);

    let (name, goal) = (format!("{MANY} sessions started at once"), Goal::Within(Duration::from_millis(500)));
    let ((), took) = timed(|| first_line_of_each((0..MANY).map(|_| rogue()).collect(), prompt.as_bytes()));
    let baseline = Figure::time(format!("std::process, {MANY} one by one, first words"), took);
    let (started, spoken) = runtime.block_on(many());
    report.add(&Figure::time(name, started), Some(&baseline), goal);
    report.add(&Figure::time(format!("{MANY} sessions, first word of each"), spoken), Some(&baseline), Goal::None);
}

/// From the wish for a session to the first word of its agent, one session after the other.
async fn first_words() -> Samples {
    let folder = tempfile::tempdir().expect("a folder");
    let crew = Crew::hire(folder.path()).await;
    let (_, mut changes) = crew.store().subscribe();
    let took = Samples::of_async(ROUNDS, async || {
        crew.start(1, "polite").await;
        while !is_a_word(&changes.next().await.expect("it keeps up").change) {}
    })
    .await;
    crew.dismiss().await;
    took
}

/// How long many took until all had their prompts, and until all had said something.
async fn many() -> (Duration, Duration) {
    let folder = tempfile::tempdir().expect("a folder");
    let crew = Crew::hire(folder.path()).await;
    let (_, mut changes) = crew.store().subscribe();
    let began = Instant::now();
    crew.start(MANY, "polite").await;
    let started = began.elapsed();
    for _ in 0..MANY {
        while !is_a_word(&changes.next().await.expect("it keeps up").change) {}
    }
    let spoken = began.elapsed();
    crew.dismiss().await;
    (started, spoken)
}

/// Whether an agent said it.
fn is_a_word(change: &Change) -> bool {
    let Change::Session { change: SessionChange::MessageAppended { message }, .. } = change else { return false };
    message.body.role == switchboard_domain::Role::Assistant
}
