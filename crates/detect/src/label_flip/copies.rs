//! What the labels of exact copies of a row say of its label.

use std::collections::BTreeMap;

use taster_core::Table;

/// Candidates for how many copies a model's opinion is worth.
const WORTHS: [f64; 9] = [0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 64.0];
/// As how many rows all copies of one count, however many they are.
const COUNTED: f64 = 4.0;
/// Rows with copies below which nothing is learnt from them.
const ROWS_MIN: usize = 10;

/// Label counts of the rows of the sample that have copies.
pub struct Copies {
    counts: BTreeMap<u64, Vec<(u32, u32)>>,
    /// How many copies the models' opinion is worth; none if there are too few copies to tell.
    worth: Option<f64>,
}

impl Copies {
    /// Counts labels by feature key, and finds the worth of `probabilities` under which each row's label is likeliest
    /// given the others'.
    pub fn fit(table: &Table, labels: &[u32], probabilities: &[f32], classes: usize) -> Self {
        let mut copies = Self { counts: counts(table, labels), worth: None };
        let rows: Vec<(f64, f64, f64)> = (0..table.len)
            .filter_map(|row| {
                let label = labels[row];
                let (same, all) = copies.others(table.feature_keys[row], label)?.of(label);
                Some((f64::from(probabilities[row * classes + label as usize]), same, all))
            })
            .collect();
        let likelihood = |worth: f64| {
            rows.iter().map(|&(p, same, all)| ((worth * p + same) / (worth + all)).max(1e-6).ln()).sum::<f64>()
        };
        if rows.len() >= ROWS_MIN {
            let best = WORTHS.iter().map(|&w| (likelihood(w), w)).reduce(|a, b| if b.0 > a.0 { b } else { a });
            copies.worth = best.map(|b| b.1);
        }
        copies
    }

    /// Of rows that have none.
    pub fn none() -> Self {
        Self { counts: BTreeMap::new(), worth: None }
    }

    /// Moves each row's probabilities, in place, towards the labels of its copies.
    pub fn apply(&self, table: &Table, labels: &[u32], probabilities: &mut [f32], classes: usize) {
        let Some(worth) = self.worth else { return };
        for (row, p) in probabilities.chunks_exact_mut(classes).enumerate() {
            if let Some(others) = self.others(table.feature_keys[row], labels[row]) {
                let all = others.of(0).1;
                for (class, p) in (0_u32..).zip(p) {
                    *p = ((worth * f64::from(*p) + others.of(class).0) / (worth + all)) as f32;
                }
            }
        }
    }

    /// Labels of the rows with these features, one with the row's own label left out: it is the row itself. None if there
    /// is no other.
    fn others(&self, features: u64, label: u32) -> Option<Others<'_>> {
        let counts = self.counts.get(&features)?;
        let itself = counts.iter().any(|c| c.0 == label).then_some(label);
        let all = counts.iter().map(|c| c.1).sum::<u32>() - u32::from(itself.is_some());
        (all > 0).then_some(Others { counts, all, itself })
    }
}

/// How much each row counts in estimates of a whole dataset: a flood of copies of one row must not hide what the others show.
/// Where all rows are alike, there are no features to tell copies by.
pub fn weights(table: &Table) -> Vec<f64> {
    let mut counts: BTreeMap<u64, f64> = BTreeMap::new();
    for &key in &table.feature_keys {
        *counts.entry(key).or_default() += 1.0;
    }
    if counts.len() < 2 {
        return vec![1.0; table.len];
    }
    table.feature_keys.iter().map(|key| (COUNTED / counts[key]).min(1.0)).collect()
}

struct Others<'a> {
    counts: &'a [(u32, u32)],
    all: u32,
    itself: Option<u32>,
}

impl Others<'_> {
    /// How many have this label, and how many there are.
    fn of(&self, label: u32) -> (f64, f64) {
        let count = self.counts.iter().find(|c| c.0 == label).map_or(0, |c| c.1);
        (f64::from(count - u32::from(self.itself == Some(label))), f64::from(self.all))
    }
}

/// Label counts of the feature keys that occur more than once.
fn counts(table: &Table, labels: &[u32]) -> BTreeMap<u64, Vec<(u32, u32)>> {
    let mut pairs: Vec<(u64, u32)> = table.feature_keys.iter().copied().zip(labels.iter().copied()).collect();
    pairs.sort_unstable();
    let groups = pairs.chunk_by(|a, b| a.0 == b.0).filter(|group| group.len() > 1);
    let count =
        |group: &[(u64, u32)]| group.chunk_by(|a, b| a.1 == b.1).map(|run| (run[0].1, run.len() as u32)).collect();
    groups.map(|group| (group[0].0, count(group))).collect()
}

#[cfg(test)]
mod tests {
    use taster_core::Values;

    use super::*;
    use crate::testing::table;

    #[test]
    fn a_flood_of_copies_counts_as_four_rows() {
        let values = [1.0; 40].into_iter().chain([2.0, 3.0, 3.0]).collect();
        let weights = weights(&table(vec![Values::Numeric(values)], &[0]));
        assert!((weights[..40].iter().sum::<f64>() - COUNTED).abs() < 1e-9);
        assert_eq!(weights[40..], [1.0; 3]);
        assert_eq!(super::weights(&table(vec![Values::Numeric(vec![1.0; 9])], &[0])), [1.0; 9]);
    }
}
