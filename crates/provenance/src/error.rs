use std::{io, path::PathBuf};

/// The work could not be done. A signature that does not verify or data that differs is no error: see
/// [`crate::Verification`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A column is not what the schema says, or has a type without a row digest.
    #[error("column {name:?}: {problem}")]
    Column {
        /// Its name.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A frame has other columns than the schema.
    #[error("{found} columns where the schema has {expected}")]
    Width {
        /// Columns in the schema.
        expected: usize,
        /// Columns in the frame.
        found: usize,
    },
    /// Rows were appended to a tree out of order.
    #[error("rows from {found} appended to a tree that ends at row {expected}")]
    Gap {
        /// The row that should have come.
        expected: u64,
        /// The row that came.
        found: u64,
    },
    /// A key file holds no usable key.
    #[error("{}: {problem}", path.display())]
    Key {
        /// Which.
        path: PathBuf,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// A private key is encrypted and no passphrase was given.
    #[error("{}: the key is encrypted; a passphrase is needed", .0.display())]
    PassphraseNeeded(PathBuf),
    /// A key would overwrite a file.
    #[error("{}: already exists, and a key is never overwritten; choose another name", .0.display())]
    KeyExists(PathBuf),
    /// A key could not sign or be encoded.
    #[error("signing: {0}")]
    Signing(String),
    /// A file is not a DSSE envelope.
    #[error("{}: not a DSSE envelope: {problem}", path.display())]
    Envelope {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A file is not a bundle of signed files.
    #[error("{}: not a Sigstore bundle: {problem}", path.display())]
    Bundle {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A transparency log, or a file of one, cannot be used.
    #[error("{}: {problem}", path.display())]
    Log {
        /// Which.
        path: PathBuf,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// A file is no Croissant description of a dataset.
    #[error("{}: not a Croissant description: {problem}", path.display())]
    Croissant {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// Something in a folder cannot be signed.
    #[error("{name:?} cannot be signed: {problem}; take it away, or leave it out with --ignore-path")]
    Unsignable {
        /// Its path below the root.
        name: String,
        /// Why not.
        problem: String,
    },
    /// The payload of an envelope is not a statement of the kind that was expected.
    #[error("not a statement of the expected kind: {0}")]
    Statement(String),
    /// A file of decisions on rows cannot be used.
    #[error("{}: not usable as decisions: {problem}", path.display())]
    Decisions {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A row cannot be proved to be in a dataset.
    #[error("no proof: {0}")]
    Proof(String),
    /// Verification was asked for without a key.
    #[error("a public key is needed to verify the signature (or check digests only, trusting nobody's word for them)")]
    KeyNeeded,
}

impl Error {
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }

    pub(crate) fn column(name: &str, problem: impl Into<String>) -> Self {
        Self::Column { name: name.to_owned(), problem: problem.into() }
    }
}
