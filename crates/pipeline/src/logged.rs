//! The transparency log that a scan's manifest is appended to.

use std::path::PathBuf;

use taster_provenance::{
    Algorithm, Envelope, Signer,
    log::{self, Proof, entry_of},
};

use crate::{Error, Request};

/// Where to log the manifest.
pub struct LogRequest {
    /// The log's folder; made where it is not there.
    pub folder: PathBuf,
    /// The log's name; a new one has the folder's where left out.
    pub origin: Option<String>,
    /// The log's key; where left out, the first Ed25519 key that signs the manifest.
    pub key: Option<Box<dyn Signer>>,
}

/// Makes sure, before any work is done, that the log can be appended to.
pub(crate) fn check_log(request: &Request) -> Result<(), Error> {
    let Some(log) = &request.log else { return Ok(()) };
    log::append(&log.folder, log.origin.as_deref(), key(request, log)?, &[])?;
    Ok(())
}

/// Appends the manifest to the log, where there is one.
pub(crate) fn append_to_log(request: &Request, manifest: &Envelope) -> Result<Option<Proof>, Error> {
    let Some(log) = &request.log else { return Ok(None) };
    let entry = entry_of(manifest);
    let appended = log::append(&log.folder, log.origin.as_deref(), key(request, log)?, &[entry])?;
    Ok(appended.proofs.into_iter().next())
}

fn key<'a>(request: &'a Request, log: &'a LogRequest) -> Result<&'a dyn Signer, Error> {
    let mut signers = request.keys.iter().filter(|key| key.verifying_key().algorithm() == Algorithm::Ed25519);
    log.key.as_ref().or_else(|| signers.next()).map(AsRef::as_ref).ok_or(Error::LogKey)
}
