//! A client of the daemon that looks on while the daemon comes and goes, and writes down what it is told.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use switchboard::api::wire::Epoch;
use switchboard::client::{Client, Mirror, Seen, Watch};
use switchboard_domain::{Change, Revision, Session, SessionId};
use switchboard_store::State;
use tokio::task::JoinHandle;

use crate::{Line, Stream};

/// Longer than any test: an onlooker never gives up.
const PATIENCE: Duration = Duration::from_hours(1);

/// One thing that an onlooker was told about the order of everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// Everything, as of this moment.
    Anew(Epoch, Revision),
    /// The change with this place.
    Change(Revision),
}

/// What an onlooker knows.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// Which life of the daemon it sees, and how much of it.
    pub place: Option<(Epoch, Revision)>,
    /// All sessions as it shows them.
    pub sessions: BTreeMap<SessionId, Session>,
    /// All it was told, in order.
    pub told: Vec<Told>,
    /// The same for each stretch between two times of being told everything, as `run --jsonl` would say it.
    pub streams: Vec<Stream>,
}

/// A client that looks on, until it is dropped.
pub struct Onlooker {
    view: Arc<Mutex<View>>,
    looking: JoinHandle<()>,
}

impl Onlooker {
    /// Begins to look at the daemon that listens at `socket`, and its successors.
    ///
    /// # Panics
    /// When nobody listens there.
    pub async fn begin(socket: impl Into<PathBuf>) -> Self {
        let watch = Watch { patience: PATIENCE, ..Watch::default() };
        let mirror = Client::over_socket(socket).watch(&watch).await.expect("a daemon listens");
        let view = Arc::new(Mutex::new(View::default()));
        begin_anew(&view, &mirror);
        let looking = tokio::spawn(look(mirror, Arc::clone(&view)));
        Self { view, looking }
    }

    /// What it knows by now.
    pub fn view(&self) -> View {
        self.look(View::clone)
    }

    /// Looks at what it knows by now.
    pub fn look<T>(&self, look: impl FnOnce(&View) -> T) -> T {
        look(&self.view.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Onlooker {
    fn drop(&mut self) {
        self.looking.abort();
    }
}

async fn look(mut mirror: Mirror, view: Arc<Mutex<View>>) {
    loop {
        match mirror.next().await {
            Seen::Reloaded => begin_anew(&view, &mirror),
            Seen::Change(published) => {
                let mut view = view.lock().unwrap_or_else(PoisonError::into_inner);
                view.told.push(Told::Change(published.revision));
                view.show_change(&mirror, &published.change);
                view.say(Line::Change { revision: published.revision, change: Box::new(published.change.clone()) });
            }
            Seen::Durable(revision) => {
                view.lock().unwrap_or_else(PoisonError::into_inner).say(Line::Durable { revision });
            }
            Seen::Reconnecting => {}
            Seen::Closed => return,
        }
    }
}

fn begin_anew(view: &Mutex<View>, mirror: &Mirror) {
    let mut view = view.lock().unwrap_or_else(PoisonError::into_inner);
    view.told.push(Told::Anew(mirror.epoch(), mirror.revision()));
    view.streams.push(Stream::default());
    view.show(mirror);
}

impl View {
    fn show(&mut self, mirror: &Mirror) {
        self.place = Some((mirror.epoch(), mirror.revision()));
        self.sessions = sessions_of(mirror.state());
    }

    /// Looks only at what changed: there are many changes, and many sessions.
    fn show_change(&mut self, mirror: &Mirror, change: &Change) {
        let id = match change {
            Change::Session { session_id, .. } | Change::SessionDeleted { session_id } => *session_id,
            Change::SessionCreated(session) => session.id,
            _ => return self.show(mirror),
        };
        self.place = Some((mirror.epoch(), mirror.revision()));
        match mirror.state().session(id) {
            Some(found) => _ = self.sessions.insert(id, found.session().clone()),
            None => _ = self.sessions.remove(&id),
        }
    }

    fn say(&mut self, line: Line) {
        self.streams.last_mut().expect("it began with everything").lines.push(line);
    }
}

/// The sessions of a state.
pub fn sessions_of(state: &State) -> BTreeMap<SessionId, Session> {
    state.sessions().map(|it| (it.session().id, it.session().clone())).collect()
}

/// Each place where a change is missing, or told twice, or a life of the daemon begins again, in words.
pub fn out_of_order(told: &[Told]) -> Vec<String> {
    let mut found = Vec::new();
    let mut last: Option<(Epoch, Revision)> = None;
    let mut lives = Vec::new();
    for told in told {
        match (*told, last) {
            (Told::Anew(epoch, revision), _) => {
                if last.is_none_or(|(known, _)| known != epoch) {
                    if lives.contains(&epoch) {
                        found.push(format!("{epoch} is told of again"));
                    }
                    lives.push(epoch);
                } else if last.is_some_and(|(_, seen)| seen > revision) {
                    found.push(format!("everything as of {revision} is older than what was told before"));
                }
                last = Some((epoch, revision));
            }
            (Told::Change(revision), None) => found.push(format!("change {revision} without a beginning")),
            (Told::Change(revision), Some((epoch, seen))) => {
                if revision != seen.next() {
                    found.push(format!("change {revision} comes after {seen}"));
                }
                last = Some((epoch, revision));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// A life of two stretches, and another one.
    fn orderly() -> Vec<Told> {
        let [one, other] = [Epoch::fresh(), Epoch::fresh()];
        let changes = |from: u64, to: u64| (from..=to).map(|number| Told::Change(Revision::new(number)));
        let anew = |epoch, revision| Told::Anew(epoch, Revision::new(revision));
        let first = [anew(one, 3)].into_iter().chain(changes(4, 6)).chain([anew(one, 9)]).chain(changes(10, 12));
        first.chain([anew(other, 1)]).chain(changes(2, 3)).collect()
    }

    #[test]
    fn what_is_in_order_is_fine() {
        assert_eq!(out_of_order(&orderly()), Vec::<String>::new());
    }

    #[rstest]
    #[case::the_first_of_a_stretch(1)]
    #[case::one_in_the_middle(2)]
    #[case::one_of_another_life(9)]
    fn a_change_that_is_missing_told_twice_or_out_of_place_is_found(#[case] index: usize) {
        let (mut missing, mut twice, mut swapped) = (orderly(), orderly(), orderly());
        missing.remove(index);
        twice.insert(index, twice[index]);
        swapped.swap(index, index + 1);
        for told in [missing, twice, swapped] {
            assert!(!out_of_order(&told).is_empty(), "{told:?}");
        }
    }

    #[test]
    fn a_life_that_comes_back_and_news_that_are_old_are_found() {
        let mut told = orderly();
        told.push(told[0]);
        assert!(!out_of_order(&told).is_empty());
        let epoch = Epoch::fresh();
        let old = [Told::Anew(epoch, Revision::new(5)), Told::Anew(epoch, Revision::new(4))];
        assert!(!out_of_order(&old).is_empty());
    }
}
