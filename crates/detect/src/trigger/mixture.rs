//! Likelihoods of the labels of rows that share some mark, under what may be behind them.

use super::association::{smoothed, unlike};

/// Shares of rows that a mark may overrule.
const SHARES: [f64; 12] = [0.03, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97];

/// The most that [`Judged::overruled`] can be with so many rows without the class, whatever the model says of any row.
pub fn at_most_overruled(misses: usize) -> f64 {
    misses as f64 * (-SHARES[0]).ln_1p()
}

/// The rows with a mark: whether each has the target class, and the probability of that class by some model.
pub struct Judged(Vec<(bool, f64)>);

impl Judged {
    /// Of hits and probabilities; `prior` is the class's share of all rows.
    pub fn new(rows: impl Iterator<Item = (bool, f64)>, prior: f64) -> Self {
        Self(rows.map(|(hit, p)| (hit, smoothed(p, prior))).collect())
    }

    /// Log-likelihood of the labels as the model has it.
    pub fn as_expected(&self) -> f64 {
        self.likelihood(|p| p)
    }

    /// The same, were the target class as likely whatever the content.
    pub fn whatever(&self) -> f64 {
        let hits = self.0.iter().filter(|r| r.0).count() as f64;
        let rate = (hits + 0.5) / (self.0.len() as f64 + 1.0);
        self.likelihood(|_| rate)
    }

    /// The same, had the mark given the class to a share of the rows whatever their content, and left the others alone.
    pub fn overruled(&self) -> f64 {
        SHARES.iter().map(|share| self.likelihood(|p| share + (1.0 - share) * p)).fold(f64::MIN, f64::max)
    }

    /// How much likelier the content of the rows with the class is if a share of them comes from others than if all are
    /// of the class by nature.
    pub fn foreign(&self, prior: f64) -> f64 {
        let hits = || self.0.iter().filter(|r| r.0).map(|r| unlike(r.1, prior).exp());
        let of = |share: &f64| hits().map(|ratio| (share * ratio + (1.0 - share)).ln()).sum::<f64>();
        SHARES.iter().map(of).fold(f64::MIN, f64::max)
    }

    /// How many rows of the class the model expects.
    pub fn expected(&self) -> f64 {
        self.0.iter().map(|r| r.1).sum()
    }

    fn likelihood(&self, probability: impl Fn(f64) -> f64) -> f64 {
        let of = |&(hit, p): &(bool, f64)| {
            let p = probability(p);
            if hit { p.ln() } else { (-p).ln_1p() }
        };
        self.0.iter().map(of).sum()
    }
}
