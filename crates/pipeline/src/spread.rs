//! How a detector's scores are spread over all rows.

use serde_json::{Value, json};

/// Bins of equal width over [0, 1].
const BINS: usize = 40;

/// Counts of scores: whole numbers, so that the order of adding does not matter.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Spread {
    bins: [u64; BINS],
    unscored: u64,
}

impl Default for Spread {
    fn default() -> Self {
        Self { bins: [0; BINS], unscored: 0 }
    }
}

impl Spread {
    /// The spread of these scores; what is NaN has none.
    pub fn of(scores: &[f64]) -> Self {
        let mut spread = Self::default();
        for &score in scores {
            if score.is_nan() {
                spread.unscored += 1;
            } else {
                spread.bins[((score * BINS as f64) as usize).min(BINS - 1)] += 1;
            }
        }
        spread
    }

    /// Adds another.
    pub fn add(&mut self, other: &Self) {
        self.bins.iter_mut().zip(other.bins).for_each(|(sum, n)| *sum += n);
        self.unscored += other.unscored;
    }

    /// For a finding's evidence.
    pub fn evidence(&self, threshold: Option<f64>) -> Value {
        json!({ "bins": self.bins.as_slice(), "unscored": self.unscored, "threshold": threshold })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_counted_once_in_any_order() {
        let scores = [0.0, 0.024, 0.025, 0.5, 1.0, f64::NAN];
        let whole = Spread::of(&scores);
        assert_eq!((whole.bins[0], whole.bins[1], whole.bins[20], whole.bins[39], whole.unscored), (2, 1, 1, 1, 1));
        let mut sum = Spread::of(&scores[3..]);
        sum.add(&Spread::of(&scores[..3]));
        assert_eq!(sum, whole);
    }
}
