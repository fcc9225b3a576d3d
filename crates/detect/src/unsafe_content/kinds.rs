//! What content may do to those who read, run or store it.

use crate::seen;

/// A kind of unsafe content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Keys and passwords.
    Secret,
    /// Instructions aimed at a model that reads the text.
    Instruction,
    /// Script that a browser would run.
    Script,
    /// Fragments of SQL that change the query they are put into.
    Sql,
    /// A cell that a spreadsheet would compute.
    Formula,
    /// Numbers of payment cards.
    Card,
    /// Addresses of people.
    Email,
}

impl Kind {
    /// How sure and how bad it is, in [0, 1].
    pub fn score(self) -> f64 {
        match self {
            Self::Secret => 0.95,
            Self::Instruction => 0.9,
            Self::Script => 0.8,
            Self::Sql => 0.75,
            Self::Formula => 0.7,
            Self::Card => 0.65,
            // In most datasets with addresses they belong there.
            Self::Email => 0.2,
        }
    }

    /// Whether it is ordinary where the column is code.
    pub fn is_ordinary_in_code(self) -> bool {
        matches!(self, Self::Script | Self::Sql | Self::Formula)
    }

    /// A match for people: of what must not spread, the begin only.
    pub fn shown(self, matched: &str) -> String {
        let most = if matches!(self, Self::Secret | Self::Card) { 4 } else { 80 };
        let shown: String = matched.chars().take(most).collect();
        let more = if shown.len() < matched.len() { "…" } else { "" };
        format!("{shown:?}{more}")
    }
}

impl seen::Kind for Kind {
    const ALL: &'static [Self] =
        &[Self::Secret, Self::Instruction, Self::Script, Self::Sql, Self::Formula, Self::Card, Self::Email];

    fn code(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Instruction => "instruction",
            Self::Script => "script",
            Self::Sql => "sql",
            Self::Formula => "formula",
            Self::Card => "card-number",
            Self::Email => "email-address",
        }
    }

    fn what(self) -> &'static str {
        match self {
            Self::Secret => "a key or password",
            Self::Instruction => "an instruction aimed at a model",
            Self::Script => "script that a browser would run",
            Self::Sql => "a fragment of SQL",
            Self::Formula => "a formula that a spreadsheet would compute",
            Self::Card => "the number of a payment card",
            Self::Email => "an e-mail address",
        }
    }

    fn magnitude(self) -> f64 {
        match self {
            Self::Secret | Self::Instruction => 0.3,
            Self::Script | Self::Sql | Self::Formula | Self::Card => 0.1,
            Self::Email => 0.0,
        }
    }
}
