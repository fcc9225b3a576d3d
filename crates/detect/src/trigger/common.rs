//! Mines sets of two or three common values that give a class to some of their rows, whatever else those say.

use rayon::prelude::*;

use super::{
    additive::Additive,
    association::smoothed,
    items::{Items, NONE},
    rows::Rows,
};

/// Least and largest share of all rows that have a common value.
const VALUE_SHARES: (f64, f64) = (0.01, 0.9);
/// Rows that must have a set and the class.
const ROWS_MIN: u32 = 4;
/// Share of all rows above which a set is no mark.
const ROWS_SHARE: f64 = 0.3;
/// Share of all rows that have a pair of values that a third is added to.
const PAIR_SHARE: f64 = 0.005;
/// Rows times triples of columns that are looked at: of wider tables, fewer rows.
const WORK_MAX: usize = 100_000_000;
/// Nats below which a set is forgotten.
const NATS_MIN: f64 = 3.0;
/// Of the pairs that no third value can make strong enough, one in so many is looked at all the same: how many sets there
/// are is part of what each has to outdo.
const LOOKED_INTO: usize = 16;
/// Shares of its rows that a set may overrule.
const SHARES: [f64; 4] = [0.03, 0.12, 0.4, 0.9];

/// A set of values, which rows have by nature, too.
#[derive(Clone, Debug)]
pub struct CommonSet {
    /// Column of [`Items`] and item, in order.
    pub items: Vec<(usize, u32)>,
    /// The class that it gives.
    pub target: u32,
    /// What the labels gain by that over what each column says by itself, in nats.
    pub gain: f64,
}

impl CommonSet {
    /// The rows that have all its values, ascending.
    pub fn rows(&self, items: &Items) -> Vec<u32> {
        let (column, item) = self.items[0];
        let holds = |r: &u32| self.items[1..].iter().all(|s| items.codes[s.0][*r as usize] == s.1);
        items.rows[column][item as usize].iter().copied().filter(holds).collect()
    }
}

/// The sets, those first whose labels gain most, and how many there are to look at. Sets that gain less than `least`, given how
/// many there are at least, may be missing.
pub fn mine(rows: &Rows, items: &Items, additive: &Additive, least: impl Fn(usize) -> f64) -> (Vec<CommonSet>, usize) {
    let columns = Column::all(rows, items);
    let count = columns.len();
    let triples = (count * count.saturating_sub(1) * count.saturating_sub(2) / 6).max(1);
    // Rows are in the order of their keys: the first are as good as any.
    let looked_at = rows.len().min(WORK_MAX / triples);
    let search = Search { gains: gains(rows, additive, looked_at), labels: &rows.labels, classes: rows.classes() };
    let pairs = each(&columns, |first, later| search.pairs(first, later));
    let least = least(pairs.1);
    let triples = each(&columns, |first, later| search.triples(first, later, least));
    let mut sets: Vec<CommonSet> = pairs.0.into_iter().chain(triples.0).collect();
    let sets_looked_at = pairs.1 + triples.1;
    sets.sort_by(|a, b| b.gain.total_cmp(&a.gain).then_with(|| (&a.items, a.target).cmp(&(&b.items, b.target))));
    (sets, sets_looked_at)
}

/// For each of the first rows, what its own label gains by each share.
fn gains(rows: &Rows, additive: &Additive, most: usize) -> Vec<[f32; SHARES.len()]> {
    let gain = |r: usize| {
        let class = rows.labels[r];
        let p = smoothed(additive.probability(r as u32, &[], class), rows.priors[class as usize]);
        SHARES.map(|share| (((share + (1.0 - share) * p) / p).ln() - (-share).ln_1p()) as f32)
    };
    (0..most).into_par_iter().map(gain).collect()
}

/// A column's common values, numbered.
struct Column {
    /// Of [`Items`].
    place: usize,
    values: Vec<u32>,
    codes: Vec<u8>,
}

/// Code of a row without a common value.
const RARE: u8 = u8::MAX;

impl Column {
    fn all(rows: &Rows, items: &Items) -> Vec<Self> {
        let n = rows.len() as f64;
        let common = |count: usize| (VALUE_SHARES.0 * n..=VALUE_SHARES.1 * n).contains(&(count as f64));
        let column = |column: usize| {
            let values: Vec<u32> =
                (0..).zip(&items.rows[column]).filter(|(_, rows)| common(rows.len())).map(|(item, _)| item).collect();
            let mut number = vec![RARE; items.rows[column].len()];
            (0..).zip(&values).for_each(|(code, &item)| number[item as usize] = code);
            let code = |&item: &u32| if item == NONE { RARE } else { number[item as usize] };
            Self { place: column, values, codes: items.codes[column].iter().map(code).collect() }
        };
        (0..items.columns.len()).map(column).filter(|c| !c.values.is_empty()).collect()
    }
}

/// The rows that sets are looked for in.
struct Search<'a> {
    gains: Vec<[f32; SHARES.len()]>,
    labels: &'a [u32],
    classes: usize,
}

/// What is found for each column with those after it, and how many sets were looked at.
fn each(
    columns: &[Column],
    search: impl Fn(&Column, &[Column]) -> (Vec<CommonSet>, usize) + Sync,
) -> (Vec<CommonSet>, usize) {
    let found: Vec<(Vec<CommonSet>, usize)> =
        (0..columns.len()).into_par_iter().map(|at| search(&columns[at], &columns[at + 1..])).collect();
    let looked_at = found.iter().map(|f| f.1).sum();
    (found.into_iter().flat_map(|f| f.0).collect(), looked_at)
}

impl Search<'_> {
    /// The sets of a value of one column with one of a later one.
    fn pairs(&self, first: &Column, later: &[Column]) -> (Vec<CommonSet>, usize) {
        let (mut found, mut looked_at) = (Vec::new(), 0);
        for (value, group) in first.split(&self.all()) {
            for second in later {
                looked_at += self.gaining(&[(first.place, value)], second, &group, &mut found);
            }
        }
        (found, looked_at)
    }

    /// Those with a value of one column more, where they can gain `least_gain`.
    fn triples(&self, first: &Column, later: &[Column], least_gain: f64) -> (Vec<CommonSet>, usize) {
        let least = ((PAIR_SHARE * self.gains.len() as f64) as usize).max(ROWS_MIN as usize);
        let (mut found, mut looked_at, mut weak) = (Vec::new(), 0, 0);
        for (value, group) in first.split(&self.all()) {
            for (at, second) in later.iter().enumerate() {
                for (other, carriers) in second.split(&group).into_iter().filter(|(_, c)| c.len() >= least) {
                    let is_weak = self.at_best(&carriers) < least_gain;
                    weak += usize::from(is_weak);
                    if is_weak && weak % LOOKED_INTO != LOOKED_INTO / 2 {
                        continue;
                    }
                    let pair = [(first.place, value), (second.place, other)];
                    let sets: usize =
                        later[at + 1..].iter().map(|c| self.gaining(&pair, c, &carriers, &mut found)).sum();
                    looked_at += if is_weak { LOOKED_INTO * sets } else { sets };
                }
            }
        }
        (found, looked_at)
    }

    fn all(&self) -> Vec<u32> {
        (0..self.gains.len() as u32).collect()
    }

    /// What any of these rows can gain together at most: those of one class, as if all were overruled and the others not
    /// in the set.
    fn at_best(&self, carriers: &[u32]) -> f64 {
        let largest = SHARES.len() - 1;
        let mut sums = vec![0.0_f64; self.classes];
        for &row in carriers {
            sums[self.labels[row as usize] as usize] +=
                f64::from(self.gains[row as usize][largest]) + (-SHARES[largest]).ln_1p();
        }
        sums.into_iter().fold(0.0, f64::max)
    }

    /// Adds the sets of the given values and one more whose labels gain, `carriers` being the rows that have those;
    /// returns how many there are.
    fn gaining(&self, given: &[(usize, u32)], column: &Column, carriers: &[u32], found: &mut Vec<CommonSet>) -> usize {
        let places = column.values.len() * self.classes;
        let mut counts = vec![0_u32; places];
        let mut sums = vec![[0.0_f32; SHARES.len()]; places];
        for &row in carriers {
            let row = row as usize;
            let code = column.codes[row];
            if code == RARE {
                continue;
            }
            let at = code as usize * self.classes + self.labels[row] as usize;
            counts[at] += 1;
            sums[at].iter_mut().zip(&self.gains[row]).for_each(|(sum, gain)| *sum += gain);
        }
        let mut looked_at = 0;
        let values = counts.chunks_exact(self.classes).zip(sums.chunks_exact(self.classes)).zip(&column.values);
        for ((counts, sums), &value) in values {
            let total = f64::from(counts.iter().sum::<u32>());
            if total < f64::from(ROWS_MIN) || total > ROWS_SHARE * self.gains.len() as f64 {
                continue;
            }
            looked_at += 1;
            for target in (0..self.classes).filter(|&t| counts[t] >= ROWS_MIN) {
                let gain = |(share, sum): (&f64, &f32)| f64::from(*sum) + total * (-share).ln_1p();
                let gain = SHARES.iter().zip(&sums[target]).map(gain).fold(f64::MIN, f64::max);
                if gain >= NATS_MIN {
                    let items = given.iter().copied().chain([(column.place, value)]).collect();
                    found.push(CommonSet { items, target: target as u32, gain });
                }
            }
        }
        looked_at
    }
}

impl Column {
    /// The rows that have each of its common values.
    fn split(&self, rows: &[u32]) -> Vec<(u32, Vec<u32>)> {
        let mut split: Vec<(u32, Vec<u32>)> = self.values.iter().map(|&value| (value, Vec::new())).collect();
        for &row in rows {
            if let Some(group) = split.get_mut(self.codes[row as usize] as usize) {
                group.1.push(row);
            }
        }
        split
    }
}
