//! How plain commands become conversations.

use rstest::rstest;
use switchboard_domain::{SessionId, StartSession};

use super::*;
use crate::line::{ExitStatus, LineEvent};

fn exec(args: &[&str], message_bytes_max: usize) -> Exec {
    let mut agent = AgentSpec::new("a", crate::ProtocolKind::Exec, "a").with_args(args.iter().copied());
    agent.limits.message_bytes_max = message_bytes_max;
    Exec::new(&agent)
}

fn start(prompt: &str) -> AgentCommand {
    AgentCommand::Start(StartSession {
        session_id: SessionId::new(uuid::Uuid::nil()),
        project_path: "/".into(),
        prompt: prompt.into(),
        model: None,
        max_budget: None,
        resume: None,
    })
}

fn exit(status: ExitStatus, stderr: &str) -> Exit {
    Exit { status, stderr_tail: stderr.into() }
}

/// Messages and the last event of a process that wrote `pieces` and ended so.
fn turn(message_bytes_max: usize, pieces: &[&str], exit: &Exit) -> (Vec<String>, AgentEvent) {
    let mut exec = exec(&[], message_bytes_max);
    let mut out = Output::default();
    for piece in pieces {
        exec.read(piece, &mut out);
    }
    exec.exited(exit, &mut out);
    let mut events: Vec<_> = out.events.into_iter().map(|(event, _)| event).collect();
    let first = LineEvent::Agent(AgentEvent::SessionStarted { agent_session_id: None });
    assert_eq!(events.first(), Some(&first));
    let Some(LineEvent::Agent(last)) = events.pop() else { panic!("no last event") };
    let messages = events.into_iter().filter_map(|event| match event {
        LineEvent::Agent(AgentEvent::Message(body)) => Some(body.content),
        _ => None,
    });
    (messages.collect(), last)
}

#[rstest]
#[case::one_message(100, &["hel", "lo\n"], &["hello"])]
#[case::silence(100, &[], &[])]
#[case::only_line_ends(100, &["\n\n"], &[])]
#[case::split_at_a_line(10, &["one\ntwo\nthree\nfour\n"], &["one\ntwo", "three", "four"])]
#[case::split_where_there_is_no_line(4, &["abcdefghij"], &["abcd", "efgh", "ij"])]
#[case::split_between_characters(4, &["€€€"], &["€", "€", "€"])]
fn text_becomes_bounded_messages(#[case] bound: usize, #[case] pieces: &[&str], #[case] messages: &[&str]) {
    let (heard, last) = turn(bound, pieces, &exit(ExitStatus::Code(0), ""));
    assert_eq!(heard, messages);
    assert_eq!(last, AgentEvent::Completed { agent_session_id: None, total_cost: None });
}

#[test]
fn a_failed_command_says_how_and_why() {
    let (messages, last) = turn(100, &["partial"], &exit(ExitStatus::Code(2), "no such file\n"));
    assert_eq!(messages, ["partial"]);
    assert_eq!(last, AgentEvent::Failed { error: "exit status 2: no such file".into() });
}

#[rstest]
#[case::on_standard_input(&[], "fix it\n")]
#[case::as_an_argument(&["--prompt={prompt}"], "")]
fn the_prompt_goes_one_way_only(#[case] args: &[&str], #[case] input: &str) {
    let mut exec = exec(args, 100);
    let mut out = Output::default();
    assert!(exec.awaits_start());
    exec.command(Ticket(1), start("fix it"), &mut out);
    assert!(!exec.awaits_start());
    assert_eq!(String::from_utf8_lossy(&out.writes[0].bytes), input);
    assert!(out.writes[0].optional, "a command need not read its input");
    assert!(out.close_input);
}

#[test]
fn a_second_prompt_needs_a_second_process() {
    let mut exec = exec(&[], 100);
    let mut out = Output::default();
    exec.command(Ticket(1), start("one"), &mut out);
    exec.command(Ticket(2), start("two"), &mut out);
    exec.command(Ticket(3), AgentCommand::SendMessage { text: "three".into() }, &mut out);
    assert_eq!(out.refusals.iter().map(|(ticket, _)| ticket.0).collect::<Vec<_>>(), [2, 3]);
}
