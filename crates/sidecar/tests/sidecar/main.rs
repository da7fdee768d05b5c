//! Real processes on real lines, most of them misbehaving.

mod acp;
mod launching;
mod misbehaviour;
mod pressure;
mod stage;
mod supervision;
mod worker;
