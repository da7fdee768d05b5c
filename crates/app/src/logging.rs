//! What goes on inside, told to whoever wants to know: on standard error, or in the daemon's log.
//!
//! What agents and people say, and anything that may be a secret, is told at debug level at most.

use std::panic;

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use crate::daemon::Log;

/// Goes before every other wish: `debug`, or `switchboard_store=trace` and the like.
const VARIABLE: &str = "SWITCHBOARD_LOG";

/// What the daemon's log has: enough to see afterwards what happened when.
const IN_LOG: &str =
    "warn,switchboard=info,switchboard_store=info,switchboard_sidecar=info,switchboard_persistence=info";

/// Problems are always told on standard error; what goes on inside only on request.
pub(crate) fn to_stderr(verbose: u8) {
    tracing_subscriber::registry().with(on_stderr(verbose)).init();
}

/// Everything of interest goes to the log, as JSON lines; and to standard error too when there is somebody to read it.
pub(crate) fn to_log(log: &Log, verbose_on_stderr: Option<u8>) {
    let in_log = fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_writer(log.clone())
        // It would be told on standard error, and writing there may fail as well.
        .log_internal_errors(false)
        .with_filter(filter(IN_LOG));
    tracing_subscriber::registry().with(in_log).with(verbose_on_stderr.map(on_stderr)).init();
    let default_hook = panic::take_hook();
    panic::set_hook(Box::new(move |panicked| {
        // The message may quote anything; it is on standard error.
        let place = panicked.location().map(ToString::to_string);
        tracing::error!(place, "a task panicked");
        default_hook(panicked);
    }));
}

fn on_stderr<S>(verbose: u8) -> impl Layer<S>
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
{
    let level = match verbose {
        0 => "error",
        1 => "switchboard=info,warn",
        _ => "switchboard=debug,switchboard_store=debug,switchboard_sidecar=debug,switchboard_persistence=debug,info",
    };
    let layer = fmt::layer().with_writer(std::io::stderr).with_target(false).log_internal_errors(false);
    layer.with_filter(filter(level))
}

fn filter(default: &str) -> EnvFilter {
    EnvFilter::try_from_env(VARIABLE).unwrap_or_else(|_| EnvFilter::new(default))
}
