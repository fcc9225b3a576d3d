use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What a column is for. Every column has exactly one role, inferred or given by the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// A feature whose order and distance mean something.
    Numeric,
    /// A feature with a set of values.
    Categorical,
    /// A feature that people wrote: sentences, documents.
    Text,
    /// A feature that is a vector of fixed length.
    Embedding,
    /// The class a model would learn to predict.
    Label,
    /// Names the row; never a feature.
    Id,
    /// Who or where the row came from.
    Source,
    /// When the row was made.
    Time,
    /// What a generative model would learn to produce.
    Response,
    /// An out-of-sample class probability of the user's own model; the columns are in the order of the sorted classes.
    Probabilities,
    /// Hashed, but looked at by no detector.
    Ignored,
}

impl Role {
    /// Every role, in the order they are documented.
    pub const ALL: [Self; 11] = [
        Self::Numeric,
        Self::Categorical,
        Self::Text,
        Self::Embedding,
        Self::Label,
        Self::Id,
        Self::Source,
        Self::Time,
        Self::Response,
        Self::Probabilities,
        Self::Ignored,
    ];

    /// The name used in flags, config and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Numeric => "numeric",
            Self::Categorical => "categorical",
            Self::Text => "text",
            Self::Embedding => "embedding",
            Self::Label => "label",
            Self::Id => "id",
            Self::Source => "source",
            Self::Time => "time",
            Self::Response => "response",
            Self::Probabilities => "probabilities",
            Self::Ignored => "ignored",
        }
    }

    /// Whether a detector may learn from the column as a property of the row.
    pub const fn is_feature(self) -> bool {
        matches!(self, Self::Numeric | Self::Categorical | Self::Text | Self::Embedding)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|r| r.name() == s).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|r| r.name()).collect();
            format!("no role is called {s:?}; roles are {}", names.join(", "))
        })
    }
}
