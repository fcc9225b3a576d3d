//! Columns as a handful of codes, for looking at pairs of columns.

use taster_stats::dependence::DependenceTree;

use super::columns::{Columns, Rows};

/// Columns whose pairs are looked at; their number is quadratic.
const COLUMNS_MAX: usize = 128;
/// Values with a code of their own.
const VALUES_MAX: u32 = 9;
/// Quantiles that numbers with more than `DISTINCT_MAX` values are cut at.
const QUANTILES: [f64; 9] = [0.01, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 0.99];
const DISTINCT_MAX: usize = 8;

/// Which columns depend on which, and how.
pub struct Pairs {
    /// Per number column, ascending; a number's code is how many cuts lie below it, that of a missing one is one more.
    cuts: Vec<Vec<f64>>,
    /// Value columns that are looked at.
    values: usize,
    pub tree: DependenceTree,
}

impl Pairs {
    /// Finds the pairs in the `keep` rows.
    pub fn fit(columns: &Columns, rows: &Rows, keep: &[u32]) -> Self {
        let numbers = rows.numbers.len().min(COLUMNS_MAX);
        let values = rows.codes.len().min(COLUMNS_MAX - numbers);
        let cuts: Vec<Vec<f64>> = rows.numbers[..numbers].iter().map(|column| cuts(column, keep)).collect();
        let mut pairs = Self { cuts, values, tree: DependenceTree::default() };
        let codes = pairs.codes(columns, &rows.take(keep));
        let of_numbers = pairs.cuts.iter().map(|cuts| cuts.len() + 2);
        let bins: Vec<usize> = of_numbers.chain((0..values).map(|_| VALUES_MAX as usize + 2)).collect();
        pairs.tree = DependenceTree::fit(&codes, &bins);
        pairs
    }

    /// Codes of each column that is looked at.
    pub fn codes(&self, columns: &Columns, rows: &Rows) -> Vec<Vec<u8>> {
        let numbers = self.cuts.iter().zip(&rows.numbers).map(|(cuts, column)| number_codes(cuts, column));
        let values = columns.values.iter().zip(&rows.codes).take(self.values);
        let value_code =
            |code: u32, missing: u32| if code == missing { VALUES_MAX + 1 } else { code.min(VALUES_MAX) } as u8;
        let values = values.map(|(column, codes)| codes.iter().map(|&c| value_code(c, column.missing())).collect());
        numbers.chain(values).collect()
    }
}

fn cuts(column: &[f64], keep: &[u32]) -> Vec<f64> {
    let mut sorted: Vec<f64> = keep.iter().map(|&r| column[r as usize]).filter(|x| !x.is_nan()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let mut distinct = sorted.clone();
    distinct.dedup();
    let mut cuts: Vec<f64> = if distinct.len() <= DISTINCT_MAX {
        distinct.windows(2).map(|w| f64::midpoint(w[0], w[1])).collect()
    } else {
        QUANTILES.iter().map(|q| sorted[(q * (sorted.len() - 1) as f64) as usize]).collect()
    };
    cuts.dedup();
    cuts
}

fn number_codes(cuts: &[f64], column: &[f64]) -> Vec<u8> {
    let mut codes = vec![0u8; column.len()];
    for &cut in cuts {
        codes.iter_mut().zip(column).for_each(|(code, &x)| *code += u8::from(x > cut));
    }
    let missing = cuts.len() as u8 + 1;
    codes.iter_mut().zip(column).for_each(|(code, x)| *code = if x.is_nan() { missing } else { *code });
    codes
}
