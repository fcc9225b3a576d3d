//! Where a dataset comes from: its parent's manifest, what was taken out, and who let what back in (`docs/lineage.md`).

use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use taster_core::Digest;

use crate::{DigestSet, Error, Predicate, file::read_bounded};

/// Type of a file of decisions.
pub const DECISIONS_TYPE: &str = "https://taster.dev/decisions/v0.1";

/// A larger file is not read as decisions.
const LARGEST_DECISIONS: u64 = 1 << 30;

/// The dataset without its quarantined rows, as a scan with `--clean` wrote it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cleaned {
    /// The file's name, without folders.
    pub name: String,
    /// Length in bytes.
    pub bytes: u64,
    /// SHA-256 of the bytes.
    pub sha256: Digest,
    /// Rows in it: those of the dataset that are not quarantined.
    pub rows: u64,
}

/// What a manifest says of the dataset before this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Lineage {
    /// Digest of the parent's statement, the payload of its `manifest.json`: signatures may be added to that later.
    pub parent: DigestSet,
    /// What makes the parent the parent.
    pub relation: Relation,
    /// Rows of the parent, and those that were taken out of it.
    pub removed: Removed,
    /// The decisions of people on single rows, where there were any.
    pub decisions: Option<DecisionsRecord>,
}

/// How a dataset came from its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Relation {
    /// The same rows, scanned again.
    Same,
    /// The very file that the parent's scan wrote without the quarantined rows.
    Cleaned,
    /// The parent without the quarantined rows, but for what the decisions say.
    Reviewed,
    /// Somebody says so; nothing in the digests shows it.
    Declared,
}

/// What was taken out of the parent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Removed {
    /// Rows of the parent.
    pub of_rows: u64,
    /// Rows of it that are not in this dataset.
    pub rows: u64,
    /// The parent's `quarantine.parquet`, where its scan wrote one.
    pub quarantine: Option<DigestSet>,
}

/// The decisions that were applied, by digest, and those that let a row back in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DecisionsRecord {
    /// SHA-256 of the file.
    pub sha256: Digest,
    /// Rows that were quarantined and are in this dataset all the same: which, by whom, why.
    pub released: Vec<Decision>,
}

/// A file of decisions on the rows of one scan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Decisions {
    /// [`DECISIONS_TYPE`].
    #[serde(rename = "type")]
    pub kind: String,
    /// Digest of the statement of the scan whose rows they are about.
    pub manifest: DigestSet,
    /// At most one for each row.
    pub decisions: Vec<Decision>,
}

/// What somebody decided about a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Decision {
    /// Name of its file in the manifest.
    pub file: String,
    /// Its number within the file, from 0.
    pub row: u64,
    /// Its digest.
    pub row_sha256: Digest,
    /// What to do with it.
    pub decision: Choice,
    /// Who decided.
    pub by: String,
    /// When: RFC 3339.
    pub on: Option<String>,
    /// Why.
    pub why: Option<String>,
}

/// What is done with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    /// It was quarantined, and stays in the dataset.
    Release,
    /// It was quarantined, and stays in the dataset with another label.
    Relabel,
    /// It was quarantined, rightly.
    Confirm,
    /// It was not quarantined, and is taken out.
    Remove,
}

impl Decisions {
    /// Reads decisions, and gives the digest of the file.
    ///
    /// Errs where it is no file of decisions, or decides twice on a row.
    pub fn read(path: &Path) -> Result<(Self, Digest), Error> {
        let refuse = |problem: String| Error::Decisions { path: path.to_owned(), problem };
        let bytes = read_bounded(path, LARGEST_DECISIONS)?;
        let decisions: Self = serde_json::from_slice(&bytes).map_err(|e| refuse(e.to_string()))?;
        if decisions.kind != DECISIONS_TYPE {
            return Err(refuse(format!("it is a {:?}, not a {DECISIONS_TYPE:?}", decisions.kind)));
        }
        let mut rows: Vec<_> = decisions.decisions.iter().map(|d| (&d.file, d.row)).collect();
        rows.sort_unstable();
        if let Some(twice) = rows.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(refuse(format!("it decides twice on row {} of {:?}", twice[0].1, twice[0].0)));
        }
        Ok((decisions, Digest(Sha256::digest(&bytes).into())))
    }

    /// Quarantined rows that stay in the dataset.
    pub fn released(&self) -> impl Iterator<Item = &Decision> {
        self.decisions.iter().filter(|d| matches!(d.decision, Choice::Release | Choice::Relabel))
    }

    /// How many rows the dataset has when they are applied to this scan; `None` where they cannot be.
    pub fn rows_left(&self, scan: &Predicate) -> Option<u64> {
        let removed = self.decisions.iter().filter(|d| d.decision == Choice::Remove).count() as u64;
        let clean = scan.dataset.rows.checked_sub(scan.result.quarantined_rows)?;
        (clean + self.released().count() as u64).checked_sub(removed)
    }
}
