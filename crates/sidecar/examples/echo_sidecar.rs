//! The smallest sidecar that is one: repeats what it is told, asks before it shouts, and can be aborted.
//!
//! Configure it as an agent with the `native` protocol, or talk to it by hand:
//!
//! ```text
//! $ cargo run --example echo_sidecar
//! {"type":"start_session","sessionId":"01890a5d-ac96-774b-bcce-b302099a8057","projectPath":"/","prompt":"hello"}
//! ```

use std::io;

use serde_json::json;
use switchboard_sidecar::worker::{Interrupted, Turn, Worker};

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let mut worker = Worker::stdio();
    while let Some(mut turn) = worker.next_turn().await {
        match echo(&mut turn).await {
            Ok(()) | Err(Interrupted::Closed) => {}
            Err(Interrupted::Aborted) => drop(turn.failed("aborted")),
            Err(Interrupted::Write(error)) => return Err(error),
        }
    }
    Ok(())
}

async fn echo(turn: &mut Turn<'_>) -> Result<(), Interrupted> {
    let conversation = turn.session_id().short();
    turn.started(Some(&conversation))?;
    let mut answer = turn.prompt().to_owned();
    if answer.ends_with('!') && turn.ask("Shout", json!({"text": answer})).await?.is_allow() {
        answer = answer.to_uppercase();
    }
    for word in answer.split_inclusive(' ') {
        turn.text(word)?;
    }
    turn.message(answer)?;
    turn.completed(Some(&conversation), None)
}
