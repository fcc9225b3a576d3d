//! How large the largest things of a kind are by nature: a Pareto tail fitted to sizes, extrapolated.

/// Sizes from here on are the tail.
const FROM: f64 = 1.5;
/// What is assumed before anything was seen: two things whose size is one e-fold together, so an exponent of 2.
const PRIOR: (f64, f64) = (2.0, 1.0);
/// Share of a size below which others count as not of its kind.
const OTHERS: f64 = 0.5;

/// The tail of a distribution of sizes, by Hill's (1975) estimator.
///
/// A size is judged by the sizes below its half, so that what is judged, and whatever belongs to it, does not speak for
/// itself.
#[derive(Clone, Debug, Default)]
pub struct Tail {
    /// Sizes of the tail, ascending.
    sizes: Vec<f64>,
    /// For each prefix of `sizes`: how many there are, and the sum of the logarithms over the begin of the tail.
    sums: Vec<(f64, f64)>,
}

impl Tail {
    /// Fits it to sizes, each with how many things it stands for.
    pub fn fit(sizes: impl Iterator<Item = (f64, f64)>) -> Self {
        let mut tail: Vec<(f64, f64)> = sizes.filter(|&(size, _)| size >= FROM).collect();
        tail.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let mut sum = (0.0, 0.0);
        let add = |&(size, count): &(f64, f64)| {
            sum = (sum.0 + count, sum.1 + count * (size / FROM).ln());
            sum
        };
        Self { sums: tail.iter().map(add).collect(), sizes: tail.iter().map(|t| t.0).collect() }
    }

    /// How many things of at least this size are to be expected by nature, in one dataset like this one.
    pub fn expected(&self, size: f64) -> f64 {
        let others = self.sizes.partition_point(|&s| s < OTHERS * size);
        let (count, logs) = others.checked_sub(1).map_or((0.0, 0.0), |last| self.sums[last]);
        let exponent = (count + PRIOR.0) / (logs + PRIOR.1);
        (count + 0.5) * (size / FROM).powf(-exponent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_judged_by_the_others() {
        let nothing = Tail::fit(std::iter::empty());
        assert!(nothing.expected(200.0) < 1e-3 && nothing.expected(2.0) > 0.2);
        // 443 is not surprising where 69, 55 and 44 are.
        let heavy =
            Tail::fit([443.0, 69.0, 55.0, 44.0, 27.0, 20.0, 12.0, 9.0, 5.0, 3.0, 2.0].map(|s| (s, 1.0)).into_iter());
        assert!(heavy.expected(443.0) > 0.1, "{}", heavy.expected(443.0));
        let light = Tail::fit((0..300).map(|_| (2.0, 1.0)));
        assert!(light.expected(100.0) < 1e-3);
        assert!(light.expected(5.0) > 1.0);
    }
}
