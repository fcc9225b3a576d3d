//! Mean and covariance of the bulk of some rows, and how far a row is from it.

use crate::vectorised::vectorised;
use linfa_linalg::{
    cholesky::Cholesky,
    triangular::{SolveTriangularInplace, UPLO},
};
use ndarray::Array2;
use rayon::prelude::*;

/// A normal distribution with full covariance, regularised by a ridge so that it can always be inverted.
#[derive(Clone, Debug)]
pub struct Gaussian {
    mean: Vec<f32>,
    /// Inverse of the covariance's Cholesky factor, its lower triangle row by row.
    whitening: Vec<f32>,
}

/// Ridge, as a share of the mean variance.
const RIDGE: f64 = 1e-3;
/// Rows that distances are computed for together.
const LANES: usize = 64;

impl Gaussian {
    /// Mean and covariance of the given rows of some columns of finite numbers.
    pub fn fit(columns: &[Vec<f32>], rows: &[u32]) -> Self {
        let gathered: Vec<Vec<f32>> = columns.iter().map(|c| rows.iter().map(|&r| c[r as usize]).collect()).collect();
        let n = rows.len().max(1) as f64;
        let mean: Vec<f64> = gathered.iter().map(|c| c.iter().map(|&v| f64::from(v)).sum::<f64>() / n).collect();
        let centred: Vec<Vec<f32>> =
            gathered.iter().zip(&mean).map(|(c, m)| c.iter().map(|v| v - *m as f32).collect()).collect();
        Self { whitening: whitening(&covariance(&centred)), mean: mean.into_iter().map(|m| m as f32).collect() }
    }

    /// The same, of that half of the rows whose covariance has the smallest determinant, as far as some concentration
    /// steps find it (Rousseeuw and Van Driessen 1999, "FAST-MCD"): up to half of the rows may be outliers.
    pub fn robust(columns: &[Vec<f32>], rows: &[u32], steps: usize) -> Self {
        let mut model = Self::fit(columns, rows);
        for step in 0..steps {
            let mut distances = vec![0.0; columns.first().map_or(0, Vec::len)];
            model.squared_distances(columns, &mut distances);
            let mut nearest: Vec<u32> = rows.to_vec();
            let keep = if step == 0 { rows.len() * 3 / 4 } else { rows.len() / 2 }.max(1).min(rows.len());
            if keep == 0 {
                break;
            }
            let distance = |r: u32| distances[r as usize];
            nearest.select_nth_unstable_by(keep - 1, |&a, &b| distance(a).total_cmp(&distance(b)).then(a.cmp(&b)));
            nearest.truncate(keep);
            nearest.sort_unstable(); // sums are taken in the order of rows
            model = Self::fit(columns, &nearest);
        }
        model
    }

    /// Squared Mahalanobis distance of every row.
    pub fn squared_distances(&self, columns: &[Vec<f32>], out: &mut [f32]) {
        out.par_chunks_mut(LANES).enumerate().for_each(|(chunk, out)| {
            let mut lanes = vec![[0.0; LANES]; self.mean.len()];
            let first = chunk * LANES;
            for ((lane, column), mean) in lanes.iter_mut().zip(columns).zip(&self.mean) {
                for (l, v) in lane.iter_mut().zip(&column[first..first + out.len()]) {
                    *l = v - mean;
                }
            }
            let squared = squared_norms(&self.whitening, &lanes);
            out.copy_from_slice(&squared[..out.len()]);
        });
    }

    /// For each column, what the other columns of the row suggest, and how many standard deviations it is off that.
    pub fn conditionals(&self, row: &[f32]) -> Vec<(f64, f64)> {
        let d = self.mean.len();
        let w = |i: usize, j: usize| f64::from(self.whitening[i * (i + 1) / 2 + j]);
        let centred: Vec<f64> = row.iter().zip(&self.mean).map(|(x, m)| f64::from(x - m)).collect();
        let white: Vec<f64> = (0..d).map(|i| (0..=i).map(|j| w(i, j) * centred[j]).sum()).collect();
        (0..d)
            .map(|j| {
                let pull: f64 = (j..d).map(|i| w(i, j) * white[i]).sum();
                let precision: f64 = (j..d).map(|i| w(i, j).powi(2)).sum::<f64>().max(f64::MIN_POSITIVE);
                (f64::from(row[j]) - pull / precision, pull / precision.sqrt())
            })
            .collect()
    }
}

vectorised! {
    /// Squared lengths of `whitening * column` for each lane.
    fn squared_norms<'a>(whitening: &'a [f32], lanes: &'a [[f32; LANES]]) -> [f32; LANES] {
        let mut squared = [0.0f32; LANES];
        let mut start = 0;
        for i in 0..lanes.len() {
            let mut sums = [0.0f32; LANES];
            for (weight, lane) in whitening[start..=start + i].iter().zip(lanes) {
                for (sum, x) in sums.iter_mut().zip(lane) {
                    *sum += weight * x;
                }
            }
            for (total, sum) in squared.iter_mut().zip(&sums) {
                *total += sum * sum;
            }
            start += i + 1;
        }
        squared
    }
}

fn covariance(centred: &[Vec<f32>]) -> Array2<f64> {
    let (d, n) = (centred.len(), centred.first().map_or(1, Vec::len).max(2) as f64 - 1.0);
    let rows: Vec<Vec<f64>> =
        (0..d).into_par_iter().map(|i| (0..=i).map(|j| dot(&centred[i], &centred[j]) / n).collect()).collect();
    let trace: f64 = (0..d).map(|i| rows[i][i]).sum();
    let ridge = RIDGE * trace / d.max(1) as f64 + 1e-12;
    Array2::from_shape_fn((d, d), |(i, j)| rows[i.max(j)][i.min(j)] + if i == j { ridge } else { 0.0 })
}

vectorised! {
    /// Sums in fixed lanes, so that the result is the same with and without vector instructions.
    fn dot<'a>(a: &'a [f32], b: &'a [f32]) -> f64 {
        const WIDTH: usize = 16;
        let mut sums = [0.0f64; WIDTH];
        let (heads, tails) = (a.chunks_exact(WIDTH), b.chunks_exact(WIDTH));
        let rest: f64 = heads.remainder().iter().zip(tails.remainder()).map(|(x, y)| f64::from(x * y)).sum();
        for (x, y) in heads.zip(tails) {
            for (sum, (x, y)) in sums.iter_mut().zip(x.iter().zip(y)) {
                *sum += f64::from(x * y);
            }
        }
        sums.iter().sum::<f64>() + rest
    }
}

/// The inverse of the Cholesky factor. Where rounding makes the factor impossible, variances alone are used.
fn whitening(covariance: &Array2<f64>) -> Vec<f32> {
    let d = covariance.nrows();
    let identity = || Array2::<f64>::eye(d);
    let inverse = covariance.cholesky().and_then(|factor| factor.solve_triangular_into(identity(), UPLO::Lower));
    let inverse = inverse.unwrap_or_else(|_| Array2::from_diag(&covariance.diag().mapv(|v| 1.0 / v.max(1e-12).sqrt())));
    (0..d).flat_map(|i| (0..=i).map(move |j| (i, j))).map(|at| inverse[at] as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two columns that go together, and a third on its own.
    fn columns(rows: u32) -> Vec<Vec<f32>> {
        let wave = |r: u32, speed: f32| (r as f32 * speed).sin();
        let a: Vec<f32> = (0..rows).map(|r| wave(r, 0.7)).collect();
        let b = (0..rows).map(|r| 2.0 * a[r as usize] + 0.5 * wave(r, 1.9)).collect();
        vec![a, b, (0..rows).map(|r| wave(r, 3.1)).collect()]
    }

    #[test]
    fn distance_is_in_units_of_the_covariance() {
        let columns = columns(1000);
        let rows: Vec<u32> = (0..1000).collect();
        let model = Gaussian::fit(&columns, &rows);
        let mut distances = vec![0.0; 1000];
        model.squared_distances(&columns, &mut distances);
        let mean = distances.iter().sum::<f32>() / 1000.0;
        assert!((mean - 3.0).abs() < 0.2, "{mean}"); // as many as there are columns
        let mut odd = [0.0];
        model.squared_distances(&[vec![0.7], vec![-1.4], vec![0.0]], &mut odd);
        assert!(odd[0] > 50.0);
        let (expected, off) = model.conditionals(&[0.7, -1.4, 0.0])[1];
        assert!((expected - 1.4).abs() < 0.1 && off < -7.0, "{expected} {off}");
    }

    #[test]
    fn a_large_minority_does_not_move_the_robust_fit() {
        let mut columns = columns(1000);
        for r in (0..1000).step_by(3) {
            columns[2][r] = 30.0;
        }
        let rows: Vec<u32> = (0..1000).collect();
        let mut distances = vec![0.0; 1000];
        Gaussian::robust(&columns, &rows, 6).squared_distances(&columns, &mut distances);
        assert!((0..1000).all(|r| (distances[r] > 100.0) == (r % 3 == 0)));
    }

    #[test]
    fn constants_and_nothing_are_survived() {
        let mut one = [0.0];
        Gaussian::robust(&[vec![1.0; 5], vec![2.0; 5]], &[0, 1, 2, 3, 4], 4)
            .squared_distances(&[vec![1.0], vec![3.0]], &mut one);
        assert!(one[0].is_finite() && one[0] > 1.0);
        Gaussian::fit(&[], &[]).squared_distances(&[], &mut one);
        assert_eq!(one[0], 0.0);
    }
}
