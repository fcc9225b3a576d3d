use serde::{Deserialize, Serialize};

use super::{codes::Codes, loss::Scores};
use crate::vectorised::vectorised;

/// Rows looked at together: their leaf numbers stay in the fastest cache.
const BLOCK: usize = 1024;

/// The question one level asks of a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Split {
    /// Is the code above this one?
    Above { column: usize, code: u8 },
    /// Is the code in this set? One entry a code, 0 or 1.
    In { column: usize, members: Vec<u8> },
}

impl Split {
    pub fn column(&self) -> usize {
        match self {
            Self::Above { column, .. } | Self::In { column, .. } => *column,
        }
    }

    pub fn holds(&self, code: u8) -> bool {
        match self {
            Self::Above { code: limit, .. } => code > *limit,
            Self::In { members, .. } => members.get(code as usize).is_some_and(|&m| m != 0),
        }
    }

    /// Adds the answers, as bit `level`, to the rows' leaf numbers.
    #[allow(clippy::inline_always)] // so that it is compiled for the vector unit found at run time
    #[inline(always)]
    fn mark(&self, codes: &[u8], level: usize, leaves: &mut [u8]) {
        match self {
            Self::Above { code: limit, .. } => {
                for (leaf, &code) in leaves.iter_mut().zip(codes) {
                    *leaf |= u8::from(code > *limit) << level;
                }
            }
            Self::In { members, .. } => {
                for (leaf, &code) in leaves.iter_mut().zip(codes) {
                    *leaf |= members.get(code as usize).copied().unwrap_or(0) << level;
                }
            }
        }
    }
}

/// An oblivious tree: one question a level, and a value for each combination of answers and each output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tree {
    pub(super) splits: Vec<Split>,
    /// `[leaf * outputs + output]`.
    pub(super) values: Vec<f32>,
}

impl Tree {
    /// The column of each level's question.
    pub fn columns(&self) -> impl Iterator<Item = usize> + '_ {
        self.splits.iter().map(Split::column)
    }
}

vectorised! {
    /// Leaf number of every row under these splits.
    pub(super) fn leaves<'a>(splits: &'a [Split], codes: &'a Codes) -> Vec<u8> {
        let mut out = vec![0; codes.rows()];
        for (level, split) in splits.iter().enumerate() {
            split.mark(&codes.columns()[split.column()].codes, level, &mut out);
        }
        out
    }
}

vectorised! {
    /// Adds every tree's value to every row's scores, tree by tree in order, so a row's sum does not depend on its block.
    pub(super) fn add_all<'a>(trees: &'a [Tree], codes: &'a Codes, scores: &'a mut Scores) -> () {
        let outputs = scores.outputs;
        let mut leaves = [0_u8; BLOCK];
        for (block, values) in scores.values.chunks_mut(BLOCK * outputs).enumerate() {
            let start = block * BLOCK;
            let rows = values.len() / outputs;
            for tree in trees {
                leaves[..rows].fill(0);
                for (level, split) in tree.splits.iter().enumerate() {
                    let column = &codes.columns()[split.column()].codes[start..start + rows];
                    split.mark(column, level, &mut leaves[..rows]);
                }
                add(tree, &leaves[..rows], outputs, values);
            }
        }
    }
}

#[allow(clippy::inline_always)] // so that it is compiled for the vector unit found at run time
#[inline(always)]
pub(super) fn add(tree: &Tree, leaves: &[u8], outputs: usize, values: &mut [f32]) {
    if outputs == 1 {
        // 256 entries, so that no leaf number can be out of bounds.
        let mut table = [0.0; 256];
        table[..tree.values.len()].copy_from_slice(&tree.values);
        for (value, &leaf) in values.iter_mut().zip(leaves) {
            *value += table[leaf as usize];
        }
        return;
    }
    for (row, &leaf) in values.chunks_exact_mut(outputs).zip(leaves) {
        let leaf = &tree.values[leaf as usize * outputs..(leaf as usize + 1) * outputs];
        for (value, add) in row.iter_mut().zip(leaf) {
            *value += add;
        }
    }
}
