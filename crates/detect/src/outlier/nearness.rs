//! How far a row is from others like it.

use taster_stats::neighbours::{Metric, References};

use super::standard::log_distance;

/// Shares of the rows whose distance counts: from the nearest to a tenth of all.
const SHARES: [f64; 4] = [0.0, 0.01, 0.05, 0.1];
/// The nearest neighbours that always count.
const NEAREST: f64 = 10.0;
/// Rows that the smallest distance told apart from 0 is learnt from.
const CALIBRATED: usize = 512;

/// Mean log distance to neighbours near and not so near, so that both lone rows and small clumps are far.
pub struct Nearness {
    references: References,
    ranks: [usize; SHARES.len()],
    /// Smallest distance that is told apart from 0, for each rank.
    floors: [f32; SHARES.len()],
}

impl Nearness {
    /// Measures to `references` (row by row), which stand for `rows` rows.
    pub fn fit(references: &[f32], width: usize, metric: Metric, rows: usize) -> Self {
        let points = references;
        let references = References::with_metric(points, width, metric);
        let nearest = NEAREST / rows.max(1) as f64;
        let count = references.len();
        let ranks = SHARES.map(|share| ((share.max(nearest) * count as f64) as usize).clamp(1, count.max(1)));
        let mut model = Self { references, ranks, floors: [0.0; SHARES.len()] };
        let distances = model.distances(&points[..points.len().min(CALIBRATED * width)], width);
        model.floors = std::array::from_fn(|rank| floor(distances.iter().map(|d| d[rank])));
        model
    }

    /// Of each of some points, row by row. Not finite where there is nothing to measure to.
    pub fn of(&self, points: &[f32], width: usize) -> Vec<f64> {
        let mean = |distances: &[f32; SHARES.len()]| {
            let logs = distances.iter().zip(&self.floors).map(|(&d, &floor)| log_distance(d, floor));
            logs.sum::<f64>() / SHARES.len() as f64
        };
        self.distances(points, width).iter().map(mean).collect()
    }

    fn distances(&self, points: &[f32], width: usize) -> Vec<[f32; SHARES.len()]> {
        let mut buffer = Vec::new();
        let of_point = |point: &[f32]| {
            let mut near = [0.0; SHARES.len()];
            self.references.nearest(point, &self.ranks, &mut buffer, &mut near);
            near
        };
        points.chunks_exact(width.max(1)).map(of_point).collect()
    }
}

/// A millionth of the median.
fn floor(distances: impl Iterator<Item = f32>) -> f32 {
    let mut sorted: Vec<f32> = distances.filter(|d| d.is_finite()).collect();
    sorted.sort_unstable_by(f32::total_cmp);
    sorted.get(sorted.len() / 2).map_or(1e-12, |median| median * 1e-6 + 1e-12)
}
