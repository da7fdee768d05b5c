//! Real processes on real lines, most of them misbehaving.

mod acp;
mod launching;
mod misbehaviour;
mod pressure;
mod services;
mod stage;
mod supervision;
mod worker;
