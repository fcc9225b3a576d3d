//! Softmax regression on sparse vectors, by stochastic gradient descent in a fixed order.

use serde::{Deserialize, Serialize};

use crate::{
    math::{exp, mix},
    ngrams::SparseRows,
};

/// Passes over the rows.
const PASSES: u64 = 6;
/// Step of a weight's first update; later ones shrink with the square root of its summed squared gradients (Duchi, Hazan,
/// Singer 2011, "Adaptive Subgradient Methods").
const STEP: f32 = 0.5;

/// Weights of places for classes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Linear {
    classes: usize,
    /// `[place * classes + class]`; the last place is the constant.
    weights: Vec<f32>,
}

impl Linear {
    /// Fits on the given rows, whose `labels` are below `classes`. `places` is one more than the greatest place.
    pub fn fit(rows: &SparseRows, places: usize, chosen: &[u32], labels: &[u32], classes: usize, seed: u64) -> Self {
        let mut model = Self { classes, weights: vec![0.0; (places + 1) * classes] };
        let mut squares = vec![1e-2_f32; model.weights.len()];
        let mut order = chosen.to_vec();
        let mut errors = vec![0.0; classes];
        for pass in 0..PASSES {
            order.sort_by_cached_key(|&r| mix(seed ^ pass, u64::from(r)));
            for &row in &order {
                let entries = rows.row(row as usize);
                model.probabilities(entries, &mut errors);
                errors[labels[row as usize] as usize] -= 1.0;
                for &(place, value) in entries.iter().chain(&[(places as u32, 0.3)]) {
                    model.step(place, value, &errors, &mut squares);
                }
            }
        }
        model
    }

    /// A row's scores, one for each class: log-probabilities up to a constant.
    pub fn scores(&self, entries: &[(u32, f32)], out: &mut [f32]) {
        out.copy_from_slice(&self.weights[self.weights.len() - self.classes..]);
        for o in out.iter_mut() {
            *o *= 0.3;
        }
        for &(place, value) in entries {
            self.add(place, value, out);
        }
    }

    /// Adds what one entry gives to a row's scores.
    pub fn add(&self, place: u32, value: f32, out: &mut [f32]) {
        let at = place as usize * self.classes;
        for (o, w) in out.iter_mut().zip(&self.weights[at..at + self.classes]) {
            *o += value * w;
        }
    }

    fn probabilities(&self, entries: &[(u32, f32)], out: &mut [f32]) {
        self.scores(entries, out);
        let top = out.iter().copied().fold(f32::MIN, f32::max);
        for o in out.iter_mut() {
            *o = exp(*o - top);
        }
        let total: f32 = out.iter().sum();
        for o in out.iter_mut() {
            *o /= total;
        }
    }

    fn step(&mut self, place: u32, value: f32, errors: &[f32], squares: &mut [f32]) {
        let at = place as usize * self.classes;
        let cells = self.weights[at..at + self.classes].iter_mut().zip(&mut squares[at..at + self.classes]);
        for ((weight, square), error) in cells.zip(errors) {
            let gradient = error * value;
            *square += gradient * gradient;
            *weight -= STEP * gradient / square.sqrt();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ngrams::Ngrams;

    #[test]
    fn learns_what_words_mean() {
        let text = |i: u64| {
            let words = if i.is_multiple_of(2) { ["good", "fine", "great"] } else { ["bad", "poor", "awful"] };
            format!(
                "it was {} and {} said {}",
                words[(mix(1, i) % 3) as usize],
                words[(mix(2, i) % 3) as usize],
                mix(3, i) % 50
            )
        };
        let texts: Vec<String> = (0..400).map(text).collect();
        let labels: Vec<u32> = (0..400).map(|i| i % 2).collect();
        let ngrams = Ngrams::fit(texts.iter().map(String::as_str), 1 << 12, 7);
        let rows = ngrams.rows(texts.iter().map(|t| Some(t.as_str())));
        let train: Vec<u32> = (0..300).collect();
        let model = Linear::fit(&rows, ngrams.places(), &train, &labels, 2, 1);
        let mut scores = [0.0; 2];
        for (i, &label) in labels.iter().enumerate().skip(300) {
            model.scores(rows.row(i), &mut scores);
            assert_eq!(u32::from(scores[1] > scores[0]), label);
        }
    }
}
