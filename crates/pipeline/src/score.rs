//! Fitting, and the second read: every row is judged by itself, and what the policy minds is spooled for the quarantine.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufRead, BufReader, BufWriter, Write},
    path::PathBuf,
};

use polars::prelude::BooleanChunked;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use taster_core::{
    DatasetRecord, Digest, Evidence, Key, Model, Observation, Quarantined, Sample, Schema, Severity, State, Table,
};
use taster_ingest::{Dataset, Encoder, Frame};
use taster_provenance::RowHasher;
use taster_report::ScoresWriter;

use crate::{
    Config, Error, Progress,
    observe::guarded,
    passes::{Limits, Output, run},
    plan::Planned,
    policy::{self, Threshold},
};

/// Characters of a value that the report shows.
const SHOWN: usize = 200;

/// A fitted detector and the score from which its rows are quarantined.
pub(crate) struct Judge {
    pub id: &'static str,
    model: Box<dyn Model>,
    pub threshold: Threshold,
    pub observations: Vec<Observation>,
}

/// Fits every detector whose state is sound. A detector that panics has its message instead of a judge.
pub(crate) fn fit(
    states: BTreeMap<&'static str, Result<Box<dyn State>, String>>,
    detectors: &[Planned],
    evidence: Evidence<'_>,
    config: &Config,
) -> Vec<(&'static str, Result<Judge, String>)> {
    let mut states = states;
    let in_list_order: Vec<_> =
        detectors.iter().filter_map(|planned| Some((planned, states.remove(planned.id())?))).collect();
    in_list_order
        .into_par_iter()
        .map(|(planned, state)| {
            let evidence = Evidence { key: evidence.key.derive(planned.id()), ..evidence };
            let judge = state.and_then(|state| guarded(|| judge(planned, state, &evidence, config)));
            (planned.id(), judge)
        })
        .collect()
}

fn judge(planned: &Planned, state: Box<dyn State>, evidence: &Evidence<'_>, config: &Config) -> Judge {
    let model = state.fit(evidence);
    let scale = model.scale();
    let ranked = scale == taster_core::Scale::Rank;
    let scores_of = |sample: &Sample| if ranked { model.score(&sample.table) } else { Vec::new() };
    let threshold = policy::threshold(
        planned.config.threshold,
        scale,
        &scores_of(evidence.sample),
        evidence.reference.map(scores_of),
        &config.policy,
    );
    Judge { id: planned.id(), observations: model.observations(), model, threshold }
}

/// A quarantined row, before the policy knows how many there are.
#[derive(Serialize, Deserialize)]
pub(crate) struct Suspect {
    pub entry: Quarantined,
    /// Row number within the dataset.
    pub position: u64,
    /// Columns and values of the row, shortened.
    pub values: Vec<(String, String)>,
}

/// What the second read brought.
pub(crate) struct Scored {
    /// Quarantined rows of each judge.
    pub counts: Vec<u64>,
    /// Why a judge could not judge.
    pub failures: BTreeMap<&'static str, String>,
    /// Where suspects wait, one JSON object a line, in the order of the data.
    spool: PathBuf,
}

/// What is needed to read a second time.
pub(crate) struct Pass<'a> {
    pub dataset: &'a Dataset,
    pub schema: &'a Schema,
    pub key: Key,
    pub limits: Limits,
    pub progress: &'a dyn Progress,
    /// What the first read saw, to be the same again.
    pub record: &'a DatasetRecord,
}

impl Pass<'_> {
    /// Judges every row. `scores` receives all scores, `spool` is where suspects wait.
    pub fn score(&self, judges: &[Judge], mut scores: Option<ScoresWriter>, spool: PathBuf) -> Result<Scored, Error> {
        let hasher = RowHasher::new(self.dataset.schema());
        let encoder = Encoder::new(self.dataset, self.key);
        let mut waiting = BufWriter::new(File::create(&spool)?);
        let mut counts = vec![0; judges.len()];
        let mut failures = BTreeMap::new();
        run(
            self.dataset,
            self.limits,
            self.progress,
            || (),
            |(), frame: Frame| {
                let table = encoder.encode(&frame, &[]).table;
                judged(judges, self.schema, &hasher, &frame, &table)
            },
            |output| {
                let rows = match output {
                    Output::Rows(rows) => rows,
                    Output::FileEnd(end) => return self.same_as_before(end.file, end.sha256),
                };
                for judged in rows {
                    if let Some(scores) = &mut scores {
                        let name = &self.record.files[judged.file].name;
                        scores.push(name, judged.first_row, &judged.scores, &judged.suspicion)?;
                    }
                    failures.extend(judged.failures);
                    for (judge, suspect) in judged.suspects {
                        counts[judge] += 1;
                        serde_json::to_writer(&mut waiting, &suspect).map_err(std::io::Error::from)?;
                        waiting.write_all(b"\n")?;
                    }
                }
                Ok(())
            },
        )?;
        scores.map_or(Ok(()), ScoresWriter::finish)?;
        waiting.flush()?;
        Ok(Scored { counts, failures, spool })
    }

    /// Refuses a file that is not what it was on the first read.
    pub fn same_as_before(&self, file: usize, sha256: Digest) -> Result<(), Error> {
        let first = &self.record.files[file];
        if first.sha256 == sha256 {
            return Ok(());
        }
        Err(Error::Changed { file: first.name.clone(), first: first.sha256.to_string(), second: sha256.to_string() })
    }
}

impl Scored {
    /// Every suspect, in the order of the data.
    pub fn suspects(&self) -> Result<impl Iterator<Item = Result<Suspect, Error>>, Error> {
        let lines = BufReader::new(File::open(&self.spool)?).lines();
        Ok(lines.map(|line| Ok(serde_json::from_str(&line?).map_err(std::io::Error::from)?)))
    }

    /// Removes the spool.
    pub fn close(self) -> Result<(), Error> {
        Ok(std::fs::remove_file(&self.spool)?)
    }
}

/// One frame's rows, judged.
struct Judged {
    file: usize,
    first_row: u64,
    scores: Vec<Vec<f64>>,
    suspicion: Vec<f64>,
    suspects: Vec<(usize, Suspect)>,
    failures: BTreeMap<&'static str, String>,
}

fn judged(
    judges: &[Judge],
    schema: &Schema,
    hasher: &RowHasher,
    frame: &Frame,
    table: &Table,
) -> Result<Judged, Error> {
    let mut failures = BTreeMap::new();
    let scores: Vec<Vec<f64>> = judges
        .iter()
        .map(|judge| {
            guarded(|| judge.model.score(table)).unwrap_or_else(|message| {
                failures.insert(judge.id, message);
                vec![f64::NAN; table.len]
            })
        })
        .collect();
    let suspicion = (0..table.len).map(|row| suspicion(judges, &scores, row)).collect();
    let suspects = suspects(judges, schema, hasher, frame, table, &scores, &mut failures)?;
    Ok(Judged { file: frame.file, first_row: frame.first_row, scores, suspicion, suspects, failures })
}

/// The most suspicious detector decides.
fn suspicion(judges: &[Judge], scores: &[Vec<f64>], row: usize) -> f64 {
    let fused = |(judge, scores): (&Judge, &Vec<f64>)| policy::fused(scores[row], judge.threshold.at);
    judges.iter().zip(scores).map(fused).fold(0.0, f64::max)
}

fn suspects(
    judges: &[Judge],
    schema: &Schema,
    hasher: &RowHasher,
    frame: &Frame,
    table: &Table,
    scores: &[Vec<f64>],
    failures: &mut BTreeMap<&'static str, String>,
) -> Result<Vec<(usize, Suspect)>, Error> {
    let over = |row: usize| {
        judges.iter().enumerate().filter(move |(j, judge)| judge.threshold.at.is_some_and(|at| scores[*j][row] >= at))
    };
    let rows: Vec<usize> = (0..table.len).filter(|&row| over(row).next().is_some()).collect();
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mask: BooleanChunked = (0..table.len).map(|row| over(row).next().is_some()).collect();
    let digests = hasher.digests(&frame.frame.filter(&mask).map_err(std::io::Error::other)?)?;
    let mut suspects = Vec::new();
    for (&row, &row_sha256) in rows.iter().zip(&digests) {
        for (j, judge) in over(row) {
            let reason = guarded(|| judge.model.explain(table, row)).unwrap_or_else(|message| {
                failures.insert(judge.id, message);
                taster_core::Reason::default()
            });
            let entry = Quarantined {
                file: frame.file,
                row: frame.first_row + row as u64,
                row_sha256,
                detector: judge.id.to_owned(),
                score: scores[j][row],
                p_value: p_value(&judge.threshold, scores[j][row]),
                q_value: None,
                severity: Severity::Info, // known once all rows are counted
                columns: reason.columns,
                reason: reason.text,
                suggested_label: reason.suggested_label,
            };
            let position = frame.offset + row as u64;
            suspects.push((j, Suspect { entry, position, values: shown(schema, table, row) }));
        }
    }
    Ok(suspects)
}

fn p_value(threshold: &Threshold, score: f64) -> Option<f64> {
    let n = threshold.reference.len();
    let smaller = threshold.reference.partition_point(|&r| r < score);
    (n > 0).then(|| (1.0 + (n - smaller) as f64) / (1.0 + n as f64))
}

fn shown(schema: &Schema, table: &Table, row: usize) -> Vec<(String, String)> {
    let value =
        |i: usize| table.columns[i].show(row).map_or_else(|| "—".to_owned(), |v| v.chars().take(SHOWN).collect());
    let encoded = |i: &usize| !matches!(table.columns[*i], taster_core::Values::Skipped);
    (0..schema.columns.len()).filter(encoded).take(40).map(|i| (schema.columns[i].name.clone(), value(i))).collect()
}
