//! A language model that answers by script, for running real agents without any network.
//!
//! It serves Anthropic's Messages, `OpenAI`'s Responses and Chat Completions, and Gemini's API on loopback, streaming or whole.
//! Words in the newest prompt say what it does; [`script`] has them. The port it listens on is written to a file;
//! it ends when its standard input does, so that it never outlives whoever started it.

mod anthropic;
mod chat;
mod format;
mod gemini;
mod http;
mod journal;
mod responses;
mod script;

use std::io::{self, Read};
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::{fs, thread};

use clap::Parser;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use journal::Journal;

/// A scripted language model on loopback
#[derive(Parser)]
struct Arguments {
    /// Where to write the port, once it is served
    #[arg(long)]
    port_file: PathBuf,

    /// Where to write a line for each request
    #[arg(long)]
    log: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match serve(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

async fn serve(arguments: &Arguments) -> io::Result<()> {
    let journal = Journal::open(arguments.log.as_deref())?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    publish(&arguments.port_file, listener.local_addr()?.port())?;
    tokio::select! {
        served = axum::serve(listener, http::router(Arc::new(journal))) => served,
        () = end_of_input() => Ok(()),
    }
}

/// Writes the port in one step: whoever waits for the file never reads half a number.
fn publish(file: &PathBuf, port: u16) -> io::Result<()> {
    let new = file.with_extension("new");
    fs::write(&new, port.to_string())?;
    fs::rename(new, file)
}

/// Waits until nobody can want anything of us any more.
async fn end_of_input() {
    let (sender, ended) = oneshot::channel();
    thread::spawn(move || {
        let _read_or_broken = io::stdin().lock().read_to_end(&mut Vec::new());
        let _nobody_waits = sender.send(());
    });
    let _ended = ended.await;
}

#[expect(clippy::print_stderr, reason = "a program says on standard error why it fails")]
fn complain(error: &io::Error) {
    eprintln!("fake_llm: {error}");
}
