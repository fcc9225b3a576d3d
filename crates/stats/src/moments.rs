//! Sums of products of features, and least squares from them.

use rayon::prelude::*;

use crate::vectorised::vectorised;

/// Rows summed in single precision before they are added to the double-precision total.
const BLOCK: usize = 512;
/// Rows that a thread sums at a time.
const PART: usize = 4096;
/// Rows multiplied at a time.
const STRIP: usize = 8;
/// Added to the diagonal, relative to its mean, so that every system can be solved.
const JITTER: f64 = 3e-6;

/// Products of features with each other and with the indicators of classes, summed over rows.
#[derive(Clone, Debug)]
pub(crate) struct Moments {
    size: usize,
    classes: usize,
    /// `[i * size + j]` for `j <= i`.
    gram: Vec<f64>,
    /// `[feature * classes + class]`.
    cross: Vec<f64>,
}

/// A quadratic penalty on weights.
pub(crate) struct Penalty {
    /// `size * size` numbers, symmetric.
    pub square: Vec<f64>,
    pub size: usize,
}

impl Moments {
    pub fn zero(size: usize, classes: usize) -> Self {
        Self { size, classes, gram: vec![0.0; size * size], cross: vec![0.0; size * classes] }
    }

    /// Sums over the given rows of a table of `size` features a row.
    pub fn of(
        features: &[f32],
        size: usize,
        labels: &[u32],
        classes: usize,
        rows: impl Iterator<Item = usize>,
    ) -> Self {
        let mut sums = Self::zero(size, classes);
        let mut block: Vec<f32> = Vec::with_capacity(BLOCK * size);
        let mut buffer = vec![0.0_f32; size * size];
        for row in rows {
            let features = &features[row * size..(row + 1) * size];
            let class = labels[row] as usize;
            for (cross, &x) in sums.cross.chunks_exact_mut(classes).zip(features) {
                cross[class] += f64::from(x);
            }
            block.extend_from_slice(features);
            if block.len() == BLOCK * size {
                sums.flush(&mut block, &mut buffer);
            }
        }
        sums.flush(&mut block, &mut buffer);
        sums
    }

    fn flush(&mut self, block: &mut Vec<f32>, buffer: &mut [f32]) {
        let size = self.size;
        // Rows of zeros change no sum.
        block.resize(block.len().next_multiple_of(STRIP * size.max(1)), 0.0);
        buffer.fill(0.0);
        add_all_products(block, size, buffer);
        self.gram.iter_mut().zip(&*buffer).for_each(|(g, &b)| *g += f64::from(b));
        block.clear();
    }

    pub fn add(&mut self, other: &Self) {
        self.gram.iter_mut().zip(&other.gram).for_each(|(a, b)| *a += b);
        self.cross.iter_mut().zip(&other.cross).for_each(|(a, b)| *a += b);
    }

    /// Weights `[feature * classes + class]` with the least squared error plus penalty.
    pub fn solve(mut self, penalty: &Penalty, strength: f64) -> Vec<f32> {
        let size = self.size;
        debug_assert_eq!(penalty.size, size);
        self.gram.iter_mut().zip(&penalty.square).for_each(|(g, p)| *g += strength * p);
        let mean = (0..size).map(|i| self.gram[i * size + i]).sum::<f64>() / size.max(1) as f64;
        let mean = if mean.is_finite() { mean.max(1e-9) } else { 1.0 };
        (0..size).for_each(|i| self.gram[i * size + i] += JITTER * mean);
        factorise_and_substitute(&mut self.gram, size, 0.1 * JITTER * mean, &mut self.cross, self.classes);
        self.cross.into_iter().map(|w| if w.is_finite() { w as f32 } else { 0.0 }).collect()
    }
}

/// Sums of products of features over all rows: `[i * size + j]` for `j <= i`.
pub(crate) fn products(features: &[f32], size: usize) -> Vec<f64> {
    let part = |rows: &[f32]| {
        let count = rows.len() / size;
        Moments::of(rows, size, &vec![0; count], 1, 0..count).gram
    };
    let parts: Vec<Vec<f64>> = features.par_chunks(PART * size).map(part).collect();
    let mut parts = parts.into_iter();
    let mut sums = parts.next().unwrap_or_else(|| vec![0.0; size * size]);
    parts.for_each(|part| sums.iter_mut().zip(part).for_each(|(sum, p)| *sum += p));
    sums
}

vectorised! {
    /// Adds the products of all rows' features to the lower triangle.
    fn add_all_products<'a>(block: &'a [f32], size: usize, sums: &'a mut [f32]) -> () {
        block.chunks_exact(STRIP * size).for_each(|strip| add_products(strip, size, sums));
    }
}

vectorised! {
    /// Solves for `cross` in place; `gram` becomes its factor.
    fn factorise_and_substitute<'a>(
        gram: &'a mut [f64],
        size: usize,
        least: f64,
        cross: &'a mut [f64],
        classes: usize,
    ) -> () {
        factorise(gram, size, least);
        substitute(gram, size, cross, classes);
    }
}

/// Adds the products of [`STRIP`] rows' features to the lower triangle.
#[allow(clippy::inline_always)] // so that it is compiled for the vector unit found at run time
#[inline(always)]
fn add_products(strip: &[f32], size: usize, sums: &mut [f32]) {
    let mut rows = strip.chunks_exact(size);
    let rows: [&[f32]; STRIP] = std::array::from_fn(|_| rows.next().unwrap_or_default());
    for i in 0..size {
        let left: [f32; STRIP] = std::array::from_fn(|r| rows[r][i]);
        let out = &mut sums[i * size..=i * size + i];
        let columns: [&[f32]; STRIP] = std::array::from_fn(|r| &rows[r][..=i]);
        for (j, out) in out.iter_mut().enumerate() {
            let mut sum = 0.0;
            for r in 0..STRIP {
                sum += left[r] * columns[r][j];
            }
            *out += sum;
        }
    }
}

/// Cholesky's factor, in place of the lower triangle. Pivots are at least `least`, which is positive: features that nearly
/// repeat each other, in sums of limited precision, may leave none.
#[allow(clippy::inline_always)] // so that it is compiled for the vector unit found at run time
#[inline(always)]
fn factorise(a: &mut [f64], size: usize, least: f64) {
    for i in 0..size {
        let (done, rest) = a.split_at_mut(i * size);
        let row = &mut rest[..size];
        for j in 0..i {
            let other = &done[j * size..(j + 1) * size];
            row[j] = (row[j] - dot(&row[..j], &other[..j])) / other[j];
        }
        row[i] = (row[i] - dot(&row[..i], &row[..i])).max(least).sqrt();
    }
}

/// A sum in a fixed order of eight lanes.
#[allow(clippy::inline_always)] // so that it is compiled for the vector unit found at run time
#[inline(always)]
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0; 8];
    let (a_whole, b_whole) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f64 = a_whole.remainder().iter().zip(b_whole.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a_whole.zip(b_whole) {
        for l in 0..8 {
            lanes[l] += a[l] * b[l];
        }
    }
    lanes.iter().sum::<f64>() + rest
}

/// Solves with a Cholesky factor, for all classes at once.
#[allow(clippy::inline_always)] // so that it is compiled for the vector unit found at run time
#[inline(always)]
fn substitute(factor: &[f64], size: usize, right: &mut [f64], classes: usize) {
    for i in 0..size {
        let (done, rest) = right.split_at_mut(i * classes);
        for (j, solved) in done.chunks_exact(classes).enumerate() {
            let f = factor[i * size + j];
            rest[..classes].iter_mut().zip(solved).for_each(|(x, s)| *x -= f * s);
        }
        rest[..classes].iter_mut().for_each(|x| *x /= factor[i * size + i]);
    }
    for i in (0..size).rev() {
        let (done, rest) = right.split_at_mut(i * classes);
        let solved = &mut rest[..classes];
        for x in solved.iter_mut() {
            *x /= factor[i * size + i];
        }
        for (j, x) in done.chunks_exact_mut(classes).enumerate() {
            let f = factor[i * size + j];
            x.iter_mut().zip(&*solved).for_each(|(x, s)| *x -= f * s);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::mix;

    #[test]
    fn solves_the_normal_equations() {
        let (n, size) = (1000, 11);
        let features: Vec<f32> = (0..n * size).map(|i| mix(1, i as u64) as f32 / u64::MAX as f32 - 0.5).collect();
        let labels: Vec<u32> = (0..n).map(|r| u32::from(features[r * size] + features[r * size + 1] > 0.0)).collect();
        let moments = Moments::of(&features, size, &labels, 2, 0..n);
        let penalty =
            Penalty { square: (0..size * size).map(|i| f64::from(u8::from(i % (size + 1) == 0))).collect(), size };
        let weights = moments.clone().solve(&penalty, 0.5);
        // The gradient of the penalised squared error vanishes.
        for class in 0..2 {
            for i in 0..size {
                let product: f64 = (0..size)
                    .map(|j| moments.gram[i.max(j) * size + i.min(j)] * f64::from(weights[j * 2 + class]))
                    .sum();
                let gradient = product + 0.5 * f64::from(weights[i * 2 + class]) - moments.cross[i * 2 + class];
                assert!(gradient.abs() < 1e-2, "{gradient}");
            }
        }
    }
}
