use super::Target;
use crate::{
    math::{exp, sigmoid},
    vectorised::vectorised,
};

/// Scores of rows, row by row.
pub(super) struct Scores {
    pub outputs: usize,
    pub values: Vec<f32>,
}

impl Scores {
    pub fn filled(rows: usize, base: &[f32]) -> Self {
        Self { outputs: base.len(), values: base.repeat(rows) }
    }
}

/// First and second derivatives of the loss, row by row, one for each output.
#[derive(Default)]
pub(super) struct Gradients {
    pub first: Vec<f32>,
    pub second: Vec<f32>,
}

/// What is minimised over the training rows.
pub(super) enum Loss {
    /// Two classes; targets are 0 or 1.
    Logistic { targets: Vec<f32>, weights: Vec<f32> },
    /// More classes.
    Softmax { labels: Vec<u32>, weights: Vec<f32>, classes: usize },
    /// Numbers.
    Squared { targets: Vec<f32>, weights: Vec<f32> },
}

impl Loss {
    pub fn new(target: Target<'_>, rows: &[u32], weights: Option<&[f32]>) -> Self {
        let weights: Vec<f32> = rows.iter().map(|&r| weights.map_or(1.0, |w| w[r as usize])).collect();
        match target {
            Target::Classes { labels, classes } if classes <= 2 => {
                let targets = rows.iter().map(|&r| labels[r as usize] as f32).collect();
                Self::Logistic { targets, weights }
            }
            Target::Classes { labels, classes } => {
                Self::Softmax { labels: rows.iter().map(|&r| labels[r as usize]).collect(), weights, classes }
            }
            Target::Numbers(numbers) => {
                Self::Squared { targets: rows.iter().map(|&r| numbers[r as usize]).collect(), weights }
            }
        }
    }

    /// Number of classes; 0 for numbers.
    pub fn classes(&self) -> usize {
        match self {
            Self::Logistic { .. } => 2,
            Self::Softmax { classes, .. } => *classes,
            Self::Squared { .. } => 0,
        }
    }

    /// The best constant scores.
    pub fn base(&self) -> Vec<f32> {
        match self {
            Self::Logistic { targets, weights } => {
                let positive = weighted_sum(targets, weights) + 0.5;
                let all = weights.iter().map(|&w| f64::from(w)).sum::<f64>() + 1.0;
                vec![(positive / (all - positive)).ln() as f32]
            }
            Self::Softmax { labels, weights, classes } => {
                let mut counts = vec![0.5_f64; *classes];
                for (&label, &weight) in labels.iter().zip(weights) {
                    counts[label as usize] += f64::from(weight);
                }
                let mean = counts.iter().map(|c| c.ln()).sum::<f64>() / counts.len().max(1) as f64;
                counts.into_iter().map(|c| (c.ln() - mean) as f32).collect()
            }
            Self::Squared { targets, weights } => {
                let all: f64 = weights.iter().map(|&w| f64::from(w)).sum();
                vec![if all > 0.0 { (weighted_sum(targets, weights) / all) as f32 } else { 0.0 }]
            }
        }
    }

    /// Derivatives at these scores.
    pub fn gradients(&self, scores: &Scores, out: &mut Gradients) {
        out.first.resize(scores.values.len(), 0.0);
        out.second.resize(scores.values.len(), 0.0);
        let Gradients { first, second } = out;
        match self {
            Self::Logistic { targets, weights } => logistic(&scores.values, targets, weights, first, second),
            Self::Softmax { labels, weights, classes } => {
                softmax(&scores.values, labels, weights, *classes, first, second);
            }
            Self::Squared { targets, weights } => {
                for (i, &score) in scores.values.iter().enumerate() {
                    first[i] = weights[i] * (score - targets[i]);
                    second[i] = weights[i];
                }
            }
        }
    }
}

fn weighted_sum(values: &[f32], weights: &[f32]) -> f64 {
    values.iter().zip(weights).map(|(&v, &w)| f64::from(v) * f64::from(w)).sum()
}

vectorised! {
    fn logistic<'a>(
        scores: &'a [f32],
        targets: &'a [f32],
        weights: &'a [f32],
        first: &'a mut [f32],
        second: &'a mut [f32],
    ) -> () {
        let rows = scores.iter().zip(targets).zip(weights).zip(first.iter_mut().zip(second));
        for (((&score, &target), &weight), (first, second)) in rows {
            let p = sigmoid(score);
            *first = weight * (p - target);
            *second = weight * p * (1.0 - p);
        }
    }
}

vectorised! {
    fn softmax<'a>(
        scores: &'a [f32],
        labels: &'a [u32],
        weights: &'a [f32],
        k: usize,
        first: &'a mut [f32],
        second: &'a mut [f32],
    ) -> () {
        let rows = scores.chunks_exact(k).zip(first.chunks_exact_mut(k)).zip(second.chunks_exact_mut(k));
        for (((scores, first), second), (&label, &weight)) in rows.zip(labels.iter().zip(weights)) {
            normalise(scores, first);
            for (p, h) in first.iter_mut().zip(second) {
                *h = weight * *p * (1.0 - *p);
                *p *= weight;
            }
            first[label as usize] -= weight;
        }
    }
}

/// Softmax of one row.
#[allow(clippy::inline_always)] // so that it is compiled for the vector unit found at run time
#[inline(always)]
fn normalise(scores: &[f32], out: &mut [f32]) {
    let top = scores.iter().copied().fold(f32::MIN, f32::max);
    for (o, &s) in out.iter_mut().zip(scores) {
        *o = exp(s - top);
    }
    let total: f32 = out.iter().sum();
    for o in out.iter_mut() {
        *o /= total;
    }
}

/// Turns raw scores into probabilities, one for each class.
pub(super) fn probabilities(mut scores: Vec<f32>, outputs: usize, classes: usize) -> Vec<f32> {
    match classes {
        0 => scores,
        1 | 2 => scores.into_iter().map(sigmoid).flat_map(|p| [1.0 - p, p]).collect(),
        _ => {
            let mut row = vec![0.0; outputs];
            for scores in scores.chunks_exact_mut(outputs) {
                normalise(scores, &mut row);
                scores.copy_from_slice(&row);
            }
            scores
        }
    }
}
