//! `switchboard run`, `send` and `demo`: sets agents to work and shows what they do until they are through.

mod assignment;
mod board;
mod choice;
mod conductor;
mod ending;
mod job;
mod json_lines;
mod prefixed;
mod prompts;
mod stage;
mod streamed;

pub(super) use prompts::text as prompt_text;

use std::num::NonZeroUsize;
use std::time::Duration;

use switchboard_domain::{NewSession, SessionId};
use uuid::Uuid;

use super::args::{DemoArgs, RunArgs, SendArgs};
use super::output::Reader;
use super::questions::Questions;
use super::{ExitCode, Failure, Output, SAVING, Setup};
use crate::config::ApprovePolicy;
use crate::session_name::find_session;
use crate::terminal::Style;
use crate::workplace::Workplace;
use assignment::Assignment;
use board::Board;
use choice::Choice;
use conductor::{Approving, Conductor};
use job::{Job, Task};
use json_lines::JsonLines;
use prefixed::Prefixed;
use stage::Stage;
use streamed::Streamed;

/// What the demo's agents are told. The built-in agent goes by some of the words: two of them ask for
/// approval, one fails.
const DEMO_PROMPTS: [&str; 8] = [
    "Find the flaky test in the parser: use tools 3",
    "Write the changelog of the next release",
    "Explain how the client retries, and think first",
    "Upgrade the database driver, with approval",
    "Remove dead code from the exporter: tools 2, approve 1",
    "Add a dark mode to the settings page: tools 4",
    "Migrate the old settings and fail",
    "Review the error messages: long 4",
];

/// How long a question of the demo stands before it is answered, so that it can be seen.
const DEMO_PAUSE: Duration = Duration::from_millis(1_500);

/// The folder, inside the data folder, that demo agents pretend to work in.
const DEMO_FOLDER: &str = "demo";

/// What is to be done, and how it is shown.
struct Plan {
    tasks: Vec<Task>,
    jobs: usize,
    approve: ApprovePolicy,
    /// How long a question stands before a policy answers it.
    pause: Duration,
    json_lines: bool,
}

/// `switchboard run`
pub(super) async fn run(args: &RunArgs, setup: &Setup, output: &mut Output) -> Result<ExitCode, Failure> {
    let assignments = prompts::read(args)?;
    let choices = choice::choose_all(&assignments, args, &setup.config)?;
    if let Some(choice) = choices.iter().find(|choice| choice.is_by_default && !args.jsonl) {
        output.remark(&Style::DIM.paint(&choice::remark(&choice.agent)));
    }
    let workplace = Workplace::open(setup).await?;
    let new = |(assignment, choice): (Assignment, Choice)| {
        let id = SessionId::new(Uuid::now_v7());
        let project_id = workplace.project(&choice.folder)?.id;
        let Assignment { prompt, title, .. } = assignment;
        let Choice { agent, model, .. } = choice;
        Ok(Task::Start(NewSession { id, project_id, agent, prompt, title, model }))
    };
    let tasks: Result<_, Failure> = assignments.into_iter().zip(choices).map(new).collect();
    let jobs = args.jobs.unwrap_or(setup.config.defaults.jobs.value).get();
    let approve = args.approve.unwrap_or(setup.config.defaults.approve.value);
    let plan = Plan { tasks: tasks?, jobs, approve, pause: Duration::ZERO, json_lines: args.jsonl };
    carry_out(plan, workplace, output).await
}

/// `switchboard send`
pub(super) async fn send(args: &SendArgs, setup: &Setup, output: &mut Output) -> Result<ExitCode, Failure> {
    let text = prompts::text(&args.text)?;
    let workplace = Workplace::open(setup).await?;
    let state = workplace.store().snapshot();
    let session = find_session(&args.session, state.sessions().map(|it| it.session()))?.id;
    drop(state);
    let approve = args.approve.unwrap_or(setup.config.defaults.approve.value);
    let tasks = vec![Task::Say { session, text }];
    carry_out(Plan { tasks, jobs: 1, approve, pause: Duration::ZERO, json_lines: args.jsonl }, workplace, output).await
}

/// `switchboard demo`
pub(super) async fn demo(args: &DemoArgs, setup: &Setup, output: &mut Output) -> Result<ExitCode, Failure> {
    let folder = setup.folders.data().join(DEMO_FOLDER);
    let workplace = Workplace::open(setup).await?;
    std::fs::create_dir_all(&folder).map_err(|error| {
        Failure::new(ExitCode::Failure, format!("cannot make the folder {}: {error}", folder.display()))
    })?;
    let project = workplace.project(&folder)?;
    let tasks = DEMO_PROMPTS.into_iter().map(|prompt| {
        let id = SessionId::new(Uuid::now_v7());
        let (agent, prompt) = (crate::config::BUILTIN_AGENT.to_owned(), prompt.to_owned());
        Task::Start(NewSession { id, project_id: project.id, agent, prompt, title: None, model: None })
    });
    let tasks: Vec<Task> = tasks.collect();
    let plan = Plan { jobs: tasks.len(), tasks, approve: args.approve, pause: DEMO_PAUSE, json_lines: false };
    let code = carry_out(plan, workplace, output).await?;
    output.remark(ending::AFTER_DEMO);
    // One of the agents fails on purpose; that is no failure of the demo.
    Ok(if code == ExitCode::AgentFailed { ExitCode::Ok } else { code })
}

async fn carry_out(plan: Plan, workplace: Workplace, output: &mut Output) -> Result<ExitCode, Failure> {
    let jobs: Vec<Job> = plan.tasks.into_iter().map(Job::new).collect();
    let sessions: Vec<SessionId> = jobs.iter().map(Job::session).collect();
    let slots = NonZeroUsize::new(plan.jobs).unwrap_or(NonZeroUsize::MIN);
    let questions = Questions::for_this_process();
    let may_ask = matches!(plan.approve, ApprovePolicy::Ask | ApprovePolicy::Edits);
    let questions_are_put = may_ask && questions.can_ask();
    let approving = Approving { policy: plan.approve, pause: plan.pause, questions };
    let stage = stage_for(&jobs, plan.json_lines, questions_are_put, output);
    let conductor = Conductor::new(workplace.engine().clone(), jobs, slots, approving, stage);
    let outcome = conductor.run(output).await;
    let saved = ending::saved(&sessions, &workplace.store().snapshot());
    let closed = workplace.close(|| output.remark(SAVING)).await;
    let (mut stage, code) = outcome?;
    stage.close(closed?, output)?;
    if code == ExitCode::Interrupted {
        output.remark(&saved);
    }
    Ok(code)
}

fn stage_for(jobs: &[Job], json_lines: bool, questions_are_put: bool, output: &Output) -> Box<dyn Stage> {
    if json_lines {
        return Box::new(JsonLines::new());
    }
    match (jobs, output.reader()) {
        ([job], _) => Box::new(Streamed::new(job, output, questions_are_put)),
        (_, Reader::Person) if output.can_redraw() => Box::new(Board::new()),
        _ => Box::new(Prefixed::new(jobs)),
    }
}

#[cfg(test)]
mod tests;
