//! How often each value of a set occurs, in bounded memory and exactly mergeable.

use std::collections::BTreeMap;

/// Most different values that are counted by themselves, and places of a hash that they are counted in beyond.
pub const PLACES: usize = 1024;
/// Most bytes of different values that are counted by themselves.
const BYTES: usize = 64 << 10;

/// Counts of values: each by itself while there are few, else in places by their hash, as one row of a count-min sketch
/// (Cormode and Muthukrishnan 2005).
///
/// Whether there are few depends on the set of values alone, and counts are whole numbers, so merging in any order equals
/// counting the whole. The hash of a value is the caller's, and must be the same wherever sketches are merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frequencies {
    /// By value: its hash and how often it occurs.
    Values(BTreeMap<String, (u64, u64)>),
    /// By place.
    Places(Vec<u64>),
}

impl Default for Frequencies {
    fn default() -> Self {
        Self::Values(BTreeMap::new())
    }
}

impl Frequencies {
    /// Counts so many more of a value with this hash.
    pub fn add(&mut self, value: &str, hash: u64, count: u64) {
        match self {
            Self::Values(values) => match values.get_mut(value) {
                Some(known) => known.1 += count,
                None => {
                    values.insert(value.to_owned(), (hash, count));
                }
            },
            Self::Places(places) => places[place(hash)] += count,
        }
    }

    /// Counts everything that another has counted.
    pub fn merge(&mut self, other: Self) {
        match other {
            Self::Values(values) => values.iter().for_each(|(value, &(hash, count))| self.add(value, hash, count)),
            Self::Places(theirs) => {
                let mine = self.places_mut();
                mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| *mine += theirs);
            }
        }
        self.settle();
    }

    /// Counts by place where there are too many values. To be called after each batch.
    pub fn settle(&mut self) {
        if let Self::Values(values) = self
            && (values.len() > PLACES || values.keys().map(String::len).sum::<usize>() > BYTES)
        {
            self.places_mut();
        }
    }

    /// Values counted, with repetition.
    pub fn total(&self) -> u64 {
        match self {
            Self::Values(values) => values.values().map(|v| v.1).sum(),
            Self::Places(places) => places.iter().sum(),
        }
    }

    fn places_mut(&mut self) -> &mut Vec<u64> {
        if let Self::Values(values) = self {
            let mut places = vec![0; PLACES];
            for &(hash, count) in values.values() {
                places[place(hash)] += count;
            }
            *self = Self::Places(places);
        }
        match self {
            Self::Places(places) => places,
            Self::Values(_) => unreachable!("made places above"),
        }
    }
}

/// Where a value with this hash is counted.
pub fn place(hash: u64) -> usize {
    (hash % PLACES as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::mix;

    fn of(range: std::ops::Range<u64>, values: u64) -> Frequencies {
        let mut sketch = Frequencies::default();
        for i in range {
            let value = mix(1, i) % values;
            sketch.add(&value.to_string(), mix(2, value), 1);
            sketch.settle();
        }
        sketch
    }

    #[test]
    fn merging_in_any_order_equals_counting_the_whole() {
        for values in [10, 1024, 5000] {
            let whole = of(0..9000, values);
            assert_eq!(matches!(whole, Frequencies::Values(_)), values <= 1024);
            let mut merged = of(4000..9000, values);
            merged.merge(of(0..3, values));
            merged.merge(of(3..4000, values));
            assert_eq!(merged, whole);
            assert_eq!(merged.total(), 9000);
        }
    }

    #[test]
    fn long_values_are_not_kept() {
        let mut sketch = Frequencies::default();
        (0..70).for_each(|i| sketch.add(&format!("{i}{}", "x".repeat(1000)), i, 1));
        sketch.settle();
        assert!(matches!(sketch, Frequencies::Places(_)));
    }
}
