use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, de::IgnoredAny};
use serde_json::Value;
use taster_core::{Column, DatasetRecord, DetectorRecord, Digest, Kind, Role, Schema, Verdict};

use crate::{Cleaned, Error, Lineage, QuarantineRecord, RowBlocks, canonical_json, parse_kind};

/// Media type of an in-toto statement in a DSSE envelope.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// Type of an in-toto statement, version 1.
pub const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";

/// Type of our predicate, described in `docs/manifest.md`.
pub const PREDICATE_TYPE: &str = "https://taster.dev/attestation/dataset-scan/v0.1";

/// An in-toto Statement v1: subjects, and what is said about them.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement<P = Predicate> {
    /// [`STATEMENT_TYPE`].
    #[serde(rename = "_type")]
    pub statement_type: String,
    /// The files that were scanned, in the order of the dataset.
    pub subject: Vec<Subject>,
    /// [`PREDICATE_TYPE`].
    pub predicate_type: String,
    /// What is said about them.
    pub predicate: P,
}

/// A file that a statement is about. Only the digest identifies it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Its path below the dataset's root.
    pub name: String,
    /// Digest of its bytes.
    pub digest: DigestSet,
}

/// In-toto's digests of one thing; we use one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestSet {
    /// SHA-256.
    pub sha256: Digest,
}

/// What a scan says about a dataset: [`PREDICATE_TYPE`].
///
/// Two scans of the same data with the same configuration and seed differ at most in `metadata` and `report_views`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Predicate {
    /// The program that scanned.
    pub scanner: Scanner,
    /// When. The only times in the statement.
    pub metadata: Metadata,
    /// The seed of every keyed hash and random draw, in decimal: JSON's numbers may not hold it.
    pub seed: String,
    /// The effective configuration.
    pub config: Value,
    /// SHA-256 of `config` in canonical form.
    pub config_sha256: Digest,
    /// What was scanned.
    pub dataset: Dataset,
    /// The trusted reference it was compared with, where there was one.
    pub reference: Option<Dataset>,
    /// The manifest that the reference was checked against, by the digest of its statement.
    #[serde(default)]
    pub reference_manifest: Option<DigestSet>,
    /// The dataset before this one.
    #[serde(default)]
    pub lineage: Option<Lineage>,
    /// Every detector: what it did, what it claims, what it found.
    pub detectors: Vec<DetectorResult>,
    /// What came of it.
    pub result: Outcome,
    /// The quarantined rows, so that one row can be shown to be among them or not.
    #[serde(default)]
    pub quarantine: Option<QuarantineRecord>,
    /// The dataset without them, where it was written.
    #[serde(default)]
    pub cleaned: Option<Cleaned>,
    /// Digests of the report files whose bytes depend on data, configuration and seed alone.
    pub report_files: BTreeMap<String, DigestSet>,
    /// Digests of the report files that also tell times.
    pub report_views: BTreeMap<String, DigestSet>,
}

/// The program that scanned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scanner {
    /// Its home.
    pub uri: String,
    /// Its version.
    pub version: String,
    /// Digest of the program itself.
    #[serde(default)]
    pub digest: Option<DigestSet>,
}

/// A detector as it stands in the manifest.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DetectorResult {
    /// What it did and what it claims.
    #[serde(flatten)]
    pub record: DetectorRecord,
    /// Version of its code: that of taster.
    #[serde(default)]
    pub version: String,
    /// How many findings it has.
    #[serde(default)]
    pub findings: FindingCounts,
}

/// When a scan ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// RFC 3339, UTC.
    pub scan_started_on: String,
    /// RFC 3339, UTC.
    pub scan_finished_on: String,
}

/// A dataset as it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Dataset {
    /// In the order of the dataset.
    pub files: Vec<ScannedFile>,
    /// Rows in all files.
    pub rows: u64,
    /// RFC 6962 Merkle root over the rows of all files, in order.
    pub rows_root: Digest,
    /// How rows were digested: [`crate::ROW_DIGEST`].
    pub row_digest: String,
    /// In order.
    pub columns: Vec<ColumnRecord>,
}

/// A column as it stands in the manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnRecord {
    /// Its name.
    pub name: String,
    /// Its kind, as `docs/row-digest.md` writes it.
    pub kind: String,
    /// What it is for.
    pub role: Role,
    /// Why it has that role.
    pub why: String,
}

/// A file as it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScannedFile {
    /// Path below the dataset's root, with `/`.
    pub name: String,
    /// `parquet`, `csv`, `csv.gz`, `csv.zst`.
    pub format: String,
    /// Length in bytes.
    pub bytes: u64,
    /// SHA-256 of the bytes.
    pub sha256: Digest,
    /// Rows in it.
    pub rows: u64,
    /// RFC 6962 Merkle root over its rows.
    pub rows_root: Digest,
    /// Roots of blocks of its rows, where they were kept.
    pub row_blocks: Option<RowBlocks>,
}

/// What came of a scan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// What the policy makes of the findings.
    pub verdict: Verdict,
    /// Why, in one sentence.
    pub reason: String,
    /// Distinct rows in the quarantine list.
    pub quarantined_rows: u64,
    /// How many findings there are.
    pub findings: FindingCounts,
}

/// Findings by severity; the findings themselves are in `findings.json`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingCounts {
    /// Do not train on this.
    pub critical: u64,
    /// Look at it before training.
    pub important: u64,
    /// Watch it.
    pub monitor: u64,
    /// Worth knowing.
    pub info: u64,
}

impl Statement {
    /// Reads a statement about a scan from an envelope's payload, whose signature the caller has verified.
    ///
    /// Errs with [`Error::Statement`] where it is of another type, or its subjects are not the files it tells of.
    pub fn from_payload(payload: &[u8]) -> Result<Self, Error> {
        let head: Statement<IgnoredAny> =
            serde_json::from_slice(payload).map_err(|e| Error::Statement(e.to_string()))?;
        let is = |found: &str, expected: &str| {
            let problem = || Error::Statement(format!("it is a {found:?}, not a {expected:?}"));
            (found == expected).then_some(()).ok_or_else(problem)
        };
        is(&head.statement_type, STATEMENT_TYPE)?;
        is(&head.predicate_type, PREDICATE_TYPE)?;
        let statement: Self = serde_json::from_slice(payload).map_err(|e| Error::Statement(e.to_string()))?;
        let files = statement.predicate.dataset.files.iter();
        if !statement.subject.iter().map(|s| (&s.name, s.digest.sha256)).eq(files.map(|f| (&f.name, f.sha256))) {
            return Err(Error::Statement("its subjects are not the files of its dataset".into()));
        }
        Ok(statement)
    }

    /// The bytes to sign: canonical JSON (RFC 8785).
    pub fn to_payload(&self) -> Vec<u8> {
        canonical_json(&self.to_value()).into_bytes()
    }

    /// As [`Self::to_payload`], without what may differ between two scans of the same data: times, and the digests of
    /// files that tell times.
    pub fn to_payload_without_times(&self) -> Vec<u8> {
        let mut value = self.to_value();
        if let Some(predicate) = value.get_mut("predicate").and_then(Value::as_object_mut) {
            predicate.remove("metadata");
            predicate.remove("reportViews");
        }
        canonical_json(&value).into_bytes()
    }

    fn to_value(&self) -> Value {
        serde_json::to_value(self).expect("a statement has only strings for keys")
    }
}

/// The files of a dataset that was read, as subjects of a statement.
pub fn subjects(dataset: &DatasetRecord) -> Vec<Subject> {
    let files = dataset.files.iter();
    files.map(|f| Subject { name: f.name.clone(), digest: DigestSet { sha256: f.sha256 } }).collect()
}

impl Dataset {
    /// The schema that rows are read and digested with; `None` where a kind is not one we know.
    pub fn schema(&self) -> Option<Schema> {
        let column = |c: &ColumnRecord| {
            let kind: Kind = parse_kind(&c.kind)?;
            Some(Column { name: c.name.clone(), kind, role: c.role, why: c.why.clone() })
        };
        Some(Schema { columns: self.columns.iter().map(column).collect::<Option<_>>()? })
    }

    /// The files in order, each with the number of its first row within the dataset.
    pub fn starts(&self) -> impl Iterator<Item = (&ScannedFile, u64)> {
        let mut next: u64 = 0;
        self.files.iter().map(move |file| {
            let start = next;
            next = next.saturating_add(file.rows);
            (file, start)
        })
    }

    /// The number within the dataset of a row of a file; `None` where there is no such row.
    pub fn position(&self, file: &str, row: u64) -> Option<u64> {
        let (_, start) = self.starts().find(|(f, _)| f.name == file && row < f.rows)?;
        Some(start.saturating_add(row))
    }

    /// The file of a row and its number there, by its number within the dataset.
    pub fn place(&self, position: u64) -> Option<(&ScannedFile, u64)> {
        let (file, start) = self.starts().find(|(f, start)| position < start.saturating_add(f.rows))?;
        Some((file, position - start))
    }
}
