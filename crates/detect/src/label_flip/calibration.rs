/// How fast the probability of a wrong label grows with the logarithm of the evidence against it.
const SLOPE: f64 = 1.5;
/// Share of wrong labels assumed beyond what was estimated, and factor for what the estimate, a careful one, misses.
const ALWAYS: f64 = 0.0003;
const MISSED: f64 = 1.46;
/// No dataset is taken to have a larger share of wrong labels.
const SHARE_MAX: f64 = 0.45;

/// From evidence to probabilities whose mean is the estimated share of wrong labels.
#[derive(Clone, Copy, Debug)]
pub struct Calibration {
    intercept: f64,
}

impl Calibration {
    /// For the evidence of a sample's rows and the share of wrong labels among them.
    pub fn fit(evidence: &[f64], share: f64) -> Self {
        let goal = (MISSED * share + ALWAYS).min(SHARE_MAX) * evidence.len() as f64;
        let total = |intercept: f64| {
            let this = Self { intercept };
            evidence.iter().map(|&e| this.probability(e)).sum::<f64>()
        };
        let (mut low, mut high) = (-40.0, 40.0);
        for _ in 0..30 {
            let middle = f64::midpoint(low, high);
            if total(middle) < goal { low = middle } else { high = middle }
        }
        Self { intercept: f64::midpoint(low, high) }
    }

    /// The probability that a label with this evidence against it is wrong.
    pub fn probability(self, evidence: f64) -> f64 {
        1.0 / (1.0 + (-SLOPE * evidence.max(1e-9).ln() - self.intercept).exp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_add_up_to_the_share() {
        let evidence: Vec<f64> = (0..10_000).map(|i| (f64::from(i) / 1000.0 - 5.0).exp()).collect();
        let calibration = Calibration::fit(&evidence, 0.1);
        let mean = evidence.iter().map(|&e| calibration.probability(e)).sum::<f64>() / 10_000.0;
        assert!((mean - 0.1463).abs() < 1e-3, "{mean}");
    }
}
