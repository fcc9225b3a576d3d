use std::{io, path::PathBuf};

/// A review could not go on. What was decided before is in its journal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read or written.
    #[error("{}: {cause}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        cause: io::Error,
    },
    /// A journal cannot be gone on with.
    #[error("{}: {problem}", path.display())]
    Journal {
        /// The journal.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The terminal failed, or was closed.
    #[error("the terminal: {0}")]
    Terminal(io::Error),
}

impl Error {
    /// For an error of the file system.
    pub(crate) fn io(path: &std::path::Path) -> impl Fn(io::Error) -> Self {
        move |cause| Self::Io { path: path.to_owned(), cause }
    }
}
