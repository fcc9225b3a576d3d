//! Lloyd's k-means on a subsample: a quick partition of points into compact regions.
//!
//! ```
//! use taster_stats::kmeans::Kmeans;
//!
//! let points = [0.0, 0.1, 0.2, 9.0, 9.1, 9.2];
//! let model = Kmeans::fit(&points, 1, 2, 7);
//! let cluster = model.assign(&points);
//! assert_eq!((cluster[0], cluster[3]), (cluster[2], cluster[5]));
//! assert_ne!(cluster[0], cluster[3]);
//! ```

use crate::{math::mix, neighbours::References};

/// Points that centres are fitted on.
const FITTED: usize = 3000;
const ROUNDS: usize = 8;

/// Centres of clusters.
#[derive(Clone, Debug, Default)]
pub struct Kmeans {
    dim: usize,
    centres: References,
}

impl Kmeans {
    /// Fits at most `clusters` centres to finite points given row by row. Centres start at random points, each drawn with
    /// a probability that grows with its distance to those before (Arthur and Vassilvitskii 2007, "k-means++").
    pub fn fit(points: &[f32], dim: usize, clusters: usize, seed: u64) -> Self {
        let points = subsample(points, dim, seed);
        let mut centres = seeds(&points, dim, clusters, seed);
        for _ in 0..ROUNDS {
            let model = Self { dim, centres: References::new(&centres, dim) };
            move_to_means(&mut centres, &points, dim, &model.assign(&points));
        }
        Self { dim, centres: References::new(&centres, dim) }
    }

    /// Number of clusters.
    pub fn clusters(&self) -> usize {
        self.centres.len()
    }

    /// The cluster of each point: that of the nearest centre, the first of equals. 0 where there is none.
    pub fn assign(&self, points: &[f32]) -> Vec<u32> {
        let mut distances = Vec::new();
        let mut out = Vec::with_capacity(points.len().checked_div(self.dim).unwrap_or(0));
        for block in points.chunks(256 * self.dim.max(1)) {
            self.centres.squared_distances(block, &mut distances);
            out.extend(distances.chunks_exact(self.clusters().max(1)).map(nearest));
        }
        out
    }
}

fn nearest(distances: &[f32]) -> u32 {
    let mut best = (f32::INFINITY, 0);
    for (&distance, cluster) in distances.iter().zip(0_u32..) {
        if distance < best.0 {
            best = (distance, cluster);
        }
    }
    best.1
}

/// At most [`FITTED`] random points.
fn subsample(points: &[f32], dim: usize, seed: u64) -> Vec<f32> {
    let count = points.len().checked_div(dim).unwrap_or(0);
    if count <= FITTED {
        return points.to_vec();
    }
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_cached_key(|&i| mix(seed, i as u64));
    order[..FITTED].iter().flat_map(|&i| &points[i * dim..(i + 1) * dim]).copied().collect()
}

fn seeds(points: &[f32], dim: usize, clusters: usize, seed: u64) -> Vec<f32> {
    let count = points.len().checked_div(dim).unwrap_or(0);
    let mut centres = Vec::new();
    let mut distances = vec![f32::INFINITY; count];
    let mut to_new = Vec::new();
    for step in 0..clusters.min(count) {
        let chosen =
            if step == 0 { (mix(seed, 0) % count as u64) as usize } else { draw(&distances, mix(seed, step as u64)) };
        let centre = &points[chosen * dim..(chosen + 1) * dim];
        if distances[chosen] == 0.0 {
            break; // every point is a centre already
        }
        centres.extend_from_slice(centre);
        References::new(centre, dim).squared_distances(points, &mut to_new);
        distances.iter_mut().zip(&to_new).for_each(|(d, &new)| *d = d.min(new));
    }
    centres
}

/// Draws an index with a probability in proportion to its weight.
fn draw(weights: &[f32], random: u64) -> usize {
    let total: f64 = weights.iter().map(|&w| f64::from(w)).sum();
    let mut left = total * (random as f64 / u64::MAX as f64);
    let reached = weights.iter().position(|&w| {
        left -= f64::from(w);
        left <= 0.0 && w > 0.0
    });
    reached.or_else(|| weights.iter().rposition(|&w| w > 0.0)).unwrap_or(0)
}

/// Moves each centre to the mean of its points; one without points stays.
fn move_to_means(centres: &mut [f32], points: &[f32], dim: usize, clusters: &[u32]) {
    let mut sums = vec![0.0_f64; centres.len()];
    let mut counts = vec![0_u32; centres.len().checked_div(dim).unwrap_or(0)];
    for (point, &cluster) in points.chunks_exact(dim.max(1)).zip(clusters) {
        let at = cluster as usize * dim;
        sums[at..at + dim].iter_mut().zip(point).for_each(|(s, &x)| *s += f64::from(x));
        counts[cluster as usize] += 1;
    }
    for ((centre, sum), &count) in centres.chunks_exact_mut(dim.max(1)).zip(sums.chunks_exact(dim.max(1))).zip(&counts)
    {
        if count > 0 {
            centre.iter_mut().zip(sum).for_each(|(c, s)| *c = (s / f64::from(count)) as f32);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_separate_groups() {
        let points: Vec<f32> = (0..600_u64)
            .flat_map(|i| [(i % 3) as f32 * 10.0 + (mix(1, i) % 100) as f32 / 100.0, (i % 3) as f32])
            .collect();
        let model = Kmeans::fit(&points, 2, 3, 5);
        let clusters = model.assign(&points);
        assert!((0..600).all(|i| clusters[i] == clusters[i % 3]));
        assert_eq!(model.clusters(), 3);
    }

    #[test]
    fn a_point_has_the_same_cluster_in_any_company() {
        let points: Vec<f32> = (0..4000_u64).map(|i| (mix(2, i) % 1000) as f32).collect();
        let model = Kmeans::fit(&points, 4, 7, 5);
        let all = model.assign(&points);
        assert!(points.chunks(4).zip(&all).all(|(p, &c)| model.assign(p) == [c]));
    }

    #[test]
    fn fewer_points_than_clusters() {
        assert_eq!(Kmeans::fit(&[1.0, 1.0, 2.0], 1, 10, 0).clusters(), 2);
        let none = Kmeans::fit(&[], 3, 10, 0);
        assert_eq!((none.clusters(), none.assign(&[])), (0, vec![]));
    }
}
