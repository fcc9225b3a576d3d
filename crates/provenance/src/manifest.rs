use std::collections::BTreeMap;

use taster_core::{DatasetRecord, DetectorRecord, Digest, FileRecord, Finding, Scan, Severity};

use crate::{
    Cleaned, Envelope, Error, Lineage, QuarantineRecord, ROW_DIGEST, RowBlocks, Signer,
    statement::{
        ColumnRecord, Dataset, DetectorResult, DigestSet, FindingCounts, Metadata, Outcome, PAYLOAD_TYPE,
        PREDICATE_TYPE, Predicate, STATEMENT_TYPE, ScannedFile, Scanner, Statement, subjects,
    },
};

/// Where the scanner is at home.
const SCANNER_URI: &str = "https://taster.dev";

/// Report files that tell times or depend on the key, so that their bytes differ from scan to scan.
const VIEWS: [&str; 4] = ["dataset.sig", "report.html", "results.sarif", "test-result.json"];

/// A scan, told as an in-toto statement and ready to be signed. It depends on nothing but the scan.
#[derive(Clone, Debug)]
pub struct Manifest {
    statement: Statement,
}

/// What surrounds a scan: what made it, where the data came from, what was made of it.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// Digest of the program that scanned.
    pub program: Option<Digest>,
    /// Digest of the statement that the reference was checked against.
    pub reference_manifest: Option<Digest>,
    /// The dataset before this one.
    pub lineage: Option<Lineage>,
    /// The quarantined rows.
    pub quarantine: Option<QuarantineRecord>,
    /// The dataset without them.
    pub cleaned: Option<Cleaned>,
}

impl Manifest {
    /// Tells this scan. `row_blocks` has an entry for each file of the dataset, or none at all; `report_files` has the
    /// digest of every other file in the report folder.
    pub fn new(scan: &Scan, row_blocks: Vec<RowBlocks>, report_files: BTreeMap<String, Digest>) -> Self {
        let dataset = dataset(&scan.dataset, row_blocks);
        let digests = report_files.into_iter().map(|(name, sha256)| (name, DigestSet { sha256 }));
        let (report_views, report_files) = digests.partition(|(name, _)| VIEWS.contains(&name.as_str()));
        let predicate = Predicate {
            scanner: Scanner { uri: SCANNER_URI.into(), version: scan.tool.version.clone(), digest: None },
            metadata: Metadata { scan_started_on: scan.started.clone(), scan_finished_on: scan.finished.clone() },
            seed: scan.seed.to_string(),
            config: scan.config.clone(),
            config_sha256: scan.config_sha256,
            dataset,
            reference: scan.reference.as_ref().map(|r| self::dataset(r, Vec::new())),
            reference_manifest: None,
            lineage: None,
            detectors: scan.detectors.iter().map(|record| detector(record, scan)).collect(),
            result: outcome(scan),
            quarantine: None,
            cleaned: None,
            report_files,
            report_views,
        };
        Self {
            statement: Statement {
                statement_type: STATEMENT_TYPE.into(),
                subject: subjects(&scan.dataset),
                predicate_type: PREDICATE_TYPE.into(),
                predicate,
            },
        }
    }

    /// Adds what surrounds the scan.
    #[must_use]
    pub fn with(mut self, context: Context) -> Self {
        let predicate = &mut self.statement.predicate;
        predicate.scanner.digest = context.program.map(|sha256| DigestSet { sha256 });
        predicate.reference_manifest = context.reference_manifest.map(|sha256| DigestSet { sha256 });
        predicate.lineage = context.lineage;
        predicate.quarantine = context.quarantine;
        predicate.cleaned = context.cleaned;
        self
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
        findings: count(scan.findings.iter()),
    }
}

fn detector(record: &DetectorRecord, scan: &Scan) -> DetectorResult {
    DetectorResult {
        record: record.clone(),
        version: scan.tool.version.clone(),
        findings: count(scan.findings.iter().filter(|f| f.detector == record.id)),
    }
}

fn count<'a>(findings: impl Iterator<Item = &'a Finding> + Clone) -> FindingCounts {
    let of = |severity| findings.clone().filter(|f| f.severity == severity).count() as u64;
    FindingCounts {
        critical: of(Severity::Critical),
        important: of(Severity::Important),
        monitor: of(Severity::Monitor),
        info: of(Severity::Info),
    }
}
