use taster_core::{Key, Schema};
use taster_stats::ngrams::SparseRows;

use super::{
    opinion::{Opinion, Task},
    rows::{FOLDS, Rows},
};
use crate::binning::Binning;

/// Bins of an ordered column: coarse, so that a single value cannot be learnt.
const BINS: usize = 11;
/// Numbers of all columns' contributions together.
const NUMBERS_MAX: usize = 1 << 24;

/// What each column says of each row's class, column by column, by models that did not see the row: a sum, so that any
/// column can be left out.
pub struct Additive {
    /// `[(row * columns + column) * classes + class]`.
    parts: Vec<f32>,
    /// `[row * classes + class]`.
    sums: Vec<f32>,
    columns: usize,
    classes: usize,
    opinion: Opinion,
}

impl Additive {
    /// Fits to the rows' feature columns. `origins` are the columns that can be left out; `None` if there is too much to
    /// remember.
    pub fn fit(rows: &Rows, schema: &Schema, origins: &[usize], key: Key) -> Option<Self> {
        let (n, columns, classes) = (rows.len(), origins.len(), rows.classes());
        if n * columns * classes > NUMBERS_MAX || n == 0 {
            return None;
        }
        let binning = Binning::fit(schema, &[&rows.table]);
        let codes = binning.codes(&rows.table).coarser(BINS);
        let offsets: Vec<usize> =
            codes.columns().iter().scan(0, |at, c| Some(std::mem::replace(at, *at + c.bins))).collect();
        let places = codes.columns().iter().map(|c| c.bins).sum();
        let mut sparse = SparseRows::default();
        for row in 0..n {
            sparse.push(codes.columns().iter().zip(&offsets).map(|(c, at)| ((at + c.codes[row] as usize) as u32, 1.0)));
        }
        let task = Task { rows: &sparse, places, labels: &rows.labels, classes, folds: &rows.folds, seed: key.seed() };
        let (opinion, sums) = Opinion::fit(task, None);
        let column_of: Vec<Option<usize>> =
            binning.origins().iter().map(|o| origins.iter().position(|c| c == o)).collect();
        let mut fitted = Self { parts: vec![0.0; n * columns * classes], sums, columns, classes, opinion };
        for row in 0..n {
            for (entry, column) in sparse.row(row).iter().zip(&column_of) {
                let Some(column) = column else { continue };
                let at = (row * columns + column) * classes;
                fitted.opinion.add(rows.folds[row], *entry, &mut fitted.parts[at..at + classes]);
            }
        }
        fitted.centre(&rows.folds);
        Some(fitted)
    }

    /// Makes a column that is left out count as its mean.
    fn centre(&mut self, folds: &[usize]) {
        let width = self.columns * self.classes;
        for fold in 0..FOLDS {
            let rows: Vec<usize> = (0..folds.len()).filter(|&r| folds[r] == fold).collect();
            for at in 0..width {
                let mean =
                    rows.iter().map(|r| f64::from(self.parts[r * width + at])).sum::<f64>() / rows.len().max(1) as f64;
                for r in &rows {
                    self.parts[r * width + at] -= mean as f32;
                }
            }
        }
    }

    /// Probability of a class by a row's other columns.
    pub fn probability(&self, row: u32, without: &[usize], class: u32) -> f64 {
        let row = row as usize;
        let mut scores = self.sums[row * self.classes..][..self.classes].to_vec();
        for column in without {
            let at = (row * self.columns + column) * self.classes;
            scores.iter_mut().zip(&self.parts[at..at + self.classes]).for_each(|(s, part)| *s -= part);
        }
        self.opinion.probabilities(&mut scores);
        f64::from(scores[class as usize])
    }
}
