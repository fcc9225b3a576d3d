//! Proofs of inclusion: C2SP `tlog-proof`.

use std::{fmt, fs, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use taster_core::Digest;

use super::{
    checkpoint::{SignedCheckpoint, decimal},
    read::leaf,
};
use crate::{Error, file::read_bounded, inclusion_root};

/// The first line of a proof.
const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// No proof is longer; anything longer is not read.
const LONGEST: u64 = 1 << 20;

/// That an entry is in a log, to be checked without the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    index: u64,
    path: Vec<Digest>,
    checkpoint: SignedCheckpoint,
}

impl Proof {
    pub(super) fn new(index: u64, path: Vec<Digest>, checkpoint: SignedCheckpoint) -> Self {
        Self { index, path, checkpoint }
    }

    /// Where in the log the entry is; the first has 0.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The checkpoint that it is proved against.
    pub fn checkpoint(&self) -> &SignedCheckpoint {
        &self.checkpoint
    }

    /// Whether it proves that this entry is in the log of its checkpoint. Who signed that is another question.
    pub fn holds_for(&self, entry: &[u8]) -> bool {
        let checkpoint = self.checkpoint.checkpoint();
        inclusion_root(leaf(entry), self.index, checkpoint.size, &self.path) == Some(checkpoint.root)
    }

    /// Reads a proof; the message says what is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8")?;
        let (head, checkpoint) = text.split_once("\n\n").ok_or("it has no blank line")?;
        let mut lines = head.lines().peekable();
        if lines.next() != Some(HEADER) {
            return Err(format!("it does not begin with {HEADER}"));
        }
        // Extra data is for others, and not signed.
        lines.next_if(|line| line.starts_with("extra "));
        let index = lines.next().and_then(|line| line.strip_prefix("index ")).and_then(decimal);
        let hash = |line: &str| STANDARD.decode(line).ok()?.try_into().ok().map(Digest);
        let path = lines.map(hash).collect::<Option<Vec<_>>>().ok_or("a line is no SHA-256 digest in base64")?;
        let checkpoint = SignedCheckpoint::parse(checkpoint.as_bytes())?;
        Ok(Self { index: index.ok_or("it has no index")?, path, checkpoint })
    }

    /// Reads the proof in a file.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let bytes = read_bounded(path, LONGEST)?;
        let refuse = |problem| Error::Log { path: path.to_owned(), problem: format!("not a proof: {problem}") };
        Self::parse(&bytes).map_err(refuse)
    }

    /// Writes the proof to a file.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        fs::write(path, self.to_string()).map_err(Error::io(path))
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}\nindex {}", self.index)?;
        self.path.iter().try_for_each(|hash| writeln!(f, "{}", STANDARD.encode(hash.0)))?;
        write!(f, "\n{}", self.checkpoint)
    }
}
