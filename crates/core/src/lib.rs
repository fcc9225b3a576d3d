//! taster's data model and contracts.
//!
//! A scan reads in this order, and each word is a type somewhere in the workspace:
//!
//! ```text
//! Source → Batch → State → Model → Score → Finding → Verdict → Manifest (signed)
//! ```
//!
//! This crate holds what every room shares: [`Role`]s and the [`Schema`], the encoded [`Table`] that detectors see,
//! the keyed [`Sample`], the [`Detector`] traits, [`Finding`]s and the [`Verdict`]. It does no I/O and knows no
//! thresholds.
//!
//! Two rules hold everywhere: a score lies in [0, 1] and **higher is more suspicious**; an *error* means the work could
//! not be done, a *finding* means it was done and something was seen.

pub mod crosswalk;
mod detector;
mod digest;
mod finding;
mod hidden;
mod key;
mod moment;
mod risk;
mod role;
mod sample;
mod scan;
mod schema;
mod table;
mod threat;
mod waiver;
mod xml;

pub use detector::{
    About, Detector, Evidence, Margins, Model, NotApplicable, Observation, PairTable, ParameterError, Reason, Scale,
    State,
};
pub use digest::{Digest, DigestParseError};
pub use finding::{Finding, Scope, Severity, Verdict};
pub use hidden::hides;
pub use key::Key;
pub use moment::moment;
pub use risk::{IMPACTS, LIKELIHOODS, Rating, Risk};
pub use role::Role;
pub use sample::{Sample, Sampler};
pub use scan::{DatasetRecord, DetectorRecord, DetectorStatus, FileRecord, Quarantined, Scan, Tool};
pub use schema::{Column, Kind, Schema};
pub use table::{Batch, Category, Embedding, MISSING, Table, Texts, Values};
pub use threat::Tag;
pub use waiver::Waiver;
pub use xml::xml;
