//! Where a dataset comes from: its parent's manifest, what was taken out, and who let what back in (`docs/lineage.md`).

use std::{
    collections::{BTreeMap, btree_map},
    iter::Peekable,
};

use serde::{Deserialize, Serialize};
use taster_core::Digest;

use crate::{CompactRange, Dataset, Decision, DigestSet};

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
    /// The parent's rows in their order, without the quarantined ones, but for what the decisions say: with those rows put
    /// back and old labels restored, they give the parent's root.
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
    /// Rows that were not quarantined and are not in this dataset.
    #[serde(default)]
    pub removed: Vec<Decision>,
}

/// Puts rows back that were taken out, which must give the tree of the parent.
#[derive(Debug)]
pub struct Restored<'a> {
    dropped: Peekable<btree_map::Iter<'a, u64, Digest>>,
    range: CompactRange,
}

impl<'a> Restored<'a> {
    /// Nothing yet; these are put back in their places.
    pub fn new(dropped: &'a BTreeMap<u64, Digest>) -> Self {
        Self { dropped: dropped.iter().peekable(), range: CompactRange::empty(0) }
    }

    /// Appends rows that were left.
    pub fn extend(&mut self, left: &[Digest]) {
        for row in left {
            self.put_back();
            self.range.extend(std::slice::from_ref(row));
        }
    }

    fn put_back(&mut self) {
        while let Some((_, row)) = self.dropped.next_if(|(position, _)| **position == self.range.end()) {
            self.range.extend(std::slice::from_ref(row));
        }
    }

    /// Whether these were all rows of that dataset, in its order, and no others.
    pub fn is(mut self, parent: &Dataset) -> bool {
        self.put_back();
        let all_back = self.dropped.next().is_none();
        all_back && self.range.end() == parent.rows && self.range.root() == Some(parent.rows_root)
    }
}

#[cfg(test)]
#[path = "lineage_tests.rs"]
mod tests;
