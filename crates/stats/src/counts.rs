//! Counting in bounded memory: a count-min sketch for how often a key was seen, and an exact table of label counts for
//! the groups with the smallest keys.

use std::collections::BTreeMap;

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

/// Label counts of one group of identical rows: labels and how many rows have them, by label.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelCounts(Vec<(u64, u32)>);

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
        self.0.iter().copied()
    }
}

/// Rows of one group with one label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Count {
    key: u64,
    label: u64,
    rows: u32,
}

/// Rows that wait, unsorted, to be counted together.
const WAITING: usize = 1 << 17;

/// Counts labels by groups of rows with the same key, for as many groups as fit: those with the smallest keys.
///
/// Keys must be uniformly distributed (keyed hashes), so that the groups kept are a random sample of all groups. Kept as
/// sorted lists, because almost all groups of an ordinary dataset have one row and a hash table would miss the cache for
/// each.
#[derive(Clone, Debug)]
pub struct Groups {
    most: usize,
    /// Groups with larger keys are not kept.
    ceiling: u64,
    /// Sorted by key and label, each pair once.
    counts: Vec<Count>,
    waiting: Vec<(u64, u64)>,
}

impl Groups {
    /// No groups yet, at most `most` of them ever.
    pub fn new(most: usize) -> Self {
        Self { most, ceiling: u64::MAX, counts: Vec::new(), waiting: Vec::new() }
    }

    /// Counts one row of group `key` with this label.
    pub fn add(&mut self, key: u64, label: u64) {
        if key <= self.ceiling {
            self.waiting.push((key, label));
            if self.waiting.len() >= WAITING {
                self.count();
            }
        }
    }

    /// Counts everything that another of the same size has counted.
    pub fn merge(&mut self, mut other: Self) {
        other.count();
        self.count();
        self.ceiling = self.ceiling.min(other.ceiling);
        self.join(&other.counts);
    }

    /// The groups of several rows.
    pub fn finish(mut self) -> Copies {
        self.count();
        let groups = self.counts.chunk_by(|a, b| a.key == b.key);
        let several = groups.filter(|group| group.len() > 1 || group[0].rows > 1);
        let of = |group: &[Count]| (group[0].key, LabelCounts(group.iter().map(|c| (c.label, c.rows)).collect()));
        Copies { ceiling: self.ceiling, groups: several.map(of).collect() }
    }

    /// Counts the rows that wait.
    fn count(&mut self) {
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.retain(|&(key, _)| key <= self.ceiling);
        waiting.sort_unstable();
        let of = |rows: &[(u64, u64)]| Count { key: rows[0].0, label: rows[0].1, rows: rows.len() as u32 };
        let counts: Vec<Count> = waiting.chunk_by(|a, b| a == b).map(of).collect();
        self.join(&counts);
        waiting.clear();
        self.waiting = waiting;
    }

    /// Adds counts that are sorted as its own are.
    fn join(&mut self, others: &[Count]) {
        let place = |c: &Count| (c.key, c.label);
        let mut joined: Vec<Count> = Vec::with_capacity(self.counts.len() + others.len());
        let (mut mine, mut others) = (self.counts.iter().peekable(), others.iter().peekable());
        while let Some(next) = match (mine.peek(), others.peek()) {
            (Some(a), Some(b)) if place(a) <= place(b) => mine.next(),
            (Some(_), None) => mine.next(),
            _ => others.next(),
        } {
            match joined.last_mut() {
                Some(last) if place(last) == place(next) => last.rows = last.rows.saturating_add(next.rows),
                _ => joined.push(*next),
            }
        }
        self.counts = joined;
        self.prune();
    }

    /// Lets go of groups above the ceiling, and lowers it where there are too many.
    fn prune(&mut self) {
        let fits = self.counts.partition_point(|c| c.key <= self.ceiling);
        self.counts.truncate(fits);
        let begins = |&i: &usize| i == 0 || self.counts[i - 1].key != self.counts[i].key;
        let beyond = (0..fits).filter(begins).nth(self.most);
        if let Some(beyond) = beyond {
            self.counts.truncate(beyond);
            self.ceiling = self.counts.last().map_or(0, |last| last.key);
        }
    }
}

/// Groups of several rows with the same key, and how many of them have which label.
#[derive(Clone, Debug)]
pub struct Copies {
    ceiling: u64,
    groups: BTreeMap<u64, LabelCounts>,
}

impl Copies {
    /// Label counts of this group; `None` where it was not kept or has one row.
    pub fn get(&self, key: u64) -> Option<&LabelCounts> {
        self.groups.get(&key)
    }

    /// Whether rows of this group were counted.
    pub fn covers(&self, key: u64) -> bool {
        key <= self.ceiling
    }

    /// The share of all groups that was kept, in (0, 1].
    pub fn coverage(&self) -> f64 {
        self.ceiling as f64 / u64::MAX as f64
    }

    /// The groups, by key.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &LabelCounts)> {
        self.groups.iter().map(|(&key, labels)| (key, labels))
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
            let (groups, expected) = (groups.finish(), whole.1.clone().finish());
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
