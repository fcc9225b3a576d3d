//! Checkpoints: C2SP `tlog-checkpoint`.

use std::{fmt, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use taster_core::Digest;

use super::note::{Note, is_name};
use crate::{Error, Signer, VerifyingKey, file::read_bounded};

/// No checkpoint is longer; anything longer is not read.
const LONGEST: u64 = 1 << 20;

/// How much is in a log, and the root over it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    /// RFC 6962 root over the entries.
    pub root: Digest,
}

/// A checkpoint as its log signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: Note,
}

impl SignedCheckpoint {
    /// Signs a checkpoint.
    ///
    /// Errs where the origin cannot be one, or the key is not Ed25519 or cannot sign.
    pub fn sign(checkpoint: Checkpoint, signer: &dyn Signer) -> Result<Self, Error> {
        let origin = &checkpoint.origin;
        if !is_name(origin) {
            let problem = "it must not be empty, nor hold spaces or +; such as example.com/training-data";
            return Err(Error::Signing(format!("{origin:?} cannot be the origin of a log: {problem}")));
        }
        let text = format!("{origin}\n{}\n{}\n", checkpoint.size, STANDARD.encode(checkpoint.root.0));
        let note = Note::sign(text, origin, signer)?;
        Ok(Self { checkpoint, note })
    }

    /// Reads a signed checkpoint; the message says what is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let note = Note::parse(bytes)?;
        let mut lines = note.text.lines();
        let mut next =
            |what: &str| lines.next().filter(|l| !l.is_empty()).ok_or(format!("it has no line of its {what}"));
        let origin = next("origin")?.to_owned();
        let size = decimal(next("size")?).ok_or("its size is no number")?;
        let root = STANDARD.decode(next("root")?).ok().and_then(|bytes| bytes.try_into().ok());
        let root = Digest(root.ok_or("its root is no SHA-256 digest in base64")?);
        Ok(Self { checkpoint: Checkpoint { origin, size, root }, note })
    }

    /// Reads the checkpoint in a file.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let bytes = read_bounded(path, LONGEST)?;
        let refuse = |problem| Error::Log { path: path.to_owned(), problem: format!("not a checkpoint: {problem}") };
        Self::parse(&bytes).map_err(refuse)
    }

    /// What it says. To be trusted only where a known key signed it.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Whether this key signed it as the log it names.
    pub fn signed_by(&self, key: &VerifyingKey) -> bool {
        self.note.signed_by(&self.checkpoint.origin, key)
    }
}

impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.note.fmt(f)
    }
}

/// A number in decimal, without leading zeroes.
pub(super) fn decimal(text: &str) -> Option<u64> {
    let canonical = text == "0" || (!text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit()));
    if canonical { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Algorithm, SigningKey};

    #[test]
    fn a_checkpoint_is_read_back() {
        let key = SigningKey::generate(Algorithm::Ed25519);
        let checkpoint = Checkpoint { origin: "example.com/log".into(), size: 20_852_163, root: Digest([7; 32]) };
        let signed = SignedCheckpoint::sign(checkpoint.clone(), &key).unwrap();
        let read = SignedCheckpoint::parse(signed.to_string().as_bytes()).unwrap();
        assert_eq!((&read, read.checkpoint()), (&signed, &checkpoint));
        assert!(read.signed_by(&key.verifying_key()));
        for origin in ["", "a b", "a+b", "a\nb"] {
            let checkpoint = Checkpoint { origin: origin.into(), ..checkpoint.clone() };
            assert!(SignedCheckpoint::sign(checkpoint, &key).is_err(), "{origin:?}");
        }
    }

    #[test]
    fn what_is_no_checkpoint_is_refused() {
        let root = STANDARD.encode([7; 32]);
        for text in ["log\n", "log\n1\n", "log\n01\nR\n", "log\n-1\nR\n", "\n1\nR\n", "log\n1\nAAAA\n"] {
            let note = format!("{}\n— log AAAAAAA=\n", text.replace('R', &root));
            assert!(SignedCheckpoint::parse(note.as_bytes()).is_err(), "{text:?}");
        }
        let good = format!("log\n1\n{root}\nan extension\n\n— log AAAAAAA=\n");
        assert!(SignedCheckpoint::parse(good.as_bytes()).is_ok());
    }
}
