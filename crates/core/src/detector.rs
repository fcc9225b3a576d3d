use std::any::Any;

use crate::{FileRecord, Key, Sample, Schema, Scope, Table};

/// What a detector is, for people: the source of `taster detectors`, `taster explain`, the docs and the report. The threats
/// that its findings are evidence for are in [`crate::crosswalk`].
#[derive(Clone, Debug)]
pub struct About {
    /// Kebab-case name of what is found; also the folder, the config key and the score column.
    pub id: &'static str,
    /// One line: what it finds.
    pub finds: &'static str,
    /// The detector's README: finds, why it matters, how it scores, blind spots, parameters, references.
    pub readme: &'static str,
}

/// A detector does not look at this dataset, and why: `there is no label column`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotApplicable(pub String);

/// A parameter of a detector that cannot be: names the parameter, its value and what is allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ParameterError(pub String);

/// Looks for one kind of poison. Built from its parameters by the list of detectors in `taster-detect`.
pub trait Detector: Send + Sync {
    /// What it is.
    fn about(&self) -> &'static About;

    /// Whether it can look at a dataset with this schema.
    fn applies(&self, schema: &Schema, has_reference: bool) -> Result<(), NotApplicable>;

    /// An empty state for a dataset with this schema. `key` is derived from the scan's seed for this detector alone.
    fn state(&self, schema: &Schema, key: Key) -> Box<dyn State>;
}

/// What a detector remembers of the rows it has observed. Bounded in size, and mergeable: observing two halves and
/// merging, in any order, equals observing the whole.
pub trait State: Send + Any {
    /// Takes in rows. Everything that may be fitted on a sample is in [`Evidence`] already and need not be kept here.
    fn observe(&mut self, table: &Table);

    /// Takes in what another state of the same detector, schema and key has observed.
    fn merge(&mut self, other: Box<dyn State>);

    /// Fits the model that rows are judged by. Must not depend on the number of threads.
    fn fit(self: Box<Self>, evidence: &Evidence<'_>) -> Box<dyn Model>;
}

/// What a model is fitted from, beside the state.
#[derive(Clone, Copy)]
pub struct Evidence<'a> {
    /// The dataset's columns.
    pub schema: &'a Schema,
    /// The keyed sample of the dataset.
    pub sample: &'a Sample,
    /// The dataset's files in order; with [`Sample::positions`] they say which file a sampled row is in.
    pub files: &'a [FileRecord],
    /// The keyed sample of the trusted reference, encoded by the same schema, where one was given.
    pub reference: Option<&'a Sample>,
    /// The half of the reference that a model may be fitted on if its scores are to become p-values: the other half
    /// calibrates them (see [`Model::conformal`]).
    pub trusted: Option<&'a Sample>,
    /// Both sides column by column, where more is known of the reference's columns than its rows tell.
    pub margins: Option<&'a Margins>,
    /// The same key the state was made with.
    pub key: Key,
}

/// The dataset and a reference that is known by a profile of it, column by column at the profile's resolution. What is in
/// one row of `reference` does not belong together.
#[derive(Clone, Debug, Default)]
pub struct Margins {
    /// The columns of both tables; a text column is told by several numeric ones.
    pub schema: Schema,
    /// The dataset's sample.
    pub current: Table,
    /// The reference: as many rows as it has, at most as many as a sample.
    pub reference: Table,
    /// For each column, the name of the dataset's column it tells of.
    pub origins: Vec<String>,
    /// How columns go together two by two.
    pub pairs: Vec<PairTable>,
    /// What cannot be tested without the reference's rows, in words; empty where there are rows.
    pub untested: String,
}

/// How two columns go together on both sides, by one halving of the values of each.
#[derive(Clone, Copy, Debug)]
pub struct PairTable {
    /// Indices of columns of [`Margins::schema`].
    pub columns: (usize, usize),
    /// Which halving of each: the bit of a code.
    pub bits: (u32, u32),
    /// Rows of the dataset in the upper half by the first column, by the second, and by exactly one of them.
    pub current: [u64; 3],
    /// The same of the reference, in as many rows as it has in [`Margins::reference`].
    pub reference: [u64; 3],
}

/// How a score is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// An estimate of the probability that the row is poisoned in this detector's way.
    Probability,
    /// Only the order means something; where "unusual" begins is read off the scores' distribution.
    Rank,
}

/// Why a row is suspicious, in words a person understands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reason {
    /// Columns that speak against the row, the strongest first.
    pub columns: Vec<String>,
    /// One sentence with the offending values and what is usual.
    pub text: String,
    /// For label errors: the label the row should have, with its probability.
    pub suggested_label: Option<(String, f64)>,
}

/// Something a model knows of columns, sources or the dataset as a whole, before policy gives it a severity.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// Kind of thing seen, in kebab-case.
    pub code: &'static str,
    /// What it is about.
    pub scope: Scope,
    /// One or two sentences for a person.
    pub message: String,
    /// Columns concerned.
    pub columns: Vec<String>,
    /// How large the effect is, in [0, 1]. 0 for what is merely worth knowing.
    pub magnitude: f64,
    /// Probability of seeing this by chance, where one can honestly be given.
    pub p_value: Option<f64>,
    /// The p-value corrected for the tests made.
    pub q_value: Option<f64>,
    /// What it can be recomputed from.
    pub evidence: serde_json::Value,
}

/// What was fitted. Judges one row without looking at any other: the same row gets the same score in any batch.
pub trait Model: Send + Sync {
    /// One score a row, in [0, 1], higher is more suspicious; NaN where the detector has nothing to say of a row.
    fn score(&self, table: &Table) -> Vec<f64>;

    /// How the scores are to be read.
    fn scale(&self) -> Scale;

    /// Whether the order of its scores depends on no data but [`Evidence::trusted`]. Only then do comparisons with the
    /// scores of the reference's other half give p-values.
    fn conformal(&self) -> bool {
        false
    }

    /// Why this row is suspicious. Called for quarantined rows only.
    fn explain(&self, table: &Table, row: usize) -> Reason;

    /// What was seen of columns, sources and the dataset.
    fn observations(&self) -> Vec<Observation> {
        Vec::new()
    }
}
