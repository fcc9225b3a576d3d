use serde::Serialize;
use taster_core::{DatasetRecord, DetectorRecord, Digest, FileRecord, Finding, Scan, Tool, Verdict};

use crate::json;

/// Version of the document's shape: raised when a field is removed or changes its meaning.
const VERSION: u32 = 1;

/// `findings.json`: the verdict and every finding, as `docs/findings.schema.json` describes it.
pub fn findings_json(scan: &Scan) -> String {
    json::pretty(&Document {
        version: VERSION,
        tool: &scan.tool,
        verdict: scan.verdict,
        reason: &scan.verdict_reason,
        seed: scan.seed.to_string(),
        config_sha256: scan.config_sha256,
        quarantined_rows: scan.quarantined_rows,
        dataset: Dataset::of(&scan.dataset),
        reference: scan.reference.as_ref().map(Dataset::of),
        detectors: &scan.detectors,
        findings: &scan.findings,
    })
}

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    tool: &'a Tool,
    verdict: Verdict,
    reason: &'a str,
    /// As text: readers that hold numbers as doubles would round it.
    seed: String,
    config_sha256: Digest,
    quarantined_rows: u64,
    dataset: Dataset<'a>,
    reference: Option<Dataset<'a>>,
    detectors: &'a [DetectorRecord],
    findings: &'a [Finding],
}

#[derive(Serialize)]
struct Dataset<'a> {
    rows: u64,
    rows_root: Digest,
    files: &'a [FileRecord],
    columns: Vec<Column<'a>>,
}

/// A column as people name its kind: `timestamp(UTC)`.
#[derive(Serialize)]
struct Column<'a> {
    name: &'a str,
    kind: String,
    role: &'static str,
    why: &'a str,
}

impl<'a> Dataset<'a> {
    fn of(record: &'a DatasetRecord) -> Self {
        let columns = record.schema.columns.iter().map(|c| Column {
            name: &c.name,
            kind: c.kind.to_string(),
            role: c.role.name(),
            why: &c.why,
        });
        Self { rows: record.rows, rows_root: record.rows_root, files: &record.files, columns: columns.collect() }
    }
}

#[cfg(test)]
#[path = "findings_tests.rs"]
mod tests;
