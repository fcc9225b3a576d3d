//! Embeddings in a space where the rows of a class vary alike in all directions, so that a common offset stands out.

use rayon::prelude::*;
use taster_core::{Embedding, Key};
use taster_stats::{math::median, whitening::Whitening};

use super::vectors::{add_scaled, dot, unit};

/// Dimensions of the space at most; further ones are added to these with signs drawn by the key.
const DIMENSIONS: usize = 512;
/// Rows for each degree of freedom that the covariance may have.
const ROWS_PER_DEGREE: f64 = 10.0;
/// Rows of a class that do not speak for what its rows are like: a share, and so many at least. Those are meant whose
/// place among the classes is the oddest, as that of planted rows is; they are also where planted rows are looked for.
const ODD: (f64, usize) = (0.06, 10);

/// How a vector becomes a point of the space.
pub struct Space {
    /// For each dimension the place it is added to, and by what it is multiplied.
    places: Vec<(usize, f32)>,
    dim: usize,
    whitening: Whitening,
}

/// The rows that were learnt from.
pub struct White {
    /// How other vectors become such points.
    pub space: Space,
    /// Row by row.
    pub points: Vec<f32>,
    /// Class by class.
    pub centres: Vec<Vec<f32>>,
    /// Directions in which classes differ, orthogonal and of length one.
    pub axes: Vec<Vec<f32>>,
    /// Whether the row's place among the classes is among the oddest of its class.
    pub odd: Vec<bool>,
}

impl White {
    /// Learns from vectors of finite numbers and their classes. `None` where they hardly vary.
    pub fn fit(vectors: &Embedding, labels: &[u32], classes: usize, key: Key) -> Option<Self> {
        let (places, dim) = places(vectors, labels, classes, key);
        let folded = fold(&places, dim, vectors);
        let medians = medians(&folded, dim, labels, classes);
        let residuals: Vec<f32> = folded
            .chunks_exact(dim)
            .zip(labels)
            .flat_map(|(p, &c)| p.iter().zip(&medians[c as usize]).map(|(x, m)| x - m))
            .collect();
        let weights = weights(&residuals, dim);
        let degrees_max = labels.len() as f64 / ROWS_PER_DEGREE;
        let whiten = |weights: &[f32]| Whitening::fit(&residuals, dim, weights, degrees_max);
        let odd = odd(&residuals, &medians, labels, &whiten(&weights)?);
        let without: Vec<f32> = weights.iter().zip(&odd).map(|(&w, &odd)| if odd { 0.0 } else { w }).collect();
        let whitening = whiten(&without)?;
        let centres: Vec<Vec<f32>> = medians.iter().map(|m| whitening.apply(m)).collect();
        let mut white = Self {
            points: whitening.apply(&folded),
            axes: axes(&centres, labels),
            space: Space { places, dim, whitening },
            centres,
            odd,
        };
        white.scale(labels);
        Some(white)
    }

    /// Coordinates of a point.
    pub fn dim(&self) -> usize {
        self.space.dim
    }

    /// The row's point.
    pub fn point(&self, row: usize) -> &[f32] {
        &self.points[row * self.dim()..][..self.dim()]
    }

    /// Directions in which points vary.
    pub fn degrees(&self) -> f64 {
        self.space.whitening.degrees()
    }

    /// Half of the rows are as far from their class's centre as they would be if they were normal.
    fn scale(&mut self, labels: &[u32]) {
        let squares = |(p, &c): (&[f32], &u32)| -> f64 {
            p.iter().zip(&self.centres[c as usize]).map(|(x, m)| f64::from(x - m).powi(2)).sum()
        };
        let typical = median(self.points.chunks_exact(self.space.dim).zip(labels).map(squares).collect());
        let scale = (self.degrees() / typical.max(f64::MIN_POSITIVE)).sqrt() as f32;
        self.points.iter_mut().chain(self.centres.iter_mut().flatten()).for_each(|x| *x *= scale);
        self.space.whitening.scale(scale);
    }
}

impl Space {
    /// The vectors as points.
    pub fn points(&self, vectors: &Embedding) -> Vec<f32> {
        self.whitening.apply(&fold(&self.places, self.dim, vectors))
    }

    /// What to multiply a vector with for its point's part along a direction.
    pub fn along(&self, direction: &[f32]) -> Vec<f32> {
        let along = self.whitening.along(direction);
        self.places.iter().map(|&(place, by)| along[place] * by).collect()
    }
}

/// Every dimension counts alike, by the spread within classes.
fn places(vectors: &Embedding, labels: &[u32], classes: usize, key: Key) -> (Vec<(usize, f32)>, usize) {
    let medians = medians(&vectors.values, vectors.dim, labels, classes);
    let mut squares = vec![0.0_f64; vectors.dim];
    for (row, &class) in labels.iter().enumerate() {
        for ((s, x), m) in squares.iter_mut().zip(vectors.row(row)).zip(&medians[class as usize]) {
            *s += f64::from(x - m).powi(2);
        }
    }
    let dim = vectors.dim.min(DIMENSIONS);
    let signs = key.derive("signs");
    let place = |(i, square): (usize, &f64)| {
        let scale = (labels.len() as f64 / square).sqrt() as f32;
        let negative = vectors.dim > dim && signs.of(&i.to_le_bytes()) & 1 == 1;
        let scale = if scale.is_finite() { scale } else { 0.0 };
        (i % dim, if negative { -scale } else { scale })
    };
    (squares.iter().enumerate().map(place).collect(), dim)
}

fn fold(places: &[(usize, f32)], dim: usize, vectors: &Embedding) -> Vec<f32> {
    let mut out = vec![0.0; vectors.values.len() / vectors.dim * dim];
    out.par_chunks_mut(dim).zip(vectors.values.par_chunks(vectors.dim)).for_each(|(out, vector)| {
        vector.iter().zip(places).for_each(|(x, &(place, by))| out[place] += x * by);
    });
    out
}

/// The median of each class in each dimension.
fn medians(points: &[f32], dim: usize, labels: &[u32], classes: usize) -> Vec<Vec<f32>> {
    let mut rows = vec![Vec::new(); classes];
    labels.iter().enumerate().for_each(|(row, &class)| rows[class as usize].push(row));
    let of = |rows: &Vec<usize>| {
        let median = |i: usize| {
            let mut values: Vec<f32> = rows.iter().map(|r| points[r * dim + i]).collect();
            let middle = values.len() / 2;
            if values.is_empty() { 0.0 } else { *values.select_nth_unstable_by(middle, f32::total_cmp).1 }
        };
        (0..dim).into_par_iter().map(median).collect()
    };
    rows.iter().map(of).collect()
}

/// Less for rows that are farther out than half of all.
fn weights(residuals: &[f32], dim: usize) -> Vec<f32> {
    let squares: Vec<f64> = residuals.chunks_exact(dim).map(|r| dot(r, r)).collect();
    let typical = median(squares.clone());
    squares.iter().map(|s| (typical / s.max(f64::MIN_POSITIVE)).min(1.0) as f32).collect()
}

/// The rows of each class whose place among the classes is the oddest.
fn odd(residuals: &[f32], medians: &[Vec<f32>], labels: &[u32], whitening: &Whitening) -> Vec<bool> {
    let dim = medians.first().map_or(0, Vec::len);
    let centres: Vec<Vec<f32>> = medians.iter().map(|m| whitening.apply(m)).collect();
    let along: Vec<Vec<f32>> = axes(&centres, labels).iter().map(|axis| whitening.along(axis)).collect();
    let place = |r: &[f32]| along.iter().map(|a| dot(a, r).powi(2)).sum::<f64>();
    let far: Vec<f64> = residuals.par_chunks(dim).map(place).collect();
    let mut odd = vec![false; labels.len()];
    for class in 0..medians.len() as u32 {
        let mut rows: Vec<usize> = (0..labels.len()).filter(|&r| labels[r] == class).collect();
        rows.sort_by(|&a, &b| far[b].total_cmp(&far[a]));
        let most = ODD.1.max((ODD.0 * rows.len() as f64).ceil() as usize);
        rows.into_iter().take(most).for_each(|row| odd[row] = true);
    }
    odd
}

/// Directions in which the centres differ, by Gram and Schmidt.
fn axes(centres: &[Vec<f32>], labels: &[u32]) -> Vec<Vec<f32>> {
    let mut mean = vec![0.0_f32; centres.first().map_or(0, Vec::len)];
    for &label in labels {
        add_scaled(&mut mean, &centres[label as usize], 1.0 / labels.len() as f32);
    }
    let mut axes: Vec<Vec<f32>> = Vec::new();
    for centre in centres {
        let mut axis: Vec<f32> = centre.iter().zip(&mean).map(|(c, m)| c - m).collect();
        let before = dot(&axis, &axis);
        for _ in 0..2 {
            // Twice, because rounding leaves some of it the first time.
            for known in &axes {
                let part = dot(&axis, known) as f32;
                add_scaled(&mut axis, known, -part);
            }
        }
        if dot(&axis, &axis) > 1e-6 * before {
            unit(&mut axis);
            axes.push(axis);
        }
    }
    axes
}
