//! JSON Lines, and files that hold one JSON array.
//!
//! One thread reads, hashes, decompresses and cuts the text into pieces of whole records ([`records`]); workers parse
//! them straight into columns ([`decode`]). What the columns are is found out from the first records ([`shape`]), and
//! from all of them where a later one does not fit. Objects within objects become columns `outer.inner`, arrays become
//! lists, arrays of objects a list for each key, just as the structs of Parquet do ([`tree`]).

mod column;
mod decode;
mod fault;
mod open;
mod records;
mod shape;
mod splitter;
mod tree;

pub(crate) use decode::decode;
pub(crate) use open::{JsonFile, begins_with_value, look};
pub(crate) use records::{RecordChunks, Records, whole_lines};
pub(crate) use tree::Flat;

/// Levels of objects and arrays within one another.
const DEPTH: usize = 100;
