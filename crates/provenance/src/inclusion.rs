//! Proofs that a leaf is in a tree (RFC 6962, section 2.1.1).

use taster_core::Digest;

use crate::node;

/// Root of the tree of `size` leaves in which the leaf at `index` has these siblings, from its own up to the root's
/// child. `None` where there is no such leaf, or the path has another length.
///
/// ```
/// use taster_core::Digest;
/// use taster_provenance::{CompactRange, inclusion_root};
///
/// let leaves = [Digest([1; 32]), Digest([2; 32])];
/// assert_eq!(inclusion_root(leaves[1], 1, 2, &leaves[..1]), CompactRange::of(0, &leaves).root());
/// ```
pub fn inclusion_root(leaf: Digest, index: u64, size: u64, path: &[Digest]) -> Option<Digest> {
    let mut last = size.checked_sub(1).filter(|&last| index <= last)?;
    let (mut at, mut root, mut path) = (index, leaf, path.iter());
    while last > 0 {
        if at & 1 == 1 {
            root = node(path.next()?, &root);
        } else if at < last {
            root = node(&root, path.next()?);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    path.next().is_none().then_some(root)
}

/// The siblings of the leaf at `index` in a tree of `size` leaves, from its own up to the root's child.
///
/// `subtree` gives the root of the perfect subtree of 2^level leaves whose first leaf is `position` * 2^level.
pub fn inclusion_path<E>(
    index: u64,
    size: u64,
    subtree: &mut impl FnMut(u32, u64) -> Result<Digest, E>,
) -> Result<Vec<Digest>, E> {
    let (mut start, mut end) = (0, size);
    let mut path = Vec::new();
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            path.push(range(middle, end, subtree)?);
            end = middle;
        } else {
            path.push(range(start, middle, subtree)?);
            start = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// Root over the leaves from `start` to `end`, a node of the tree.
fn range<E>(start: u64, end: u64, subtree: &mut impl FnMut(u32, u64) -> Result<Digest, E>) -> Result<Digest, E> {
    let length = end - start;
    if length.is_power_of_two() {
        let level = length.trailing_zeros();
        return subtree(level, start >> level);
    }
    let middle = start + split(length);
    Ok(node(&range(start, middle, subtree)?, &range(middle, end, subtree)?))
}

/// The largest power of two below a length of two or more.
fn split(length: u64) -> u64 {
    1 << (length - 1).ilog2()
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::CompactRange;

    #[test]
    fn every_leaf_of_every_small_tree_has_a_proof() {
        let leaves: Vec<Digest> = (0..70).map(|i| Digest([i; 32])).collect();
        for size in 1..=leaves.len() as u64 {
            let root = CompactRange::of(0, &leaves[..size as usize]).root();
            let mut subtree = |level: u32, at: u64| -> Result<Digest, Infallible> {
                let (start, end) = ((at << level) as usize, ((at + 1) << level) as usize);
                Ok(CompactRange::of(0, &leaves[start..end]).root().unwrap())
            };
            for index in 0..size {
                let Ok(path) = inclusion_path(index, size, &mut subtree);
                let leaf = leaves[index as usize];
                assert_eq!(inclusion_root(leaf, index, size, &path), root, "{index} of {size}");
                assert_ne!(inclusion_root(Digest([99; 32]), index, size, &path), root);
                assert_eq!(inclusion_root(leaf, index, size, &[&path[..], &[leaf]].concat()), None);
                if let Some(short) = path.len().checked_sub(1) {
                    assert_eq!(inclusion_root(leaf, index, size, &path[..short]), None);
                }
            }
        }
        assert_eq!(inclusion_root(leaves[0], 1, 1, &[]), None);
        assert_eq!(inclusion_root(leaves[0], 0, 0, &[]), None);
    }
}
