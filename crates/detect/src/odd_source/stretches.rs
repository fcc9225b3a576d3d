//! Rows in the order of the data, or of time: the stretch that differs from the rest, and where it begins.

use taster_stats::effects::{student_p_value, unskewed};

use super::measures::{Labels, Measures, centred};

/// Stretches the rows are cut into, at most and at least, and rows of one.
const MOST: usize = 40;
const FEWEST: usize = 10;
const ROWS: usize = 100;

/// Differences that matter: of labels and copies in shares of rows, of features in deviations, where real data is often
/// sorted by something that only touches some rows.
const LEAST_SHARE: f64 = 0.05;
const LEAST_IN_TIME: f64 = 0.3;
const LEAST_IN_ORDER: f64 = 1.0;

/// A run of rows that differs from the others.
pub struct Stretch {
    /// First row and the one after the last, in the order looked at.
    pub rows: (usize, usize),
    /// Kebab-case name of what was measured.
    pub measure: &'static str,
    /// Index of the feature in [`crate::features::Features::all`].
    pub feature: Option<usize>,
    /// Difference of means, in shares of rows or in deviations.
    pub difference: f64,
    /// Share of the rows that it would take to make the difference, about.
    pub share: f64,
    /// P-value, corrected for all stretches and measures.
    pub p_value: f64,
    /// Means of the equal parts that the rows were cut into.
    pub parts: Vec<f64>,
    /// The first of the parts that are the stretch, and the one after the last.
    pub odd: (usize, usize),
}

/// The stretch of the rows in this `order` that differs most, if it is larger than chance and the wavering of the others
/// explain. `steady` asks that the others do not waver: where they do, the data is sorted by something.
pub fn odd(measures: &Measures, order: &[usize], steady: bool) -> Option<Stretch> {
    let parts = (order.len() / ROWS).min(MOST);
    if parts < FEWEST {
        return None;
    }
    let of_features = Scan { order, parts, longest: parts / 4, steady: true };
    // Features of honest data follow the seasons, labels given features hardly do.
    let scan = if steady { of_features } else { Scan { longest: parts / 2, steady, ..of_features } };
    let labels = measures.labels.as_ref();
    let mut all: Vec<Stretch> = Vec::new();
    if let Some(labels) = labels {
        // Both ways of expecting must agree on the stretch, as in groups.
        let by_features = scan.best("contradicted-labels", None, &labels.contradicted);
        let within = by_features.as_ref().and_then(|s| scan.at(s, &labels.within_class));
        all.extend(by_features.zip(within).filter(|(s, z)| s.difference > 0.0 && *z >= 4.0).map(|(s, _)| s));
    }
    all.extend(scan.best("copies", None, &measures.copies).filter(|s| s.difference > 0.0));
    for (i, feature) in measures.features.all.iter().enumerate() {
        let values: Vec<f64> = feature.scaled.iter().map(|&v| f64::from(v)).collect();
        let values = labels.map_or_else(|| values.clone(), |l| given_label(&values, l));
        all.extend(of_features.best("feature", Some(i), &values));
    }
    let measured = measures.features.all.len() as f64 + 2.0;
    let least = |s: &Stretch| s.feature.map_or(LEAST_SHARE, |_| if steady { LEAST_IN_ORDER } else { LEAST_IN_TIME });
    all.retain(|s| s.difference.abs() >= least(s));
    let mut best = all.into_iter().min_by(|a, b| a.p_value.total_cmp(&b.p_value))?;
    best.p_value = (best.p_value * measured).min(1.0);
    Some(best)
}

fn given_label(values: &[f64], labels: &Labels) -> Vec<f64> {
    centred(values, &labels.classes, labels.names.len() + 1)
}

#[derive(Clone, Copy)]
struct Scan<'a> {
    order: &'a [usize],
    parts: usize,
    /// Parts that can be odd at most.
    longest: usize,
    steady: bool,
}

/// Sums of one measure over the parts.
struct Sums {
    means: Vec<f64>,
    /// Variance of a part's mean that rows alone explain.
    variance: f64,
    /// Skewness of a part's mean.
    skewness: f64,
}

impl Scan<'_> {
    fn sums(&self, values: &[f64]) -> Option<Sums> {
        let (mut means, mut within, mut cubes, mut rows) = (Vec::new(), 0.0, 0.0, 0.0);
        for part in 0..self.parts {
            let known: Vec<f64> = self.rows(part, part + 1).map(|r| values[r]).filter(|v| !v.is_nan()).collect();
            let n = known.len() as f64;
            if n < 2.0 {
                return None;
            }
            let mean = known.iter().sum::<f64>() / n;
            within += known.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
            cubes += known.iter().map(|v| (v - mean).powi(3)).sum::<f64>();
            rows += n;
            means.push(mean);
        }
        let (each, deviation) = (rows / self.parts as f64, (within / rows).sqrt().max(1e-9));
        let skewness = cubes / rows / deviation.powi(3) / each.sqrt();
        Some(Sums { means, variance: (deviation * deviation / each).max(1e-12), skewness })
    }

    fn edge(&self, part: usize) -> usize {
        part * self.order.len() / self.parts
    }

    fn rows(&self, from: usize, to: usize) -> impl Iterator<Item = usize> + '_ {
        self.order[self.edge(from)..self.edge(to)].iter().copied()
    }

    fn best(&self, measure: &'static str, feature: Option<usize>, values: &[f64]) -> Option<Stretch> {
        let sums = self.sums(values)?;
        let mut tried = 0.0;
        let mut best: Option<(f64, usize, usize)> = None;
        for from in 0..self.parts {
            for to in from + 1..=(from + self.longest).min(self.parts) {
                tried += 1.0;
                let z = sums.difference(from, to)
                    / (1.0 / (to - from) as f64 + 1.0 / (self.parts - to + from) as f64).sqrt();
                if best.is_none_or(|(most, ..)| z.abs() > f64::abs(most)) {
                    best = Some((z, from, to));
                }
            }
        }
        let (_, from, to) = best?;
        let z = sums.z(from, to, self.steady)?;
        let difference = sums.difference(from, to);
        let share = if feature.is_some() {
            1.0 - taster_stats::two_sample::normal_p_value(difference / 2.0)
        } else {
            difference
        };
        Some(Stretch {
            rows: (self.edge(from), self.edge(to)),
            measure,
            feature,
            difference,
            share: share.clamp(0.0, 1.0),
            p_value: (student_p_value(z, self.parts as f64 - 3.0) * tried).min(1.0),
            parts: sums.means,
            odd: (from, to),
        })
    }

    /// Standard errors by which another measure differs in a stretch.
    fn at(&self, stretch: &Stretch, values: &[f64]) -> Option<f64> {
        self.sums(values)?.z(stretch.odd.0, stretch.odd.1, self.steady)
    }
}

impl Sums {
    fn difference(&self, from: usize, to: usize) -> f64 {
        let inside = self.means[from..to].iter().sum::<f64>();
        let outside = self.means.iter().sum::<f64>() - inside;
        inside / (to - from) as f64 - outside / (self.means.len() - to + from) as f64
    }

    /// Standard errors by which a stretch differs; those come of the rows, or of how the other parts waver where that is
    /// more, with their likeness to their neighbours. `None` where they may not waver.
    fn z(&self, from: usize, to: usize, steady: bool) -> Option<f64> {
        let others: Vec<f64> = self.means[..from].iter().chain(&self.means[to..]).copied().collect();
        let n = others.len() as f64;
        let mean = others.iter().sum::<f64>() / n;
        let variance = others.iter().map(|m| (m - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
        let neighbours = others.windows(2).map(|w| (w[0] - mean) * (w[1] - mean)).sum::<f64>() / n;
        let alike = (neighbours / variance.max(1e-12)).clamp(0.0, 0.9);
        if steady && (variance > 2.0 * self.variance || alike > 0.5) {
            return None;
        }
        let noise = self.variance.max(variance * (1.0 + alike) / (1.0 - alike));
        let sizes = 1.0 / (to - from) as f64 + 1.0 / n;
        let z = self.difference(from, to) / (noise * sizes).sqrt();
        Some(unskewed(z, self.skewness / ((to - from) as f64).sqrt()))
    }
}
