//! Where a dataset comes from: its parent's manifest, what was taken out, and who let what back in (`docs/lineage.md`).

use std::{
    collections::{BTreeMap, btree_map},
    iter::Peekable,
    path::Path,
};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use taster_core::Digest;

use crate::{CompactRange, Dataset, DigestSet, Error, file::read_bounded};

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
    /// The label it gets, where it is relabelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The label it had, where it is relabelled; left out where it had none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<String>,
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

    /// Rows that are taken out although they were not quarantined.
    pub fn removed(&self) -> impl Iterator<Item = &Decision> {
        self.decisions.iter().filter(|d| d.decision == Choice::Remove)
    }

    /// What becomes of which row of the dataset that they are about, given its quarantined rows by number.
    ///
    /// Errs with what does not fit: a row that is not there, has another digest, or is decided on as if it were quarantined
    /// and is not, or the other way round.
    pub fn applied<'a>(
        &'a self,
        dataset: &Dataset,
        quarantined: &BTreeMap<u64, Digest>,
    ) -> Result<Applied<'a>, String> {
        let mut applied = Applied { dropped: quarantined.clone(), relabelled: BTreeMap::new() };
        for decision in &self.decisions {
            let (file, row) = (&decision.file, decision.row);
            let position = position(dataset, file, row).ok_or_else(|| format!("there is no row {row} of {file:?}"))?;
            let listed = quarantined.get(&position);
            if listed.is_some_and(|digest| *digest != decision.row_sha256) {
                return Err(format!("row {row} of {file:?} has another digest"));
            }
            if listed.is_some() == (decision.decision == Choice::Remove) {
                let not = if listed.is_some() { "" } else { "not " };
                return Err(format!("row {row} of {file:?} was {not}quarantined"));
            }
            match decision.decision {
                Choice::Confirm => {}
                Choice::Remove => drop(applied.dropped.insert(position, decision.row_sha256)),
                Choice::Release => drop(applied.dropped.remove(&position)),
                Choice::Relabel => {
                    applied.dropped.remove(&position);
                    applied.relabelled.insert(position, decision);
                }
            }
        }
        Ok(applied)
    }
}

/// The number of a row within a dataset.
fn position(dataset: &Dataset, name: &str, row: u64) -> Option<u64> {
    let mut before = 0;
    for file in &dataset.files {
        if file.name == name {
            return (row < file.rows).then(|| row.saturating_add(before));
        }
        before = file.rows.saturating_add(before);
    }
    None
}

/// What decisions make of a dataset: its rows in their order, but for these.
#[derive(Clone, Debug)]
pub struct Applied<'a> {
    /// Rows that are taken out, by number, with their digests.
    pub dropped: BTreeMap<u64, Digest>,
    /// Rows that get another label, by number.
    pub relabelled: BTreeMap<u64, &'a Decision>,
}

impl<'a> Applied<'a> {
    /// The relabelled rows by their number in what is left.
    pub fn relabelled_left(&self) -> BTreeMap<u64, &'a Decision> {
        let mut dropped = self.dropped.keys().peekable();
        let mut gone = 0;
        let left = |(&position, &decision): (&u64, &&'a Decision)| {
            while dropped.next_if(|d| **d < position).is_some() {
                gone += 1;
            }
            (position - gone, decision)
        };
        self.relabelled.iter().map(left).collect()
    }
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
