//! Each group of rows against the others, in everything that is measured of rows.

use taster_stats::{
    effects::{Effect, Group, leave_one_out},
    gaussian::Gaussian,
    math::median,
    two_sample::{chi_squared_tail, normal_p_value},
};

use super::{
    groups::Groups,
    means::{means, means_given},
    measures::Measures,
};

/// Families of tests: contradicted labels, label rates, single features, all features, copies, volume.
const FAMILIES: f64 = 6.0;
/// Groups needed to say what is usual of all features together, and of sizes.
const MANY_GROUPS: usize = 8;

/// In what a group differs from the others.
pub struct Difference {
    /// Kebab-case name of what was measured.
    pub measure: &'static str,
    /// The same for people, with names and numbers.
    pub text: String,
    /// Column concerned, by index.
    pub column: Option<usize>,
    /// What is there and what the other groups let expect.
    pub here: f64,
    pub expected: f64,
    /// Share of the group's rows that it would take to make the difference, about; in [0, 1].
    pub share: f64,
    /// P-value, corrected for the tests of its family in this group.
    pub p_value: f64,
    /// Whether it is large enough to matter.
    pub matters: bool,
}

/// A group and how it differs.
pub struct Judged {
    /// Index in [`Groups::names`].
    pub group: usize,
    /// The smallest p-value of all families, corrected for these.
    pub p_value: f64,
    /// The same of differences that are large enough.
    pub marked: f64,
    /// Differences, the surest first.
    pub differences: Vec<Difference>,
}

/// All groups, the oddest first.
pub fn ranked(groups: &Groups, measures: &Measures, names: &dyn Fn(usize) -> String) -> Vec<Judged> {
    let mut found: Vec<Vec<Difference>> = groups.names.iter().map(|_| Vec::new()).collect();
    contradictions(groups, measures, &mut found);
    rates(groups, measures, &mut found);
    single_features(groups, measures, names, &mut found);
    if groups.names.len() >= MANY_GROUPS {
        all_features(groups, measures, &mut found);
        volume(groups, &mut found);
    }
    copies(groups, measures, &mut found);
    let mut judged: Vec<Judged> =
        found.into_iter().enumerate().map(|(group, found)| Judged::of(group, found)).collect();
    let surest = |j: &Judged| j.differences.first().map_or(0.0, |d| d.share);
    judged.sort_by(|a, b| a.p_value.total_cmp(&b.p_value).then(surest(b).total_cmp(&surest(a))));
    judged
}

impl Judged {
    fn of(group: usize, mut differences: Vec<Difference>) -> Self {
        differences.sort_by(|a, b| a.p_value.total_cmp(&b.p_value));
        let least = |all: &mut dyn Iterator<Item = &Difference>| {
            (all.map(|d| d.p_value).fold(1.0, f64::min) * FAMILIES).min(1.0)
        };
        let p_value = least(&mut differences.iter());
        let marked = least(&mut differences.iter().filter(|d| d.matters));
        Self { group, p_value, marked, differences }
    }
}

fn upper(effect: &Effect) -> f64 {
    if effect.z > 0.0 { effect.p_value / 2.0 } else { 1.0 }
}

/// Labels contradict the features, and not only because the group has labels that are often contradicted, or features
/// that are: both ways of expecting must agree.
fn contradictions(groups: &Groups, measures: &Measures, found: &mut [Vec<Difference>]) {
    let Some(labels) = &measures.labels else { return };
    let of = |values: &[f64]| leave_one_out(&means_given(groups, values, &labels.contradiction_variance));
    let (by_features, within_class) = (of(&labels.contradicted), of(&labels.within_class));
    for (g, (a, b)) in by_features.iter().zip(&within_class).enumerate() {
        let weaker = if upper(a) > upper(b) { a } else { b };
        let share = a.shrunk.min(b.shrunk).clamp(0.0, 1.0);
        found[g].push(Difference {
            measure: "contradicted-labels",
            text: format!("{:.1} % more of its labels contradict their features than in the others", 100.0 * share),
            column: Some(labels.column),
            here: weaker.expected + share,
            expected: weaker.expected,
            share,
            p_value: upper(weaker),
            matters: share >= 0.05,
        });
    }
}

fn rates(groups: &Groups, measures: &Measures, found: &mut [Vec<Difference>]) {
    let Some(labels) = &measures.labels else { return };
    let tests = labels.names.len() as f64;
    for (class, name) in labels.names.iter().enumerate() {
        let has = labels.classes.iter().map(|c| c.map_or(f64::NAN, |c| f64::from(u8::from(c == class))));
        let shares = means(groups, has);
        let effects = leave_one_out(&means_given(groups, &labels.surplus[class], &labels.variance[class]));
        for (g, effect) in effects.iter().enumerate() {
            let (here, expected) = (shares[g].mean, (shares[g].mean - effect.shrunk).clamp(0.0, 1.0));
            found[g].push(Difference {
                measure: "label-rate",
                text: format!(
                    "label `{name}` in {:.1} % of its rows, {:.1} % expected by their features",
                    100.0 * here,
                    100.0 * expected
                ),
                column: Some(labels.column),
                here,
                expected,
                share: effect.shrunk.abs().min(1.0),
                p_value: (effect.p_value * tests).min(1.0),
                matters: effect.shrunk.abs() >= 0.05,
            });
        }
    }
}

fn single_features(
    groups: &Groups,
    measures: &Measures,
    names: &dyn Fn(usize) -> String,
    found: &mut [Vec<Difference>],
) {
    let tests = measures.features.all.len() as f64;
    for feature in &measures.features.all {
        let effects = leave_one_out(&means(groups, feature.scaled.iter().map(|&v| f64::from(v))));
        let raw = means(groups, feature.raw.iter().copied());
        let rows = |g: usize| groups.sizes[g] as f64;
        let all: f64 = raw.iter().enumerate().map(|(g, r)| r.mean * rows(g)).sum();
        let of: f64 = (0..raw.len()).map(rows).sum();
        for (g, effect) in effects.iter().enumerate() {
            let (here, expected) = (raw[g].mean, (all - raw[g].mean * rows(g)) / (of - rows(g)).max(1.0));
            let subject = [format!("`{}`", names(feature.column)), feature.what.clone()].join(" ");
            let text = if feature.is_share {
                format!("{} in {:.1} % of its rows, {:.1} % in others", subject.trim(), 100.0 * here, 100.0 * expected)
            } else {
                let subject = subject.trim();
                format!("mean of {subject} {here:.4}, {expected:.4} in others: {:+.2} deviations", effect.shrunk)
            };
            found[g].push(Difference {
                measure: "feature",
                text,
                column: Some(feature.column),
                here,
                expected,
                share: overlap_missing(effect.shrunk),
                p_value: (effect.p_value * tests).min(1.0),
                matters: effect.shrunk.abs() >= 0.25,
            });
        }
    }
}

/// The distance of the group's mean from that of all, in all features at once and with their correlations, against what
/// is usual of the other groups.
fn all_features(groups: &Groups, measures: &Measures, found: &mut [Vec<Difference>]) {
    let columns: Vec<Vec<f32>> = measures.features.all.iter().map(|f| f.scaled.clone()).collect();
    if columns.len() < 2 {
        return;
    }
    let rows: Vec<u32> = (0..groups.of.len() as u32).filter(|&r| groups.of[r as usize].is_some()).collect();
    let model = Gaussian::fit(&columns, &rows);
    let centres: Vec<Vec<f32>> = columns
        .iter()
        .map(|c| means(groups, c.iter().map(|&v| f64::from(v))).iter().map(|g| g.mean as f32).collect())
        .collect();
    let mut squared = vec![0.0f32; groups.names.len()];
    model.squared_distances(&centres, &mut squared);
    let mut of_rows = vec![0.0f32; groups.of.len()];
    model.squared_distances(&columns, &mut of_rows);
    // Mardia's (1970) kurtosis, less that of a normal distribution: by it the statistic wavers more in small groups.
    let kurtosis = rows.iter().map(|&r| f64::from(of_rows[r as usize]).powi(2)).sum::<f64>() / rows.len().max(1) as f64;
    let excess = (kurtosis - (columns.len() * (columns.len() + 2)) as f64).max(0.0);
    let size = |g: usize| groups.sizes[g] as f64;
    let statistics: Vec<f64> = squared.iter().enumerate().map(|(g, &d)| f64::from(d) * size(g)).collect();
    let degrees = columns.len() as f64;
    for g in 0..groups.names.len() {
        let others = || (0..groups.names.len()).filter(|&o| o != g);
        let usual = median(others().map(|o| statistics[o]).collect()) + 2.0 / 3.0;
        let beyond = median(others().map(|o| (statistics[o] / degrees - 1.0) / size(o)).collect()).max(0.0);
        let degrees = degrees.min(usual).max(1.0);
        let statistic = statistics[g] / (1.0 + size(g) * beyond);
        let distance = ((statistic - degrees).max(0.0) / size(g)).sqrt();
        found[g].push(Difference {
            measure: "all-features",
            text: format!("all features together {distance:.2} deviations from the others"),
            column: None,
            here: distance,
            expected: 0.0,
            share: overlap_missing(distance),
            p_value: gamma_tail(statistic, degrees, 2.0 * degrees + excess / size(g)),
            matters: distance >= 0.25,
        });
    }
}

/// Probability that a gamma variable of this mean and variance exceeds `x`.
fn gamma_tail(x: f64, mean: f64, variance: f64) -> f64 {
    chi_squared_tail(2.0 * x * mean / variance, 2.0 * mean * mean / variance)
}

/// Share of a normal distribution that does not overlap with one whose mean is so many deviations away.
fn overlap_missing(deviations: f64) -> f64 {
    1.0 - normal_p_value(deviations / 2.0)
}

fn copies(groups: &Groups, measures: &Measures, found: &mut [Vec<Difference>]) {
    let effects = leave_one_out(&means(groups, measures.copies.iter().copied()));
    for (g, effect) in effects.iter().enumerate() {
        let share = effect.shrunk.clamp(0.0, 1.0);
        found[g].push(Difference {
            measure: "copies",
            text: format!(
                "{:.1} % of its rows have the features of another row, {:.1} % expected",
                100.0 * (effect.expected + share),
                100.0 * effect.expected
            ),
            column: None,
            here: effect.expected + share,
            expected: effect.expected,
            share,
            p_value: upper(effect),
            matters: share >= 0.1,
        });
    }
}

/// Sizes differ by factors, so their logarithms are compared, and only among themselves.
fn volume(groups: &Groups, found: &mut [Vec<Difference>]) {
    let logs: Vec<Group> = groups
        .sizes
        .iter()
        .map(|&n| Group { mean: (n as f64).ln(), variance: 1.0 / n as f64, skewness: 0.0 })
        .collect();
    for (g, effect) in leave_one_out(&logs).iter().enumerate() {
        let (here, expected) = (groups.sizes[g] as f64, effect.expected.exp());
        found[g].push(Difference {
            measure: "volume",
            text: format!("{:.1} times as many rows as expected of one", here / expected.max(1.0)),
            column: None,
            here,
            expected,
            share: (1.0 - expected / here).clamp(0.0, 1.0),
            p_value: upper(effect),
            matters: here >= 3.0 * expected,
        });
    }
}
