//! The report folder: one file per output format. Nothing here is computed from data; everything is told by the
//! [`taster_core::Scan`] and shown.
//!
//! | file | made by |
//! | --- | --- |
//! | `quarantine.parquet` | [`QuarantineWriter`] |
//! | `scores.parquet` | [`ScoresWriter`] |
//! | `findings.json` | [`findings_json`] |
//! | `results.sarif` | [`sarif`] |
//! | `report.html` | [`html`] |
//! | the terminal | [`summary`] |
//! | JUnit XML, where asked for | [`junit`] |
//! | a summary in Markdown, where asked for | [`markdown`] |
//!
//! [`Folder`] puts them in place whole or not at all. The manifest, which binds them together, is
//! `taster-provenance`'s. None of them holds a time, a path of this machine or a thread count, so the same scan gives
//! the same bytes; times are in the manifest.

mod advice;
mod brief;
mod choice;
mod docs;
mod draft;
mod error;
mod findings;
mod folder;
mod html;
mod json;
mod junit;
mod parquet;
mod quarantine;
#[cfg(test)]
mod sample;
mod sarif;
mod scores;
mod sink;
mod summary;
mod text;

pub use brief::markdown;
pub use docs::RuleDoc;
pub use draft::{draft_of, write_whole};
pub use error::Error;
pub use findings::findings_json;
pub use folder::{FILES, Folder};
pub use html::{ShownRow, html};
pub use junit::junit;
pub use quarantine::QuarantineWriter;
pub use sarif::sarif;
pub use scores::ScoresWriter;
pub use summary::{Line, Style, summary};
pub use text::one_line;
