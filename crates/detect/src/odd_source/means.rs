//! Means of groups of rows, with how sure they are.

use taster_stats::effects::Group;

use super::groups::Groups;

/// Rows that the pooled variance counts for, beside a group's own.
const PRIOR_ROWS: f64 = 20.0;

/// Mean of some numbers in each group, with how sure it is; NaN is left out.
pub fn means(groups: &Groups, values: impl Iterator<Item = f64>) -> Vec<Group> {
    let mut sums = vec![[0.0f64; 3]; groups.names.len()];
    let mut all = [0.0f64; 4];
    for (v, group) in values.zip(&groups.of) {
        if let (Some(g), false) = (group, v.is_nan()) {
            let powers = [1.0, v, v * v, v * v * v];
            sums[*g].iter_mut().zip(powers).for_each(|(s, x)| *s += x);
            all.iter_mut().zip(powers).for_each(|(s, x)| *s += x);
        }
    }
    let variance = |[n, sum, squares]: [f64; 3]| (squares / n.max(1.0) - (sum / n.max(1.0)).powi(2)).max(0.0);
    let pooled = variance([all[0], all[1], all[2]]);
    let skewness = skewness(all, pooled);
    let of = |s: [f64; 3]| {
        let n = s[0].max(1.0);
        let variance = ((PRIOR_ROWS * pooled + n * variance(s)) / (PRIOR_ROWS + n) / n).max(1e-12);
        Group { mean: s[1] / n, variance, skewness: skewness / n.sqrt() }
    };
    sums.into_iter().map(of).collect()
}

/// The same where a model knows the variance of each row's number: if the group is like the others it has that, and an odd
/// group's own would hide it. `variances` are right up to a factor.
pub fn means_given(groups: &Groups, values: &[f64], variances: &[f64]) -> Vec<Group> {
    let mut sums = vec![[0.0f64; 2]; groups.names.len()];
    let mut all = [0.0f64; 2];
    for ((v, variance), group) in values.iter().zip(variances).zip(&groups.of) {
        if let (Some(g), false) = (group, v.is_nan()) {
            sums[*g] = [sums[*g][0] + 1.0, sums[*g][1] + variance];
            all = [all[0] + v * v, all[1] + variance];
        }
    }
    let factor = all[0] / all[1].max(1e-12);
    let mut means = means(groups, values.iter().copied());
    for (mean, [n, variance]) in means.iter_mut().zip(sums) {
        mean.variance = (factor * variance / (n * n).max(1.0)).max(1e-12);
    }
    means
}

/// Of sums of powers from 0 to 3.
fn skewness(sums: [f64; 4], variance: f64) -> f64 {
    let [_, mean, squares, cubes] = sums.map(|s| s / sums[0].max(1.0));
    let third = cubes - 3.0 * mean * squares + 2.0 * mean.powi(3);
    if variance > 1e-12 { third / variance.powf(1.5) } else { 0.0 }
}
