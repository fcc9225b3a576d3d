//! Many tests at once: p-values by comparison with a reference, and corrections for multiplicity.

/// Conformal p-values: for each score, the share of reference scores at least as large, counting the row itself.
///
/// A valid p-value where the row and the reference rows are exchangeable and the scoring model was fitted on neither
/// (Bates, Candès, Lei, Romano and Sesia 2023). `reference` is sorted in place.
pub fn conformal(reference: &mut [f64], scores: &[f64]) -> Vec<f64> {
    reference.sort_unstable_by(f64::total_cmp);
    let n = reference.len() as f64;
    scores
        .iter()
        .map(|&score| {
            let smaller = reference.partition_point(|&r| r < score);
            (1.0 + (reference.len() - smaller) as f64) / (1.0 + n)
        })
        .collect()
}

/// Benjamini and Hochberg's (1995) q-values: the smallest false discovery rate at which each test is a discovery.
pub fn benjamini_hochberg(p_values: &[f64]) -> Vec<f64> {
    let n = p_values.len() as f64;
    step_up(p_values, |rank| n / rank)
}

/// Holm's (1979) adjusted p-values: the family-wise error rate at which each test is a discovery.
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let (mut adjusted, mut largest) = (vec![1.0; p_values.len()], 0.0f64);
    for (rank, &i) in order.iter().enumerate() {
        largest = largest.max(p_values[i] * (p_values.len() - rank) as f64).min(1.0);
        adjusted[i] = largest;
    }
    adjusted
}

/// How many tests of counts are to be corrected for at level `alpha` (Tarone 1990): tests whose counts are so small that
/// they could not be discoveries, whatever their outcome, need no correction. `least` holds each test's smallest
/// possible p-value. At least 1.
pub fn tarone(least: &[f64], alpha: f64) -> usize {
    let mut sorted = least.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let possible = |k: usize| sorted.partition_point(|&p| p <= alpha / k as f64);
    (1..=least.len()).find(|&k| possible(k) <= k).unwrap_or(1)
}

fn step_up(p_values: &[f64], factor: impl Fn(f64) -> f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let (mut adjusted, mut smallest) = (vec![1.0; p_values.len()], 1.0f64);
    for (rank, &i) in order.iter().enumerate().rev() {
        smallest = smallest.min(p_values[i] * factor((rank + 1) as f64));
        adjusted[i] = smallest;
    }
    adjusted
}

/// The score from which rows are discoveries of Benjamini and Hochberg at rate `fdr`, given every score's p-value;
/// `None` when there are none. Both slices are aligned.
pub fn discovery_threshold(scores: &[f64], p_values: &[f64], fdr: f64) -> Option<f64> {
    let q_values = benjamini_hochberg(p_values);
    scores.iter().zip(&q_values).filter(|&(_, &q)| q <= fdr).map(|(&s, _)| s).min_by(f64::total_cmp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conformal_counts_ties_against_the_row() {
        assert_eq!(conformal(&mut [0.3, 0.1, 0.2], &[0.0, 0.2, 0.9]), vec![1.0, 0.75, 0.25]);
    }

    /// Nine tests of one row and one of many: only the one that could be a discovery is corrected for.
    #[test]
    fn hopeless_tests_are_not_corrected_for() {
        let mut least = vec![0.5; 9];
        least.push(1e-9);
        assert_eq!(tarone(&least, 0.05), 1);
        assert_eq!(tarone(&[1e-9; 10], 0.05), 10);
        assert_eq!(tarone(&[], 0.05), 1);
    }

    /// The example of Benjamini and Hochberg's paper: 15 p-values, four discoveries at 5 %; Holm's finds three.
    #[test]
    fn corrections_match_the_published_example() {
        let p = [
            0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528,
            0.7590, 1.0,
        ];
        assert_eq!(benjamini_hochberg(&p).iter().filter(|&&q| q <= 0.05).count(), 4);
        assert_eq!(holm(&p).iter().filter(|&&q| q <= 0.05).count(), 3);
        let scores: Vec<f64> = p.iter().map(|p| 1.0 - p).collect();
        assert_eq!(discovery_threshold(&scores, &p, 0.05), Some(1.0 - 0.0095));
    }
}
