//! Points turned so that their directions are uncorrelated and of one spread.

use linfa_linalg::{
    cholesky::Cholesky,
    eigh::EigValsh,
    triangular::{SolveTriangularInplace, UPLO},
};
use ndarray::Array2;
use rayon::prelude::*;

use crate::{moments::products, vectorised::vectorised};

/// Least ridge, as a share of the mean variance.
const RIDGE_MIN: f64 = 1e-3;
/// Largest ridge.
const RIDGE_MAX: f64 = 1e3;
/// Halvings of the ridge's logarithm.
const STEPS: usize = 20;
/// Points turned together.
const LANES: usize = 16;

/// A linear map after which residuals have the identity as covariance, as far as a ridge lets them.
#[derive(Clone, Debug)]
pub struct Whitening {
    dim: usize,
    /// Inverse of the covariance's Cholesky factor, its lower triangle row by row.
    factor: Vec<f32>,
    /// Directions that the ridge leaves, as degrees of freedom.
    degrees: f64,
}

impl Whitening {
    /// Learns the covariance of residuals of `dim` numbers each, weighted, under the least ridge that leaves at most so
    /// many degrees of freedom. `None` where there is no spread, or numbers are not finite.
    pub fn fit(residuals: &[f32], dim: usize, weights: &[f32], degrees_max: f64) -> Option<Self> {
        let total: f64 = weights.iter().map(|&w| f64::from(w)).sum();
        let weighted: Vec<f32> =
            residuals.chunks_exact(dim).zip(weights).flat_map(|(r, w)| r.iter().map(move |x| x * w.sqrt())).collect();
        let sums = products(&weighted, dim);
        let scale = (0..dim).map(|i| sums[i * dim + i]).sum::<f64>() / dim as f64;
        if !(scale > 0.0 && scale.is_finite() && total > 0.0) {
            return None;
        }
        let mut covariance = Array2::from_shape_fn((dim, dim), |(i, j)| sums[i.max(j) * dim + i.min(j)] / scale);
        let variances = covariance.eigvalsh().ok()?.to_vec();
        let degrees = |ridge: f64| variances.iter().map(|v| v.max(0.0) / (v.max(0.0) + ridge)).sum::<f64>();
        let ridge = least_ridge(|ridge| degrees(ridge) <= degrees_max);
        covariance.diag_mut().iter_mut().for_each(|v| *v += ridge);
        let inverse = covariance.cholesky().ok()?.solve_triangular_into(Array2::eye(dim), UPLO::Lower).ok()?;
        let unit = (scale / total).sqrt();
        let factor = (0..dim).flat_map(|i| (0..=i).map(move |j| (i, j))).map(|at| (inverse[at] / unit) as f32);
        Some(Self { dim, factor: factor.collect(), degrees: degrees(ridge) })
    }

    /// Degrees of freedom that the ridge leaves: as many directions as residuals vary in.
    pub fn degrees(&self) -> f64 {
        self.degrees
    }

    /// Multiplies what points become.
    pub fn scale(&mut self, by: f32) {
        self.factor.iter_mut().for_each(|f| *f *= by);
    }

    /// The points, turned.
    pub fn apply(&self, points: &[f32]) -> Vec<f32> {
        let mut out = vec![0.0; points.len()];
        let chunk = LANES * self.dim;
        out.par_chunks_mut(chunk).zip(points.par_chunks(chunk)).for_each(|(out, points)| {
            turn(&self.factor, self.dim, points, out);
        });
        out
    }

    /// What to multiply points with for their part along a direction of the turned space.
    pub fn along(&self, direction: &[f32]) -> Vec<f32> {
        let mut out = vec![0.0_f64; self.dim];
        for (i, &weight) in direction.iter().enumerate() {
            let row = &self.factor[i * (i + 1) / 2..][..=i];
            out.iter_mut().zip(row).for_each(|(o, &f)| *o += f64::from(weight) * f64::from(f));
        }
        out.into_iter().map(|x| x as f32).collect()
    }
}

/// The least ridge that will do, by halving its logarithm.
fn least_ridge(will_do: impl Fn(f64) -> bool) -> f64 {
    if will_do(RIDGE_MIN) {
        return RIDGE_MIN;
    }
    let (mut low, mut high) = (RIDGE_MIN, RIDGE_MAX);
    for _ in 0..STEPS {
        let middle = (low * high).sqrt();
        if will_do(middle) { high = middle } else { low = middle }
    }
    high
}

vectorised! {
    /// `factor * point` for each of up to [`LANES`] points.
    fn turn<'a>(factor: &'a [f32], dim: usize, points: &'a [f32], out: &'a mut [f32]) -> () {
        let mut lanes = vec![[0.0_f32; LANES]; dim];
        for (l, point) in points.chunks_exact(dim).enumerate() {
            lanes.iter_mut().zip(point).for_each(|(lane, &x)| lane[l] = x);
        }
        let mut start = 0;
        for i in 0..dim {
            let mut sums = [0.0_f32; LANES];
            for (&weight, lane) in factor[start..=start + i].iter().zip(&lanes) {
                for (sum, x) in sums.iter_mut().zip(lane) {
                    *sum += weight * x;
                }
            }
            out.chunks_exact_mut(dim).zip(sums).for_each(|(out, sum)| out[i] = sum);
            start += i + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::mix;

    const DIM: usize = 5;

    fn noise(i: usize) -> f32 {
        (0..6).map(|k| mix(k, i as u64) as f32 / u64::MAX as f32 - 0.5).sum::<f32>()
    }

    /// Points whose numbers follow from those before.
    fn correlated(n: usize) -> Vec<f32> {
        let point = |r: usize| {
            let e: [f32; DIM] = std::array::from_fn(|i| noise(r * DIM + i));
            [e[0], e[0] + 0.3 * e[1], e[1] - 2.0 * e[2], 2.0 * e[3], e[3] + 0.3 * e[4]]
        };
        (0..n).flat_map(point).collect()
    }

    #[test]
    fn turned_points_are_uncorrelated_and_a_direction_is_the_same_before_and_after() {
        let points = correlated(5000);
        let whitening = Whitening::fit(&points, DIM, &vec![1.0; 5000], 1e9).unwrap();
        let turned = whitening.apply(&points);
        let sums = products(&turned, DIM);
        for i in 0..DIM {
            for j in 0..i {
                let share = sums[i * DIM + j] / (sums[i * DIM + i] * sums[j * DIM + j]).sqrt();
                assert!(share.abs() < 0.05, "{i} {j} {share}");
            }
        }
        let direction = [0.5, -0.5, 0.5, 0.1, 0.4];
        let before = whitening.along(&direction);
        for (point, turned) in points.chunks_exact(DIM).zip(turned.chunks_exact(DIM)).take(50) {
            let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
            assert!((dot(point, &before) - dot(turned, &direction)).abs() < 1e-3);
        }
    }

    #[test]
    fn few_points_get_a_ridge_and_none_no_whitening() {
        let points = correlated(20);
        let held = Whitening::fit(&points, DIM, &[1.0; 20], 2.0).unwrap();
        assert!(held.degrees() <= 2.0 && held.degrees() > 1.9, "{}", held.degrees());
        assert!(Whitening::fit(&[0.0; 10], DIM, &[1.0; 2], 2.0).is_none());
        assert!(Whitening::fit(&[f32::NAN; 10], DIM, &[1.0; 2], 2.0).is_none());
    }
}
