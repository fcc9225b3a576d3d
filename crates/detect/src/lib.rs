//! taster's detectors, one folder each, and the one list of them.
//!
//! A detector is fitted from a bounded, mergeable state and the keyed sample, and judges each row by itself. To add
//! one: make its folder, add its `mod` line and its entry in [`ALL`]. The command line, the config schema, the docs and
//! the reports follow from that list.

mod binning;
pub mod conflicting_label;
mod directions;
pub mod duplicate_flood;
mod features;
pub mod hidden_text;
mod label;
pub mod label_flip;
pub mod odd_source;
pub mod outlier;
pub mod poisoned_text;
mod seen;
pub mod shift;
pub mod text;
mod text_cells;
pub mod trigger;
pub mod unsafe_content;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use taster_core::{About, Detector, ParameterError};

/// A detector in the list: what it is, and how it is built from its parameters.
pub struct Entry {
    /// What it is.
    pub about: &'static About,
    /// Builds it from a JSON object of parameters; those left out have their defaults, unknown ones are refused.
    pub build: fn(&Value) -> Result<Box<dyn Detector>, ParameterError>,
    /// Its parameters with their defaults, as a JSON object.
    pub defaults: fn() -> Value,
}

/// Every detector, in the order reports name them.
pub const ALL: &[Entry] = &[
    label_flip::ENTRY,
    conflicting_label::ENTRY,
    outlier::ENTRY,
    odd_source::ENTRY,
    shift::ENTRY,
    duplicate_flood::ENTRY,
    trigger::ENTRY,
    poisoned_text::ENTRY,
    hidden_text::ENTRY,
    unsafe_content::ENTRY,
];

/// The detector of this id.
pub fn find(id: &str) -> Option<&'static Entry> {
    ALL.iter().find(|entry| entry.about.id == id)
}

/// Reads a detector's parameters: `P` refuses unknown fields and fills in defaults.
fn parameters<P: DeserializeOwned>(id: &str, given: &Value) -> Result<P, ParameterError> {
    P::deserialize(given).map_err(|e| ParameterError(format!("detectors.{id}: {e}")))
}

/// A detector's default parameters as JSON.
fn defaults<P: Default + Serialize>() -> Value {
    serde_json::to_value(P::default()).unwrap_or_default()
}

#[cfg(test)]
mod laws;
#[cfg(test)]
mod testing;
