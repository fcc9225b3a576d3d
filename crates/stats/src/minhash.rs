//! MinHash signatures: two texts' signatures agree in about as many places as the texts share of their words.
//!
//! Broder (1997), "On the resemblance and containment of documents"; one permutation for long texts (Li, Owen and Zhang
//! 2012) with empty bins filled by rotation (Shrivastava and Li 2014).

use crate::math::mix;

/// Places of a signature.
pub const PLACES: usize = 32;
/// Keys that a signature is looked up by.
pub const BANDS: usize = 8;
/// From so many words on a text is compared by runs of three words, else by words.
const LONG: usize = 24;
/// Words of a run.
const RUN: usize = 3;

/// A signature of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    places: [u64; PLACES],
    long: bool,
}

impl Signature {
    /// The signature of a sequence of hashed words; `None` if there is none.
    pub fn of(words: &[u64]) -> Option<Self> {
        if words.is_empty() {
            return None;
        }
        let long = words.len() >= LONG;
        let places = if long { one_permutation(words) } else { permutations(words) };
        Some(Self { places, long })
    }

    /// Eight keys; texts that share a large part of their words share most of them, others hardly any. `salt` keeps
    /// texts apart that are not to be compared.
    pub fn bands(&self, salt: u64) -> [u64; BANDS] {
        // Fewer places a key for short texts, in which one changed word is a larger part.
        let width = if self.long { 4 } else { 3 };
        let mut bands = [0; BANDS];
        for (b, band) in bands.iter_mut().enumerate() {
            let start = mix(salt, 2 * b as u64 + u64::from(self.long));
            *band = self.places[b * 4..b * 4 + width].iter().fold(start, |key, &place| mix(key, place));
        }
        bands
    }

    /// Estimate of the Jaccard similarity, in [0, 1].
    pub fn similarity(&self, other: &Self) -> f64 {
        let equal = self.places.iter().zip(&other.places).filter(|(a, b)| a == b).count();
        equal as f64 / PLACES as f64
    }
}

fn permutations(words: &[u64]) -> [u64; PLACES] {
    std::array::from_fn(|place| words.iter().map(|&word| mix(word, place as u64)).min().unwrap_or(0))
}

fn one_permutation(words: &[u64]) -> [u64; PLACES] {
    const EMPTY: u64 = u64::MAX;
    let mut bins = [EMPTY; PLACES];
    for run in words.windows(RUN) {
        let hash = run.iter().fold(RUN as u64, |hash, &word| mix(hash, word));
        let bin = (hash >> 59) as usize;
        bins[bin] = bins[bin].min(hash & (EMPTY >> 5));
    }
    let filled = bins;
    for (bin, slot) in bins.iter_mut().enumerate() {
        if *slot == EMPTY {
            let found = (1..PLACES).find(|step| filled[(bin + step) % PLACES] != EMPTY);
            *slot = found.map_or(0, |step| mix(filled[(bin + step) % PLACES], step as u64));
        }
    }
    bins
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(n: u64, changed: &[u64]) -> Vec<u64> {
        (0..n).map(|i| mix(1, if changed.contains(&i) { 1000 + i } else { i })).collect()
    }

    #[test]
    fn similarity_is_about_the_shared_part() {
        for n in [12, 200] {
            let (a, b) = (Signature::of(&text(n, &[])).unwrap(), Signature::of(&text(n, &[5])).unwrap());
            assert!(a.similarity(&b) > 0.6, "{n}: {}", a.similarity(&b));
            let shared = a.bands(0).iter().zip(b.bands(0)).filter(|(x, y)| **x == *y).count();
            assert!(shared >= 2, "{n}: {shared} bands");
            let other = Signature::of(&(0..n).map(|i| mix(2, i)).collect::<Vec<_>>()).unwrap();
            assert!(a.similarity(&other) < 0.1);
            assert!(a.bands(0).iter().zip(other.bands(0)).all(|(x, y)| *x != y));
            assert!(a.bands(0).iter().zip(a.bands(1)).all(|(x, y)| *x != y));
        }
        assert!(Signature::of(&[]).is_none());
    }
}
