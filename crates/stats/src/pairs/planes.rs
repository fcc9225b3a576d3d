//! Rows side by side: one bit a row for each halving.

use crate::vectorised::vectorised;

/// Rows that are counted together.
pub const ROWS: usize = 4096;
const WORDS: usize = ROWS / 64;

/// The halvings of some rows, each as words of 64 rows.
pub struct Planes {
    words: Vec<u64>,
}

impl Planes {
    /// Of one column's codes, at most [`ROWS`], by these bits.
    pub fn of(codes: &[u32], bits: &[u32]) -> Self {
        let mut words = vec![0; bits.len() * WORDS];
        for (plane, &bit) in words.chunks_exact_mut(WORDS).zip(bits) {
            for (word, codes) in plane.iter_mut().zip(codes.chunks(64)) {
                *word = codes.iter().rev().fold(0, |word, code| word << 1 | u64::from(code >> bit & 1));
            }
        }
        Self { words }
    }

    /// Adds for each halving how many rows are in its upper half.
    pub fn count(&self, ones: &mut [u64]) {
        for (plane, ones) in self.words.chunks_exact(WORDS).zip(ones) {
            *ones += plane.iter().map(|word| u64::from(word.count_ones())).sum::<u64>();
        }
    }

    /// Adds for each halving of this column and of another how many rows are in the upper half of one of them only.
    pub fn count_apart(&self, other: &Self, apart: &mut [u64]) {
        apart_of(&self.words, &other.words, apart);
    }
}

vectorised! {
    fn apart_of<'a>(ours: &'a [u64], theirs: &'a [u64], apart: &'a mut [u64]) -> () {
        let width = theirs.len() / WORDS;
        for (ours, apart) in ours.chunks_exact(WORDS).zip(apart.chunks_exact_mut(width.max(1))) {
            for (theirs, apart) in theirs.chunks_exact(WORDS).zip(apart) {
                let mut rows = 0;
                for (a, b) in ours.iter().zip(theirs) {
                    rows += u64::from((a ^ b).count_ones());
                }
                *apart += rows;
            }
        }
    }
}
