use std::{fmt, io, path::PathBuf};

use taster_core::Kind;

/// Where in the input something is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Name of the file, as [`crate::SourceFile::name`] has it.
    pub file: String,
    /// Line of a text file, 1-based, the header included.
    pub line: Option<u64>,
    /// Row group of a Parquet file, 0-based.
    pub row_group: Option<usize>,
    /// Name of the column.
    pub column: Option<String>,
}

impl Place {
    pub(crate) fn file(name: &str) -> Self {
        Self { file: name.to_owned(), ..Self::default() }
    }

    pub(crate) fn line(mut self, line: u64) -> Self {
        self.line = Some(line);
        self
    }

    pub(crate) fn row_group(mut self, row_group: usize) -> Self {
        self.row_group = Some(row_group);
        self
    }

    pub(crate) fn column(mut self, column: &str) -> Self {
        self.column = Some(shown(column));
        self
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&clean(&self.file))?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some(row_group) = self.row_group {
            write!(f, ", row group {row_group}")?;
        }
        if let Some(column) = &self.column {
            write!(f, ", column {column:?}")?;
        }
        Ok(())
    }
}

/// Why the data could not be read, where, and what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An input names nothing that can be read.
    #[error("{}: {what}", clean(input))]
    Input {
        /// The input, as given.
        input: String,
        /// What is wrong, and what to give instead.
        what: String,
    },
    /// The operating system refused.
    #[error("{}: {source}", clean(&path.display().to_string()))]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// The file breaks the rules of its format.
    #[error("{at}: {what}; {next}")]
    Malformed {
        /// Where.
        at: Box<Place>,
        /// What is wrong.
        what: String,
        /// What to do next.
        next: String,
    },
    /// The file is sound, but holds something that is not read.
    #[error("{at}: {what}; {next}")]
    Unsupported {
        /// Where.
        at: Box<Place>,
        /// What it is.
        what: String,
        /// What to do next.
        next: String,
    },
    /// Reading on would take more than [`crate::Limits`] allow.
    #[error("{at}: {what}; {next}")]
    Limit {
        /// Where.
        at: Box<Place>,
        /// What is too large, and the limit.
        what: String,
        /// What to do next.
        next: String,
    },
    /// Files of one dataset, or a dataset and its reference, do not have the same columns.
    #[error("{at}: {what}; {next}")]
    Schema {
        /// Where.
        at: Box<Place>,
        /// What differs.
        what: String,
        /// What to do next.
        next: String,
    },
    /// A cell of a text file does not fit the type its column was given by the first rows.
    /// [`crate::Dataset::widen`] can make some of these fit.
    #[error("{at}: {text:?} is not {kind}, but the rows before it are; {next}")]
    Value {
        /// Where.
        at: Box<Place>,
        /// Index of the column in the dataset.
        index: usize,
        /// The cell, shortened.
        text: String,
        /// What the column holds so far.
        kind: Kind,
        /// What to do next.
        next: String,
    },
    /// A JSON file holds a key, or a type of value, that the records looked at first did not have.
    /// [`crate::Dataset::widen`] can make these fit.
    #[error("{at}: {what}; {next}")]
    Shape {
        /// Where.
        at: Box<Place>,
        /// What is new.
        what: String,
        /// What to do next.
        next: String,
    },
    /// A text file is not in the encoding its beginning has. [`crate::Dataset::widen`] may help.
    #[error("{at}: not valid {encoding}; {next}")]
    Encoding {
        /// Where.
        at: Box<Place>,
        /// Index of the file in the dataset.
        file: usize,
        /// The encoding assumed.
        encoding: String,
        /// What to do next.
        next: String,
    },
    /// The file is not the one it was when the dataset was opened.
    #[error("{at}: the file changed while it was being read; nothing can be said about it, so scan again")]
    Changed {
        /// Where.
        at: Box<Place>,
    },
    /// A role was given to a column that does not exist, or that cannot have it.
    #[error("column {column:?}: {what}")]
    Role {
        /// The name given.
        column: String,
        /// What is wrong, and the nearest name.
        what: String,
    },
}

impl Error {
    pub(crate) fn input(input: impl Into<String>, what: impl Into<String>) -> Self {
        Self::Input { input: input.into(), what: what.into() }
    }

    pub(crate) fn io(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::Io { path: path.into(), source }
    }

    pub(crate) fn malformed(at: Place, what: impl Into<String>, next: impl Into<String>) -> Self {
        Self::Malformed { at: Box::new(at), what: what.into(), next: next.into() }
    }

    pub(crate) fn unsupported(at: Place, what: impl Into<String>, next: impl Into<String>) -> Self {
        Self::Unsupported { at: Box::new(at), what: what.into(), next: next.into() }
    }

    pub(crate) fn limit(at: Place, what: impl Into<String>, next: impl Into<String>) -> Self {
        Self::Limit { at: Box::new(at), what: what.into(), next: next.into() }
    }

    pub(crate) fn schema(at: Place, what: impl Into<String>, next: impl Into<String>) -> Self {
        Self::Schema { at: Box::new(at), what: what.into(), next: next.into() }
    }

    pub(crate) fn shape(at: Place, what: impl Into<String>, next: impl Into<String>) -> Self {
        Self::Shape { at: Box::new(at), what: what.into(), next: next.into() }
    }

    pub(crate) fn changed(file: &str) -> Self {
        Self::Changed { at: Box::new(Place::file(file)) }
    }

    pub(crate) fn role(column: &str, what: impl Into<String>) -> Self {
        Self::Role { column: shown(column), what: what.into() }
    }
}

/// Text with its control characters written as escapes, so that a file's name cannot rewrite a terminal.
pub(crate) fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() { out.extend(c.escape_debug()) } else { out.push(c) }
    }
    out
}

/// Text from a file as it may stand in a message: short.
pub(crate) fn shown(text: &str) -> String {
    const MOST: usize = 80;
    if text.chars().nth(MOST).is_none() {
        return text.to_owned();
    }
    text.chars().take(MOST - 3).chain("...".chars()).collect()
}
