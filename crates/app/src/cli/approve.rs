//! `switchboard approve`: the questions of all agents in one place, and answering them.
//!
//! A question is named by its session and by what it asks, so that an answer never goes to a question
//! that came in the place of the one that was read.

use serde_json::Value;
use sha2::{Digest, Sha256};
use switchboard_domain::Approval;
use switchboard_store::State;

use super::args::ApproveArgs;
use super::link::Link;
use super::questions::{PROMPT, Questions, Verdict, question, verdict};
use super::views::ApprovalView;
use super::{ExitCode, Failure, Output, Setup};
use crate::api::wire::{Decision, Policy};
use crate::session_name::find_session;
use crate::terminal::{Style, single_line};

/// So many bytes of a hash tell one question of a session from another.
const HANDLE_BYTES: usize = 3;

/// `switchboard approve`
pub(super) async fn run(args: &ApproveArgs, setup: &Setup, output: &mut Output) -> Result<ExitCode, Failure> {
    let Some(link) = Link::find(setup).await? else {
        return match &args.id {
            None => nothing(args, output),
            Some(_) => Err(Failure::new(ExitCode::NotFound, "no daemon runs, so nothing waits for an answer")),
        };
    };
    let state = link.client().state().await?;
    let waiting = waiting(&state);
    let code = match &args.id {
        None if args.json.json => {
            output.json(&waiting.iter().map(|it| view(it, &state)).collect::<Vec<_>>())?;
            ExitCode::Ok
        }
        None if waiting.is_empty() => nothing(args, output)?,
        None => ask_all(&waiting, &state, &link, output).await?,
        Some(id) => answer_named(id, args, &waiting, &state, &link, output).await?,
    };
    link.close(output).await?;
    Ok(code)
}

fn nothing(args: &ApproveArgs, output: &mut Output) -> Result<ExitCode, Failure> {
    if args.json.json {
        output.json(&[(); 0])?;
    } else {
        output.remark("nothing waits for an answer");
    }
    Ok(ExitCode::Ok)
}

/// All questions, oldest first.
fn waiting(state: &State) -> Vec<Approval> {
    let mut waiting: Vec<Approval> = state.sessions().flat_map(|it| it.pending_approvals().cloned()).collect();
    waiting.sort_by_key(|approval| approval.requested_at);
    waiting
}

/// What a question is called: its session, and a mark of all that it says.
pub(super) fn handle(approval: &Approval) -> String {
    let request = &approval.request;
    let said = serde_json::json!([request.request_id, request.tool_name, request.input, approval.requested_at]);
    let mark = Sha256::digest(said.to_string());
    let digits = mark.iter().take(HANDLE_BYTES).fold(0_u32, |digits, byte| digits << 8 | u32::from(*byte));
    format!("{}-{digits:0width$x}", approval.session_id.short(), width = 2 * HANDLE_BYTES)
}

fn title<'a>(approval: &Approval, state: &'a State) -> &'a str {
    state.session(approval.session_id).map_or("", |it| it.session().title.as_str())
}

fn view<'a>(approval: &'a Approval, state: &'a State) -> ApprovalView<'a> {
    ApprovalView::new(handle(approval), approval, title(approval, state))
}

/// Shows every question, and asks the person about each.
async fn ask_all(waiting: &[Approval], state: &State, link: &Link, output: &mut Output) -> Result<ExitCode, Failure> {
    let mut questions = Questions::for_this_process();
    for approval in waiting {
        if !questions.can_ask() {
            list(approval, state, output)?;
            continue;
        }
        output.remark(&question(approval, title(approval, state)));
        output.prompt(PROMPT);
        let asked = questions.open(approval);
        let verdict = loop {
            let typed = questions.next().await;
            match typed.line.as_deref().map(verdict) {
                None => return Ok(ExitCode::Ok),
                Some(Verdict::Unclear) => output.prompt(PROMPT),
                Some(verdict) if asked.is_answered_by(&typed) => break verdict,
                Some(_) => {}
            }
        };
        let (decision, always) = match verdict {
            Verdict::No => (Decision::Deny, false),
            Verdict::Always => (Decision::Allow, true),
            Verdict::Yes | Verdict::Unclear => (Decision::Allow, false),
        };
        answer(approval, decision, always, link, output).await?;
    }
    if questions.can_ask() {
        return Ok(ExitCode::Ok);
    }
    let message =
        if waiting.len() == 1 { "a question waits".to_owned() } else { format!("{} questions wait", waiting.len()) };
    Err(Failure::new(ExitCode::NeedsAnswer, format!("{message}, and nobody is here to answer"))
        .hint("`switchboard approve ID` says yes, `--deny` no"))
}

/// One question, for a reader that cannot be asked.
fn list(approval: &Approval, state: &State, output: &mut Output) -> Result<(), Failure> {
    let input = match &approval.request.input {
        Value::String(text) => crate::terminal::visible(text),
        input => crate::terminal::visible(&input.to_string()),
    };
    let fields = [
        handle(approval),
        single_line(title(approval, state)),
        crate::terminal::visible(&approval.request.tool_name),
        input,
    ];
    output.line(&fields.map(|field| field.replace(['\n', '\t'], " ")).join("\t"))
}

async fn answer_named(
    id: &str,
    args: &ApproveArgs,
    waiting: &[Approval],
    state: &State,
    link: &Link,
    output: &mut Output,
) -> Result<ExitCode, Failure> {
    let decision = if args.deny { Decision::Deny } else { Decision::Allow };
    if id.contains('-')
        && let Some(approval) = waiting.iter().find(|approval| handle(approval) == id)
    {
        answer(approval, decision, args.always, link, output).await?;
        return Ok(ExitCode::Ok);
    }
    let session = find_session(id, state.sessions().map(|it| it.session()))?.id;
    let asked: Vec<Approval> = waiting.iter().filter(|approval| approval.session_id == session).cloned().collect();
    if asked.is_empty() {
        let message = format!("{} waits for no answer", session.short());
        return Err(Failure::new(ExitCode::NotFound, message).hint("`switchboard approve` lists what waits"));
    }
    if decision == Decision::Deny {
        for approval in &asked {
            answer(approval, decision, false, link, output).await?;
        }
        return Ok(ExitCode::Ok);
    }
    // A session's name says nothing of what it asks: a yes takes a look at it first.
    ask_all(&asked, state, link, output).await
}

async fn answer(
    approval: &Approval,
    decision: Decision,
    always: bool,
    link: &Link,
    output: &mut Output,
) -> Result<(), Failure> {
    let (id, client) = (approval.session_id, link.client());
    client.answer(id, &approval.request.request_id, decision).await?;
    let tool = single_line(&approval.request.tool_name);
    let word = if decision == Decision::Deny { Style::BAD.paint("refused") } else { Style::GOOD.paint("allowed") };
    output.remark(&format!("{word} {tool} in {}", id.short()));
    if always {
        client.set_policy(id, Policy::All).await?;
        output.remark(&format!("{} is asked about no more while the daemon runs", id.short()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use switchboard_domain::{ApprovalRequest, RequestId, SessionId, Timestamp};

    use super::*;

    fn approval(request: &str, command: &str, at: i64) -> Approval {
        let id: SessionId = "01890a5d-ac96-774b-bcce-b302099a8057".parse().expect("an id");
        let request = ApprovalRequest {
            request_id: RequestId::new(request),
            tool_name: "Bash".into(),
            input: json!({ "command": command }),
            suggestions: None,
        };
        Approval::new(id, request, Timestamp::from_micros(at))
    }

    #[test]
    fn a_question_is_called_by_its_session_and_by_all_that_it_says() {
        let first = handle(&approval("apr_1", "ls", 0));
        assert!(first.starts_with("099a8057-") && first.len() == 15, "{first}");
        assert_eq!(first, handle(&approval("apr_1", "ls", 0)));
        for other in [approval("apr_2", "ls", 0), approval("apr_1", "rm -rf ~", 0), approval("apr_1", "ls", 1)] {
            assert_ne!(first, handle(&other));
        }
    }
}
