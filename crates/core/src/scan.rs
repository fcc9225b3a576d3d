use serde::{Deserialize, Serialize};

use crate::{Digest, Finding, Schema, Severity, Verdict};

/// Everything a scan found out, as the manifest and the reports tell it. Reports show it and compute nothing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Scan {
    /// The program that scanned.
    pub tool: Tool,
    /// When it started, RFC 3339 in UTC.
    pub started: String,
    /// When it finished, RFC 3339 in UTC.
    pub finished: String,
    /// The seed of every keyed hash and random draw.
    pub seed: u64,
    /// The effective configuration, without what cannot change a result (threads, progress).
    pub config: serde_json::Value,
    /// SHA-256 of `config` in canonical form (RFC 8785).
    pub config_sha256: Digest,
    /// The dataset that was scanned.
    pub dataset: DatasetRecord,
    /// The trusted reference, where one was given.
    pub reference: Option<DatasetRecord>,
    /// Every detector, in the order of the list: what it did or why it did not.
    pub detectors: Vec<DetectorRecord>,
    /// Every finding, the most severe first.
    pub findings: Vec<Finding>,
    /// What the policy makes of them.
    pub verdict: Verdict,
    /// Why, in one sentence.
    pub verdict_reason: String,
    /// Distinct rows in the quarantine list.
    pub quarantined_rows: u64,
}

/// The program that scanned.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Tool {
    /// `taster`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// What was read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DatasetRecord {
    /// The files, in the order of the dataset.
    pub files: Vec<FileRecord>,
    /// Rows in all files.
    pub rows: u64,
    /// RFC 6962 Merkle root over the rows of all files, in order.
    pub rows_root: Digest,
    /// Columns with their kinds and roles.
    pub schema: Schema,
}

/// One file as it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// Path below the dataset's root, with `/`.
    pub name: String,
    /// `parquet`, `csv`, `csv.gz`, `csv.zst`, `json`, `json.gz`, `json.zst`.
    pub format: String,
    /// Length in bytes, as stored.
    pub bytes: u64,
    /// SHA-256 of the bytes as stored.
    pub sha256: Digest,
    /// Rows in the file.
    pub rows: u64,
    /// RFC 6962 Merkle root over its rows.
    pub rows_root: Digest,
}

/// What became of one detector.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DetectorRecord {
    /// Its id.
    pub id: String,
    /// `ran`, `not-applicable`, `off` or `failed`.
    pub status: DetectorStatus,
    /// Why it did not run, or empty.
    pub why: String,
    /// The level it was run at: `allow`, `warn` or `deny`.
    pub level: String,
    /// Its parameters in force.
    pub parameters: serde_json::Value,
    /// What its list of rows is: "a score, no guarantee" or the guarantee and its assumption.
    pub claims: String,
    /// The score from which rows are quarantined, where it ran.
    pub threshold: Option<f64>,
    /// Rows quarantined for it.
    pub quarantined: u64,
}

/// What became of a detector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DetectorStatus {
    /// It looked at every row.
    Ran,
    /// It has nothing to look at in this dataset.
    NotApplicable,
    /// The configuration turned it off.
    Off,
    /// It could not do its work; the scan is incomplete.
    Failed,
}

/// One line of the quarantine list: a row and a detector that quarantined it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quarantined {
    /// Index of the file in [`DatasetRecord::files`].
    pub file: usize,
    /// Row number within the file, 0-based.
    pub row: u64,
    /// The row's digest.
    pub row_sha256: Digest,
    /// Id of the detector.
    pub detector: String,
    /// Its score for the row, in [0, 1], higher is more suspicious.
    pub score: f64,
    /// Conformal p-value, where there is a trusted reference.
    pub p_value: Option<f64>,
    /// The p-value corrected by Benjamini and Hochberg, where there is one.
    pub q_value: Option<f64>,
    /// How much it matters, as the policy has it.
    pub severity: Severity,
    /// Columns that speak against the row, the strongest first.
    pub columns: Vec<String>,
    /// Why, in one sentence.
    pub reason: String,
    /// The label it should have, with its probability, where known.
    pub suggested_label: Option<(String, f64)>,
}
