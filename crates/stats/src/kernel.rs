//! Out-of-fold kernel least squares: a smooth classifier that sees what trees see in steps.
//!
//! Rows are compared with a few hundred landmarks (Nystroem's method: Williams and Seeger 2001) and the classes' indicators
//! are regressed on those similarities and, linearly, on the coordinates themselves (Rifkin and Klautau 2004 on why
//! regression classifies well). Each fold's rows are judged by weights fitted without them; products are summed once for each
//! fold, so leaving one out costs one solution of a small system.

use crate::{
    math::{exp, mix},
    moments::{Moments, Penalty},
    neighbours::References,
    vectorised::vectorised,
};

/// Rows that width and penalty are chosen on, and the landmarks used for that.
const TRIAL: (usize, usize) = (2500, 150);
const LANDMARKS: usize = 300;
/// Widths tried, in units of the median squared distance, and penalties.
const WIDTHS: [f32; 2] = [0.3, 1.0];
const PENALTIES: [f64; 3] = [0.01, 0.1, 1.0];
/// Rows that the median distance is taken of.
const MEDIAN_ROWS: usize = 400;

/// Scores of classes, for each fold fitted on the other folds.
#[derive(Clone, Debug)]
pub struct KernelClassifier {
    similarity: Similarity,
    classes: usize,
    /// For each fold, `[feature * classes + class]`.
    weights: Vec<Vec<f32>>,
}

/// Rows for a fit: points row by row, and for each its class and its fold.
#[derive(Clone, Copy, Debug)]
pub struct Labelled<'a> {
    /// `dim` finite numbers a row.
    pub points: &'a [f32],
    /// Coordinates of a point.
    pub dim: usize,
    /// Class of each row, below `classes`.
    pub labels: &'a [u32],
    /// Number of classes.
    pub classes: usize,
    /// Fold of each row, below `fold_count`.
    pub folds: &'a [usize],
    /// Number of folds.
    pub fold_count: usize,
}

impl KernelClassifier {
    /// Fits one set of weights for each fold. Width and penalty are those with the smallest out-of-fold error on some of
    /// the rows.
    pub fn fit(rows: Labelled<'_>, seed: u64) -> Self {
        let trial = Trial::draw(rows, seed);
        let (width, penalty) = trial.best(seed);
        let similarity = Similarity::fit(rows.points, rows.dim, LANDMARKS, width, seed);
        let features = similarity.features(rows.points);
        let weights = solve(&features, &similarity, rows, &[penalty]).swap_remove(0);
        Self { similarity, classes: rows.classes, weights }
    }

    /// Scores of points, row by row, one for each class: estimates of the classes' indicators, not probabilities.
    pub fn scores(&self, points: &[f32], folds: &[usize]) -> Vec<f32> {
        let mut out = Vec::with_capacity(folds.len() * self.classes);
        let step = 256;
        for (points, folds) in points.chunks(step * self.similarity.dim.max(1)).zip(folds.chunks(step)) {
            let features = self.similarity.features(points);
            out.extend(apply(&features, self.similarity.size(), &self.weights, folds, self.classes));
        }
        out
    }
}

/// Some of the rows, to try widths and penalties on.
struct Trial<'a> {
    rows: Labelled<'a>,
    chosen: Vec<usize>,
}

impl<'a> Trial<'a> {
    fn draw(rows: Labelled<'a>, seed: u64) -> Self {
        let mut chosen: Vec<usize> = (0..rows.labels.len()).collect();
        if chosen.len() > TRIAL.0 {
            chosen.sort_by_cached_key(|&r| mix(seed, r as u64));
            chosen.truncate(TRIAL.0);
            chosen.sort_unstable();
        }
        Self { rows, chosen }
    }

    /// The width and penalty with the smallest squared out-of-fold error.
    fn best(&self, seed: u64) -> (f32, f64) {
        let dim = self.rows.dim;
        let points: Vec<f32> =
            self.chosen.iter().flat_map(|&r| &self.rows.points[r * dim..(r + 1) * dim]).copied().collect();
        let labels: Vec<u32> = self.chosen.iter().map(|&r| self.rows.labels[r]).collect();
        let folds: Vec<usize> = self.chosen.iter().map(|&r| self.rows.folds[r]).collect();
        let rows = Labelled { points: &points, labels: &labels, folds: &folds, ..self.rows };
        let mut best = (f64::INFINITY, WIDTHS[0], PENALTIES[0]);
        for width in WIDTHS {
            let similarity = Similarity::fit(&points, dim, TRIAL.1, width, seed);
            let features = similarity.features(&points);
            for (weights, penalty) in solve(&features, &similarity, rows, &PENALTIES).iter().zip(PENALTIES) {
                let scores = apply(&features, similarity.size(), weights, &folds, rows.classes);
                let error = squared_error(&scores, &labels, rows.classes);
                if error < best.0 {
                    best = (error, width, penalty);
                }
            }
        }
        (best.1, best.2)
    }
}

fn squared_error(scores: &[f32], labels: &[u32], classes: usize) -> f64 {
    let row = |(scores, &label): (&[f32], &u32)| {
        let whole: f32 = scores.iter().map(|s| s * s).sum();
        f64::from(whole - 2.0 * scores[label as usize])
    };
    scores.chunks_exact(classes).zip(labels).map(row).sum()
}

/// Weights for each penalty and fold.
fn solve(features: &[f32], similarity: &Similarity, rows: Labelled<'_>, penalties: &[f64]) -> Vec<Vec<Vec<f32>>> {
    let size = similarity.size();
    let parts: Vec<Moments> = (0..rows.fold_count)
        .map(|fold| {
            let members = (0..rows.labels.len()).filter(|&r| rows.folds[r] == fold);
            Moments::of(features, size, rows.labels, rows.classes, members)
        })
        .collect();
    let shape = similarity.penalty();
    let mut weights = vec![Vec::with_capacity(rows.fold_count); penalties.len()];
    for fold in 0..rows.fold_count {
        // Summed anew, not taken from a total: what a fold holds must not reach it even by rounding.
        let mut others = Moments::zero(size, rows.classes);
        parts.iter().enumerate().filter(|&(part, _)| part != fold).for_each(|(_, part)| others.add(part));
        for (weights, &penalty) in weights.iter_mut().zip(penalties) {
            weights.push(others.clone().solve(&shape, penalty));
        }
    }
    weights
}

vectorised! {
    /// Each row's features times its fold's weights, feature by feature in order.
    fn apply<'a>(
        features: &'a [f32],
        size: usize,
        weights: &'a [Vec<f32>],
        folds: &'a [usize],
        classes: usize,
    ) -> Vec<f32> {
        let mut out = vec![0.0; folds.len() * classes];
        for ((row, out), &fold) in features.chunks_exact(size).zip(out.chunks_exact_mut(classes)).zip(folds) {
            for (&feature, weights) in row.iter().zip(weights[fold].chunks_exact(classes)) {
                for (o, w) in out.iter_mut().zip(weights) {
                    *o += feature * w;
                }
            }
        }
        out
    }
}

vectorised! {
    /// From squared distances to similarities.
    fn similarities<'a>(distances: &'a mut [f32], rate: f32) -> () {
        for distance in distances {
            *distance = exp(-rate * *distance);
        }
    }
}

/// Gaussian similarities to landmarks, the coordinates, and a constant.
#[derive(Clone, Debug)]
struct Similarity {
    dim: usize,
    points: Vec<f32>,
    landmarks: References,
    /// Factor of the squared distance in the exponent.
    rate: f32,
    /// Factor of the coordinates, so that all of them together weigh no more than a similarity.
    linear: f32,
}

impl Similarity {
    fn fit(points: &[f32], dim: usize, landmarks: usize, width: f32, seed: u64) -> Self {
        let count = points.len().checked_div(dim).unwrap_or(0);
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by_cached_key(|&r| mix(seed ^ 1, r as u64));
        let pick = |rows: &[usize]| -> Vec<f32> {
            rows.iter().flat_map(|&r| &points[r * dim..(r + 1) * dim]).copied().collect()
        };
        let chosen = pick(&order[..landmarks.min(count)]);
        let landmarks = References::new(&chosen, dim);
        let mut distances = Vec::new();
        landmarks.squared_distances(&pick(&order[..MEDIAN_ROWS.min(count)]), &mut distances);
        let middle = distances.len() / 2;
        let median =
            if distances.is_empty() { 1.0 } else { *distances.select_nth_unstable_by(middle, f32::total_cmp).1 };
        let rate = if median > 0.0 && median.is_finite() { 1.0 / (width * median) } else { 0.0 };
        Self { dim, points: chosen, landmarks, rate, linear: 0.5 / (dim.max(1) as f32).sqrt() }
    }

    /// Features of a point.
    fn size(&self) -> usize {
        self.landmarks.len() + self.dim + 1
    }

    fn features(&self, points: &[f32]) -> Vec<f32> {
        let mut distances = Vec::new();
        self.landmarks.squared_distances(points, &mut distances);
        similarities(&mut distances, self.rate);
        let count = self.landmarks.len();
        let mut out = Vec::with_capacity(points.len().checked_div(self.dim).unwrap_or(0) * self.size());
        for (point, near) in points.chunks_exact(self.dim.max(1)).zip(distances.chunks_exact(count.max(1))) {
            out.extend_from_slice(near);
            out.extend(point.iter().map(|x| x * self.linear));
            out.push(1.0);
        }
        out
    }

    /// The squared norm of the fitted function: similarities by their own kernel, coordinates each by itself.
    fn penalty(&self) -> Penalty {
        let (count, size) = (self.landmarks.len(), self.size());
        let mut distances = Vec::new();
        self.landmarks.squared_distances(&self.points, &mut distances);
        let mut square = vec![0.0; size * size];
        for (row, near) in distances.chunks_exact(count.max(1)).enumerate() {
            for (column, &d) in near.iter().enumerate() {
                square[row * size + column] = f64::from(exp(-self.rate * d));
            }
        }
        (count..size).for_each(|i| square[i * size + i] = 1.0);
        Penalty { square, size }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spiral(count: usize) -> (Vec<f32>, Vec<u32>, Vec<usize>) {
        let at = |i: usize| mix(3, i as u64) as f32 / u64::MAX as f32;
        let points = (0..count).flat_map(|i| {
            let (t, turn) = (at(i) * 3.0 + 0.5, (i % 3) as f32 * 2.1);
            [t * (2.0 * t + turn).cos(), t * (2.0 * t + turn).sin()]
        });
        (points.collect(), (0..count).map(|i| (i % 3) as u32).collect(), (0..count).map(|i| i / 3 % 5).collect())
    }

    #[test]
    fn learns_a_spiral_out_of_fold() {
        let (points, labels, folds) = spiral(900);
        let rows = Labelled { points: &points, dim: 2, labels: &labels, classes: 3, folds: &folds, fold_count: 5 };
        let scores = KernelClassifier::fit(rows, 1).scores(&points, &folds);
        let top = |row: &[f32]| row.iter().zip(0_u32..).max_by(|a, b| a.0.total_cmp(b.0)).map(|best| best.1);
        let right = scores.chunks(3).zip(&labels).filter(|(row, label)| top(row) == Some(**label)).count();
        assert!(right > 850, "{right}");
    }

    #[test]
    fn a_label_does_not_reach_its_own_fold() {
        let (points, mut labels, folds) = spiral(300);
        let fit = |labels: &[u32]| {
            let rows = Labelled { points: &points, dim: 2, labels, classes: 3, folds: &folds, fold_count: 5 };
            solve(
                &Similarity::fit(&points, 2, 50, 0.3, 1).features(&points),
                &Similarity::fit(&points, 2, 50, 0.3, 1),
                rows,
                &[0.1],
            )
        };
        let before = fit(&labels);
        labels[0] = 1;
        let after = fit(&labels);
        let difference =
            |fold: usize| before[0][fold].iter().zip(&after[0][fold]).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(difference(0) == 0.0 && difference(1) > 1e-3, "{} {}", difference(0), difference(1));
    }

    #[test]
    fn rows_are_scored_alike_in_any_company() {
        let (points, labels, folds) = spiral(600);
        let rows = Labelled { points: &points, dim: 2, labels: &labels, classes: 3, folds: &folds, fold_count: 5 };
        let model = KernelClassifier::fit(rows, 1);
        let all = model.scores(&points, &folds);
        for r in [0, 299, 300, 599] {
            assert_eq!(model.scores(&points[2 * r..2 * r + 2], &folds[r..=r]), all[3 * r..3 * r + 3]);
        }
    }
}
