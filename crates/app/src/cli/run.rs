//! `switchboard run`, `send` and `demo`: sets agents to work and shows what they do until they are through.

mod assignment;
mod board;
mod choice;
mod conductor;
mod detached;
mod ending;
mod job;
mod json_lines;
mod prefixed;
mod prompts;
mod stage;
mod streamed;

pub(super) use job::is_at_rest;
pub(super) use prompts::text as prompt_text;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use switchboard_domain::{NewSession, ProjectId, Revision, Seq, SessionId};
use uuid::Uuid;

use super::args::{DemoArgs, RunArgs, SendArgs};
use super::feed::{Feed, Heard};
use super::link::Link;
use super::output::Reader;
use super::questions::Questions;
use super::{ExitCode, Failure, Output, Setup, named};
use crate::config::ApprovePolicy;
use crate::terminal::Style;
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

/// How long the disk may take for what is left to save at the end.
const SAVE_PATIENCE: Duration = Duration::from_secs(10);

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
    if args.detach && setup.no_daemon {
        return Err(Failure::new(ExitCode::Usage, "without a daemon nobody goes on with what is detached")
            .hint("leave out --no-daemon, or --detach"));
    }
    if let Some(choice) = choices.iter().find(|choice| choice.is_by_default && !args.jsonl) {
        output.remark(&Style::DIM.paint(&choice::remark(&choice.agent)));
    }
    let link = Link::open(setup).await?;
    let sessions = new_sessions(assignments, choices, &link).await?;
    let approve = args.approve.unwrap_or(setup.config.defaults.approve.value);
    if args.detach {
        return detached::run(sessions, approve, link, output).await;
    }
    let tasks = sessions.into_iter().map(Task::Start).collect();
    let jobs = args.jobs.unwrap_or(setup.config.defaults.jobs.value).get();
    carry_out(Plan { tasks, jobs, approve, pause: Duration::ZERO, json_lines: args.jsonl }, link, output).await
}

/// `switchboard send`
pub(super) async fn send(args: &SendArgs, setup: &Setup, output: &mut Output) -> Result<ExitCode, Failure> {
    let text = prompts::text(&args.text)?;
    let link = Link::open(setup).await?;
    let session = match named::session(&args.session, link.client()).await {
        Ok(session) => session.id,
        Err(failure) => {
            link.close(output).await?;
            return Err(failure);
        }
    };
    let approve = args.approve.unwrap_or(setup.config.defaults.approve.value);
    let tasks = vec![Task::Say { session, text }];
    carry_out(Plan { tasks, jobs: 1, approve, pause: Duration::ZERO, json_lines: args.jsonl }, link, output).await
}

/// `switchboard demo`
pub(super) async fn demo(args: &DemoArgs, setup: &Setup, output: &mut Output) -> Result<ExitCode, Failure> {
    let folder = setup.folders.data().join(DEMO_FOLDER);
    let link = Link::open(setup).await?;
    std::fs::create_dir_all(&folder).map_err(|error| {
        Failure::new(ExitCode::Failure, format!("cannot make the folder {}: {error}", folder.display()))
    })?;
    let project = link.client().add_project(&folder).await?;
    let tasks = DEMO_PROMPTS.into_iter().map(|prompt| {
        let id = SessionId::new(Uuid::now_v7());
        let (agent, prompt) = (crate::config::BUILTIN_AGENT.to_owned(), prompt.to_owned());
        Task::Start(NewSession { id, project_id: project.id, agent, prompt, title: None, model: None })
    });
    let tasks: Vec<Task> = tasks.collect();
    let plan = Plan { jobs: tasks.len(), tasks, approve: args.approve, pause: DEMO_PAUSE, json_lines: false };
    let code = carry_out(plan, link, output).await?;
    output.remark(ending::AFTER_DEMO);
    // One of the agents fails on purpose; that is no failure of the demo.
    Ok(if code == ExitCode::AgentFailed { ExitCode::Ok } else { code })
}

/// The sessions to be started, each in the project of its folder.
async fn new_sessions(
    assignments: Vec<Assignment>,
    choices: Vec<Choice>,
    link: &Link,
) -> Result<Vec<NewSession>, Failure> {
    let mut projects: BTreeMap<PathBuf, ProjectId> = BTreeMap::new();
    let mut sessions = Vec::new();
    for (assignment, choice) in assignments.into_iter().zip(choices) {
        let project_id = match projects.get(&choice.folder) {
            Some(id) => *id,
            None => link.client().add_project(&choice.folder).await?.id,
        };
        projects.insert(choice.folder, project_id);
        let (id, Assignment { prompt, title, .. }) = (SessionId::new(Uuid::now_v7()), assignment);
        let Choice { agent, model, .. } = choice;
        sessions.push(NewSession { id, project_id, agent, prompt, title, model });
    }
    Ok(sessions)
}

async fn carry_out(plan: Plan, link: Link, output: &mut Output) -> Result<ExitCode, Failure> {
    let outcome = perform(plan, &link, output).await;
    let mut outcome = match outcome {
        Ok(outcome) => outcome,
        Err(failure) => {
            link.close(output).await?;
            return Err(failure);
        }
    };
    let saved = ending::saved(&outcome.sessions, outcome.run.feed.state());
    let last = match link.workplace() {
        Some(_) => link.close(output).await?.unwrap_or_default(),
        None => all_saved(&mut outcome.run.feed).await?,
    };
    outcome.run.stage.close(last, output)?;
    if outcome.run.code == ExitCode::Interrupted {
        output.remark(&saved);
    }
    Ok(outcome.run.code)
}

/// A run that was shown to its end, and the sessions it was about.
struct Performed {
    run: conductor::Outcome,
    sessions: Vec<SessionId>,
}

async fn perform(plan: Plan, link: &Link, output: &mut Output) -> Result<Performed, Failure> {
    let jobs: Vec<Job> = plan.tasks.into_iter().map(Job::new).collect();
    let sessions: Vec<SessionId> = jobs.iter().map(Job::session).collect();
    let slots = NonZeroUsize::new(plan.jobs).unwrap_or(NonZeroUsize::MIN);
    let questions = Questions::for_this_process();
    let may_ask = matches!(plan.approve, ApprovePolicy::Ask | ApprovePolicy::Edits);
    let questions_are_put = may_ask && questions.can_ask();
    let approving = Approving { policy: plan.approve, pause: plan.pause, questions };
    let stage = stage_for(&jobs, plan.json_lines, questions_are_put, output);
    if let ([job], Reader::Person, None) = (jobs.as_slice(), output.reader(), link.workplace()) {
        output.remark(&ending::greeting(job));
    }
    let told = told(&jobs, link).await?;
    let feed = Feed::open(link.client(), told).await?;
    let run = Conductor::new(link, feed, jobs, slots, approving, stage).run(output).await?;
    Ok(Performed { run, sessions })
}

/// The sessions of the jobs, each with the newest message that was there before.
async fn told(jobs: &[Job], link: &Link) -> Result<Vec<(SessionId, Seq)>, Failure> {
    let mut told = Vec::new();
    for job in jobs {
        let seq = match &job.task {
            Task::Start(_) => Seq::ZERO,
            Task::Say { session, .. } => Seq::new(link.client().session(*session).await?.messages),
        };
        told.push((job.session(), seq));
    }
    Ok(told)
}

/// Waits until the daemon has everything on disk, and says up to where.
async fn all_saved(feed: &mut Feed) -> Result<Revision, Failure> {
    let reached = async { while !feed.is_saved() && feed.next().await != Heard::Closed {} };
    // Past it whatever is not saved is the daemon's to go on with.
    let _late = tokio::time::timeout(SAVE_PATIENCE, reached).await;
    if feed.is_saved() {
        return Ok(feed.durable());
    }
    Err(Failure::new(ExitCode::Failure, "not everything is on disk yet; the daemon goes on trying")
        .hint("`switchboard doctor` says more about the database"))
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
