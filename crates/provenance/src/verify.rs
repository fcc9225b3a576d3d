use std::{collections::BTreeSet, path::Path};

use rayon::prelude::*;
use taster_core::Digest;

use crate::{
    Check, DataFile, DigestSet, Envelope, Error, PAYLOAD_TYPE, Predicate, RowSource, SignatureCheck, Statement, Status,
    Verification, VerifyingKey,
    compare::compare_rows,
    dsse::LARGEST_ENVELOPE,
    file::read_bounded,
    matching::{Pairing, pair},
    sha256_of_file, sha256_of_files,
};

/// Whose word is taken for a manifest.
#[derive(Clone, Copy, Debug)]
pub enum Trust<'a> {
    /// Any one of these keys must have signed it.
    Keys(&'a [VerifyingKey]),
    /// At least this many of these keys must have signed it.
    Quorum(&'a [VerifyingKey], usize),
    /// Nobody's: only digests are checked, which finds accidents and no attacker.
    Unsigned,
}

/// Whether a file is a Sigstore bundle, as [`crate::oms`] verifies it, and not a bare envelope.
///
/// Errs where it cannot be read. What is neither is said to be no bundle.
pub fn is_bundle(path: &Path) -> Result<bool, Error> {
    #[derive(serde::Deserialize)]
    struct Probe {
        #[serde(rename = "mediaType")]
        media_type: Option<serde::de::IgnoredAny>,
    }
    let json = read_bounded(path, LARGEST_ENVELOPE)?;
    Ok(serde_json::from_slice(&json).is_ok_and(|probe: Probe| probe.media_type.is_some()))
}

/// How the data is compared with the manifest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Thoroughness {
    /// The given files are only a part of the dataset; those that were not given are not missed.
    pub subset: bool,
    /// Only the bytes of files are compared, never their rows.
    pub files_only: bool,
}

/// The files of a report folder that people and programs look for by name.
const REPORT_FILES: [&str; 6] =
    ["findings.json", "quarantine.parquet", "scores.parquet", "report.html", "results.sarif", "test-result.json"];

/// Checks a manifest: its signature, the other files of its folder, and the given data, file by file and, where the
/// bytes of a file differ, row by row. Files are hashed in parallel. Without data, the data is not checked.
///
/// Nothing in the manifest is looked at before its signature is verified, and no key in it is trusted.
///
/// Errs where the manifest cannot be read, or no key is given. Data that differs or cannot be read is no error but in
/// the result, which then does not hold.
pub fn verify(
    manifest: &Path,
    trust: Trust<'_>,
    data: &[DataFile],
    rows: &dyn RowSource,
    thoroughness: Thoroughness,
) -> Result<Verification, Error> {
    if matches!(trust, Trust::Keys([]) | Trust::Quorum([], _)) {
        return Err(Error::KeyNeeded);
    }
    let envelope = Envelope::read(manifest)?;
    let signature = check_signature(&envelope, trust);
    if matches!(signature, SignatureCheck::Invalid { .. }) {
        let (report_files, data) = (Vec::new(), Vec::new());
        return Ok(Verification { holds: false, signature, verdict: None, report_files, data });
    }
    // What the manifest says is read while the data is hashed: of many files both take time.
    let (scan, hashed) = rayon::join(|| Statement::from_payload(&envelope.payload), || Hashed::new(data));
    let scan = scan?.predicate;
    let report_files = check_report(&scan, manifest.parent().unwrap_or(Path::new("")));
    let data = if data.is_empty() { Vec::new() } else { check_data(&scan, &hashed, rows, thoroughness) };
    let holds = report_files.iter().chain(&data).all(|check| check.status.holds());
    Ok(Verification { holds, signature, verdict: Some(scan.result.verdict), report_files, data })
}

pub(crate) fn check_signature(envelope: &Envelope, trust: Trust<'_>) -> SignatureCheck {
    let invalid = |reason: &str| SignatureCheck::Invalid { reason: reason.to_owned() };
    let (keys, needed) = match trust {
        Trust::Keys(keys) => (keys, 1),
        Trust::Quorum(keys, needed) => (keys, needed.max(1)),
        Trust::Unsigned => return SignatureCheck::Unchecked,
    };
    if envelope.signatures.is_empty() {
        return invalid("the manifest is not signed");
    }
    if envelope.payload_type != PAYLOAD_TYPE {
        return invalid("its payload is not an in-toto statement");
    }
    // A key that is given twice signs once.
    let keyids: BTreeSet<_> = envelope.signers(keys).into_iter().map(VerifyingKey::keyid).collect();
    if keyids.len() >= needed {
        return SignatureCheck::Valid { keyids: keyids.into_iter().collect() };
    }
    if !keyids.is_empty() {
        let signed = keyids.len();
        return invalid(&format!("signed by {signed} of the given keys, and {needed} are needed"));
    }
    let known = keys.iter().any(|key| envelope.signatures.iter().any(|s| s.keyid == key.keyid()));
    invalid(if known { "the manifest or its signature was changed" } else { "signed by none of the given keys" })
}

fn check_report(scan: &Predicate, folder: &Path) -> Vec<Check> {
    let listed: Vec<_> = scan.report_files.iter().chain(&scan.report_views).collect();
    let is_listed = |name: &str| listed.iter().any(|(listed, _)| *listed == name);
    let added = REPORT_FILES.into_iter().filter(|name| !is_listed(name) && folder.join(name).exists());
    let added: Vec<_> = added.map(|name| Check::new(name, Status::Added)).collect();
    let mut checks: Vec<_> =
        listed.par_iter().map(|(name, digest)| check_report_file(folder, name, **digest)).collect();
    checks.extend(added);
    checks
}

fn check_report_file(folder: &Path, name: &str, digest: DigestSet) -> Check {
    if Path::new(name).file_name() != Some(name.as_ref()) {
        return Check::new(name, Status::Unreadable).with_problem("not the name of a file in the report folder");
    }
    match sha256_of_file(&folder.join(name)) {
        Ok((found, _)) if found == digest.sha256 => Check::new(name, Status::Same),
        Ok(_) => Check::new(name, Status::Changed),
        Err(e) => failed(name, &e),
    }
}

fn failed(name: &str, error: &Error) -> Check {
    match error {
        Error::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => Check::new(name, Status::Missing),
        _ => Check::new(name, Status::Unreadable).with_problem(error.to_string()),
    }
}

/// Data files, and what hashing them gave.
struct Hashed {
    files: Vec<DataFile>,
    digests: Vec<Result<Digest, Error>>,
}

impl Hashed {
    fn new(data: &[DataFile]) -> Self {
        let here = std::env::current_dir().unwrap_or_default();
        let absolute = |file: &DataFile| DataFile { name: file.name.clone(), path: here.join(&file.path) };
        let digests = sha256_of_files(data.iter().map(|file| file.path.as_path()));
        Self { files: data.iter().map(absolute).collect(), digests }
    }
}

fn check_data(scan: &Predicate, hashed: &Hashed, rows: &dyn RowSource, how: Thoroughness) -> Vec<Check> {
    let Hashed { files: data, digests: hashed } = hashed;
    let digests: Vec<Option<Digest>> = hashed.iter().map(|h| h.as_ref().ok().copied()).collect();
    let files = &scan.dataset.files;
    let check = |pairing: &Pairing| match *pairing {
        Pairing::Same(s, _) => Check::new(&files[s].name, Status::Same),
        Pairing::Renamed(s, g) => {
            Check { now: Some(data[g].name.clone()), ..Check::new(&files[s].name, Status::Renamed) }
        }
        Pairing::Missing(s) if how.subset => Check::new(&files[s].name, Status::NotGiven),
        Pairing::Missing(s) => Check::new(&files[s].name, Status::Missing),
        Pairing::Added(g) => match &hashed[g] {
            Ok(_) => Check::new(&data[g].name, Status::Added),
            Err(e) => failed(&data[g].name, e),
        },
        Pairing::Changed(s, g) => match &hashed[g] {
            Ok(_) if how.files_only => Check::new(&files[s].name, Status::Changed),
            Ok(_) => changed(scan, s, &data[g].path, rows),
            Err(e) => failed(&files[s].name, e),
        },
    };
    pair(files, data, &digests).par_iter().map(check).collect()
}

fn changed(scan: &Predicate, file: usize, path: &Path, rows: &dyn RowSource) -> Check {
    let file = &scan.dataset.files[file];
    let compared = compare_rows(rows, path, file, scan);
    let columns = rows.columns(path, scan, compared.is_ok());
    let check = Check { columns, ..Check::new(&file.name, Status::Changed) };
    match compared {
        Ok(same) if same.is_none() && check.columns.is_empty() => {
            Check { rows: Some(same), status: Status::ReEncoded, ..check }
        }
        Ok(difference) => Check { rows: Some(difference), ..check },
        Err(e) => check.with_problem(format!("its rows cannot be compared: {e}")),
    }
}
