//! What the benchmarks compare with: small honest programs, each of which does one thing in the plainest way that
//! somebody who knows the tool would write.
//!
//! None of them knows a crate of the product. They write into the table that the product has made, so that index
//! and row are the same.

mod inserts;
mod json;
mod pipes;
mod queries;

pub use inserts::{Row, rusqlite_batched, sea_orm_one_by_one, sqlx_batched};
pub use json::parse_lines;
pub use pipes::{count_lines, first_line_of_each};
pub use queries::{like, newest_page, whole_table};
