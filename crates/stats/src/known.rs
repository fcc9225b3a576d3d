//! Which keys were seen, and how often: read often, written once.

use crate::math::mix;

/// How often each of many keys was seen, by open addressing; a count saturates at 65,535.
///
/// Keys must be uniformly distributed. Of each, the upper 48 bits are compared.
#[derive(Clone, Debug, Default)]
pub struct Occurrences {
    slots: Vec<u64>,
}

const COUNT: u64 = 0xffff;

impl Occurrences {
    /// Counts the runs of a sorted list of keys.
    pub fn of_sorted(keys: &[u64]) -> Self {
        let distinct = keys.chunk_by(|a, b| a == b).count();
        let mut slots = vec![0; (2 * distinct + 1).next_power_of_two()];
        let mask = slots.len() - 1;
        for run in keys.chunk_by(|a, b| a == b) {
            let mut at = run[0] as usize & mask;
            while slots[at] != 0 {
                at = (at + 1) & mask;
            }
            slots[at] = (run[0] & !COUNT) | (run.len() as u64).min(COUNT);
        }
        Self { slots }
    }

    /// How often this key was seen.
    #[inline]
    pub fn of(&self, key: u64) -> u32 {
        let Some(mask) = self.slots.len().checked_sub(1) else { return 0 };
        let mut at = key as usize & mask;
        loop {
            match self.slots[at] {
                0 => return 0,
                slot if slot & !COUNT == key & !COUNT => return (slot & COUNT) as u32,
                _ => at = (at + 1) & mask,
            }
        }
    }
}

/// Whether a key was seen: a Bloom (1970) filter, wrong about few of those that were not.
#[derive(Clone, Debug)]
pub struct Filter {
    words: Vec<u64>,
}

/// Bits for each key.
const BITS: usize = 16;

impl Filter {
    /// A filter of so many keys.
    pub fn of(keys: impl ExactSizeIterator<Item = u64>) -> Self {
        let bits = (BITS * keys.len()).next_power_of_two().max(64);
        let mut filter = Self { words: vec![0; bits / 64] };
        for key in keys {
            for (word, bit) in filter.places(key) {
                filter.words[word] |= bit;
            }
        }
        filter
    }

    /// Whether this key is among them; of those that are not, fewer than one in fifty are said to be.
    #[inline]
    pub fn contains(&self, key: u64) -> bool {
        self.places(key).into_iter().all(|(word, bit)| self.words[word] & bit != 0)
    }

    /// Two bits a key, in one cache line.
    #[inline]
    fn places(&self, key: u64) -> [(usize, u64); 2] {
        let line = (key >> 32) as usize & (self.words.len() - 1) & !7;
        let within = mix(1, key);
        let span = self.words.len().min(8) as u64;
        let place = |part: u64| (line + ((part >> 6) % span) as usize, 1 << (part & 63));
        [place(within), place(within >> 32)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(range: std::ops::Range<u64>) -> Vec<u64> {
        range.map(|i| mix(9, i)).collect()
    }

    #[test]
    fn counts_are_exact() {
        let mut seen = keys(0..5000);
        seen.extend(keys(0..100));
        seen.extend(std::iter::repeat_n(mix(9, 3), 70_000));
        seen.sort_unstable();
        let counts = Occurrences::of_sorted(&seen);
        assert_eq!((counts.of(mix(9, 0)), counts.of(mix(9, 4000)), counts.of(mix(9, 3))), (2, 1, 65_535));
        assert!(keys(5000..9000).into_iter().all(|key| counts.of(key) == 0));
        assert_eq!(Occurrences::default().of(1), 0);
        assert_eq!(Occurrences::of_sorted(&[]).of(1), 0);
    }

    #[test]
    fn a_filter_forgets_nothing_and_invents_little() {
        for n in [0, 1, 3, 100, 5000] {
            let filter = Filter::of(keys(0..n).into_iter());
            assert!(keys(0..n).into_iter().all(|key| filter.contains(key)));
            let wrong = keys(n..n + 10_000).into_iter().filter(|&key| filter.contains(key)).count();
            assert!(wrong < 600, "{wrong} of 10,000 with {n}");
        }
    }
}
