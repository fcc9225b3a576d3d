//! How often the label of one class is put on rows of another, and what that says of a row.

/// Share of the rows predicted to be of a class that count as plainly of it.
const PLAIN_SHARE: f64 = 0.25;
/// Share of rows that may always have been flipped, whatever the plain rows say: boundaries can be attacked alone.
const BACKGROUND: f64 = 0.01;
/// A label's probability counts as this much larger: tiny ones are not known well enough to be told apart.
const FLOOR: f64 = 0.03;
/// Candidates for the prior's weight, from very diverse rates to equal ones.
const WEIGHTS: (f64, f64, u32) = (0.05, 200.0, 30);

/// Estimated rates of flips.
pub struct Noise {
    classes: usize,
    /// `[from * classes + to]`: probability that a row made with class `from` carries label `to`; 0 on the diagonal.
    rates: Vec<f64>,
    /// Plain rows of each class: what the rates were estimated from.
    pub plain: Vec<PlainRows>,
}

/// What labels the rows most surely of one class carry.
#[derive(Clone, Default)]
pub struct PlainRows {
    /// Rows.
    pub rows: u64,
    /// How many carry each other label.
    pub others: Vec<(usize, u64)>,
}

impl Noise {
    /// Estimates the rates from out-of-fold probabilities, row by row, and the rows' labels.
    ///
    /// A rate is the share of a label among plain rows, drawn towards the overall share as strongly as the rates of this
    /// dataset resemble each other: an empirical Bayes estimate under a gamma prior.
    pub fn estimate(probabilities: &[f32], labels: &[u32], classes: usize) -> Self {
        let plain = plain_rows(probabilities, labels, classes);
        let rows: u64 = plain.iter().map(|p| p.rows).sum();
        let other: u64 = plain.iter().flat_map(|p| &p.others).map(|o| o.1).sum();
        let overall = (other as f64 + 0.5) / (rows as f64 * (classes as f64 - 1.0) + 1.0);
        let weight = prior_weight(&plain, classes, overall);
        let least = BACKGROUND / (classes as f64 - 1.0);
        let mut rates = vec![0.0; classes * classes];
        for (from, p) in plain.iter().enumerate() {
            let rate = |count: u64| ((count as f64 + weight) / (p.rows as f64 + weight / overall)).max(least);
            let row = &mut rates[from * classes..(from + 1) * classes];
            row.fill(rate(0));
            p.others.iter().for_each(|&(to, count)| row[to] = rate(count));
            row[from] = 0.0;
        }
        Self { classes, rates, plain }
    }

    /// Estimated share of rows made with class `from` that carry label `to`.
    pub fn rate(&self, from: usize, to: usize) -> f64 {
        self.rates[from * self.classes + to]
    }

    /// Probability that the label of a row with these class probabilities is wrong.
    pub fn suspicion(&self, probabilities: &[f32], label: usize) -> f64 {
        let odds: f64 = self.flips(probabilities, label).map(|(_, odds)| odds).sum();
        odds / (1.0 + odds)
    }

    /// The class the row was most probably made with if not with its label, and its share of the suspicion.
    pub fn likeliest(&self, probabilities: &[f32], label: usize) -> Option<(usize, f64)> {
        let total: f64 = self.flips(probabilities, label).map(|(_, odds)| odds).sum();
        let best = self.flips(probabilities, label).reduce(|a, b| if b.1 > a.1 { b } else { a })?;
        Some((best.0, best.1 / total.max(f64::MIN_POSITIVE)))
    }

    /// For each other class, the odds that the row was made with it and flipped.
    fn flips<'a>(&'a self, probabilities: &'a [f32], label: usize) -> impl Iterator<Item = (usize, f64)> + 'a {
        let own = f64::from(probabilities[label]) + FLOOR;
        let odds = move |from: usize| self.rate(from, label) * f64::from(probabilities[from]) / own;
        (0..self.classes).filter(move |&from| from != label).map(move |from| (from, odds(from)))
    }
}

/// The rows with the greatest probabilities of each class, of those it is the top class of.
fn plain_rows(probabilities: &[f32], labels: &[u32], classes: usize) -> Vec<PlainRows> {
    let mut of_class: Vec<Vec<(f32, u32)>> = vec![Vec::new(); classes];
    for (p, &label) in probabilities.chunks_exact(classes).zip(labels) {
        let top = p.iter().zip(0..).reduce(|a, b| if b.0 > a.0 { b } else { a });
        if let Some((&p, class)) = top {
            of_class[class as usize].push((p, label));
        }
    }
    of_class.into_iter().enumerate().map(|(class, rows)| plainest(rows, class)).collect()
}

fn plainest(mut rows: Vec<(f32, u32)>, class: usize) -> PlainRows {
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    let keep = (rows.len() as f64 * PLAIN_SHARE).ceil() as usize;
    let least = keep.checked_sub(1).map_or(f32::INFINITY, |last| rows[last].0);
    let mut labels: Vec<u32> = rows.iter().take_while(|r| r.0 >= least).map(|r| r.1).collect();
    let rows = labels.len() as u64;
    labels.sort_unstable();
    let runs = labels.chunk_by(|a, b| a == b).map(|run| (run[0] as usize, run.len() as u64));
    PlainRows { rows, others: runs.filter(|&(label, _)| label != class).collect() }
}

/// The gamma prior's shape under which the counts are likeliest.
fn prior_weight(plain: &[PlainRows], classes: usize, overall: f64) -> f64 {
    let (low, high, steps) = WEIGHTS;
    let weight = |i: u32| low * (high / low).powf(f64::from(i) / f64::from(steps - 1));
    let likelihood = |weight: f64| plain.iter().map(|p| likelihood(p, classes, weight, weight / overall)).sum::<f64>();
    let best = (0..steps).map(weight).map(|w| (likelihood(w), w)).reduce(|a, b| if b.0 > a.0 { b } else { a });
    best.map_or(high, |b| b.1)
}

/// Log-likelihood of one class's counts: negative binomial, up to a constant.
fn likelihood(plain: &PlainRows, classes: usize, shape: f64, rate: f64) -> f64 {
    let rows = plain.rows as f64;
    let none = shape * (rate / (rate + rows)).ln();
    let rising = |count: u64| (0..count).map(|j| (shape + j as f64).ln()).sum::<f64>();
    let some = |&(_, count): &(usize, u64)| rising(count) + count as f64 * (rows / (rate + rows)).ln();
    none * (classes as f64 - 1.0) + plain.others.iter().map(some).sum::<f64>()
}
