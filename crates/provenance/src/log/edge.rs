//! The growing edge of a tree: what is not yet in full tiles.

use taster_core::Digest;

use super::tiles::{LEVELS, WIDTH};
use crate::merkle::{Subtree, fold};

/// The hashes of the partial tile of every level, the lowest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Edge {
    levels: Vec<Vec<Digest>>,
    size: u64,
}

/// A tile that became full, or was partial at the end.
pub(super) struct Tile {
    pub level: u8,
    pub index: u64,
    pub hashes: Vec<Digest>,
}

impl Edge {
    /// The edge of a log of this size, from the partial tile of every level that has one.
    pub fn new(size: u64, levels: Vec<Vec<Digest>>) -> Self {
        Self { levels, size }
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf; the tiles it fills, the lowest first.
    pub fn push(&mut self, leaf: Digest) -> Vec<Tile> {
        self.size += 1;
        let mut full = Vec::new();
        let mut hash = leaf;
        for level in 0..LEVELS {
            let at = usize::from(level);
            if self.levels.len() == at {
                self.levels.push(Vec::new());
            }
            self.levels[at].push(hash);
            if (self.levels[at].len() as u64) < WIDTH {
                break;
            }
            let hashes = std::mem::take(&mut self.levels[at]);
            hash = root_of(&hashes, 0);
            let index = (self.size >> (8 * (u32::from(level) + 1))) - 1;
            full.push(Tile { level, index, hashes });
        }
        full
    }

    /// The partial tiles, the lowest first.
    pub fn partial(&self) -> impl Iterator<Item = Tile> + '_ {
        let levels = self.levels.iter().enumerate().filter(|(_, hashes)| !hashes.is_empty());
        levels.map(|(level, hashes)| {
            let level = level as u8;
            let count = self.size >> (8 * u32::from(level));
            Tile { level, index: count / WIDTH, hashes: hashes.clone() }
        })
    }

    /// Root of the whole tree.
    pub fn root(&self) -> Digest {
        let levels = self.levels.iter().enumerate().rev();
        let subtrees: Vec<Subtree> = levels.flat_map(|(level, hashes)| subtrees(hashes, 8 * level as u32)).collect();
        fold(&subtrees)
    }
}

/// Root over these hashes of perfect subtrees of 2^level leaves.
pub(super) fn root_of(hashes: &[Digest], level: u32) -> Digest {
    fold(&subtrees(hashes, level).collect::<Vec<_>>())
}

fn subtrees(hashes: &[Digest], level: u32) -> impl Iterator<Item = Subtree> + '_ {
    hashes.iter().map(move |&root| Subtree { level, root })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CompactRange;

    #[test]
    fn the_root_is_that_of_all_leaves_and_tiles_come_in_order() {
        let leaf = |i: u64| Digest(std::array::from_fn(|at| (i >> (8 * (at % 8))) as u8));
        let (mut edge, mut whole) = (Edge::default(), CompactRange::empty(0));
        let mut counts = [0; 3];
        for i in 0..70_000 {
            for tile in edge.push(leaf(i)) {
                assert_eq!((tile.index, tile.hashes.len()), (counts[usize::from(tile.level)], 256));
                counts[usize::from(tile.level)] += 1;
            }
            whole.extend(&[leaf(i)]);
            if i % 997 == 0 || i > 65_530 && i < 65_540 {
                assert_eq!(Some(edge.root()), whole.root(), "{i}");
            }
        }
        assert_eq!(counts, [273, 1, 0]);
        let partial: Vec<_> = edge.partial().map(|t| (t.level, t.index, t.hashes.len())).collect();
        assert_eq!(partial, [(0, 273, 112), (1, 1, 17), (2, 0, 1)]);
    }
}
