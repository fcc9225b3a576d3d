use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use serde_json::Value;
use taster_core::{DetectorRecord, Digest, Role, Severity, Waiver};
use taster_provenance::{
    Envelope, Predicate, Statement, VerifyingKey,
    export::SourceRecord,
    log::{Proof, entry_of},
    sha256_of_file,
};

use crate::{Declared, Error};

/// What a scan left behind that a threat model is made of.
#[derive(Clone, Debug)]
pub struct Facts {
    /// What the manifest says.
    pub predicate: Predicate,
    /// SHA-256 of the manifest.
    pub manifest: Digest,
    /// Ids of the keys whose signatures it carries; of the trusted ones that verify, where such were given.
    pub signed_by: Vec<String>,
    /// Whether the signatures were checked with trusted keys.
    pub verified: bool,
    /// Where the manifest is in a transparency log, where a proof says so.
    pub logged: Option<LoggedFact>,
    /// Findings, where `findings.json` is beside the manifest and is the file that it names.
    pub findings: Vec<FindingFact>,
    /// Whether there were such findings to read.
    pub has_findings: bool,
    /// What of the findings the owner accepted, by name and until a date.
    pub waivers: Vec<Waiver>,
    /// The sources.
    pub sources: BTreeMap<String, SourceRecord>,
    /// What the owner declared.
    pub declared: Declared,
}

/// A place in a transparency log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedFact {
    /// Index of the entry.
    pub index: u64,
    /// The log.
    pub origin: String,
    /// Whether a trusted key signed its checkpoint.
    pub verified: bool,
}

/// Keys that are trusted; where there are none, signatures are not checked, and count for little.
#[derive(Clone, Debug, Default)]
pub struct Trusted {
    /// Keys of manifests.
    pub keys: Vec<VerifyingKey>,
    /// Keys of transparency logs.
    pub log_keys: Vec<VerifyingKey>,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct FindingFact {
    /// Its id.
    pub id: String,
    /// The detector.
    pub detector: String,
    /// How much it matters.
    pub severity: Severity,
    /// One or two sentences.
    pub message: String,
    /// The waiver that accepts it.
    #[serde(default)]
    pub waiver: Option<Waiver>,
}

impl Facts {
    /// Reads them from a manifest or a report folder. With keys, one of them must have signed the manifest.
    ///
    /// Errs where the manifest cannot be read, or is signed by none of the given keys.
    pub fn read(path: &Path, trusted: &Trusted) -> Result<Self, Error> {
        let keys = &trusted.keys;
        let path = if path.is_dir() { path.join("manifest.json") } else { path.to_owned() };
        let envelope = Envelope::read(&path)?;
        let verified = !keys.is_empty();
        let signed_by: Vec<String> = if verified {
            envelope.signers(keys).into_iter().map(VerifyingKey::keyid).collect()
        } else {
            envelope.signatures.iter().map(|signature| signature.keyid.clone()).collect()
        };
        if verified && signed_by.is_empty() {
            return Err(Error::File { path, problem: "signed by none of the given keys".into() });
        }
        let predicate = Statement::from_payload(&envelope.payload)?.predicate;
        let section = |name: &str| predicate.config.get(name).cloned().unwrap_or(Value::Null);
        let findings = findings(&path, &predicate)?;
        Ok(Self {
            manifest: sha256_of_file(&path)?.0,
            signed_by,
            verified,
            logged: logged(&path, &envelope, &trusted.log_keys),
            has_findings: findings.is_some(),
            findings: findings.unwrap_or_default(),
            waivers: serde_json::from_value(section("waivers")).unwrap_or_default(),
            sources: serde_json::from_value(section("sources")).unwrap_or_default(),
            declared: serde_json::from_value(section("threat_model")).unwrap_or_default(),
            predicate,
        })
    }

    /// Whether a trusted key signed the manifest.
    pub fn is_signed(&self) -> bool {
        self.verified && !self.signed_by.is_empty()
    }

    /// The detector of this id, where the scan knew it.
    pub fn detector(&self, id: &str) -> Option<&DetectorRecord> {
        self.predicate.detectors.iter().map(|detector| &detector.record).find(|record| record.id == id)
    }

    /// Findings of a detector that matter: not those that are only worth knowing.
    pub fn findings_of<'a>(&'a self, detector: &'a str) -> impl Iterator<Item = &'a FindingFact> {
        self.findings.iter().filter(move |f| f.detector == detector && f.severity > Severity::Info)
    }

    /// Names of the columns with this role.
    pub fn columns(&self, role: Role) -> Vec<&str> {
        let columns = self.predicate.dataset.columns.iter();
        columns.filter(|column| column.role == role).map(|column| column.name.as_str()).collect()
    }
}

/// The findings, where they are the ones that the manifest names.
fn findings(manifest: &Path, predicate: &Predicate) -> Result<Option<Vec<FindingFact>>, Error> {
    #[derive(Deserialize)]
    struct Document {
        findings: Vec<FindingFact>,
    }
    let path: PathBuf = manifest.with_file_name("findings.json");
    let Some(expected) = predicate.report_files.get("findings.json") else { return Ok(None) };
    if !path.is_file() {
        return Ok(None);
    }
    if sha256_of_file(&path)?.0 != expected.sha256 {
        return Err(Error::File { path, problem: "not the file that the manifest names".into() });
    }
    let text = fs::read(&path).map_err(Error::io(&path))?;
    let document: Document = serde_json::from_slice(&text).map_err(|e| Error::File { path, problem: e.to_string() })?;
    Ok(Some(document.findings))
}

/// Where the manifest is in a log by the proof beside it.
fn logged(manifest: &Path, envelope: &Envelope, keys: &[VerifyingKey]) -> Option<LoggedFact> {
    let proof = Proof::read(&manifest.with_extension("tlog-proof")).ok()?;
    let origin = proof.checkpoint().checkpoint().origin.clone();
    let verified = keys.iter().any(|key| proof.checkpoint().signed_by(key));
    proof.holds_for(&entry_of(envelope)).then(|| LoggedFact { index: proof.index(), origin, verified })
}
