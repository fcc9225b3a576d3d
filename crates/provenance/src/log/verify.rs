//! Verification of a log, and of a proof.

use std::{fmt, path::Path};

use serde::Serialize;
use taster_core::Digest;

use super::{
    checkpoint::{Checkpoint, SignedCheckpoint},
    edge::{Edge, Tile},
    folder::CHECKPOINT,
    proof::Proof,
    read::{Tiles, leaf},
    tiles::WIDTH,
};
use crate::{Error, VerifyingKey};

/// What came of verifying a log or a proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogVerification {
    /// Whether everything that was checked is as it was signed.
    pub holds: bool,
    /// The log, by its own word.
    pub origin: String,
    /// Entries in it.
    pub size: u64,
    /// Root over them.
    pub root: Digest,
    /// The given key that signed the checkpoint.
    pub signed_by: Option<String>,
    /// Size of the older checkpoint since which nothing but appending happened.
    pub grown_since: Option<u64>,
    /// Where the entry of the proof is.
    pub index: Option<u64>,
    /// What does not hold.
    pub problems: Vec<String>,
}

/// Verifies the log in this folder: that one of these keys signed its checkpoint, that entries, tiles and checkpoint are
/// of one another, and that it holds all that it held at an older checkpoint.
///
/// Errs where there is no checkpoint, or a file cannot be read. What is missing or damaged is a problem, not an error.
pub fn verify(
    folder: &Path,
    keys: &[VerifyingKey],
    origin: Option<&str>,
    since: Option<&SignedCheckpoint>,
) -> Result<LogVerification, Error> {
    let signed = SignedCheckpoint::read(&folder.join(CHECKPOINT))?;
    let mut verification = begin(&signed, keys, origin);
    let since = since.filter(|old| verification.accepts(old, keys));
    match whole(folder, signed.checkpoint(), since.map(SignedCheckpoint::checkpoint)) {
        Ok(()) => verification.grown_since = since.map(|old| old.checkpoint().size),
        Err(Error::Log { path, problem }) => {
            let name = path.strip_prefix(folder).unwrap_or(&path).display().to_string();
            let name = if name.is_empty() { String::new() } else { format!("{name} ") };
            verification.problems.push(format!("{name}{problem}"));
        }
        Err(other) => return Err(other),
    }
    Ok(verification.decided())
}

/// Verifies that one of these keys signed the proof's checkpoint, and that this entry is in its log.
pub fn verify_proof(proof: &Proof, entry: &[u8], keys: &[VerifyingKey], origin: Option<&str>) -> LogVerification {
    let mut verification = begin(proof.checkpoint(), keys, origin);
    verification.index = Some(proof.index());
    if !proof.holds_for(entry) {
        verification.problems.push("the proof is not of this manifest".into());
    }
    verification.decided()
}

fn begin(signed: &SignedCheckpoint, keys: &[VerifyingKey], origin: Option<&str>) -> LogVerification {
    let Checkpoint { origin: found, size, root } = signed.checkpoint().clone();
    let signed_by = keys.iter().find(|key| signed.signed_by(key)).map(VerifyingKey::keyid);
    let mut problems = Vec::new();
    if signed_by.is_none() {
        problems.push("the checkpoint is signed by none of the given keys".to_owned());
    }
    if let Some(origin) = origin.filter(|origin| *origin != found) {
        problems.push(format!("this is the log {found:?}, not {origin:?}"));
    }
    LogVerification { holds: false, origin: found, size, root, signed_by, grown_since: None, index: None, problems }
}

impl LogVerification {
    /// Whether an older checkpoint is of this log; where not, that is a problem.
    fn accepts(&mut self, old: &SignedCheckpoint, keys: &[VerifyingKey]) -> bool {
        let checkpoint = old.checkpoint();
        let problem = if checkpoint.origin != self.origin {
            format!("the older checkpoint is of the log {:?}", checkpoint.origin)
        } else if !keys.iter().any(|key| old.signed_by(key)) {
            "the older checkpoint is signed by none of the given keys".into()
        } else if checkpoint.size > self.size {
            format!("the log was cut: the older checkpoint has {} entries", checkpoint.size)
        } else {
            return true;
        };
        self.problems.push(problem);
        false
    }

    fn decided(mut self) -> Self {
        self.holds = self.problems.is_empty();
        self
    }
}

/// Makes the tree anew from the entries and compares it with tiles and checkpoints.
fn whole(folder: &Path, checkpoint: &Checkpoint, since: Option<&Checkpoint>) -> Result<(), Error> {
    let tiles = Tiles::new(folder, checkpoint.size);
    let mut edge = Edge::default();
    let compare_since = |edge: &Edge| match since.filter(|old| old.size == edge.size()) {
        Some(old) if old.root != edge.root() => {
            let problem = format!("is not what it was: the first {} entries have another root", old.size);
            Err(Error::Log { path: folder.to_owned(), problem: format!("the log {problem}") })
        }
        _ => Ok(()),
    };
    compare_since(&edge)?;
    for index in 0..checkpoint.size.div_ceil(WIDTH) {
        for entry in tiles.entries(index)? {
            edge.push(leaf(&entry)).iter().try_for_each(|tile| compare(folder, &tiles, tile))?;
            compare_since(&edge)?;
        }
    }
    for tile in edge.partial() {
        compare(folder, &tiles, &tile)?;
    }
    if edge.root() != checkpoint.root {
        let problem = "the entries have another root than the checkpoint says";
        return Err(Error::Log { path: folder.to_owned(), problem: problem.into() });
    }
    Ok(())
}

fn compare(folder: &Path, tiles: &Tiles, made: &Tile) -> Result<(), Error> {
    if tiles.hashes(made.level, made.index)? == made.hashes {
        return Ok(());
    }
    let layer = super::tiles::Layer::Hashes(made.level);
    let path = folder.join(layer.path(made.index, made.hashes.len() as u64));
    Err(Error::Log { path, problem: "holds other hashes than the entries below it".into() })
}

impl fmt::Display for LogVerification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", if self.holds { "HOLDS" } else { "DOES NOT HOLD" })?;
        writeln!(f, "log {}: {} entries, root {}", self.origin, self.size, self.root)?;
        if let Some(key) = &self.signed_by {
            writeln!(f, "signed by {key}")?;
        }
        if let Some(size) = self.grown_since {
            writeln!(f, "append-only: all of the first {size} entries are what they were")?;
        }
        if let Some(index) = self.index.filter(|_| self.holds) {
            writeln!(f, "the manifest is entry {index}")?;
        }
        self.problems.iter().try_for_each(|problem| writeln!(f, "  {problem}"))
    }
}
