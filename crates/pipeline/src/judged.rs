//! Some rows, judged: their scores, and why the policy minds some of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use taster_core::{Digest, Quarantined, Reason, Schema, Severity, Table, Values, moment};

use crate::{
    model::Judge,
    observe::guarded,
    policy::{self, Threshold},
    spread::Spread,
};

/// Characters of a value that the report shows.
const SHOWN: usize = 200;
/// Of these, characters before what the reason quotes.
const BEFORE: usize = 60;
/// Values of a row that the report shows.
const SHOWN_COLUMNS: usize = 40;

/// A quarantined row, before the policy knows how many there are.
#[derive(Serialize, Deserialize)]
pub(crate) struct Suspect {
    pub entry: Quarantined,
    /// Row number within the dataset.
    pub position: u64,
    /// Indices of columns and values of the row, shortened: those that speak against it first.
    pub values: Vec<(usize, String)>,
    /// Its label, where it has one that is not too long to be one.
    pub label: Option<String>,
}

impl Suspect {
    /// What it takes in memory, about.
    pub fn bytes(&self) -> usize {
        let values: usize = self.values.iter().map(|(_, value)| value.len() + 32).sum();
        let columns: usize = self.entry.columns.iter().map(|column| column.len() + 24).sum();
        200 + values + columns + self.entry.reason.len() + self.label.as_ref().map_or(0, String::len)
    }
}

/// Consecutive rows of one file, judged.
pub(crate) struct Judged {
    pub file: usize,
    pub first_row: u64,
    /// One list a judge.
    pub scores: Vec<Vec<f64>>,
    pub suspicion: Vec<f64>,
    /// One a judge.
    pub spreads: Vec<Spread>,
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
        let spreads = scores.iter().map(|scores| Spread::of(scores)).collect();
        Self { file, first_row, scores, suspicion, spreads, suspects: Vec::new(), failures }
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
                let (position, label) = (offset + row as u64, label(schema, table, row));
                let values = shown(schema, table, row, &entry);
                suspects.push((j, Suspect { entry, position, values, label }));
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
    let fused = |(judge, scores): (&Judge, &Vec<f64>)| {
        policy::fused(judge.id, judge.model.scale(), scores[row], judge.threshold.at)
    };
    judges.iter().zip(scores).map(fused).fold(0.0, f64::max)
}

fn p_value(threshold: &Threshold, score: f64) -> Option<f64> {
    let n = threshold.reference.len();
    let smaller = threshold.reference.partition_point(|&r| r < score);
    (n > 0).then(|| (1.0 + (n - smaller) as f64) / (1.0 + n as f64))
}

fn label(schema: &Schema, table: &Table, row: usize) -> Option<String> {
    let label = table.columns[schema.label()?].show(row)?;
    (label.chars().count() <= SHOWN).then_some(label)
}

fn shown(schema: &Schema, table: &Table, row: usize, entry: &Quarantined) -> Vec<(usize, String)> {
    let rank = |i: &usize| entry.columns.iter().position(|c| *c == schema.columns[*i].name).unwrap_or(usize::MAX);
    let mut encoded: Vec<usize> =
        (0..schema.columns.len()).filter(|&i| !matches!(table.columns[i], Values::Skipped)).collect();
    encoded.sort_by_key(rank);
    encoded.truncate(SHOWN_COLUMNS);
    let quoted = quoted(&entry.reason);
    let value = |i: usize| match &table.columns[i] {
        Values::Numeric(times) if schema.columns[i].holds_moments() && !times[row].is_nan() => moment(times[row]),
        values => values.show(row).map_or_else(|| "—".to_owned(), |v| excerpt(&v, &quoted)),
    };
    encoded.into_iter().map(|i| (i, value(i))).collect()
}

/// What a reason quotes: `so` or "so".
fn quoted(reason: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = reason;
    while let Some(at) = rest.find(['`', '"']) {
        let (mark, inside) = rest[at..].split_at(1);
        let Some(end) = inside.find(mark) else { break };
        found.push(&inside[..end]);
        rest = &inside[end + 1..];
    }
    found.retain(|text| !text.is_empty());
    found
}

/// The beginning of a value, or the part of a long one in which something quoted first stands.
fn excerpt(value: &str, quoted: &[&str]) -> String {
    let Some((end, _)) = value.char_indices().nth(SHOWN) else { return value.to_owned() };
    let at = quoted.iter().filter_map(|text| value.find(text)).min().filter(|&at| at + SHOWN / 4 > end);
    let Some(at) = at else { return value[..end].to_owned() };
    let from = value[..at].char_indices().rev().nth(BEFORE).map_or(0, |(i, _)| i);
    let shown: String = value[from..].chars().take(SHOWN).collect();
    format!("… {shown}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_reason_quotes_is_shown_of_a_long_value() {
        let reason = "`bio` has `cf trigger` and \"more";
        assert_eq!(quoted(reason), ["bio", "cf trigger"]);
        let long = format!("{}cf trigger{}", "é ".repeat(400), " z".repeat(400));
        let shown = excerpt(&long, &quoted(reason));
        assert!(
            shown.starts_with("… ") && shown.contains("cf trigger") && shown.chars().count() <= SHOWN + 2,
            "{shown}"
        );
        assert_eq!(excerpt("short", &["x"]), "short");
        assert_eq!(excerpt(&long, &["nowhere"]).chars().count(), SHOWN);
    }
}
