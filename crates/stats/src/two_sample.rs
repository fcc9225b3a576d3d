//! Whether two samples come from one distribution: tests with p-values, each with an effect size in [0, 1].

/// A test's outcome.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// The test statistic.
    pub statistic: f64,
    /// Probability of a statistic at least this large if both samples come from one distribution.
    pub p_value: f64,
    /// Size of the difference in [0, 1]: 0 none, 1 nothing in common.
    pub effect: f64,
}

/// Kolmogorov-Smirnov test; statistic and effect are the largest distance between the two empirical distribution
/// functions. Conservative with ties. Both samples ascend; NaN must have been left out.
///
/// P-value by Kolmogorov's asymptotic series with Stephens' (1970) correction for small samples.
pub fn kolmogorov_smirnov(a: &[f64], b: &[f64]) -> Option<Outcome> {
    if a.is_empty() || b.is_empty() {
        return None;
    }
    let distance = largest_gap(a, b);
    let size = (a.len() as f64 * b.len() as f64 / (a.len() + b.len()) as f64).sqrt();
    let p_value = kolmogorov_tail((size + 0.12 + 0.11 / size) * distance);
    Some(Outcome { statistic: distance, p_value, effect: distance })
}

fn largest_gap(a: &[f64], b: &[f64]) -> f64 {
    let (mut i, mut j, mut gap) = (0, 0, 0.0f64);
    while i < a.len() && j < b.len() {
        let value = a[i].min(b[j]);
        while i < a.len() && a[i] <= value {
            i += 1;
        }
        while j < b.len() && b[j] <= value {
            j += 1;
        }
        gap = gap.max((i as f64 / a.len() as f64 - j as f64 / b.len() as f64).abs());
    }
    gap
}

/// Probability that Kolmogorov's statistic exceeds `x`.
fn kolmogorov_tail(x: f64) -> f64 {
    if x < 0.2 {
        return 1.0;
    }
    let series: f64 = (1..=100)
        .map(|k| {
            let k = f64::from(k);
            (if k as u32 % 2 == 1 { 2.0 } else { -2.0 }) * (-2.0 * k * k * x * x).exp()
        })
        .sum();
    series.clamp(0.0, 1.0)
}

/// Chi-squared test of homogeneity of two rows of counts; the effect is the total variation distance of their shares.
///
/// Cells expected to hold fewer than five of either row are pooled (Cochran 1954). `None` when fewer than two cells
/// remain or a row is empty.
pub fn chi_squared(counts: &[(u64, u64)]) -> Option<Outcome> {
    let totals = counts.iter().fold((0.0, 0.0), |t, c| (t.0 + c.0 as f64, t.1 + c.1 as f64));
    if totals.0 == 0.0 || totals.1 == 0.0 {
        return None;
    }
    let share = totals.0 / (totals.0 + totals.1);
    let least = share.min(1.0 - share);
    let (mut cells, mut pooled) = (Vec::new(), (0.0, 0.0));
    for &(a, b) in counts {
        let (a, b) = (a as f64, b as f64);
        if (a + b) * least >= 5.0 {
            cells.push((a, b));
        } else {
            pooled = (pooled.0 + a, pooled.1 + b);
        }
    }
    if (pooled.0 + pooled.1) * least >= 5.0 {
        cells.push(pooled);
    }
    if cells.len() < 2 {
        return None;
    }
    let statistic = cells.iter().map(|&(a, b)| {
        let expected = ((a + b) * share, (a + b) * (1.0 - share));
        (a - expected.0).powi(2) / expected.0 + (b - expected.1).powi(2) / expected.1
    });
    let statistic = statistic.sum();
    let effect = cells.iter().map(|&(a, b)| (a / totals.0 - b / totals.1).abs()).sum::<f64>() / 2.0;
    Some(Outcome { statistic, p_value: chi_squared_tail(statistic, (cells.len() - 1) as f64), effect })
}

/// Probability that a chi-squared variable with `degrees` degrees of freedom exceeds `x`.
pub fn chi_squared_tail(x: f64, degrees: f64) -> f64 {
    if x <= 0.0 { 1.0 } else { upper_gamma(degrees / 2.0, x / 2.0) }
}

/// Regularised upper incomplete gamma function Q(a, x): series below a + 1, continued fraction (Lentz) above.
fn upper_gamma(a: f64, x: f64) -> f64 {
    let scale = (a * x.ln() - x - ln_gamma(a)).exp();
    if x < a + 1.0 {
        let (mut term, mut sum, mut n) = (1.0 / a, 1.0 / a, a);
        for _ in 0..10_000 {
            n += 1.0;
            term *= x / n;
            sum += term;
            if term < sum * 1e-15 {
                break;
            }
        }
        return (1.0 - sum * scale).clamp(0.0, 1.0);
    }
    let (mut b, mut c) = (x + 1.0 - a, 1e300);
    let mut d = 1.0 / b;
    let mut fraction = d;
    for i in 1..10_000 {
        let i = f64::from(i);
        let numerator = -i * (i - a);
        b += 2.0;
        d = 1.0 / nonzero(numerator * d + b);
        c = nonzero(b + numerator / c);
        fraction *= d * c;
        if (d * c - 1.0).abs() < 1e-15 {
            break;
        }
    }
    (fraction * scale).clamp(0.0, 1.0)
}

fn nonzero(x: f64) -> f64 {
    if x.abs() < 1e-300 { 1e-300 } else { x }
}

/// Natural logarithm of the gamma function for positive arguments (Lanczos 1964, g = 7, n = 9).
pub(crate) fn ln_gamma(x: f64) -> f64 {
    const COEFFICIENTS: [f64; 8] = [
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    if x < 0.5 {
        return (std::f64::consts::PI / (std::f64::consts::PI * x).sin()).ln() - ln_gamma(1.0 - x);
    }
    let x = x - 1.0;
    let sum = COEFFICIENTS.iter().zip(1..).fold(0.999_999_999_999_809_9, |s, (c, i)| s + c / (x + f64::from(i)));
    let t = x + 7.5;
    0.5 * (2.0 * std::f64::consts::PI).ln() + (x + 0.5) * t.ln() - t + sum.ln()
}

/// Two-sided p-value of a standard normal statistic.
pub fn normal_p_value(z: f64) -> f64 {
    chi_squared_tail(z * z, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-6 + 1e-4 * b.abs()
    }

    /// Reference values from the tables of the chi-squared and normal distributions.
    #[test]
    fn tails_match_published_values() {
        assert!(close(chi_squared_tail(3.841_458_820_694_124, 1.0), 0.05));
        assert!(close(chi_squared_tail(18.307_038_053_275_146, 10.0), 0.05));
        assert!(close(chi_squared_tail(135.806_723_229_550_9, 100.0), 0.01));
        assert!(close(normal_p_value(1.959_963_984_540_054), 0.05));
        assert!(close(kolmogorov_tail(1.358_098_763_0), 0.05));
    }

    #[test]
    fn same_distribution_is_not_told_apart_and_a_moved_one_is() {
        let grid = |n: u32, by: f64| (0..n).map(|i| f64::from(i) / f64::from(n) + by).collect::<Vec<_>>();
        let same = kolmogorov_smirnov(&grid(500, 0.0), &grid(700, 0.0)).unwrap();
        assert!(same.p_value > 0.99 && same.effect < 0.01);
        let moved = kolmogorov_smirnov(&grid(500, 0.0), &grid(700, 0.2)).unwrap();
        assert!(moved.p_value < 1e-9 && (moved.effect - 0.2).abs() < 0.01);
        assert!(kolmogorov_smirnov(&[], &[1.0]).is_none());
    }

    #[test]
    fn chi_squared_pools_rare_cells() {
        assert!(chi_squared(&[(100, 0), (0, 3)]).is_none());
        let changed = chi_squared(&[(50, 10), (50, 90), (1, 0), (0, 1)]).unwrap();
        assert!(changed.p_value < 1e-8 && (changed.effect - 0.4).abs() < 0.02);
    }
}
