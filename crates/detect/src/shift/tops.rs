//! Rows in an order in which those from elsewhere would come first: how many of the dataset are among the first.

use serde_json::{Value, json};
use taster_stats::exact::{Exact, cohens_h};

/// Shares of all rows, surest first, among which rows of the dataset are counted. An admixture of a few per cent hardly
/// moves the AUC, but fills the top of the order.
pub const DEPTHS: [f64; 6] = [0.0025, 0.005, 0.01, 0.02, 0.05, 0.1];

/// The first rows.
pub struct Top {
    /// Rows of the dataset and of the reference among them.
    pub counts: (u64, u64),
    /// Probability of so many of the dataset by chance.
    pub p_value: f64,
    /// Cohen's h of the share of either side's rows that is among them.
    pub h: f64,
}

impl Top {
    /// By how much the share of the dataset's rows among them is larger than that of the reference's.
    pub fn excess(&self, sizes: (usize, usize)) -> f64 {
        (self.counts.0 as f64 / sizes.0 as f64 - self.counts.1 as f64 / sizes.1 as f64).clamp(0.0, 1.0)
    }

    /// For the report.
    pub fn evidence(&self) -> Value {
        let (current, reference) = self.counts;
        json!({ "current": current, "reference": reference, "p_value": self.p_value, "cohens_h": self.h })
    }
}

/// Rows of `a` and `b` among those with the highest scores of both together, at each depth, with the probability of so
/// many of `a` by chance. Of equal scores those of `b` come first, so that ties never speak for a shift.
pub fn tops(a: &[f64], b: &[f64]) -> Vec<Top> {
    let mut all: Vec<(f64, bool)> = a.iter().map(|&s| (s, true)).chain(b.iter().map(|&s| (s, false))).collect();
    all.sort_by(|x, y| y.0.total_cmp(&x.0).then(x.1.cmp(&y.1)));
    let exact = Exact::new(a.len(), b.len());
    let top = |depth: f64| {
        let rows = ((depth * all.len() as f64) as usize).max(1);
        let current = all.iter().take(rows).filter(|x| x.1).count() as u64;
        let reference = rows as u64 - current;
        let h = cohens_h(current as f64 / a.len() as f64, reference as f64 / b.len() as f64);
        Top { counts: (current, reference), p_value: exact.upper(current, reference), h }
    };
    DEPTHS.into_iter().map(top).collect()
}

/// The depth with the smallest p-value.
pub fn surest(tops: &[Top]) -> Option<&Top> {
    tops.iter().min_by(|a, b| a.p_value.total_cmp(&b.p_value))
}
