//! A profile as a file: a line that says what it is, a signed statement, and the compressed body it is about.

use std::{fs::File, io::Read, path::Path};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use taster_core::{DatasetRecord, Digest, FileRecord, Tool};
use taster_provenance::{
    DigestSet, Envelope, PAYLOAD_TYPE, STATEMENT_TYPE, Signer, Statement, Subject, VerifyingKey, canonical_json,
    empty_root, sha256_of_bytes,
};

use super::{Profile, body};
use crate::Error;

/// The first line of a profile.
const MAGIC: &[u8] = b"taster-profile 1\n";
/// Type of the predicate, described in `docs/profile.md`.
const PREDICATE_TYPE: &str = "https://taster.dev/attestation/dataset-profile/v0.1";
/// Larger files, statements and bodies are not read.
const LARGEST_FILE: u64 = 64 << 20;
const LARGEST_STATEMENT: usize = 16 << 20;
const LARGEST_BODY: u64 = 256 << 20;
const LEVEL: i32 = 9;

/// What the statement says beside the body's digest.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Predicate {
    tool: Tool,
    rows: u64,
    columns: usize,
    /// Rows that are in it whole.
    sampled_rows: usize,
    /// The files that were profiled; none where whole rows were left out, lest a digest confirm a guess.
    files: Vec<ProfiledFile>,
}

/// A file that was profiled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfiledFile {
    /// Path below the dataset's root.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
    /// Rows in it.
    pub rows: u64,
}

/// A profile that was read from a file.
#[derive(Clone, Debug)]
pub struct LoadedProfile {
    /// What it tells.
    pub profile: Profile,
    /// The files it was made of.
    pub files: Vec<ProfiledFile>,
    /// Its signatures, not verified.
    pub envelope: Envelope,
    /// The file's name, length and digest.
    record: (String, u64, Digest),
}

/// Whether a file says of itself that it is a profile.
pub fn is_profile(path: &Path) -> bool {
    // A pipe would wait for ever.
    if !path.is_file() {
        return false;
    }
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAGIC.len() as u64).read_to_end(&mut start));
    read.is_ok() && start == MAGIC
}

/// The bytes of a profile's file.
pub(super) fn encoded(profile: &Profile, files: &[ProfiledFile], keys: &[Box<dyn Signer>]) -> Result<Vec<u8>, Error> {
    let body = zstd::bulk::compress(&body::to_json(profile), LEVEL)?;
    let digest = DigestSet { sha256: sha256_of_bytes(&body) };
    let sampled = profile.sample.as_ref();
    let statement = Statement {
        statement_type: STATEMENT_TYPE.into(),
        subject: vec![Subject { name: "profile".into(), digest }],
        predicate_type: PREDICATE_TYPE.into(),
        predicate: Predicate {
            tool: Tool { name: "taster".into(), version: env!("CARGO_PKG_VERSION").into() },
            rows: profile.rows,
            columns: profile.columns.len(),
            sampled_rows: sampled.map_or(0, |s| s.table.len),
            files: if sampled.is_some() { files.to_vec() } else { Vec::new() },
        },
    };
    let payload = serde_json::to_value(&statement).map_err(std::io::Error::from)?;
    let mut envelope = Envelope::new(PAYLOAD_TYPE, canonical_json(&payload).into_bytes());
    keys.iter().try_for_each(|key| envelope.sign(key.as_ref()))?;
    Ok([MAGIC, envelope.to_json().as_bytes(), b"\n", &body].concat())
}

impl LoadedProfile {
    /// Reads a profile and checks everything that can be checked without keys.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let problem = |problem: String| Error::Profile { path: path.display().to_string(), problem };
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(|e| problem(e.to_string()))?;
        file.take(LARGEST_FILE + 1).read_to_end(&mut bytes).map_err(|e| problem(e.to_string()))?;
        if bytes.len() as u64 > LARGEST_FILE {
            return Err(problem(format!("larger than {} MiB, which no profile is", LARGEST_FILE >> 20)));
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let record = (name, bytes.len() as u64, sha256_of_bytes(&bytes));
        let (profile, files, envelope) = decoded(&bytes).map_err(problem)?;
        Ok(Self { profile, files, envelope, record })
    }

    /// Those of the keys that signed it; [`Error::Profile`] where none did.
    pub fn verified<'k>(&self, keys: &'k [VerifyingKey]) -> Result<Vec<&'k VerifyingKey>, Error> {
        let signers = self.envelope.signers(keys);
        if signers.is_empty() {
            let problem = match self.envelope.signatures.len() {
                0 => "it is not signed, and a signature was asked for".to_owned(),
                _ => "none of the keys given signed it".to_owned(),
            };
            return Err(Error::Profile { path: self.record.0.clone(), problem });
        }
        Ok(signers)
    }

    /// The profile as the reference that a manifest names: one file. Its rows have no root, because most are not in it.
    pub(crate) fn record(&self) -> DatasetRecord {
        let (name, bytes, sha256) = self.record.clone();
        let rows = self.profile.rows;
        let file = FileRecord { name, format: "taster-profile".into(), bytes, sha256, rows, rows_root: empty_root() };
        DatasetRecord { files: vec![file], rows, rows_root: empty_root(), schema: self.profile.schema() }
    }
}

fn decoded(bytes: &[u8]) -> Result<(Profile, Vec<ProfiledFile>, Envelope), String> {
    let rest = bytes.strip_prefix(MAGIC).ok_or("not a profile, or one of another version")?;
    let end = rest.iter().take(LARGEST_STATEMENT).position(|&b| b == b'\n').ok_or("cut off before its body")?;
    let (line, body) = (&rest[..end], &rest[end + 1..]);
    let envelope = Envelope::from_json(line).map_err(|e| format!("its statement cannot be read: {e}"))?;
    let statement: Statement<Value> =
        serde_json::from_slice(&envelope.payload).map_err(|e| format!("its statement cannot be read: {e}"))?;
    if envelope.payload_type != PAYLOAD_TYPE || statement.predicate_type != PREDICATE_TYPE {
        return Err("its statement is not about a profile".into());
    }
    let predicate: Predicate =
        serde_json::from_value(statement.predicate).map_err(|e| format!("its statement cannot be read: {e}"))?;
    let sha256 = sha256_of_bytes(body);
    if !matches!(statement.subject.as_slice(), [subject] if subject.digest.sha256 == sha256) {
        return Err("its body is not the one that its statement is about: it was cut off, damaged or changed".into());
    }
    let mut json = Vec::new();
    let decoder = zstd::stream::read::Decoder::new(body).map_err(|e| e.to_string())?;
    let read = decoder.take(LARGEST_BODY + 1).read_to_end(&mut json);
    read.map_err(|e| format!("its body cannot be decompressed: {e}"))?;
    if json.len() as u64 > LARGEST_BODY {
        return Err(format!("its body is larger than {} MiB", LARGEST_BODY >> 20));
    }
    let profile = body::from_json(&json).map_err(|e| format!("its body cannot be read: {e}"))?;
    let sampled = profile.sample.as_ref().map_or(0, |s| s.table.len);
    if (predicate.rows, predicate.columns, predicate.sampled_rows) != (profile.rows, profile.columns.len(), sampled) {
        return Err("its statement and its body differ".into());
    }
    Ok((profile, predicate.files, envelope))
}
