//! What a line that was written means: words for the agent, or an order with a slash.

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Tell the agent.
    Say(String),
    /// Answer the question that was shown with yes.
    Approve,
    /// Answer it with no.
    Deny,
    /// Answer it with yes, and every further one of this session.
    Always,
    /// Stop the agent.
    Abort,
    /// Leave; the agent goes on.
    Detach,
    /// Show what can be done.
    Help,
    /// No order has this name.
    Unknown(String),
}

/// What can be done, for the person.
pub(super) const HELP: &str = "  Enter         tells the agent, behind what it works on now
  Alt-Enter     begins another line
  /approve      yes to the question that was shown; /deny says no
  /always       yes to it, and to all that follow in this session
  /abort        stops the agent
  /detach       leaves, as Ctrl-D does; the agent goes on
  //TEXT        tells the agent /TEXT
";

impl Order {
    /// What `line` means.
    pub(super) fn parse(line: &str) -> Self {
        let Some(order) = line.strip_prefix('/') else { return Self::Say(line.to_owned()) };
        if order.starts_with('/') {
            return Self::Say(order.to_owned());
        }
        match order.trim() {
            "approve" | "yes" => Self::Approve,
            "deny" | "no" => Self::Deny,
            "always" => Self::Always,
            "abort" | "stop" => Self::Abort,
            "detach" | "quit" | "exit" => Self::Detach,
            "help" | "?" => Self::Help,
            other => Self::Unknown(other.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("go on", Order::Say("go on".into()))]
    #[case("y", Order::Say("y".into()))]
    #[case("approve", Order::Say("approve".into()))]
    #[case("/approve", Order::Approve)]
    #[case("/approve ", Order::Approve)]
    #[case("/approve all", Order::Unknown("approve all".into()))]
    #[case("/approve\n/approve", Order::Unknown("approve\n/approve".into()))]
    #[case("//compact now", Order::Say("/compact now".into()))]
    #[case(" /approve", Order::Say(" /approve".into()))]
    #[case("/compact", Order::Unknown("compact".into()))]
    fn a_slash_makes_an_order(#[case] line: &str, #[case] order: Order) {
        assert_eq!(Order::parse(line), order);
    }
}
