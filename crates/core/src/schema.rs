use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Role;

/// The logical type of a column, as the row digest's specification names it (`docs/row-digest.md`).
///
/// Storage does not show: an `int8` and an `int64` column are both [`Kind::Int`], a dictionary of strings is
/// [`Kind::String`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Nulls only; no type is known.
    Null,
    /// `true` or `false`.
    Bool,
    /// A whole number of up to 128 bits.
    Int,
    /// An IEEE 754 double; narrower floats are widened, which is exact.
    Float,
    /// A decimal with this many digits after the point.
    Decimal {
        /// Digits after the decimal point.
        scale: u32,
    },
    /// UTF-8 text; also dictionaries, categoricals and enums of it.
    String,
    /// Bytes.
    Binary,
    /// Days since 1970-01-01.
    Date,
    /// Nanoseconds since midnight.
    Time,
    /// Nanoseconds since 1970-01-01T00:00, in UTC where a zone is given.
    Timestamp {
        /// IANA name of the zone; `None` for local ("naive") time.
        zone: Option<String>,
    },
    /// Nanoseconds.
    Duration,
    /// A list, of fixed or varying length.
    List(Box<Kind>),
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool => f.write_str("bool"),
            Self::Int => f.write_str("int"),
            Self::Float => f.write_str("float"),
            Self::Decimal { scale } => write!(f, "decimal({scale})"),
            Self::String => f.write_str("string"),
            Self::Binary => f.write_str("binary"),
            Self::Date => f.write_str("date"),
            Self::Time => f.write_str("time"),
            Self::Timestamp { zone: None } => f.write_str("timestamp"),
            Self::Timestamp { zone: Some(zone) } => write!(f, "timestamp({zone})"),
            Self::Duration => f.write_str("duration"),
            Self::List(inner) => write!(f, "list({inner})"),
        }
    }
}

/// One column of the dataset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name; fields of a struct are `outer.inner`.
    pub name: String,
    /// Its logical type.
    pub kind: Kind,
    /// What it is for.
    pub role: Role,
    /// Why it has that role, in words a person understands: "given by --label", "412 values in 412 rows".
    pub why: String,
}

impl Column {
    /// Whether its numbers, where it is encoded as such, are seconds since 1970: [`crate::moment`] shows them.
    pub fn holds_moments(&self) -> bool {
        match self.kind {
            Kind::Date | Kind::Timestamp { .. } => true,
            Kind::String => self.role == Role::Time,
            _ => false,
        }
    }
}

/// The columns of a dataset, in order. [`crate::Table::columns`] is aligned with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    /// In the order of the files.
    pub columns: Vec<Column>,
}

impl Schema {
    /// Index of the label column, if there is one.
    pub fn label(&self) -> Option<usize> {
        self.with_role(Role::Label).next()
    }

    /// Indices of the columns with this role, in order.
    pub fn with_role(&self, role: Role) -> impl Iterator<Item = usize> + '_ {
        self.columns.iter().enumerate().filter(move |(_, c)| c.role == role).map(|(i, _)| i)
    }

    /// Indices of the feature columns (numeric, categorical, text, embedding), in order.
    pub fn features(&self) -> impl Iterator<Item = usize> + '_ {
        self.columns.iter().enumerate().filter(|(_, c)| c.role.is_feature()).map(|(i, _)| i)
    }

    /// Index of the column of this name.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|c| c.name == name)
    }
}
