//! Turns scores of classes into probabilities that are as sure as the labels bear out.

/// Rows that the factor is fitted on.
const FITTED: usize = 4096;
/// Least probability told apart from 0.
const FLOOR: f32 = 1e-4;

/// Softmax of scores times a factor under which the labels are likeliest: temperature scaling (Guo et al. 2017, "On
/// Calibration of Modern Neural Networks").
#[derive(Clone, Copy, Debug)]
pub struct Sharpness(f32);

impl Default for Sharpness {
    fn default() -> Self {
        Self(1.0)
    }
}

impl Sharpness {
    /// The best factor between `low` and `high` for out-of-fold scores, row by row.
    pub fn fit(scores: &[f32], labels: &[u32], classes: usize, (low, high): (f64, f64)) -> Self {
        let rows = || scores.chunks_exact(classes).zip(labels).take(FITTED);
        let surprise = |log: f64| {
            let factor = log.exp() as f32;
            rows().map(|(scores, &label)| surprise(scores, label as usize, factor)).sum()
        };
        Self(least(surprise, low.ln(), high.ln()).exp() as f32)
    }

    /// Scores to probabilities, in place, row by row.
    pub fn apply(self, scores: &mut [f32], classes: usize) {
        for row in scores.chunks_exact_mut(classes) {
            let top = row.iter().copied().fold(f32::MIN, f32::max);
            for s in row.iter_mut() {
                *s = (self.0 * (*s - top)).exp();
            }
            let total: f32 = row.iter().sum();
            for p in row.iter_mut() {
                *p = (*p / total + FLOOR) / (1.0 + FLOOR * classes as f32);
            }
        }
    }
}

/// Minus the log-probability of the label.
fn surprise(scores: &[f32], label: usize, factor: f32) -> f64 {
    let top = scores.iter().copied().fold(f32::MIN, f32::max);
    let weight = |s: &f32| (factor * (s - top)).exp();
    let total: f32 = scores.iter().map(weight).sum();
    -f64::from((weight(&scores[label]) / total + FLOOR).ln())
}

/// Where a function with one valley is least, by golden section.
fn least(f: impl Fn(f64) -> f64, mut low: f64, mut high: f64) -> f64 {
    let golden = 0.5 * (5.0_f64.sqrt() - 1.0);
    let (mut a, mut b) = (high - golden * (high - low), low + golden * (high - low));
    let (mut at_a, mut at_b) = (f(a), f(b));
    for _ in 0..11 {
        if at_a <= at_b {
            (high, b, at_b) = (b, a, at_a);
            a = high - golden * (high - low);
            at_a = f(a);
        } else {
            (low, a, at_a) = (a, b, at_b);
            b = low + golden * (high - low);
            at_b = f(b);
        }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_factor_that_the_labels_bear_out() {
        // Class 1 is right nine times of ten where its score is 1: the factor is the log of 9.
        let scores: Vec<f32> = [0.0, 1.0].repeat(1000);
        let labels: Vec<u32> = (0..1000).map(|r| u32::from(r % 10 > 0)).collect();
        let mut p = scores.clone();
        Sharpness::fit(&scores, &labels, 2, (0.1, 10.0)).apply(&mut p, 2);
        assert!((p[1] - 0.9).abs() < 0.01, "{}", p[1]);
    }
}
