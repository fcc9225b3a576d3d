//! A Merkle tree over the quarantined rows, so that one row can be shown to be among them, or not to be.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use taster_core::Digest;

use crate::{CompactRange, Error, inclusion_path, inclusion_root};

/// The quarantined rows, by number and root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QuarantineRecord {
    /// Distinct rows.
    pub rows: u64,
    /// RFC 6962 root over them, by their place in the dataset (`docs/manifest.md`).
    pub root: Digest,
}

/// Quarantined rows by their number within the dataset, with their digests.
#[derive(Clone, Debug, Default)]
pub struct QuarantineTree {
    rows: Vec<(u64, Digest)>,
    leaves: Vec<Digest>,
}

/// Whether a row is quarantined, and what shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is", deny_unknown_fields)]
pub enum Standing {
    /// It is in the tree.
    Quarantined {
        /// Where.
        proof: QuarantineProof,
    },
    /// It is not: these stand next to each other in the tree, and it would have to be between them.
    Kept {
        /// The last quarantined row before it.
        before: Option<QuarantineProof>,
        /// The first after it.
        after: Option<QuarantineProof>,
    },
}

/// That a row is in the tree of the quarantined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct QuarantineProof {
    /// The row's number within the dataset.
    pub position: u64,
    /// Its digest.
    pub row_sha256: Digest,
    /// Its number among the quarantined.
    pub index: u64,
    /// RFC 6962 inclusion path.
    pub path: Vec<Digest>,
}

/// SHA-256 of 0x00, the row's number in the dataset as 8 bytes (little-endian), and its digest.
fn leaf(position: u64, row: &Digest) -> Digest {
    let hash = Sha256::new().chain_update([0]).chain_update(position.to_le_bytes()).chain_update(row.0);
    Digest(hash.finalize().into())
}

impl QuarantineTree {
    /// The tree over these rows.
    pub fn new(rows: &BTreeMap<u64, Digest>) -> Self {
        let rows: Vec<_> = rows.iter().map(|(&position, &row)| (position, row)).collect();
        let leaves = rows.iter().map(|(position, row)| leaf(*position, row)).collect();
        Self { rows, leaves }
    }

    /// What a manifest says of it.
    pub fn record(&self) -> QuarantineRecord {
        let range = CompactRange::of(0, &self.leaves);
        QuarantineRecord { rows: range.end(), root: range.root().unwrap_or_else(crate::empty_root) }
    }

    /// Shows whether the row with this number is quarantined.
    pub fn standing(&self, position: u64) -> Standing {
        match self.rows.binary_search_by_key(&position, |(p, _)| *p) {
            Ok(i) => Standing::Quarantined { proof: self.prove(i) },
            Err(i) => Standing::Kept {
                before: i.checked_sub(1).map(|i| self.prove(i)),
                after: (i < self.rows.len()).then(|| self.prove(i)),
            },
        }
    }

    fn prove(&self, i: usize) -> QuarantineProof {
        let (position, row_sha256) = self.rows[i];
        QuarantineProof { position, row_sha256, index: i as u64, path: path(&self.leaves, i as u64) }
    }
}

/// The inclusion path of a leaf among leaves that are all at hand.
pub(crate) fn path(leaves: &[Digest], index: u64) -> Vec<Digest> {
    let mut subtree = |level: u32, at: u64| -> Result<Digest, Error> {
        let (start, end) = ((at << level) as usize, ((at + 1) << level) as usize);
        let root = leaves.get(start..end).and_then(|leaves| CompactRange::of(0, leaves).root());
        root.ok_or_else(|| Error::Proof("its tree has fewer rows".into()))
    };
    inclusion_path(index, leaves.len() as u64, &mut subtree).unwrap_or_default()
}

impl Standing {
    /// Whether this shows, of the row with this number and digest, what it says, given the record of the tree.
    pub fn holds(&self, position: u64, row: &Digest, record: &QuarantineRecord) -> bool {
        let is_in = |p: &QuarantineProof| {
            let root = inclusion_root(leaf(p.position, &p.row_sha256), p.index, record.rows, &p.path);
            root == Some(record.root)
        };
        match self {
            Self::Quarantined { proof } => proof.position == position && proof.row_sha256 == *row && is_in(proof),
            Self::Kept { before, after } => {
                let next = before.as_ref().map_or(Some(0), |b| b.index.checked_add(1));
                let adjacent = next == Some(after.as_ref().map_or(record.rows, |a| a.index));
                let between = before.as_ref().is_none_or(|b| b.position < position)
                    && after.as_ref().is_none_or(|a| position < a.position);
                let nothing = record.rows > 0 || record.root == crate::empty_root();
                adjacent && between && nothing && before.iter().chain(after).all(is_in)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_shown_to_be_in_or_out_and_nothing_else() {
        for positions in [vec![], vec![3], vec![0, 1, 2, 5, 9], (0..12).collect()] {
            let rows = positions.iter().map(|&p: &u64| (p, Digest([p as u8 + 1; 32]))).collect();
            let tree = QuarantineTree::new(&rows);
            let record = tree.record();
            for position in 0..12u64 {
                let row = Digest([position as u8 + 1; 32]);
                let standing = tree.standing(position);
                assert!(standing.holds(position, &row, &record));
                let quarantined = matches!(standing, Standing::Quarantined { .. });
                assert_eq!(quarantined, positions.contains(&position));
                // A proof for one row shows the other thing of no row.
                for other in 0..12u64 {
                    if standing.holds(other, &Digest([other as u8 + 1; 32]), &record) {
                        assert_eq!(positions.contains(&other), quarantined);
                    }
                }
                assert!(!quarantined || !standing.holds(position, &Digest([99; 32]), &record));
            }
        }
    }
}
