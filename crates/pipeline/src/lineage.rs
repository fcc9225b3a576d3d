//! The dataset before this one, and the reference's own manifest: read before the scan, compared with what was read.

use std::{collections::BTreeSet, path::Path};

use taster_core::{DatasetRecord, Digest, Finding, Severity};
use taster_provenance::{Decisions, DecisionsRecord, Envelope, Lineage, Predicate, Relation, Removed, Statement};

use crate::{Error, Request, scan::plain_finding};

/// What findings about it go by in place of a detector.
pub(crate) const ID: &str = "lineage";

/// What a scan was told of the past of its data.
pub(crate) struct Ancestry {
    parent: Option<Known>,
    decisions: Option<(Decisions, Digest)>,
    reference: Option<Known>,
}

/// A manifest, and the digest of its statement.
struct Known {
    sha256: Digest,
    scan: Predicate,
}

impl Ancestry {
    /// Reads the manifests and the decisions. Nobody's signature is checked here: `taster lineage` does that.
    pub fn read(request: &Request) -> Result<Self, Error> {
        let parent = request.parent.as_deref().map(known).transpose()?;
        let decisions = request.decisions.as_deref().map(Decisions::read).transpose()?;
        if let (Some((decisions, _)), Some(parent)) = (&decisions, &parent)
            && decisions.manifest.sha256 != parent.sha256
        {
            let path = request.decisions.as_deref().unwrap_or(Path::new(""));
            return Err(Error::OtherDecisions { path: path.display().to_string() });
        }
        Ok(Self { parent, decisions, reference: request.reference_manifest.as_deref().map(known).transpose()? })
    }

    /// Digest of the statement about the reference.
    pub fn reference(&self) -> Option<Digest> {
        self.reference.as_ref().map(|known| known.sha256)
    }

    /// What the manifest says of the parent.
    pub fn lineage(&self, dataset: &DatasetRecord) -> Option<Lineage> {
        let Known { sha256, scan: parent } = self.parent.as_ref()?;
        let digest = |name: &str| parent.report_files.get(name).copied();
        Some(Lineage {
            parent: taster_provenance::DigestSet { sha256: *sha256 },
            relation: self.relation(parent, dataset),
            removed: Removed {
                of_rows: parent.dataset.rows,
                rows: parent.dataset.rows.saturating_sub(dataset.rows),
                quarantine: digest("quarantine.parquet"),
            },
            decisions: self.decisions.as_ref().map(|(decisions, sha256)| DecisionsRecord {
                sha256: *sha256,
                released: decisions.released().cloned().collect(),
            }),
        })
    }

    fn relation(&self, parent: &Predicate, dataset: &DatasetRecord) -> Relation {
        if parent.dataset.rows_root == dataset.rows_root {
            return Relation::Same;
        }
        match (&parent.cleaned, &dataset.files[..]) {
            (Some(cleaned), [file]) if cleaned.sha256 == file.sha256 => return Relation::Cleaned,
            _ => {}
        }
        let left = self.decisions.as_ref().and_then(|(decisions, _)| decisions.rows_left(parent));
        if left == Some(dataset.rows) { Relation::Reviewed } else { Relation::Declared }
    }

    /// What does not fit.
    pub fn findings(&self, dataset: &DatasetRecord, reference: Option<&DatasetRecord>) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut add = |code, severity, message: String| findings.push(plain_finding(ID, code, severity, message));
        if let Some(lineage) = self.lineage(dataset).filter(|lineage| lineage.relation == Relation::Declared) {
            if lineage.decisions.is_some() {
                let message = "the decisions do not lead from the parent's rows to as many as there are".to_owned();
                add("decisions", Severity::Important, message);
            } else {
                let message = "no digest shows that the dataset was made from its parent: it is neither the same rows nor \
                               the file that the parent's scan wrote without the quarantined ones";
                add("undocumented", Severity::Monitor, message.into());
            }
        }
        if let (Some(known), Some(reference)) = (&self.reference, reference)
            && !same_files(&known.scan, reference)
        {
            let message = "the reference is not the data that its manifest is about: its files have other digests";
            add("reference-changed", Severity::Critical, message.into());
        }
        findings
    }
}

fn same_files(scan: &Predicate, dataset: &DatasetRecord) -> bool {
    let then: BTreeSet<Digest> = scan.dataset.files.iter().map(|file| file.sha256).collect();
    let now: BTreeSet<Digest> = dataset.files.iter().map(|file| file.sha256).collect();
    then == now
}

fn known(path: &Path) -> Result<Known, Error> {
    let envelope = Envelope::read(path)?;
    Ok(Known { sha256: envelope.payload_sha256(), scan: Statement::from_payload(&envelope.payload)?.predicate })
}
