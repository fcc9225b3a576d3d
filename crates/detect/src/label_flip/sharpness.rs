//! Puts probabilities right that are too timid or too sure.

use super::classes::NONE;

/// Rows that the exponent is fitted on.
const FITTED: usize = 4096;
/// Least probability told apart from 0.
const FLOOR: f32 = 1e-4;
const RANGE: (f64, f64) = (0.3, 3.0);

/// Raises probabilities to a power and normalises them, with the power under which the labels are likeliest: temperature
/// scaling (Guo et al. 2017, "On Calibration of Modern Neural Networks").
#[derive(Clone, Copy, Debug)]
pub struct Sharpness(f32);

impl Default for Sharpness {
    fn default() -> Self {
        Self(1.0)
    }
}

impl Sharpness {
    /// The best power for out-of-fold probabilities, row by row.
    pub fn fit(probabilities: &[f32], labels: &[u32], classes: usize) -> Self {
        let rows = probabilities.chunks_exact(classes).zip(labels).filter(|&(_, &label)| label != NONE).take(FITTED);
        let logs: Vec<(Vec<f32>, usize)> =
            rows.map(|(p, &label)| (p.iter().map(|p| (p + FLOOR).ln()).collect(), label as usize)).collect();
        let surprise = |power: f64| logs.iter().map(|(logs, label)| surprise(logs, *label, power as f32)).sum();
        Self(least(surprise, RANGE) as f32)
    }

    /// Applies it in place, row by row.
    pub fn apply(self, probabilities: &mut [f32], classes: usize) {
        for row in probabilities.chunks_exact_mut(classes) {
            row.iter_mut().for_each(|p| *p = (*p + FLOOR).powf(self.0));
            let total: f32 = row.iter().sum();
            row.iter_mut().for_each(|p| *p /= total);
        }
    }
}

fn surprise(logs: &[f32], label: usize, power: f32) -> f64 {
    let total: f32 = logs.iter().map(|l| (power * l).exp()).sum();
    f64::from(total.ln() - power * logs[label])
}

/// Where a convex function is least, by golden section.
fn least(f: impl Fn(f64) -> f64, (mut low, mut high): (f64, f64)) -> f64 {
    let golden = 0.5 * (5.0_f64.sqrt() - 1.0);
    let (mut a, mut b) = (high - golden * (high - low), low + golden * (high - low));
    let (mut at_a, mut at_b) = (f(a), f(b));
    for _ in 0..12 {
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
