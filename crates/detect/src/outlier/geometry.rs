//! Rows as points.

use super::columns::{Columns, Rows};

/// How numbers and values become coordinates, all of about the same spread.
pub struct Geometry {
    scales: Vec<Scale>,
    /// Values that have a coordinate of their own: index of the value column, code, weight.
    hot: Vec<(usize, u32, f32)>,
    width: usize,
}

/// Frequent values of a column that have a coordinate of their own; the others share the origin.
const HOT_MAX: u32 = 8;
/// A column where almost all rows agree may not outweigh the others by more than this.
const HOT_WEIGHT_MAX: f64 = 3.0;
/// Coordinates; more are folded onto these.
const WIDTH_MAX: usize = 256;
/// Robust units beyond which all numbers are equally far.
const ROBUST_MAX: f64 = 10.0;
/// Standard deviations beyond which single precision would overflow.
const STANDARD_MAX: f64 = 1e6;

struct Scale {
    mean: f64,
    deviation: f64,
    median: f64,
    /// Interquartile range as a standard deviation.
    spread: f64,
}

impl Geometry {
    /// Learns the scales from the `keep` rows.
    pub fn fit(columns: &Columns, rows: &Rows, keep: &[u32]) -> Self {
        let scales: Vec<Scale> = rows.numbers.iter().map(|column| Scale::fit(column, keep)).collect();
        let mut hot = Vec::new();
        for (index, column) in columns.values.iter().enumerate() {
            let agree: f64 = (0..=column.missing()).map(|code| column.share(code).powi(2)).sum();
            let weight = (1.0 / (1.0 - agree).max(1e-9).sqrt()).min(HOT_WEIGHT_MAX) as f32;
            hot.extend((0..column.missing().min(HOT_MAX)).map(|code| (index, code, weight)));
        }
        let width = (scales.len() + hot.len()).min(WIDTH_MAX);
        Self { scales, hot, width }
    }

    /// Number of coordinates.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The column of numbers behind a coordinate, where there is exactly one.
    pub fn number_of(&self, coordinate: usize) -> Option<usize> {
        let folded = self.scales.len() + self.hot.len() > self.width;
        (!folded && coordinate < self.scales.len()).then_some(coordinate)
    }

    /// A standardised coordinate as the number it stands for.
    pub fn unstandardised(&self, number: usize, x: f64) -> f64 {
        self.scales[number].mean + x * self.scales[number].deviation
    }

    /// Coordinates, by columns, in standard deviations: for covariances.
    pub fn standardised(&self, rows: &Rows) -> Vec<Vec<f32>> {
        self.coordinates(rows, Scale::standardised)
    }

    /// Coordinates, by columns, in the mean of standard deviations and (clipped) robust units: for distances. So a column
    /// with a few wild values neither rules all distances nor vanishes from them.
    pub fn blended(&self, rows: &Rows) -> Vec<Vec<f32>> {
        self.coordinates(rows, Scale::blended)
    }

    fn coordinates(&self, rows: &Rows, scaled: impl Fn(&Scale, f64) -> f32) -> Vec<Vec<f32>> {
        let numbers = self.scales.iter().zip(&rows.numbers);
        let numbers = numbers.map(|(scale, column)| column.iter().map(|&x| scaled(scale, x)).collect());
        let hot = self.hot.iter().map(|&(index, hot, weight)| {
            rows.codes[index].iter().map(|&code| if code == hot { weight } else { 0.0 }).collect()
        });
        self.folded(numbers.chain(hot), rows.len)
    }

    /// Coordinates beyond the width are added, with signs, onto earlier ones: distances stay about right (Weinberger et
    /// al. 2009, "Feature hashing for large scale multitask learning").
    fn folded(&self, columns: impl Iterator<Item = Vec<f32>>, len: usize) -> Vec<Vec<f32>> {
        let mut out: Vec<Vec<f32>> = Vec::with_capacity(self.width);
        for (index, column) in columns.enumerate() {
            if index < self.width {
                out.push(column);
                continue;
            }
            let hash = (index as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
            let sign = if hash & 1 == 0 { 1.0 } else { -1.0 };
            let onto = &mut out[(hash >> 1) as usize % self.width];
            onto.iter_mut().zip(&column).for_each(|(sum, x)| *sum += sign * x);
        }
        debug_assert!(out.iter().all(|c| c.len() == len));
        out
    }
}

impl Scale {
    fn fit(column: &[f64], keep: &[u32]) -> Self {
        let mut kept: Vec<f64> = keep.iter().map(|&r| column[r as usize]).filter(|x| !x.is_nan()).collect();
        kept.sort_unstable_by(f64::total_cmp);
        let (mean, of_kept) = moments(&kept);
        let of_all = || moments(&column.iter().copied().filter(|x| !x.is_nan()).collect::<Vec<_>>()).1;
        let deviation = if of_kept > 0.0 { of_kept } else { of_all() };
        let deviation = if deviation > 0.0 { deviation } else { 1.0 };
        let at = |share: f64| kept.get((share * kept.len().saturating_sub(1) as f64) as usize).copied().unwrap_or(0.0);
        let spread = (at(0.75) - at(0.25)) / 1.349;
        Self { mean, deviation, median: at(0.5), spread: if spread > 0.0 { spread } else { deviation } }
    }

    /// A missing number is put where it stands out least.
    fn standardised(&self, x: f64) -> f32 {
        let x = if x.is_nan() { self.median } else { x };
        ((x - self.mean) / self.deviation).clamp(-STANDARD_MAX, STANDARD_MAX) as f32
    }

    fn blended(&self, x: f64) -> f32 {
        let centred = if x.is_nan() { 0.0 } else { x - self.median };
        let robust = (centred / self.spread).clamp(-ROBUST_MAX, ROBUST_MAX);
        0.5 * (robust as f32 + self.standardised(x))
    }
}

fn moments(numbers: &[f64]) -> (f64, f64) {
    let n = numbers.len().max(1) as f64;
    let mean = numbers.iter().sum::<f64>() / n;
    (mean, (numbers.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt())
}
