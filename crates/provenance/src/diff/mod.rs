//! What is different between two datasets, each known by its manifest or read again.
//!
//! Bytes are compared first, then rows by their digests. So a dataset that was only packed anew is told from one that was
//! reordered, cut short, or whose content was swapped.

mod bag;
mod kind;
mod rows;
mod told;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use taster_core::Digest;

pub use bag::Bag;
pub use kind::Kind;
pub use rows::RowsDiffer;

/// A file of one side.
#[derive(Clone, Debug)]
pub struct SideFile {
    /// Its name below the dataset's root.
    pub name: String,
    /// Digest of its bytes.
    pub sha256: Digest,
    /// Its rows, where they are known.
    pub rows: Option<FileRows>,
}

/// The rows of a file.
#[derive(Clone, Debug)]
pub struct FileRows {
    /// How many.
    pub count: u64,
    /// RFC 6962 root over them.
    pub root: Digest,
    /// What else is known.
    pub known: Known,
    /// Their sum, where they were read.
    pub bag: Option<Bag>,
}

/// How closely the rows of a file are known.
#[derive(Clone, Debug)]
pub enum Known {
    /// By the digest of each.
    Each(Vec<Digest>),
    /// By the roots of equal blocks of this many rows.
    Blocks(u64, Vec<Digest>),
}

/// What differs.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// Whether nothing does.
    pub same: bool,
    /// Whether all that does was allowed.
    pub allowed: bool,
    /// Every kind of difference.
    pub kinds: BTreeSet<Kind>,
    /// Columns that were added, removed or are of another kind now.
    pub columns: Vec<String>,
    /// Files with the same name and bytes.
    pub same_files: u64,
    /// The other files.
    pub files: Vec<FileDiffers>,
    /// All files together, where every row of the files that differ is known.
    pub rows: Option<RowsDiffer>,
}

/// How one file differs.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FileDiffers {
    /// Its name on the old side.
    pub old: Option<String>,
    /// Its name on the new side.
    pub new: Option<String>,
    /// In one word.
    pub kind: Kind,
    /// How its rows differ, where they were compared.
    pub rows: Option<RowsDiffer>,
}

/// Which files belong together, and which of them have to be looked into.
#[derive(Clone, Debug, Default)]
pub struct Pairs {
    same: u64,
    renamed: Vec<(usize, usize)>,
    /// Old and new file with the same name and other bytes.
    pub changed: Vec<(usize, usize)>,
    /// Old files without a counterpart.
    pub removed: Vec<usize>,
    /// New files without a counterpart.
    pub added: Vec<usize>,
}

impl Pairs {
    /// Pairs files by name and bytes, then by bytes, then by name; a lone old file with a lone new one.
    pub fn new(old: &[SideFile], new: &[SideFile]) -> Self {
        let mut pairs = Self::default();
        let mut by_name: BTreeMap<&str, usize> = BTreeMap::new();
        let mut by_bytes: BTreeMap<Digest, Vec<usize>> = BTreeMap::new();
        for (n, file) in new.iter().enumerate() {
            by_name.insert(&file.name, n);
        }
        let mut free = vec![true; new.len()];
        let mut left = Vec::new();
        for (o, file) in old.iter().enumerate() {
            match by_name.get(file.name.as_str()) {
                Some(&n) if new[n].sha256 == file.sha256 => {
                    pairs.same += 1;
                    free[n] = false;
                }
                _ => left.push(o),
            }
        }
        for n in (0..new.len()).rev().filter(|&n| free[n]) {
            by_bytes.entry(new[n].sha256).or_default().push(n);
        }
        left.retain(|&o| match by_bytes.get_mut(&old[o].sha256).and_then(Vec::pop) {
            Some(n) => {
                pairs.renamed.push((o, n));
                free[n] = false;
                false
            }
            None => true,
        });
        for o in left {
            match by_name.get(old[o].name.as_str()) {
                Some(&n) if free[n] => {
                    pairs.changed.push((o, n));
                    free[n] = false;
                }
                _ => pairs.removed.push(o),
            }
        }
        pairs.added = (0..new.len()).filter(|&n| free[n]).collect();
        if let ([o], [n]) = (&pairs.removed[..], &pairs.added[..]) {
            pairs.changed.push((*o, *n));
            pairs.removed.clear();
            pairs.added.clear();
        }
        pairs
    }

    /// Whether no row needs to be read.
    pub fn are_settled(&self) -> bool {
        self.changed.is_empty() && (self.removed.is_empty() || self.added.is_empty())
    }

    /// Old files whose rows matter.
    pub fn old(&self) -> BTreeSet<usize> {
        self.changed.iter().map(|(o, _)| *o).chain(self.removed.iter().copied()).collect()
    }

    /// New files whose rows matter.
    pub fn new_files(&self) -> BTreeSet<usize> {
        self.changed.iter().map(|(_, n)| *n).chain(self.added.iter().copied()).collect()
    }
}

/// Compares two sides. `columns` says how their columns differ; rows of other columns are other rows.
pub fn compare(
    old: &[SideFile],
    new: &[SideFile],
    pairs: &Pairs,
    columns: Vec<String>,
    allowed: &BTreeSet<Kind>,
) -> Difference {
    let mut files = Vec::new();
    let mut add = |o: Option<usize>, n: Option<usize>, kind, rows| {
        let name = |side: &[SideFile], i: Option<usize>| i.map(|i| side[i].name.clone());
        files.push(FileDiffers { old: name(old, o), new: name(new, n), kind, rows });
    };
    for &(o, n) in &pairs.renamed {
        add(Some(o), Some(n), Kind::Rename, None);
    }
    for &(o, n) in &pairs.changed {
        let rows = match (&old[o].rows, &new[n].rows) {
            (Some(before), Some(after)) if columns.is_empty() => Some(rows::compare(before, after)),
            _ => None,
        };
        let kind = rows.as_ref().map_or(Kind::Change, |(kind, _)| *kind);
        add(Some(o), Some(n), kind, rows.map(|(_, rows)| rows));
    }
    for &o in &pairs.removed {
        add(Some(o), None, Kind::FileRemoved, None);
    }
    for &n in &pairs.added {
        add(None, Some(n), Kind::FileAdded, None);
    }
    let whole = if columns.is_empty() { together(old, new, pairs) } else { None };
    let mut kinds: BTreeSet<Kind> = files.iter().map(|file| file.kind).collect();
    if let Some((kind @ (Kind::ReEncode | Kind::Reorder), _)) = &whole {
        // Whatever became of single files: together they have the same rows.
        kinds.retain(|kind| *kind == Kind::Rename);
        kinds.insert(*kind);
    }
    if !columns.is_empty() {
        kinds.insert(Kind::Columns);
    }
    Difference {
        same: kinds.is_empty(),
        allowed: kinds.is_subset(allowed),
        kinds,
        columns,
        same_files: pairs.same,
        files,
        rows: whole.map(|(_, rows)| rows),
    }
}

/// All files that differ as one file each, where every row is known.
fn together(old: &[SideFile], new: &[SideFile], pairs: &Pairs) -> Option<(Kind, RowsDiffer)> {
    let each = |side: &[SideFile], which: BTreeSet<usize>| -> Option<Vec<Digest>> {
        let mut all = Vec::new();
        for i in which {
            match &side[i].rows.as_ref()?.known {
                Known::Each(digests) => all.extend_from_slice(digests),
                Known::Blocks(1, roots) => all.extend_from_slice(roots),
                Known::Blocks(..) => return None,
            }
        }
        Some(all)
    };
    if pairs.changed.is_empty() && pairs.removed.is_empty() && pairs.added.is_empty() {
        return None;
    }
    match (each(old, pairs.old()), each(new, pairs.new_files())) {
        (Some(old), Some(new)) => Some(rows::compare_each(&old, &new)),
        _ => in_sum(old, new, pairs),
    }
}

/// What can be said of all files that differ where not every row is known: that they are the same rows.
fn in_sum(old: &[SideFile], new: &[SideFile], pairs: &Pairs) -> Option<(Kind, RowsDiffer)> {
    let sum = |side: &[SideFile], which: BTreeSet<usize>| -> Option<(u64, Bag)> {
        let mut files = which.iter().map(|&i| side[i].rows.as_ref().and_then(|rows| Some((rows.count, rows.bag?))));
        let first = files.next()??;
        files.try_fold(first, |(count, mut bag), file| {
            bag.add(&file?.1);
            Some((count + file?.0, bag))
        })
    };
    let (before, after) = (sum(old, pairs.old())?, sum(new, pairs.new_files())?);
    let in_place = pairs.removed.is_empty()
        && pairs.added.is_empty()
        && pairs.changed.iter().all(|&(o, n)| {
            let root = |file: &SideFile| file.rows.as_ref().map(|rows| rows.root);
            root(&old[o]) == root(&new[n])
        });
    let kind = if in_place { Kind::ReEncode } else { Kind::Reorder };
    (before == after).then(|| (kind, rows::none_differ(before.0)))
}
