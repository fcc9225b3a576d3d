//! Counting in bounded memory: a count-min sketch for how often a key was seen, and an exact table of label counts for
//! the groups with the smallest keys.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

const DEPTH: usize = 4;

/// How often each key was seen, in fixed memory: a count-min sketch (Cormode and Muthukrishnan 2005) with the
/// count-mean-min correction for the noise of other keys (Deng and Rafiei 2007).
///
/// Keys must be uniformly distributed (keyed hashes). Counts are exact, with near certainty, while there are far fewer
/// distinct keys than `width`.
#[derive(Clone, Debug)]
pub struct CountMin {
    /// log2 of the counters in a row.
    bits: u32,
    counters: Vec<u32>,
    total: u64,
}

impl CountMin {
    /// A sketch of four rows of `2^bits` counters of four bytes each.
    pub fn new(bits: u32) -> Self {
        Self { bits, counters: vec![0; DEPTH << bits], total: 0 }
    }

    /// Counts one more of this key.
    pub fn add(&mut self, key: u64) {
        self.total += 1;
        for row in 0..DEPTH {
            let slot = self.slot(key, row);
            self.counters[slot] = self.counters[slot].saturating_add(1);
        }
    }

    /// Counts everything that another sketch of the same width has counted.
    pub fn merge(&mut self, other: &Self) {
        assert_eq!(self.bits, other.bits, "sketches of one state have one width");
        self.total += other.total;
        for (mine, theirs) in self.counters.iter_mut().zip(&other.counters) {
            *mine = mine.saturating_add(*theirs);
        }
    }

    /// About how often this key was seen: at most the upper bound of the sketch, less what other keys are expected to
    /// have added to it.
    pub fn estimate(&self, key: u64) -> u64 {
        let least = (0..DEPTH).map(|row| self.counters[self.slot(key, row)]).min().unwrap_or(0);
        let noise = self.total.saturating_sub(u64::from(least)) >> self.bits;
        u64::from(least).saturating_sub(noise)
    }

    /// Where this key counts in a row: double hashing of the two halves of the key.
    fn slot(&self, key: u64, row: usize) -> usize {
        let step = (key >> 32) | 1;
        let mixed = key.wrapping_add(step.wrapping_mul(row as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        (row << self.bits) + (mixed.wrapping_mul(0xff51_afd7_ed55_8ccd) >> (64 - self.bits)) as usize
    }
}

/// Label counts of one group of identical rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelCounts {
    /// Most groups have one row and so one label; it takes no allocation.
    first: (u64, u32),
    others: Vec<(u64, u32)>,
}

impl LabelCounts {
    /// Rows in the group.
    pub fn total(&self) -> u64 {
        self.iter().map(|(_, n)| u64::from(n)).sum()
    }

    /// Rows in the group with this label.
    pub fn of(&self, label: u64) -> u64 {
        self.iter().find(|&(l, _)| l == label).map_or(0, |(_, n)| u64::from(n))
    }

    /// The commonest label and its rows; of two equally common the one with the smaller key.
    pub fn commonest(&self) -> Option<(u64, u64)> {
        self.iter().max_by_key(|&(l, n)| (n, std::cmp::Reverse(l))).map(|(l, n)| (l, u64::from(n)))
    }

    /// Labels in the group.
    pub fn labels(&self) -> usize {
        self.iter().count()
    }

    /// Ordered pairs of different rows of the group, and how many of them disagree on the label.
    pub fn pairs(&self) -> (u64, u64) {
        let total = self.total();
        let same: u64 = self.iter().map(|(_, n)| u64::from(n) * u64::from(n)).sum();
        (total * total.saturating_sub(1), total * total - same)
    }

    fn iter(&self) -> impl Iterator<Item = (u64, u32)> {
        std::iter::once(self.first).chain(self.others.iter().copied()).filter(|&(_, n)| n > 0)
    }

    fn add(&mut self, label: u64, count: u32) {
        if self.first.1 == 0 {
            self.first = (label, count);
            return;
        }
        let slot = std::iter::once(&mut self.first).chain(&mut self.others).find(|(l, _)| *l == label);
        match slot {
            Some((_, n)) => *n = n.saturating_add(count),
            None => self.others.push((label, count)),
        }
    }
}

/// Keys are keyed hashes already.
#[derive(Clone, Debug, Default)]
struct AsIs(u64);

impl Hasher for AsIs {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            self.0 = chunk.iter().fold(self.0, |key, &b| key << 8 | u64::from(b));
        }
    }

    fn write_u64(&mut self, key: u64) {
        // The table uses the top bits and the bottom bits; small keys, which are the ones kept, share their top bits.
        self.0 = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Exact label counts for groups of rows with the same key, as many groups as fit: those with the smallest keys.
///
/// Keys must be uniformly distributed (keyed hashes), so that the groups kept are a random sample of all groups.
#[derive(Clone, Debug)]
pub struct Groups {
    most: usize,
    /// Groups with larger keys are not kept.
    ceiling: u64,
    table: HashMap<u64, LabelCounts, BuildHasherDefault<AsIs>>,
}

impl Groups {
    /// No groups yet, at most `most` of them ever.
    pub fn new(most: usize) -> Self {
        Self { most, ceiling: u64::MAX, table: HashMap::default() }
    }

    /// Counts one row of group `key` with this label.
    pub fn add(&mut self, key: u64, label: u64) {
        if key <= self.ceiling {
            self.table.entry(key).or_default().add(label, 1);
            self.prune_beyond(self.most + self.most / 4);
        }
    }

    /// Counts everything that another table of the same size has counted.
    pub fn merge(&mut self, other: Self) {
        self.ceiling = self.ceiling.min(other.ceiling);
        #[allow(clippy::iter_over_hash_type)] // sums do not depend on the order
        for (key, labels) in other.table {
            if key <= self.ceiling {
                let mine = self.table.entry(key).or_default();
                labels.iter().for_each(|(label, n)| mine.add(label, n));
            }
        }
        let ceiling = self.ceiling;
        self.table.retain(|&key, _| key <= ceiling);
        self.prune_beyond(self.most + self.most / 4);
    }

    /// Brings the table down to its size; call before looking anything up.
    pub fn finish(&mut self) {
        self.prune_beyond(self.most);
    }

    /// Label counts of this group; `None` where it was not kept or not seen.
    pub fn get(&self, key: u64) -> Option<&LabelCounts> {
        self.table.get(&key)
    }

    /// Whether rows of this group were counted.
    pub fn covers(&self, key: u64) -> bool {
        key <= self.ceiling
    }

    /// The share of all groups that was kept, in (0, 1].
    pub fn coverage(&self) -> f64 {
        self.ceiling as f64 / u64::MAX as f64
    }

    /// The groups kept, in no particular order: for sums only.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &LabelCounts)> {
        self.table.iter().map(|(&key, labels)| (key, labels))
    }

    fn prune_beyond(&mut self, limit: usize) {
        if self.table.len() <= limit || self.most == 0 {
            return;
        }
        let mut keys: Vec<u64> = self.table.keys().copied().collect();
        let (_, ceiling, _) = keys.select_nth_unstable(self.most - 1);
        self.ceiling = *ceiling;
        let ceiling = self.ceiling;
        self.table.retain(|&key, _| key <= ceiling);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(i: u64) -> u64 {
        (i + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29).wrapping_mul(0xd6e8_feb8_6659_fd93)
    }

    #[test]
    fn count_min_is_exact_when_roomy_and_close_when_not() {
        let mut sketch = CountMin::new(14);
        (0..1000).for_each(|i| sketch.add(key(i)));
        (0..300).for_each(|_| sketch.add(key(5)));
        assert_eq!(sketch.estimate(key(5)), 301);
        assert_eq!((10..1000).filter(|&i| sketch.estimate(key(i)) != 1).count(), 0);
        (1000..200_000).for_each(|i| sketch.add(key(i)));
        assert!((290..330).contains(&sketch.estimate(key(5))), "{}", sketch.estimate(key(5)));
    }

    #[test]
    fn merging_in_any_order_equals_counting_the_whole() {
        let part = |range: std::ops::Range<u64>| {
            let (mut sketch, mut groups) = (CountMin::new(8), Groups::new(40));
            for i in range {
                sketch.add(key(i % 97));
                groups.add(key(i % 97), i % 3);
            }
            (sketch, groups)
        };
        let whole = part(0..1000);
        for order in [[0, 1, 2], [2, 0, 1]] {
            let parts = [part(0..10), part(10..700), part(700..1000)];
            let (mut sketch, mut groups) = (CountMin::new(8), Groups::new(40));
            for i in order {
                sketch.merge(&parts[i].0);
                groups.merge(parts[i].1.clone());
            }
            groups.finish();
            let mut expected = whole.1.clone();
            expected.finish();
            assert_eq!(sketch.counters, whole.0.counters);
            assert_eq!(groups.ceiling, expected.ceiling);
            for i in 0..97 {
                let (mine, theirs) = (groups.get(key(i)), expected.get(key(i)));
                assert_eq!(mine.map(LabelCounts::total), theirs.map(LabelCounts::total));
                assert_eq!(mine.map(|g| g.of(1)), theirs.map(|g| g.of(1)));
            }
        }
    }
}
