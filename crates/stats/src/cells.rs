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

use rayon::prelude::*;

use crate::{
    boost::{Codes, Order},
    math::mix,
};

/// Questions of the coarsest and of the finest partitions.
const QUESTIONS: std::ops::RangeInclusive<usize> = 1..=9;
/// Cells of fewer rows say nothing.
const LEAST_ROWS: usize = 8;
/// Deals counted at once.
const BITS: usize = u64::BITS as usize;
/// Words of deals after the first.
const BATCH: usize = 4;
/// Random deals that reach what was observed, after which there is no more to be found.
const ENOUGH: usize = 8;
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
    let (mut observed, mut fullest) = (0.0, None);
    while drawn < plan.deals && reached < ENOUGH {
        let word = if drawn == 0 { 0 } else { drawn / BITS + 1 };
        let words = if drawn == 0 { 1 } else { BATCH.min((plan.deals - drawn).div_ceil(BITS)) };
        let deals: Vec<Vec<u64>> = (word..word + words)
            .into_par_iter()
            .map(|w| deals(rows, first, mix(plan.seed, w as u64), w == 0))
            .collect();
        let (sums, cell) = crowding(&space, first, &deals, plan);
        let random = if drawn == 0 {
            (observed, fullest) = (sums[0], cell);
            &sums[1..]
        } else {
            &sums[..]
        };
        reached += random.iter().filter(|&&sum| sum >= observed * (1.0 - 1e-9)).count();
        drawn += random.len();
    }
    Some(Outcome { p_value: (reached + 1) as f64 / (drawn + 1) as f64, deals: drawn, fullest })
}

/// Random numbers.
struct Random {
    seed: u64,
    drawn: u64,
}

impl Random {
    fn new(seed: u64) -> Self {
        Self { seed, drawn: 0 }
    }

    fn next(&mut self) -> u64 {
        self.drawn += 1;
        mix(self.seed, self.drawn)
    }

    fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.next()) * end as u128) >> 64) as usize
    }
}

/// For each row, in bit `b`, whether it is of the first sample in deal `b`. With `observed`, the first is the true one.
fn deals(rows: usize, first: usize, seed: u64, observed: bool) -> Vec<u64> {
    let mut words = vec![0_u64; rows];
    let mut order: Vec<u32> = (0..rows as u32).collect();
    // The smaller sample is drawn.
    let drawn = first.min(rows - first);
    for bit in 0..BITS {
        let mut random = Random::new(mix(seed, bit as u64));
        for i in 0..drawn {
            order.swap(i, i + random.below(rows - i));
        }
        order[..drawn].iter().for_each(|&row| words[row as usize] |= 1 << bit);
    }
    if drawn < first {
        for word in &mut words {
            *word = !*word;
        }
    }
    if observed {
        words.iter_mut().enumerate().for_each(|(row, word)| *word = *word & !1 | u64::from(row < first));
    }
    words
}

/// Columns that can be asked about.
struct Space<'a> {
    codes: &'a Codes,
    /// Columns with more than one code: which, and the codes that occur with their rows.
    usable: Vec<(usize, Vec<(u8, usize)>)>,
}

impl<'a> Space<'a> {
    fn of(codes: &'a Codes) -> Self {
        let counted = |column: usize| {
            let mut rows = [0; 256];
            codes.columns()[column].codes.iter().for_each(|&code| rows[code as usize] += 1);
            let occurring: Vec<(u8, usize)> = (0..=255).zip(rows).filter(|&(_, rows)| rows > 0).collect();
            (occurring.len() > 1).then_some((column, occurring))
        };
        Self { codes, usable: (0..codes.columns().len()).filter_map(counted).collect() }
    }

    fn partition(&self, questions: usize, seed: u64) -> Partition {
        let mut random = Random::new(seed);
        let mut cells = vec![0_u16; self.codes.rows()];
        let mut columns = Vec::with_capacity(questions);
        for _ in 0..questions {
            let (column, occurring) = &self.usable[random.below(self.usable.len())];
            let answers = self.question(*column, occurring, &mut random);
            let codes = &self.codes.columns()[*column].codes;
            cells.iter_mut().zip(codes).for_each(|(cell, &code)| *cell = *cell << 1 | answers[code as usize]);
            columns.push(*column);
        }
        columns.sort_unstable();
        columns.dedup();
        Partition::of(&cells, 1 << questions, columns)
    }

    /// Answers, 0 or 1, by code: whether it is among the first of the order, which is random for names. Small shares are as
    /// likely as large ones are: what is new lies in the tails more often than in the middle.
    fn question(&self, column: usize, occurring: &[(u8, usize)], random: &mut Random) -> [u16; 256] {
        let mut order = occurring.to_vec();
        if self.codes.columns()[column].order == Order::Nominal {
            (1..order.len()).rev().for_each(|i| order.swap(i, random.below(i + 1)));
        }
        let draw = random.next();
        let tail = ((draw >> 11) as f64 / (1_u64 << 53) as f64).powi(2) * self.codes.rows() as f64;
        let goal = if draw & 1 == 0 { tail } else { self.codes.rows() as f64 - tail };
        let mut answers = [0; 256];
        let mut share = 0.0;
        for &(code, rows) in &order[..order.len() - 1] {
            answers[code as usize] = 1;
            share += rows as f64;
            if share >= goal {
                break;
            }
        }
        answers
    }
}

/// Rows by cell.
struct Partition {
    columns: Vec<usize>,
    rows: Vec<u32>,
    /// Where each cell begins, and the end.
    starts: Vec<usize>,
}

impl Partition {
    fn of(cells: &[u16], count: usize, columns: Vec<usize>) -> Self {
        let mut starts = vec![0; count + 1];
        for &cell in cells {
            starts[cell as usize + 1] += 1;
        }
        (0..count).for_each(|cell| starts[cell + 1] += starts[cell]);
        let (mut next, mut rows) = (starts.clone(), vec![0; cells.len()]);
        for (row, &cell) in (0..).zip(cells) {
            rows[next[cell as usize]] = row;
            next[cell as usize] += 1;
        }
        Self { columns, rows, starts }
    }

    fn cells(&self) -> impl Iterator<Item = &[u32]> {
        self.starts.windows(2).map(|w| &self.rows[w[0]..w[1]]).filter(|rows| rows.len() >= LEAST_ROWS)
    }
}

/// The statistic of every deal, and the fullest cell of the first one.
fn crowding(space: &Space<'_>, first: usize, deals: &[Vec<u64>], plan: &Plan) -> (Vec<f64>, Option<Cell>) {
    let of = |i: usize| {
        let questions = QUESTIONS.start() + i % QUESTIONS.count();
        let partition = space.partition(questions, mix(plan.seed ^ 0xce11, i as u64));
        let mut sums = vec![0.0; deals.len() * BITS];
        let mut fullest: Option<Cell> = None;
        for rows in partition.cells() {
            let crowd = Crowd::new(rows.len(), first, space.codes.rows());
            let mut here = None;
            for (sums, words) in sums.chunks_exact_mut(BITS).zip(deals) {
                let counts = counts(rows, words);
                sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += crowd.weight(count));
                here = here.or(Some(counts[0]));
            }
            let here = here.unwrap_or(0);
            let z = crowd.z(here);
            if z > fullest.as_ref().map_or(0.0, |cell| cell.z) {
                let counts = (u64::from(here), rows.len() as u64 - u64::from(here));
                fullest = Some(Cell { columns: partition.columns.clone(), counts, z });
            }
        }
        (sums, fullest)
    };
    let parts: Vec<(Vec<f64>, Option<Cell>)> = (0..plan.partitions).into_par_iter().map(of).collect();
    let mut total = vec![0.0; deals.len() * BITS];
    for (sums, _) in &parts {
        total.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum);
    }
    let cells = parts.into_iter().filter_map(|part| part.1);
    (total, cells.reduce(|a, b| if b.z > a.z { b } else { a }))
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

/// How many of these rows have each bit: all 64 counters are kept in one number a binary digit and added to together.
fn counts(rows: &[u32], words: &[u64]) -> [u32; BITS] {
    let mut digits = [0_u64; 32];
    for &row in rows {
        let (mut carry, mut digit) = (words[row as usize], 0);
        while carry != 0 {
            let sum = digits[digit];
            digits[digit] = sum ^ carry;
            carry &= sum;
            digit += 1;
        }
    }
    let used = (usize::BITS - rows.len().leading_zeros()) as usize;
    std::array::from_fn(|bit| (0..used).map(|digit| ((digits[digit] >> bit & 1) as u32) << digit).sum())
}

#[cfg(test)]
mod tests {
    use super::*;
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
        let cell = found.fullest.unwrap();
        assert!(cell.columns.contains(&0) && cell.columns.contains(&1), "{cell:?}");
        assert!(cell.counts.0 > 2 * cell.counts.1, "{cell:?}");
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
    fn deals_are_of_the_right_size_and_counted_right() {
        for first in [3, 70] {
            let words = deals(100, first, 5, true);
            let rows: Vec<u32> = (0..100).collect();
            assert!(counts(&rows, &words).iter().all(|&count| count as usize == first));
            assert!((0..100).all(|row| (words[row] & 1 == 1) == (row < first)));
            let some = counts(&[4, 9, 50], &words);
            let slow = |bit: usize| [4, 9, 50].iter().filter(|&&row: &&usize| words[row] >> bit & 1 == 1).count();
            assert!((0..BITS).all(|bit| some[bit] as usize == slow(bit)));
        }
    }

    #[test]
    fn without_columns_that_vary_or_a_second_sample_there_is_nothing_to_compare() {
        let flat = Codes::new(vec![CodeColumn::ordered(vec![1; 50], 2)]);
        assert!(compare(&flat, 20, &Plan::default()).is_none());
        assert!(compare(&codes(10, 50, 0.0, 1), 50, &Plan::default()).is_none());
    }
}
