//! A session at a terminal: what is said runs through the window, and below it the person writes.
//!
//! Whatever takes time runs in tasks that are owned here; nothing that is typed waits for anything.

mod answers;

use std::io::{self, Stdout};
use std::time::{Duration, Instant};

use switchboard_domain::{Change, RequestId, SessionId};
use tokio::task::JoinSet;
use tokio::time::{Interval, MissedTickBehavior};

use super::composer::{Composer, Outcome};
use super::footer;
use super::order::{HELP, Order};
use crate::api::wire::{SendResult, SentTo};
use crate::cli::feed::{Feed, Heard};
use crate::cli::keyboard::{Input, Keyboard};
use crate::cli::link::{Link, Revival};
use crate::cli::narrator::{Audience, Narrator, Pace, Utterance};
use crate::cli::output::{Window, measure};
use crate::cli::run::is_at_rest;
use crate::cli::screen::Screen;
use crate::cli::signals::Signals;
use crate::cli::{Failure, glance, now};
use crate::client::{Client, ClientError};
use crate::terminal::{Style, single_line};

/// How often the window is painted while something happens; faster than the eye, slower than any flood.
const PAINT_EVERY: Duration = Duration::from_millis(40);

/// Two Ctrl-C within this time mean that somebody wants to leave.
const TWICE: Duration = Duration::from_secs(3);

/// A session at a terminal.
pub(super) struct Live {
    client: Client,
    revival: Option<std::sync::Arc<Revival>>,
    id: SessionId,
    feed: Feed,
    narrator: Narrator,
    composer: Composer,
    screen: Screen<Stdout>,
    keyboard: Keyboard,
    /// What is to run through the window with the next painting.
    text: String,
    is_stale: bool,
    asked: Option<Asked>,
    /// Questions whose answer is on its way.
    answered: Vec<RequestId>,
    errands: JoinSet<Done>,
    is_connected: bool,
    interrupted_at: Option<Instant>,
}

/// A question that was shown and waits for an answer.
#[derive(Clone, Debug)]
struct Asked {
    request: RequestId,
    shown_at: Instant,
}

/// How the session was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// Its agent works.
    Running,
    /// Its agent waits for the next message.
    AtRest,
    /// It is gone.
    Deleted,
    /// The daemon is gone.
    Lost,
}

/// Something that took time is done.
enum Done {
    Said(String, Result<SendResult, ClientError>),
    Answered(RequestId, Result<(), ClientError>),
    Stopped(Result<bool, ClientError>),
    Nothing,
}

enum Event {
    Heard(Heard),
    Input(Input),
    Done(Done),
    Terminated,
    Tick,
}

/// Whether to stay.
enum Step {
    On,
    Leave(Left),
}

impl Live {
    /// Takes the terminal.
    ///
    /// # Errors
    /// When it cannot be taken.
    pub(super) fn new(link: &Link, id: SessionId, feed: Feed, window: Window) -> Result<Self, Failure> {
        let audience = Audience::Terminal { columns: window.columns.saturating_sub(1) };
        Ok(Self {
            client: link.client().clone(),
            revival: link.revival(),
            id,
            feed,
            narrator: Narrator::new(audience, Pace::AsItComes).leave_out_questions(),
            composer: Composer::default(),
            screen: Screen::new(io::stdout(), window),
            keyboard: Keyboard::take()?,
            text: String::new(),
            is_stale: true,
            asked: None,
            answered: Vec::new(),
            errands: JoinSet::new(),
            is_connected: true,
            interrupted_at: None,
        })
    }

    /// Stays until the person leaves, or there is nothing to stay for.
    ///
    /// # Errors
    /// When the terminal cannot be written to.
    pub(super) async fn run(mut self) -> Result<Left, Failure> {
        let mut signals = Signals::listen()?;
        let mut ticks = tokio::time::interval(PAINT_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let left = loop {
            let event = self.next_event(&mut signals, &mut ticks).await;
            if let Step::Leave(left) = self.handle(event)? {
                break left;
            }
            self.see_to_questions();
        };
        let rest = self.narrator.pause();
        self.tell(rest);
        self.paint()?;
        self.screen.leave()?;
        Ok(left)
    }

    async fn next_event(&mut self, signals: &mut Signals, ticks: &mut Interval) -> Event {
        tokio::select! {
            biased;
            _ = signals.next() => Event::Terminated,
            input = self.keyboard.next() => Event::Input(input),
            Some(done) = self.errands.join_next() => Event::Done(done.unwrap_or(Done::Nothing)),
            _ = ticks.tick() => Event::Tick,
            heard = self.feed.next() => Event::Heard(heard),
        }
    }

    fn handle(&mut self, event: Event) -> Result<Step, Failure> {
        match event {
            Event::Heard(heard) => return Ok(self.heard(heard)),
            Event::Input(input) => return Ok(self.input(input)),
            Event::Done(done) => self.done(done),
            Event::Terminated => return Ok(Step::Leave(self.standing())),
            Event::Tick => self.paint()?,
        }
        Ok(Step::On)
    }

    fn standing(&self) -> Left {
        match self.feed.state().session(self.id) {
            None => Left::Deleted,
            Some(_) if is_at_rest(self.feed.state(), self.id) => Left::AtRest,
            Some(_) => Left::Running,
        }
    }

    // What happens

    fn heard(&mut self, heard: Heard) -> Step {
        if !self.is_connected && !matches!(heard, Heard::Reconnecting | Heard::Closed) {
            self.is_connected = true;
            self.note(&Style::GOOD.paint("connected again"));
        }
        self.is_stale = true;
        match heard {
            Heard::Change(published) => match &published.change {
                Change::Session { change, .. } => {
                    let told = self.narrator.tell(change);
                    self.tell(told);
                }
                Change::SessionDeleted { .. } => return Step::Leave(Left::Deleted),
                Change::HealthChanged { health } => self.note(&glance::health(health)),
                _ => {}
            },
            Heard::Missed(message) => {
                let told = self.narrator.recount(&message);
                self.tell(told);
            }
            Heard::Reloaded(_) => {
                let draft = self.feed.state().session(self.id).map(|it| it.draft().clone());
                let told = draft.map(|draft| self.narrator.catch_up(&draft)).unwrap_or_default();
                self.tell(told);
            }
            Heard::Durable => {}
            Heard::Reconnecting => self.reconnecting(),
            Heard::Closed => return Step::Leave(Left::Lost),
        }
        Step::On
    }

    fn reconnecting(&mut self) {
        if std::mem::replace(&mut self.is_connected, false) {
            self.note(&Style::ATTENTION.paint("the daemon is gone; looking for it …"));
        }
        if let Some(revival) = self.revival.clone() {
            self.errands.spawn(async move {
                revival.attempt().await;
                Done::Nothing
            });
        }
    }

    fn done(&mut self, done: Done) {
        match done {
            Done::Said(text, Ok(result)) if result.sent_to == SentTo::Queue => {
                let text = single_line(&text);
                self.note(&Style::DIM.paint(&format!("waits for the end of this turn: {text}")));
            }
            Done::Said(text, Err(error)) => {
                self.trouble(&error);
                self.composer.give_back(&text, Instant::now());
            }
            Done::Answered(request, Err(error)) => {
                self.answered.retain(|it| *it != request);
                self.trouble(&error);
            }
            Done::Stopped(Err(error)) => self.trouble(&error),
            Done::Stopped(Ok(false)) => self.note(&Style::DIM.paint("nothing ran")),
            Done::Said(..) | Done::Answered(..) | Done::Stopped(_) | Done::Nothing => {}
        }
    }

    fn trouble(&mut self, error: &ClientError) {
        self.note(&format!("{} {}", Style::BAD.paint("error:"), single_line(&error.to_string())));
    }

    // What the person does

    fn input(&mut self, input: Input) -> Step {
        self.is_stale = true;
        match input {
            Input::Key(key) => match self.composer.key(key, Instant::now()) {
                Outcome::Line(line, began) => return self.carry_out(&line, began),
                Outcome::Leave => return Step::Leave(self.standing()),
                Outcome::Interrupt => return self.interrupt(),
                Outcome::Edited | Outcome::Nothing => {}
            },
            Input::Pasted(text) => {
                if !self.composer.paste(&text, Instant::now()) {
                    self.note(&Style::ATTENTION.paint("that was too much to paste; nothing of it was taken"));
                }
            }
            Input::Resized => self.screen.resize(measure()),
            Input::Gone => return Step::Leave(self.standing()),
        }
        Step::On
    }

    /// Ctrl-C: whoever presses it means to stop something, but not which; so it only leaves, and asks first.
    fn interrupt(&mut self) -> Step {
        if self.interrupted_at.is_some_and(|at| at.elapsed() < TWICE) {
            return Step::Leave(self.standing());
        }
        self.interrupted_at = Some(Instant::now());
        self.note(&Style::DIM.paint("Ctrl-C again leaves, and the agent goes on; /abort stops the agent"));
        Step::On
    }

    fn carry_out(&mut self, line: &str, began: Instant) -> Step {
        let (client, id) = (self.client.clone(), self.id);
        match Order::parse(line) {
            Order::Say(text) => {
                self.errands.spawn(async move {
                    let sent = client.send(id, &text).await;
                    Done::Said(text, sent)
                });
            }
            Order::Abort => {
                self.note(&Style::DIM.paint("stopping the agent …"));
                self.errands.spawn(async move { Done::Stopped(client.abort(id).await) });
            }
            Order::Detach => return Step::Leave(self.standing()),
            Order::Help => self.note(HELP),
            Order::Unknown(_) => {
                self.note(&Style::ATTENTION.paint("there is no such order: /help lists them; //… is for the agent"));
                self.composer.give_back(line, Instant::now());
            }
            answer => self.answer(&answer, began),
        }
        Step::On
    }

    // The window

    /// A line of our own, apart from what is being said.
    fn note(&mut self, text: &str) {
        let rest = self.narrator.pause();
        self.tell(rest);
        self.text.push_str(text);
        self.text.push('\n');
    }

    fn tell(&mut self, said: Vec<Utterance>) {
        self.is_stale |= !said.is_empty();
        self.text.extend(said.into_iter().map(|utterance| utterance.text));
    }

    fn paint(&mut self) -> Result<(), Failure> {
        let session = self.feed.state().session(self.id);
        let is_running = session.is_some_and(|it| !it.session().status().is_final());
        if self.is_stale || is_running {
            let pane = footer::pane(session.map(AsRef::as_ref), &self.composer, self.screen.window(), now());
            self.screen.show(&std::mem::take(&mut self.text), &pane)?;
            self.is_stale = false;
        }
        Ok(())
    }
}
