//! Entries of public threat catalogues that detectors refer to, each in one place.

use taster_core::Tag;

const ATLAS: &str = "MITRE ATLAS";
const ATLAS_RELEASE: &str = "2026.07";

/// Poisoned training data.
pub const ATLAS_POISON: Tag = Tag::new(ATLAS, "AML.T0020", "Training Data Poisoning", ATLAS_RELEASE);
/// A trigger planted to be used later.
pub const ATLAS_BACKDOOR: Tag = Tag::new(ATLAS, "AML.T0043.004", "Insert Backdoor Trigger", ATLAS_RELEASE);
/// Damage to the quality of a dataset.
pub const ERODE: Tag = Tag::new(ATLAS, "AML.T0059", "Erode Dataset Integrity", ATLAS_RELEASE);
/// Data and model poisoning.
pub const OWASP_LLM: Tag = Tag::new("OWASP LLM", "LLM05", "Data and Model Poisoning", "2026");
/// Data poisoning attack.
pub const OWASP_ML: Tag = Tag::new("OWASP ML", "ML02", "Data Poisoning Attack", "2023");
/// Data poisoning.
pub const NIST_POISON: Tag = Tag::new("NIST AI 100-2", "NISTAML.013", "Data Poisoning", "e2025");
/// Backdoor poisoning attack.
pub const NIST_BACKDOOR: Tag = Tag::new("NIST AI 100-2", "NISTAML.023", "Backdoor Poisoning", "e2025");
