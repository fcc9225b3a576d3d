//! From suspects to the quarantine list: caps, severities, the findings that sum rows up, and the rows a report shows.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use taster_core::{DatasetRecord, Digest, Finding, Risk, Scope};
use taster_report::{QuarantineWriter, ShownRow};

use crate::{Error, judged::Suspect, model::Judge, policy, score::Scored, spread::Spread};

/// Memory for the rows that a report shows of each detector, and how much of it goes to rows with their values: those
/// that come after are shown without. More than a page holds.
const SHOWN_BYTES: usize = 16_000_000;
const SHOWN_BYTES_OF_VALUES: usize = 12_000_000;
/// Columns listed in a finding.
const LISTED: usize = 10;
/// Pairs of a given and a suggested label listed in a finding.
const LISTED_PAIRS: usize = 100;

/// The quarantine, detector by detector in the order of the judges.
pub(crate) struct Lists {
    /// Rows in the list.
    pub quarantined: Vec<u64>,
    /// What is said of them, or of the dataset where there are too many.
    pub findings: Vec<Option<Finding>>,
    /// Row numbers, within the dataset, of all rows in the list, with their digests.
    pub positions: BTreeMap<u64, Digest>,
    /// The most suspicious rows.
    pub shown: Vec<ShownRow>,
}

/// Writes the quarantine list. A detector that suspects more than its share of the rows quarantines none of them: then it
/// is the dataset as a whole that is suspicious.
pub(crate) fn quarantine(
    judges: &[Judge],
    scored: &Scored,
    record: &DatasetRecord,
    max_share: impl Fn(&str) -> f64,
    mut writer: QuarantineWriter,
) -> Result<Lists, Error> {
    let found = judges.iter().zip(&scored.counts).zip(&scored.spreads);
    let mut sums: Vec<Sum> =
        found.map(|((judge, &rows), spread)| Sum::new(judge, rows, spread, record, &max_share)).collect();
    let mut positions = BTreeMap::new();
    for suspect in scored.suspects()? {
        let mut suspect = suspect?;
        let Some(sum) = sums.iter_mut().find(|s| s.id == suspect.entry.detector) else { continue };
        sum.add(&suspect);
        if !sum.whole {
            suspect.entry.severity = policy::severity(Some(sum.risk));
            writer.push(&suspect.entry)?;
            positions.insert(suspect.position, suspect.entry.row_sha256);
            sum.show(suspect);
        }
    }
    writer.finish()?;
    Ok(Lists {
        quarantined: sums.iter().map(|s| if s.whole { 0 } else { s.rows }).collect(),
        findings: sums.iter().map(Sum::finding).collect(),
        shown: shown(sums, record),
        positions,
    })
}

/// What a detector's suspects add up to.
struct Sum {
    id: &'static str,
    rows: u64,
    of: u64,
    whole: bool,
    risk: Risk,
    columns: BTreeMap<String, u64>,
    /// Given and suggested label.
    labels: BTreeMap<(String, String), u64>,
    /// How the scores are spread, with the threshold.
    scores: Value,
    best: Vec<Suspect>,
    best_bytes: usize,
}

impl Sum {
    fn new(
        judge: &Judge,
        rows: u64,
        spread: &Spread,
        record: &DatasetRecord,
        max_share: &impl Fn(&str) -> f64,
    ) -> Self {
        let whole = policy::is_whole_dataset(rows, record.rows, max_share(judge.id));
        let share = rows as f64 / record.rows.max(1) as f64;
        Self {
            id: judge.id,
            rows,
            of: record.rows,
            whole,
            risk: policy::rows_risk(judge.id, share),
            columns: BTreeMap::new(),
            labels: BTreeMap::new(),
            scores: spread.evidence(judge.threshold.at),
            best: Vec::new(),
            best_bytes: 0,
        }
    }

    fn add(&mut self, suspect: &Suspect) {
        for column in suspect.entry.columns.iter().take(1) {
            *self.columns.entry(column.clone()).or_default() += 1;
        }
        if let Some((label, _)) = &suspect.entry.suggested_label {
            let given = suspect.label.clone().unwrap_or_else(|| "—".into());
            *self.labels.entry((given, label.clone())).or_default() += 1;
        }
    }

    /// Keeps the most suspicious; of equals the first.
    fn show(&mut self, suspect: Suspect) {
        self.best_bytes += suspect.bytes();
        self.best.push(suspect);
        if self.best_bytes >= 2 * SHOWN_BYTES {
            self.keep_best();
        }
    }

    /// Whose values have once been left out is never shown with them, so that it does not matter when this is called.
    fn keep_best(&mut self) {
        self.best.sort_by(|a, b| b.entry.score.total_cmp(&a.entry.score).then(a.position.cmp(&b.position)));
        let (mut bytes, mut kept, mut whole) = (0, 0, true);
        for suspect in &mut self.best {
            whole &= !suspect.values.is_empty() && bytes + suspect.bytes() <= SHOWN_BYTES_OF_VALUES;
            if !whole {
                suspect.values = Vec::new();
            }
            bytes += suspect.bytes();
            if bytes > SHOWN_BYTES {
                break;
            }
            kept += 1;
        }
        self.best.truncate(kept);
        self.best_bytes = self.best.iter().map(Suspect::bytes).sum();
    }

    fn evidence(&self, share: f64) -> Value {
        let columns = top(&self.columns, LISTED).into_iter().map(|(name, n)| json!({ "name": name, "rows": n }));
        let mut evidence = json!({ "share": share, "scores": self.scores, "columns": columns.collect::<Vec<_>>() });
        if !self.labels.is_empty() {
            let pairs = top(&self.labels, LISTED_PAIRS).into_iter();
            let told =
                pairs.map(|((given, suggested), n)| json!({ "given": given, "suggested": suggested, "rows": n }));
            evidence["labels"] = told.collect();
            evidence["label_pairs"] = json!(self.labels.len());
        }
        evidence
    }

    fn finding(&self) -> Option<Finding> {
        if self.rows == 0 {
            return None;
        }
        let share = self.rows as f64 / self.of.max(1) as f64;
        let percent = 100.0 * share;
        let what = taster_detect::find(self.id).map_or("", |e| e.about.finds);
        let (code, scope, message) = if self.whole {
            let text = format!(
                "{} of {} rows ({percent:.1} %) are suspected of \"{what}\": too many to be single rows, so none is \
                 quarantined and the dataset as a whole is suspect",
                self.rows, self.of
            );
            ("dataset", Scope::Dataset, text)
        } else {
            let text = format!("{} of {} rows ({percent:.2} %) quarantined: {what}", self.rows, self.of);
            ("rows", Scope::Rows, text)
        };
        Some(Finding {
            id: policy::finding_id(self.id, code, scope, &[]),
            detector: self.id.into(),
            code: code.into(),
            severity: policy::severity(Some(self.risk)),
            risk: Some(self.risk),
            scope,
            message,
            columns: top(&self.columns, LISTED).into_iter().map(|(name, _)| name).collect(),
            rows: self.rows,
            magnitude: Some(share),
            p_value: None,
            q_value: None,
            evidence: self.evidence(share),
            tags: Vec::new(),
            fingerprint: None,
            waiver: None,
        })
    }
}

/// The most frequent first, of equals in the order of names.
fn top<K: Clone>(counts: &BTreeMap<K, u64>, most: usize) -> Vec<(K, u64)> {
    let mut sorted: Vec<(K, u64)> = counts.iter().map(|(k, &n)| (k.clone(), n)).collect();
    sorted.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    sorted.truncate(most);
    sorted
}

fn shown(sums: Vec<Sum>, record: &DatasetRecord) -> Vec<ShownRow> {
    let mut rows = Vec::new();
    for mut sum in sums {
        sum.keep_best();
        rows.extend(sum.best.into_iter().map(|suspect| ShownRow {
            file: record.files[suspect.entry.file].name.clone(),
            values: suspect.values,
            label: suspect.label,
            entry: suspect.entry,
        }));
    }
    rows
}
