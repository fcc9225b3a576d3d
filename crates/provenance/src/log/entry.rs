//! What a log keeps of a manifest.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use taster_core::{Digest, Verdict};

use crate::{Envelope, PREDICATE_TYPE, canonical_json};

/// The form of an entry.
const FORMAT: &str = "taster-log-entry/v1";

/// One entry: an attestation by the digest of its payload, and, of a scan's manifest, what it came to.
///
/// It follows from the payload alone, so who has the manifest can make the entry and look for it. Signatures are not in
/// it: one added later does not change what was logged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Entry {
    format: String,
    /// SHA-256 of the payload that the envelope carries.
    pub payload_sha256: Digest,
    /// Media type of the payload.
    pub payload_type: String,
    /// Type of the statement's predicate, where it is an in-toto statement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predicate_type: Option<String>,
    /// Of a scan's manifest: what it came to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scan: Option<LoggedScan>,
}

/// What an entry says of a scan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LoggedScan {
    /// When it was finished, by its own word.
    pub finished_on: String,
    /// The verdict.
    pub verdict: Verdict,
    /// Rows in the dataset.
    pub rows: u64,
    /// Merkle root over them.
    pub rows_root: Digest,
}

/// The bytes that a log keeps of this envelope.
pub fn entry_of(envelope: &Envelope) -> Vec<u8> {
    let statement: Value = serde_json::from_slice(&envelope.payload).unwrap_or_default();
    let predicate_type = statement["predicateType"].as_str().map(str::to_owned);
    let is_scan = predicate_type.as_deref() == Some(PREDICATE_TYPE);
    let entry = Entry {
        format: FORMAT.into(),
        payload_sha256: envelope.payload_sha256(),
        payload_type: envelope.payload_type.clone(),
        predicate_type,
        scan: is_scan.then(|| scan(&statement["predicate"])).flatten(),
    };
    canonical_json(&serde_json::to_value(entry).unwrap_or_default()).into_bytes()
}

fn scan(predicate: &Value) -> Option<LoggedScan> {
    Some(LoggedScan {
        finished_on: predicate["metadata"]["scanFinishedOn"].as_str()?.to_owned(),
        verdict: serde_json::from_value(predicate["result"]["verdict"].clone()).ok()?,
        rows: predicate["dataset"]["rows"].as_u64()?,
        rows_root: predicate["dataset"]["rowsRoot"].as_str()?.parse().ok()?,
    })
}

impl Entry {
    /// Reads an entry; `None` where it is none of this form.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let entry: Self = serde_json::from_slice(bytes).ok()?;
        (entry.format == FORMAT).then_some(entry)
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;

    #[test]
    fn the_entry_follows_from_the_payload() {
        let payload = br#"{"predicateType":"https://example.com/x","predicate":{}}"#.to_vec();
        let envelope = Envelope::new("application/vnd.in-toto+json", payload.clone());
        let bytes = entry_of(&envelope);
        let entry = Entry::parse(&bytes).unwrap();
        assert_eq!(entry.predicate_type.as_deref(), Some("https://example.com/x"));
        assert_eq!((entry.payload_sha256.0, entry.scan), (Sha256::digest(&payload).into(), None));
        assert!(bytes.starts_with(br#"{"format":"taster-log-entry/v1","payloadSha256":""#));
        // What is no JSON is logged all the same.
        assert_eq!(Entry::parse(&entry_of(&Envelope::new("text/plain", b"x".to_vec()))).unwrap().predicate_type, None);
        assert_eq!(Entry::parse(b"{}"), None);
    }
}
