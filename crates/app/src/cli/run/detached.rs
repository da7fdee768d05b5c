//! `switchboard run --detach`: hands sessions to the daemon and leaves.

use switchboard_domain::NewSession;
use tokio::task::JoinSet;

use super::conductor::start;
use crate::cli::link::Link;
use crate::cli::{ExitCode, Failure, Output};
use crate::config::ApprovePolicy;

/// Starts all of them, and prints the id of each once its prompt is on disk.
pub(super) async fn run(
    sessions: Vec<NewSession>,
    approve: ApprovePolicy,
    link: Link,
    output: &mut Output,
) -> Result<ExitCode, Failure> {
    let ids: Vec<_> = sessions.iter().map(|new| new.id).collect();
    let mut starts = JoinSet::new();
    for (place, new) in sessions.into_iter().enumerate() {
        let client = link.client().clone();
        starts.spawn(async move { (place, start(&client, new, approve.into()).await) });
    }
    let mut outcomes: Vec<_> = starts.join_all().await;
    outcomes.sort_unstable_by_key(|(place, _)| *place);
    let mut first_failure = None;
    for (place, outcome) in outcomes {
        match outcome {
            Ok(()) => output.line(&ids[place].short())?,
            Err(error) => {
                let failure = Failure::from(error);
                output.remark(&format!("{} was not started: {}", ids[place].short(), failure.message()));
                first_failure.get_or_insert(failure);
            }
        }
    }
    match (first_failure, ids.as_slice()) {
        (Some(failure), _) => return Err(failure),
        (None, [id]) => output.remark(&format!("`switchboard attach {}` shows it", id.short())),
        (None, _) => output.remark("`switchboard watch` shows them all"),
    }
    link.close(output).await?;
    Ok(ExitCode::Ok)
}
