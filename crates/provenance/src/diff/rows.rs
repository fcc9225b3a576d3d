//! Rows against rows, by their digests or by the roots of blocks.

use std::{cmp::Ordering, collections::BTreeMap};

use serde::Serialize;
use taster_core::Digest;

use super::{FileRows, Kind, Known};
use crate::{
    CompactRange,
    merkle::{Subtree, fold},
};

/// How rows differ.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RowsDiffer {
    /// Rows on the old side.
    pub old: u64,
    /// Rows on the new side.
    pub new: u64,
    /// Rows that are new; absent where only blocks of rows are known.
    pub added: Option<u64>,
    /// Rows that are gone.
    pub removed: Option<u64>,
    /// Rows whose content was swapped in place.
    pub changed: Option<u64>,
    /// Ranges of old rows, first and last, 0-based, that are gone or changed, or, where only blocks are known, are in a
    /// block that is not the same.
    pub differing: Vec<(u64, u64)>,
    /// Whether every row was compared by itself.
    pub exact: bool,
}

/// Compares two files as closely as both are known.
pub(super) fn compare(old: &FileRows, new: &FileRows) -> (Kind, RowsDiffer) {
    if old.count == new.count && old.root == new.root {
        return same(old.count);
    }
    match (each(old), each(new)) {
        (Some(old), Some(new)) => compare_each(old, new),
        _ if old.count == new.count && old.bag.is_some() && old.bag == new.bag => {
            (Kind::Reorder, none_differ(old.count))
        }
        _ => compare_blocks(old, new),
    }
}

fn same(count: u64) -> (Kind, RowsDiffer) {
    (Kind::ReEncode, none_differ(count))
}

/// As many rows, and all the same.
pub(super) fn none_differ(count: u64) -> RowsDiffer {
    let none = Some(0);
    RowsDiffer { old: count, new: count, added: none, removed: none, changed: none, exact: true, ..Default::default() }
}

fn each(rows: &FileRows) -> Option<&[Digest]> {
    match &rows.known {
        Known::Each(digests) | Known::Blocks(1, digests) => Some(digests),
        Known::Blocks(..) => None,
    }
}

/// Compares rows that are all known.
pub(super) fn compare_each(old: &[Digest], new: &[Digest]) -> (Kind, RowsDiffer) {
    if old == new {
        return same(old.len() as u64);
    }
    let (gone, more) = surplus(old, new);
    let (removed, added) = (gone.values().sum::<u64>(), more.values().sum::<u64>());
    let moved: Vec<u64> = (0..).zip(old.iter().zip(new)).filter(|(_, (o, n))| o != n).map(|(i, _)| i).collect();
    let swapped = old.len() == new.len() && removed == added && removed == moved.len() as u64;
    let kind = match (removed, added) {
        (0, 0) => Kind::Reorder,
        (_, 0) if old.starts_with(new) => Kind::Truncation,
        (0, _) if new.starts_with(old) => Kind::Append,
        (_, 0) => Kind::RowsRemoved,
        (0, _) => Kind::RowsAdded,
        _ if swapped => Kind::ContentSwap,
        _ => Kind::Change,
    };
    let rows = RowsDiffer {
        old: old.len() as u64,
        new: new.len() as u64,
        added: Some(if swapped { 0 } else { added }),
        removed: Some(if swapped { 0 } else { removed }),
        changed: Some(if swapped { removed } else { 0 }),
        differing: ranges(places(old, gone), 1, old.len() as u64),
        exact: true,
    };
    (kind, rows)
}

/// How many more there are of each row on one side than on the other.
fn surplus(old: &[Digest], new: &[Digest]) -> (BTreeMap<Digest, u64>, BTreeMap<Digest, u64>) {
    let sorted = |rows: &[Digest]| {
        let mut rows = rows.to_vec();
        rows.sort_unstable();
        rows
    };
    let (old, new) = (sorted(old), sorted(new));
    let (mut gone, mut more) = (BTreeMap::new(), BTreeMap::new());
    let (mut o, mut n) = (old.iter().peekable(), new.iter().peekable());
    loop {
        match (o.peek(), n.peek()) {
            (Some(a), Some(b)) if a == b => {
                o.next();
                n.next();
            }
            (Some(&&a), b) if b.is_none_or(|b| a < **b) => {
                *gone.entry(a).or_insert(0) += 1;
                o.next();
            }
            (_, Some(&&b)) => {
                *more.entry(b).or_insert(0) += 1;
                n.next();
            }
            _ => return (gone, more),
        }
    }
}

/// Where the rows are that are gone. Of equal rows those at the end are called gone.
fn places(old: &[Digest], mut gone: BTreeMap<Digest, u64>) -> Vec<u64> {
    let mut places = Vec::new();
    for (i, row) in old.iter().enumerate().rev() {
        if let Some(left) = gone.get_mut(row).filter(|left| **left > 0) {
            *left -= 1;
            places.push(i as u64);
        }
    }
    places.reverse();
    places
}

/// Compares the roots of blocks of one size.
fn compare_blocks(old: &FileRows, new: &FileRows) -> (Kind, RowsDiffer) {
    let size = block_size(old).max(block_size(new));
    let (before, after) = (blocks(old, size), blocks(new, size));
    let differing = (0..).zip(&before).filter(|(i, root)| after.get(*i as usize) != Some(root)).map(|(i, _)| i);
    let differing = ranges(differing.collect(), size, old.count);
    let (kind, shown) = match new.count.cmp(&old.count) {
        Ordering::Less => (Kind::Truncation, begins_with(old, new, size)),
        Ordering::Greater => (Kind::Append, begins_with(new, old, size)),
        Ordering::Equal => (Kind::Reorder, (sorted(&before) == sorted(&after)).then_some(true)),
    };
    let (kind, exact) = shown.map_or((Kind::Change, false), |exact| (kind, exact));
    let rows =
        RowsDiffer { old: old.count, new: new.count, added: None, removed: None, changed: None, differing, exact };
    (kind, rows)
}

/// Whether the longer file begins with the rows of the shorter, and whether that is known to the row: of a block that is
/// cut off in the middle, only a file whose every row is known can tell.
fn begins_with(long: &FileRows, short: &FileRows, size: u64) -> Option<bool> {
    if let Some(rows) = each(long) {
        let beginning = rows.get(..short.count as usize)?;
        return (CompactRange::of(0, beginning).root() == Some(short.root)).then_some(true);
    }
    let whole = (short.count / size) as usize;
    let (long, cut) = (blocks(long, size), blocks(short, size));
    (whole > 0 && long.get(..whole)? == cut.get(..whole)?).then_some(short.count.is_multiple_of(size))
}

fn sorted(roots: &[Digest]) -> Vec<Digest> {
    let mut roots = roots.to_vec();
    roots.sort_unstable();
    roots
}

fn block_size(rows: &FileRows) -> u64 {
    match &rows.known {
        Known::Each(_) => 1,
        Known::Blocks(size, _) => *size,
    }
}

/// Roots of blocks of `size` rows, a power of two that is no smaller than what is known.
fn blocks(rows: &FileRows, size: u64) -> Vec<Digest> {
    let (known, roots) = match &rows.known {
        Known::Each(digests) => (1, digests),
        Known::Blocks(known, roots) => (*known, roots),
    };
    let together = usize::try_from(size / known.max(1)).unwrap_or(usize::MAX).max(1);
    let folded = |roots: &[Digest]| fold(&roots.iter().map(|&root| Subtree { level: 0, root }).collect::<Vec<_>>());
    roots.chunks(together).map(folded).collect()
}

/// Joins neighbouring blocks into ranges of rows.
fn ranges(blocks: Vec<u64>, size: u64, rows: u64) -> Vec<(u64, u64)> {
    crate::compare::ranges(blocks.into_iter(), size, rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RowTree;

    fn digests(rows: impl IntoIterator<Item = u8>) -> Vec<Digest> {
        rows.into_iter().map(|row| Digest([row; 32])).collect()
    }

    fn kind(old: &[u8], new: &[u8]) -> (Kind, Option<u64>, Option<u64>, Option<u64>) {
        let (kind, rows) = compare_each(&digests(old.iter().copied()), &digests(new.iter().copied()));
        (kind, rows.removed, rows.added, rows.changed)
    }

    #[test]
    fn every_kind_is_told_apart() {
        let of = |kind, removed, added, changed| (kind, Some(removed), Some(added), Some(changed));
        assert_eq!(kind(&[1, 2, 3], &[1, 2, 3]), of(Kind::ReEncode, 0, 0, 0));
        assert_eq!(kind(&[1, 2, 3], &[3, 1, 2]), of(Kind::Reorder, 0, 0, 0));
        assert_eq!(kind(&[1, 2, 3], &[1, 2]), of(Kind::Truncation, 1, 0, 0));
        assert_eq!(kind(&[1, 2], &[1, 2, 3]), of(Kind::Append, 0, 1, 0));
        assert_eq!(kind(&[1, 2, 3, 3], &[2, 3]), of(Kind::RowsRemoved, 2, 0, 0));
        assert_eq!(kind(&[1, 2], &[3, 1, 2]), of(Kind::RowsAdded, 0, 1, 0));
        assert_eq!(kind(&[1, 2, 3], &[1, 9, 3]), of(Kind::ContentSwap, 0, 0, 1));
        assert_eq!(kind(&[1, 2, 3], &[9, 3, 1]), of(Kind::Change, 1, 1, 0));
        assert_eq!(kind(&[1, 1], &[1, 2, 1]), of(Kind::RowsAdded, 0, 1, 0));
        assert_eq!(kind(&[], &[1]), of(Kind::Append, 0, 1, 0));
        let (_, rows) = compare_each(&digests([1, 2, 3, 4]), &digests([1, 4]));
        assert_eq!(rows.differing, [(1, 2)]);
    }

    /// Rows known by at most this many blocks.
    fn known(rows: &[Digest], most: u64) -> FileRows {
        let tree = RowTree::of(0, rows, most);
        let blocks = tree.blocks();
        FileRows {
            count: tree.rows(),
            root: tree.root().unwrap(),
            known: Known::Blocks(blocks.rows_per_block, blocks.roots),
            bag: None,
        }
    }

    /// The same, read: with their sum.
    fn read(rows: &[Digest], most: u64) -> FileRows {
        let mut bag = super::super::Bag::new([7; 32]);
        bag.extend(rows);
        FileRows { bag: Some(bag), ..known(rows, most) }
    }

    #[test]
    fn a_sum_tells_a_reorder_from_a_change() {
        let rows = digests(0..64);
        let turned: Vec<_> = rows.iter().rev().copied().collect();
        let (kind, told) = compare(&read(&rows, 4), &read(&turned, 4));
        assert_eq!((kind, told), (Kind::Reorder, none_differ(64)));
        let mut other = turned.clone();
        other[0] = Digest([99; 32]);
        assert_eq!(compare(&read(&rows, 4), &read(&other, 4)).0, Kind::Change);
        assert_eq!(compare(&read(&rows, 4), &known(&turned, 4)).0, Kind::Change, "a manifest has no sum");
        assert_eq!(compare(&read(&rows, 4), &read(&rows[..32], 4)).0, Kind::Truncation);
    }

    #[test]
    fn blocks_tell_what_they_can() {
        let rows = digests(0..64);
        let against = |new: &[Digest], most| compare(&known(&rows, 8), &known(new, most));
        assert_eq!(against(&rows, 32).0, Kind::ReEncode);
        let (kind, told) = against(&rows[..40], 64);
        assert_eq!((kind, told.exact), (Kind::Truncation, true));
        assert_eq!(told.differing, [(40, 63)]);
        let (kind, told) = against(&rows[..41], 64);
        assert_eq!((kind, told.exact), (Kind::Truncation, false));
        let longer = digests(0..70);
        assert_eq!(against(&longer, 70).0, Kind::Append);
        let moved = [&rows[8..16], &rows[..8], &rows[16..]].concat();
        assert_eq!(against(&moved, 8).0, Kind::Reorder);
        let mut swapped = rows.clone();
        swapped[20] = Digest([99; 32]);
        let (kind, told) = against(&swapped, 64);
        assert_eq!((kind, told.exact, told.differing), (Kind::Change, false, vec![(16, 23)]));
        assert_eq!(compare(&known(&rows, 64), &known(&swapped, 64)).0, Kind::ContentSwap);
    }

    #[test]
    fn a_changed_beginning_is_no_append() {
        let rows = digests(0..20);
        let mut longer = digests(0..30);
        longer[3] = Digest([99; 32]);
        let each = known(&longer, 64);
        assert_eq!(compare(&known(&rows, 4), &each).0, Kind::Change);
        longer[3] = Digest([3; 32]);
        assert_eq!(
            compare(&known(&rows, 4), &known(&longer, 64)),
            (
                Kind::Append,
                RowsDiffer { old: 20, new: 30, differing: vec![(16, 19)], exact: true, ..Default::default() },
            )
        );
    }
}
