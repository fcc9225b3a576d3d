//! The models whose opinions are pooled. Each is fitted once for every fold without that fold.

use rayon::prelude::*;
use taster_core::{Schema, Table, Values};
use taster_stats::{
    boost::{Booster, Codes, Params as BoostParams, Target},
    kernel::{KernelClassifier, Labelled},
    linear::Linear,
    ngrams::{Ngrams, SparseRows},
};

use super::{
    Params,
    classes::Classes,
    view::{FOLDS, View},
};

/// Classes above which fewer trees keep the time in bounds.
const CLASSES_FEW: usize = 10;
/// Numbers of all linear models of one text column together.
const WORDS_MEMORY: usize = 1 << 21;
/// Least probability a user's model is taken at its word for.
const GIVEN_MIN: f64 = 1e-12;

/// One model for each fold.
pub enum Member {
    /// Boosted trees.
    Trees(Vec<Booster>),
    /// Kernel least squares.
    Smooth(KernelClassifier),
    /// Softmax regression on the words of a text column.
    Words { column: usize, ngrams: Ngrams, models: Vec<Linear> },
    /// The user's own model: the columns of its probabilities, class by class.
    Given(Vec<usize>),
}

/// What members are fitted to.
#[derive(Clone, Copy)]
pub struct Task<'a> {
    /// The rows, which all have a class, in an order that depends on their content only.
    pub view: &'a View<'a>,
    /// Coordinates of a point; 0 for no comparison of points.
    pub dim: usize,
    /// Class of each row.
    pub labels: &'a [u32],
    /// Number of classes.
    pub classes: usize,
    /// Of the choices of rows and columns.
    pub seed: u64,
}

impl Member {
    /// Scores of the rows, one for each class: log-probabilities up to a factor and a constant.
    pub fn scores(&self, view: &View<'_>, classes: usize) -> Vec<f32> {
        match self {
            Self::Trees(boosters) => scores_by(boosters, &view.codes, &view.folds, classes),
            Self::Smooth(kernel) => kernel.scores(&view.points, &view.folds),
            Self::Words { column, ngrams, models } => {
                let mut out = vec![0.0; view.folds.len() * classes];
                let Some(rows) = words(view.table, *column, ngrams) else { return out };
                for ((row, out), &fold) in out.chunks_exact_mut(classes).enumerate().zip(&view.folds) {
                    models[fold].scores(rows.row(row), out);
                }
                out
            }
            Self::Given(columns) => given(view.table, columns),
        }
    }

    /// Factors by which its scores may have to be multiplied.
    pub fn factors(&self) -> (f64, f64) {
        match self {
            // Least squares scores lie between 0 and 1.
            Self::Smooth(_) => (0.5, 100.0),
            _ => (0.3, 3.0),
        }
    }

    /// Boosted trees on the codes.
    pub fn trees(task: Task<'_>, params: &Params) -> Self {
        let Task { view, labels, classes, .. } = task;
        let params = boosting(params, classes, task.seed);
        let without = |fold: usize| {
            let others = (0_u32..).zip(&view.folds).filter(|&(_, &f)| f != fold).map(|(r, _)| r);
            Booster::fit(&view.codes, &others.collect::<Vec<_>>(), Target::Classes { labels, classes }, None, &params)
        };
        Self::Trees((0..FOLDS).into_par_iter().map(without).collect())
    }

    /// Kernel least squares on the points.
    pub fn smooth(task: Task<'_>) -> Option<Self> {
        let Task { view, dim, labels, classes, seed } = task;
        let rows = Labelled { points: &view.points, dim, labels, classes, folds: &view.folds, fold_count: FOLDS };
        (dim > 0 && !labels.is_empty()).then(|| Self::Smooth(KernelClassifier::fit(rows, seed)))
    }

    /// Softmax regression on each text column.
    pub fn words(task: Task<'_>, schema: &Schema) -> Vec<Self> {
        schema.features().filter_map(|column| Self::words_of(task, column)).collect()
    }

    fn words_of(task: Task<'_>, column: usize) -> Option<Self> {
        let Task { view, labels, classes, seed, .. } = task;
        let texts = view.table.columns.get(column).and_then(Values::as_text)?;
        let places = (WORDS_MEMORY / (classes * FOLDS)).next_power_of_two().clamp(1 << 10, 1 << 17);
        let ngrams = Ngrams::fit(texts.iter().flatten(), places, seed);
        let rows = ngrams.rows(texts.iter());
        let without = |fold: usize| {
            let others: Vec<u32> = (0_u32..).zip(&view.folds).filter(|&(_, &f)| f != fold).map(|(r, _)| r).collect();
            Linear::fit(&rows, ngrams.places(), &others, labels, classes, seed)
        };
        let models = (0..FOLDS).into_par_iter().map(without).collect();
        Some(Self::Words { column, ngrams, models })
    }

    /// The user's probabilities: columns in the order of the classes, which are sorted as numbers if all of them are.
    pub fn given(columns: &[usize], classes: &Classes) -> Option<Self> {
        (columns.len() == classes.len()).then(|| {
            let mut by_class = vec![0; columns.len()];
            for (&class, &column) in classes.in_numeric_order().iter().zip(columns) {
                by_class[class] = column;
            }
            Self::Given(by_class)
        })
    }
}

/// Each row's scores, one for each class, by the booster that its place in `which` names.
pub fn scores_by(boosters: &[Booster], codes: &Codes, which: &[usize], classes: usize) -> Vec<f32> {
    let mut rows = vec![Vec::new(); boosters.len()];
    for (row, &booster) in (0_u32..).zip(which) {
        rows[booster].push(row);
    }
    let mut out = vec![0.0; which.len() * classes];
    for (booster, rows) in boosters.iter().zip(&rows) {
        let outputs = booster.outputs();
        // Two classes have one score: the log odds of the second.
        let skipped = classes - outputs;
        let part = booster.scores(&codes.take(rows));
        for (&row, scores) in rows.iter().zip(part.chunks_exact(outputs)) {
            out[row as usize * classes + skipped..][..outputs].copy_from_slice(scores);
        }
    }
    out
}

fn words(table: &Table, column: usize, ngrams: &Ngrams) -> Option<SparseRows> {
    let texts = table.columns.get(column).and_then(Values::as_text)?;
    Some(ngrams.rows(texts.iter()))
}

fn given(table: &Table, columns: &[usize]) -> Vec<f32> {
    let mut out = vec![0.0; table.len * columns.len()];
    for (class, &column) in columns.iter().enumerate() {
        let Some(values) = table.columns.get(column).and_then(Values::as_numeric) else { continue };
        for (row, &p) in values.iter().enumerate() {
            out[row * columns.len() + class] = if p.is_nan() { 0.0 } else { p.clamp(GIVEN_MIN, 1.0).ln() as f32 };
        }
    }
    out
}

fn boosting(params: &Params, classes: usize, seed: u64) -> BoostParams {
    let trees = if classes > CLASSES_FEW {
        (params.trees * CLASSES_FEW / classes).max(params.trees.min(30))
    } else {
        params.trees
    };
    let rate = (15.0 / trees as f32).clamp(0.02, 0.3);
    BoostParams { trees, depth: params.depth, rate, row_share: 0.5, column_share: 0.6, seed, ..BoostParams::default() }
}
