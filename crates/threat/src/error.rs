use std::{io, path::PathBuf};

/// The threat model could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The manifest could not be read.
    #[error(transparent)]
    Provenance(#[from] taster_provenance::Error),
    /// A file beside the manifest, or an earlier threat model, could not be read.
    #[error("{}: {problem}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        problem: String,
    },
    /// A declaration cannot be used.
    #[error("threat_model: {0}")]
    Declared(String),
}

impl Error {
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |e| Self::File { path, problem: e.to_string() }
    }
}
