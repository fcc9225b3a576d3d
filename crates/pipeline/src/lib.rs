//! taster's front door: plans and drives the two passes of a scan, and applies the policy.
//!
//! ```text
//! Source → Batch → State → Model → Score → Finding → Verdict → Manifest (signed)
//! ```
//!
//! A scan goes over the data twice. *Observe*: every file is read and digested, every row is digested and encoded, and
//! each detector's state takes it in. *Fit*: models are made from the states and the keyed sample, without the data.
//! *Score*: every row is judged by itself, and what the policy minds is quarantined. Encoded rows that fit in memory are
//! kept from the first pass for the second; else the files are read again. Batches are worked on by any number of threads;
//! results are put in order before anything is written, so their number never shows.

mod apply;
mod cases;
mod clean;
mod columns;
mod config;
mod declared;
mod diff;
mod error;
mod findings;
mod judged;
mod kept;
mod labelled;
mod lineage;
mod listed;
mod logged;
mod model;
mod observe;
mod passes;
mod plan;
mod policy;
mod profile;
mod program;
mod progress;
mod prove;
mod quarantine;
mod reviewed;
mod scan;
mod scanned;
mod score;
mod side;
mod signature;
mod spared;
mod spread;
mod stamps;
mod verify;
mod waivers;

pub use apply::{ApplyRequest, apply};
pub use cases::{Accusation, Case, Cases, CasesRequest, Row, cases};
pub use config::{Config, ConfigError, CsvConfig, DatasetConfig, DetectorConfig, Level, PolicyConfig, SignConfig};
pub use diff::{DiffRequest, diff};
pub use error::Error;
pub use logged::LogRequest;
pub use profile::{
    ColumnProfile, LoadedProfile, MergeRequest, Profile, ProfileRequest, Sketch, is_profile, merge_profiles, profile,
};
pub use progress::{Phase, Progress, Silent};
pub use prove::{ProveRequest, prove};
pub use scan::{Outcome, Request, scan};
pub use verify::{VerifyRequest, verify};
pub use waivers::{WaiverFile, WaiverFileError};
