//! The dataset before this one, and the reference's own manifest: read before the scan, compared with what was read.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use taster_core::{DatasetRecord, Digest, Finding, Severity};
use taster_provenance::{Decisions, DecisionsRecord, Envelope, Lineage, Predicate, Relation, Removed, Statement};

use crate::{
    Error, Request,
    findings::plain_finding,
    reviewed::{Child, reviewed},
};

/// What findings about it go by in place of a detector.
pub(crate) const ID: &str = "lineage";

/// What a scan was told of the past of its data.
pub(crate) struct Ancestry {
    parent: Option<Known>,
    decisions: Option<(Decisions, Digest)>,
    reference: Option<Known>,
    descent: Option<Descent>,
}

/// A manifest, and the digest of its statement.
struct Known {
    path: PathBuf,
    sha256: Digest,
    scan: Predicate,
}

impl Ancestry {
    /// Reads the manifests and the decisions. Nobody's signature is checked here: `taster lineage` does that.
    pub fn read(request: &Request) -> Result<Self, Error> {
        let parent = request.parent.as_deref().map(known).transpose()?;
        let decisions = request.decisions.as_deref().map(|path| Decisions::read(path, &[])).transpose()?;
        if let (Some((decisions, _)), Some(parent)) = (&decisions, &parent)
            && decisions.manifest.sha256 != parent.sha256
        {
            let path = request.decisions.as_deref().unwrap_or(Path::new(""));
            return Err(Error::OtherDecisions { path: path.display().to_string() });
        }
        let reference = request.reference_manifest.as_deref().map(known).transpose()?;
        Ok(Self { parent, decisions, reference, descent: None })
    }

    /// Digest of the statement about the reference.
    pub fn reference(&self) -> Option<Digest> {
        self.reference.as_ref().map(|known| known.sha256)
    }

    /// Finds out how the dataset came from the parent, where there is one. Where that is for decisions to say, the rows are
    /// read once more and compared with the parent's.
    pub fn descend(&mut self, child: &Child<'_>) -> Result<(), Error> {
        let Some(parent) = &self.parent else { return Ok(()) };
        let (relation, doubt) = self.relation(parent, child)?;
        let digest = |name: &str| parent.scan.report_files.get(name).copied();
        let lineage = Lineage {
            parent: taster_provenance::DigestSet { sha256: parent.sha256 },
            relation,
            removed: Removed {
                of_rows: parent.scan.dataset.rows,
                rows: parent.scan.dataset.rows.saturating_sub(child.record.rows),
                quarantine: digest("quarantine.parquet"),
            },
            decisions: self.decisions.as_ref().map(|(decisions, sha256)| DecisionsRecord {
                sha256: *sha256,
                released: decisions.released().cloned().collect(),
                removed: decisions.removed().cloned().collect(),
            }),
        };
        self.descent = Some(Descent { lineage, doubt });
        Ok(())
    }

    /// What the manifest says of the parent.
    pub fn lineage(&self) -> Option<Lineage> {
        self.descent.as_ref().map(|descent| descent.lineage.clone())
    }

    /// The relation, and, where decisions do not lead to these rows, why.
    fn relation(&self, parent: &Known, child: &Child<'_>) -> Result<(Relation, Option<String>), Error> {
        if let Some((decisions, _)) = &self.decisions {
            return Ok(match reviewed(&parent.scan, &parent.path, decisions, child)? {
                Ok(()) => (Relation::Reviewed, None),
                Err(doubt) => (Relation::Declared, Some(doubt)),
            });
        }
        let is_cleaned = match (&parent.scan.cleaned, &child.record.files[..]) {
            (Some(cleaned), [file]) => cleaned.sha256 == file.sha256,
            _ => false,
        };
        Ok(match () {
            () if parent.scan.dataset.rows_root == child.record.rows_root => (Relation::Same, None),
            () if is_cleaned => (Relation::Cleaned, None),
            () => (Relation::Declared, None),
        })
    }

    /// What does not fit.
    pub fn findings(&self, reference: Option<&DatasetRecord>) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut add = |code, severity, message: String| {
            findings.push(plain_finding(ID, code, severity, message));
        };
        let declared = |descent: &&Descent| descent.lineage.relation == Relation::Declared;
        if let Some(descent) = self.descent.as_ref().filter(declared) {
            if let Some(doubt) = &descent.doubt {
                let message = format!("the decisions do not lead from the parent's rows to these: {doubt}");
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

/// How a dataset came from its parent.
struct Descent {
    /// What the manifest says of it.
    lineage: Lineage,
    /// Why decisions do not lead to it.
    doubt: Option<String>,
}

fn same_files(scan: &Predicate, dataset: &DatasetRecord) -> bool {
    let then: BTreeSet<Digest> = scan.dataset.files.iter().map(|file| file.sha256).collect();
    let now: BTreeSet<Digest> = dataset.files.iter().map(|file| file.sha256).collect();
    then == now
}

fn known(path: &Path) -> Result<Known, Error> {
    let envelope = Envelope::read(path)?;
    Ok(Known {
        path: path.to_owned(),
        sha256: envelope.payload_sha256(),
        scan: Statement::from_payload(&envelope.payload)?.predicate,
    })
}
