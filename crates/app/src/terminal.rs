//! What is particular to a person at a terminal: safe text, short forms of numbers, tables.

mod human;
mod sanitizer;
mod style;
mod table;
mod waiting;
mod wrapper;

pub(crate) use human::{age, cost, duration, size, worked};
pub(crate) use sanitizer::{Sanitizer, single_line, visible};
pub(crate) use style::{Style, status_style};
pub(crate) use table::{Align, Cell, Column, Table, cut};
pub(crate) use waiting::waits_for;
pub(crate) use wrapper::Wrapper;
