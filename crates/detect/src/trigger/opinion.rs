use rayon::prelude::*;
use taster_stats::{linear::Linear, ngrams::SparseRows};

use super::rows::FOLDS;
use crate::label_flip::sharpness::Sharpness;

/// Factors by which scores may have to be multiplied.
const FACTORS: (f64, f64) = (0.2, 3.0);

/// Squared length of what is left of a row below which it is not made longer.
const LEFT_MIN: f32 = 0.1;

/// What a linear model thinks of rows it was not fitted on.
pub struct Opinion {
    models: Vec<Linear>,
    sharpness: Sharpness,
    classes: usize,
}

/// What an opinion is formed of.
#[derive(Clone, Copy)]
pub struct Task<'a> {
    /// Rows as sparse vectors.
    pub rows: &'a SparseRows,
    /// Number of places.
    pub places: usize,
    /// The class of each row.
    pub labels: &'a [u32],
    /// Number of classes.
    pub classes: usize,
    /// The fold of each row.
    pub folds: &'a [usize],
    /// Of the order of rows.
    pub seed: u64,
}

impl Opinion {
    /// One model for each fold without that fold, and without the rows `left_out`; and every row's scores by the model
    /// that did not see it.
    pub fn fit(task: Task<'_>, left_out: Option<&[bool]>) -> (Self, Vec<f32>) {
        let Task { rows, places, labels, classes, folds, seed } = task;
        let kept = |r: usize| left_out.is_none_or(|out| !out[r]);
        let without = |fold: usize| {
            let others = (0_u32..rows.len() as u32).filter(|&r| folds[r as usize] != fold && kept(r as usize));
            Linear::fit(rows, places, &others.collect::<Vec<_>>(), labels, classes, seed)
        };
        let models: Vec<Linear> = (0..FOLDS).into_par_iter().map(without).collect();
        let mut opinion = Self { models, sharpness: Sharpness::default(), classes };
        let mut scores = vec![0.0; rows.len() * classes];
        scores.chunks_exact_mut(classes).enumerate().for_each(|(r, out)| opinion.scores(folds[r], rows.row(r), out));
        let fitted: Vec<usize> = (0..rows.len()).filter(|&r| kept(r)).collect();
        let known: Vec<f32> = fitted.iter().flat_map(|&r| scores[r * classes..][..classes].to_vec()).collect();
        let named: Vec<u32> = fitted.iter().map(|&r| labels[r]).collect();
        opinion.sharpness = Sharpness::fit(&known, &named, classes, FACTORS);
        (opinion, scores)
    }

    /// A row's scores by the model that did not see its fold.
    pub fn scores(&self, fold: usize, entries: &[(u32, f32)], out: &mut [f32]) {
        self.models[fold].scores(entries, out);
    }

    /// Adds what one entry gives to a row's scores.
    pub fn add(&self, fold: usize, (place, value): (u32, f32), out: &mut [f32]) {
        self.models[fold].add(place, value, out);
    }

    /// Takes what these entries gave out of the scores, as if the row had been without them: what is left has length 1.
    pub fn without<'a>(&self, fold: usize, entries: impl Iterator<Item = &'a (u32, f32)>, scores: &mut [f32]) {
        let mut left = 1.0_f32;
        for &(place, value) in entries {
            self.models[fold].add(place, -value, scores);
            left -= value * value;
        }
        if left < 1.0 {
            let mut constant = vec![0.0; self.classes];
            self.scores(fold, &[], &mut constant);
            let longer = left.max(LEFT_MIN).sqrt().recip();
            scores.iter_mut().zip(&constant).for_each(|(score, c)| *score = c + (*score - c) * longer);
        }
    }

    /// Turns scores into probabilities.
    pub fn probabilities(&self, scores: &mut [f32]) {
        self.sharpness.apply(scores, self.classes);
    }
}
