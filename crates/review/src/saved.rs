use std::path::Path;

use taster_provenance::{Decisions, Error, Signer};
use taster_report::write_whole;

/// Writes decisions to a file, whole or not at all: in an envelope with the signatures of these keys, or bare where there
/// are none.
pub fn save(decisions: &Decisions, path: &Path, keys: &[Box<dyn Signer>]) -> Result<(), Error> {
    let mut text = if keys.is_empty() {
        decisions.to_json()
    } else {
        let mut envelope = decisions.envelope();
        keys.iter().try_for_each(|key| envelope.sign(key.as_ref()))?;
        envelope.to_json()
    };
    text.push('\n');
    write_whole(path, text.as_bytes()).map_err(|source| Error::Io { path: path.to_owned(), source })
}
