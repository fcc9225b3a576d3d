//! The living threat model of a training dataset: assets, sources, threats, the controls that answer them, and the
//! evidence of the last scan.
//!
//! [`Facts`] are what a scan's manifest and findings say. Threats ([`THREATS`]) and the [`Check`]s that answer them are
//! fixed; what the owner [`Declared`] adds to them. [`ThreatModel::of`] puts the three together, and is written as
//! Markdown, JSON and SVG, each time with what changed since the version before. [`aisvs`] answers the requirements of a
//! standard from the same facts.
//!
//! Nothing here reads data or judges it: whoever wants another rating changes the facts.

pub mod aisvs;
mod check;
mod declared;
mod diagram;
mod diff;
mod entries;
mod error;
mod facts;
mod goals;
mod markdown;
mod model;
mod standing;
mod svg;
mod text;
mod threats;

pub use check::{Check, State, Status};
pub use declared::{Acceptance, Asset, Declared, DeclaredControl};
pub use diagram::mermaid;
pub use entries::{
    Answer, AnswerState, AssetEntry, Changes, ControlEntry, EvidenceBase, GoalEntry, SourceEntry, ThreatEntry,
};
pub use error::Error;
pub use facts::{Facts, FindingFact, LoggedFact, Trusted};
pub use markdown::markdown;
pub use model::ThreatModel;
pub use svg::svg;
pub use taster_core::Rating;
pub use threats::{THREATS, Threat};
