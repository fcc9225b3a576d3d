//! Whether one of several groups differs from the others by more than they differ among themselves.

use crate::two_sample::ln_gamma;

/// A group's mean of something, and how precise it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Group {
    /// Mean over the group's rows.
    pub mean: f64,
    /// Variance of that mean, from the variance between rows.
    pub variance: f64,
    /// Skewness of that mean: that of rows over the root of their number; 0 for a symmetric distribution.
    pub skewness: f64,
}

/// A group against all others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effect {
    /// What the other groups let expect.
    pub expected: f64,
    /// The difference in standard errors, those of the differences among the other groups included.
    pub z: f64,
    /// Probability of so large a difference, in either direction, by chance.
    pub p_value: f64,
    /// The difference, shrunk towards zero by how little is known of the group: by the share of its square that chance
    /// explains (James and Stein 1961, positive part).
    pub shrunk: f64,
}

/// Each group against the others: a random-effects model of those (DerSimonian and Laird 1986), with Student's t where the
/// variance between groups is itself uncertain (Hartung and Knapp 2001). Fewer than three groups say nothing.
pub fn leave_one_out(groups: &[Group]) -> Vec<Effect> {
    let weight = |g: &Group| 1.0 / g.variance.max(1e-12);
    let sums = groups.iter().fold(Sums::default(), |s, g| s.with(weight(g), g.mean));
    groups
        .iter()
        .map(|group| {
            let rest = sums.without(weight(group), group.mean);
            if rest.groups < 2.0 {
                return Effect { expected: group.mean, z: 0.0, p_value: 1.0, shrunk: 0.0 };
            }
            let between = rest.between();
            let (mut of, mut total) = (0.0, 0.0);
            for other in groups {
                let w = 1.0 / (between + other.variance.max(1e-12));
                of += w;
                total += w * other.mean;
            }
            let own = 1.0 / (between + group.variance.max(1e-12));
            let (of, total) = (of - own, total - own * group.mean);
            let expected = total / of;
            let difference = group.mean - expected;
            let variance = between + group.variance.max(1e-12) + 1.0 / of;
            let z = difference / variance.sqrt();
            // How much of the variance is a guess from few groups; its own standard error counts, too.
            let typical = rest.groups / rest.weight.max(1e-12);
            let guessed = between + (2.0 / (rest.groups - 1.0)).sqrt() * typical;
            let share = (guessed / variance).clamp(1e-3, 1.0);
            let skewness = group.skewness * (group.variance / variance).powf(1.5);
            let p_value = student_p_value(unskewed(z, skewness), (rest.groups - 1.0) / (share * share));
            let shrunk = difference * (1.0 - variance / (difference * difference).max(1e-300)).max(0.0);
            Effect { expected, z, p_value, shrunk }
        })
        .collect()
}

/// A standardised mean of a skewed distribution as a normal one would have it: as if it followed a gamma distribution of
/// that skewness (Wilson and Hilferty 1931), as counts of rare things nearly do. Never further from 0 than it was.
pub fn unskewed(z: f64, skewness: f64) -> f64 {
    if skewness.abs() < 1e-3 || z.abs() <= 1.0 {
        return z;
    }
    let cube = (1.0 + skewness * z / 2.0).max(0.0).cbrt();
    let corrected = 6.0 / skewness * (cube - 1.0 + skewness * skewness / 36.0);
    if corrected.abs() > z.abs() { z } else { corrected * f64::from(u8::from(corrected * z > 0.0)) }
}

/// What the moments of a set of groups are made of.
#[derive(Clone, Copy, Default)]
struct Sums {
    groups: f64,
    weight: f64,
    squared: f64,
    mean: f64,
    square: f64,
}

impl Sums {
    fn with(self, w: f64, m: f64) -> Self {
        Self {
            groups: self.groups + 1.0,
            weight: self.weight + w,
            squared: self.squared + w * w,
            mean: self.mean + w * m,
            square: self.square + w * m * m,
        }
    }

    fn without(self, w: f64, m: f64) -> Self {
        Self {
            groups: self.groups - 1.0,
            weight: self.weight - w,
            squared: self.squared - w * w,
            mean: self.mean - w * m,
            square: self.square - w * m * m,
        }
    }

    /// Variance between the groups, beyond that of their rows.
    fn between(&self) -> f64 {
        let q = self.square - self.mean * self.mean / self.weight.max(1e-12);
        let scale = self.weight - self.squared / self.weight.max(1e-12);
        if scale > 1e-12 { ((q - (self.groups - 1.0)) / scale).max(0.0) } else { 0.0 }
    }
}

/// Two-sided p-value of Student's t statistic.
pub fn student_p_value(t: f64, degrees: f64) -> f64 {
    if t.is_nan() {
        return 1.0;
    }
    let x = degrees / (degrees + t * t);
    incomplete_beta(degrees / 2.0, 0.5, x).clamp(0.0, 1.0)
}

/// Regularised incomplete beta function by its continued fraction (Lentz).
fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return f64::from(u8::from(x >= 1.0));
    }
    let front = (ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (1.0 - x).ln()).exp();
    if x < (a + 1.0) / (a + b + 2.0) {
        front * fraction(a, b, x) / a
    } else {
        1.0 - front * fraction(b, a, 1.0 - x) / b
    }
}

fn fraction(a: f64, b: f64, x: f64) -> f64 {
    let nonzero = |v: f64| if v.abs() < 1e-300 { 1e-300 } else { v };
    let (mut c, mut d) = (1.0, 1.0 / nonzero(1.0 - (a + b) * x / (a + 1.0)));
    let mut out = d;
    for m in 1..10_000 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        for term in [even, odd] {
            d = 1.0 / nonzero(1.0 + term * d);
            c = nonzero(1.0 + term / c);
            out *= c * d;
        }
        if (c * d - 1.0).abs() < 1e-14 {
            break;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tables of Student's t.
    #[test]
    fn tails_match_published_values() {
        for (t, degrees) in [(12.706_204_74, 1.0), (2.228_138_85, 10.0), (1.959_966, 1e6)] {
            assert!((student_p_value(t, degrees) - 0.05).abs() < 1e-5, "{t}");
        }
        assert_eq!(student_p_value(0.0, 5.0), 1.0);
    }

    #[test]
    fn one_of_many_alike_groups_stands_out_and_one_of_many_unlike_does_not() {
        let group = |mean| Group { mean, variance: 0.01, skewness: 0.0 };
        let alike: Vec<Group> = (0..20).map(|i| group(if i == 3 { 0.6 } else { 0.05 * f64::from(i % 3) })).collect();
        let effects = leave_one_out(&alike);
        assert!(effects[3].p_value < 1e-5 && (effects[3].expected - 0.05).abs() < 0.01, "{:?}", effects[3]);
        assert!(effects[4].p_value > 0.05);
        let unlike: Vec<Group> = (0..20).map(|i| group(0.05 * f64::from(i * 7 % 20))).collect();
        assert!(leave_one_out(&unlike).iter().all(|e| e.p_value > 0.05));
    }

    /// A count of 9 where 2 are usual is five deviations away, but its Poisson probability is 0.00024.
    #[test]
    fn rare_things_are_not_overrated() {
        let p = student_p_value(unskewed(7.0 / 2f64.sqrt(), 0.5f64.sqrt()), 1e9) / 2.0;
        assert!((0.000_1..0.000_5).contains(&p), "{p}");
        assert_eq!(unskewed(-4.0, 0.5), -4.0);
        assert_eq!(unskewed(4.0, 0.0), 4.0);
    }

    #[test]
    fn few_groups_say_little() {
        let group = |mean| Group { mean, variance: 1e-4, skewness: 0.0 };
        let two = [group(0.0), group(1.0)];
        assert!(leave_one_out(&two).iter().all(|e| e.p_value == 1.0));
        let three = [two[0], two[0], two[1]];
        assert!(leave_one_out(&three)[2].p_value > 1e-4);
    }
}
