//! Where "unusual" begins, read off the bulk of some scores.

/// Share of rows that may exceed the threshold if the scores' tail is no heavier than exponential.
const TAIL: f64 = 2e-3;
/// Shares of outliers that are tried, the largest first.
const CONTAMINATION: [f64; 3] = [0.3, 0.2, 0.1];
/// Where outliers are assumed, at least this part of them must lie beyond the threshold, by this many times its distance
/// from the median.
const CONSISTENT: f64 = 0.8;
const CLEAR: f64 = 1.3;

/// The score beyond which a row does not belong to the bulk, for scores in [0, 1] of which only the order means something.
///
/// On the logistic scale, `ln(s / (1 - s))`, the bulk's upper tail is taken to be exponential: its rate is read between
/// the median and the 80th percentile, and the threshold is where it would leave 0.2 % of rows. Normal and lighter tails
/// end well before that, so clean data yields nothing; what lies beyond is farther out than chance puts it. Where
/// setting aside the highest 30, 20 or 10 % of scores gives a threshold that those rows clearly exceed, they are a
/// population of their own and the threshold is fitted without them (an "empirical null", Efron 2004, that
/// withstands up to 30 % outliers).
///
/// It is a description of the scores, not a guarantee: a clean column with a heavier than exponential tail has rows
/// beyond it. Not-a-number scores are left out. `None` where fewer than 20 scores are given or more than half are equal.
pub fn empirical_null(scores: &[f64]) -> Option<f64> {
    let mut logits: Vec<f64> = scores.iter().filter(|s| !s.is_nan()).map(|&s| logit(s)).collect();
    logits.sort_unstable_by(f64::total_cmp);
    if logits.len() < 20 {
        return None;
    }
    let contaminated = CONTAMINATION.iter().find_map(|share| {
        let bulk = (logits.len() as f64 * (1.0 - share)) as usize;
        let end = tail_end(&logits[..bulk])?;
        let clear = logits[bulk / 2] + CLEAR * (end - logits[bulk / 2]);
        let beyond = logits.len() - logits.partition_point(|&l| l <= clear);
        (beyond as f64 >= CONSISTENT * share * logits.len() as f64).then_some(end)
    });
    let threshold = contaminated.or_else(|| tail_end(&logits))?;
    Some(1.0 / (1.0 + (-threshold).exp()))
}

/// Where an exponential tail with the rate of the upper half of sorted numbers leaves [`TAIL`] of them.
fn tail_end(sorted: &[f64]) -> Option<f64> {
    let at = |share: f64| sorted[(share * (sorted.len() - 1) as f64) as usize];
    let (half, upper) = (at(0.5), at(0.8));
    let scale = (upper - half) / (0.5f64 / 0.2).ln();
    (scale > 0.0).then(|| half + scale * (0.5 / TAIL).ln())
}

fn logit(score: f64) -> f64 {
    let score = score.clamp(1e-300, 1.0 - f64::EPSILON / 2.0);
    score.ln() - (-score).ln_1p()
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng, rngs::StdRng};

    use super::*;

    fn squash(x: f64) -> f64 {
        1.0 / (1.0 + (-x).exp())
    }

    fn normal(rng: &mut StdRng) -> f64 {
        (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0
    }

    fn beyond(scores: &[f64]) -> usize {
        empirical_null(scores).map_or(0, |t| scores.iter().filter(|&&s| s > t).count())
    }

    #[test]
    fn clean_scores_yield_almost_nothing() {
        let mut rng = StdRng::seed_from_u64(1);
        let bell: Vec<f64> = (0..10_000).map(|_| squash(2.0 * normal(&mut rng))).collect();
        let exponential: Vec<f64> = (0..10_000).map(|_| squash(-rng.random::<f64>().ln())).collect();
        let even: Vec<f64> = (0..10_000).map(|_| rng.random()).collect();
        assert!(beyond(&bell) == 0 && beyond(&even) <= 2);
        assert!(beyond(&exponential) < 50, "{}", beyond(&exponential));
    }

    #[test]
    fn up_to_three_in_ten_outliers_are_found() {
        for outliers in [10, 300, 1000, 2000, 3000] {
            let mut rng = StdRng::seed_from_u64(2);
            let score = |i: usize, rng: &mut StdRng| squash(normal(rng) + if i < outliers { 12.0 } else { 0.0 });
            let scores: Vec<f64> = (0..10_000).map(|i| score(i, &mut rng)).collect();
            let found = beyond(&scores);
            assert!(found.abs_diff(outliers) <= outliers / 10, "{found} of {outliers}");
        }
    }

    #[test]
    fn without_spread_there_is_no_threshold() {
        assert_eq!(empirical_null(&[0.5; 100]), None);
        assert_eq!(empirical_null(&[0.1, 0.9]), None);
        assert_eq!(empirical_null(&[f64::NAN; 100]), None);
    }
}
