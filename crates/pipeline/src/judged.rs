//! Some rows, judged: their scores, and why the policy minds some of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use taster_core::{Digest, Quarantined, Reason, Schema, Severity, Table, Values};

use crate::{
    model::Judge,
    observe::guarded,
    policy::{self, Threshold},
};

/// Characters of a value that the report shows.
const SHOWN: usize = 200;
/// Values of a row that the report shows.
const SHOWN_COLUMNS: usize = 40;

/// A quarantined row, before the policy knows how many there are.
#[derive(Serialize, Deserialize)]
pub(crate) struct Suspect {
    pub entry: Quarantined,
    /// Row number within the dataset.
    pub position: u64,
    /// Columns and values of the row, shortened.
    pub values: Vec<(String, String)>,
}

/// Consecutive rows of one file, judged.
pub(crate) struct Judged {
    pub file: usize,
    pub first_row: u64,
    /// One list a judge.
    pub scores: Vec<Vec<f64>>,
    pub suspicion: Vec<f64>,
    /// Rows to quarantine, each with the index of its judge.
    pub suspects: Vec<(usize, Suspect)>,
    /// Judges that panicked, and what they said.
    pub failures: BTreeMap<&'static str, String>,
}

impl Judged {
    /// Judges rows. [`Self::explain`] is still to be called for those in [`Self::over`].
    pub fn new(judges: &[Judge], table: &Table, file: usize, first_row: u64) -> Self {
        let mut failures = BTreeMap::new();
        let mut scored = |judge: &Judge| {
            guarded(|| judge.model.score(table)).unwrap_or_else(|message| {
                failures.insert(judge.id, message);
                vec![f64::NAN; table.len]
            })
        };
        let scores: Vec<Vec<f64>> = judges.iter().map(&mut scored).collect();
        let suspicion = (0..table.len).map(|row| suspicion(judges, &scores, row)).collect();
        Self { file, first_row, scores, suspicion, suspects: Vec::new(), failures }
    }

    /// The rows that some judge's threshold puts into the quarantine.
    pub fn over(&self, judges: &[Judge]) -> Vec<usize> {
        (0..self.suspicion.len()).filter(|&row| self.accusers(judges, row).next().is_some()).collect()
    }

    /// Takes the rows `over` a threshold, whose digests are given, to the suspects. `offset` is the number within the
    /// dataset of the table's first row.
    pub fn explain(
        &mut self,
        judges: &[Judge],
        schema: &Schema,
        table: &Table,
        offset: u64,
        over: &[usize],
        digests: &[Digest],
    ) {
        let mut failures = BTreeMap::new();
        let mut suspects = Vec::new();
        for (&row, &row_sha256) in over.iter().zip(digests) {
            for (j, judge) in self.accusers(judges, row) {
                let reason = guarded(|| judge.model.explain(table, row)).unwrap_or_else(|message| {
                    failures.insert(judge.id, message);
                    Reason::default()
                });
                let entry = self.entry((j, judge), row, row_sha256, reason);
                let position = offset + row as u64;
                suspects.push((j, Suspect { entry, position, values: shown(schema, table, row) }));
            }
        }
        self.suspects = suspects;
        self.failures.append(&mut failures);
    }

    /// The judges whose threshold this row is over, with their indices.
    fn accusers<'a>(&'a self, judges: &'a [Judge], row: usize) -> impl Iterator<Item = (usize, &'a Judge)> {
        let over = move |(j, judge): &(usize, &Judge)| judge.threshold.at.is_some_and(|at| self.scores[*j][row] >= at);
        judges.iter().enumerate().filter(over)
    }

    fn entry(&self, (j, judge): (usize, &Judge), row: usize, row_sha256: Digest, reason: Reason) -> Quarantined {
        let score = self.scores[j][row];
        Quarantined {
            file: self.file,
            row: self.first_row + row as u64,
            row_sha256,
            detector: judge.id.to_owned(),
            score,
            p_value: p_value(&judge.threshold, score),
            q_value: None,
            severity: Severity::Info, // known once all rows are counted
            columns: reason.columns,
            reason: reason.text,
            suggested_label: reason.suggested_label,
        }
    }
}

/// The most suspicious detector decides.
fn suspicion(judges: &[Judge], scores: &[Vec<f64>], row: usize) -> f64 {
    let fused = |(judge, scores): (&Judge, &Vec<f64>)| policy::fused(judge.id, scores[row], judge.threshold.at);
    judges.iter().zip(scores).map(fused).fold(0.0, f64::max)
}

fn p_value(threshold: &Threshold, score: f64) -> Option<f64> {
    let n = threshold.reference.len();
    let smaller = threshold.reference.partition_point(|&r| r < score);
    (n > 0).then(|| (1.0 + (n - smaller) as f64) / (1.0 + n as f64))
}

fn shown(schema: &Schema, table: &Table, row: usize) -> Vec<(String, String)> {
    let value =
        |i: usize| table.columns[i].show(row).map_or_else(|| "—".to_owned(), |v| v.chars().take(SHOWN).collect());
    let encoded = |i: &usize| !matches!(table.columns[*i], Values::Skipped);
    (0..schema.columns.len())
        .filter(encoded)
        .take(SHOWN_COLUMNS)
        .map(|i| (schema.columns[i].name.clone(), value(i)))
        .collect()
}
