//! How strongly the rows with some mark speak for poison: two likelihood ratios, against two innocent explanations.
//!
//! A mark that was planted on rows of other classes, which then got the class `t`, leaves rows whose label is `t` and
//! whose other content is that of another class. Two innocent explanations have to fail before that is believed: that
//! the labels are what the content says (then they are no surprise), and that the mark is a natural sign of `t` (then
//! the content of its rows is that of `t` as well, as with any word that means something).

/// Shares of a mark's rows that may be poison.
const SHARES: [f64; 2] = [0.95, 0.99];
/// Share of rows of any content that have any label: no model is surer than labels are.
const NOISE: f64 = 0.02;

/// What speaks for a mark being a trigger, in nats.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Association {
    /// Against the labels following from the content.
    pub labels: f64,
    /// Against the mark being a natural sign of the class.
    pub content: f64,
    /// For the mark having been put into texts that were whole without it; 0 where that was not looked at.
    pub inserted: f64,
    /// Rows with the target class expected from the content.
    pub expected: f64,
    /// Share of poison among the mark's rows that is likeliest.
    pub share: f64,
}

impl Association {
    /// Weighs a mark's rows: whether each has the target class, and the probability of that class by its other content.
    /// `prior` is the class's share of all rows.
    pub fn of(rows: &[(bool, f64)], prior: f64) -> Self {
        let hits = rows.iter().filter(|r| r.0).count() as f64;
        let misses = rows.len() as f64 - hits;
        let rate = (hits + 0.5) / (rows.len() as f64 + 1.0);
        let likely: Vec<(bool, f64)> = rows.iter().map(|&(hit, p)| (hit, smoothed(p, prior))).collect();
        let hits = || likely.iter().filter(|r| r.0).map(|r| r.1);
        let labels = |share: f64| {
            hits().map(|p| ((share + (1.0 - share) * p) / p).ln()).sum::<f64>() + misses * (-share).ln_1p()
        };
        let content = |share: f64| {
            let hit = |p: f64| ((share * contrast(p, prior).exp() + (1.0 - share) * prior) / rate).ln();
            let miss = ((1.0 - share) * (1.0 - prior) / (1.0 - rate)).ln();
            hits().map(hit).sum::<f64>() + if misses > 0.0 { misses * miss } else { 0.0 }
        };
        let best = |f: &dyn Fn(f64) -> f64| SHARES.iter().map(|&s| f(s)).fold(f64::MIN, f64::max);
        let share = SHARES.into_iter().max_by(|&a, &b| content(a).total_cmp(&content(b))).unwrap_or(SHARES[0]);
        let expected = likely.iter().map(|r| r.1).sum();
        Self { labels: best(&labels), content: best(&content), inserted: 0.0, expected, share }
    }

    /// What is left when the better of the two innocent explanations is believed; having been put in adds half as much at most.
    pub fn strength(&self) -> f64 {
        let least = self.labels.min(self.content);
        least + self.inserted.clamp(0.0, 0.5 * least.max(0.0))
    }
}

/// Probability that a row with the trigger and its class is poison, given what the rest of the row says of the class.
pub fn row_posterior(p: f64, prior: f64, share: f64) -> f64 {
    let poison = share * unlike(p, prior).exp();
    poison / (poison + (1.0 - share) * prior)
}

/// Logarithm of how much likelier a row's content is without the class than with it, by a model that gives it the class
/// with probability `p`.
pub fn unlike(p: f64, prior: f64) -> f64 {
    contrast(smoothed(p, prior), prior)
}

/// Logarithm of how much likelier the content is without the class than with it.
fn contrast(p: f64, prior: f64) -> f64 {
    let odds = |p: f64| (p / (1.0 - p)).ln();
    odds(prior) - odds(p)
}

/// A probability by a model, no surer than labels are.
pub fn smoothed(p: f64, prior: f64) -> f64 {
    ((1.0 - NOISE) * p + NOISE * prior).clamp(1e-6, 1.0 - 1e-6)
}
