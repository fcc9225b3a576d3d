use std::{io, path::PathBuf};

use polars::prelude::PolarsError;

use crate::text::one_line;

/// The report could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Something is already at the report folder's place, and it is not a report.
    #[error("{} is in the way: {why}; choose another --out", shown(path))]
    InTheWay {
        /// The report folder asked for.
        path: PathBuf,
        /// What is there instead.
        why: String,
    },
    /// The file system refused.
    #[error("cannot {what} {}: {cause}", shown(path))]
    Io {
        /// What was tried, to be read before the path.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// Why not.
        cause: io::Error,
    },
    /// The Parquet encoder refused.
    #[error("cannot write {file}: {cause}")]
    Parquet {
        /// Name of the file in the report folder.
        file: String,
        /// Why not.
        cause: PolarsError,
    },
    /// Two columns of a table would have the same name.
    #[error("cannot write {file}: two columns are named {}", one_line(column))]
    SameName {
        /// Name of the file in the report folder.
        file: String,
        /// The name.
        column: String,
    },
    /// What was pushed does not fit the columns the file was created with.
    #[error("cannot write {file}: {problem}")]
    Misfit {
        /// Name of the file in the report folder.
        file: String,
        /// What does not fit.
        problem: String,
    },
}

impl Error {
    /// For `map_err`: the file system refused to do `what` to `path`.
    pub(crate) fn io(what: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |cause| Self::Io { what, path, cause }
    }
}

fn shown(path: &std::path::Path) -> String {
    one_line(&path.to_string_lossy())
}
