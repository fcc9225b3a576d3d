//! Parquet, read front to back: what is hashed is what is decoded, and nothing is mapped into memory, since a file cut
//! short under a mapping kills the process.

mod decode;
mod flatten;
mod footer;
mod groups;
mod page_header;
mod thrift;

pub(crate) use decode::decode;
pub(crate) use flatten::{flat_arrays, flat_types};
pub(crate) use footer::{Footer, Root};
pub(crate) use groups::{GroupReader, RowGroup, read_root};
