//! A difference in words.

use std::fmt;

use super::{Difference, FileDiffers, Kind, RowsDiffer};

/// Ranges of rows, and files, that a person is shown.
const SHOWN: usize = 8;
const SHOWN_FILES: usize = 200;

/// The answer first, then what differs. Control characters are escaped.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds: Vec<_> = self.kinds.iter().map(|kind| kind.name()).collect();
        match (self.same, self.allowed) {
            (true, _) => writeln!(f, "same")?,
            (false, true) => writeln!(f, "differs, as allowed: {}", kinds.join(", "))?,
            (false, false) => writeln!(f, "differs: {}", kinds.join(", "))?,
        }
        writeln!(f, "  files      {} the same, {} not", self.same_files, self.files.len())?;
        for column in &self.columns {
            writeln!(f, "  columns    {}", column.escape_debug())?;
        }
        for file in self.files.iter().take(SHOWN_FILES) {
            writeln!(f, "  {file}")?;
        }
        if let more @ 1.. = self.files.len().saturating_sub(SHOWN_FILES) {
            writeln!(f, "  and {more} more files; --format json lists all")?;
        }
        match &self.rows {
            Some(rows) if self.files.len() > 1 => writeln!(f, "  together   {rows}"),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for FileDiffers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.old, &self.new) {
            (Some(old), Some(new)) if old == new => write!(f, "{}: ", old.escape_debug())?,
            (old, new) => {
                let name = |name: &Option<String>| name.as_deref().unwrap_or("nothing").escape_debug().to_string();
                write!(f, "{} -> {}: ", name(old), name(new))?;
            }
        }
        f.write_str(match self.kind {
            Kind::Rename => "same bytes under another name",
            Kind::ReEncode => "re-encoded: all rows equal and in order, other bytes",
            Kind::Reorder => "reordered: the same rows in another order",
            Kind::Truncation => "truncated: rows are missing at the end",
            Kind::Append => "rows were appended",
            Kind::RowsRemoved => "rows were removed",
            Kind::RowsAdded => "rows were added",
            Kind::ContentSwap => "content swapped: rows in their places, with other values",
            Kind::Change => "changed",
            Kind::Columns => "other columns",
            Kind::FileRemoved => "removed",
            Kind::FileAdded => "added",
        })?;
        match &self.rows {
            Some(rows) => write!(f, " ({rows})"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for RowsDiffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows, now {}", self.old, self.new)?;
        for (count, what) in [(self.removed, "removed"), (self.added, "added"), (self.changed, "changed")] {
            if let Some(count @ 1..) = count {
                write!(f, "; {count} {what}")?;
            }
        }
        if !self.differing.is_empty() {
            let range = |(first, last): &(u64, u64)| {
                if first == last { first.to_string() } else { format!("{first}..{last}") }
            };
            let shown: Vec<_> = self.differing.iter().take(SHOWN).map(range).collect();
            write!(f, "; old rows {}", shown.join(", "))?;
            if let more @ 1.. = self.differing.len().saturating_sub(SHOWN) {
                write!(f, " and {more} more ranges")?;
            }
        }
        if self.exact {
            Ok(())
        } else {
            f.write_str("; known to the block only: give the data, not its manifest, or more --memory")
        }
    }
}
