use std::fmt;

use serde::Serialize;
use taster_core::Verdict;

use crate::RowDifference;

/// What came of verifying a manifest.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verification {
    /// Whether everything that was checked is as it was signed. Says nothing about the verdict.
    pub holds: bool,
    /// The signature.
    pub signature: SignatureCheck,
    /// The verdict of the scan, where the manifest was read.
    pub verdict: Option<Verdict>,
    /// The other files of the report folder.
    pub report_files: Vec<Check>,
    /// The data; empty where none was given.
    pub data: Vec<Check>,
}

/// What came of checking the signatures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "status")]
pub enum SignatureCheck {
    /// At least one of the given keys signed it.
    Valid {
        /// The given keys that did.
        keyids: Vec<String>,
    },
    /// The key of a certificate signed it, and a trusted certificate leads to that.
    Certified {
        /// The key.
        keyid: String,
        /// Whose it is, by the certificate.
        name: String,
    },
    /// None did, so nothing in the manifest was looked at.
    Invalid {
        /// Why.
        reason: String,
    },
    /// It was not to be checked.
    Unchecked,
}

/// What came of checking one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// Its name in the manifest, or, where it is not in it, its own.
    pub name: String,
    /// What was found.
    pub status: Status,
    /// The name it has now, where that is another.
    pub now: Option<String>,
    /// Columns that were added, removed, or are of another kind or in another place now.
    pub columns: Vec<String>,
    /// How its rows differ, where they could be compared: in the columns that were scanned.
    pub rows: Option<RowDifference>,
    /// Why it could not be read, or its rows not compared.
    pub problem: Option<String>,
}

/// What was found of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// The same bytes under the same name.
    Same,
    /// Other bytes, but the same rows in the same order.
    ReEncoded,
    /// Other bytes, and other columns, or other rows where rows were compared.
    Changed,
    /// The same bytes under another name.
    Renamed,
    /// Not there.
    Missing,
    /// Not among the files that were given, where only a part was to be checked.
    NotGiven,
    /// There, but not in the manifest.
    Added,
    /// It could not be read.
    Unreadable,
}

impl Status {
    /// Whether a verification that found this holds.
    pub(crate) fn holds(self) -> bool {
        matches!(self, Self::Same | Self::NotGiven)
    }
}

impl Check {
    pub(crate) fn new(name: impl Into<String>, status: Status) -> Self {
        Self { name: name.into(), status, now: None, columns: Vec::new(), rows: None, problem: None }
    }

    pub(crate) fn with_problem(mut self, problem: impl Into<String>) -> Self {
        self.problem = Some(problem.into());
        self
    }
}

/// One line: the name, what was found, and what is known about it. Control characters are escaped.
impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.name.escape_debug())?;
        match self.status {
            Status::Same => f.write_str("same")?,
            Status::ReEncoded => f.write_str("bytes differ, all rows equal (re-encoded)")?,
            Status::Changed => f.write_str("changed")?,
            Status::Renamed => f.write_str("same bytes under another name")?,
            Status::Missing => f.write_str("missing")?,
            Status::NotGiven => f.write_str("not given, so not checked")?,
            Status::Added => f.write_str("not in the manifest")?,
            Status::Unreadable => f.write_str("cannot be read")?,
        }
        if let Some(now) = &self.now {
            write!(f, ": now {}", now.escape_debug())?;
        }
        if !self.columns.is_empty() {
            let columns: Vec<_> = self.columns.iter().map(|column| column.escape_debug().to_string()).collect();
            write!(f, ": columns {}", columns.join(", "))?;
        }
        if let (Status::Changed, Some(rows)) = (self.status, &self.rows) {
            let place = if self.columns.is_empty() { "" } else { "in the columns scanned, " };
            write!(f, ": {place}{rows}")?;
        }
        if let Some(problem) = &self.problem {
            write!(f, ": {}", problem.escape_debug())?;
        }
        Ok(())
    }
}

impl fmt::Display for SignatureCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Valid { keyids } => write!(f, "valid, by key {}", keyids.join(", ")),
            Self::Certified { keyid, name } => write!(f, "valid, by {}, key {keyid}", name.escape_debug()),
            Self::Invalid { reason } => write!(f, "INVALID: {}", reason.escape_debug()),
            Self::Unchecked => f.write_str("not checked: whoever can write the manifest can have changed it"),
        }
    }
}

/// The answer first, then each part; of files only those that are not the same.
impl fmt::Display for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", if self.holds { "holds" } else { "does not hold" })?;
        writeln!(f, "  signature  {}", self.signature)?;
        if let Some(verdict) = self.verdict {
            writeln!(f, "  verdict    {verdict}")?;
            list(f, "report    ", &self.report_files)?;
        }
        match self.signature {
            SignatureCheck::Invalid { .. } => Ok(()),
            _ => list(f, "data      ", &self.data),
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, title: &str, checks: &[Check]) -> fmt::Result {
    let count = |status| checks.iter().filter(|check| check.status == status).count();
    let (same, not_given) = (count(Status::Same), count(Status::NotGiven));
    match checks.len() - not_given {
        0 => write!(f, "  {title} not checked")?,
        all if all == same => write!(f, "  {title} all {all} files are the same")?,
        all => write!(f, "  {title} {same} of {all} files are the same")?,
    }
    writeln!(f, "{}", if not_given > 0 { format!("; {not_given} were not given") } else { String::new() })?;
    for check in checks.iter().filter(|check| !check.status.holds()) {
        writeln!(f, "               {check}")?;
    }
    Ok(())
}
