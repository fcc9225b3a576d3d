use std::{fmt, str::FromStr};

use serde::Serialize;

/// How a file, or a dataset, differs from what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The same bytes under another name.
    Rename,
    /// The same rows in the same order, in other bytes.
    ReEncode,
    /// The same rows in another order.
    Reorder,
    /// Rows are missing at the end, and no other.
    Truncation,
    /// There are more rows at the end, and no other changed.
    Append,
    /// Rows are missing, and none was added.
    RowsRemoved,
    /// Rows were added, and none is missing.
    RowsAdded,
    /// As many rows, all in their places, and some of them have other content.
    ContentSwap,
    /// Rows differ in a way that has no better name, or could not be compared.
    Change,
    /// The columns differ, so no row is the same.
    Columns,
    /// A file is missing.
    FileRemoved,
    /// A file was added.
    FileAdded,
}

impl Kind {
    const ALL: [Self; 12] = [
        Self::Rename,
        Self::ReEncode,
        Self::Reorder,
        Self::Truncation,
        Self::Append,
        Self::RowsRemoved,
        Self::RowsAdded,
        Self::ContentSwap,
        Self::Change,
        Self::Columns,
        Self::FileRemoved,
        Self::FileAdded,
    ];

    /// Kinds that leave every row as it was, and so can be allowed.
    pub const HARMLESS: [Self; 3] = [Self::Rename, Self::ReEncode, Self::Reorder];

    /// The name used in flags and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rename => "rename",
            Self::ReEncode => "re-encode",
            Self::Reorder => "reorder",
            Self::Truncation => "truncation",
            Self::Append => "append",
            Self::RowsRemoved => "rows-removed",
            Self::RowsAdded => "rows-added",
            Self::ContentSwap => "content-swap",
            Self::Change => "change",
            Self::Columns => "columns",
            Self::FileRemoved => "file-removed",
            Self::FileAdded => "file-added",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Reads a kind that can be allowed.
impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let allowable = Self::HARMLESS.map(Self::name).join(", ");
        match Self::ALL.into_iter().find(|kind| kind.name() == text) {
            Some(kind) if Self::HARMLESS.contains(&kind) => Ok(kind),
            Some(_) => Err(format!("other rows are other data; what can be allowed is {allowable}")),
            None => Err(format!("what can be allowed is {allowable}")),
        }
    }
}
