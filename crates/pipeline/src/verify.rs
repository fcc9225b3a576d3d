//! Verification of a manifest against keys, its report folder and the data.

use std::path::{Path, PathBuf};

use taster_core::Digest;
use taster_ingest::{Dataset, Options};
use taster_provenance::{
    DataFile, Predicate, RowSource, RowSourceError, ScannedFile, Thoroughness, Trust, Verification, VerifyingKey,
    is_bundle,
    oms::{self, Anchors, Leniency, OmsTrust},
};

use crate::{
    Config, Error,
    columns::{column_changes, names},
    passes::Limits,
    plan::options,
    side::each_digests,
};

/// Bytes of a file that may be in flight while its rows are compared.
const MEMORY: usize = 512 << 20;

/// What to verify, against what.
pub struct VerifyRequest {
    /// The manifest, or the bundle of a signed folder or file.
    pub file: PathBuf,
    /// Public keys that are trusted; one signature by any of them is needed.
    pub keys: Vec<VerifyingKey>,
    /// Certificates that are trusted, for bundles signed with a certificate.
    pub anchors: Option<Anchors>,
    /// How many of them must have signed a manifest.
    pub threshold: usize,
    /// Check digests only, and trust nobody.
    pub unsigned: bool,
    /// Files and folders of the dataset; empty to leave the data out. For a bundle, the one folder or file it is of.
    pub data: Vec<String>,
    /// How the data is compared with a manifest.
    pub thoroughness: Thoroughness,
    /// What a bundle's verification lets pass.
    pub leniency: Leniency,
}

/// Checks signature, report files and data; the result says whether everything holds and what does not.
pub fn verify(request: &VerifyRequest) -> Result<Verification, Error> {
    if is_bundle(&request.file)? {
        return verify_bundle(request);
    }
    let files = if request.data.is_empty() { Vec::new() } else { taster_ingest::find_files(&request.data)? };
    let data: Vec<DataFile> = files.into_iter().map(|f| DataFile { name: f.name, path: f.path }).collect();
    let trust = if request.unsigned { Trust::Unsigned } else { Trust::Quorum(&request.keys, request.threshold) };
    Ok(taster_provenance::verify(&request.file, trust, &data, &Rows, request.thoroughness)?)
}

fn verify_bundle(request: &VerifyRequest) -> Result<Verification, Error> {
    let trust = match &request.anchors {
        _ if request.unsigned => OmsTrust::Unsigned,
        Some(anchors) => OmsTrust::Certificates(anchors),
        None => OmsTrust::Keys(&request.keys),
    };
    if request.threshold > 1 {
        return Err(Error::OneSignature);
    }
    let root = match request.data.as_slice() {
        [] => None,
        [root] => Some(Path::new(root)),
        _ => return Err(Error::OneRoot),
    };
    Ok(oms::verify(&request.file, trust, root, &request.leniency)?)
}

/// Reads rows the way the scan did.
struct Rows;

impl RowSource for Rows {
    fn leaves(
        &self,
        path: &Path,
        _file: &ScannedFile,
        scan: &Predicate,
        each: &mut dyn FnMut(&[Digest]),
    ) -> Result<(), RowSourceError> {
        let dataset = known(path, scan)?;
        Ok(each_digests(
            &dataset,
            |_| true,
            Limits::of_machine(MEMORY),
            |_, digests| {
                each(digests);
                Ok(())
            },
        )?)
    }

    fn columns(&self, path: &Path, scan: &Predicate, readable: bool) -> Vec<String> {
        own_columns(path, scan, readable).unwrap_or_default()
    }
}

/// The file, to be read as the columns of the scan.
fn known(path: &Path, scan: &Predicate) -> Result<Dataset, RowSourceError> {
    let schema = scan.dataset.schema().ok_or("a column has an unknown kind")?;
    Ok(Dataset::open_as(&[utf8(path)?], &how(scan)?, &schema)?)
}

/// How the columns that the file has by itself differ from those of the scan. Kinds of text are found out from the values,
/// and fewer values can have a narrower kind: what can be read as what was scanned does not differ in kind.
fn own_columns(path: &Path, scan: &Predicate, readable: bool) -> Result<Vec<String>, RowSourceError> {
    let schema = scan.dataset.schema().ok_or("a column has an unknown kind")?;
    let own = Dataset::open(&[utf8(path)?], &how(scan)?)?;
    let same = readable && names(&schema) == names(own.schema());
    Ok(if same { Vec::new() } else { column_changes(&schema, own.schema()) })
}

fn how(scan: &Predicate) -> Result<Options, RowSourceError> {
    let config: Config = serde_json::from_value(scan.config.clone())?;
    Ok(Options { whole_json: true, ..options(&config.dataset)? })
}

fn utf8(path: &Path) -> Result<String, RowSourceError> {
    Ok(path.to_str().ok_or("its path is not UTF-8")?.to_owned())
}

#[cfg(test)]
#[path = "tamper_tests.rs"]
mod tests;
