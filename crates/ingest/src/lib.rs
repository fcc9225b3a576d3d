//! Files to batches: formats, schema and role inference, limits on hostile files.
//!
//! A [`Dataset`] is opened once, which finds its files, types and roles by their first rows. [`Dataset::pieces`] then
//! reads it front to back, hashing each file in the same read, and gives [`Piece`]s that workers decode to [`Frame`]s;
//! an [`Encoder`] makes of a frame the [`taster_core::Batch`] that detectors see.
//!
//! ```no_run
//! use taster_core::{Digest, Key};
//! use taster_ingest::{Dataset, Encoder, Event, Options};
//!
//! let dataset = Dataset::open(&["data/*.parquet".to_owned()], &Options::default())?;
//! let encoder = Encoder::new(&dataset, Key::new(7));
//! for event in dataset.pieces() {
//!     match event? {
//!         Event::Piece(piece) => {
//!             for frame in piece.decode()? {
//!                 let digests = vec![Digest::default(); frame.rows()]; // of the rows, by the row digest's rules
//!                 let batch = encoder.encode(&frame, &digests);
//!                 println!("{} rows from row {}", batch.table.len, batch.offset);
//!             }
//!         }
//!         Event::FileEnd(end) => println!("{} rows, SHA-256 {}", end.rows, end.sha256),
//!     }
//! }
//! # Ok::<(), taster_ingest::Error>(())
//! ```
//!
//! The input is hostile: every size that a file claims is checked before memory is taken by it, decoders' panics are
//! contained, files are never mapped into memory, and anything not understood is an [`Error`] that says where it is and
//! what to do next, or a [`Note`].

mod arrow;
mod contain;
mod csv;
mod dataset;
mod encode;
mod error;
mod field;
mod files;
mod frame;
mod further;
mod json;
mod like;
mod merge;
mod names;
mod note;
mod open;
mod options;
mod parquet;
mod pieces;
mod plan;
mod profile;
mod roles;
mod tap;
mod values;

pub use dataset::Dataset;
pub use encode::Encoder;
pub use error::{Error, Place};
pub use files::{Compression, Format, NamedFile, SourceFile, find_files};
pub use frame::Frame;
pub use note::Note;
pub use options::{CsvOptions, Encoding, Limits, Options, Quote, Ragged, Roles};
pub use pieces::{Event, FileEnd, Piece, Pieces};
pub use values::{lengths, shown, vectors};
