//! Which command lines are understood, and which are refused.

use clap::CommandFactory;
use clap::error::ErrorKind;
use rstest::rstest;

use super::*;

#[test]
fn the_definitions_are_consistent() {
    Cli::command().debug_assert();
}

fn parse(line: &str) -> Result<Command, ErrorKind> {
    let words = std::iter::once("switchboard").chain(line.split_whitespace());
    Cli::try_parse_from(words).map(|cli| cli.command).map_err(|error| error.kind())
}

#[rstest]
#[case::run("run fix the build")]
#[case::run_options("run --agent claude --project . --model m --title t --approve none --jsonl fix it")]
#[case::run_exec_needs_no_prompt("run --exec make")]
#[case::run_exec_takes_one("run --exec cat hello")]
#[case::run_parallel("run --parallel-file prompts.txt --jobs 3")]
#[case::run_detached("run --detach fix it")]
#[case::run_detached_in_parallel("run --detach --parallel-file prompts.txt")]
#[case::send("send last go on")]
#[case::attach("attach last")]
#[case::watch("watch --json")]
#[case::watch_once("watch --once")]
#[case::approve("approve")]
#[case::approve_one("approve 099a8057-3f2c1a --always")]
#[case::deny_one("approve 099a8057 --deny")]
#[case::abort("abort last 09ab")]
#[case::wait("wait last 09ab --any --timeout 1.5 --json")]
#[case::logs("logs last --follow -n 5")]
#[case::ls("ls --status failed -n 5 --json")]
#[case::list("list")]
#[case::show("show last --follow")]
#[case::search("search two words --best -n 3")]
#[case::export("export last --format json -o out.json")]
#[case::rm("rm last 09ab -y")]
#[case::queue("queue last")]
#[case::queue_json("queue last --json")]
#[case::queue_ls("queue last ls")]
#[case::queue_add("queue last add run the linter")]
#[case::queue_edit("queue last edit 3f2a something else")]
#[case::queue_cancel("queue last cancel 3f2a")]
#[case::project_add("project add . --name site")]
#[case::project_ls("project ls --all")]
#[case::project_rm("project rm site")]
#[case::agents("agents --json")]
#[case::agents_check("agents check")]
#[case::agents_check_some("agents check claude codex --timeout 5 --json")]
#[case::config("config show --origin")]
#[case::doctor("doctor")]
#[case::up("up --listen 127.0.0.1:0 --restart")]
#[case::down("down")]
#[case::status("status --json")]
#[case::resume("resume last 09ab -m go --approve all")]
#[case::resume_all("resume --all")]
#[case::serve("serve --listen [::1]:4000")]
#[case::service("service install --print")]
#[case::alone("run --no-daemon hello")]
#[case::demo("demo --approve ask")]
#[case::completions("completions zsh")]
#[case::man("man")]
#[case::globals_anywhere("ls --home /tmp/x --color never -vv")]
fn it_is_understood(#[case] line: &str) {
    assert!(parse(line).is_ok(), "{line}: {:?}", parse(line));
}

#[rstest]
#[case::resume_nothing("resume", ErrorKind::MissingRequiredArgument)]
#[case::resume_some_and_all("resume last --all", ErrorKind::ArgumentConflict)]
#[case::nothing("", ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand)]
#[case::unknown_command("rnu", ErrorKind::InvalidSubcommand)]
#[case::run_nothing("run", ErrorKind::MissingRequiredArgument)]
#[case::prompt_and_file("run hello --parallel-file x", ErrorKind::ArgumentConflict)]
#[case::exec_and_agent("run --exec make --agent claude", ErrorKind::ArgumentConflict)]
#[case::jobs_alone("run hello --jobs 3", ErrorKind::ArgumentConflict)]
#[case::jobs_of_one_command("run --exec make --jobs 3", ErrorKind::MissingRequiredArgument)]
#[case::no_jobs("run --parallel-file x --jobs 0", ErrorKind::ValueValidation)]
#[case::no_such_policy("run hello --approve maybe", ErrorKind::InvalidValue)]
#[case::no_such_status("ls --status done", ErrorKind::ValueValidation)]
#[case::send_nothing("send last", ErrorKind::MissingRequiredArgument)]
#[case::follow_as_json("show last --follow --json", ErrorKind::ArgumentConflict)]
#[case::project_alone("project", ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand)]
fn it_is_refused(#[case] line: &str, #[case] kind: ErrorKind) {
    assert_eq!(parse(line).map(|_| ()), Err(kind), "{line}");
}

/// Words after `run` are one prompt, so that nobody has to quote.
#[test]
fn a_prompt_may_be_typed_without_quotes() {
    let Ok(Command::Run(run)) = parse("run fix the build --agent builtin") else { panic!("a run") };
    assert_eq!(run.prompt, ["fix", "the", "build"]);
    assert_eq!(run.agent.as_deref(), Some("builtin"));
}
