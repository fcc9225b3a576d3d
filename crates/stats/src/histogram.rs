//! How surprising a number is among the numbers of one column.

/// An equal-width histogram, read as a density.
///
/// The number of bins follows Freedman and Diaconis (1981) or Sturges (1926), whichever asks for more, between 5 and 100.
/// Outside the range seen, surprise grows with the logarithm of the distance.
#[derive(Clone, Debug)]
pub struct Histogram {
    low: f64,
    high: f64,
    bins_per_unit: f64,
    /// Surprise of each bin.
    surprise: Vec<f64>,
    /// Surprise of a value outside the range, before its distance is counted.
    outside: f64,
    missing: f64,
}

/// Rows added to each bin, so that an empty one is not infinitely surprising.
const SMOOTHING: f64 = 0.1;
const BINS: std::ops::RangeInclusive<usize> = 5..=100;

impl Histogram {
    /// Counts `values`; NaN is missing. Values are expected to be finite otherwise.
    pub fn fit(values: impl Iterator<Item = f64>) -> Self {
        let mut present: Vec<f64> = values.collect();
        let rows = present.len() as f64;
        present.retain(|v| !v.is_nan());
        present.sort_unstable_by(f64::total_cmp);
        let missing = -((rows - present.len() as f64 + SMOOTHING) / (rows + 2.0 * SMOOTHING) * 2.0).ln();
        let (Some(&low), Some(&high)) = (present.first(), present.last()) else {
            return Self { low: 0.0, high: 0.0, bins_per_unit: 0.0, surprise: vec![0.0], outside: 0.0, missing: 0.0 };
        };
        let bins = bins(&present);
        let bins_per_unit = if high > low { bins as f64 / (high - low) } else { 0.0 };
        let surprise_of = |count: f64| -((count + SMOOTHING) / present.len() as f64 * bins as f64).ln();
        let mut counts = vec![0.0; bins];
        for v in &present {
            counts[(((v - low) * bins_per_unit) as usize).min(bins - 1)] += 1.0;
        }
        let surprise = if high > low { counts.into_iter().map(surprise_of).collect() } else { vec![0.0] };
        let outside = if high > low { surprise_of(0.0) } else { (10.0 * present.len() as f64).ln() };
        Self { low, high, bins_per_unit, surprise, outside, missing }
    }

    /// Negative log of the density at `x`, relative to an even spread over the range; 0 or less where values are common.
    #[inline]
    pub fn surprise(&self, x: f64) -> f64 {
        if x.is_nan() {
            return self.missing;
        }
        if x < self.low || x > self.high {
            let distance = if x < self.low { self.low - x } else { x - self.high };
            return self.outside + (distance * self.bins_per_unit).ln_1p();
        }
        let bin = ((x - self.low) * self.bins_per_unit) as usize;
        self.surprise[bin.min(self.surprise.len() - 1)]
    }
}

/// Number of bins for sorted numbers.
fn bins(sorted: &[f64]) -> usize {
    let n = sorted.len() as f64;
    let range = sorted[sorted.len() - 1] - sorted[0];
    let at = |share: f64| sorted[(share * (n - 1.0)) as usize];
    let width = 2.0 * (at(0.75) - at(0.25)) / n.cbrt();
    let sturges = n.log2().ceil() + 1.0;
    let freedman = if width > 0.0 { (range / width).ceil() } else { 0.0 };
    (sturges.max(freedman) as usize).clamp(*BINS.start(), *BINS.end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_and_far_values_surprise_more() {
        let h = Histogram::fit((0..1000).map(|i| f64::from(i % 100)).chain([400.0]));
        let (common, rare, outside, far) = (h.surprise(50.0), h.surprise(400.0), h.surprise(500.0), h.surprise(5000.0));
        assert!(common < rare && rare < outside && outside < far, "{common} {rare} {outside} {far}");
        assert!(h.surprise(250.0) > rare);
        assert!(h.surprise(f64::NAN) > common);
    }

    #[test]
    fn constants_and_nothing_are_survived() {
        let constant = Histogram::fit([2.0; 30].into_iter());
        assert_eq!(constant.surprise(2.0), 0.0);
        assert!(constant.surprise(3.0) > 5.0);
        let nothing = Histogram::fit([f64::NAN; 3].into_iter());
        assert_eq!((nothing.surprise(f64::NAN), nothing.surprise(0.0)), (0.0, 0.0));
    }
}
