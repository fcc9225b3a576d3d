//! `dataset.sig`: the scanned files signed in a format that other tools verify.

use std::path::Path;

use taster_core::DatasetRecord;
use taster_ingest::SourceFile;
use taster_provenance::{
    Algorithm, Error as ProvenanceError,
    oms::{Bundle, Identity, Scanned, sign_scanned},
};

use crate::{Error, Request};

/// What became of `dataset.sig`.
pub(crate) enum Signature {
    Made(Bundle),
    /// No key was given.
    NotAsked,
    /// The manifest is signed, but this cannot be: why.
    Impossible(String),
}

/// Signs what was scanned with the first key that the format knows.
pub(crate) fn sign_dataset(
    request: &Request,
    files: &[SourceFile],
    record: &DatasetRecord,
) -> Result<Signature, Error> {
    if request.keys.is_empty() {
        return Ok(Signature::NotAsked);
    }
    let mut keys = request.keys.iter().map(AsRef::as_ref);
    let Some(key) = keys.find(|key| key.verifying_key().algorithm() != Algorithm::Ed25519) else {
        return Ok(Signature::Impossible("model signing knows no Ed25519 keys; sign with a P-256 key too".into()));
    };
    let scanned = |(file, record): (&SourceFile, &taster_core::FileRecord)| Scanned {
        name: file.name.clone(),
        path: file.path.clone(),
        sha256: record.sha256,
    };
    let scanned: Vec<_> = files.iter().zip(&record.files).map(scanned).collect();
    let single = matches!(request.inputs.as_slice(), [input] if Path::new(input).is_file());
    let identity = Identity { signer: key, certificates: Vec::new() };
    match sign_scanned(&scanned, single, &identity) {
        Ok(bundle) => Ok(Signature::Made(bundle)),
        Err(e @ (ProvenanceError::Unsignable { .. } | ProvenanceError::Io { .. })) => {
            Ok(Signature::Impossible(e.to_string()))
        }
        Err(e) => Err(e.into()),
    }
}
