//! The promises of a line, whatever is behind it.

use std::time::Duration;

use rstest::rstest;
use switchboard_domain::{AgentEvent, SessionId, StartSession};

use super::*;

fn words(number: usize) -> AgentEvent {
    AgentEvent::ContentDelta { text: number.to_string() }
}

#[tokio::test]
async fn events_arrive_in_order_and_then_the_line_is_over() {
    let (mut line, agent) = AgentLine::scripted();
    for number in 0..10 {
        assert!(agent.say(words(number)).await);
    }
    let exit = Exit { status: ExitStatus::Code(0), stderr_tail: String::new() };
    agent.exit(exit.clone()).await;

    let mut events = Vec::new();
    while line.recv_many(&mut events, 3).await > 0 {}
    let mut expected: Vec<LineEvent> = (0..10).map(|number| words(number).into()).collect();
    expected.push(LineEvent::Exited(exit));
    assert_eq!(events, expected);
}

#[tokio::test(start_paused = true)]
async fn a_line_that_nobody_reads_holds_its_agent_back() {
    let (mut line, agent) = AgentLine::scripted();
    let flood = async {
        let mut said = 0;
        while agent.say(words(said)).await {
            said += 1;
        }
    };
    let blocked = tokio::time::timeout(Duration::from_secs(1), flood).await;
    assert!(blocked.is_err(), "the agent went on without a reader");
    let mut events = Vec::new();
    assert_eq!(line.recv_many(&mut events, usize::MAX).await, 64);
}

#[tokio::test(start_paused = true)]
async fn large_events_fill_the_line_by_their_size() {
    let patience = Patience { starting: Duration::from_secs(1), sending: Duration::from_secs(1) };
    let bounds = LineBounds { events_max: 64, bytes_max: 1 << 20, patience };
    let (mut line, end, _stop) = LineEnd::script(bounds);
    assert!(end.events.emit(words(1).into(), 700 << 10).await);
    assert!(matches!(end.events.try_emit(words(2).into(), 700 << 10), Err(Rejected::Full(_))));
    let mut events = Vec::new();
    line.recv_many(&mut events, 1).await;
    assert!(end.events.emit(words(2).into(), 700 << 10).await, "room again once the first was read");
    line.recv_many(&mut events, 1).await;
    assert!(end.events.emit(words(3).into(), usize::MAX).await, "one event always fits, however large");
}

/// What the agent's end does with a command, and what its sender must hear.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Taken,
    Refused,
    DroppedUnread,
    DroppedHalfWay,
    IgnoredUnread,
    IgnoredHalfWay,
}

#[rstest]
#[case(Fate::Taken, Ok(()))]
#[case(Fate::Refused, Err(SendError::NotSent(NotSent::Refused("no".into()))))]
#[case(Fate::DroppedUnread, Err(SendError::NotSent(NotSent::LineOver)))]
#[case(Fate::DroppedHalfWay, Err(SendError::Unknown(Lost::LineBroke)))]
#[case(Fate::IgnoredUnread, Err(SendError::NotSent(NotSent::Deaf(Duration::from_secs(5)))))]
#[case(Fate::IgnoredHalfWay, Err(SendError::Unknown(Lost::Stalled)))]
#[tokio::test(start_paused = true)]
async fn the_sender_knows_exactly_what_is_known(#[case] fate: Fate, #[case] expected: Result<(), SendError>) {
    let (line, mut agent) = AgentLine::scripted();
    let play = async {
        let pending = agent.next_pending().await.expect("a command");
        match fate {
            Fate::Taken => {
                assert!(pending.begin());
                pending.delivered();
            }
            Fate::Refused => pending.not_sent(NotSent::Refused("no".into())),
            Fate::DroppedUnread => drop(pending),
            Fate::DroppedHalfWay => assert!(pending.begin()),
            Fate::IgnoredUnread => return Some(pending),
            Fate::IgnoredHalfWay => {
                assert!(pending.begin());
                return Some(pending);
            }
        }
        None
    };
    let (sent, kept) = tokio::join!(line.send(AgentCommand::Abort), play);
    assert_eq!(sent, expected);
    if let (Fate::IgnoredUnread, Some(pending)) = (fate, kept) {
        assert!(!pending.begin(), "a command reported as not sent must never go out later");
    }
}

#[tokio::test(start_paused = true)]
async fn an_agent_may_take_longer_to_get_ready_than_to_listen() {
    let patience = Patience { starting: Duration::from_mins(1), sending: Duration::from_secs(5) };
    let (line, _end, _stop) = LineEnd::script(LineBounds { events_max: 1, bytes_max: 1, patience });
    let start = AgentCommand::Start(StartSession {
        session_id: SessionId::new(uuid::Uuid::nil()),
        project_path: "/".into(),
        prompt: "hello".into(),
        model: None,
        max_budget: None,
        resume: None,
    });
    assert_eq!(line.send(start).await, Err(SendError::NotSent(NotSent::Deaf(patience.starting))));
    assert_eq!(line.send(AgentCommand::Abort).await, Err(SendError::NotSent(NotSent::Deaf(patience.sending))));
}

#[tokio::test]
async fn a_dropped_send_is_withdrawn() {
    let (line, mut agent) = AgentLine::scripted();
    {
        let send = line.send(AgentCommand::Abort);
        tokio::pin!(send);
        tokio::select! {
            biased;
            _ = &mut send => panic!("nobody answered"),
            () = tokio::task::yield_now() => {}
        }
    }
    let (sent, command) = tokio::join!(line.send(AgentCommand::End), agent.next_command());
    assert_eq!((sent, command), (Ok(()), Some(AgentCommand::End)), "the first was skipped");
}

#[tokio::test]
async fn stopping_keeps_what_was_said_and_not_read() {
    let (line, mut agent) = AgentLine::scripted();
    assert!(agent.say(words(1)).await);
    let stopped = line.stop(StopPolicy::NOW).await;
    assert_eq!(stopped.by, StoppedBy::Asking);
    assert_eq!(stopped.last_events, [words(1).into()]);
    assert_eq!(agent.stopped_with(), Some(StopPolicy::NOW));
    assert!(!agent.say(words(2)).await, "nobody hears it");
    assert_eq!(agent.next_command().await, None);
}

#[tokio::test]
async fn stopping_a_line_that_is_over_says_so() {
    let (line, agent) = AgentLine::scripted();
    let sender = line.sender();
    drop(agent);
    assert_eq!(line.stop(StopPolicy::default()).await.by, StoppedBy::AlreadyOver);
    assert_eq!(sender.send(AgentCommand::End).await, Err(SendError::NotSent(NotSent::LineOver)));
}
