use taster_core::{Observation, Reason, Table};

/// Triggers of one kind, in one column or in several.
pub trait Part: Send + Sync {
    /// The probability that each row is poison; `labels` has the class of each row.
    fn score(&self, table: &Table, labels: &[u32]) -> Vec<f64>;

    /// Why this row is suspicious, `label` being its class.
    fn reason(&self, table: &Table, row: usize, label: u32) -> Reason;

    /// The triggers.
    fn observations(&self) -> Vec<Observation>;
}
