//! Texts as sparse vectors of hashed words and pairs of words.
//!
//! Words and pairs are hashed into a fixed number of places (Weinberger et al. 2009, "Feature Hashing for Large Scale
//! Multitask Learning") and weighted by how rare they are; each text has length 1, so long ones say no more than short ones.

use serde::{Deserialize, Serialize};

use crate::math::mix;

/// Bytes of a text that are looked at.
const TEXT_MAX: usize = 1 << 16;

/// Sparse vectors, one after another.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SparseRows {
    ends: Vec<usize>,
    /// Place and value of each entry; places of a row ascend.
    entries: Vec<(u32, f32)>,
}

impl SparseRows {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Appends a row of these entries, whose places ascend, scaled to length 1.
    pub fn push(&mut self, entries: impl IntoIterator<Item = (u32, f32)>) {
        let start = self.entries.len();
        self.entries.extend(entries);
        normalise(&mut self.entries[start..]);
        self.ends.push(self.entries.len());
    }

    /// A row's entries.
    pub fn row(&self, row: usize) -> &[(u32, f32)] {
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        &self.entries[start..self.ends[row]]
    }
}

/// Where words and pairs of words go, and how much each place weighs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ngrams {
    seed: u64,
    /// Logarithm of the number of texts over those with the place.
    weights: Vec<f32>,
}

impl Ngrams {
    /// Learns the weights of `places` places (a power of two) from texts. Places seen in one text only weigh nothing: they
    /// cannot be learnt from.
    pub fn fit<'a>(texts: impl Iterator<Item = &'a str>, places: usize, seed: u64) -> Self {
        let mut counts = vec![0_u32; places.next_power_of_two()];
        let mut hashed = Vec::new();
        let mut total = 0_u32;
        for text in texts {
            hash(text, seed, counts.len(), &mut hashed);
            hashed.dedup();
            for &place in &hashed {
                counts[place as usize] += 1;
            }
            total += 1;
        }
        let weight = |&count: &u32| if count < 2 { 0.0 } else { 1.0 + (f64::from(total) / f64::from(count)).ln() };
        Self { seed, weights: counts.iter().map(|c| weight(c) as f32).collect() }
    }

    /// Number of places.
    pub fn places(&self) -> usize {
        self.weights.len()
    }

    /// Texts as vectors of length 1; a missing text, or one of unknown words only, is empty.
    pub fn rows<'a>(&self, texts: impl Iterator<Item = Option<&'a str>>) -> SparseRows {
        let mut rows = SparseRows::default();
        let mut hashed = Vec::new();
        for text in texts {
            hash(text.unwrap_or_default(), self.seed, self.places(), &mut hashed);
            let entry = |run: &[u32]| (run[0], self.weights[run[0] as usize] * (1.0 + (run.len() as f32).ln()));
            rows.push(hashed.chunk_by(|a, b| a == b).map(entry).filter(|entry| entry.1 > 0.0));
        }
        rows
    }
}

fn normalise(entries: &mut [(u32, f32)]) {
    let length = entries.iter().map(|e| e.1 * e.1).sum::<f32>().sqrt();
    for e in entries.iter_mut() {
        e.1 /= length.max(f32::MIN_POSITIVE);
    }
}

/// The places of a text's words and pairs of neighbouring words, sorted. A word is a run of letters and digits, without
/// case; every other character that is not a space is a word of its own.
fn hash(text: &str, seed: u64, places: usize, out: &mut Vec<u32>) {
    out.clear();
    let mask = places as u64 - 1;
    let mut before = None;
    let mut add = |word: u64| {
        out.push((mix(seed, word) & mask) as u32);
        if let Some(before) = before.replace(word) {
            out.push((mix(mix(seed, before), word) & mask) as u32);
        }
    };
    let mut word = None;
    for (_, c) in text.char_indices().take_while(|&(at, _)| at < TEXT_MAX) {
        if c.is_alphanumeric() {
            for c in c.to_lowercase() {
                word = Some(mix(word.unwrap_or(1), u64::from(u32::from(c))));
            }
            continue;
        }
        word.take().into_iter().for_each(&mut add);
        if !c.is_whitespace() {
            add(mix(2, u64::from(u32::from(c))));
        }
    }
    word.take().into_iter().for_each(&mut add);
    out.sort_unstable();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_words_same_vector() {
        let texts = ["The cat sat.", "the CAT sat .", "a dog ran"];
        let ngrams = Ngrams::fit(texts.into_iter(), 1 << 12, 7);
        let rows = ngrams.rows(texts.into_iter().map(Some).chain([None]));
        assert_eq!(rows.row(0), rows.row(1));
        assert!((rows.row(0).iter().map(|e| e.1 * e.1).sum::<f32>() - 1.0).abs() < 1e-5);
        // Nothing in the third text was seen twice.
        assert!(rows.row(2).is_empty() && rows.row(3).is_empty());
        assert_eq!(rows.len(), 4);
    }
}
