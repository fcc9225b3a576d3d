use std::collections::BTreeMap;

use taster_core::{DatasetRecord, Digest, FileRecord, Finding, Scan, Severity};

use crate::{
    Envelope, Error, ROW_DIGEST, RowBlocks, Signer,
    statement::{
        ColumnRecord, Dataset, DigestSet, FindingCounts, Metadata, Outcome, PAYLOAD_TYPE, PREDICATE_TYPE, Predicate,
        STATEMENT_TYPE, ScannedFile, Scanner, Statement, subjects,
    },
};

/// Where the scanner is at home.
const SCANNER_URI: &str = "https://taster.dev";

/// Report files that tell times or depend on the key, so that their bytes differ from scan to scan.
const VIEWS: [&str; 3] = ["dataset.sig", "report.html", "results.sarif"];

/// A scan, told as an in-toto statement and ready to be signed. It depends on nothing but the scan.
#[derive(Clone, Debug)]
pub struct Manifest {
    statement: Statement,
}

impl Manifest {
    /// Tells this scan. `row_blocks` has an entry for each file of the dataset, or none at all; `report_files` has the
    /// digest of every other file in the report folder.
    pub fn new(scan: &Scan, row_blocks: Vec<RowBlocks>, report_files: BTreeMap<String, Digest>) -> Self {
        let dataset = dataset(&scan.dataset, row_blocks);
        let digests = report_files.into_iter().map(|(name, sha256)| (name, DigestSet { sha256 }));
        let (report_views, report_files) = digests.partition(|(name, _)| VIEWS.contains(&name.as_str()));
        let predicate = Predicate {
            scanner: Scanner { uri: SCANNER_URI.into(), version: scan.tool.version.clone() },
            metadata: Metadata { scan_started_on: scan.started.clone(), scan_finished_on: scan.finished.clone() },
            seed: scan.seed.to_string(),
            config: scan.config.clone(),
            config_sha256: scan.config_sha256,
            dataset,
            reference: scan.reference.as_ref().map(|r| self::dataset(r, Vec::new())),
            detectors: scan.detectors.clone(),
            result: outcome(scan),
            report_files,
            report_views,
        };
        Self {
            statement: Statement {
                statement_type: STATEMENT_TYPE.into(),
                subject: subjects(&predicate.dataset),
                predicate_type: PREDICATE_TYPE.into(),
                predicate,
            },
        }
    }

    /// The statement.
    pub fn statement(&self) -> &Statement {
        &self.statement
    }

    /// The statement in an envelope, signed by each of these keys; unsigned where there are none.
    pub fn to_envelope(&self, keys: &[&dyn Signer]) -> Result<Envelope, Error> {
        let mut envelope = Envelope::new(PAYLOAD_TYPE, self.statement.to_payload());
        for &key in keys {
            envelope.sign(key)?;
        }
        Ok(envelope)
    }
}

fn dataset(record: &DatasetRecord, row_blocks: Vec<RowBlocks>) -> Dataset {
    let mut blocks = row_blocks.into_iter();
    Dataset {
        files: record.files.iter().map(|file| scanned(file, blocks.next())).collect(),
        rows: record.rows,
        rows_root: record.rows_root,
        row_digest: ROW_DIGEST.into(),
        columns: record
            .schema
            .columns
            .iter()
            .map(|c| ColumnRecord { name: c.name.clone(), kind: c.kind.to_string(), role: c.role, why: c.why.clone() })
            .collect(),
    }
}

fn scanned(file: &FileRecord, row_blocks: Option<RowBlocks>) -> ScannedFile {
    ScannedFile {
        name: file.name.clone(),
        format: file.format.clone(),
        bytes: file.bytes,
        sha256: file.sha256,
        rows: file.rows,
        rows_root: file.rows_root,
        row_blocks,
    }
}

fn outcome(scan: &Scan) -> Outcome {
    Outcome {
        verdict: scan.verdict,
        reason: scan.verdict_reason.clone(),
        quarantined_rows: scan.quarantined_rows,
        findings: count(&scan.findings),
    }
}

fn count(findings: &[Finding]) -> FindingCounts {
    let of = |severity| findings.iter().filter(|f| f.severity == severity).count() as u64;
    FindingCounts {
        critical: of(Severity::Critical),
        important: of(Severity::Important),
        monitor: of(Severity::Monitor),
        info: of(Severity::Info),
    }
}
