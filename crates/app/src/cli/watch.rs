//! `switchboard watch`: all sessions at a glance, what needs the person on top.

mod picture;
mod rank;
mod source;
mod stream;

use std::io::{self, IsTerminal};
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tokio::time::MissedTickBehavior;

use super::args::WatchArgs;
use super::keyboard::{Input, Keyboard};
use super::output::measure;
use super::screen::Screen;
use super::signals::Signals;
use super::{ExitCode, Failure, Output, Setup, now};
use source::Source;

/// How often the picture is painted: clocks go on in it.
const PAINT_EVERY: Duration = Duration::from_millis(200);

/// `switchboard watch`
pub(super) async fn run(args: WatchArgs, setup: &Setup, output: &mut Output) -> Result<ExitCode, Failure> {
    let mut source = Source::open(setup).await?;
    if args.once {
        stream::once(args, &source, output)?;
    } else if output.can_redraw() && io::stdin().is_terminal() && !args.json.json {
        paint(&mut source).await?;
        let window = output.window();
        output.text(&picture::whole(source.scene(), window, now()))?;
    } else {
        stream::run(args, &mut source, output).await?;
    }
    Ok(ExitCode::Ok)
}

/// Paints until a key says to leave.
async fn paint(source: &mut Source) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let mut keyboard = Keyboard::take()?;
    let mut screen = Screen::new(io::stdout(), measure());
    let mut ticks = tokio::time::interval(PAINT_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            biased;
            _ = signals.next() => break,
            input = keyboard.next() => match input {
                Input::Key(key) if leaves(key) => break,
                Input::Resized => screen.resize(measure()),
                Input::Gone => break,
                Input::Key(_) | Input::Pasted(_) => {}
            },
            _ = ticks.tick() => {
                let pane = picture::pane(source.scene(), source.is_live(), screen.window(), now());
                screen.show("", &pane)?;
            }
            () = source.next() => {}
        }
    }
    Ok(screen.leave()?)
}

fn leaves(key: KeyEvent) -> bool {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char('c' | 'd') => control,
        KeyCode::Char('q') | KeyCode::Esc => true,
        _ => false,
    }
}
