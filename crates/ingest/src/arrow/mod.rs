//! Arrow IPC, files and streams, read front to back: what is hashed is what is decoded.
//!
//! A file is a stream with a list of its batches at the end. It is read as the stream it holds, and the list is then compared
//! with what was read: readers that go by the list must see the same rows.

mod columns;
mod inflate;
mod messages;

pub(crate) use columns::{decode, fields};
pub(crate) use messages::{ArrowBatch, Messages};

/// Whether a file begins as Arrow IPC does.
pub(crate) fn begins(head: &[u8]) -> bool {
    is_file(head) || head.starts_with(&messages::CONTINUATION)
}

/// Whether a file begins as the file format of Arrow IPC does.
fn is_file(head: &[u8]) -> bool {
    head.starts_with(b"ARROW1")
}
