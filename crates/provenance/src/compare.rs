use std::{error::Error as StdError, fmt, path::Path};

use serde::Serialize;
use taster_core::Digest;

use crate::{CompactRange, Predicate, RowBlocks, ScannedFile};

/// Why rows could not be read.
pub type RowSourceError = Box<dyn StdError + Send + Sync>;

/// Reads rows again, for files whose bytes changed.
pub trait RowSource: Sync {
    /// Reads the file at `path` the way `file` of `scan` was read (its format, schema and configuration) and calls
    /// `each` with row digests, in row order, in pieces of any length.
    ///
    /// Errs where that cannot be done; then the rows are reported as not comparable.
    fn leaves(
        &self,
        path: &Path,
        file: &ScannedFile,
        scan: &Predicate,
        each: &mut dyn FnMut(&[Digest]),
    ) -> Result<(), RowSourceError>;

    /// How the columns of the file at `path` differ from those of `scan`, one phrase for each; empty where they do not,
    /// or nobody knows. [`Self::leaves`] reads only columns that were scanned, and would not see that one was added.
    /// `readable` is whether it gave rows: then kinds do not differ, whatever the file by itself is taken for.
    fn columns(&self, _path: &Path, _scan: &Predicate, _readable: bool) -> Vec<String> {
        Vec::new()
    }
}

/// Where the rows of a file differ from those that were scanned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RowDifference {
    /// Rows when it was scanned.
    pub rows_scanned: u64,
    /// Rows now.
    pub rows_found: u64,
    /// Ranges of scanned rows, first and last, 0-based, that hold at least one row that differs or is gone.
    pub differing: Vec<(u64, u64)>,
}

/// Ranges that a person is shown.
const SHOWN: usize = 8;

impl RowDifference {
    /// Whether all rows are the same, in the same order.
    pub fn is_none(&self) -> bool {
        self.rows_scanned == self.rows_found && self.differing.is_empty()
    }
}

impl fmt::Display for RowDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ranges = self
            .differing
            .iter()
            .take(SHOWN)
            .map(|(first, last)| if first == last { first.to_string() } else { format!("{first}..{last}") });
        match self.differing.as_slice() {
            [] => f.write_str("all scanned rows are the same")?,
            [(first, last)] if first == last => write!(f, "row {first} differs")?,
            _ => write!(f, "rows {} differ", ranges.collect::<Vec<_>>().join(", "))?,
        }
        if let more @ 1.. = self.differing.len().saturating_sub(SHOWN) {
            write!(f, " (and {more} more ranges)")?;
        }
        match self.rows_found.cmp(&self.rows_scanned) {
            std::cmp::Ordering::Less => write!(f, "; {} rows fewer", self.rows_scanned - self.rows_found),
            std::cmp::Ordering::Greater => write!(f, "; {} rows more at the end", self.rows_found - self.rows_scanned),
            std::cmp::Ordering::Equal => Ok(()),
        }
    }
}

/// Reads a file's rows and compares them with those that were scanned. Memory is bounded by the file's row blocks.
pub(crate) fn compare_rows(
    source: &dyn RowSource,
    path: &Path,
    file: &ScannedFile,
    scan: &Predicate,
) -> Result<RowDifference, RowSourceError> {
    let blocks = blocks(file);
    let mut range = CompactRange::with_top(0, blocks.rows_per_block.ilog2());
    let mut rows_found = 0;
    source.leaves(path, file, scan, &mut |leaves| {
        rows_found += leaves.len() as u64;
        let wanted = (file.rows - range.end()).min(leaves.len() as u64);
        range.extend(&leaves[..wanted as usize]);
    })?;
    let found = range.block_roots();
    let differs = |&(i, root): &(usize, &Digest)| found.get(i) != Some(root);
    let differing = blocks.roots.iter().enumerate().filter(differs).map(|(i, _)| i as u64);
    Ok(RowDifference {
        rows_scanned: file.rows,
        rows_found,
        differing: ranges(differing, blocks.rows_per_block, file.rows),
    })
}

/// The file's row blocks, if they make sense; else the whole file as one block.
fn blocks(file: &ScannedFile) -> RowBlocks {
    let sound = |b: &&RowBlocks| {
        b.rows_per_block.is_power_of_two()
            && b.roots.len() as u64 == file.rows.div_ceil(b.rows_per_block)
            && b.root() == file.rows_root
    };
    let whole = || RowBlocks {
        rows_per_block: file.rows.max(1).checked_next_power_of_two().unwrap_or(1 << 63),
        roots: if file.rows == 0 { Vec::new() } else { vec![file.rows_root] },
    };
    file.row_blocks.as_ref().filter(sound).cloned().unwrap_or_else(whole)
}

/// Joins neighbouring blocks into ranges of rows.
pub(crate) fn ranges(blocks: impl Iterator<Item = u64>, rows_per_block: u64, rows: u64) -> Vec<(u64, u64)> {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for block in blocks {
        let first = block * rows_per_block;
        let last = first.saturating_add(rows_per_block).min(rows).saturating_sub(1);
        match ranges.last_mut() {
            Some(open) if open.1 + 1 == first => open.1 = last,
            _ => ranges.push((first, last)),
        }
    }
    ranges
}
