//! `switchboard config`

use super::args::{ConfigAction, ConfigArgs};
use super::{Failure, Output, Setup};
use crate::config::{ShowOrigin, to_json, to_toml};
use crate::terminal::visible;

pub(super) fn run(args: &ConfigArgs, setup: &Setup, output: &mut Output) -> Result<(), Failure> {
    let ConfigAction::Show { origin, json } = &args.action;
    if json.json {
        return output.json(&to_json(&setup.config));
    }
    let show_origin = if *origin { ShowOrigin::Yes } else { ShowOrigin::No };
    output.text(&visible(&to_toml(&setup.config, show_origin)))
}
