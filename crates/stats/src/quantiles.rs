//! How numbers are distributed, in bounded memory and exactly mergeable.

/// Most buckets that are kept.
pub const BUCKETS: usize = 2048;
/// Numbers that wait to be counted together.
const WAITING: usize = 1 << 14;

/// Counts of numbers in buckets that become coarser as there are more of them: every bucket holds the numbers whose
/// order-preserving bit patterns agree but for the last so many bits, and that number is the smallest with which at most
/// [`BUCKETS`] buckets are in use.
///
/// The uniform collapse of UDDSketch (Epicoco, Melle, Cafaro, Pulimeno, Morleo 2020), on the bits of the number instead of
/// its logarithm, so that numbers far from zero and close to each other are told apart as well. How coarse it is depends on
/// the set of numbers alone, and counts are whole numbers, so merging in any order equals counting the whole. While there
/// are at most [`BUCKETS`] different numbers every one is counted by itself; else a bucket's width relative to its numbers
/// is a power of two.
#[derive(Clone, Debug, Default)]
pub struct Quantiles {
    /// Low bits that numbers of a bucket may differ in.
    dropped: u32,
    /// Bit pattern without those bits, and how many numbers have it; sorted.
    counts: Vec<(u64, u64)>,
    waiting: Vec<u64>,
}

impl Quantiles {
    /// Of counted buckets, as [`Self::buckets`] gives them; `None` where they cannot have come from there.
    pub fn of_buckets(dropped: u32, counts: Vec<(u64, u64)>) -> Option<Self> {
        let sorted = counts.windows(2).all(|pair| pair[0].0 < pair[1].0);
        let last = counts.last().map_or(0, |c| c.0);
        let fits = dropped < 64 && last <= u64::MAX >> dropped && counts.len() <= BUCKETS;
        let total = counts.iter().try_fold(0u64, |sum, c| sum.checked_add(c.1).filter(|_| c.1 > 0));
        (sorted && fits && total.is_some()).then_some(Self { dropped, counts, waiting: Vec::new() })
    }

    /// Counts a number that is not NaN.
    #[inline]
    pub fn add(&mut self, number: f64) {
        self.waiting.push(ordered(number));
        if self.waiting.len() >= WAITING {
            self.settle();
        }
    }

    /// Counts everything that another has counted.
    pub fn merge(&mut self, mut other: Self) {
        self.settle();
        other.settle();
        let dropped = self.dropped.max(other.dropped);
        self.coarsen(dropped);
        other.coarsen(dropped);
        self.join(&other.counts);
    }

    /// Counts those that wait.
    pub fn settle(&mut self) {
        let mut waiting = std::mem::take(&mut self.waiting);
        for bits in &mut waiting {
            *bits >>= self.dropped;
        }
        waiting.sort_unstable();
        let counts: Vec<(u64, u64)> = waiting.chunk_by(|a, b| a == b).map(|run| (run[0], run.len() as u64)).collect();
        self.join(&counts);
        waiting.clear();
        self.waiting = waiting;
    }

    /// Low bits that the numbers of a bucket may differ in, and the buckets in order with their counts. To be asked for
    /// after [`Self::settle`].
    pub fn buckets(&self) -> (u32, &[(u64, u64)]) {
        (self.dropped, &self.counts)
    }

    /// Numbers counted.
    pub fn total(&self) -> u64 {
        self.counts.iter().map(|c| c.1).sum()
    }

    /// The smallest number of each bucket and how many it holds, in order.
    pub fn counted(&self) -> impl Iterator<Item = (f64, u64)> {
        self.counts.iter().map(|&(bucket, count)| (number(bucket << self.dropped), count))
    }

    /// The smallest number of the bucket that a number would be in; NaN for NaN.
    pub fn snap(&self, x: f64) -> f64 {
        if x.is_nan() { x } else { number(ordered(x) >> self.dropped << self.dropped) }
    }

    /// The smallest number of the bucket in which the share `at` of the numbers is reached; `None` where there are none.
    pub fn quantile(&self, at: f64) -> Option<f64> {
        let rank = (at * self.total() as f64).ceil().max(1.0) as u64;
        let mut below = 0;
        self.counted()
            .find(|&(_, count)| {
                below += count;
                below >= rank
            })
            .map(|(number, _)| number)
    }

    fn coarsen(&mut self, dropped: u32) {
        let by = dropped - self.dropped;
        self.dropped = dropped;
        if by > 0 {
            for count in &mut self.counts {
                count.0 = count.0.checked_shr(by).unwrap_or(0);
            }
            self.counts = summed(std::mem::take(&mut self.counts));
        }
    }

    fn join(&mut self, others: &[(u64, u64)]) {
        self.counts.extend_from_slice(others);
        self.counts.sort_unstable_by_key(|c| c.0);
        self.counts = summed(std::mem::take(&mut self.counts));
        while self.counts.len() > BUCKETS {
            self.coarsen(self.dropped + 1);
        }
    }
}

/// Sums the counts of neighbours that are the same bucket.
fn summed(mut counts: Vec<(u64, u64)>) -> Vec<(u64, u64)> {
    counts.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 += next.1;
        }
        same
    });
    counts
}

/// The bits of a number so that they are ordered as numbers are; one pattern for both zeros.
fn ordered(number: f64) -> u64 {
    let bits = (number + 0.0).to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

fn number(ordered: u64) -> f64 {
    f64::from_bits(if ordered >> 63 == 1 { ordered & !(1 << 63) } else { !ordered })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::mix;

    fn of(numbers: impl Iterator<Item = f64>) -> Quantiles {
        let mut sketch = Quantiles::default();
        numbers.for_each(|x| sketch.add(x));
        sketch.settle();
        sketch
    }

    fn random(i: u64) -> f64 {
        let unit = |salt| mix(salt, i) as f64 / u64::MAX as f64;
        (unit(1) + unit(2) + unit(3) - 1.5) * 10f64.powi((mix(4, i) % 5) as i32)
    }

    #[test]
    fn merging_in_any_order_equals_counting_the_whole() {
        let whole = of((0..60_000).map(random));
        assert!(whole.dropped > 0 && whole.counts.len() <= BUCKETS && whole.counts.len() > BUCKETS / 3);
        for cuts in [[0, 10, 30_000, 60_000], [0, 59_000, 59_001, 60_000]] {
            let parts = cuts.windows(2).map(|w| of((w[0]..w[1]).map(random)));
            let merged = parts.rev().reduce(|mut a, b| {
                a.merge(b);
                a
            });
            assert_eq!(merged.unwrap().buckets(), whole.buckets());
        }
        assert_eq!(whole.total(), 60_000);
    }

    #[test]
    fn few_numbers_are_counted_one_by_one_and_many_closely() {
        let few = of((0..5000).map(|i| f64::from(i % 700) - 350.0));
        assert_eq!(few.dropped, 0);
        assert_eq!(few.counted().next(), Some((-350.0, 8)));
        assert_eq!((few.snap(0.3), few.snap(-0.0), few.quantile(1.0)), (0.3, 0.0, Some(349.0)));
        // A year in seconds, far from zero.
        let year = of((0..100_000).map(|i| 1.7e9 + f64::from(i) * 315.0));
        let largest = year.counted().map(|c| c.1).max().unwrap();
        assert!(largest < 200, "{largest} of 100,000 in one bucket");
        assert!((year.quantile(0.5).unwrap() - 1.715_75e9).abs() < 1e5);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        assert!(Quantiles::of_buckets(0, vec![(2, 1), (2, 1)]).is_none());
        assert!(Quantiles::of_buckets(0, vec![(1, 0)]).is_none());
        assert!(Quantiles::of_buckets(60, vec![(17, 1)]).is_none());
        assert!(Quantiles::of_buckets(0, vec![(1, u64::MAX), (2, 2)]).is_none());
        assert!(Quantiles::of_buckets(0, Vec::new()).is_some());
    }
}
