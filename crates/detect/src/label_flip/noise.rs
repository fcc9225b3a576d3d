//! How often the label of one class is put on rows of another, and what that says of a row.

use super::classes::NONE;

/// Share of the rows predicted to be of a class that count as plainly of it.
const PLAIN_SHARE: f64 = 0.5;
/// Rows' worth of trust in the overall rate, for a pair of classes with little evidence.
const PRIOR_ROWS: f64 = 30.0;
/// A model's probability of a label is never trusted to be smaller than this.
const LEAST_PROBABILITY: f64 = 0.003;

/// Estimated rates of flips.
pub struct Noise {
    classes: usize,
    /// `[from * classes + to]`: probability that a row made with class `from` carries label `to`; 0 on the diagonal.
    rates: Vec<f64>,
    /// Plain rows of each class, and how many of them carry each label: what the rates were estimated from.
    pub plain: Vec<PlainRows>,
}

/// What labels the rows most surely of one class carry.
pub struct PlainRows {
    /// Rows.
    pub rows: u64,
    /// How many carry each label.
    pub labels: Vec<u64>,
}

impl Noise {
    /// Estimates the rates from out-of-fold probabilities, row by row, and the rows' labels.
    pub fn estimate(probabilities: &[f32], labels: &[u32], classes: usize) -> Self {
        let plain: Vec<PlainRows> = (0..classes).map(|c| plain_rows(probabilities, labels, classes, c)).collect();
        let rows: u64 = plain.iter().map(|p| p.rows).sum();
        let other: u64 = plain.iter().enumerate().map(|(c, p)| p.rows - p.labels[c]).sum();
        let overall = (other as f64 + 0.5) / ((rows as f64 + 1.0) * (classes as f64 - 1.0).max(1.0));
        let rate = |from: usize, to: usize| {
            let p = &plain[from];
            if from == to { 0.0 } else { (p.labels[to] as f64 + PRIOR_ROWS * overall) / (p.rows as f64 + PRIOR_ROWS) }
        };
        let rates = (0..classes * classes).map(|i| rate(i / classes, i % classes)).collect();
        Self { classes, rates, plain }
    }

    /// Estimated share of rows made with class `from` that carry label `to`.
    pub fn rate(&self, from: usize, to: usize) -> f64 {
        self.rates[from * self.classes + to]
    }

    /// Probability that the label of a row with these class probabilities is wrong.
    pub fn suspicion(&self, probabilities: &[f32], label: usize) -> f64 {
        self.flips(probabilities, label).map(|(_, p)| p).sum::<f64>().min(1.0)
    }

    /// The class the row was most probably made with if not with its label, and the probability of that.
    pub fn likeliest(&self, probabilities: &[f32], label: usize) -> Option<(usize, f64)> {
        let best = self.flips(probabilities, label).reduce(|a, b| if b.1 > a.1 { b } else { a });
        best.map(|(class, p)| (class, p.min(1.0)))
    }

    fn flips<'a>(&'a self, probabilities: &'a [f32], label: usize) -> impl Iterator<Item = (usize, f64)> + 'a {
        let own = f64::from(probabilities[label]).max(LEAST_PROBABILITY);
        let flip = move |from: usize| self.rate(from, label) * f64::from(probabilities[from]) / own;
        (0..self.classes).filter(move |&from| from != label).map(move |from| (from, flip(from)))
    }
}

fn plain_rows(probabilities: &[f32], labels: &[u32], classes: usize, class: usize) -> PlainRows {
    let of = |row: usize| probabilities[row * classes + class];
    let is_top = |row: usize| probabilities[row * classes..][..classes].iter().all(|&p| p <= of(row));
    let mut rows: Vec<usize> = (0..labels.len()).filter(|&r| labels[r] != NONE && is_top(r)).collect();
    rows.sort_by(|&a, &b| of(b).total_cmp(&of(a)));
    let keep = (rows.len() as f64 * PLAIN_SHARE).ceil() as usize;
    let least = keep.checked_sub(1).map_or(f32::INFINITY, |last| of(rows[last]));
    let mut counts = vec![0; classes];
    rows.retain(|&r| of(r) >= least);
    rows.iter().for_each(|&r| counts[labels[r] as usize] += 1);
    PlainRows { rows: rows.len() as u64, labels: counts }
}
