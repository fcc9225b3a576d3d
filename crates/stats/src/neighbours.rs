//! Distances to a set of reference points, exactly, and the nearest of them.
//!
//! A few hundred references drawn at random keep the order of nearest-neighbour scores almost unchanged (Sugiyama and
//! Borgwardt 2013, "Rapid distance-based outlier detection via sampling"), so no index is needed: every distance is
//! computed, with the references side by side in vector lanes. The arithmetic of a query never depends on other queries.
//!
//! ```
//! use taster_stats::neighbours::References;
//!
//! let references = References::new(&[0.0, 0.0, 3.0, 4.0, 6.0, 8.0], 2);
//! let mut near = vec![0.0; 2];
//! references.nearest(&[0.0, 0.0], &[1, 2], &mut Vec::new(), &mut near);
//! assert_eq!(near, [5.0, 10.0]); // the point itself is not its own neighbour
//! ```

use crate::vectorised::vectorised;

/// References whose distances are computed together.
const LANES: usize = 32;

/// How far apart two points are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Metric {
    /// Length of the straight line.
    #[default]
    Euclidean,
    /// Sum of the differences of all coordinates: one large difference counts no more than many small ones.
    Taxicab,
}

/// Points that distances are measured to.
#[derive(Clone, Debug, Default)]
pub struct References {
    dim: usize,
    len: usize,
    metric: Metric,
    /// Tiles of `LANES` references: for each dimension, that coordinate of all of them.
    tiles: Vec<[f32; LANES]>,
}

impl References {
    /// Takes `points.len() / dim` points, row by row, to measure Euclidean distances to. A point with a coordinate that is
    /// not finite is far from all.
    pub fn new(points: &[f32], dim: usize) -> Self {
        Self::with_metric(points, dim, Metric::Euclidean)
    }

    /// The same for another metric.
    pub fn with_metric(points: &[f32], dim: usize, metric: Metric) -> Self {
        let len = points.len().checked_div(dim).unwrap_or(0);
        let mut tiles = vec![[0.0; LANES]; len.div_ceil(LANES) * dim];
        for (r, point) in points.chunks_exact(dim.max(1)).enumerate() {
            for (j, &x) in point.iter().enumerate() {
                tiles[r / LANES * dim + j][r % LANES] = x;
            }
        }
        Self { dim, len, metric, tiles }
    }

    /// Number of references.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Distances of each query (row by row) to every reference, in their order: `len` numbers a query. Those that are not
    /// Euclidean are not squared. Infinite where not a number.
    pub fn squared_distances(&self, queries: &[f32], out: &mut Vec<f32>) {
        let count = queries.len().checked_div(self.dim).unwrap_or(0);
        out.clear();
        out.resize(count * self.len, f32::INFINITY);
        if out.is_empty() {
            return;
        }
        match self.metric {
            Metric::Euclidean => fill_squared(self, queries, out),
            Metric::Taxicab => fill_taxicab(self, queries, out),
        }
    }

    #[allow(clippy::inline_always)] // so that it is compiled for the vector unit found at run time
    #[inline(always)]
    fn fill(&self, queries: &[f32], out: &mut [f32], add: impl Fn(&mut f32, f32) + Copy) {
        // A tile stays in the cache while all queries pass by.
        for (t, tile) in self.tiles.chunks_exact(self.dim).enumerate() {
            let wanted = LANES.min(self.len - t * LANES);
            for (query, out) in queries.chunks_exact(self.dim).zip(out.chunks_exact_mut(self.len)) {
                let distances = tile_distances(tile, query, add);
                out[t * LANES..t * LANES + wanted].copy_from_slice(&distances[..wanted]);
            }
        }
    }

    /// Distances of `query` to its `ranks`-th nearest references (1 is the nearest; ranks ascending). One reference that
    /// equals the query is taken for the query itself and left out. Fewer references than a rank: the farthest counts.
    pub fn nearest(&self, query: &[f32], ranks: &[usize], buffer: &mut Vec<f32>, out: &mut [f32]) {
        self.squared_distances(query, buffer);
        nearest_of(buffer, ranks, out);
        if self.metric == Metric::Euclidean {
            for distance in out {
                *distance = distance.sqrt();
            }
        }
    }
}

vectorised! {
    fn fill_squared<'a>(references: &'a References, queries: &'a [f32], out: &'a mut [f32]) -> () {
        references.fill(queries, out, |sum, difference| *sum += difference * difference);
    }
}

vectorised! {
    fn fill_taxicab<'a>(references: &'a References, queries: &'a [f32], out: &'a mut [f32]) -> () {
        references.fill(queries, out, |sum, difference| *sum += difference.abs());
    }
}

/// The `ranks`-th smallest (ascending ranks, from 1) of some non-negative numbers, which are reordered. A zero is left
/// out once.
pub fn nearest_of(numbers: &mut [f32], ranks: &[usize], out: &mut [f32]) {
    let last = numbers.len().saturating_sub(1);
    let itself = usize::from(numbers.contains(&0.0) && numbers.len() > 1);
    let farthest = (ranks.last().copied().unwrap_or(1).max(1) - 1 + itself).min(last);
    if farthest < FEW && !numbers.is_empty() {
        let near = few_smallest(numbers, farthest + 1);
        let chosen = ranks.iter().map(|rank| near[(rank.max(&1) - 1 + itself).min(last)]);
        out.iter_mut().zip(chosen).for_each(|(out, d)| *out = d);
        return;
    }
    let mut end = numbers.len();
    for (&rank, out) in ranks.iter().zip(out).rev() {
        let index = (rank.max(1) - 1 + itself).min(last);
        if end == 0 {
            *out = f32::INFINITY;
        } else if index < end {
            *out = *numbers[..end].select_nth_unstable_by_key(index, |d| d.to_bits()).1;
            end = index + 1;
        } else {
            *out = numbers[end - 1];
        }
    }
}

/// So many smallest numbers are found by insertion rather than by selection.
const FEW: usize = 8;

/// The `count` smallest numbers, at most [`FEW`], ascending; with others behind them.
fn few_smallest(numbers: &[f32], count: usize) -> [f32; FEW] {
    let mut near = [f32::INFINITY; FEW];
    match count {
        0..=2 => near[..2].copy_from_slice(&smallest::<2>(numbers)),
        3..=4 => near[..4].copy_from_slice(&smallest::<4>(numbers)),
        _ => near = smallest::<FEW>(numbers),
    }
    near
}

/// Insertion without branches, which would be mispredicted: each number pushes the larger ones on.
fn smallest<const K: usize>(numbers: &[f32]) -> [f32; K] {
    let mut near = [f32::INFINITY; K];
    for &number in numbers {
        let mut pushed = number;
        for slot in &mut near {
            let (low, high) = if pushed < *slot { (pushed, *slot) } else { (*slot, pushed) };
            (*slot, pushed) = (low, high);
        }
    }
    near
}

/// Mean of the square roots of the `count` smallest of some non-negative numbers, which are reordered. A zero is left out
/// once.
pub fn mean_root_of_nearest(numbers: &mut [f32], count: usize) -> f32 {
    let itself = usize::from(numbers.contains(&0.0) && numbers.len() > 1);
    let wanted = (count + itself).min(numbers.len());
    if wanted <= itself {
        return f32::INFINITY;
    }
    let (near, last, _) = numbers.select_nth_unstable_by_key(wanted - 1, |d| d.to_bits());
    near.sort_unstable_by(f32::total_cmp); // so that the sum has one order
    (near.iter().map(|d| d.sqrt()).sum::<f32>() + last.sqrt()) / (wanted - itself) as f32
}

#[allow(clippy::inline_always)] // so that it is compiled for the vector unit found at run time
#[inline(always)]
fn tile_distances(tile: &[[f32; LANES]], query: &[f32], add: impl Fn(&mut f32, f32)) -> [f32; LANES] {
    let mut sums = [0.0f32; LANES];
    for (coordinates, &x) in tile.iter().zip(query) {
        for (sum, &y) in sums.iter_mut().zip(coordinates) {
            add(sum, x - y);
        }
    }
    for sum in &mut sums {
        if sum.is_nan() {
            *sum = f32::INFINITY;
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn nearest_are_those_of_a_full_sort(
            points in prop::collection::vec(-5.0f32..5.0, 3..300),
            query in prop::array::uniform3(-5.0f32..5.0),
        ) {
            let references = References::new(&points, 3);
            let mut all: Vec<f32> =
                points.chunks_exact(3).map(|p| (0..3).map(|j| (p[j] - query[j]).powi(2)).sum::<f32>()).collect();
            all.sort_by(f32::total_cmp);
            let ranks = [1, 2, 7, 80];
            let mut near = [0.0; 4];
            references.nearest(&query, &ranks, &mut Vec::new(), &mut near);
            for (rank, found) in ranks.iter().zip(near) {
                let expected = all[(rank - 1).min(all.len() - 1)].sqrt();
                prop_assert!((found - expected).abs() < 1e-4);
            }
        }
    }

    #[test]
    fn one_copy_of_the_query_is_left_out() {
        let references = References::new(&[1.0, 1.0, 2.0, 5.0], 1);
        let mut near = [0.0; 3];
        references.nearest(&[1.0], &[1, 2, 9], &mut Vec::new(), &mut near);
        assert_eq!(near, [0.0, 1.0, 4.0]);
    }

    #[test]
    fn taxicab_distances_are_sums() {
        let mut near = [0.0; 2];
        let references = References::with_metric(&[3.0, 4.0, -1.0, 0.5], 2, Metric::Taxicab);
        references.nearest(&[0.0, 0.0], &[1, 2], &mut Vec::new(), &mut near);
        assert_eq!(near, [1.5, 7.0]);
    }

    #[test]
    fn mean_of_nearest_leaves_itself_out() {
        assert_eq!(mean_root_of_nearest(&mut [9.0, 0.0, 1.0, 4.0], 2), 1.5);
        assert_eq!(mean_root_of_nearest(&mut [9.0, 1.0], 5), 2.0);
        assert_eq!(mean_root_of_nearest(&mut [], 5), f32::INFINITY);
    }

    #[test]
    fn nothing_and_not_a_number_are_far() {
        let mut near = [0.0; 2];
        References::new(&[], 3).nearest(&[0.0; 3], &[1, 2], &mut Vec::new(), &mut near);
        assert_eq!(near, [f32::INFINITY; 2]);
        References::new(&[f32::NAN, 1.0], 1).nearest(&[0.0], &[1, 2], &mut Vec::new(), &mut near);
        assert_eq!(near, [1.0, f32::INFINITY]);
    }
}
