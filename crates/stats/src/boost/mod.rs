//! Gradient boosting of oblivious trees on columns of small codes.
//!
//! All nodes of one level of an oblivious (symmetric) tree ask the same question, so a tree of depth 6 is six
//! comparisons and one look-up, and it is hard to overfit (Prokhorenkova et al. 2018, "CatBoost: unbiased boosting with
//! categorical features"). Columns are [`Codes`]: at most 256 bins each, one of them for missing values. Questions on
//! nominal columns are about sets of values, found by ordering the values by their gradients (Ke et al. 2017,
//! "LightGBM"). With many classes one tree serves all of them: its shape is chosen on a random projection of the
//! gradients (Iosipoi and Vakhrushev 2022, "SketchBoost"), its leaves hold a value for each class.
//!
//! Gradients are summed as fixed-point integers, so a fit does not depend on the order of additions.
//!
//! ```
//! use taster_stats::boost::{Booster, CodeColumn, Codes, Cuts, Params, Target};
//!
//! let x: Vec<f64> = (0..400).map(|i| f64::from(i % 20)).collect();
//! let cuts = Cuts::fit(&x, 64);
//! let codes = Codes::new(vec![CodeColumn::ordered(cuts.codes(&x), cuts.bins())]);
//! let labels: Vec<u32> = x.iter().map(|&v| u32::from(v > 9.0)).collect();
//! let rows: Vec<u32> = (0..400).collect();
//! let model = Booster::fit(&codes, &rows, Target::Classes { labels: &labels, classes: 2 }, None, &Params::default());
//! assert!(model.probabilities(&codes)[1] < 0.1); // the first row's probability of class 1
//! ```

mod codes;
mod grow;
mod histogram;
mod loss;
mod tree;

pub use codes::{CodeColumn, Codes, Cuts, Order};
pub use tree::Tree;

use serde::{Deserialize, Serialize};

use grow::Grower;
use loss::{Loss, Scores};

/// How a booster is fitted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Params {
    /// Trees.
    pub trees: usize,
    /// Levels of a tree, 1 to 8.
    pub depth: usize,
    /// Shrinkage of each tree's values.
    pub rate: f32,
    /// L2 penalty on leaf values, in units of hessian.
    pub l2: f32,
    /// Leaves with less hessian than this get no value.
    pub min_hessian: f32,
    /// Share of rows each tree's shape is chosen on; its leaf values use all rows.
    pub row_share: f32,
    /// Share of columns each tree may ask about.
    pub column_share: f32,
    /// Seed of the choices of rows, columns and projections.
    pub seed: u64,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            trees: 100,
            depth: 6,
            rate: 0.15,
            l2: 2.0,
            min_hessian: 1e-3,
            row_share: 0.7,
            column_share: 0.7,
            seed: 0,
        }
    }
}

/// What is learnt, one value for each row of the table.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    /// Classes `0..classes`: logistic loss for two, softmax for more.
    Classes {
        /// Class of each row.
        labels: &'a [u32],
        /// Number of classes.
        classes: usize,
    },
    /// Numbers: squared loss.
    Numbers(&'a [f32]),
}

/// A sum of oblivious trees.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Booster {
    /// Score of every row before any tree, one an output.
    base: Vec<f32>,
    trees: Vec<Tree>,
    classes: usize,
}

impl Booster {
    /// Fits `target` on the given rows of a table. Rows with weight 0 teach nothing; without weights all have 1.
    ///
    /// The result depends on the multiset of rows, their order in `rows` (which decides what is subsampled) and the
    /// seed; never on threads.
    pub fn fit(codes: &Codes, rows: &[u32], target: Target<'_>, weights: Option<&[f32]>, params: &Params) -> Self {
        let loss = Loss::new(target, rows, weights);
        let base = loss.base();
        let classes = loss.classes();
        if rows.is_empty() || codes.columns().is_empty() || classes == 1 {
            return Self { base, trees: Vec::new(), classes };
        }
        let scores = Scores::filled(rows.len(), &base);
        let trees = grown(&codes.take(rows), &loss, scores, params);
        Self { base, trees, classes }
    }

    /// The same with more trees, fitted to what these leave of the given rows: what those rows add to what is known.
    #[must_use]
    pub fn extended(&self, codes: &Codes, rows: &[u32], target: Target<'_>, params: &Params) -> Self {
        let loss = Loss::new(target, rows, None);
        let mut extended = self.clone();
        if rows.is_empty() || codes.columns().is_empty() || self.classes == 1 {
            return extended;
        }
        let train = codes.take(rows);
        let scores = Scores { outputs: self.outputs(), values: self.scores(&train) };
        extended.trees.extend(grown(&train, &loss, scores, params));
        extended
    }

    /// Numbers a row has in [`Booster::scores`]: 1 for two classes and for numbers, else one a class.
    pub fn outputs(&self) -> usize {
        self.base.len()
    }

    /// Raw scores, row by row: log odds of class 1, a logit for each class, or the number itself.
    pub fn scores(&self, codes: &Codes) -> Vec<f32> {
        self.scores_after(codes, self.trees.len())
    }

    /// Raw scores of the first `trees` trees.
    pub fn scores_after(&self, codes: &Codes, trees: usize) -> Vec<f32> {
        let mut out = Scores::filled(codes.rows(), &self.base);
        tree::add_all(&self.trees[..trees.min(self.trees.len())], codes, &mut out);
        out.values
    }

    /// Probabilities, row by row, one for each class. For numbers: the numbers.
    pub fn probabilities(&self, codes: &Codes) -> Vec<f32> {
        loss::probabilities(self.scores(codes), self.outputs(), self.classes)
    }

    /// How many splits ask about each of `columns` columns: a rough measure of what the model uses.
    pub fn column_uses(&self, columns: usize) -> Vec<usize> {
        let mut uses = vec![0; columns];
        for column in self.trees.iter().flat_map(Tree::columns).filter(|&c| c < columns) {
            uses[column] += 1;
        }
        uses
    }
}

/// One tree after another.
fn grown(codes: &Codes, loss: &Loss, scores: Scores, params: &Params) -> Vec<Tree> {
    match scores.outputs {
        1 => grown_on::<2>(codes, loss, scores, params),
        2 | 3 => grown_on::<4>(codes, loss, scores, params),
        _ => grown_on::<8>(codes, loss, scores, params),
    }
}

/// On gradients projected to `L - 1` lanes.
fn grown_on<const L: usize>(codes: &Codes, loss: &Loss, mut scores: Scores, params: &Params) -> Vec<Tree> {
    let mut grower = Grower::<L>::new(codes, params);
    (0..params.trees).map_while(|round| grower.next_tree(loss, &mut scores, round)).collect()
}

#[cfg(test)]
mod tests;
