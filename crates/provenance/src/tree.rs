use serde::{Deserialize, Serialize};
use taster_core::Digest;

use crate::{
    CompactRange, Error,
    merkle::{Subtree, fold},
};

/// The Merkle tree over the rows of one file, with the roots of equal blocks of rows, so that a later comparison can
/// name the rows that differ.
///
/// A block has 2^k rows, with the smallest k that gives at most `max_blocks` blocks; this depends on the number of rows
/// alone. Memory is bounded by `max_blocks`. Pieces built apart are appended in order, as for [`CompactRange`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowTree {
    range: CompactRange,
    max_blocks: u64,
}

/// Roots of consecutive blocks of a file's rows.
///
/// Block `i` covers the rows from `i * rows_per_block`; the last may be shorter. Folded as RFC 6962 folds leaves, the
/// roots give the file's root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RowBlocks {
    /// A power of two.
    pub rows_per_block: u64,
    /// In row order.
    pub roots: Vec<Digest>,
}

/// How many blocks a file may have so that a manifest of this many files stays small: 4,096 for one file, about 8,192
/// in all, at least one each.
pub fn block_budget(files: usize) -> u64 {
    let fair = (8192 / files.max(1) as u64).clamp(1, 4096);
    1 << fair.ilog2()
}

impl RowTree {
    /// A tree without rows.
    pub fn new(max_blocks: u64) -> Self {
        Self { range: CompactRange::with_top(0, 0), max_blocks: max_blocks.max(1) }
    }

    /// The piece of a file's tree that has these rows; `first_row` is the row number, within the file, of the first.
    pub fn of(first_row: u64, leaves: &[Digest], max_blocks: u64) -> Self {
        let max_blocks = max_blocks.max(1);
        let mut range = CompactRange::with_top(first_row, block_level(first_row + leaves.len() as u64, max_blocks));
        range.extend(leaves);
        Self { range, max_blocks }
    }

    /// Appends the piece that comes next.
    ///
    /// Errs with [`Error::Gap`] where it does not start where this ends.
    pub fn append(&mut self, next: Self) -> Result<(), Error> {
        let level = block_level(next.range.end(), self.max_blocks);
        if level > self.range.top() {
            self.range.raise(level);
        }
        self.range.append(next.range)
    }

    /// The rows as a compact range, folded only up to blocks. Where the file's rows have the same numbers in the
    /// dataset as in the file, which is so for the first file, appending this saves folding them twice.
    pub fn range(&self) -> &CompactRange {
        &self.range
    }

    /// Rows so far.
    pub fn rows(&self) -> u64 {
        self.range.end()
    }

    /// RFC 6962 root over the rows; `None` for a piece that does not start at row 0.
    pub fn root(&self) -> Option<Digest> {
        self.range.root()
    }

    /// Roots of the blocks; those of a piece that does not start at row 0 mean nothing.
    pub fn blocks(&self) -> RowBlocks {
        RowBlocks { rows_per_block: 1 << self.range.top(), roots: self.range.block_roots() }
    }
}

impl RowBlocks {
    /// RFC 6962 root over all rows.
    pub fn root(&self) -> Digest {
        fold(&self.roots.iter().map(|&root| Subtree { level: 0, root }).collect::<Vec<_>>())
    }
}

/// The smallest k for which `rows` rows are at most `max_blocks` blocks of 2^k.
fn block_level(rows: u64, max_blocks: u64) -> u32 {
    rows.div_ceil(max_blocks).next_power_of_two().ilog2()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn leaves(n: u64) -> Vec<Digest> {
        (0..n).map(|i| Digest([(i % 251) as u8; 32])).collect()
    }

    #[test]
    fn blocks_are_as_small_as_the_budget_allows() {
        for (rows, per_block, blocks) in [(0, 1, 0), (1, 1, 1), (4, 1, 4), (5, 2, 3), (8, 2, 4), (9, 4, 3), (17, 8, 3)]
        {
            let tree = RowTree::of(0, &leaves(rows), 4);
            assert_eq!((tree.blocks().rows_per_block, tree.blocks().roots.len()), (per_block, blocks));
        }
    }

    #[test]
    fn each_block_is_the_tree_of_its_rows() {
        let rows = leaves(21);
        let blocks = RowTree::of(0, &rows, 4).blocks();
        for (chunk, root) in rows.chunks(8).zip(&blocks.roots) {
            assert_eq!(CompactRange::of(0, chunk).root(), Some(*root));
        }
    }

    #[test]
    fn the_budget_is_shared_by_the_files() {
        assert_eq!([0, 1, 2, 3, 13, 10_000].map(block_budget), [4096, 4096, 4096, 2048, 512, 1]);
    }

    proptest! {
        #[test]
        fn the_split_does_not_show(n in 0u64..300, max in 1u64..20, cuts in prop::collection::vec(0u64..300, 0..8)) {
            let rows = leaves(n);
            let mut cuts: Vec<_> = cuts.into_iter().map(|c| c.min(n)).chain([0, n]).collect();
            cuts.sort_unstable();
            let mut tree = RowTree::new(max);
            for pair in cuts.windows(2) {
                tree.append(RowTree::of(pair[0], &rows[pair[0] as usize..pair[1] as usize], max)).unwrap();
            }
            prop_assert_eq!(&tree, &RowTree::of(0, &rows, max));
            prop_assert_eq!(tree.root(), CompactRange::of(0, &rows).root());
            prop_assert_eq!(tree.blocks().root(), tree.root().unwrap());
            let mut whole = CompactRange::empty(0);
            whole.append(tree.range().clone()).unwrap();
            prop_assert_eq!(whole, CompactRange::of(0, &rows));
            prop_assert!(tree.blocks().roots.len() as u64 <= max);
        }
    }
}
