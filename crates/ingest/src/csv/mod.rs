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

pub(crate) use build::CellType;
pub(crate) use decode::decode;
pub(crate) use dialect::{Dialect, sniff, sniff_encoding};
pub(crate) use infer::{Guess, Missing, infer};
pub(crate) use source::Text;
pub(crate) use split::{Chunk, Chunks};
pub(crate) use table::{TextFile, column_names};
