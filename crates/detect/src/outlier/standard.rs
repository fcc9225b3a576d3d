//! Putting numbers of different kinds on one scale.

/// A mean and a standard deviation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Standard {
    mean: f64,
    /// 0 where all numbers are equal.
    per_deviation: f64,
}

impl Standard {
    /// Of the finite ones among some numbers.
    pub fn fit(numbers: &[f64]) -> Self {
        let finite = || numbers.iter().filter(|x| x.is_finite());
        let n = finite().count().max(1) as f64;
        let mean = finite().sum::<f64>() / n;
        let deviation = (finite().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt();
        Self { mean, per_deviation: if deviation > 1e-9 { 1.0 / deviation } else { 0.0 } }
    }

    /// Standard deviations above the mean.
    pub fn of(&self, x: f64) -> f64 {
        if x.is_finite() { (x - self.mean) * self.per_deviation } else { 0.0 }
    }
}

/// Logarithm of a distance, not below that of `floor`.
pub fn log_distance(distance: f32, floor: f32) -> f64 {
    (f64::from(distance) + f64::from(floor)).ln()
}

/// Maps standard deviations above usual to a score in (0, 1), strictly increasing: 2 is a half, 4 is 0.98.
pub fn score(unusual: f64) -> f64 {
    const STEEP: f64 = 2.0;
    const HALF: f64 = 2.0;
    /// Beyond this the score approaches, but never reaches, what double precision calls 1.
    const KNEE: f64 = 16.0;
    const ROOM: f64 = 14.0;
    let logit = STEEP * (unusual - HALF);
    let logit = if logit > KNEE { KNEE + ROOM * (1.0 - (-(logit - KNEE) / (4.0 * ROOM)).exp()) } else { logit };
    1.0 / (1.0 + (-logit).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn score_keeps_the_order() {
        let scores: Vec<f64> = (-100..800).map(|i| score(f64::from(i) / 10.0)).collect();
        assert!(scores.windows(2).all(|w| w[0] < w[1]));
        assert!(scores.iter().all(|s| (0.0..1.0).contains(s)));
        assert_eq!(score(2.0), 0.5);
    }
}
