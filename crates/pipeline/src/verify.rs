//! Verification of a manifest against keys, its report folder and the data.

use std::path::{Path, PathBuf};

use taster_core::{Column, Digest, Schema};
use taster_ingest::Dataset;
use taster_provenance::{
    DataFile, Predicate, RowSource, RowSourceError, ScannedFile, Thoroughness, Trust, Verification, VerifyingKey,
    is_bundle,
    oms::{self, Anchors, Leniency, OmsTrust},
    parse_kind,
};

use crate::{Config, Error, passes::Limits, plan::options, side::each_digests};

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
        let config: Config = serde_json::from_value(scan.config.clone())?;
        let schema = schema(scan)?;
        let path = path.to_str().ok_or("its path is not UTF-8")?.to_owned();
        let dataset = Dataset::open_as(&[path], &options(&config.dataset)?, &schema)?;
        Ok(each_digests(&dataset, |_| true, Limits::of_machine(MEMORY), |_, digests| each(digests))?)
    }
}

fn schema(scan: &Predicate) -> Result<Schema, RowSourceError> {
    let column = |c: &taster_provenance::ColumnRecord| {
        let kind =
            parse_kind(&c.kind).ok_or_else(|| format!("column {:?} has the unknown kind {:?}", c.name, c.kind))?;
        Ok(Column { name: c.name.clone(), kind, role: c.role, why: c.why.clone() })
    };
    Ok(Schema { columns: scan.dataset.columns.iter().map(column).collect::<Result<_, RowSourceError>>()? })
}
