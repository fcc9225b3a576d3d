//! Whether one sample crowds into cells where another does not: a test over many random partitions, by permutation.
//!
//! Rows of both samples are dealt into cells by a few random questions about random columns, hundreds of times anew, from
//! halves of one column to small corners of many. Where a share of the first sample comes from elsewhere, some cells
//! hold more of it than chance puts there, whichever columns make the difference and however they do it together. The
//! statistic is the sum of `exp(z²/4)` over cells with more of the first sample than expected: like the average
//! likelihood ratio of a scan (Walther 2010), it adapts to one crowded cell as to many that are a little too full.
//!
//! Partitions never look at which sample a row is of, so its distribution under exchangeable rows is known exactly: that of
//! the same sum with rows dealt to the samples at random. Sixty-four such deals are counted at once, one a bit. Drawing
//! ends early where the first ones already show that there is nothing (Besag and Clifford 1991).
//!
//! ```
//! use taster_stats::{boost::{CodeColumn, Codes}, cells::{Plan, compare}};
//!
//! let column = |by: usize| CodeColumn::ordered((0..2000).map(|i| (i * by % 97) as u8).collect(), 97);
//! let outcome = compare(&Codes::new(vec![column(31), column(57)]), 1000, &Plan::default()).unwrap();
//! assert!(outcome.p_value > 0.01);
//! ```

mod deals;
mod partition;

use rayon::prelude::*;

use crate::{boost::Codes, math::mix};
use deals::{BITS, counts, deals};
use partition::Space;

/// Questions of the coarsest and of the finest partitions.
const QUESTIONS: std::ops::RangeInclusive<usize> = 1..=9;
/// Words of deals after the first.
const BATCH: usize = 4;
/// Random deals that reach what was observed, after which there is no more to be found.
const ENOUGH: usize = 8;
/// What a column that bounds a cell costs, in z, where one is chosen to be shown.
const COLUMN_COST: f64 = 0.25;
/// `z²` counts as at most this, so that sums stay finite.
const LARGEST: f64 = 1000.0;

/// How long to look.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Random partitions.
    pub partitions: usize,
    /// Random deals of rows to the samples at most: the smallest p-value is one in this number.
    pub deals: usize,
    /// Seed of partitions and deals.
    pub seed: u64,
}

impl Default for Plan {
    fn default() -> Self {
        Self { partitions: 180, deals: 1000, seed: 0 }
    }
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Share of deals, the true one among them, that crowd at least as much.
    pub p_value: f64,
    /// How many deals were looked at.
    pub deals: usize,
    /// The cell with the largest z, if there are more of the first sample than expected in any.
    pub fullest: Option<Cell>,
    /// A cell nearly as full that is bounded by fewer columns, to be shown.
    pub plainest: Option<Cell>,
}

/// A cell of one of the partitions.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Columns that it is bounded by, in order.
    pub columns: Vec<usize>,
    /// Rows of the first and of the second sample.
    pub counts: (u64, u64),
    z: f64,
}

/// Compares two samples, given as the codes of the first's `first` rows followed by those of the second. `None` where there
/// is nothing to be compared.
pub fn compare(codes: &Codes, first: usize, plan: &Plan) -> Option<Outcome> {
    let rows = codes.rows();
    let space = Space::of(codes);
    if first == 0 || first >= rows || space.usable.is_empty() {
        return None;
    }
    let (mut reached, mut drawn) = (0, 0);
    let (mut observed, mut shown) = (0.0, Shown::default());
    while drawn < plan.deals && reached < ENOUGH {
        let word = if drawn == 0 { 0 } else { drawn / BITS + 1 };
        let words = if drawn == 0 { 1 } else { BATCH.min((plan.deals - drawn).div_ceil(BITS)) };
        let deals: Vec<Vec<u64>> = (word..word + words)
            .into_par_iter()
            .map(|w| deals(rows, first, mix(plan.seed, w as u64), w == 0))
            .collect();
        let (sums, cells) = crowding(&space, first, &deals, plan);
        let random = if drawn == 0 {
            (observed, shown) = (sums[0], cells);
            &sums[1..]
        } else {
            &sums[..]
        };
        reached += random.iter().filter(|&&sum| sum >= observed * (1.0 - 1e-9)).count();
        drawn += random.len();
    }
    let p_value = (reached + 1) as f64 / (drawn + 1) as f64;
    Some(Outcome { p_value, deals: drawn, fullest: shown.fullest, plainest: shown.plainest })
}

/// The cells that speak most for a difference.
#[derive(Default)]
struct Shown {
    fullest: Option<Cell>,
    plainest: Option<Cell>,
}

impl Shown {
    fn add(&mut self, cell: &Cell) {
        let plain = |cell: &Cell| cell.z - COLUMN_COST * cell.columns.len() as f64;
        if cell.z > self.fullest.as_ref().map_or(0.0, |best| best.z) {
            self.fullest = Some(cell.clone());
        }
        if cell.z > 0.0 && self.plainest.as_ref().is_none_or(|best| plain(cell) > plain(best)) {
            self.plainest = Some(cell.clone());
        }
    }
}

/// The statistic of every deal, and the cells to be shown of the first one.
fn crowding(space: &Space<'_>, first: usize, deals: &[Vec<u64>], plan: &Plan) -> (Vec<f64>, Shown) {
    let of = |i: usize| {
        let questions = QUESTIONS.start() + i % QUESTIONS.count();
        let partition = space.partition(questions, mix(plan.seed ^ 0xce11, i as u64));
        let mut sums = vec![0.0; deals.len() * BITS];
        let mut fullest = (0.0, (0, 0));
        for rows in partition.cells() {
            let crowd = Crowd::new(rows.len(), first, space.codes.rows());
            let mut here = None;
            for (sums, words) in sums.chunks_exact_mut(BITS).zip(deals) {
                let counts = counts(rows, words);
                sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += crowd.weight(count));
                here = here.or(Some(counts[0]));
            }
            let here = here.unwrap_or(0);
            if crowd.z(here) > fullest.0 {
                fullest = (crowd.z(here), (u64::from(here), rows.len() as u64 - u64::from(here)));
            }
        }
        (sums, Cell { columns: partition.columns, counts: fullest.1, z: fullest.0 })
    };
    let parts: Vec<(Vec<f64>, Cell)> = (0..plan.partitions).into_par_iter().map(of).collect();
    let mut total = vec![0.0; deals.len() * BITS];
    let mut shown = Shown::default();
    for (sums, cell) in &parts {
        total.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum);
        shown.add(cell);
    }
    (total, shown)
}

/// How many rows of the first sample a cell may be expected to hold.
struct Crowd {
    expected: f64,
    variance: f64,
}

impl Crowd {
    /// Mean and variance of the hypergeometric distribution.
    fn new(size: usize, first: usize, rows: usize) -> Self {
        let (size, share, rows) = (size as f64, first as f64 / rows as f64, rows as f64);
        let variance = size * share * (1.0 - share) * (rows - size) / (rows - 1.0);
        Self { expected: size * share, variance: variance.max(f64::MIN_POSITIVE) }
    }

    fn z(&self, count: u32) -> f64 {
        (f64::from(count) - self.expected) / self.variance.sqrt()
    }

    fn weight(&self, count: u32) -> f64 {
        let beyond = f64::from(count) - self.expected;
        if beyond > 0.0 { ((beyond * beyond / self.variance).min(LARGEST) / 4.0).exp() } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::{deals::Random, *};
    use crate::boost::CodeColumn;

    /// Two columns of which the second follows the first; in a share of the first sample's rows it does not.
    fn codes(first: usize, rows: usize, new: f64, seed: u64) -> Codes {
        let mut random = Random::new(seed);
        let mut columns = [Vec::new(), Vec::new(), Vec::new()];
        for row in 0..rows {
            let a = random.below(100);
            let is_new = row < first && (random.below(1_000_000) as f64) < new * 1e6;
            let b = if is_new { 99 - a } else { (a + random.below(20)).min(99) };
            [a, b, random.below(4)].into_iter().zip(&mut columns).for_each(|(v, column)| column.push(v as u8));
        }
        let [a, b, c] = columns;
        Codes::new(vec![CodeColumn::ordered(a, 100), CodeColumn::ordered(b, 100), CodeColumn::nominal(c, 4)])
    }

    #[test]
    fn a_small_admixture_is_found_where_columns_by_themselves_hardly_change() {
        let found = compare(&codes(2000, 4000, 0.05, 1), 2000, &Plan::default()).unwrap();
        assert!(found.p_value < 1.1e-3 && found.deals >= 1000, "{found:?}");
        let (fullest, plainest) = (found.fullest.unwrap(), found.plainest.unwrap());
        assert_eq!(plainest.columns, [0, 1], "{fullest:?}");
        assert!(plainest.counts.0 > 2 * plainest.counts.1 && plainest.z <= fullest.z, "{plainest:?}");
    }

    /// With nothing new, p-values are evenly distributed, whatever the sizes of the samples.
    #[test]
    fn the_level_is_kept() {
        let plan = |seed| Plan { partitions: 36, deals: 200, seed };
        for first in [300, 900] {
            let p = |seed| compare(&codes(first, 1200, 0.0, seed), first, &plan(seed)).unwrap().p_value;
            let values: Vec<f64> = (0..200).map(p).collect();
            let below = |level: f64| values.iter().filter(|&&p| p <= level).count();
            assert!(below(0.05) <= 20 && below(0.01) <= 7 && (60..140).contains(&below(0.5)), "{}", below(0.05));
        }
    }

    #[test]
    fn without_columns_that_vary_or_a_second_sample_there_is_nothing_to_compare() {
        let flat = Codes::new(vec![CodeColumn::ordered(vec![1; 50], 2)]);
        assert!(compare(&flat, 20, &Plan::default()).is_none());
        assert!(compare(&codes(10, 50, 0.0, 1), 50, &Plan::default()).is_none());
    }
}
