//! Exact tests of counts: of so many rows with a property, how many lie in the one of two samples and how many in the other.

/// Fisher's exact test of two samples of fixed sizes, with the logarithms of factorials it needs.
///
/// Where rows of both samples are exchangeable, how many of `total` rows with some property lie in the first follows
/// the hypergeometric distribution (Fisher 1935), whatever the property.
#[derive(Clone, Debug)]
pub struct Exact {
    first: u64,
    second: u64,
    /// Logarithm of the factorial of each number up to the rows of both.
    factorials: Vec<f64>,
}

impl Exact {
    /// For samples of these sizes. Takes eight bytes for each row.
    pub fn new(first: usize, second: usize) -> Self {
        let mut factorials = vec![0.0; first + second + 1];
        for n in 1..factorials.len() {
            factorials[n] = factorials[n - 1] + (n as f64).ln();
        }
        Self { first: first as u64, second: second as u64, factorials }
    }

    /// Probability that, of `a + b` rows, at least `a` lie in the first sample.
    pub fn upper(&self, a: u64, b: u64) -> f64 {
        let total = a + b;
        self.sum(total, a..=total.min(self.first))
    }

    /// Probability that, of `a + b` rows, at most `a` lie in the first sample.
    pub fn lower(&self, a: u64, b: u64) -> f64 {
        let total = a + b;
        self.sum(total, (total.saturating_sub(self.second)..=a).rev())
    }

    /// Two-sided p-value: twice the smaller tail.
    pub fn two_sided(&self, a: u64, b: u64) -> f64 {
        let share = self.first as f64 / (self.first + self.second).max(1) as f64;
        let tail = if a as f64 >= (a + b) as f64 * share { self.upper(a, b) } else { self.lower(a, b) };
        (2.0 * tail).min(1.0)
    }

    /// The smallest two-sided p-value that `total` rows could give, were they all in one sample as far as they go.
    pub fn least(&self, total: u64) -> f64 {
        let most = self.mass(total, total.min(self.first));
        let fewest = self.mass(total, total.saturating_sub(self.second));
        (2.0 * most.min(fewest)).min(1.0)
    }

    /// Sums from the largest term outwards, until terms no longer count.
    fn sum(&self, total: u64, counts: impl Iterator<Item = u64>) -> f64 {
        let mut sum = 0.0;
        for a in counts {
            let term = self.mass(total, a);
            sum += term;
            if term < sum * 1e-16 {
                break;
            }
        }
        sum.min(1.0)
    }

    /// Probability that exactly `a` of `total` rows lie in the first sample.
    fn mass(&self, total: u64, a: u64) -> f64 {
        let all = self.first + self.second;
        (self.choices(self.first, a) + self.choices(self.second, total - a) - self.choices(all, total)).exp()
    }

    /// Logarithm of the number of ways to choose `k` of `n`.
    fn choices(&self, n: u64, k: u64) -> f64 {
        if k > n {
            return f64::NEG_INFINITY;
        }
        let of = |i: u64| self.factorials[i as usize];
        of(n) - of(k) - of(n - k)
    }
}

/// Cohen's (1988) h: the difference of two shares on the scale on which its precision does not depend on the shares.
/// In [0, π]; 0.2 is called small, 0.5 medium, 0.8 large. A share of 0.1 % against none is 0.06.
pub fn cohens_h(a: f64, b: f64) -> f64 {
    let angle = |share: f64| 2.0 * share.clamp(0.0, 1.0).sqrt().asin();
    (angle(a) - angle(b)).abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fisher's tea: of 8 cups, 4 with milk first, all 4 named rightly, has probability 1/70.
    #[test]
    fn tails_match_published_values() {
        let tea = Exact::new(4, 4);
        assert!((tea.upper(4, 0) - 1.0 / 70.0).abs() < 1e-12);
        assert!((tea.upper(3, 1) - 17.0 / 70.0).abs() < 1e-12);
        assert!((tea.lower(1, 3) - 17.0 / 70.0).abs() < 1e-12);
        assert!((tea.two_sided(0, 4) - 2.0 / 70.0).abs() < 1e-12);
        assert!((tea.least(4) - 2.0 / 70.0).abs() < 1e-12);
        assert_eq!(tea.two_sided(2, 2), 1.0);
    }

    #[test]
    fn many_rows_keep_their_precision() {
        let exact = Exact::new(10_000, 10_000);
        assert!((exact.upper(10, 0) / 0.5f64.powi(10) - 1.0).abs() < 0.01);
        assert!((0.9..=1.0).contains(&exact.two_sided(5000, 5000)));
        assert!(exact.two_sided(700, 300) < 1e-30);
        assert_eq!(Exact::new(0, 0).two_sided(0, 0), 1.0);
    }

    #[test]
    fn h_grows_with_the_difference_and_is_symmetric() {
        assert_eq!(cohens_h(0.3, 0.3), 0.0);
        assert!((cohens_h(0.001, 0.0) - 0.0633).abs() < 1e-3);
        assert_eq!(cohens_h(0.2, 0.6), cohens_h(0.6, 0.2));
        assert!((cohens_h(0.0, 1.0) - std::f64::consts::PI).abs() < 1e-12);
    }
}
