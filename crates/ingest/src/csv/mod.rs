//! Delimited text as it is found in life.
//!
//! One thread reads, hashes, decompresses and cuts the text into pieces of whole records ([`split`]); workers take the
//! fields apart and parse them ([`decode`]). What is not given is found out from the first rows ([`dialect`],
//! [`infer`]).

mod build;
mod cells;
mod date;
mod decode;
mod dialect;
mod infer;
mod number;
mod source;
mod split;
mod table;

pub(crate) use build::{CellType, Numbers};
pub(crate) use decode::decode;
pub(crate) use dialect::{Dialect, sniff, sniff_encoding};
pub(crate) use infer::{Guess, Missing, infer};
pub(crate) use number::Digits;
pub(crate) use source::Text;
pub(crate) use split::{Chunk, Chunks, holds_record, whole_records};
pub(crate) use table::{Seen, TextFile, column_names};

/// Whether a text is an ISO 8601 date or timestamp.
pub(crate) fn is_iso(text: &[u8]) -> bool {
    date::date(text).is_some() || date::timestamp(text).is_some()
}

/// Seconds since 1970-01-01 of an ISO 8601 date or timestamp.
pub(crate) fn iso_seconds(text: &[u8]) -> Option<f64> {
    let days = date::date(text).map(|days| f64::from(days) * 86_400.0);
    days.or_else(|| date::timestamp(text).map(|(micros, _)| micros as f64 / 1e6))
}

/// Numbers as programs write them.
pub(crate) const PLAIN: Digits = Digits::PLAIN;
