use taster_core::{Evidence, Key, Table};

use crate::label_flip::classes::{Classes, NONE};

/// Folds that rows are dealt into.
pub const FOLDS: usize = 5;

/// The rows that a trigger is looked for in: those with a class, each content once with each class, in an order that
/// depends on their content only.
pub struct Rows {
    /// The rows.
    pub table: Table,
    /// The class of each.
    pub labels: Vec<u32>,
    /// The fold of each: that of all copies of its features.
    pub folds: Vec<usize>,
    /// Share of each class.
    pub priors: Vec<f64>,
}

impl Rows {
    /// The sampled rows that have a class; of more than `most`, those with the smallest keys.
    pub fn of(evidence: &Evidence<'_>, classes: &Classes, most: usize) -> Self {
        let sampled = evidence.sample.reduced(most);
        let labels = classes.codes(&sampled);
        let mut rows: Vec<usize> = (0..sampled.len).filter(|&r| labels[r] != NONE).collect();
        rows.sort_by_key(|&r| (sampled.feature_keys[r], labels[r]));
        // Copies are no further evidence: floods of them are another detector's find.
        rows.dedup_by_key(|r| (sampled.feature_keys[*r], labels[*r]));
        let labels = rows.iter().map(|&r| labels[r]).collect();
        Self::new(sampled.take(&rows), labels, classes.len(), evidence.key)
    }

    fn new(table: Table, labels: Vec<u32>, classes: usize, key: Key) -> Self {
        let mut priors = vec![0.0; classes];
        for &label in &labels {
            priors[label as usize] += 1.0 / labels.len() as f64;
        }
        let folds = table.feature_keys.iter().map(|&k| fold(key, k)).collect();
        Self { table, labels, folds, priors }
    }

    /// The rows that are not marked.
    pub fn without(&self, marked: &[bool], key: Key) -> Self {
        let left: Vec<usize> = (0..self.len()).filter(|&r| !marked[r]).collect();
        let labels = left.iter().map(|&r| self.labels[r]).collect();
        Self::new(self.table.take(&left), labels, self.classes(), key)
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.priors.len()
    }
}

/// The fold of a row with these features.
pub fn fold(key: Key, features: u64) -> usize {
    (key.derive("folds").of(&features.to_le_bytes()) % FOLDS as u64) as usize
}
